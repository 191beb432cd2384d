#!/usr/bin/python3
"""hello_silo as its reader would run it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402


class HelloSilo(harness.TestCase):
    def start(self, endpoint, *words):
        environment = {**os.environ, "QVT_ENDPOINTS": endpoint}
        command = [harness.BIN_DIR / "hello_silo", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        stream = harness.LineStream(process)
        self.addCleanup(stream.close)
        return stream

    def status(self, server, silo_id):
        messages = harness.messages()
        silo = server.stub().GetSilo(messages.GetSiloRequest(silo_id=silo_id), timeout=20).silo
        return messages.SiloStatus.Name(silo.status)

    def test_registers_finds_itself_and_leaves_on_a_signal(self):
        server = self.serve()
        for number in (signal.SIGTERM, signal.SIGINT):
            silo_id = f"hello-{number}"
            silo = self.start(server.grpc, silo_id)
            self.assertEqual(f"{silo_id} 1.0.0 at 127.0.0.1:11111", silo.read_line())
            self.assertEqual("SILO_STATUS_ACTIVE", self.status(server, silo_id))
            silo.process.send_signal(number)
            self.assertEqual(0, silo.process.wait(30))
            self.assertEqual("SILO_STATUS_DEAD", self.status(server, silo_id))

    def test_takes_a_list_of_trackers_a_version_and_an_address(self):
        server = self.serve()
        nobody = f"127.0.0.1:{harness.free_port()}"
        silo = self.start(f"{nobody},{server.grpc}", "hello-2", "2.1.0", "10.0.0.5")
        self.assertEqual("hello-2 2.1.0 at 10.0.0.5:11111", silo.read_line())

    def test_says_in_one_line_that_there_is_no_tracker(self):
        silo = self.start(f"127.0.0.1:{harness.free_port()}")
        self.assertIn("no connection to the tracker", silo.read_line(30))
        self.assertEqual(1, silo.process.wait(30))

    def test_is_short(self):
        lines = (harness.ROOT / "examples/hello_silo.c").read_text().splitlines()
        self.assertLess(len(lines), 70)


if __name__ == "__main__":
    harness.main()
