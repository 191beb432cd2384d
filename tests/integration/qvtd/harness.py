"""Starts the real qvtd and speaks to it as its users do: with curl, and with stock grpcio on stubs made from proto/.

    with Server(store="memory") as server:
        answer = server.curl("GET", "/v1/status")
        stub = server.stub()

The program is $QVT_BIN_DIR/qvtd; the ports are free ones, taken from its ready line; it is ended by its pid.
"""

import contextlib
import functools
import importlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import weakref
from pathlib import Path

ROOT = Path(os.environ.get("QVT_SOURCE_DIR", Path(__file__).resolve().parents[3]))
BIN_DIR = Path(os.environ.get("QVT_BIN_DIR", ROOT / "build/release/bin"))
READY = re.compile(r"^ready grpc=(\S+) http=(\S+)$")
START_TIMEOUT_S = 60

# For tests that count changes and send no heartbeats: on a busy machine silos became suspect meanwhile, which is a change.
LONG_LEASES = "--lease-ttl=10m"
STOP_TIMEOUT_S = 60
# For what must come: long enough for a machine that is busy with something else.
PATIENCE_S = 60


@functools.lru_cache(maxsize=None)
def is_sanitized():
    """Whether qvtd was built with a sanitizer, whose own memory and slowness no limit is meant for."""
    program = (BIN_DIR / "qvtd").read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


class Answer:
    """What curl got: HTTP status, headers by lower-case name, body, and the body as JSON."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        """ErrorInfo.reason of an error answer, or None."""
        for detail in self.json.get("details", []):
            if detail["@type"].endswith("google.rpc.ErrorInfo"):
                return detail["reason"]
        return None

    def __repr__(self):
        return f"HTTP {self.status}: {self.body[:500]}"


class Server:
    """One qvtd process. store: "memory" or "sqlite:PATH"; args: more flags; environment: more variables."""

    def __init__(self, store="memory", args=(), environment=None):
        self.store = store
        self.args = list(args)
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.grpc = None
        self.http = None
        self.listen = ("127.0.0.1:0", "127.0.0.1:0")
        handle, self._log_path = tempfile.mkstemp(prefix="qvtd-log-")
        os.close(handle)
        weakref.finalize(self, os.unlink, self._log_path)
        self._channel = None
        self._held = []

    def start(self):
        command = [str(BIN_DIR / "qvtd"), "--grpc-listen", self.listen[0], "--http-listen", self.listen[1]]
        command += (["--store", self.store] if self.store else []) + self.args
        with open(self._log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=self.environment
            )
        line = self._read_line(time.monotonic() + START_TIMEOUT_S)
        match = READY.match(line)
        if not match:
            self.kill()
            raise RuntimeError(f"no ready line but {line!r}; log:\n{self.log()}")
        self.grpc, self.http = match.groups()
        self.release()
        return self

    def _hold(self):
        """The ports of a process that ended stay with it: nobody else is given them before it starts again."""
        self.release()
        with contextlib.suppress(OSError):
            self._held += [hold(address) for address in (self.grpc, self.http) if address]

    def release(self):
        """Lets go of the ports of a server that does not start again."""
        for sock in self._held:
            sock.close()
        self._held = []

    def _read_line(self, deadline):
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            byte = os.read(self.process.stdout.fileno(), 1) if readable else b""
            if not byte:
                break
            line += byte
        return line.decode().strip()

    def stop(self):
        """SIGTERM, and the exit status."""
        self._close_channel()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._wait()

    def kill(self):
        """SIGKILL: what a crash leaves behind."""
        self._close_channel()
        if self.process.poll() is None:
            self.process.kill()
        return self._wait()

    def _wait(self):
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "did not stop"
        self.process.stdout.close()
        self._hold()
        return code

    def restart(self, crash=False, same_ports=False):
        """Ends the process and starts it again on the same store, on other ports or on those its clients know."""
        (self.kill if crash else self.stop)()
        self.listen = (self.grpc, self.http) if same_ports else ("127.0.0.1:0", "127.0.0.1:0")
        return self.start()

    def log(self):
        return Path(self._log_path).read_text(errors="replace")

    def rss_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        code = self.stop()
        self.release()
        if kind is not None:
            print(f"--- log of qvtd ---\n{self.log()}", file=sys.stderr)
        elif code != 0:
            raise AssertionError(f"qvtd ended with {code}:\n{self.log()}")

    # --- HTTP

    def url(self, path):
        return f"http://{self.http}{path}"

    def curl(self, method, path, body=None, headers=(), args=()):
        """One request; body: a str or bytes as it is, anything else as JSON."""
        command = ["curl", "-s", "-S", "--path-as-is", "-m", str(PATIENCE_S), "-D", "-", "-X", method, self.url(path)]
        if method == "HEAD":
            command[command.index("-X") : command.index("-X") + 2] = ["-I"]
            command.remove("-D"), command.remove("-")
        for header in headers:
            command += ["-H", header]
        data = None
        if body is not None:
            data = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else json.dumps(body).encode()
            command += ["--data-binary", "@-"]
            if not any(header.lower().startswith("content-type") for header in headers):
                command += ["-H", "Content-Type: application/json"]
            command += ["-H", "Expect:"]
        done = subprocess.run(command + list(args), input=data, capture_output=True, check=True)
        return parse_http(done.stdout)

    def stream(self, path, headers=(), args=()):
        """A listening curl; its lines come from read_line. It listens once the first line was read, and not before."""
        command = ["curl", "-s", "-N", "-m", "600", self.url(path)]
        for header in headers:
            command += ["-H", header]
        return LineStream(subprocess.Popen(command + list(args), stdout=subprocess.PIPE))

    def changes(self, path="/v1/watch", headers=(), args=()):
        """A stream of JSON lines whose walk is over: it tells of every change from now on."""
        lines = self.stream(path, [*headers, "Accept: application/x-ndjson"], args)
        while "walkEnd" not in lines.read_line():
            pass
        return lines

    def ticks(self):
        """Lines that keep coming as the server's own time goes on, each --watch-progress: a beat for LineStream.until."""
        return self.stream("/v1/watch", headers=["Accept: application/x-ndjson"])

    # --- gRPC

    def channel(self):
        import grpc

        if self._channel is None:
            self._channel = grpc.insecure_channel(self.grpc)
        return self._channel

    def stub(self):
        return messages().grpc_stub(self.channel())

    def _close_channel(self):
        if self._channel is not None:
            self._channel.close()
            self._channel = None


