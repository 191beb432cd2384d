#!/usr/bin/python3
"""What stays and what goes in a silo's record: heartbeats, odd ids, incarnations, repeated registrations, many clusters."""

import threading

import harness

IDS = ["a:b", "host:9000/shard 7", "/", "//", " ", " leading and trailing ", "a%2Fb", "?x=1&y=2", "#", "..a", "ünïcödé ☃", "x" * 128,
       ":" * 64 + "/" * 64, "é" * 64]


def percent(text):
    return "".join(f"%{byte:02X}" for byte in text.encode())


class Records(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.messages = harness.messages()
        self.server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        self.stub = self.server.stub()

    def info(self, silo_id, **versions):
        info = self.messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000)
        for name, version in versions.items():
            info.actor_type_versions[name].version = version
        return info

    def register(self, info, instance=b"", cluster="", held=None):
        request = self.messages.RegisterSiloRequest(cluster=cluster, silo=info, instance_id=instance)
        if held is not None:
            request.held.incarnation, request.held.store_id = held
        return self.stub.RegisterSilo(request, timeout=30)

    def get(self, silo_id, cluster=""):
        return self.stub.GetSilo(self.messages.GetSiloRequest(silo_id=silo_id, cluster=cluster), timeout=30)

    def refused(self, call, *arguments, **more):
        """(code, reason) of a call that fails."""
        import grpc

        with self.assertRaises(grpc.RpcError) as raised:
            call(*arguments, **more)
        return harness.error_info(raised.exception)[:2]

    # --- heartbeats

    def settled(self, silo):
        """A silo without what is volatile."""
        for name in ("last_heartbeat", "health", "activity", "lease_remaining_ms"):
            silo.ClearField(name)
        return silo

    def test_versions_are_preserved_over_1000_heartbeats(self):
        info = self.info("s", **{f"Type{i}": f"1.{i}.0-rc.{i}+build.{i}" for i in range(20)})
        version = info.actor_type_versions["Type0"]
        version.assembly_name, version.build_id, version.contract_fingerprint = "Orders", "b-7", 0
        version.state_schema.reads_min, version.state_schema.reads_max, version.state_schema.writes = 1, 3, 3
        info.labels["zone"], info.zone_id, info.shard_group_id = "a", "z-1", ""
        before = self.register(info)
        shown = self.settled(self.get("s").silo)
        for i in range(400):
            health = self.messages.Health(cpu_percent=i % 50, memory_percent=10, latency_ms=1)
            beat = self.messages.HeartbeatRequest(silo_id="s", health=health)
            self.assertEqual(before.position, self.stub.Heartbeat(beat, timeout=30).position)
        activity = self.messages.Activity(actors=5)
        beats = (self.messages.HeartbeatRequest(silo_id="s", activity=activity) for _ in range(500))
        answers = list(self.stub.HeartbeatStream(beats, timeout=60))
        self.assertEqual([before.position] * 500, [answer.position for answer in answers])
        for _ in range(100):
            self.assertEqual(200, self.server.curl("POST", "/v1/silos/s/heartbeat", "{}").status)
        after = self.get("s")
        self.assertEqual(before.position, after.position)
        self.assertTrue(after.silo.HasField("last_heartbeat"))
        self.assertEqual(5, after.silo.activity.actors)
        self.assertEqual(shown, self.settled(after.silo))
        self.assertEqual(shown, self.settled(before.silo))
        self.assertTrue(after.silo.actor_type_versions["Type0"].HasField("contract_fingerprint"))
        self.assertTrue(after.silo.HasField("shard_group_id"))

    # --- ids

    def test_odd_ids_stay_whole_by_grpc_and_by_http(self):
        for silo_id in IDS:
            with self.subTest(silo_id):
                registered = self.register(self.info(silo_id, Order="1.0.0")).silo
                self.assertEqual(silo_id, registered.silo_id)
                self.assertEqual(silo_id, self.get(silo_id).silo.silo_id)
                path = f"/v1/silos/{percent(silo_id)}"
                self.assertEqual(silo_id, self.server.curl("GET", path).json["silo"]["siloId"])
                beat = self.server.curl("POST", path + "/heartbeat", "{}")
                self.assertEqual(str(registered.incarnation), beat.json["incarnation"], beat)
        found = self.stub.FindCompatibleSilos(self.messages.FindCompatibleSilosRequest(actor_type="Order"), timeout=30)
        self.assertEqual(sorted(IDS, key=str.encode), [silo.silo_id for silo in found.silos])
        self.server.restart()
        self.stub = self.server.stub()
        listed = self.stub.ListSilos(self.messages.ListSilosRequest(), timeout=30).silos
        self.assertEqual(sorted(IDS, key=str.encode), [silo.silo_id for silo in listed])

    def test_odd_ids_register_by_http_and_leave_by_grpc(self):
        for silo_id in IDS:
            with self.subTest(silo_id):
                body = {"silo": {"siloId": silo_id, "address": "h", "port": 1}}
                self.assertEqual(200, self.server.curl("POST", "/v1/silos", body).status)
                left = self.stub.UnregisterSilo(self.messages.UnregisterSiloRequest(silo_id=silo_id), timeout=30)
                self.assertEqual(self.messages.SILO_STATUS_DEAD, left.silo.status)

    # --- incarnations

    def test_a_superseded_incarnation_is_told_so_by_every_write(self):
        old = self.register(self.info("s", Order="1.0.0"), b"a" * 16).silo.incarnation
        new = self.register(self.info("s", Order="2.0.0"), b"b" * 16).silo.incarnation
        self.assertGreater(new, old)
        messages = self.messages
        versions = messages.RegisterSiloVersionsRequest(silo_id="s", incarnation=old)
        versions.actor_type_versions["Order"].version = "1.1.0"
        update = messages.UpdateSiloRequest(silo_id="s", incarnation=old, silo=messages.SiloInfo(port=1))
        update.update_mask.paths.append("port")
        superseded = ("ABORTED", "SUPERSEDED")
        beat = messages.HeartbeatRequest(silo_id="s", incarnation=old)
        leave = messages.UnregisterSiloRequest(silo_id="s", incarnation=old)
        for call, request in (
            (self.stub.Heartbeat, beat),
            (self.stub.RegisterSiloVersions, versions),
            (self.stub.UpdateSilo, update),
            (self.stub.UnregisterSilo, leave),
            (lambda request, timeout: list(self.stub.HeartbeatStream(iter([request]), timeout=timeout)), beat),
        ):
            self.assertEqual(superseded, self.refused(call, request, timeout=30))
        held = (old, self.get("s").position.store_id)
        self.assertEqual(superseded, self.refused(self.register, self.info("s"), b"a" * 16, held=held))
        answer = self.server.curl("POST", "/v1/silos/s/heartbeat", {"incarnation": str(old)})
        self.assertEqual((409, 10, "SUPERSEDED"), (answer.status, answer.json["code"], answer.reason))
        self.assertEqual("2.0.0", self.get("s").silo.actor_type_versions["Order"].version)

    def test_registering_again_changes_nothing(self):
        first = self.register(self.info("s", Order="1.0.0"), b"i" * 16)
        for _ in range(20):
            self.assertEqual(first, self.register(self.info("s", Order="1.0.0"), b"i" * 16))
        held = (first.silo.incarnation, first.position.store_id)
        self.assertEqual(first, self.register(self.info("s", Order="1.0.0"), b"i" * 16, held=held))
        body = {"silo": {"siloId": "curl", "address": "h", "port": 1}}
        by_curl = [self.server.curl("POST", "/v1/silos", body).json for _ in range(3)]
        self.assertEqual(by_curl[:1] * 3, by_curl)
        changed = self.register(self.info("s", Order="1.0.1"), b"i" * 16)
        self.assertEqual(first.silo.incarnation, changed.silo.incarnation)
        self.assertGreater(changed.position.revision, first.position.revision)

    def test_operators_fields_outlive_registrations(self):
        self.register(self.info("s", Order="1.0.0"), b"a" * 16)
        update = self.messages.UpdateSiloRequest(silo_id="s")
        update.silo.scheduling = self.messages.SCHEDULING_CORDONED
        update.update_mask.paths.append("scheduling")
        self.stub.UpdateSilo(update, timeout=30)
        again = self.register(self.info("s", Order="2.0.0"), b"b" * 16).silo
        self.assertEqual(self.messages.SCHEDULING_CORDONED, again.scheduling)
        update.silo.scheduling = self.messages.SCHEDULING_DRAINING
        self.stub.UpdateSilo(update, timeout=30)
        again = self.register(self.info("s", Order="3.0.0"), b"c" * 16).silo
        self.assertEqual(self.messages.SCHEDULING_SCHEDULABLE, again.scheduling)

    # --- clusters

    def test_many_clusters_live_side_by_side(self):
        names = [f"cluster-{i}" for i in range(200)]
        threads = [
            threading.Thread(target=lambda part=part: [self.fill(name, int(name.split("-")[1])) for name in part])
            for part in (names[i::4] for i in range(4))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.expect_clusters(names)
        self.server.restart(crash=True)
        self.stub = self.server.stub()
        self.expect_clusters(names)
        missing = self.server.curl("GET", "/v1/clusters/nobody/status")
        self.assertEqual(200, missing.status)
        self.assertNotIn("revision", missing.json["position"])

    def fill(self, name, number):
        for i in range(number % 3 + 1):
            self.register(self.info(f"s{i}", Order=f"1.{number}.{i}"), cluster=name)

    def expect_clusters(self, names):
        stores = set()
        for number, name in enumerate(names):
            listed = self.stub.ListSilos(self.messages.ListSilosRequest(cluster=name), timeout=30)
            versions = [silo.actor_type_versions["Order"].version for silo in listed.silos]
            self.assertEqual([f"1.{number}.{i}" for i in range(number % 3 + 1)], versions)
            self.assertEqual(number % 3 + 1, listed.position.revision)
            stores.add(listed.position.store_id)
        self.assertEqual(len(names), len(stores))

    def test_one_cluster_too_many_is_refused(self):
        server = self.serve("--max-clusters=3")
        for i in range(3):
            body = {"silo": {"siloId": "a", "address": "h", "port": 1}}
            self.assertEqual(200, server.curl("POST", f"/v1/clusters/c{i}/silos", body).status)
        answer = server.curl("POST", "/v1/clusters/c3/silos", body)
        self.assertEqual((429, 8, "TOO_MANY_CLUSTERS"), (answer.status, answer.json["code"], answer.reason))
        self.assertIn("c3", answer.json["message"])
        self.assertEqual(200, server.curl("GET", "/v1/clusters/c3/silos").status)
        self.assertEqual(200, server.curl("POST", "/v1/clusters/c2/silos", {"silo": {**body["silo"], "port": 2}}).status)


if __name__ == "__main__":
    harness.main()
