#!/usr/bin/python3
"""A Redis that answers but refuses, or does not answer a new cluster: callers and the log are told, nothing is half done."""

import re
import subprocess

import redis_harness
from redis_harness import RedisServer, harness, until

SILO = {"silo": {"siloId": "s1", "address": "10.0.0.1", "port": 1, "actorTypeVersions": {"T": {"version": "1.2.3"}}}}
RECORDS = "{qvt:default}:records"


def documented_user():
    """The words of the ACL SETUSER that docs/redis.md gives, for the user qvt with the password secret."""
    text = (harness.ROOT / "docs/redis.md").read_text()
    line = re.search(r"^ACL SETUSER qvt .*$", text, re.MULTILINE).group(0)
    return line.replace("PASSWORD", "secret").split()


class TestRights(redis_harness.TestCase):
    def setUp(self):
        super().setUp()
        self.redis = self.use(RedisServer())
        self.url = f"redis://qvt:secret@{self.redis.address}"
        self.assertEqual(self.redis.cli(*documented_user()), "OK")

    def test_the_documented_rights_are_enough(self):
        server = self.replica(self.url, "--min-lease-ttl", "500ms")
        registered = server.curl("POST", "/v1/silos", {"silo": {**SILO["silo"], "leaseTtl": "1s"}})
        self.assertEqual(registered.status, 200, registered)
        self.assertEqual(server.curl("POST", "/v1/silos/s1/heartbeat", {}).status, 200)
        until(lambda: server.curl("GET", "/v1/silos/s1").json["silo"]["status"] == "SILO_STATUS_DEAD", what="the expiry")
        server.restart(crash=True)
        self.assertEqual(server.curl("GET", "/v1/silos/s1").json["silo"]["status"], "SILO_STATUS_DEAD")
        self.assertEqual(self.redis.cli("ACL", "LOG"), "")

    def write(self, server):
        """Its answer; a tracker that has just heard of the cluster's name loads it first, which is told and soon over."""
        answer = server.curl("POST", "/v1/silos", SILO)
        while answer.status == 503 and answer.reason == "WARMING_UP":
            answer = server.curl("POST", "/v1/silos", SILO)
        return answer

    def test_a_right_that_is_missing_refuses_the_write_whole(self):
        server = self.replica(self.url)
        for missing, what in (("resetchannels", "PUBLISH to {qvt:default}:events"), ("-publish", "PUBLISH to"),
                              ("-hset", "HSET"), ("-hdel", "HDEL"), ("-del", "DEL"), ("-xadd", "XADD"),
                              ("-xtrim", "XTRIM"), ("-zadd", "ZADD"), ("-zrem", "ZREM")):
            self.redis.cli("ACL", "SETUSER", "qvt", missing)
            answer = self.write(server)
            self.assertEqual((answer.status, answer.reason), (503, "STORE_UNAVAILABLE"), (missing, answer))
            self.assertIn(f"may not {what}", answer.json["message"])
            self.assertEqual(self.redis.cli("HGET", RECORDS, "head"), "")
            self.assertEqual(self.redis.cli("XLEN", "{qvt:default}:changes"), "0")
            self.redis.cli(*documented_user())
        self.assertRegex(server.log(), r'event="redis does not take writes" cluster=default why="NOPERM .*PUBLISH to')
        until(lambda: server.curl("POST", "/v1/silos", SILO).status == 200, what="the write")
        self.assertIn("silo/s1", self.redis.cli("HKEYS", RECORDS).split())

    def expect_in_log(self, pattern):
        """Of a qvtd that does not get so far as to serve."""
        command = [str(harness.BIN_DIR / "qvtd"), "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]
        process = subprocess.Popen(command + ["--store", self.url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with harness.LineStream(process) as lines:
            while not re.search(pattern, lines.read_line()):
                pass

    def test_why_it_does_not_come_up_is_in_the_log(self):
        self.redis.cli("ACL", "SETUSER", "qvt", "-smembers")
        self.expect_in_log(r'event="clusters not listed" why=".*smembers')
        self.redis.cli(*documented_user())
        self.redis.cli("SET", "{qvt:blue}:records", "of somebody else")
        self.redis.cli("SADD", "qvt:clusters", "blue")
        self.expect_in_log(r'event="records not loaded" cluster=blue why=".*wrong kind of value')


class TestAway(redis_harness.TestCase):
    def test_writes_to_a_cluster_that_is_new_are_refused_in_time(self):
        redis = self.use(RedisServer())
        server = self.replica(redis.url)
        self.assertEqual(server.curl("POST", "/v1/silos", SILO).status, 200)
        redis.kill()
        answer = server.curl("POST", "/v1/clusters/fresh/silos", SILO)
        self.assertEqual((answer.status, answer.json["code"]), (503, 14), answer)
        self.assertIn("RetryInfo", answer.body)
        redis.start()
        until(lambda: server.curl("POST", "/v1/clusters/fresh/silos", SILO).status == 200, what="the new cluster")

    def test_a_cluster_is_made_though_the_first_node_is_gone(self):
        redis = self.use(RedisServer())
        server = self.replica(f"redis+cluster://127.0.0.1:{harness.free_port()},{redis.address}")
        for cluster in ("default", "blue"):
            answer = server.curl("POST", f"/v1/clusters/{cluster}/silos", SILO)
            self.assertEqual(answer.status, 200, answer)

    def test_that_nobody_created_a_cluster_has_an_age(self):
        redis = self.use(RedisServer())
        server = self.replica(redis.url)
        self.assertNotIn("age", server.curl("GET", "/v1/clusters/fresh/status").json)
        redis.kill()
        until(lambda: "age" in server.curl("GET", "/v1/clusters/fresh/status").json, what="the age")
        redis.start()
        until(lambda: "age" not in server.curl("GET", "/v1/clusters/fresh/status").json, what="the end of it")

    def test_a_password_that_was_changed_is_in_the_log(self):
        redis = self.use(RedisServer("--requirepass", "old-secret"))
        server = self.replica(f"redis://:old-secret@{redis.address}")
        args = ("-a", "old-secret", "--no-auth-warning")
        redis.cli("CONFIG", "SET", "requirepass", "new-secret", args=args)
        redis.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", args=("-a", "new-secret", "--no-auth-warning"))
        until(lambda: "WRONGPASS" in server.log(), what="the reason")
        self.assertNotRegex(server.log(), "(old|new)-secret")


if __name__ == "__main__":
    redis_harness.main()
