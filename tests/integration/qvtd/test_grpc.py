#!/usr/bin/python3
"""What only gRPC has: streams of heartbeats, cached finds, error details in trailers, bytes that are no message."""

import grpc

import harness


class Grpc(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.messages = harness.messages()
        self.server = self.serve("--min-lease-ttl=200ms", harness.LONG_LEASES)
        self.stub = self.server.stub()

    def register(self, silo_id="silo-1", cluster="", ttl_ms=0, **versions):
        info = self.messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000)
        info.lease_ttl.FromMilliseconds(ttl_ms) if ttl_ms else None
        for name, version in versions.items():
            info.actor_type_versions[name].version = version
        return self.stub.RegisterSilo(self.messages.RegisterSiloRequest(silo=info, cluster=cluster), timeout=30)

    def find(self, **fields):
        return self.stub.FindCompatibleSilos(self.messages.FindCompatibleSilosRequest(**fields), timeout=30)

    def expect(self, code, reason, call, *args, **fields):
        with self.assertRaises(grpc.RpcError) as raised:
            call(*args, **fields)
        got = harness.error_info(raised.exception)
        self.assertEqual((code, reason), got[:2], got)
        return got[2]

    def test_a_cached_find_never_outlives_its_revision(self):
        for i in range(50):
            position = self.register(Order=f"1.0.{i}").position
            for _ in range(3):
                answer = self.find(actor_type="Order")
                self.assertEqual(position, answer.position)
                self.assertEqual(f"1.0.{i}", answer.silos[0].version)

    def test_cached_finds_of_clusters_are_apart(self):
        self.register("a", cluster="blue", Order="1.0.0")
        self.register("b", cluster="green", Order="1.0.0")
        for _ in range(3):
            self.assertEqual("a", self.find(cluster="blue", actor_type="Order").silos[0].silo_id)
            self.assertEqual("b", self.find(cluster="green", actor_type="Order").silos[0].silo_id)
            self.assertEqual([], list(self.find(actor_type="Order").silos))
        self.register("c", cluster="green", Order="1.0.0")
        self.assertEqual(1, len(self.find(cluster="blue", actor_type="Order").silos))
        self.assertEqual(2, len(self.find(cluster="green", actor_type="Order").silos))

    def test_a_find_may_ask_for_a_position_or_for_the_newest(self):
        position = self.register(Order="1.0.0").position
        self.assertEqual(position, self.find(actor_type="Order", min_position=position).position)
        self.assertEqual(position, self.find(actor_type="Order", linearizable=True).position)
        position.revision += 1
        self.expect("ABORTED", "HISTORY_LOST", self.find, actor_type="Order", min_position=position)

    def test_finds_are_checked(self):
        self.assertIn("actor_type", self.expect("INVALID_ARGUMENT", None, self.find))
        message = self.expect("INVALID_ARGUMENT", None, self.find, actor_type="A", version="1.2.x")
        self.assertIn("1.2.x", message)
        self.expect("INVALID_ARGUMENT", None, self.find, actor_type="A", mode=77)
        self.expect("INVALID_ARGUMENT", None, self.find, actor_type="A" * 257)
        self.expect("INVALID_ARGUMENT", None, self.find, actor_type="A", cluster="no/slash")

    def test_bytes_that_are_no_message(self):
        path = "/quark.version.v1.VersionTracker/"
        for method in ("FindCompatibleSilos", "GetSilo", "RegisterSilo"):
            call = self.server.channel().unary_unary(path + method)
            for garbage in (b"\xff", b"\x0a\x05ab", b"\x0f"):
                self.expect("INTERNAL", None, call, garbage, timeout=30)
            self.expect("INVALID_ARGUMENT", None, call, b"\x0a\x02\xff\xfe", timeout=30)

    def test_heartbeats_on_a_stream_are_answered_in_order(self):
        silo = self.register(ttl_ms=600000).silo
        requests = [
            self.messages.HeartbeatRequest(silo_id="silo-1", incarnation=silo.incarnation) for _ in range(1000)
        ]
        answers = list(self.stub.HeartbeatStream(iter(requests), timeout=30))
        self.assertEqual(1000, len(answers))
        for answer in answers:
            self.assertEqual(silo.incarnation, answer.incarnation)
            self.assertGreater(answer.lease_remaining_ms, 590000)

    def test_a_stream_of_heartbeats_ends_with_the_first_refusal(self):
        silo = self.register().silo
        good = self.messages.HeartbeatRequest(silo_id="silo-1")
        old = self.messages.HeartbeatRequest(silo_id="silo-1", incarnation=silo.incarnation - 1)
        stream = self.stub.HeartbeatStream(iter([good, old, good]), timeout=30)
        self.assertEqual(silo.incarnation, next(stream).incarnation)
        self.expect("ABORTED", "SUPERSEDED", next, stream)
        unknown = self.messages.HeartbeatRequest(silo_id="silo-2")
        self.expect("NOT_FOUND", "SILO_NOT_FOUND", next, self.stub.HeartbeatStream(iter([unknown]), timeout=30))

    def test_a_lease_that_ran_out_says_so(self):
        watch = self.stub.Watch(iter([self.messages.WatchRequest()]), timeout=60)
        next(each for each in watch if each.WhichOneof("event") == "walk_end")
        self.register(ttl_ms=200)
        next(each for each in watch if each.change.event == self.messages.CHANGE_EVENT_SILO_EXPIRED)
        watch.cancel()
        beat = self.messages.HeartbeatRequest(silo_id="silo-1")
        self.expect("NOT_FOUND", "LEASE_EXPIRED", self.stub.Heartbeat, beat, timeout=30)

    def test_what_clients_counted_is_checked(self):
        self.register(Order="1.0.0")
        for actor_type, version, words in [("Order", "1.x", '"1.x"'), ("Order", "", "missing"), ("", "1.0.0", "missing")]:
            call = self.messages.CallCount(actor_type=actor_type, version=version, ok=1)
            beat = self.messages.HeartbeatRequest(silo_id="silo-1", calls=[call])
            self.assertIn("calls", message := self.expect("INVALID_ARGUMENT", None, self.stub.Heartbeat, beat, timeout=30))
            self.assertIn(words, message)
            self.expect("INVALID_ARGUMENT", None, next, self.stub.HeartbeatStream(iter([beat]), timeout=30))
        request, count = self.messages.WatchRequest, self.messages.DemandCount
        for bad in [count(actor_type="Order", version="1.x"), count(version="1.0.0")]:
            for requests in [[request(counts=[bad])], [request(), request(counts=[bad])]]:
                message = self.expect("INVALID_ARGUMENT", None, list, self.stub.Watch(iter(requests), timeout=30))
                self.assertIn("counts", message)
        good = [request(), request(counts=[count(actor_type="Order", finds=3)]), request(cluster="another")]
        message = self.expect("INVALID_ARGUMENT", None, list, self.stub.Watch(iter(good), timeout=30))
        self.assertIn("only the first request", message)

    def test_versions_survive_a_thousand_heartbeats(self):
        self.register(Order="1.0.0", Cart="2.0.0")
        before = self.stub.GetSilo(self.messages.GetSiloRequest(silo_id="silo-1"), timeout=30).silo
        beats = (
            self.messages.HeartbeatRequest(silo_id="silo-1", health=self.messages.Health(cpu_percent=i % 100))
            for i in range(1000)
        )
        for _ in self.stub.HeartbeatStream(beats, timeout=30):
            pass
        after = self.stub.GetSilo(self.messages.GetSiloRequest(silo_id="silo-1"), timeout=30).silo
        self.assertEqual(before.actor_type_versions, after.actor_type_versions)
        self.assertEqual(before.etag, after.etag)
        self.assertEqual(before.mod_revision, after.mod_revision)

    def test_writes_from_many_callers_are_all_there(self):
        futures = []
        for i in range(500):
            info = self.messages.SiloInfo(silo_id=f"silo-{i}", address="h", port=1)
            request = self.messages.RegisterSiloRequest(silo=info, cluster=f"c{i % 5}")
            futures.append(self.stub.RegisterSilo.future(request, timeout=20))
        for future in futures:
            future.result()
        for i in range(5):
            listed = self.stub.ListSilos(self.messages.ListSilosRequest(cluster=f"c{i}"), timeout=30).silos
            self.assertEqual(100, len(listed))


class GrpcOnSqlite(Grpc):
    def serve(self, *args, **fields):
        return super().serve(*args, **{**fields, "store": self.sqlite()})


if __name__ == "__main__":
    harness.main()
