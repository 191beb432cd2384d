#!/usr/bin/python3
"""The seed's rules through libqvt, also across a crash, and what only the library does: leases, recovery, leaving."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import grpc  # noqa: E402
import harness  # noqa: E402
from faults import frozen  # noqa: E402
from seed_rules import AcrossACrash, Refused, SeedRules, ServedTestCase, silo  # noqa: E402

PROBE = Path(os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin")) / "libqvt_probe"
STATES = ["UNREGISTERED", "REGISTERED", "LOST", "SUPERSEDED"]
SHORT_TTL_MS = 3000
PATIENCE_S = 60


class Probe:
    """The C program that uses libqvt, told what to do line by line. lookup: how somebody else sees a silo's status; None:
    as its own watch does. Without endpoints the local tracker in it answers."""

    def __init__(self, lookup, *endpoints, cached=False):
        self.get = lookup or self.status
        environment = {**os.environ, **({"LIBQVT_PROBE_CACHE": "1"} if cached else {})}
        environment.pop("QVT_ENDPOINTS", None)
        self.process = subprocess.Popen(
            [PROBE, *endpoints],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    def ask(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n").split("\t")
        if answer[0] == "ok":
            return answer[1:]
        if answer[0] != "error":
            raise RuntimeError(f"libqvt_probe ended with {self.process.wait()} at {words}")
        raise Refused(answer[1], answer[2] or None, answer[3])

    def close(self):
        """End of input: every client is freed, which unregisters its silo. The exit status."""
        self.process.stdin.close()
        code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    # --- what SeedRules asks for

    def register(self, silo, ttl_ms=15000):
        self.ask("register", silo["silo_id"], silo["address"], silo["port"], ttl_ms, as_text(silo["versions"]))

    def register_versions(self, silo_id, versions):
        self.ask("versions", silo_id, as_text(versions))

    def capabilities(self, silo_id):
        return as_versions(self.ask("capabilities", silo_id)[0])[1]

    def list_capabilities(self):
        return dict(as_versions(word) for word in self.ask("list"))

    def find(self, actor_type, version=""):
        return self.ask("find", actor_type, version)[1:]

    def status(self, silo_id):
        return self.ask("status", silo_id)[0] or None

    def type_version(self, silo_id, actor_type):
        return self.ask("local", silo_id, actor_type)[0]

    # --- more

    def state(self, silo_id):
        words = map(int, self.ask("state", silo_id))
        state, incarnation, ttl_ms, registrations, renewals, held, lost, gained, told = words
        return {
            "state": STATES[state],
            "incarnation": incarnation,
            "ttl_ms": ttl_ms,
            "registrations": registrations,
            "renewals": renewals,
            "held": bool(held),
            "leases_lost": lost,
            "leases_held": gained,
            "told": told,
        }

    def await_state(self, silo_id, condition):
        """The first state that fulfils the condition, as the library's callbacks tell of changes."""
        until = time.monotonic() + PATIENCE_S
        state = self.state(silo_id)
        while not condition(state):
            if time.monotonic() > until:
                raise AssertionError(f"still {state}")
            self.ask("news", state["told"], PATIENCE_S)
            state = self.state(silo_id)
        return state


def as_text(versions):
    return ",".join(f"{actor_type}={version}" for actor_type, version in versions.items())


def as_versions(word):
    silo_id, _, versions = word.partition(" ")
    return silo_id, dict(each.split("=", 1) for each in versions.split(","))


class LibqvtTestCase(ServedTestCase):
    def connect(self):
        probe = Probe(self.stored_status, self.server.grpc)
        self.addCleanup(self.end, probe)
        return probe

    def end(self, probe):
        if probe.process.poll() is None and not probe.process.stdin.closed:
            self.assertEqual(0, probe.close())

    def stored_status(self, silo_id):
        """What another client sees; None: nothing."""
        messages = harness.messages()
        request = messages.GetSiloRequest(silo_id=silo_id)
        try:
            found = self.server.stub().GetSilo(request, timeout=20, wait_for_ready=True).silo
        except grpc.RpcError as error:
            if harness.error_info(error)[1] != "SILO_NOT_FOUND":
                raise
            return None
        return messages.SiloStatus.Name(found.status).removeprefix("SILO_STATUS_")


class LocalSeedTest(SeedRules, harness.TestCase):
    """The seed's rules where there is no server at all (SPEC §9.1)."""

    def setUp(self):
        super().setUp()
        self.client = Probe(None)
        self.addCleanup(self.end)

    def end(self):
        self.assertEqual(0, self.client.close())


