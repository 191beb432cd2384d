#!/usr/bin/python3
"""Silos on several replicas of one Redis, each replica killed and started again while the cluster changes.

usage: test_fleet.py [SILOS REPLICAS]; 6 silos on 2 replicas without"""

import sys
import threading
import time
from pathlib import Path

for folder in ("qvtd", "redis"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / folder))

import grpc  # noqa: E402
import harness  # noqa: E402
from fleet import PATIENCE_S, Silo  # noqa: E402
from redis_harness import RedisServer  # noqa: E402
from watcher import Watcher  # noqa: E402

SILOS, REPLICAS = (int(word) for word in sys.argv[1:3]) if len(sys.argv) == 3 else (6, 2)
del sys.argv[1:]

# A sixth of it is how long an answer may take; a sanitizer makes so many processes slow.
TTL_MS = (6000 if SILOS > 6 else 4000) * (2 if harness.is_sanitized() else 1)
CURRENT_WITHIN_S = 2.0
# Of a cache that changes its tracker, each as long as a change takes to come when nothing is wrong: next to nothing, but on a
# machine that is busy with something else.
STEPS = 10
CHANGES_A_SECOND = 50
EVENTS = harness.messages().ChangeEvent


class Changes:
    """One silo whose version changes all the time, through whichever replica takes the change."""

    def __init__(self, servers):
        self.servers = servers
        self.messages = harness.messages()
        self.count = 0
        self.down = None  # the server that is not to be asked
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def change(self):
        """The version that a living replica acknowledged."""
        with self._lock:
            self.count += 1
            info = self.messages.SiloInfo(silo_id="marker", address="10.0.0.1", port=9000)
            info.lease_ttl.FromSeconds(600)
            info.actor_type_versions["Marker"].version = f"1.0.{self.count}"
            request = self.messages.RegisterSiloRequest(silo=info)
            deadline = time.monotonic() + PATIENCE_S
            turn = self.count
            while time.monotonic() < deadline:
                server = self.servers[turn % len(self.servers)]
                turn += 1
                if server is self.down:
                    continue
                try:
                    server.stub().RegisterSilo(request, timeout=2)
                    return self.count
                except grpc.RpcError:
                    continue  # killed a moment ago, or not yet there again: the next one
            raise AssertionError("no replica takes a change")

    def _run(self):
        while not self._is_over.wait(1 / CHANGES_A_SECOND):
            self.change()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self._is_over.set()
        self._thread.join()


def marker(silo):
    """The number of the last change that its cache showed."""
    told = [line for line in silo.lines if line.words[0] == "marker"]
    return int(told[-1].words[1].rsplit(".", 1)[1]) if told else 0


def shown_at(silo, number):
    """When its cache first showed that change or a later one."""
    return next(line.at for line in silo.lines if line.words[0] == "marker" and int(line.words[1].rsplit(".", 1)[1]) >= number)


