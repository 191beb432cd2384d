"""Real Redis, Sentinels and a Redis Cluster on free ports of loopback, and a proxy that delays and cuts."""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "qvtd"))
import harness  # noqa: E402
from harness import until  # noqa: E402


class RedisServer:
    """One redis-server; args are its own flags. With aof, an acknowledged write survives a kill."""

    program = "redis-server"

    def __init__(self, *args, aof=False, clustered=False, environment=None):
        self.folder = tempfile.mkdtemp(prefix="qvt-redis-")
        self.clustered = clustered
        durable = ["--appendonly", "yes", "--appendfsync", "always"] if aof else ["--appendonly", "no"]
        self.args = ["--bind", "127.0.0.1", "--dir", self.folder, "--save", ""] + durable + list(args)
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.reader = None
        self.port = harness.free_port()
        self.ports = ["--port", str(self.port)]
        if self.clustered:
            self.ports += ["--cluster-enabled", "yes", "--cluster-port", str(harness.free_port())]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"redis://{self.address}"

    def start(self):
        """On the ports it has had since it was made, which nobody else is given."""
        log = self._spawn()
        if log is not None:
            self.process.wait()
            self.process.stdout.close()
            raise RuntimeError(f"redis-server does not start:\n{log}")
        self.reader = threading.Thread(target=self._drain, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        return self

    def _spawn(self):
        """None when it is ready, else what it said."""
        command = [self.program] + self.ports + self.args
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        )
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "Ready to accept connections" in line:
                return None
        return "".join(lines)

    @staticmethod
    def _drain(stream):
        for _ in stream:
            pass

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.reader is not None:
            self.reader.join()
            self.process.stdout.close()
            self.reader = None

    def restart(self):
        self.kill()
        return self.start()

    def close(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cli(self, *words, args=()):
        command = ["redis-cli", "-h", "127.0.0.1", "-p", str(self.port), *args, *map(str, words)]
        output = subprocess.run(command, capture_output=True, timeout=60, check=False).stdout
        return output.decode(errors="backslashreplace").strip()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        self.close()


class Sentinel(RedisServer):
    """Watches one master, called mymaster."""

    def __init__(self, master_port, quorum=2):
        super().__init__()
        config = Path(self.folder) / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"sentinel monitor mymaster 127.0.0.1 {master_port} {quorum}\n"
            "sentinel down-after-milliseconds mymaster 800\nsentinel failover-timeout mymaster 4000\n"
        )
        self.ports = []
        self.args = [str(config), "--sentinel"]

    def start(self):
        self.process = subprocess.Popen(
            [self.program] + self.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: self.cli("PING") == "PONG", what="the Sentinel")
        return self


class RedisCluster:
    """Six nodes, three of them masters."""

    def __init__(self):
        self.nodes = []
        for _ in range(6):
            self.nodes.append(RedisServer("--cluster-node-timeout", "1500", clustered=True))

    def start(self):
        for node in self.nodes:
            node.start()
        addresses = [node.address for node in self.nodes]
        command = ["redis-cli", "--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes"]
        made = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert made.returncode == 0, made.stdout + made.stderr
        for node in self.nodes:
            until(lambda: "cluster_state:ok" in node.cli("CLUSTER", "INFO"), what="the cluster")
            # A replica that never had its master's data is not elected in its place.
            until(lambda: "role:master" in node.cli("INFO", "replication") or "master_link_status:up" in node.cli("INFO", "replication"),
                  what="the Redis replicas")
        return self

    @property
    def url(self):
        return "redis+cluster://" + ",".join(node.address for node in self.nodes)

    def owner(self, key):
        """The live node that serves the key's slot."""
        slot = next(node for node in self.nodes if node.process.poll() is None).cli("CLUSTER", "KEYSLOT", key)
        for node in self.nodes:
            if node.process.poll() is None and "master" in node.cli("ROLE").split("\n")[0]:
                for line in node.cli("CLUSTER", "NODES").split("\n"):
                    words = line.split()
                    if "myself" in words[2]:
                        ranges = [span.split("-") for span in words[8:] if not span.startswith("[")]
                        if any(int(span[0]) <= int(slot) <= int(span[-1]) for span in ranges):
                            return node
        return None

    def close(self):
        for node in self.nodes:
            node.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        self.close()


class Proxy:
    """Stands between a replica and its Redis: delays each direction, cuts connections, refuses new ones."""

    def __init__(self, port):
        self.target = port
        self.delay_s = 0.0
        self.open = True
        self.cut_after = None  # bytes to Redis after which the connection is cut
        self.lose_answers = 0  # so many pieces of what Redis says never arrive, and each time the connection is cut
        self.pairs = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                if not self.open:
                    raise OSError("closed")
                server = socket.create_connection(("127.0.0.1", self.target), 2)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append((client, server))
            self._pump(client, server, True)
            self._pump(server, client, False)

    def _pump(self, source, sink, to_redis):
        chunks = queue.Queue()

        def read():
            while True:
                try:
                    data = source.recv(65536)
                except OSError:
                    data = b""
                chunks.put((time.monotonic() + self.delay_s, data))
                if not data:
                    return

        def write():
            while True:
                due, data = chunks.get()
                pause = due - time.monotonic()
                if pause > 0:
                    time.sleep(pause)
                if to_redis and self.cut_after is not None:
                    data = data[: self.cut_after]
                    self.cut_after -= len(data)
                lost = not to_redis and data and self.lose_answers > 0
                if lost:
                    self.lose_answers -= 1
                try:
                    if lost:
                        raise OSError("lost")
                    if data:
                        sink.sendall(data)
                    if not data or (to_redis and self.cut_after == 0):
                        self.cut_after = None if to_redis else self.cut_after
                        raise OSError("end")
                except OSError:
                    for end in (source, sink):
                        try:
                            end.shutdown(socket.SHUT_RDWR)
                        except OSError:
                            pass
                    return

        threading.Thread(target=read, daemon=True).start()
        threading.Thread(target=write, daemon=True).start()

    def cut(self):
        """Ends every connection at once."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def close(self):
        self.listener.close()
        self.cut()


class TestCase(harness.TestCase):
    """Everything that a test starts ends with it."""

    def use(self, thing):
        thing.start() if hasattr(thing, "start") else None
        self.addCleanup(thing.close)
        return thing

    def replica(self, url, *args):
        return self.serve(*args, store=url)


def main():
    harness.main()


__all__ = ["Proxy", "RedisCluster", "RedisServer", "Sentinel", "TestCase", "harness", "main", "os", "signal", "until"]
