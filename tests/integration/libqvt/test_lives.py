#!/usr/bin/python3
"""Runs lives.c and quiet.c against a tracker: it must be as empty afterwards as the processes are."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402

PROGRAMS = Path(os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin"))


class Lives(harness.TestCase):
    def test_lives(self):
        self.run_program("libqvt_lives")

    def test_quiet(self):
        if b"__tsan_init" in (PROGRAMS / "libqvt_quiet").read_bytes():
            self.skipTest("the thread sanitizer keeps signals back, those of the sandbox too")
        self.run_program("libqvt_quiet")

    def run_program(self, name):
        server = self.serve()
        environment = {**os.environ, "QVT_ENDPOINTS": server.grpc}
        done = subprocess.run([PROGRAMS / name], env=environment, capture_output=True, text=True)
        print("\n" + done.stdout + done.stderr, file=sys.stderr)
        self.assertEqual(0, done.returncode)
        messages = harness.messages()
        silos = server.stub().ListSilos(messages.ListSilosRequest(), timeout=20).silos
        self.assertEqual({messages.SILO_STATUS_DEAD}, {silo.status for silo in silos})


if __name__ == "__main__":
    harness.main()
