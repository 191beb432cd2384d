#!/usr/bin/python3
"""grpc.health.v1.Health as grpc's health-checking document has it."""
import unittest

import grpc

import standard
from standard import NOT_SERVING, SERVICE_UNKNOWN, SERVING, UNKNOWN


class HealthTest(unittest.TestCase):
    def setUp(self):
        self.peer = standard.Peer()
        self.health = standard.Health(self.peer.channel)

    def tearDown(self):
        self.peer.__exit__()

    def expect(self, code, call):
        with self.assertRaises(grpc.RpcError) as raised:
            call()
        self.assertEqual(code, raised.exception.code(), raised.exception)

    def test_check_tells_what_was_set(self):
        self.assertEqual(SERVING, self.health.check())
        self.peer.tell("set - 2")
        self.assertEqual(NOT_SERVING, self.health.check())
        self.peer.tell("set a.Service 1")
        self.assertEqual(SERVING, self.health.check("a.Service"))
        self.peer.tell("set a.Service 0")
        self.assertEqual(UNKNOWN, self.health.check("a.Service"))

    def test_check_of_an_unknown_service_is_not_found(self):
        self.expect(grpc.StatusCode.NOT_FOUND, lambda: self.health.check("a.Service"))
        self.peer.tell("set a.Service 1")
        self.peer.tell("clear a.Service")
        self.expect(grpc.StatusCode.NOT_FOUND, lambda: self.health.check("a.Service"))

    def test_watch_tells_now_and_at_every_change(self):
        watch = self.health.watch()
        self.assertEqual(SERVING, next(watch).status)
        self.peer.tell("set - 2")
        self.assertEqual(NOT_SERVING, next(watch).status)
        self.peer.tell("set - 2")
        self.peer.tell("set other 1")
        self.peer.tell("set - 1")
        self.assertEqual(SERVING, next(watch).status)
        watch.cancel()

    def test_watch_of_an_unknown_service_stays_open(self):
        watch = self.health.watch("a.Service")
        self.assertEqual(SERVICE_UNKNOWN, next(watch).status)
        self.peer.tell("set a.Service 1")
        self.assertEqual(SERVING, next(watch).status)
        self.peer.tell("clear a.Service")
        self.assertEqual(SERVICE_UNKNOWN, next(watch).status)
        watch.cancel()

    def test_watches_are_told_each_their_own(self):
        watches = [self.health.watch(name) for name in ("", "a", "b") for _ in range(20)]
        self.assertEqual([SERVING] * 20 + [SERVICE_UNKNOWN] * 40, [next(watch).status for watch in watches])
        for watch in watches[1::2]:
            watch.cancel()
        self.peer.tell("set a 1")
        self.peer.tell("set b 2")
        self.assertEqual([SERVING] * 10 + [NOT_SERVING] * 10, [next(watch).status for watch in watches[20::2]])

    def test_shutdown_ends_watches_behind_the_news(self):
        watch, quiet = self.health.watch(), self.health.watch("a.Service")
        self.assertEqual(SERVING, next(watch).status)
        self.assertEqual(SERVICE_UNKNOWN, next(quiet).status)
        self.peer.tell("shutdown")
        self.assertEqual(NOT_SERVING, next(watch).status)
        self.expect(grpc.StatusCode.UNAVAILABLE, lambda: next(watch))
        self.expect(grpc.StatusCode.UNAVAILABLE, lambda: next(quiet))
        self.peer.tell("set - 1")
        self.assertEqual(NOT_SERVING, self.health.check())
        late = self.health.watch()
        self.assertEqual(NOT_SERVING, next(late).status)
        self.expect(grpc.StatusCode.UNAVAILABLE, lambda: next(late))


if __name__ == "__main__":
    unittest.main()
