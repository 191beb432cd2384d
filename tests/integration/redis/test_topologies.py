#!/usr/bin/python3
"""Sentinel and Redis Cluster, with a fail-over in the middle of writes; WAIT for Redis replicas."""

import json
import subprocess

import grpc

import redis_harness
from redis_harness import RedisCluster, RedisServer, Sentinel, harness, until
from workload import Workload

FAST = ("--redis-timeout", "700ms")


class TestSentinel(redis_harness.TestCase):
    def deploy(self, *args):
        """A master with a replica that logs in as `link`, watched by three Sentinels; the url."""
        self.master = self.use(RedisServer(*args))
        self.master.cli("ACL", "SETUSER", "link", "on", ">link", "+psync", "+replconf", "+ping")
        follow = ("--replicaof", "127.0.0.1", str(self.master.port), "--masteruser", "link", "--masterauth", "link")
        self.second = self.use(RedisServer(*follow))
        until(lambda: "master_link_status:up" in self.second.cli("INFO", "replication"), what="the replica")
        self.sentinels = [self.use(Sentinel(self.master.port)) for _ in range(3)]
        until(lambda: all("num-other-sentinels\n2" in sentinel.cli("SENTINEL", "master", "mymaster")
                          and "num-slaves\n1" in sentinel.cli("SENTINEL", "master", "mymaster")
                          for sentinel in self.sentinels), what="the Sentinels")
        return "redis+sentinel://" + ",".join(sentinel.address for sentinel in self.sentinels) + "/mymaster"

    def assert_failed_over(self):
        self.assertIn(str(self.second.port), self.sentinels[0].cli("SENTINEL", "get-master-addr-by-name", "mymaster"))

    def test_a_fail_over_loses_at_most_what_a_closed_store_id_had(self):
        url = self.deploy()
        servers = [self.replica(url, *FAST) for _ in range(2)]
        load = Workload(servers).start()
        load.progress()
        self.master.kill()
        load.progress(timeout_s=60)
        self.assert_failed_over()
        lost = load.judge(may_lose=True)
        print(f"lost {len(lost)}, store ids {len({write[4][0] for write in load.history.acknowledged()})}")

    def test_a_fail_over_that_loses_acknowledged_writes_closes_their_store_id(self):
        url = self.deploy()
        servers = [self.replica(url, *FAST) for _ in range(2)]
        load = Workload(servers, watchers=2).start()
        load.progress()
        before = self.status(servers[0]).position.store_id
        # The link is cut and cannot be made again: what is acknowledged from here on is on the master alone.
        self.master.cli("ACL", "SETUSER", "link", "off")
        self.master.cli("CLIENT", "KILL", "TYPE", "replica")
        until(lambda: "master_link_status:down" in self.second.cli("INFO", "replication"), what="the end of the link")
        # Of those counted now, one a writer may have been acknowledged before the cut.
        load.progress(30)
        self.master.kill()
        load.progress(timeout_s=60)
        self.assert_failed_over()
        lost = load.judge(may_lose=True)
        after = self.status(servers[1]).position.store_id
        print(f"lost {len(lost)} of {len(load.history.acknowledged())}")
        self.assertGreaterEqual(len(lost), 40)
        self.assertNotEqual(after, before)
        self.assertEqual({write[4][0] for write in lost}, {before})
        self.assertTrue(all(watcher.resets > 0 for watcher in load.history.watchers))
        self.assertTrue(any("history lost" in server.log() for server in servers))
        silos = servers[1].stub().ListSilos(load.messages.ListSilosRequest(page_size=1000), timeout=10).silos
        self.assertEqual({silo.silo_id for silo in silos}, set(load.all_silos))
        self.assertEqual({load.messages.SiloStatus.Name(silo.status) for silo in silos}, {"SILO_STATUS_ACTIVE"})

    @staticmethod
    def status(server):
        request = harness.messages().GetClusterStatusRequest(linearizable=True)
        return server.stub().GetClusterStatus(request, timeout=10)


    def test_sentinels_that_ask_for_a_login(self):
        master = self.use(RedisServer())
        sentinel = self.use(Sentinel(master.port, quorum=1))
        sentinel.cli("ACL", "SETUSER", "ask", "on", ">sesame", "allcommands", "allchannels")
        sentinel.cli("ACL", "SETUSER", "default", "off")
        self.assertIn("NOAUTH", sentinel.cli("PING"))
        file = f"{self.folder}/sentinel"
        with open(file, "w", encoding="utf-8") as out:
            out.write("sesame\n")
        login = ("--redis-sentinel-user", "ask", "--redis-sentinel-password-file", file)
        server = self.replica(f"redis+sentinel://{sentinel.address}/mymaster", *login)
        self.assertEqual(server.curl("POST", "/v1/silos", {"silo": {"siloId": "s", "address": "a", "port": 1}}).status, 200)
        self.assertNotIn("sesame", server.log())

    def test_a_login_for_sentinels_that_there_are_not_is_refused(self):
        for flags in (("--redis-sentinel-user", "ask"), ("--redis-sentinel-password-file", "/dev/null")):
            with self.assertRaisesRegex(RuntimeError, r"are for redis\+sentinel:// only"):
                self.replica("redis://127.0.0.1:1", *flags)
        with self.assertRaisesRegex(RuntimeError, "needs --redis-sentinel-password-file"):
            self.replica("redis+sentinel://127.0.0.1:1/m", "--redis-sentinel-user", "ask")
        with self.assertRaisesRegex(RuntimeError, "--redis-sentinel-password-file: /dev/null cannot be read"):
            self.replica("redis+sentinel://127.0.0.1:1/m", "--redis-sentinel-password-file", "/dev/null")