class LineStream:
    """Lines of a process that keeps writing, with a deadline instead of a hang."""

    def __init__(self, process):
        self.process = process
        self._buffer = b""

    def read_line(self, timeout_s=PATIENCE_S):
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not chunk:
                why = "the end and no line" if readable else f"no line within {timeout_s} s"
                raise TimeoutError(f"{why}; got {self._buffer!r}")
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode()

    def read_event(self, timeout_s=PATIENCE_S):
        """One Server-Sent Event as a dict of its fields; comments are skipped."""
        fields = {}
        while True:
            line = self.read_line(timeout_s)
            if not line and fields:
                return fields
            if line and not line.startswith(":"):
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")

    def until(self, condition, lines=200):
        """For what nobody is told of: asks whether it happened, and again with each line."""
        for _ in range(lines):
            if condition():
                return
            self.read_line()
        raise AssertionError(f"did not happen within {lines} lines")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()


def until(condition, timeout_s=PATIENCE_S, what="it"):
    """For what nobody is told of and no line comes with: asks again and again; what the condition returned when it was true."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true in {timeout_s} s")
        time.sleep(0.02)


def parse_http(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Answer(int(lines[0].split()[1]), headers, body.decode(errors="replace"))


class Messages:
    """The generated Python modules: every message of the contract by name, and the stub."""

    def __init__(self, folder):
        self.folder = folder
        sys.path.insert(0, folder)
        prefix = "quark.version.v1."
        self.modules = [importlib.import_module(prefix + name) for name in MODULES]
        self.grpc_stub = importlib.import_module(prefix + "version_tracker_pb2_grpc").VersionTrackerStub

    def __getattr__(self, name):
        for module in self.modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)


MODULES = ["silo_pb2", "policy_pb2", "change_pb2", "version_tracker_pb2"]
_folders = []


@functools.lru_cache(maxsize=None)
def messages():
    """Makes the Python stubs from proto/ in a folder of this process, once."""
    folder = tempfile.mkdtemp(prefix="qvt-stubs-")
    _folders.append(folder)
    ours = [str(path.relative_to(ROOT / "proto")) for path in sorted((ROOT / "proto/quark").rglob("*.proto"))]
    theirs = [str(path.relative_to(ROOT / "proto")) for path in sorted((ROOT / "proto/google").rglob("*.proto"))]
    protoc = ["protoc", f"-I{ROOT / 'proto'}", "-I/usr/include"]
    subprocess.run(protoc + [f"--python_out={folder}"] + ours + theirs, check=True)
    plugin = "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin"
    subprocess.run(protoc + [plugin, f"--grpc_out={folder}"] + ours, check=True)
    return Messages(folder)


def error_info(error):
    """(code name, ErrorInfo.reason or None, message) of a grpc.RpcError."""
    messages()
    status_pb2 = importlib.import_module("google.rpc.status_pb2")
    details_pb2 = importlib.import_module("google.rpc.error_details_pb2")
    reason = None
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = details_pb2.ErrorInfo()
                if detail.Is(info.DESCRIPTOR) and detail.Unpack(info):
                    reason = info.reason
    return error.code().name, reason, error.details()


_held_ports = []


def free_port():
    """A port of 127.0.0.1 that nobody else is given while this process lives; nobody listens there until somebody is told to.

    Every server that the tests start binds with SO_REUSEADDR, which lets it in beside a socket that does not listen."""
    sock = hold("127.0.0.1:0")
    _held_ports.append(sock)
    return sock.getsockname()[1]


def hold(address):
    """A socket that is bound to the address and does not listen."""
    host, port = address.rsplit(":", 1)
    sock = socket.socket(socket.AF_INET6 if host.startswith("[") else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host.strip("[]"), int(port)))
    return sock


class TestCase(unittest.TestCase):
    """A test with a folder of its own that goes with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="qvt-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def sqlite(self):
        return f"sqlite:{self.folder}/qvt.db"

    def serve(self, *args, store="memory", environment=None):
        """A running server that ends, with status 0, when the test does."""
        server = Server(store, args, environment)
        server.start()
        self.addCleanup(self._end, server)
        return server

    def _end(self, server):
        code = server.stop()
        server.release()
        self.assertIn(code, (0, -signal.SIGKILL), server.log())
        if self._outcome and not self._outcome.success:
            print(f"--- log of qvtd ---\n{server.log()}", file=sys.stderr)


def main():
    try:
        unittest.main(verbosity=2)
    finally:
        for folder in _folders:
            shutil.rmtree(folder, ignore_errors=True)
