#!/usr/bin/python3
"""docker/compose.ha.yaml: three trackers over one Redis lose one of each and go on."""

import json
import re
import unittest
import urllib.request

import project
from project import docker, inspect, until

TRACKERS = ("qvtd-1", "qvtd-2", "qvtd-3")
REDIS = ("redis-1", "redis-2", "redis-3")


class HighAvailability(project.TestCase):
    files = ("compose.ha.yaml",)

    def find(self, tracker, *words):
        return json.loads(self.project.qvtctl(tracker, "find", *words))

    def silos(self, tracker, *words):
        return sorted(each["siloId"] for each in self.find(tracker, *words).get("silos", []))

    def silo(self, tracker, silo_id):
        return json.loads(self.project.qvtctl(tracker, "silo", "get", silo_id))["silo"]

    def register(self, tracker, silo_id):
        return self.project.qvtctl(tracker, "silo", "register", silo_id, "--type", "HaActor=1.0.0", "--ttl", "10m",
                                   "--address", "10.0.0.5", "--port", "11111", check=False)

    def redis(self, service, *words):
        """What redis-cli prints, as lines; none when the container does not run."""
        return self.project.execute(service, "redis-cli", *words, check=False).stdout.split()

    def master(self):
        """The service that Sentinel calls the master."""
        address = self.redis("sentinel-1", "-p", "26379", "sentinel", "get-master-addr-by-name", "qvt")[0]
        for service in REDIS:
            networks = inspect(self.project.container(service))["NetworkSettings"]["Networks"].values()
            if address in [network["IPAddress"] for network in networks]:
                return service
        return None

    def kill(self, service):
        docker("kill", self.project.container(service))

    def start(self, service):
        docker("start", self.project.container(service))

    def heartbeats(self, *trackers):
        """Answered so far by these trackers."""
        total = 0
        for tracker in trackers:
            with urllib.request.urlopen(f"http://{self.project.address(tracker, 7080)}/metrics", timeout=20) as page:
                total += int(re.search(r"^qvt_heartbeats_total (\d+)", page.read().decode(), re.MULTILINE).group(1))
        return total

    def outlive_a_lease(self, *trackers):
        """Waits for more heartbeats than one silo sends within its lease; both silos are alive then only if both send."""
        before = self.heartbeats(*trackers)
        until(lambda: self.heartbeats(*trackers) >= before + 8, "heartbeats of the silos")
        for silo_id in ("hello-1", "hello-2"):
            self.assertEqual("SILO_STATUS_ACTIVE", self.silo(trackers[0], silo_id)["status"])

    def test_1_comes_up_with_both_example_silos(self):
        for tracker in TRACKERS:
            until(lambda: self.project.health(tracker) == "healthy", f"a healthy {tracker}")
        until(lambda: self.silos("qvtd-1", "HelloActor") == ["hello-1", "hello-2"], "both silos")
        self.assertEqual(["hello-1"], self.silos("qvtd-2", "HelloActor", "--version", "1.0.0", "--linearizable"))
        self.assertEqual(["hello-2"], self.silos("qvtd-3", "HelloActor", "--version", "1.1.0", "--linearizable"))
        self.assertEqual("silo-1", self.silo("qvtd-2", "hello-1")["address"])

    def test_2_what_one_tracker_is_told_the_others_know(self):
        self.assertEqual(0, self.register("qvtd-1", "told-1").returncode)
        for tracker in TRACKERS:
            self.assertEqual(["told-1"], self.silos(tracker, "HaActor", "--linearizable"))
        stores = {self.find(tracker, "HaActor")["position"]["storeId"] for tracker in TRACKERS}
        self.assertEqual(1, len(stores))

    def test_3_a_killed_tracker_takes_no_silo_with_it(self):
        self.kill("qvtd-1")
        self.outlive_a_lease("qvtd-2", "qvtd-3")
        self.assertEqual(0, self.register("qvtd-3", "told-2").returncode)
        self.assertEqual(["told-1", "told-2"], self.silos("qvtd-2", "HaActor", "--linearizable"))

    def test_4_a_killed_redis_master_loses_nothing_that_a_replica_has(self):
        before = self.master()
        # The replicas have it: WAIT answers how many acknowledged.
        self.redis(before, "wait", "2", "1000")
        self.kill(before)
        until(lambda: self.master() not in (before, None), "another master")
        until(lambda: self.register("qvtd-2", "told-3").returncode == 0, "a write after the fail-over")
        until(lambda: self.project.qvtctl("qvtd-3", "find", "HaActor", "--linearizable", check=False).returncode == 0,
              "an answer of another tracker after the fail-over")
        self.assertIn("told-3", self.silos("qvtd-3", "HaActor", "--linearizable"))
        until(lambda: self.silos("qvtd-3", "HaActor") == ["told-1", "told-2", "told-3"], "all that was told")
        self.outlive_a_lease("qvtd-2", "qvtd-3")
        self.start(before)
        until(lambda: self.redis(before, "role")[:1] == ["slave"], "the old master as a replica")

    def test_5_a_tracker_that_is_back_knows_what_it_missed(self):
        self.start("qvtd-1")
        until(lambda: self.project.health("qvtd-1") == "healthy", "a healthy qvtd-1")
        self.assertEqual(["told-1", "told-2", "told-3"], self.silos("qvtd-1", "HaActor", "--linearizable"))

    def test_6_neither_redis_nor_sentinel_is_published(self):
        for service in REDIS + ("sentinel-1", "sentinel-2", "sentinel-3"):
            self.assertFalse(inspect(self.project.container(service))["HostConfig"]["PortBindings"])
        for tracker in TRACKERS:
            for port in (7070, 7080):
                self.assertRegex(self.project.address(tracker, port), r"^127\.0\.0\.1:\d+$")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
