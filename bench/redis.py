"""Redis from Debian's package: without persistence, as the original framework uses it, or with its file of commands."""

import shutil
import socket

from process import SERVER_CORE, Server, free_port


def command(*words):
    """One command in Redis's protocol."""
    encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


class Redis:
    def __init__(self, work, flags=(), core=SERVER_CORE):
        if shutil.which("redis-server") is None:
            raise RuntimeError("redis-server is not installed (Debian: redis-server)")
        work.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        words = ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--dir", work, *flags]
        self.server = Server("Redis", words, self.port, work / "redis.log", core=core)

    def set_all(self, values):
        """Sets every key of a dictionary; answers are counted, not waited for one by one."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            for key, value in values.items():
                connection.sendall(command("SET", key, value))
            left = 5 * len(values)
            while left > 0:
                left -= len(connection.recv(65536))

    def stop(self):
        self.server.stop()