class TestCluster(redis_harness.TestCase):
    def test_a_cluster_is_made_though_another_node_has_its_slot(self):
        nodes = self.use(RedisCluster())
        server = self.replica(nodes.url)
        for cluster in ("default", "blue", "red"):
            silo = {"siloId": "s", "address": "a", "port": 1}
            answer = server.curl("POST", f"/v1/clusters/{cluster}/silos", {"silo": silo})
            self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("records not loaded", server.log())
        for node in nodes.nodes:
            command = [str(harness.BIN_DIR / "qvtctl"), "store", "inspect", "silo/s", "--redis", node.address]
            shown = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual((shown.returncode, json.loads(shown.stdout)["key"]), (0, "s"), shown.stderr)

    def test_a_fail_over_in_a_cluster_of_six_nodes(self):
        cluster = self.use(RedisCluster())
        servers = [self.replica(cluster.url, *FAST) for _ in range(2)]
        load = Workload(servers).start()
        load.progress()
        cluster.owner("{qvt:default}:records").kill()
        load.progress(timeout_s=60)
        lost = load.judge(may_lose=True)
        print(f"lost {len(lost)}, store ids {len({write[4][0] for write in load.history.acknowledged()})}")

    def test_a_slot_that_moves_is_followed(self):
        cluster = self.use(RedisCluster())
        servers = [self.replica(cluster.url, *FAST) for _ in range(2)]
        load = Workload(servers, silos=6).start()
        load.progress()
        source = cluster.owner("{qvt:default}:records")
        slot = source.cli("CLUSTER", "KEYSLOT", "{qvt:default}:records")
        masters = [node for node in cluster.nodes if node.cli("ROLE").startswith("master") and node is not source]
        target = masters[0]
        target.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", source.cli("CLUSTER", "MYID"))
        source.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", target.cli("CLUSTER", "MYID"))
        while keys := source.cli("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.cli("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys.split("\n"))
        for node in [target, source] + masters:
            node.cli("CLUSTER", "SETSLOT", slot, "NODE", target.cli("CLUSTER", "MYID"))
        load.progress(timeout_s=60)
        self.assertEqual(load.judge(), [])


class TestWait(redis_harness.TestCase):
    def test_a_write_that_too_few_redis_replicas_have_is_uncertain_and_stands(self):
        master = self.use(RedisServer())
        server = self.replica(master.url, "--redis-wait", "1", "--redis-timeout", "300ms")
        messages = harness.messages()
        request = messages.RegisterSiloRequest(silo=messages.SiloInfo(silo_id="s1", address="a", port=1), request_id="r1")
        with self.assertRaises(grpc.RpcError) as raised:
            server.stub().RegisterSilo(request, timeout=10)
        self.assertEqual(harness.error_info(raised.exception)[:2], ("UNAVAILABLE", "UNCERTAIN"))
        self.assertEqual(server.stub().GetSilo(messages.GetSiloRequest(silo_id="s1"), timeout=10).silo.silo_id, "s1")
        second = self.use(RedisServer("--replicaof", "127.0.0.1", str(master.port)))
        until(lambda: "master_link_status:up" in second.cli("INFO", "replication"), what="the replica")
        request.silo.port = 2
        request.request_id = "r2"
        until(lambda: self._registers(server, request), what="a write that is safe")

    @staticmethod
    def _registers(server, request):
        try:
            return server.stub().RegisterSilo(request, timeout=10)
        except grpc.RpcError:
            request.silo.port += 1
            request.request_id += "+"
            return None


if __name__ == "__main__":
    redis_harness.main()
