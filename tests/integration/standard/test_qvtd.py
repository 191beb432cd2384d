#!/usr/bin/python3
"""qvtd tells its health and what it serves."""
import os
import signal
import sys
import unittest

import grpc

import standard

sys.path.insert(0, os.path.join(standard.ROOT, "tests/integration/qvtd"))
import harness  # noqa: E402

TRACKER = "quark.version.v1.VersionTracker"


class QvtdTest(harness.TestCase):
    def test_a_ready_server_serves(self):
        server = self.serve()
        health = standard.Health(server.channel())
        self.assertEqual(standard.SERVING, health.check())
        self.assertEqual(standard.SERVING, health.check(TRACKER))
        with self.assertRaises(grpc.RpcError) as raised:
            health.check("quark.version.v1.Nothing")
        self.assertEqual(grpc.StatusCode.NOT_FOUND, raised.exception.code())

    def test_watches_hear_of_the_drain_and_do_not_delay_it(self):
        server = self.serve("--drain-grace=60s")
        watch = standard.Health(server.channel()).watch(TRACKER)
        self.assertEqual(standard.SERVING, next(watch).status)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(standard.NOT_SERVING, next(watch).status)
        with self.assertRaises(grpc.RpcError) as raised:
            next(watch)
        self.assertEqual(grpc.StatusCode.UNAVAILABLE, raised.exception.code())

    def test_its_services_are_told(self):
        server = self.serve()
        for version in ("v1", "v1alpha"):
            answer = standard.Reflection(server.channel(), version).ask(list_services="")
            names = {service.name for service in answer.list_services_response.service}
            self.assertEqual({TRACKER, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                              "grpc.reflection.v1alpha.ServerReflection"}, names)


if __name__ == "__main__":
    unittest.main()
