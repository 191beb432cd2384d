"""Starts rpc_peer and talks to it as bytes: generic stubs of python3-grpcio, and bare HTTP/2 frames."""
import os
import socket
import struct
import subprocess

import grpc

BINARY = os.path.join(os.environ["QVT_BIN_DIR"], "rpc_peer")
TIMEOUT = 60


class Peer:
    """A running rpc_peer; options go to its environment, limit is how many descriptors it may have."""

    def __init__(self, limit=None, **options):
        environment = dict(os.environ, **{name: str(value) for name, value in options.items()})
        # Not preexec_fn: it makes Python fork, and grpcio's threads do not survive the fork handlers of its core.
        limited = ["prlimit", f"--nofile={limit}"] if limit else []
        self.process = subprocess.Popen(limited + [BINARY], stdout=subprocess.PIPE, env=environment, text=True)
        self.address = self.process.stdout.readline().split()[1]
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)
        self.channel = grpc.insecure_channel(self.address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
        self.process.terminate()
        code = self.process.wait(TIMEOUT)
        self.process.stdout.close()
        assert code == 0, f"rpc_peer ended with {code}"

    def unary(self, method):
        return self.channel.unary_unary(f"/test.Peer/{method}")

    def client_streaming(self, method):
        return self.channel.stream_unary(f"/test.Peer/{method}")

    def server_streaming(self, method):
        return self.channel.unary_stream(f"/test.Peer/{method}")

    def bidi(self, method):
        return self.channel.stream_stream(f"/test.Peer/{method}")

    def stats(self):
        text = self.unary("Stats")(b"", timeout=TIMEOUT).decode()
        return {key: int(value) for key, value in (pair.split("=") for pair in text.split())}


# Frame types and flags of RFC 9113 §6.
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4

REQUEST = [
    (":method", "POST"), (":scheme", "http"), (":path", "/test.Peer/Echo"), (":authority", "peer"),
    ("content-type", "application/grpc"), ("te", "trailers"),
]


def literal(name, value):
    """One field as HPACK literal without indexing, both strings plain (RFC 7541 §6.2.2)."""
    return b"\0" + text(name) + text(value)


def text(value):
    value = value.encode() if isinstance(value, str) else value
    if len(value) < 127:
        return bytes([len(value)]) + value
    rest, out = len(value) - 127, b"\x7f"
    while rest > 127:
        out += bytes([rest & 127 | 128])
        rest >>= 7
    return out + bytes([rest]) + value


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


def with_fields(**changes):
    """The usual request's fields, some replaced, None removes; other names are added."""
    changes = {name.replace("_", "-"): value for name, value in changes.items()}
    fields = [(name, changes.pop(name.lstrip(":"), value)) for name, value in REQUEST]
    return [(name, value) for name, value in fields + list(changes.items()) if value is not None]


def message(payload, flag=0):
    return struct.pack(">BI", flag, len(payload)) + payload


class Raw:
    """A client connection that sends and receives bare frames."""

    def __init__(self, peer, settings=b"", preface=True):
        self.socket = socket.create_connection((peer.host, peer.port), timeout=TIMEOUT)
        self.received = b""
        if preface:
            self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            self.send(SETTINGS, 0, 0, settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, kind, flags, stream, payload=b""):
        self.socket.sendall(struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload)

    def request(self, stream, fields, body=None):
        flags = END_HEADERS if body is not None else END_HEADERS | END_STREAM
        self.send(HEADERS, flags, stream, block(fields))
        if body is not None:
            self.send(DATA, END_STREAM, stream, body)

    def frame(self):
        """The next frame as (kind, flags, stream, payload); None at the end of the connection."""
        head = self.take(9)
        if head is None:
            return None
        length = int.from_bytes(head[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream, self.take(length)

    def take(self, count):
        while len(self.received) < count:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not piece:
                return None
            self.received += piece
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def wait_for(self, kind, stream=None):
        """The next frame of that kind, others are skipped; None at the end of the connection."""
        while True:
            frame = self.frame()
            if frame is None or (frame[0] == kind and stream in (None, frame[2])):
                return frame

    def frames_of(self, stream):
        """All frames of the stream up to its end."""
        frames = []
        while True:
            frame = self.frame()
            assert frame is not None, f"connection ended after {frames}"
            if frame[2] != stream:
                continue
            frames.append(frame)
            if frame[0] == RST_STREAM or (frame[0] in (DATA, HEADERS) and frame[1] & END_STREAM):
                return frames
