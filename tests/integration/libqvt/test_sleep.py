#!/usr/bin/python3
"""A silo that is stopped for longer than its lease and wakes: alone, forgotten, before a silent tracker, succeeded."""

import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402
from faults import frozen  # noqa: E402
from fleet import Silo  # noqa: E402
from watcher import Watcher  # noqa: E402

TTL_MS = 3000
REGISTERED, LOST, SUPERSEDED = "1", "2", "3"
EVENTS = harness.messages().ChangeEvent


class Sleep(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve("--watch-progress=200ms")
        self.watcher = Watcher(self.server.grpc)
        self.addCleanup(self.watcher.end)
        self.watcher.until("end")

    def start(self, lease_lost):
        silo = Silo("silo-1", [self.server.grpc], TTL_MS, lease_lost)
        self.addCleanup(silo.close)
        silo.await_line("active")
        return silo

    def register(self, silo_id, ttl_ms):
        """A silo that never sends a heartbeat."""
        messages = harness.messages()
        info = messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000)
        info.lease_ttl.FromMilliseconds(ttl_ms)
        self.server.stub().RegisterSilo(messages.RegisterSiloRequest(silo=info), timeout=20, wait_for_ready=True)

    def await_change(self, event, key):
        """The changes up to and with that one, as (event, keys)."""
        seen = []
        while not seen or seen[-1] != (event, key):
            words = self.watcher.next("progress", "interrupted", "reset", "record", "end")
            seen.append((EVENTS.Name(int(words[4])).removeprefix("CHANGE_EVENT_"), words[6]))
        return seen

    def let_a_lease_pass(self):
        """By the time of another tracker: the silo's own may stand still, or have heard from it late."""
        messages = harness.messages()
        clock = self.serve()
        info = messages.SiloInfo(silo_id="clock", address="10.0.0.1", port=9000)
        info.lease_ttl.FromMilliseconds(TTL_MS)
        with clock.changes() as lines:
            clock.stub().RegisterSilo(messages.RegisterSiloRequest(silo=info), timeout=20)
            while "SILO_EXPIRED" not in lines.read_line():
                pass

    def put_to_sleep(self, silo):
        silo.signal(signal.SIGSTOP)
        self.let_a_lease_pass()
        self.await_change("SILO_EXPIRED", "silo-1")

    def wake(self, silo):
        """What it told before does not count."""
        since = len(silo.lines)
        silo.signal(signal.SIGCONT)
        return since

    def order(self, silo, since, *kinds):
        return [line.words for line in silo.lines[since:] if line.words[0] in kinds]

    def sleep_alone(self, lease_lost):
        silo = self.start(lease_lost)
        before = silo.incarnation()
        self.put_to_sleep(silo)
        since = self.wake(silo)
        silo.await_line("lease", "held", since=since)
        told = self.order(silo, since, "lease", "state")
        self.assertEqual([["lease", "lost"], ["state", LOST], ["state", REGISTERED], ["lease", "held"]], told)
        # SPEC 4.4, rule 4: the same instance, DEAD.
        self.assertGreater(silo.incarnation(), before)
        messages = harness.messages()
        stored = self.server.stub().GetSilo(messages.GetSiloRequest(silo_id="silo-1"), timeout=20).silo
        self.assertEqual(silo.incarnation(), stored.incarnation)
        self.assertEqual(messages.SILO_STATUS_ACTIVE, stored.status)
        silo.await_line("slept", since=since)
        silo.await_line("delivers", "yes", since=since)
        return self.order(silo, since, "slept", "delivers")

    def test_alone_it_delivers_nothing_until_it_is_registered_anew(self):
        told = self.sleep_alone("stop")
        self.assertEqual([["slept"], ["delivers", "no"], ["delivers", "yes"]], told)

    def test_alone_it_goes_on_delivering_where_that_is_wished(self):
        self.assertEqual([["slept"], ["delivers", "yes"]], self.sleep_alone("continue"))

    def test_forgotten_by_its_tracker_it_keeps_its_incarnation(self):
        silo = self.start("stop")
        before = silo.incarnation()
        self.put_to_sleep(silo)
        self.server.restart(crash=True, same_ports=True)
        since = self.wake(silo)
        silo.await_line("state", REGISTERED, since=since)
        # SPEC 4.4, rule 2: no record, held under another store.
        self.assertEqual(before, silo.incarnation())

    def test_its_own_clock_says_that_the_lease_is_lost(self):
        silo = self.start("stop")
        with frozen(self.server):
            silo.signal(signal.SIGSTOP)
            self.let_a_lease_pass()
            since = self.wake(silo)
            silo.await_line("lease", "lost", since=since)
            silo.await_line("slept", since=since)
            silo.await_line("delivers", since=since)
            self.assertEqual([["slept"], ["delivers", "no"]], self.order(silo, since, "slept", "delivers"))
            self.assertEqual([], self.order(silo, since, "state"))
        silo.await_line("lease", "held", since=since)
        silo.await_line("delivers", "yes", since=since)

    def refused_calls(self):
        """Calls that the tracker refused as superseded."""
        metrics = self.server.curl("GET", "/metrics").body
        return sum(float(value) for value in re.findall(r'^qvt_calls_total\{[^}]*code="ABORTED"[^}]*\} (\S+)$', metrics, re.M))

    def test_succeeded_it_ends_and_tries_nothing_again(self):
        self.succeed("stop")

    def test_succeeded_it_ends_though_it_would_go_on_without_a_lease(self):
        self.succeed("continue")

    def succeed(self, lease_lost):
        silo = self.start(lease_lost)
        self.put_to_sleep(silo)
        successor = self.start(lease_lost)
        incarnation = successor.incarnation()
        self.await_change("SILO_UPDATED", "silo-1")
        refused = self.refused_calls()
        since = self.wake(silo)
        silo.await_line("ended", since=since)
        silo.await_line("delivers", "no", since=since)
        told = self.order(silo, since, "lease", "state", "ended")
        self.assertEqual([["lease", "lost"], ["state", SUPERSEDED], ["ended", "superseded"]], told)
        if lease_lost == "stop":
            self.assertEqual([["slept"], ["delivers", "no"]], self.order(silo, since, "slept", "delivers"))
        # As long as a lease later it has asked for nothing more, nor has it when it is freed.
        self.register("fence", TTL_MS)
        changes = self.await_change("SILO_EXPIRED", "fence")
        self.assertEqual(0, silo.end())
        self.register("last", 600000)
        changes += self.await_change("SILO_REGISTERED", "last")
        self.assertEqual([], [change for change in changes if "silo-1" in change[1]])
        self.assertEqual(refused + 1, self.refused_calls())
        self.assertEqual(incarnation, successor.incarnation())
        self.assertIsNone(successor.found("lease", "lost"))
        self.assertEqual(0, successor.end())
        self.await_change("SILO_LEFT", "silo-1")


if __name__ == "__main__":
    harness.main()
