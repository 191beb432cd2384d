#!/usr/bin/python3
"""The local tracker of libqvt against a qvtd: told and asked the same at random, both answer alike (SPEC §9.1)."""

import os
import random
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402

ALIKE = Path(os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin")) / "libqvt_alike"
STEPS = 1000
WALKS = 2


class LocalTrackerTest(harness.TestCase):
    def test_local_tracker_answers_as_one_of_the_cluster(self):
        for _ in range(WALKS):
            seed = int(os.environ.get("QVT_SEED") or random.randrange(1, 1 << 62))
            with self.subTest(seed=seed):
                print(f"QVT_SEED={seed}", flush=True)
                server = self.serve()
                done = subprocess.run([ALIKE, server.grpc, str(seed), str(STEPS)], capture_output=True, text=True)
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                self.assertEqual(f"{STEPS} steps alike\n", done.stdout)


if __name__ == "__main__":
    harness.main()