class Fleet(harness.TestCase):
    def setUp(self):
        super().setUp()
        redis = RedisServer().start()
        self.addCleanup(redis.close)
        self.servers = [self.serve(store=redis.url) for _ in range(REPLICAS)]

    def start_silos(self):
        """The replicas are tried in another order by each, so that each replica has some of them."""
        endpoints = [server.grpc for server in self.servers]
        silos = []
        for i in range(SILOS):
            turn = i % REPLICAS
            silos.append(Silo(f"silo-{i:02}", endpoints[turn:] + endpoints[:turn], TTL_MS))
            self.addCleanup(silos[-1].close)
        for silo in silos:
            silo.await_line("active")
            self.assertIsNone(silo.found("failed"), silo.lines)
        return silos

    def slowest(self, silos, changes, since):
        """Until the last cache shows a change that is made now, in seconds."""
        number = changes.change()
        for silo in silos:
            silo.until(lambda: marker(silo) >= number)
        return max(shown_at(silo, number) for silo in silos) - since

    def kill_in_turn(self, silos, changes):
        """(the slowest cache, how slow one was without a fault) of each kill."""
        slowest = []
        for server in self.servers:
            calm = self.slowest(silos, changes, time.monotonic())
            struck = [silo for silo in silos if silo.endpoint() == server.grpc]
            self.assertTrue(struck, f"no silo is at {server.grpc}: nothing is tested")
            before = {silo.id: len(silo.lines) for silo in silos}
            changes.down = server
            killed_at = time.monotonic()
            server.kill()
            struck_for = self.slowest(silos, changes, killed_at)
            calm = max(calm, self.slowest(silos, changes, time.monotonic()))
            slowest.append((struck_for, calm))
            for silo in struck:
                self.assertIsNotNone(silo.found("endpoint", since=before[silo.id]), silo.lines[-5:])
            server.restart(crash=True, same_ports=True)
            changes.down = None
            self.outlive_a_lease(silos)
        return slowest

    def outlive_a_lease(self, silos):
        """The next replica dies only when silos that did not renew would have expired."""
        witness = f"witness-{time.monotonic_ns()}"
        messages = harness.messages()
        info = messages.SiloInfo(silo_id=witness, address="10.0.0.1", port=9000)
        info.lease_ttl.FromMilliseconds(TTL_MS)
        self.servers[0].stub().RegisterSilo(messages.RegisterSiloRequest(silo=info), timeout=20, wait_for_ready=True)
        self.witnesses.append(witness)
        while self.changes_until_expiry() != witness:
            pass

    def changes_until_expiry(self):
        """The silo that expired; every change before it is the next one, none is missing."""
        while True:
            kind, *words = self.watcher.next("progress", "interrupted")
            self.assertEqual("change", kind)
            revision, event, puts = int(words[0]), int(words[3]), words[5]
            self.assertEqual(self.revision + 1, revision, "the watch has a gap")
            self.revision = revision
            self.assertNotEqual(EVENTS.Value("CHANGE_EVENT_EXPIRY_PAUSED"), event)
            if event == EVENTS.Value("CHANGE_EVENT_SILO_EXPIRED"):
                self.expired += puts.split(",")
                return puts

    def test_every_replica_killed_in_turn_and_nobody_notices(self):
        silos = self.start_silos()
        self.witnesses, self.expired = [], []
        self.watcher = Watcher(*(server.grpc for server in self.servers))
        self.addCleanup(self.watcher.end)
        self.revision = int(self.watcher.until("end", skip=("progress", "record"))[-1][2])
        with Changes(self.servers) as changes:
            slowest = self.kill_in_turn(silos, changes)
            made = changes.count
        for silo in silos:
            silo.say("rest")
        totals = {silo.id: [int(word) for word in silo.await_line("totals").words[1:]] for silo in silos}
        cached, asked = (sum(each[i] for each in totals.values()) for i in (0, 1))
        print(f"\n{SILOS} silos, {REPLICAS} replicas: {made} changes, {cached} cached finds, {asked} asked; "
              f"caches current again after {', '.join(f'{s * 1000:.0f} ({calm * 1000:.0f})' for s, calm in slowest)} ms",
              file=sys.stderr)
        for silo in silos:
            self.assertEqual([], [line for line in silo.lines if line.words[0] == "failed"], silo.id)
            self.assertIsNone(silo.found("lease", "lost"), (silo.id, [line for line in silo.lines if line.words[0] != "marker"]))
            finds, questions, registrations, renewals = totals[silo.id]
            self.assertEqual(1, registrations, silo.id)
            self.assertGreaterEqual(renewals, REPLICAS)
            self.assertGreater(min(finds, questions), 10 * REPLICAS)
        self.assertEqual(self.witnesses, self.expired)
        for struck_for, calm in slowest:
            self.assertLessEqual(struck_for, CURRENT_WITHIN_S + STEPS * calm)
        for silo in silos:
            self.assertEqual(0, silo.end())


if __name__ == "__main__":
    harness.main()
