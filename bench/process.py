"""Starts servers on one core and load on the other, and reads what a process costs from /proc."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

SERVER_CORE = "0"
LOAD_CORE = "1"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core, command):
    """The command with its core (or cores, as taskset takes them), where there is more than one and taskset to choose."""
    if (os.cpu_count() or 1) < 2 or shutil.which("taskset") is None:
        return [str(word) for word in command]
    return ["taskset", "-c", core, *(str(word) for word in command)]


class Server:
    """A server process on SERVER_CORE or the cores given; `port` takes connections once the constructor returns, and
    where the server says when it is ready, it has said so."""

    running = []

    def __init__(self, name, command, port, log, says="", core=SERVER_CORE):
        self.name, self.port, self.log, self.says = name, port, Path(log), says
        with open(log, "wb") as output:
            self.process = subprocess.Popen(pinned(core, command), stdout=output, stderr=subprocess.STDOUT)
        Server.running.append(self)
        try:
            self.wait_until_it_listens()
        except Exception:
            self.stop()
            raise

    def wait_until_it_listens(self):
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                if self.says in self.log.read_text():
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} is not ready on port {self.port}; see {self.log}")

    @contextlib.contextmanager
    def alone(self):
        """Stops the other servers meanwhile: what they have left to do would be done on this one's core and disk."""
        others = [one for one in Server.running if one is not self]
        for one in others:
            one.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for one in others:
                one.process.send_signal(signal.SIGCONT)

    def cpu_us(self):
        """User and system time of all threads so far."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1000

    def rss_mib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def stop(self):
        if self in Server.running:
            Server.running.remove(self)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
