#!/usr/bin/python3
"""A node client on @grpc/grpc-js registers, finds and watches."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "qvtd"))

import certificates  # noqa: E402
import harness  # noqa: E402

PATIENCE_S = 60


def install():
    """The packages of package-lock.json, when they are not there."""
    if not (HERE / "node_modules/.package-lock.json").exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=HERE, check=True, capture_output=True)


class NodeClient(harness.TestCase):
    def test_registers_finds_and_watches(self):
        server = self.serve(harness.LONG_LEASES)
        self.meet(server.grpc)
        self.expect_seen_by_others(server)

    def test_does_the_same_over_tls(self):
        authority = certificates.Authority(self.folder, "Test authority")
        files = authority.sign("server", dns=["localhost"])
        server = self.serve(harness.LONG_LEASES, "--tls-cert", files.certificate, "--tls-key", files.key)
        self.meet(f"localhost:{server.grpc.rsplit(':', 1)[1]}", authority.files.certificate)

    def meet(self, endpoint, *authority):
        command = ["node", HERE / "client.js", endpoint, harness.ROOT / "proto", *authority]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        with harness.LineStream(process) as lines:
            self.read = lambda: tuple(json.loads(lines.read_line(PATIENCE_S)).values())
            self.expect_registering_and_finding()
            self.expect_a_watch_until_cancelled()
            self.assertEqual(("ended", "DEADLINE_EXCEEDED"), self.read())
            self.assertEqual(("found", [["silo-5", "2.1.0", 9000]]), self.read())
            self.assertEqual(0, process.wait(PATIENCE_S))

    def expect_registered(self, silo_id, version):
        self.assertEqual(("registered", [silo_id, "SILO_STATUS_ACTIVE", version]), self.read())

    def test_example_acts_as_a_silo(self):
        server = self.serve()
        command = ["node", harness.ROOT / "examples/node/silo.js", server.grpc, "node-1", "11113", harness.ROOT / "proto"]
        environment = {**os.environ, "NODE_PATH": str(HERE / "node_modules")}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        with harness.LineStream(process) as lines:
            self.assertEqual("found node-1 2.1.0 127.0.0.1:11113", lines.read_line(PATIENCE_S))
            process.send_signal(signal.SIGTERM)
            self.assertEqual("left", lines.read_line(PATIENCE_S))
            self.assertEqual(0, process.wait(PATIENCE_S))

    def expect_registering_and_finding(self):
        self.expect_registered("silo-1", "2.1.0")
        self.expect_registered("silo-2", "2.2.0")
        self.expect_registered("silo-3", "2.1.0")
        self.assertEqual(("found", [["silo-1", "2.1.0", 9000]]), self.read())
        self.assertEqual(("refused", "NOT_FOUND"), self.read())

    def expect_a_watch_until_cancelled(self):
        self.assertEqual(("reset", None), self.read())
        self.assertEqual([("record", "silo-1"), ("record", "silo-2")], [self.read(), self.read()])
        self.assertEqual(("walk_end", None), self.read())
        self.expect_registered("silo-4", "2.1.0")
        self.expect_registered("silo-5", "2.1.0")
        self.assertEqual(("CHANGE_EVENT_SILO_REGISTERED", ["silo-5"]), self.read())
        self.assertEqual(("CHANGE_EVENT_SILO_LEFT", ["silo-1"]), self.read())
        self.assertEqual(("ended", "CANCELLED"), self.read())

    def expect_seen_by_others(self, server):
        """The silos are there for a stock Python client too, and the server has let go of both watches."""
        messages = harness.messages()
        found = server.stub().GetSilo(messages.GetSiloRequest(silo_id="silo-5"), timeout=20).silo
        self.assertEqual(("10.0.0.1", 9000, 16), (found.address, found.port, len(found.instance_id)))
        metrics = lambda: server.curl("GET", "/metrics").body.splitlines()
        watchers = lambda: [line.split()[-1] for line in metrics() if line.startswith("qvt_watchers")]
        harness.until(lambda: watchers() == ["0"], what="the end of both watches")
        # The short one may have met its deadline before it came.
        self.assertTrue({"qvt_watches_total 1", "qvt_watches_total 2"} & set(metrics()))


if __name__ == "__main__":
    install()
    harness.main()