class Expiries:
    """What a watch tells about silos that expire, from now on."""

    def __init__(self, server):
        self.lines = server.changes()

    def read(self):
        return json.loads(self.lines.read_line(PATIENCE_S))

    def next(self):
        """The ids of the silos that expired together."""
        while True:
            change = self.read().get("change", {})
            if change.get("event") == "CHANGE_EVENT_SILO_EXPIRED":
                return [put["key"] for put in change["puts"]]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.lines.close()


class SeedOnMemory(SeedRules, LibqvtTestCase):
    pass


class SeedAcrossACrash(AcrossACrash, SeedRules, LibqvtTestCase):
    """The clients live on: they find the server again by themselves."""

    def settle(self):
        self.server.restart(crash=True, same_ports=True)


class Leases(LibqvtTestCase):
    def test_heartbeats_keep_a_silo_alive_beyond_its_ttl(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        registered = self.client.state("silo-1")
        self.assertEqual(SHORT_TTL_MS, registered["ttl_ms"])
        with Expiries(self.server) as expiries:
            self.register_silent("witness", 3 * SHORT_TTL_MS)
            self.assertEqual(["witness"], expiries.next())
        state = self.client.state("silo-1")
        self.assertGreaterEqual(state["renewals"], 3)
        self.assertEqual(("REGISTERED", 1), (state["state"], state["registrations"]))
        self.assertEqual(registered["incarnation"], state["incarnation"])
        self.assertEqual("ACTIVE", self.stored_status("silo-1"))

    def register_silent(self, silo_id, ttl_ms):
        """A silo that never sends a heartbeat."""
        messages = harness.messages()
        info = messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000)
        info.lease_ttl.FromMilliseconds(ttl_ms)
        self.server.stub().RegisterSilo(messages.RegisterSiloRequest(silo=info), timeout=20)

    def test_silo_that_dies_silently_expires(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        with Expiries(self.server) as expiries:
            self.client.kill()
            self.assertEqual(["silo-1"], expiries.next())
        self.assertEqual("DEAD", self.stored_status("silo-1"))

    def test_closing_the_client_unregisters(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.assertEqual(0, self.client.close())
        self.assertEqual("DEAD", self.stored_status("silo-1"))

    def test_unregistered_silo_is_not_found(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.client.ask("unregister", "silo-1")
        self.assertEqual([], self.client.find("Order"))
        self.assertEqual("UNREGISTERED", self.client.state("silo-1")["state"])


class Recovery(LibqvtTestCase):
    def test_silo_registers_anew_after_a_restart_that_forgot_it(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        before = self.client.state("silo-1")
        self.client.register_versions("silo-1", {"Order": "1.1.0"})
        self.server.restart(crash=True, same_ports=True)
        after = self.client.await_state("silo-1", lambda state: state["registrations"] == 2)
        self.assertEqual("REGISTERED", after["state"])
        # SPEC 4.4: held under another store_id is kept.
        self.assertEqual(before["incarnation"], after["incarnation"])
        self.assertEqual(["silo-1"], self.client.find("Order", "1.1.0"))

    def test_silo_unregistered_behind_its_back_comes_back(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        self.server.stub().UnregisterSilo(harness.messages().UnregisterSiloRequest(silo_id="silo-1"), timeout=20)
        self.client.await_state("silo-1", lambda state: state["registrations"] == 2)
        self.assertEqual("ACTIVE", self.stored_status("silo-1"))

    def test_silo_superseded_by_another_process_stops(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        other = self.connect()
        other.register(silo("silo-1", {"Order": "2.0.0"}))
        self.client.await_state("silo-1", lambda state: state["state"] == "SUPERSEDED")
        self.assertEqual(0, self.client.close())
        self.assertEqual("ACTIVE", self.stored_status("silo-1"))
        self.assertEqual({"Order": "2.0.0"}, other.capabilities("silo-1"))


class Snapshot(LibqvtTestCase):
    """Finds from the library's own snapshot."""

    def finds_of_tracker(self):
        lines = self.server.curl("GET", "/metrics").body.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("qvt_finds_total"))

    def await_local(self, probe, actor_type):
        """Until a find is not seen by the tracker."""
        for _ in range(1000):
            before = self.finds_of_tracker()
            found = probe.find(actor_type)
            if self.finds_of_tracker() == before:
                return found
        self.fail("finds still ask the tracker")

    def cached_probe(self):
        probe = Probe(self.stored_status, self.server.grpc, cached=True)
        self.addCleanup(self.end, probe)
        return probe

    def test_finds_do_not_leave_the_process_and_follow_changes(self):
        probe = self.cached_probe()
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.assertEqual(["silo-1"], self.await_local(probe, "Order"))
        asked = self.finds_of_tracker()
        self.client.register(silo("silo-2", {"Order": "1.0.0"}))
        deadline = time.monotonic() + PATIENCE_S
        while probe.find("Order") != ["silo-1", "silo-2"]:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(asked, self.finds_of_tracker())

    def test_finds_go_on_while_the_tracker_is_gone_and_are_current_again(self):
        probe = self.cached_probe()
        self.client.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        self.assertEqual(["silo-1"], self.await_local(probe, "Order"))
        self.server.kill()
        for _ in range(100):
            self.assertEqual(["silo-1"], probe.find("Order"))
        self.server.restart(crash=True, same_ports=True)
        for _ in range(100):
            self.assertEqual(["silo-1"], probe.find("Order"))
        other = self.connect()
        other.register(silo("silo-2", {"Order": "1.0.0"}), SHORT_TTL_MS)
        deadline = time.monotonic() + PATIENCE_S
        while probe.find("Order") != ["silo-1", "silo-2"]:
            self.assertLess(time.monotonic(), deadline)


class Callbacks(LibqvtTestCase):
    def test_a_thousand_calls_at_once_all_end_well(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        self.assertEqual(["1000", "0"], self.client.ask("burst", "Order", 1000))


class Failover(LibqvtTestCase):
    def test_endpoint_that_refuses_is_passed_over(self):
        probe = Probe(self.stored_status, f"127.0.0.1:{harness.free_port()}", self.server.grpc)
        self.addCleanup(self.end, probe)
        probe.register(silo("silo-1", {"Order": "1.0.0"}))
        self.assertEqual(["silo-1"], probe.find("Order", "1.0.0"))

    def test_silent_tracker_loses_the_lease_and_gets_it_back(self):
        self.client.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        self.assertTrue(self.client.state("silo-1")["held"])
        with frozen(self.server):
            state = self.client.await_state("silo-1", lambda state: state["leases_lost"] == 1)
            self.assertEqual(("REGISTERED", False, 1), (state["state"], state["held"], state["leases_held"]))
        state = self.client.await_state("silo-1", lambda state: state["held"])
        self.assertEqual("REGISTERED", state["state"])
        self.assertEqual("ACTIVE", self.stored_status("silo-1"))

    def test_silo_moves_to_the_next_tracker_before_its_lease_ends(self):
        other = self.serve("--watch-progress=200ms")
        probe = Probe(self.stored_status, self.server.grpc, other.grpc)
        self.addCleanup(self.end, probe)
        probe.register(silo("silo-1", {"Order": "1.0.0"}), 6000)
        before = probe.state("silo-1")
        with frozen(self.server):
            # The other one has never heard of the silo, so that it registers there, with the incarnation it held.
            after = probe.await_state("silo-1", lambda state: state["registrations"] == 2)
            self.assertEqual(("REGISTERED", before["incarnation"]), (after["state"], after["incarnation"]))
            self.assertEqual(["silo-1"], probe.find("Order", "1.0.0"))
            with other.ticks() as ticks:
                ticks.until(lambda: probe.state("silo-1")["renewals"] > after["renewals"])

    def test_question_that_got_no_answer_is_answered_by_the_next_tracker(self):
        other = self.serve()
        self.client.register(silo("silo-1", {"Order": "1.0.0"}))
        probe = Probe(self.stored_status, self.server.grpc, other.grpc)
        self.addCleanup(self.end, probe)
        self.assertEqual(["silo-1"], probe.find("Order"))
        with frozen(self.server):
            with self.assertRaises(Refused) as refused:
                probe.ask("within", 1500, "Order")
            self.assertEqual("DEADLINE_EXCEEDED", refused.exception.code)
            self.assertEqual([], probe.find("Order"))

    def test_silo_moves_to_the_next_tracker_when_its_own_dies(self):
        other = self.serve()
        probe = Probe(self.stored_status, self.server.grpc, other.grpc)
        self.addCleanup(self.end, probe)
        probe.register(silo("silo-1", {"Order": "1.0.0"}), SHORT_TTL_MS)
        self.server.kill()
        probe.await_state("silo-1", lambda state: state["registrations"] == 2 and state["held"])
        self.assertEqual(["silo-1"], probe.find("Order", "1.0.0"))


if __name__ == "__main__":
    harness.main()
