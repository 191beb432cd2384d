#!/usr/bin/python3
"""A node client on @grpc/grpc-js finds and watches."""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "qvtd"))

import harness  # noqa: E402


def install():
    """The packages of package-lock.json, when they are not there."""
    if not (HERE / "node_modules/.package-lock.json").exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=HERE, check=True, capture_output=True)


class NodeClient(harness.TestCase):
    def register(self, stub, silo_id, actor_type, version):
        messages = harness.messages()
        silo = messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000)
        silo.actor_type_versions[actor_type].version = version
        stub.RegisterSilo(messages.RegisterSiloRequest(silo=silo), timeout=20)

    def test_finds_and_watches(self):
        server = self.serve()
        stub = server.stub()
        self.register(stub, "silo-1", "Order", "2.1.0")
        self.register(stub, "silo-2", "Order", "2.2.0")
        self.register(stub, "silo-3", "Cart", "2.1.0")
        command = ["node", HERE / "client.js", server.grpc, harness.ROOT / "proto", "Order"]
        with harness.LineStream(subprocess.Popen(command, stdout=subprocess.PIPE)) as lines:
            read = lambda: tuple(json.loads(lines.read_line(30)).values())
            self.assertEqual(("found", [["silo-1", "2.1.0", 9000]]), read())
            self.assertEqual(("refused", "NOT_FOUND"), read())
            self.assertEqual(("reset", None), read())
            self.assertEqual({("record", "silo-1"), ("record", "silo-2")}, {read(), read()})
            self.assertEqual(("walk_end", None), read())
            self.register(stub, "other", "Cart", "2.1.0")
            self.register(stub, "silo-4", "Order", "2.1.0")
            self.assertEqual(("change", ["CHANGE_EVENT_SILO_REGISTERED", ["silo-4"]]), read())
            stub.UnregisterSilo(harness.messages().UnregisterSiloRequest(silo_id="silo-1"), timeout=20)
            self.assertEqual(("change", ["CHANGE_EVENT_SILO_LEFT", ["silo-1"]]), read())
            self.register(stub, "last", "Order", "2.1.0")
            self.assertEqual(("change", ["CHANGE_EVENT_SILO_REGISTERED", ["last"]]), read())
            self.assertEqual(0, lines.process.wait(30))


if __name__ == "__main__":
    install()
    harness.main()
