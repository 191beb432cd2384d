#!/usr/bin/python3
"""Malformed requests by gRPC and by HTTP: a precise error each, the server unharmed, nothing stored."""

import socket

import harness
import malformed


def identity(data):
    return data


class BadInput(harness.TestCase):
    """One server for all requests of a table: they must not harm it together either."""

    def setUp(self):
        super().setUp()
        self.server = self.serve(harness.LONG_LEASES)
        self.messages = harness.messages()
        info = self.messages.SiloInfo(silo_id="good", address="10.0.0.2", port=1)
        info.actor_type_versions["T"].version = "1.0.0"
        self.server.stub().RegisterSilo(self.messages.RegisterSiloRequest(silo=info), timeout=30)

    def state(self):
        """What must not change: the process, the clusters' position, every record."""
        listed = self.server.stub().ListSilos(self.messages.ListSilosRequest(), timeout=30)
        for silo in listed.silos:
            silo.ClearField("lease_remaining_ms")
        policies = self.server.stub().ListPolicies(self.messages.ListPoliciesRequest(), timeout=30)
        records = (listed.position.SerializeToString(), [str(silo) for silo in listed.silos], str(policies.policies))
        return self.server.process.pid, self.server.process.poll(), records

    def unharmed(self, send_all):
        """Everything is sent twice; the first time fills pools and caches that the server may keep."""
        send_all()
        before, rss = self.state(), self.server.rss_kib()
        send_all()
        self.assertEqual(before, self.state())
        if not harness.is_sanitized():
            self.assertLess(self.server.rss_kib() - rss, 32 * 1024)
            self.assertLess(self.server.rss_kib(), 128 * 1024)

    def call(self, method, request):
        """(code, message) of a call of raw bytes."""
        import grpc

        path = method if method.startswith("/") else malformed.SERVICE + method
        options = [("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(self.server.grpc, options) as channel:
            call = channel.unary_unary(path, request_serializer=identity, response_deserializer=identity)
            try:
                return "OK", str(call(request, timeout=20))
            except grpc.RpcError as error:
                return error.code().name, error.details()

    def send_grpc(self):
        for what, method, request, code, words in malformed.GRPC:
            with self.subTest(what):
                got, message = self.call(method, request)
                self.assertEqual(code, got, message)
                for word in words:
                    self.assertIn(word, message)
                self.assertLess(len(message), 1000)

    def send_http(self):
        for what, method, path, body, status, code, words in malformed.HTTP:
            with self.subTest(what):
                headers = ["Content-Type: text/plain"] if status == 415 else []
                answer = self.server.curl(method, path, body, headers=headers)
                self.assertEqual((status, code), (answer.status, answer.json["code"]), answer)
                for word in words:
                    self.assertIn(word, answer.json["message"])
                self.assertLess(len(answer.json["message"]), 1000)

    def raw(self, data):
        """The status of the answer to bytes on a socket of the HTTP port; None: it was closed without one."""
        host, port = self.server.http.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as sock:
            answer = b""
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                while b"\r\n" not in answer:
                    block = sock.recv(65536)
                    if not block:
                        break
                    answer += block
            except OSError:
                pass
        return int(answer.split()[1]) if answer else None

    def send_raw_http(self):
        for what, data, status in malformed.RAW_HTTP:
            with self.subTest(what):
                self.assertIn(self.raw(data), (status, None) if len(data) > 32768 else (status,))

    def test_by_bytes_that_are_no_http(self):
        self.unharmed(self.send_raw_http)

    def test_by_grpc(self):
        self.assertGreaterEqual(len(malformed.GRPC), 40)
        self.unharmed(self.send_grpc)

    def test_by_http(self):
        self.assertGreaterEqual(len(malformed.HTTP), 40)
        self.unharmed(self.send_http)

    def test_what_is_on_a_stream_is_judged_as_well(self):
        import grpc

        for request, code in ((b"\x80", "INTERNAL"), (malformed.text(2, b"\xff"), "INVALID_ARGUMENT"), (b"", "INVALID_ARGUMENT")):
            call = self.server.channel().stream_stream(
                malformed.SERVICE + "HeartbeatStream", request_serializer=identity, response_deserializer=identity
            )
            with self.assertRaises(grpc.RpcError) as raised:
                next(call(iter([request]), timeout=30))
            self.assertEqual(code, raised.exception.code().name, raised.exception.details())


if __name__ == "__main__":
    harness.main()
