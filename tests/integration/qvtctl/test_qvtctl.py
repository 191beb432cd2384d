#!/usr/bin/python3
"""qvtctl against a real qvtd: every command, what it prints, how it fails."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "libqvt"))

import harness  # noqa: E402
from faults import frozen  # noqa: E402

DONE, REFUSED, USAGE, NOT_FOUND, UNREACHABLE = range(5)
COMMANDS = [
    *(f"silo {word}" for word in "list get register update cordon stage drain uncordon unregister".split()),
    *(f"policy {word}" for word in "list get set delete".split()),
    *"heartbeat capabilities find watch status health completion".split(),
    "token new",
]


def qvtctl(*words, environment=None):
    """(exit code, stdout, stderr)"""
    command = [harness.BIN_DIR / "qvtctl", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **(environment or {})}
    )
    return done.returncode, done.stdout, done.stderr


class QvtctlTestCase(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve(harness.LONG_LEASES)

    def run_ok(self, *words):
        code, out, err = qvtctl(*words, "--endpoint", self.server.grpc)
        self.assertEqual((DONE, ""), (code, err))
        return out

    def run_json(self, *words):
        return json.loads(self.run_ok(*words, "-o", "json"))

    def fails(self, expected, *words):
        """The one line that a failure prints."""
        code, out, err = qvtctl(*words, "--endpoint", self.server.grpc)
        self.assertEqual((expected, ""), (code, out))
        self.assertEqual(1, err.count("\n"), err)
        self.assertTrue(err.startswith("qvtctl: "), err)
        return err

    def register(self, silo_id, *types, port="9000", flags=()):
        words = ["silo", "register", silo_id, "--address", "10.0.0.1", "--port", port, *flags]
        for each in types:
            words += ["--type", each]
        return self.run_ok(*words)


class Silos(QvtctlTestCase):
    def test_register_sets_everything_it_has_a_flag_for(self):
        flags = ["--label", "rack=7", "--label", "note=a=b", "--zone", "z1", "--region", "r1", "--build", "b9"]
        out = self.register("silo:1/a b", "Order=2.1.0", "Cart=1.0.0-rc.1+7", flags=[*flags, "--ttl", "1m"])
        self.assertIn("alive for 60s", out)
        silo = self.run_json("silo", "get", "silo:1/a b")["silo"]
        self.assertEqual("silo:1/a b", silo["siloId"])
        self.assertEqual({"rack": "7", "note": "a=b"}, silo["labels"])
        self.assertEqual(("z1", "r1", "b9"), (silo["zoneId"], silo["regionId"], silo["buildId"]))
        self.assertEqual("60s", silo["leaseTtl"])
        versions = {name: info["version"] for name, info in silo["actorTypeVersions"].items()}
        self.assertEqual({"Order": "2.1.0", "Cart": "1.0.0-rc.1+7"}, versions)

    def test_get_prints_aligned_names_and_values(self):
        self.register("silo-1", "Order=2.1.0", flags=["--ttl", "1m"])
        lines = self.run_ok("silo", "get", "silo-1").splitlines()
        facts = dict(line.split(None, 1) for line in lines)
        self.assertEqual("ACTIVE", facts["status"])
        self.assertEqual("10.0.0.1:9000", facts["address"])
        self.assertEqual("Order 2.1.0", facts["serves"])
        self.assertRegex(facts["lease"], r"^60s, [0-9.]+s left$")
        self.assertEqual(1, len({len(line) - len(line.split(None, 1)[1]) for line in lines}))

    def test_list_prints_a_table_without_colours(self):
        self.register("a", "Order=2.1.0")
        self.register("a-much-longer-id", "Order=2.2.0", "Cart=1.0.0", port="9001")
        out = self.run_ok("silo", "list")
        header, first, second = out.splitlines()
        self.assertEqual(["SILO", "STATUS", "SCHEDULING", "ADDRESS", "INCARNATION", "VERSIONS"], header.split())
        self.assertEqual(header.index("STATUS"), first.index("ACTIVE"))
        self.assertEqual(header.index("STATUS"), second.index("ACTIVE"))
        self.assertIn("Order=2.2.0", second)
        self.assertNotIn("\x1b", out)

    def test_list_is_filtered(self):
        self.register("a", "Order=2.1.0", flags=["--zone", "z1"])
        self.register("b", "Cart=1.0.0", flags=["--label", "rack=7"])
        ids = lambda *flags: [silo["siloId"] for silo in self.run_json("silo", "list", *flags).get("silos", [])]
        self.assertEqual(["a", "b"], ids())
        self.assertEqual(["a"], ids("--type", "Order"))
        self.assertEqual(["a"], ids("--zone", "z1"))
        self.assertEqual(["b"], ids("--label", "rack=7"))
        self.run_ok("silo", "unregister", "a")
        self.assertEqual(["b"], ids("--status", "active"))
        self.assertEqual(["a", "b"], ids("--status", "ACTIVE", "--status", "dead"))

    def test_unregister_makes_it_dead_and_forgives_unknown_ones(self):
        self.register("silo-1", "Order=1.0.0")
        self.assertEqual("unregistered\n", self.run_ok("silo", "unregister", "silo-1", "--who", "me", "--why", "test"))
        self.assertEqual("SILO_STATUS_DEAD", self.run_json("silo", "get", "silo-1")["silo"]["status"])
        self.assertIn("unknown", self.run_ok("silo", "unregister", "nobody"))

    def test_clusters_are_apart(self):
        self.register("silo-1", "Order=1.0.0", flags=["--cluster", "blue"])
        self.assertEqual([], self.run_json("silo", "list").get("silos", []))
        self.assertEqual(1, len(self.run_json("silo", "list", "--cluster", "blue")["silos"]))

    def test_list_joins_pages(self):
        messages, stub = harness.messages(), self.server.stub()
        for number in range(1001):
            silo = messages.SiloInfo(silo_id=f"silo-{number:04}", address="10.0.0.1", port=1)
            stub.RegisterSilo(messages.RegisterSiloRequest(silo=silo), timeout=20)
        self.assertEqual(1001, len(self.run_json("silo", "list")["silos"]))
        self.assertEqual(1002, len(self.run_ok("silo", "list").splitlines()))


class Updates(QvtctlTestCase):
    def scheduling(self, silo_id):
        return self.run_json("silo", "get", silo_id)["silo"]["scheduling"].removeprefix("SCHEDULING_")

    def labels(self, silo_id):
        return self.run_json("silo", "get", silo_id)["silo"].get("labels", {})

    def test_update_changes_what_its_flags_name_and_nothing_else(self):
        self.register("a", "Order=1.0.0", flags=["--label", "rack=7", "--label", "old=1"])
        words = ["--scheduling", "cordoned", "--label", "rack=8", "--label", "new=x=y", "--remove-label", "old"]
        lines = self.run_ok("silo", "update", "a", *words, "--who", "ops", "--why", "disk").splitlines()
        self.assertIn(["scheduling", "CORDONED"], [line.split() for line in lines])
        self.assertEqual({"rack": "8", "new": "x=y"}, self.labels("a"))
        self.run_ok("silo", "update", "a", "--address", "10.9.9.9", "--port", "77")
        silo = self.run_json("silo", "get", "a")["silo"]
        self.assertEqual(("10.9.9.9", 77), (silo["address"], silo["port"]))
        self.assertEqual("SCHEDULING_CORDONED", silo["scheduling"])
        self.assertEqual({"Order"}, set(silo["actorTypeVersions"]))
        self.run_ok("silo", "update", "a", "--status", "shutting_down")
        self.assertEqual("SILO_STATUS_SHUTTING_DOWN", self.run_json("silo", "get", "a")["silo"]["status"])

    def test_last_label_can_be_removed(self):
        self.register("a", "Order=1.0.0", flags=["--label", "only=1"])
        self.run_ok("silo", "update", "a", "--remove-label", "only")
        self.assertEqual({}, self.labels("a"))

    def test_cordon_stage_drain_and_uncordon(self):
        self.register("a", "Order=1.0.0")
        for word, expected in [
            ("cordon", "CORDONED"), ("stage", "STAGED"), ("drain", "DRAINING"), ("uncordon", "SCHEDULABLE")
        ]:
            self.run_ok("silo", word, "a", "--why", "test")
            self.assertEqual(expected, self.scheduling("a"))
        self.assertIn("SILO_NOT_FOUND", self.fails(NOT_FOUND, "silo", "cordon", "nobody"))

    def test_if_match_guards_a_write(self):
        self.register("a", "Order=1.0.0")
        etag = self.run_json("silo", "get", "a")["silo"]["etag"]
        self.run_ok("silo", "cordon", "a", "--if-match", etag)
        line = self.fails(REFUSED, "silo", "uncordon", "a", "--if-match", etag)
        self.assertIn("ETAG_MISMATCH", line)
        self.assertIn("etag=", line)
        self.assertEqual("CORDONED", self.scheduling("a"))

    def test_request_id_makes_a_repeat_harmless(self):
        self.register("a", "Order=1.0.0")
        first = self.run_json("silo", "cordon", "a", "--request-id", "r1")
        again = self.run_json("silo", "cordon", "a", "--request-id", "r1")
        self.assertEqual(first["position"], again["position"])


class Heartbeats(QvtctlTestCase):
    def test_heartbeat_renews_and_reports(self):
        self.register("a", "Order=1.0.0", flags=["--ttl", "1m"])
        told = re.fullmatch(r"renewed, incarnation \d+, alive for ([0-9.]+)s without another\n", self.run_ok("heartbeat", "a"))
        self.assertTrue(30 < float(told[1]) <= 60, told[0])
        self.run_ok("heartbeat", "a", "--cpu", "50.5", "--memory", "20", "--latency", "3")
        health = self.run_json("silo", "get", "a")["silo"]["health"]
        self.assertEqual((50.5, 20, 3), (health["cpuPercent"], health["memoryPercent"], health["latencyMs"]))
        self.assertIn("health", self.run_ok("silo", "get", "a"))
        self.assertIn("leaseRemainingMs", self.run_json("heartbeat", "a"))

    def test_unknown_silo_is_3_and_an_older_incarnation_is_refused(self):
        self.fails(NOT_FOUND, "heartbeat", "nobody")
        self.register("a", "Order=1.0.0")
        self.assertIn("SUPERSEDED", self.fails(REFUSED, "heartbeat", "a", "--incarnation", "1"))


class Capabilities(QvtctlTestCase):
    def test_of_one_silo_and_of_all(self):
        self.register("a", "Order=2.1.0", "Cart=1.0.0")
        self.register("b", "Order=2.2.0")
        self.register("none")
        rows = [line.split()[:3] for line in self.run_ok("capabilities").splitlines()]
        self.assertEqual(["SILO", "TYPE", "VERSION"], rows[0])
        self.assertEqual([["a", "Cart", "1.0.0"], ["a", "Order", "2.1.0"], ["b", "Order", "2.2.0"]], sorted(rows[1:]))
        rows = [line.split()[:3] for line in self.run_ok("capabilities", "b").splitlines()]
        self.assertEqual([["b", "Order", "2.2.0"]], rows[1:])
        answer = self.run_json("capabilities", "a")["capabilities"]
        self.assertEqual("1.0.0", answer["actorTypeVersions"]["Cart"]["version"])
        self.assertEqual(["a", "b"], [silo["siloId"] for silo in self.run_json("capabilities")["capabilities"]])

    def test_none_and_unknown_are_3_with_their_reason(self):
        self.register("none")
        self.assertIn("NO_VERSIONS", self.fails(NOT_FOUND, "capabilities", "none"))
        self.assertIn("SILO_NOT_FOUND", self.fails(NOT_FOUND, "capabilities", "nobody"))


class Policies(QvtctlTestCase):
    def rows(self, *words):
        return [line.split() for line in self.run_ok(*words).splitlines()][1:]

    def test_policies_are_set_shown_listed_and_deleted(self):
        self.assertEqual([["(default)", "STRICT", "ALL", "-", "-", "2", "-"]], self.rows("policy", "get", "Order"))
        words = ["--mode", "range", "--range", "^2.1", "--selector", "Latest", "--min-ready", "3"]
        row = self.rows("policy", "set", "Order", *words, "--why", "test")[0]
        self.assertEqual(["Order", "RANGE", "LATEST", "^2.1", "-", "3"], row[:6])
        self.rows("policy", "set", "--mode", "backward")
        self.assertEqual([row], self.rows("policy", "get", "Order"))
        self.assertEqual("BACKWARD", self.rows("policy", "get", "Cart")[0][1])
        self.assertEqual(["(default)", "Order"], sorted(each[0] for each in self.rows("policy", "list")))
        self.assertEqual(2, len(self.run_json("policy", "list")["policies"]))
        self.assertEqual("deleted\n", self.run_ok("policy", "delete", "Order"))
        self.assertEqual("BACKWARD", self.rows("policy", "get", "Order")[0][1])
        self.run_ok("policy", "delete", "Order")
        self.assertEqual("deleted\n", self.run_ok("policy", "delete"))
        self.assertEqual([["(default)", "STRICT", "ALL", "-", "-", "2", "-"]], self.rows("policy", "get", "Cart"))

    def test_policy_decides_a_find(self):
        self.register("a", "Order=1.2.0")
        self.assertEqual("none: NO_COMPATIBLE_VERSION\n", self.run_ok("find", "Order", "--version", "1.1.0"))
        self.run_ok("policy", "set", "Order", "--mode", "backward")
        self.assertIn("1.2.0", self.run_ok("find", "Order", "--version", "1.1.0"))

    def test_bad_policy_is_refused_with_its_field(self):
        self.assertIn("(field policy.range)", self.fails(REFUSED, "policy", "set", "Order", "--range", "nonsense~"))
        etag = self.run_json("policy", "set", "Order", "--mode", "minor")["policy"]["etag"]
        self.run_ok("policy", "set", "Order", "--mode", "major", "--if-match", etag)
        self.assertIn("ETAG_MISMATCH", self.fails(REFUSED, "policy", "delete", "Order", "--if-match", etag))


class Cluster(QvtctlTestCase):
    def test_status_counts(self):
        self.assertEqual("running", dict(self.pairs())["expiry"])
        self.register("a", "Order=1.0.0", "Cart=1.0.0")
        self.register("b", "Order=1.0.0")
        self.run_ok("silo", "unregister", "b")
        self.run_ok("policy", "set", "Order", "--mode", "minor")
        facts = dict(self.pairs())
        self.assertEqual(("1", "1"), (facts["silos ACTIVE"], facts["silos DEAD"]))
        self.assertEqual(("0", "1"), (facts["suspect"], facts["policies"]))
        self.assertRegex(facts["position"], r"^4\.[0-9a-f]{16}$")
        self.assertEqual("4", self.run_json("status")["position"]["revision"])

    def pairs(self):
        return [re.split(r"  +", line, maxsplit=1) for line in self.run_ok("status").splitlines()]

    def test_health_is_an_exit_code(self):
        self.assertEqual("SERVING\n", self.run_ok("health"))
        self.assertEqual({"status": "SERVING"}, self.run_json("health"))
        with frozen(self.server):
            self.fails(UNREACHABLE, "health", "--timeout", "300ms")
        self.assertEqual("SERVING\n", self.run_ok("health", "--timeout", "20s"))
        nobody = f"127.0.0.1:{harness.free_port()}"
        self.assertEqual(UNREACHABLE, qvtctl("health", "--endpoint", nobody)[0])


class Terminal(QvtctlTestCase):
    def on_terminal(self, *words, environment=None):
        """What qvtctl writes when its output is a terminal."""
        near, far = pty.openpty()
        env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        env.update({"TERM": "xterm"}, **(environment or {}))
        command = [harness.BIN_DIR / "qvtctl", *words, "--endpoint", self.server.grpc]
        done = subprocess.run(command, stdout=far, stderr=subprocess.PIPE, env=env, timeout=60)
        os.close(far)
        self.assertEqual((DONE, b""), (done.returncode, done.stderr))
        text = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(near, 65536):
                text += chunk
        os.close(near)
        return text.decode()

    def test_colours_only_on_a_terminal_and_not_when_they_are_unwanted(self):
        self.register("a", "Order=1.0.0")
        for words in (["silo", "list"], ["health"]):
            with self.subTest(words):
                self.assertIn("\x1b[32m", self.on_terminal(*words))
                self.assertNotIn("\x1b", self.on_terminal(*words, environment={"NO_COLOR": "1"}))
                self.assertNotIn("\x1b", self.on_terminal(*words, environment={"TERM": "dumb"}))
                self.assertNotIn("\x1b", self.on_terminal(*words, "-o", "json"))
                self.assertNotIn("\x1b", self.run_ok(*words))
        coloured = self.on_terminal("silo", "list")
        self.assertEqual(self.run_ok("silo", "list"), re.sub(r"\x1b\[\d*m", "", coloured).replace("\r", ""))


class Completion(harness.TestCase):
    def complete(self, *words):
        """What bash offers for the last of the words."""
        script = 'eval "$("$0" completion bash)"; COMP_WORDS=(qvtctl "$@"); COMP_CWORD=$#; _qvtctl; echo "${COMPREPLY[@]}"'
        command = ["bash", "-c", script, harness.BIN_DIR / "qvtctl", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return set(done.stdout.split())

    def test_bash_completes_words_flags_and_values(self):
        self.assertLessEqual({"silo", "policy", "find", "health"}, self.complete(""))
        self.assertEqual({"status", "store"}, self.complete("st"))
        self.assertEqual({"list", "get", "set", "delete"}, self.complete("policy", ""))
        self.assertEqual({"unregister", "update", "uncordon"}, self.complete("silo", "u"))
        self.assertEqual({"--zone"}, self.complete("silo", "list", "--z"))
        self.assertEqual({"--output"}, self.complete("--cluster", "blue", "silo", "list", "a", "--ou"))
        self.assertEqual({"table", "json"}, self.complete("silo", "list", "-o", ""))
        self.assertEqual({"backward"}, self.complete("find", "Order", "--mode", "b"))
        self.assertEqual(set(), self.complete("silo", "list", "--zone", ""))
        self.assertEqual({"bash", "zsh", "fish"}, {word for word in self.complete("completion", "") if word[0] != "-"})

    def test_every_shell_is_told_every_command_and_flag(self):
        for shell in ("bash", "zsh", "fish"):
            code, script, err = qvtctl("completion", shell)
            self.assertEqual((DONE, ""), (code, err))
            for word in ["unregister", "capabilities", "min-ready", "remove-label", "timeout", "zsh"]:
                self.assertIn(word, script)
        self.assertEqual(USAGE, qvtctl("completion", "dos")[0])


class Find(QvtctlTestCase):
    def test_find_prints_the_exact_matches(self):
        self.register("a", "Order=2.1.0")
        self.register("b", "Order=2.2.0")
        lines = self.run_ok("find", "Order", "--version", "2.2.0").splitlines()
        self.assertEqual(2, len(lines))
        self.assertEqual(["b", "2.2.0", "10.0.0.1:9000"], lines[1].split()[:3])
        self.assertEqual(3, len(self.run_ok("find", "Order").splitlines()))

    def test_finding_none_is_no_error_and_says_why(self):
        self.assertEqual("none: UNKNOWN_TYPE\n", self.run_ok("find", "Order"))
        self.register("a", "Order=2.1.0")
        self.assertEqual("none: NO_COMPATIBLE_VERSION\n", self.run_ok("find", "Order", "--version", "3.0.0"))

    def test_json_is_the_whole_answer(self):
        self.register("a", "Order=2.1.0")
        answer = self.run_json("find", "Order")
        self.assertEqual({"position", "cacheTtl", "silos"}, set(answer))
        self.assertEqual("10s", answer["cacheTtl"])
        self.assertEqual({"siloId", "address", "port", "version", "incarnation"}, set(answer["silos"][0]))


class Watch(QvtctlTestCase):
    def start(self, *words):
        command = [harness.BIN_DIR / "qvtctl", "watch", "--endpoint", self.server.grpc, *words]
        stream = harness.LineStream(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        self.addCleanup(stream.close)
        return stream

    def test_watch_walks_and_then_follows(self):
        self.register("a", "Order=2.1.0")
        watch = self.start()
        self.assertTrue(watch.read_line().startswith("walk "))
        self.assertEqual("record SILO a ACTIVE SCHEDULABLE 10.0.0.1:9000 Order=2.1.0", watch.read_line())
        self.assertTrue(watch.read_line().startswith("walk end "))
        self.register("b", "Cart=1.0.0")
        self.assertRegex(watch.read_line(), r"^change [0-9a-f]{32}/[0-9]+\.[0-9a-f]{16} SILO_REGISTERED$")
        self.assertEqual("  put SILO b ACTIVE SCHEDULABLE 10.0.0.1:9000 Cart=1.0.0", watch.read_line())

    def test_json_is_one_message_a_line(self):
        watch = self.start("-o", "json", "--count", "3")
        self.assertIn("reset", json.loads(watch.read_line()))
        self.assertIn("walkEnd", json.loads(watch.read_line()))
        self.register("a", "Order=2.1.0")
        change = json.loads(watch.read_line())["change"]
        self.assertEqual("CHANGE_EVENT_SILO_REGISTERED", change["event"])
        self.assertEqual(DONE, watch.process.wait(harness.PATIENCE_S))

    def test_watch_goes_on_from_a_printed_position(self):
        self.register("a", "Order=2.1.0")
        watch = self.start("--count", "3")
        lines = [watch.read_line() for _ in range(3)]
        position = lines[2].split()[-1]
        self.register("b", "Order=2.2.0")
        for text in (position, position.split("/")[1]):
            resumed = self.start("--from", text, "--count", "1")
            self.assertIn("SILO_REGISTERED", resumed.read_line())

    def test_interrupt_ends_a_watch_well(self):
        watch = self.start()
        watch.read_line()
        watch.process.send_signal(signal.SIGINT)
        self.assertEqual(DONE, watch.process.wait(harness.PATIENCE_S))

    def test_watch_ends_with_4_when_the_server_goes(self):
        watch = self.start()
        watch.read_line()
        self.server.kill()
        self.assertEqual(UNREACHABLE, watch.process.wait(harness.PATIENCE_S))
        self.server.start()


class Failures(QvtctlTestCase):
    def test_unknown_silo_is_3_with_code_and_reason(self):
        self.assertIn("NOT_FOUND SILO_NOT_FOUND: ", self.fails(NOT_FOUND, "silo", "get", "nobody"))

    def test_refusal_is_1_and_names_the_field(self):
        line = self.fails(REFUSED, "silo", "register", "a", "--address", "10.0.0.1", "--port", "0")
        self.assertIn("INVALID_ARGUMENT", line)
        self.assertIn("(field silo.port)", line)
        line = self.fails(REFUSED, "silo", "register", "a", "--address", "x", "--port", "1", "--type", "Order=one")
        self.assertIn("one", line)

    def test_no_tracker_is_4(self):
        code, out, err = qvtctl("silo", "list", "--endpoint", f"127.0.0.1:{harness.free_port()}", "--timeout", "5s")
        self.assertEqual((UNREACHABLE, ""), (code, out))
        self.assertIn("UNAVAILABLE", err)

    def test_wrong_usage_is_2(self):
        cases = [
            ["silo"],
            ["nonsense"],
            ["silo", "get"],
            ["silo", "get", "a", "b"],
            ["silo", "list", "--nonsense"],
            ["silo", "list", "--status", "asleep"],
            ["silo", "list", "--zone"],
            ["silo", "register", "a", "--port", "70000"],
            ["silo", "register", "a", "--port", "x"],
            ["silo", "register", "a", "--ttl", "soon"],
            ["silo", "register", "a", "--type", "Order"],
            ["silo", "register", "a", "--label", "rack"],
            ["find", "Order", "--mode", "sometimes"],
            ["find", "Order", "--selector", "mine"],
            ["find", "Order", "--explain=yes"],
            ["watch", "--from", "yesterday"],
            ["watch", "--from", "18446744073709551616.0123456789abcdef"],
            ["silo", "list", "-o", "xml"],
            ["silo", "list", "--timeout", "0"],
            ["silo", "update", "a"],
            ["silo", "update", "a", "--scheduling", "asleep"],
            ["silo", "update", "a", "--status", "alive"],
            ["policy"],
            ["policy", "set", "Order", "--mode", "sometimes"],
            ["policy", "set", "Order", "--ramp-basis-points", "10001"],
            ["policy", "set", "Order", "--ramp-basis-points", "100"],
            ["silo", "--why", "drain", "uncordon", "a"],
            ["silo", "--zone", "list"],
            ["heartbeat", "a", "--cpu", "much"],
            ["status", "now"],
        ]
        for words in cases:
            with self.subTest(words):
                self.fails(USAGE, *words)
        self.assertIn("unknown command 'nonsense'", self.fails(USAGE, "nonsense", "silo"))
        self.assertEqual(USAGE, qvtctl("silo", "list", "--endpoint", "nowhere")[0])

    def test_a_port_that_is_given_is_never_passed_over(self):
        self.register("a")
        self.assertIn("port", self.fails(REFUSED, "silo", "update", "a", "--port", "0", "--scheduling", "cordoned"))

    def test_endpoints_come_from_the_environment_and_the_flag_wins(self):
        nobody = f"127.0.0.1:{harness.free_port()}"
        environment = {"QVT_ENDPOINTS": f"{nobody},{self.server.grpc}"}
        self.assertEqual(DONE, qvtctl("silo", "list", environment=environment)[0])
        self.assertEqual(UNREACHABLE, qvtctl("silo", "list", "--endpoint", nobody, environment=environment)[0])

    def test_tls_of_the_environment_is_true_or_false(self):
        words = ["silo", "list", "--endpoint", self.server.grpc]
        self.assertEqual(DONE, qvtctl(*words, environment={"QVT_CLIENT_TLS": "false"})[0])
        self.assertEqual(UNREACHABLE, qvtctl(*words, environment={"QVT_CLIENT_TLS": "true"})[0])
        code, _, err = qvtctl(*words, environment={"QVT_CLIENT_TLS": "1"})
        self.assertEqual(USAGE, code)
        self.assertIn("QVT_CLIENT_TLS is neither true nor false", err)

    def test_flags_may_come_first_and_after_double_dash_nothing_is_a_flag(self):
        words = ["--endpoint", self.server.grpc, "-o", "json", "silo", "get", "--", "--weird"]
        code, _, err = qvtctl(*words)
        self.assertEqual(NOT_FOUND, code)
        self.assertIn("--weird", err)

    def test_the_version_is_that_of_the_server(self):
        code, out, err = qvtctl("--version")
        self.assertEqual((DONE, ""), (code, err))
        self.assertRegex(out, r"^qvtctl \d+\.\d+\.\d+\n$")
        server = subprocess.run([harness.BIN_DIR / "qvtd", "--version"], capture_output=True, text=True, timeout=30)
        self.assertEqual(server.stdout.removeprefix("qvtd"), out.removeprefix("qvtctl"))

    def test_every_command_has_help(self):
        code, out, _ = qvtctl("--help")
        self.assertEqual(DONE, code)
        for command in COMMANDS:
            self.assertIn(command, out)
            code, own, err = qvtctl(*command.split(), "--help")
            self.assertEqual((DONE, ""), (code, err))
            self.assertIn(f"usage: qvtctl {command}", own)
            self.assertIn("--endpoint", own)
            self.assertIn("Exit codes:", own)


if __name__ == "__main__":
    harness.main()
