#!/usr/bin/python3
"""An honest client beside an attack, in a process of its own: how long its calls take, and how late it is woken itself.

It speaks bare HTTP/2 on one connection and asks again a millisecond after each answer. How late the machine wakes it from
that millisecond is no fault of the server: without it a slow answer and a busy machine cannot be told apart.

usage: honest.py ADDR:PORT PATH [AUTHORITY.pem]     reads `go` and `stop` lines, answers `stop` with a line of numbers
"""
import select
import socket
import ssl
import struct
import subprocess
import sys
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PAUSE_S = 0.001


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def block(path):
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"),
              ("content-type", "application/grpc"), ("te", "trailers")]
    return b"".join(b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
                    for name, value in fields)


class Client:
    def __init__(self, address, path, authority=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if authority is not None:
            context = ssl.create_default_context(cafile=authority)
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.headers = block(path)
        self.received = b""
        self.stream = -1
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0) +
                            frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", (1 << 31) - 65536)))

    def take(self, count):
        while len(self.received) < count:
            piece = self.socket.recv(65536)
            assert piece, "the connection was closed"
            self.received += piece
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def call(self):
        self.stream += 2
        self.socket.sendall(frame(HEADERS, END_HEADERS, self.stream, self.headers) +
                            frame(DATA, END_STREAM, self.stream, b"\0" * 5))
        got_message = False
        while True:
            head = self.take(9)
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = self.take(int.from_bytes(head[:3], "big"))
            assert kind not in (RST_STREAM, GOAWAY), f"frame {kind}: {payload}"
            if kind == PING and not flags & ACK:
                self.socket.sendall(frame(PING, ACK, 0, payload))
            elif kind == SETTINGS and not flags & ACK:
                self.socket.sendall(frame(SETTINGS, ACK, 0))
            elif stream == self.stream and kind == DATA:
                got_message = True
            elif stream == self.stream and kind == HEADERS and flags & END_STREAM:
                assert got_message, "an answer without a message"
                return


def percentile(values, part):
    return sorted(values)[int(len(values) * part)] * 1000


def measure(client):
    """Calls until a line comes: (calls, median ms, 99 % ms, lateness of 99 % ms)."""
    took, late = [], []
    while True:
        started = time.monotonic()
        client.call()
        ended = time.monotonic()
        took.append(ended - started)
        if select.select([sys.stdin], [], [], PAUSE_S)[0]:
            break
        late.append(time.monotonic() - ended - PAUSE_S)
    late = late or [0]
    return len(took), percentile(took, 0.5), percentile(took, 0.99), percentile(late, 0.99)


def main():
    client = Client(*sys.argv[1:])
    client.call()
    print("ready", flush=True)
    while sys.stdin.readline() == "go\n":
        print("begun", flush=True)
        numbers = measure(client)
        assert sys.stdin.readline() == "stop\n"
        print(*numbers, flush=True)


class Honest:
    """That process, from outside."""

    def __init__(self, *args):
        self.process = subprocess.Popen([sys.executable, __file__, *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.expect("ready")

    def expect(self, line):
        got = self.process.stdout.readline().strip()
        assert got == line, f"the honest client says {got!r}"

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def start(self):
        self.send("go")
        self.expect("begun")

    def stop(self):
        self.send("stop")
        line = self.process.stdout.readline()
        assert line, "an honest call failed: see above"
        calls, median, most, late = line.split()
        return int(calls), float(median), float(most), float(late)

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(20)


if __name__ == "__main__":
    main()
