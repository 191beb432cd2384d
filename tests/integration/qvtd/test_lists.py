#!/usr/bin/python3
"""Filters, pages, field masks and what becomes of the dead, over gRPC and HTTP."""

import urllib.parse

import harness


class Lists(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.messages = harness.messages()
        self.server = self.serve(harness.LONG_LEASES, "--max-page-size=50")
        self.stub = self.server.stub()

    def register(self, silo_id, zone="", labels=None, status=0, **versions):
        info = self.messages.SiloInfo(
            silo_id=silo_id, address="10.0.0.1", port=9000, zone_id=zone, labels=labels or {}, status=status
        )
        for name, version in versions.items():
            info.actor_type_versions[name].version = version
        return self.stub.RegisterSilo(self.messages.RegisterSiloRequest(silo=info), timeout=30)

    def ids(self, **filters):
        """Ids over all pages, by gRPC; the same is asked by HTTP."""
        found, token = [], ""
        while True:
            request = self.messages.ListSilosRequest(page_token=token, **filters)
            answer = self.stub.ListSilos(request, timeout=30)
            found += [silo.silo_id for silo in answer.silos]
            token = answer.next_page_token
            if not token:
                self.assertEqual(found, self.ids_by_http(**filters))
                return found

    def ids_by_http(self, **filters):
        found, token = [], ""
        while True:
            query = [("pageToken", token)] if token else []
            for name, value in filters.items():
                query += [(name, each) for each in (value if isinstance(value, list) else [value])]
            answer = self.server.curl("GET", "/v1/silos?" + urllib.parse.urlencode(query)).json
            found += [silo["siloId"] for silo in answer.get("silos", [])]
            token = answer.get("nextPageToken")
            if not token:
                return found

    def test_filters_stand_alone_and_together(self):
        messages = self.messages
        self.register("a", "z1", {"tier": "web"}, Order="1.0.0")
        self.register("b", "z1", {"tier": "db"}, Order="1.5.0", Cart="2.0.0")
        self.register("c", "z2", {"tier": "web", "gpu": ""}, Order="2.0.0")
        self.register("d", "z2", status=messages.SILO_STATUS_JOINING)
        self.register("e", "z2", Order="1.1.0")
        self.stub.UnregisterSilo(messages.UnregisterSiloRequest(silo_id="e"), timeout=30)
        self.assertEqual(["a", "b", "c", "d", "e"], self.ids())
        self.assertEqual(["a", "b", "c"], self.ids(statuses=[messages.SILO_STATUS_ACTIVE]))
        self.assertEqual(["d", "e"], self.ids(statuses=[messages.SILO_STATUS_JOINING, messages.SILO_STATUS_DEAD]))
        self.assertEqual(["a", "b", "c", "e"], self.ids(actor_type="Order"))
        self.assertEqual(["b"], self.ids(actor_type="Cart"))
        self.assertEqual(["a", "b", "e"], self.ids(actor_type="Order", version_range="^1"))
        self.assertEqual(["c"], self.ids(actor_type="Order", version_range=">=2"))
        self.assertEqual(["a", "c"], self.ids(labels=["tier=web"]))
        self.assertEqual(["a", "b", "c"], self.ids(labels=["tier"]))
        self.assertEqual(["c"], self.ids(labels=["tier=web", "gpu"]))
        self.assertEqual(["c", "d", "e"], self.ids(zone_id="z2"))
        self.assertEqual(["c"], self.ids(zone_id="z2", labels=["tier=web"], actor_type="Order", version_range="*"))
        self.assertEqual([], self.ids(actor_type="Nobody"))

    def test_filters_that_nothing_can_match_are_refused(self):
        import grpc

        for field, value in (
            ("labels", [""]),
            ("labels", ["a", "=x"]),
            ("actor_type", "x" * 257),
            ("statuses", [9]),
            ("statuses", [0]),
            ("version_range", ">=1"),
        ):
            with self.subTest(field=field, value=value):
                with self.assertRaises(grpc.RpcError) as raised:
                    self.stub.ListSilos(self.messages.ListSilosRequest(**{field: value}), timeout=30)
                self.assertEqual("INVALID_ARGUMENT", raised.exception.code().name)
                self.assertIn("actor_type" if field == "version_range" else field, raised.exception.details())

    def test_pages_hold_while_records_come_and_go(self):
        for i in range(100):
            self.register(f"s{i:03}")
        first = self.stub.ListSilos(self.messages.ListSilosRequest(page_size=10), timeout=30)
        self.assertEqual([f"s{i:03}" for i in range(10)], [silo.silo_id for silo in first.silos])
        self.register("s005a")
        self.register("s010a")
        seen, token = [], first.next_page_token
        while token:
            page = self.stub.ListSilos(self.messages.ListSilosRequest(page_size=10, page_token=token), timeout=30)
            self.assertLessEqual(len(page.silos), 10)
            seen += [silo.silo_id for silo in page.silos]
            token = page.next_page_token
        self.assertEqual(["s010", "s010a"] + [f"s{i:03}" for i in range(11, 100)], seen)

    def test_a_page_is_never_larger_than_the_server_likes(self):
        for i in range(60):
            self.register(f"s{i:03}")
        for size in (0, 51, 4294967295):
            page = self.stub.ListSilos(self.messages.ListSilosRequest(page_size=size), timeout=30)
            self.assertEqual(50, len(page.silos))

    def test_a_page_of_large_records_fits_into_a_message(self):
        for i in range(40):
            self.register(f"s{i:03}", labels={f"l{j}": "x" * 256 for j in range(64)}, **{f"T{j}" + "y" * 250: "1.0.0" for j in range(500)})
        self.assertEqual(40, len(self.ids()))

    def test_a_token_belongs_to_its_filters(self):
        import grpc

        for i in range(20):
            self.register(f"s{i:03}", "z")
        token = self.stub.ListSilos(self.messages.ListSilosRequest(page_size=5), timeout=30).next_page_token
        with self.assertRaises(grpc.RpcError) as raised:
            self.stub.ListSilos(self.messages.ListSilosRequest(page_size=5, page_token=token, zone_id="z"), timeout=30)
        self.assertEqual("INVALID_ARGUMENT", raised.exception.code().name)
        self.assertIn("page_token", raised.exception.details())
        second = [self.messages.ListSilosRequest(cluster=name, page_size=5, page_token=token) for name in ("", "default")]
        first, again = (self.stub.ListSilos(request, timeout=30) for request in second)
        self.assertEqual([f"s{i:03}" for i in range(5, 10)], [silo.silo_id for silo in again.silos])
        self.assertEqual(first.next_page_token, again.next_page_token)

    def update(self, paths, incarnation=0, **fields):
        request = self.messages.UpdateSiloRequest(silo_id="s", silo=self.messages.SiloInfo(**fields), incarnation=incarnation)
        request.update_mask.paths[:] = paths
        return self.stub.UpdateSilo(request, timeout=30).silo

    def test_a_mask_changes_what_it_names_and_nothing_else(self):
        messages = self.messages
        before = self.register("s", "z", {"a": "1"}, Order="1.0.0").silo
        after = self.update(["address", "port"], address="other", port=7, zone_id="ignored")
        self.assertEqual(("other", 7, "z"), (after.address, after.port, after.zone_id))
        self.assertEqual(before.actor_type_versions["Order"], after.actor_type_versions["Order"])
        after = self.update(["labels"], labels={"b": "2"})
        self.assertEqual({"b": "2"}, dict(after.labels))
        after = self.update(["labels"])
        self.assertEqual({}, dict(after.labels))
        after = self.update(["scheduling"], scheduling=messages.SCHEDULING_CORDONED)
        self.assertEqual(messages.SCHEDULING_CORDONED, after.scheduling)
        after = self.update(["status"], status=messages.SILO_STATUS_SHUTTING_DOWN)
        self.assertEqual(messages.SILO_STATUS_SHUTTING_DOWN, after.status)
        self.assertEqual(("other", 7), (after.address, after.port))

    def test_what_is_not_to_be_updated_is_refused(self):
        import grpc

        self.register("s", Order="1.0.0")
        before = self.stub.GetSilo(self.messages.GetSiloRequest(silo_id="s"), timeout=30).position
        for path in ("silo_id", "incarnation", "actor_type_versions", "etag", "suspect", "labels.a", "", "nonsense"):
            with self.subTest(path):
                with self.assertRaises(grpc.RpcError) as raised:
                    self.update([path], address="x")
                self.assertEqual("INVALID_ARGUMENT", raised.exception.code().name)
                self.assertIn("update_mask", raised.exception.details())
        self.assertEqual(before, self.stub.GetSilo(self.messages.GetSiloRequest(silo_id="s"), timeout=30).position)

    def test_status_never_goes_back(self):
        import grpc

        self.register("s")
        self.update(["status"], status=self.messages.SILO_STATUS_SHUTTING_DOWN)
        with self.assertRaises(grpc.RpcError) as raised:
            self.update(["status"], status=self.messages.SILO_STATUS_ACTIVE)
        self.assertEqual("FAILED_PRECONDITION", raised.exception.code().name, raised.exception.details())
        again = self.register("s").silo
        self.assertEqual(self.messages.SILO_STATUS_SHUTTING_DOWN, again.status)


class Dead(harness.TestCase):
    def leave(self, server, count):
        for i in range(count):
            body = {"silo": {"siloId": f"s{i:02}", "address": "h", "port": 1}}
            self.assertEqual(200, server.curl("POST", "/v1/silos", body).status)
            self.assertEqual(200, server.curl("DELETE", f"/v1/silos/s{i:02}").status)

    def ids(self, server):
        return [silo["siloId"] for silo in server.curl("GET", "/v1/silos").json.get("silos", [])]

    def wait_for(self, server, condition):
        with server.ticks() as ticks:
            ticks.until(condition)

    def test_the_oldest_dead_go_first(self):
        server = self.serve(harness.LONG_LEASES, "--max-dead=3", "--watch-progress=100ms", store=self.sqlite())
        self.leave(server, 8)
        self.wait_for(server, lambda: self.ids(server) == ["s05", "s06", "s07"])
        server.restart()
        self.assertEqual(["s05", "s06", "s07"], self.ids(server))

    def test_a_forgotten_silo_gets_a_higher_incarnation_than_it_had(self):
        server = self.serve(harness.LONG_LEASES, "--max-dead=0", "--watch-progress=100ms", store=self.sqlite())
        body = {"silo": {"siloId": "s", "address": "h", "port": 1}}
        last = 0
        for _ in range(3):
            incarnation = int(server.curl("POST", "/v1/silos", body).json["silo"]["incarnation"])
            self.assertGreater(incarnation, last)
            last = incarnation
            server.curl("DELETE", "/v1/silos/s")
            self.wait_for(server, lambda: self.ids(server) == [])
            server.restart()


if __name__ == "__main__":
    harness.main()
