#!/usr/bin/python3
"""The server against stock gRPC clients: all four kinds, metadata, errors, deadlines, cancellation, limits, stop."""
import threading
import time
import unittest

import grpc

from peer import TIMEOUT, Peer


def wait_until(condition):
    """Asks again until it holds; the server's state is only seen through calls."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "waited in vain"


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer = Peer()

    @classmethod
    def tearDownClass(cls):
        cls.peer.__exit__()

    def assert_code(self, code, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception

    def test_unary_answers_with_its_message(self):
        for size in (0, 1, 100, 16384, 65536, 1000000, 4 << 20):
            payload = bytes(i % 256 for i in range(1024)) * (size // 1024 + 1)
            self.assertEqual(self.peer.unary("Echo")(payload[:size], timeout=TIMEOUT), payload[:size])

    def test_many_unary_calls_at_once(self):
        futures = [self.peer.unary("Echo").future(str(i).encode(), timeout=TIMEOUT) for i in range(500)]
        self.assertEqual([future.result() for future in futures], [str(i).encode() for i in range(500)])

    def test_client_streaming_collects_messages(self):
        parts = [bytes([i % 256]) * i for i in range(300)]
        self.assertEqual(self.peer.client_streaming("Collect")(iter(parts), timeout=TIMEOUT), b"".join(parts))

    def test_client_streaming_without_messages(self):
        self.assertEqual(self.peer.client_streaming("Collect")(iter([]), timeout=TIMEOUT), b"")

    def test_server_streaming_sends_all_messages(self):
        expected = bytes(i % 251 for i in range(5000))
        answers = list(self.peer.server_streaming("Count")(b"1000 5000", timeout=TIMEOUT))
        self.assertEqual(len(answers), 1000)
        self.assertTrue(all(answer == expected for answer in answers))

    def test_server_streaming_of_nothing(self):
        self.assertEqual(list(self.peer.server_streaming("Count")(b"0 5", timeout=TIMEOUT)), [])

    def test_bidi_answers_each_message(self):
        sent = [str(i).encode() * 10 for i in range(1000)]
        self.assertEqual(list(self.peer.bidi("Chat")(iter(sent), timeout=TIMEOUT)), sent)

    def test_bidi_ended_by_the_server_first(self):
        release = threading.Event()

        def requests():
            yield b"hello"
            yield b"bye"
            release.wait(TIMEOUT)

        call = self.peer.bidi("Chat")(requests(), timeout=TIMEOUT)
        self.assertEqual(next(call), b"hello")
        error = self.assert_code(grpc.StatusCode.NOT_FOUND, lambda: next(call))
        self.assertEqual(error.details(), "bye")
        release.set()

    def test_metadata_goes_both_ways(self):
        given = (("x-one", "1"), ("x-two", "a"), ("x-two", "b"), ("x-raw-bin", bytes(range(256))), ("x-raw-bin", b""))
        answer, call = self.peer.unary("Metadata").with_call(b"m", metadata=given, timeout=TIMEOUT)
        self.assertEqual(answer, b"m")
        for received in (call.initial_metadata(), call.trailing_metadata()):
            kept = sorted((key, value) for key, value in received if key.startswith("x-"))
            self.assertEqual(kept, sorted(given))

    def test_error_carries_message_and_details(self):
        error = self.assert_code(grpc.StatusCode.FAILED_PRECONDITION,
                                 lambda: self.peer.unary("Fail")("d\u00e9tail".encode(), timeout=TIMEOUT))
        self.assertEqual(error.details(), "100% of \u00e9t\u00e9: d\u00e9tail")
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        for part in (b"type.googleapis.com/google.rpc.ErrorInfo", b"NOT_TODAY", b"etag", b"42", b"silo.port",
                     b"type.googleapis.com/google.rpc.BadRequest", b"type.googleapis.com/google.rpc.RetryInfo"):
            self.assertIn(part, details)

    def test_unknown_method_is_unimplemented(self):
        error = self.assert_code(grpc.StatusCode.UNIMPLEMENTED, lambda: self.peer.unary("None")(b"", timeout=TIMEOUT))
        self.assertEqual(error.details(), "unknown method /test.Peer/None")

    def test_deadline_ends_call_and_cancels_handler(self):
        before = self.peer.stats()["cancelled"]
        # A call whose deadline passes before it arrives has no handler.
        has_arrived = False
        for deadline in (0.1, 1, 10):
            call = self.peer.unary("Wait").future(b"", timeout=deadline)
            while not has_arrived and not call.done():
                has_arrived = self.peer.stats()["open"] > 1
            self.assertEqual(call.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
            if has_arrived:
                break
        wait_until(lambda: self.peer.stats()["cancelled"] > before)

    def test_cancellation_reaches_handler(self):
        before = self.peer.stats()["cancelled"]
        call = self.peer.unary("Wait").future(b"", timeout=TIMEOUT)
        wait_until(lambda: self.peer.stats()["open"] > 1)
        call.cancel()
        wait_until(lambda: self.peer.stats()["cancelled"] == before + 1)

    def test_cancelled_stream_is_forgotten(self):
        call = self.peer.server_streaming("Count")(b"1000000 10000", timeout=TIMEOUT)
        next(call)
        call.cancel()
        wait_until(lambda: self.peer.stats()["open"] == 1)

    def test_slow_reader_bounds_what_the_server_queues(self):
        call = self.peer.server_streaming("Count")(b"2000 10000", timeout=TIMEOUT)
        received = sum(len(answer) for answer in call)
        self.assertEqual(received, 2000 * 10000)
        self.assertLess(self.peer.stats()["queued_max"], 64 * 1024 + 10005)

    def test_message_over_the_limit_is_refused(self):
        self.assert_code(grpc.StatusCode.RESOURCE_EXHAUSTED,
                         lambda: self.peer.unary("Echo")(b"x" * ((4 << 20) + 1), timeout=TIMEOUT))
        self.assert_code(grpc.StatusCode.RESOURCE_EXHAUSTED,
                         lambda: self.peer.client_streaming("Collect")(iter([b"x" * ((4 << 20) + 1)]), timeout=TIMEOUT))

    def test_gzip_is_taken_and_deflate_unimplemented(self):
        payload = b"x" * 10000
        with grpc.insecure_channel(self.peer.address, compression=grpc.Compression.Gzip) as channel:
            self.assertEqual(channel.unary_unary("/test.Peer/Echo")(payload, timeout=TIMEOUT), payload)
        with grpc.insecure_channel(self.peer.address, compression=grpc.Compression.Deflate) as channel:
            self.assert_code(grpc.StatusCode.UNIMPLEMENTED,
                             lambda: channel.unary_unary("/test.Peer/Echo")(payload, timeout=TIMEOUT))

    def test_lost_connection_cancels_calls(self):
        before = self.peer.stats()["cancelled"]
        channel = grpc.insecure_channel(self.peer.address, [("grpc.use_local_subchannel_pool", 1)])
        call = channel.unary_unary("/test.Peer/Wait").future(b"", timeout=TIMEOUT)
        wait_until(lambda: self.peer.stats()["open"] > 1)
        channel.close()
        wait_until(lambda: self.peer.stats()["cancelled"] == before + 1)
        self.assertTrue(call.done())


class Stop(unittest.TestCase):
    def test_open_calls_finish_before_the_server_stops(self):
        with Peer(PEER_GRACE_MS=600000) as peer:
            release = threading.Event()

            def requests():
                yield b"first"
                release.wait(TIMEOUT)
                yield b"last"

            call = peer.bidi("Chat")(requests(), timeout=TIMEOUT)
            self.assertEqual(next(call), b"first")
            peer.process.terminate()
            release.set()
            self.assertEqual(list(call), [b"last"])
            self.assertEqual(peer.process.wait(TIMEOUT), 0)

    def test_grace_ends_what_does_not_finish(self):
        with Peer(PEER_GRACE_MS=100) as peer:
            call = peer.unary("Wait").future(b"", timeout=TIMEOUT)
            wait_until(lambda: peer.stats()["open"] > 1)
            peer.process.terminate()
            self.assertEqual(peer.process.wait(TIMEOUT), 0)
            self.assertIn(call.code(), (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED))

    def test_idle_server_stops_at_once(self):
        with Peer(PEER_GRACE_MS=600000) as peer:
            peer.process.terminate()
            self.assertEqual(peer.process.wait(TIMEOUT), 0)


if __name__ == "__main__":
    unittest.main()
