#!/usr/bin/python3
"""A snapshot of libqvt against the tracker that fills it, while silos, policies and what operators set change all the time:
same question, same position, same answer (SPEC §4.11). usage: test_snapshot.py CASES"""

import itertools
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import grpc  # noqa: E402
import harness  # noqa: E402

SNAPSHOT = Path(os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin")) / "libqvt_snapshot"
CASES = int(sys.argv.pop()) if sys.argv[-1].isdigit() else 2000
CHANGES_A_SECOND = 1000
CASES_A_CHANGE = 100
OPERATOR_CHANGES = 10
TURNS_MAX = 20
TYPES = ["Order", "Cart", "Invoice", "Nobody"]


class Operator(threading.Thread):
    """Sets policies, cordons and stages silos, as fast as it is answered."""

    def __init__(self, server, seed):
        super().__init__()
        self.stub, self.messages, self.random = server.stub(), harness.messages(), random.Random(seed)
        self.done = threading.Event()
        self.changes = 0

    def run(self):
        for step in itertools.count():
            if self.done.is_set():
                return
            try:
                (self.set_policy if step % 2 else self.schedule)()
                self.changes += 1
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
                    raise
            self.done.wait(0.01)

    def set_policy(self):
        actor_type = self.random.choice([*TYPES, ""])
        policy = self.messages.Policy(mode=self.random.randrange(7), selector=self.random.randrange(5),
                                      range=self.random.choice(["", "^1.0", "2.x"]))
        if actor_type and self.random.random() < 0.3:
            self.stub.DeletePolicy(self.messages.DeletePolicyRequest(actor_type=actor_type), timeout=20)
        else:
            self.stub.SetPolicy(self.messages.SetPolicyRequest(actor_type=actor_type, policy=policy), timeout=20)

    def schedule(self):
        request = self.messages.UpdateSiloRequest(silo_id=f"silo-{self.random.randrange(8)}")
        request.silo.scheduling = self.random.choice([1, 1, 2, 3])
        request.update_mask.paths.append("scheduling")
        self.stub.UpdateSilo(request, timeout=20)


class SnapshotTest(harness.TestCase):
    def finds_of_tracker(self, server):
        lines = server.curl("GET", "/metrics").body.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("qvt_finds_total"))

    def test_same_question_same_position_same_answer(self):
        seed = int(os.environ.get("QVT_SEED") or random.randrange(1, 1 << 62))
        print(f"QVT_SEED={seed}", flush=True)
        server = self.serve()
        operator = Operator(server, seed)
        operator.start()
        asked = 0
        try:
            # Few cases are over before the operator has done anything: then there are more.
            for turn in range(TURNS_MAX):
                asked += self.compare(server, seed + turn)
                if operator.changes > OPERATOR_CHANGES:
                    break
        finally:
            operator.done.set()
            operator.join()
        print(f"{operator.changes} changes of the operator")
        self.assertGreater(operator.changes, OPERATOR_CHANGES)
        # What the snapshot answered, the tracker was not asked.
        self.assertLessEqual(self.finds_of_tracker(server), asked)

    def compare(self, server, seed):
        """How often the tracker was asked, at most."""
        command = [SNAPSHOT, server.grpc, str(seed), str(CASES), str(CHANGES_A_SECOND)]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        cases, revisions, asked, warming, took_ms = map(int, done.stdout.split())
        rate = revisions * 1000 / took_ms
        print(f"{cases} cases, {asked} asked, {rate:.0f} changes a second")
        self.assertGreaterEqual(cases, CASES)
        # Not the rate, which is the machine's: what counts is that the answers are of many states.
        self.assertGreater(revisions, cases / CASES_A_CHANGE)
        return asked + warming


if __name__ == "__main__":
    harness.main()
