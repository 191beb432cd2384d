#!/usr/bin/python3
"""What holds for every write alike: if_match, request_id over changes and a crash, who and why in its change (SPEC §4.2)."""

import harness


class Writes(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.messages = harness.messages()
        self.server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        self.stub = self.server.stub()
        self.numbers = iter(range(1, 1000))

    # --- the six writes: each makes a new change when it is called again

    def register(self, **meta):
        info = self.messages.SiloInfo(silo_id="s", address="h", port=next(self.numbers))
        info.actor_type_versions["Order"].version = "1.0.0"
        return self.stub.RegisterSilo, self.messages.RegisterSiloRequest(silo=info, **meta)

    def versions(self, **meta):
        request = self.messages.RegisterSiloVersionsRequest(silo_id="s", **meta)
        request.actor_type_versions["Order"].version = f"1.{next(self.numbers)}"
        return self.stub.RegisterSiloVersions, request

    def update(self, **meta):
        request = self.messages.UpdateSiloRequest(silo_id="s", silo={"port": next(self.numbers)}, **meta)
        request.update_mask.paths.append("port")
        return self.stub.UpdateSilo, request

    def unregister(self, **meta):
        return self.stub.UnregisterSilo, self.messages.UnregisterSiloRequest(silo_id="s", **meta)

    def set_policy(self, **meta):
        policy = self.messages.Policy(min_ready=next(self.numbers))
        return self.stub.SetPolicy, self.messages.SetPolicyRequest(actor_type="Order", policy=policy, **meta)

    def delete_policy(self, **meta):
        return self.stub.DeletePolicy, self.messages.DeletePolicyRequest(actor_type="Order", **meta)

    def each_write(self):
        """Every write by name, on a silo that lives and a policy that is set."""
        for name in ("register", "versions", "update", "set_policy", "unregister", "delete_policy"):
            self.do(self.register)
            self.do(self.set_policy)
            yield name, getattr(self, name)

    def do(self, write, **meta):
        call, request = write(**meta)
        return call(request, timeout=20)

    def etag(self, name):
        if name.endswith("policy"):
            return self.stub.GetPolicy(self.messages.GetPolicyRequest(actor_type="Order"), timeout=20).policy.etag
        return self.stub.GetSilo(self.messages.GetSiloRequest(silo_id="s"), timeout=20).silo.etag

    def head(self):
        return self.stub.GetClusterStatus(self.messages.GetClusterStatusRequest(), timeout=20).position

    def refusal(self, write, **meta):
        """(code, reason, etag of the metadata) of a write that is refused."""
        import grpc

        with self.assertRaises(grpc.RpcError) as raised:
            self.do(write, **meta)
        code, reason, message = harness.error_info(raised.exception)
        return code, reason, message.rsplit('"', 2)[1]

    def test_if_match_guards_every_write(self):
        for name, write in self.each_write():
            current, before = self.etag(name), self.head()
            for wrong in ("1.0000000000000000", current + "0", current.upper() + "x", "nonsense"):
                self.assertEqual(("ABORTED", "ETAG_MISMATCH", current), self.refusal(write, if_match=wrong))
            self.assertEqual(before, self.head())
            self.assertGreater(self.do(write, if_match=current).position.revision, before.revision)

    def test_if_match_on_what_is_not_there_is_refused_where_it_would_be_made(self):
        self.assertEqual(("ABORTED", "ETAG_MISMATCH", ""), self.refusal(self.register, if_match="1.0"))
        self.assertEqual(("ABORTED", "ETAG_MISMATCH", ""), self.refusal(self.set_policy, if_match="1.0"))
        self.assertEqual(0, self.head().revision)

    def test_a_repeated_request_id_gets_the_answer_of_then(self):
        answers = []
        for name, write in self.each_write():
            call, request = write(request_id=f"first-{name}", who="me", why="because")
            answers.append((name, type(request), request, call(request, timeout=20)))
        self.do(self.register)
        self.do(self.set_policy)
        before = self.head()
        for crash in (None, False, True):
            if crash is not None:
                self.server.restart(crash=crash)
                self.stub = self.server.stub()
            for name, kind, request, answer in answers:
                with self.subTest(name, crash=crash):
                    call = getattr(self.stub, kind.__name__.removesuffix("Request"))
                    self.assertEqual(answer, call(request, timeout=20))
                    request.if_match = "1.0"
                    self.assertEqual(answer, call(request, timeout=20))
            self.assertEqual(before, self.head())

    def test_a_request_id_is_of_one_record(self):
        self.do(self.register, request_id="once")
        self.assertEqual("INVALID_ARGUMENT", self.refusal(self.set_policy, request_id="once")[0])

    def test_every_change_says_who_why_and_which_request(self):
        watch = self.stub.Watch(iter([self.messages.WatchRequest()]), timeout=60)
        for name, write in self.each_write():
            wanted = (f"id-{name}", f"who-{name}", f"why-{name}")
            position = self.do(write, request_id=wanted[0], who=wanted[1], why=wanted[2]).position
            change = next(each.change for each in watch if each.position == position and each.HasField("change"))
            self.assertEqual(wanted, (change.request_id, change.who, change.why))
        watch.cancel()

    def test_http_says_the_same(self):
        self.do(self.register)
        self.do(self.set_policy)
        writes = (
            ("POST", "/v1/silos", {"silo": {"siloId": "s", "address": "h", "port": 9999}}, "s"),
            ("PUT", "/v1/silos/s/capabilities", {"actorTypeVersions": {"Order": {"version": "9"}}}, "s"),
            ("PATCH", "/v1/silos/s", {"silo": {"port": 9998}}, "s"),
            ("PUT", "/v1/actor-types/Order/policy", {"policy": {"minReady": 9}}, "policy"),
            ("DELETE", "/v1/actor-types/Order/policy", None, "policy"),
            ("DELETE", "/v1/silos/s", None, "s"),
        )
        for number, (method, path, body, name) in enumerate(writes):
            with self.subTest(f"{method} {path}"):
                current = self.etag(name)
                answer = self.send(method, path, body, ifMatch="1.0")
                self.assertEqual((409, 10, "ETAG_MISMATCH"), (answer.status, answer.json["code"], answer.reason))
                info = answer.json["details"][0]
                self.assertEqual(("quark.version.v1", {"etag": current}), (info["domain"], info["metadata"]))
                first = self.send(method, path, body, ifMatch=current, requestId=f"http-{number}")
                self.assertEqual(200, first.status, first)
                self.assertEqual(first.json, self.send(method, path, body, ifMatch="1.0", requestId=f"http-{number}").json)

    def send(self, method, path, body, **meta):
        if body is None:
            query = "&".join(f"{name}={value}" for name, value in meta.items())
            return self.server.curl(method, f"{path}?{query}")
        return self.server.curl(method, path, {**body, **meta})


if __name__ == "__main__":
    harness.main()
