#!/usr/bin/python3
"""Two and more replicas on one Redis: what one commits the others show; what is kept is as the documentation says."""

import json
import subprocess
import time

import grpc

import redis_harness
from redis_harness import Proxy, RedisServer, harness, until

SILO = {"siloId": "s1", "address": "10.0.0.1", "port": 1, "actorTypeVersions": {"T": {"version": "1.2.3"}}}


def register(server, silo_id="s1", cluster="default", **more):
    answer = server.curl("POST", f"/v1/clusters/{cluster}/silos", {"silo": {**SILO, "siloId": silo_id, **more}})
    assert answer.status == 200, answer
    return answer.json


class TestReplicas(redis_harness.TestCase):
    def setUp(self):
        super().setUp()
        self.redis = self.use(RedisServer())
        self.one = self.replica(self.redis.url)
        self.two = self.replica(self.redis.url)
        self.messages = harness.messages()

    def test_a_silo_registered_on_one_is_found_on_the_other(self):
        written = register(self.one)
        position = self.messages.Position(
            store_id=written["position"]["storeId"],
            revision=int(written["position"]["revision"]),
            token=int(written["position"]["token"]),
        )
        request = self.messages.FindCompatibleSilosRequest(actor_type="T", min_position=position)
        found = self.two.stub().FindCompatibleSilos(request, timeout=10)
        self.assertEqual([silo.silo_id for silo in found.silos], ["s1"])
        self.assertEqual(found.position.revision, position.revision)

    def test_a_linearisable_read_shows_what_was_committed_before(self):
        register(self.one)
        for i in range(50):
            written, reader = (self.one, self.two) if i % 2 else (self.two, self.one)
            register(written, labels={"n": str(i)})
            request = self.messages.GetSiloRequest(silo_id="s1", linearizable=True)
            self.assertEqual(reader.stub().GetSilo(request, timeout=10).silo.labels["n"], str(i))

    def test_a_position_that_does_not_come_is_unavailable_in_bounded_time(self):
        written = register(self.one)
        position = self.messages.Position(store_id=written["position"]["storeId"], revision=1000, token=1)
        began = time.monotonic()
        with self.assertRaises(grpc.RpcError) as raised:
            self.two.stub().ListSilos(self.messages.ListSilosRequest(min_position=position), timeout=20)
        self.assertEqual(harness.error_info(raised.exception)[1], "BEHIND")
        self.assertLess(time.monotonic() - began, 8)

    def test_a_heartbeat_through_the_other_replica_renews(self):
        register(self.one)
        for server in (self.two, self.one, self.two):
            answer = server.stub().Heartbeat(self.messages.HeartbeatRequest(silo_id="s1"), timeout=10)
            self.assertGreater(answer.lease_remaining_ms, 10000)

    def test_a_replica_that_came_later_shows_the_last_heartbeat_too(self):
        register(self.one)
        request = self.messages.GetSiloRequest(silo_id="s1", linearizable=True)
        self.one.stub().Heartbeat(self.messages.HeartbeatRequest(silo_id="s1"), timeout=10)
        heard = self.one.stub().GetSilo(request, timeout=10).silo.last_heartbeat
        shown = self.replica(self.redis.url).stub().GetSilo(request, timeout=10).silo
        self.assertTrue(shown.HasField("last_heartbeat"))
        self.assertLess(abs(shown.last_heartbeat.ToMilliseconds() - heard.ToMilliseconds()), 2000)

    def test_heartbeats_preserve_the_versions(self):
        register(self.one)
        before = self.redis.cli("HGET", "{qvt:default}:records", "silo/s1")
        for server in (self.one, self.two):
            server.stub().Heartbeat(self.messages.HeartbeatRequest(silo_id="s1"), timeout=10)
        self.assertEqual(self.redis.cli("HGET", "{qvt:default}:records", "silo/s1"), before)
        self.assertIn("1.2.3", before)

    def test_conditional_writes_on_two_replicas_have_one_winner(self):
        etag = register(self.one)["silo"]["etag"]
        calls = []
        for i, server in enumerate([self.one, self.two] * 4):
            silo = self.messages.SiloInfo(silo_id="s1", port=100 + i)
            request = self.messages.UpdateSiloRequest(silo_id="s1", silo=silo, if_match=etag)
            calls.append(server.stub().UpdateSilo.future(request, timeout=10))
        outcomes = [call.exception() for call in calls]
        self.assertEqual(sum(1 for outcome in outcomes if outcome is None), 1, outcomes)
        for outcome in filter(None, outcomes):
            self.assertEqual(harness.error_info(outcome)[1], "ETAG_MISMATCH")

    def test_clusters_made_on_one_are_served_by_the_other(self):
        register(self.one, cluster="blue")
        answer = until(lambda: self.two.curl("GET", "/v1/clusters/blue/silos").json.get("silos"), what="the cluster")
        self.assertEqual(answer[0]["siloId"], "s1")

    def test_a_write_to_a_cluster_that_was_just_heard_of_waits_for_its_records(self):
        proxy = self.use(Proxy(self.redis.port))
        far = self.replica(proxy.url, "--redis-timeout", "10s")
        proxy.delay_s = 0.1  # each way: to load takes three answers
        register(self.one, cluster="blue")
        until(lambda: '"cluster":"blue","status":"warming_up"' in far.curl("GET", "/readyz").body, what="the name")
        self.assertEqual(far.curl("GET", "/v1/clusters/blue/silos").status, 200)
        self.assertEqual(register(far, "s2", cluster="blue")["position"]["revision"], "2")

    def test_a_silo_expires_once_whoever_sees_it(self):
        one = self.replica(self.redis.url, "--min-lease-ttl", "500ms")
        register(one, "gone", leaseTtl="0.6s")
        until(lambda: "DEAD" in self.two.curl("GET", "/v1/silos/gone").body, what="the expiry")
        length = self.redis.cli("XLEN", "{qvt:default}:changes")
        self.assertIn(length, ("2", "3"), "registered, maybe suspect, expired")
        for server in (one, self.one, self.two):
            server.curl("GET", "/v1/silos/gone?linearizable=true")
        self.assertEqual(self.redis.cli("XLEN", "{qvt:default}:changes"), length)

    def test_changes_are_published_for_outside_listeners(self):
        listener = subprocess.Popen(
            ["redis-cli", "-p", str(self.redis.port), "SUBSCRIBE", "{qvt:default}:events"],
            stdout=subprocess.PIPE, text=True,
        )
        self.addCleanup(listener.stdout.close)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        self.assertEqual([listener.stdout.readline().strip() for _ in range(3)],
                         ["subscribe", "{qvt:default}:events", "1"])
        written = register(self.one)
        self.assertEqual([listener.stdout.readline().strip() for _ in range(2)],
                         ["message", "{qvt:default}:events"])
        event = json.loads(listener.stdout.readline())
        self.assertEqual(event["store_id"], written["position"]["storeId"])
        self.assertEqual(event["position"], written["silo"]["etag"])
        self.assertEqual(event["event"], 2)

    def qvtctl(self, *words):
        command = [str(harness.BIN_DIR / "qvtctl"), *words, "--redis", self.redis.address]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def test_qvtctl_shows_what_is_kept(self):
        written = register(self.one)
        log = self.qvtctl("store", "inspect")
        self.assertEqual(log.returncode, 0, log.stderr)
        self.assertIn(written["position"]["storeId"] + " 1 ", log.stdout)
        record = json.loads(self.qvtctl("store", "inspect", "silo/s1").stdout)
        self.assertEqual(record["silo"]["actorTypeVersions"], {"T": {"version": "1.2.3"}})
        self.assertEqual(self.qvtctl("store", "inspect", "silo/none").returncode, 3)
        self.assertEqual(self.qvtctl("store", "inspect", "--cluster", "none").returncode, 3)

    def test_qvtctl_empties_a_cluster_on_purpose(self):
        before = register(self.one)["position"]["storeId"]
        until(lambda: self.two.curl("GET", "/v1/silos").json.get("silos"), what="the silo")
        self.assertEqual(self.qvtctl("store", "reset").returncode, 2)
        self.assertEqual(self.qvtctl("store", "reset", "--yes", "--cluster", "none").returncode, 3)
        self.assertEqual(self.redis.cli("KEYS", "{qvt:none}:*"), "")
        reset = self.qvtctl("store", "reset", "--yes")
        self.assertEqual(reset.returncode, 0, reset.stderr)
        for server in (self.one, self.two):
            until(lambda: not server.curl("GET", "/v1/silos").json.get("silos"), what="the empty cluster")
            position = server.curl("GET", "/v1/status").json["position"]
            self.assertNotEqual(position["storeId"], before)
            self.assertEqual(position["revision"], "1")
        self.assertEqual(register(self.two)["position"]["revision"], "2")

    def assert_format_refused(self, number, advice):
        self.redis.cli("HSET", "{qvt:default}:records", "format", number)
        with self.assertRaisesRegex(RuntimeError, f"have format {number}, .*{advice}"):
            self.replica(self.redis.url)
        answer = self.one.curl("POST", "/v1/silos", {"silo": {**SILO, "siloId": "s2"}})
        self.assertEqual((answer.status, answer.reason), (400, "FORMAT"))
        self.assertIn(f"have format {number}, ", answer.json["message"])
        self.assertEqual(self.one.curl("GET", "/v1/silos/s1").status, 200)

    def test_a_newer_format_is_refused(self):
        register(self.one)
        self.assert_format_refused(2, "a newer qvtd is needed")
        upgrade = self.qvtctl("store", "upgrade", "--yes")
        self.assertEqual((upgrade.returncode, self.format()), (1, "2"))
        self.assertIn("format 2", upgrade.stderr)

    def test_an_older_format_is_refused_until_it_is_raised(self):
        register(self.one)
        self.assertEqual(self.format(), "1")
        self.assert_format_refused(0, "qvtctl store upgrade raises it")
        asks = self.qvtctl("store", "upgrade")
        self.assertEqual((asks.returncode, self.format()), (2, "0"))
        self.assertIn("--yes", asks.stderr)
        raised = self.qvtctl("store", "upgrade", "--yes")
        self.assertEqual((raised.returncode, raised.stdout, self.format()), (0, "format raised from 0 to 1\n", "1"))
        register(self.one, "s2")
        register(self.replica(self.redis.url), "s3")

    def test_an_upgrade_of_the_newest_format_changes_nothing(self):
        self.assertEqual(self.qvtctl("store", "upgrade").returncode, 3)
        register(self.one)
        done = self.qvtctl("store", "upgrade")
        self.assertEqual((done.returncode, done.stdout), (0, "format 1, the newest there is\n"))

    def format(self):
        return self.redis.cli("HGET", "{qvt:default}:records", "format")

    def test_a_wrong_url_is_told_without_its_password(self):
        cases = {
            "redis://user:secret@host:99999": "port",
            "redis://:secret@": "host",
            "redis://user:secret@h1,h2": "one address",
            "redis+sentinel://:secret@h1": "MASTER",
            "redis+cluster://:secret@h1/3": "database",
            "redis://:sec%zzret@h1": "hex",
            "redis+tls://:secret@h1": "begins with",
            "rediss://:secret@h1": "neither",
        }
        for url, rule in cases.items():
            ended = subprocess.run([str(harness.BIN_DIR / "qvtd"), "--store", url], capture_output=True, text=True)
            self.assertEqual(ended.returncode, 2, url)
            self.assertIn(rule, ended.stderr)
            self.assertNotIn("sec", ended.stderr.replace("seconds", ""))
        for address in ("redis://:secret@h1:1", ":secret@h1:1"):
            command = [str(harness.BIN_DIR / "qvtctl"), "store", "inspect", "--redis", address]
            ended = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(ended.returncode, 2, ended.stderr)
            self.assertNotIn("secret", ended.stderr)


class TestLogin(redis_harness.TestCase):
    def test_acl_users_log_in_and_no_password_is_shown(self):
        redis = self.use(RedisServer())
        redis.cli("ACL", "SETUSER", "qvt", "on", ">pa@ss", "~*", "&*", "+@all")
        redis.cli("ACL", "SETUSER", "default", "off")
        server = self.replica(f"redis://qvt:pa%40ss@{redis.address}/3")
        register(server)
        self.assertNotIn("pa@ss", server.log())
        self.assertNotIn("pa%40ss", server.log())

    def test_a_password_file_keeps_it_out_of_the_process_list(self):
        redis = self.use(RedisServer("--requirepass", "secret"))
        path = f"{self.folder}/password"
        with open(path, "w", encoding="utf-8") as file:
            file.write("secret\n")
        register(self.replica(redis.url, "--redis-password-file", path))

    def test_an_evicting_redis_is_warned_of(self):
        redis = self.use(RedisServer("--maxmemory-policy", "allkeys-lru"))
        server = self.replica(redis.url)
        until(lambda: "noeviction" in server.log(), what="the warning")


if __name__ == "__main__":
    redis_harness.main()
