#!/usr/bin/python3
"""Who may do what: every method × every role × own and foreign silo and cluster, over gRPC and over HTTP; reload; secrets."""

import functools
import http.client
import importlib
import json
import signal
import subprocess
import urllib.parse

import grpc
import harness

READ, OWN, OPERATE = "read", "own silo", "operate"
# What the contract's methods are for. A method that is not here fails the test: it needs a rule in server/identity/rules.c,
# and a line here that was not copied from there.
RULES = {
    "RegisterSilo": OWN,
    "GetSilo": READ,
    "ListSilos": READ,
    "UpdateSilo": OWN,
    "UnregisterSilo": OWN,
    "Heartbeat": OWN,
    "HeartbeatStream": OWN,
    "RegisterSiloVersions": OWN,
    "GetSiloCapabilities": READ,
    "ListSiloCapabilities": READ,
    "GetActorTypeVersion": READ,
    "FindCompatibleSilos": READ,
    "SetPolicy": OPERATE,
    "GetPolicy": READ,
    "ListPolicies": READ,
    "DeletePolicy": OPERATE,
    "GetClusterStatus": READ,
    "Watch": READ,
}
NEEDS = {READ: 1, OWN: 2, OPERATE: 3}
RANK = {"reader": 1, "silo": 2, "admin": 3}


@functools.lru_cache(maxsize=None)
def new_token(name, role, clusters, silos=None):
    """(token, line of the file) as `qvtctl token new` prints them."""
    command = [str(harness.BIN_DIR / "qvtctl"), "token", "new", "--name", name, "--role", role, "--cluster", clusters]
    command += ["--silos", silos] if silos else []
    done = subprocess.run(command + ["-o", "json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["token"], json.loads(done.stdout)["line"]


def service():
    tracker = importlib.import_module("quark.version.v1.version_tracker_pb2") if harness.messages() else None
    return tracker.DESCRIPTOR.services_by_name["VersionTracker"]


def make_request(method, cluster, silo_id):
    """A request of the method about the cluster and the silo, as far as it can say so."""
    request = getattr(harness.messages(), method.input_type.name)(cluster=cluster)
    fields = method.input_type.fields_by_name
    if "silo_id" in fields:
        request.silo_id = silo_id
    if "silo" in fields:
        request.silo.silo_id = silo_id
    if "actor_type" in fields:
        request.actor_type = "Order"
    return request


class Caller:
    """One row of the matrix: a credential, or none, and what it is good for."""

    def __init__(self, name, role=None, clusters=None, silos=None, reason=None, token=None):
        self.name, self.role, self.clusters, self.silos, self.reason, self.token = name, role, clusters, silos, reason, token

    def refused(self, rule, cluster, silo_id):
        """(code, reason) of the refusal, or None."""
        if self.reason:
            return "UNAUTHENTICATED", self.reason
        if self.clusters != "*" and cluster != self.clusters:
            return "PERMISSION_DENIED", "CLUSTER_NOT_ALLOWED"
        if RANK[self.role] < NEEDS[rule]:
            return "PERMISSION_DENIED", "ROLE_TOO_LOW"
        if rule == OWN and self.role == "silo" and not silo_id.startswith("orders-"):
            return "PERMISSION_DENIED", "SILO_NOT_ALLOWED"
        return None


def over_grpc(channel, caller, method, request):
    """(code, reason) of a refusal for who the caller is, or None."""
    stub = harness.messages().grpc_stub(channel)
    metadata = [("authorization", f"Bearer {caller.token}")] if caller.token else []
    call = getattr(stub, method.name)
    try:
        if method.name in ("Watch", "HeartbeatStream"):
            stream = call(iter([request]), metadata=metadata, timeout=20)
            next(stream)
            stream.cancel()
        else:
            call(request, metadata=metadata, timeout=20)
    except StopIteration:
        return None
    except grpc.RpcError as error:
        code, reason, _ = harness.error_info(error)
        assert code not in ("UNAVAILABLE", "UNKNOWN", "INTERNAL", "CANCELLED", "DEADLINE_EXCEEDED"), error
        return (code, reason) if code in ("UNAUTHENTICATED", "PERMISSION_DENIED") else None
    return None


def http_rule(method):
    """(verb, path) of the binding that names the cluster, or None: the method has no HTTP."""
    annotations = importlib.import_module("google.api.annotations_pb2")
    rule = method.GetOptions().Extensions[annotations.http]
    for binding in rule.additional_bindings:
        verb = binding.WhichOneof("pattern")
        if verb and "{cluster}" in getattr(binding, verb):
            return verb.upper(), getattr(binding, verb)
    return None


def over_http(server, caller, method, cluster, silo_id, connect=http.client.HTTPConnection):
    verb, path = http_rule(method)
    values = {"cluster": cluster, "silo_id": urllib.parse.quote(silo_id, safe=""), "actor_type": "Order"}
    body = None
    if verb in ("POST", "PUT", "PATCH"):
        body = json.dumps({"silo": {"siloId": silo_id}} if method.name == "RegisterSilo" else {})
    connection = connect(server.http, timeout=20)
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    connection.request(verb, path.format(**values), body, headers)
    response = connection.getresponse()
    refusal = None
    if response.status in (401, 403):
        status = json.loads(response.read())
        code = {16: "UNAUTHENTICATED", 7: "PERMISSION_DENIED"}[status["code"]]
        assert (response.status == 401) == (response.getheader("WWW-Authenticate") is not None)
        refusal = code, status["details"][0]["reason"]
    connection.close()
    return refusal


class Matrix(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.callers = [Caller("nobody", reason="TOKEN_MISSING")]
        lines = []
        for role in RANK:
            for clusters in ("a", "*"):
                name = f"{role}-{'all' if clusters == '*' else clusters}"
                silos = "orders-*" if role == "silo" else None
                token, line = new_token(name, role, clusters, silos)
                lines.append(line)
                self.callers.append(Caller(name, role, clusters, silos, None, token))
        token, _ = new_token("stranger", "admin", "*")
        self.callers.append(Caller("stranger", reason="TOKEN_UNKNOWN", token=token))
        known = self.callers[1].token
        wrong = known[:-1] + ("0" if known[-1] != "0" else "1")
        self.callers.append(Caller("wrong secret", reason="TOKEN_UNKNOWN", token=wrong))
        self.callers.append(Caller("no token", reason="TOKEN_MALFORMED", token="letmein"))
        path = f"{self.folder}/credentials"
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.server = self.serve("--auth-file", path, "--max-auth-failures", "0", "--log-level", "debug")
        self.assertEqual(sorted(RULES), sorted(method.name for method in service().methods))
        self.cases = [
            (method, caller, cluster, silo_id)
            for method in service().methods
            for caller in self.callers
            for cluster in ("a", "b")
            for silo_id in (("orders-1", "billing/orders-1") if RULES.get(method.name) == OWN else ("orders-1",))
        ]

    def walk(self, ask):
        """Refused calls first: they change nothing. Then the others, which are let through."""
        refused = [case for case in self.cases if self.expect(case)]
        allowed = [case for case in self.cases if not self.expect(case)]
        for case in refused:
            self.assertEqual(self.expect(case), ask(*case), self.describe(case))
        admin = next(caller for caller in self.callers if caller.name == "admin-all")
        for cluster in ("a", "b"):
            path = f"/v1/clusters/{cluster}/status"
            status = self.server.curl("GET", path, headers=[f"Authorization: Bearer {admin.token}"]).json
            self.assertNotIn("revision", status["position"])
        for case in allowed:
            self.assertIsNone(ask(*case), self.describe(case))
        self.assertGreater(len(refused), 100)
        self.assertGreater(len(allowed), 50)
        for caller in self.callers:
            if caller.token:
                self.assertNotIn(caller.token.split("_")[-1], self.server.log())

    @staticmethod
    def expect(case):
        method, caller, cluster, silo_id = case
        return caller.refused(RULES[method.name], cluster, silo_id)

    @staticmethod
    def describe(case):
        return f"{case[1].name} calls {case[0].name} in cluster {case[2]} for silo {case[3]}"

    def test_every_method_over_grpc(self):
        with grpc.insecure_channel(self.server.grpc) as channel:
            self.walk(
                lambda method, caller, cluster, silo_id: over_grpc(
                    channel, caller, method, make_request(method, cluster, silo_id)
                )
            )

    def test_every_method_over_http(self):
        without = [method.name for method in service().methods if http_rule(method) is None]
        self.assertEqual(["HeartbeatStream"], without)
        self.cases = [case for case in self.cases if case[0].name not in without]
        self.walk(lambda method, caller, cluster, silo_id: over_http(self.server, caller, method, cluster, silo_id))

    def test_health_is_open_and_reflection_is_for_anyone_with_a_credential(self):
        health = "/grpc.health.v1.Health/Check"
        reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        with grpc.insecure_channel(self.server.grpc) as channel:
            for caller in self.callers:
                metadata = [("authorization", f"Bearer {caller.token}")] if caller.token else []
                self.assertEqual(b"\x08\x01", channel.unary_unary(health)(b"", metadata=metadata, timeout=20))
                refused = None
                try:
                    next(channel.stream_stream(reflection)(iter([b"\x3a\x01*"]), metadata=metadata, timeout=20))
                except grpc.RpcError as error:
                    refused = harness.error_info(error)[1]
                self.assertEqual(caller.reason, refused, caller.name)


class Identity(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.path = f"{self.folder}/credentials"
        self.tokens, self.lines = {}, {}
        self.add("ops", "admin", "*")
        self.add("orders", "silo", "default", "orders-*")
        self.add("board", "reader", "default")
        self.write(self.lines.values())

    def add(self, *credential):
        self.tokens[credential[0]], self.lines[credential[0]] = new_token(*credential)

    def write(self, lines):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("# who may do what\n\n" + "".join(line + "\n" for line in lines))

    def start(self, *args):
        self.server = self.serve(harness.LONG_LEASES, "--auth-file", self.path, "--watch-progress", "100ms", *args)
        return self.server

    def curl(self, who, method, path, body=None):
        headers = [f"Authorization: Bearer {self.tokens[who]}"] if who else []
        return self.server.curl(method, path, body, headers)

    def metadata(self, who):
        return [("authorization", f"Bearer {self.tokens[who]}")]

    def hangup(self, outcome):
        """SIGHUP, and the wait until the file was read."""
        sample = f'qvt_auth_reloads_total{{outcome="{outcome}"}} '
        count = lambda: int(self.curl("ops", "GET", "/metrics").body.split(sample)[1].split("\n")[0])
        before = count()
        self.server.process.send_signal(signal.SIGHUP)
        with self.server.stream(
            "/v1/watch", [f"Authorization: Bearer {self.tokens['ops']}", "Accept: application/x-ndjson"]
        ) as ticks:
            ticks.until(lambda: count() == before + 1)

    def lines_of(self, who, path="/v1/watch"):
        headers = [f"Authorization: Bearer {self.tokens[who]}", "Accept: application/x-ndjson"]
        return self.server.stream(path, headers)

    def test_changes_are_signed_with_the_name_of_the_credential(self):
        self.start()
        found = []
        with self.server.changes(headers=[f"Authorization: Bearer {self.tokens['board']}"]) as watch:
            silo = {"silo": {"siloId": "orders-1", "address": "h", "port": 1}, "who": "somebody else", "why": "because"}
            self.assertEqual(200, self.curl("orders", "POST", "/v1/silos", silo).status)
            policy = {"policy": {"mode": "COMPATIBILITY_MODE_MINOR"}, "who": "the boss"}
            self.assertEqual(200, self.curl("ops", "PUT", "/v1/policy", policy).status)
            request = harness.messages().UpdateSiloRequest(silo_id="orders-1", who="me")
            request.silo.labels["k"] = "v"
            self.server.stub().UpdateSilo(request, metadata=self.metadata("orders"), timeout=20)
            while len(found) < 3:
                message = json.loads(watch.read_line())
                if message.get("change", {}).get("event", "CHANGE_EVENT_CLUSTER_CREATED") != "CHANGE_EVENT_CLUSTER_CREATED":
                    found.append((message["change"].get("who"), message["change"].get("why")))
        self.assertEqual([("orders", "because"), ("ops", None), ("orders", None)], found)

    def test_a_find_is_judged_by_the_cluster_it_is_answered_for(self):
        """Of a field that comes twice the last counts, whatever the first was."""
        self.start()
        body = {"silo": {"siloId": "s1", "address": "h", "port": 1, "actorTypeVersions": {"Order": {"version": "1.0.0"}}}}
        self.assertEqual(200, self.curl("ops", "POST", "/v1/clusters/other/silos", body).status)
        find = self.server.channel().unary_unary("/quark.version.v1.VersionTracker/FindCompatibleSilos")
        wire = harness.messages().FindCompatibleSilosRequest(cluster="other", actor_type="Order").SerializeToString()
        long_name, number, fixed = b"\x0a\x41" + b"x" * 65, b"\x08\x01", b"\x0d1234"

        def outcome(first, who):
            try:
                return b"s1" in find(first + wire, metadata=self.metadata(who), timeout=20)
            except grpc.RpcError as error:
                return harness.error_info(error)[:2]

        # Twice: what was answered once may be remembered.
        for _ in range(2):
            for first in (b"", long_name):
                self.assertEqual(True, outcome(first, "ops"))
                self.assertEqual(("PERMISSION_DENIED", "CLUSTER_NOT_ALLOWED"), outcome(first, "board"))
            for first in (number, fixed):
                self.assertEqual(("INTERNAL", None), outcome(first, "ops"))
                self.assertEqual(("INTERNAL", None), outcome(first, "board"))

    def test_a_silo_leaves_to_operators_what_is_theirs(self):
        self.start()
        silo = {"silo": {"siloId": "orders-1", "address": "h", "port": 1}}
        self.curl("orders", "POST", "/v1/silos", silo)
        path = "/v1/silos/orders-1"
        for scheduling in ("CORDONED", "STAGED", "SCHEDULABLE"):
            for mask in ({}, {"updateMask": "scheduling"}, {"updateMask": "labels,scheduling"}):
                body = {"silo": {"scheduling": f"SCHEDULING_{scheduling}", "labels": {"a": "b"}}, **mask}
                answer = self.curl("orders", "PATCH", path, body)
                self.assertEqual((403, "FIELD_NOT_ALLOWED"), (answer.status, answer.reason), body)
        masked = {"silo": {"labels": {"a": "b"}}, "updateMask": "scheduling"}
        self.assertEqual("FIELD_NOT_ALLOWED", self.curl("orders", "PATCH", path, masked).reason)
        unmasked = {"silo": {"scheduling": "SCHEDULING_CORDONED", "labels": {"a": "b"}}, "updateMask": "labels"}
        self.assertEqual(200, self.curl("orders", "PATCH", path, unmasked).status)
        for body in ({"silo": {"scheduling": "SCHEDULING_DRAINING"}}, {"silo": {"status": "SILO_STATUS_SHUTTING_DOWN"}}):
            self.assertEqual(200, self.curl("orders", "PATCH", path, body).status, body)
        cordoned = {"silo": {"scheduling": "SCHEDULING_CORDONED"}}
        self.assertEqual(200, self.curl("ops", "PATCH", path, cordoned).status)

    def test_pages_tell_strangers_no_more_than_that_the_server_is_there(self):
        self.start()
        self.assertEqual({"status": "ready"}, self.curl(None, "GET", "/readyz").json)
        self.assertEqual({"status": "ready"}, self.curl("board", "GET", "/readyz").json)
        self.assertIn("clustersTotal", self.curl("ops", "GET", "/readyz?verbose").json)
        for path in ("/healthz", "/openapi.json"):
            self.assertEqual(200, self.curl(None, "GET", path).status)
        self.assertEqual((401, "TOKEN_MISSING"), (lambda a: (a.status, a.reason))(self.curl(None, "GET", "/metrics")))
        self.assertEqual((403, "CLUSTER_NOT_ALLOWED"), (lambda a: (a.status, a.reason))(self.curl("board", "GET", "/metrics")))
        self.assertEqual(200, self.curl("ops", "GET", "/metrics").status)
        self.assertEqual(401, self.curl(None, "GET", "/no/such/path").status)
        self.tokens["bad"] = self.tokens["ops"][:-4] + "0000"
        self.assertEqual(401, self.curl("bad", "GET", "/readyz").status)

    def test_who_may_not_send_a_body_gets_an_answer_whatever_he_sends(self):
        self.start()
        self.assertEqual(401, self.curl(None, "POST", "/v1/silos", b"{" * (3 << 20)).status)
        answer = self.server.curl("POST", "/v1/silos", {}, ["Authorization: Basic b3BzOm9wcw=="])
        self.assertEqual((401, "TOKEN_MALFORMED"), (answer.status, answer.reason))
        self.assertEqual('Bearer realm="qvt", error="invalid_token"', answer.headers["www-authenticate"])

    def test_hangup_brings_new_credentials_and_ends_old_ones(self):
        self.start()
        self.add("extra", "reader", "default")
        self.assertEqual(401, self.curl("extra", "GET", "/v1/status").status)
        stub = self.server.stub()
        request = harness.messages().WatchRequest()
        watches = {who: stub.Watch(iter([request]), metadata=self.metadata(who), timeout=60) for who in ("board", "ops")}
        for watch in watches.values():
            next(watch)
        beat = harness.messages().HeartbeatRequest(silo_id="orders-1")
        self.curl("orders", "POST", "/v1/silos", {"silo": {"siloId": "orders-1", "address": "h", "port": 1}})
        self.write([self.lines["ops"], self.lines["extra"]])
        with self.lines_of("board") as lines:
            lines.read_line()
            self.hangup("loaded")
            with self.assertRaises(TimeoutError):
                for _ in range(1000):
                    lines.read_line()
        self.assertEqual(200, self.curl("extra", "GET", "/v1/status").status)
        self.assertEqual("TOKEN_UNKNOWN", self.curl("board", "GET", "/v1/status").reason)
        with self.assertRaises(grpc.RpcError) as raised:
            for _ in watches["board"]:
                pass
        self.assertEqual(("UNAUTHENTICATED", "CREDENTIAL_REVOKED"), harness.error_info(raised.exception)[:2])
        with self.assertRaises(grpc.RpcError) as raised:
            stub.Heartbeat(beat, metadata=self.metadata("orders"), timeout=20)
        self.assertEqual("TOKEN_UNKNOWN", harness.error_info(raised.exception)[1])
        for _ in range(3):
            next(watches["ops"])
        watches["ops"].cancel()

    def test_a_stream_of_heartbeats_ends_with_its_credential(self):
        self.start()
        self.curl("orders", "POST", "/v1/silos", {"silo": {"siloId": "orders-1", "address": "h", "port": 1}})
        reloaded = []

        def beats():
            yield harness.messages().HeartbeatRequest(silo_id="orders-1")
            while not reloaded:
                yield harness.messages().HeartbeatRequest(silo_id="orders-1")

        stream = self.server.stub().HeartbeatStream(beats(), metadata=self.metadata("orders"), timeout=60)
        next(stream)
        self.write([self.lines["ops"]])
        self.server.process.send_signal(signal.SIGHUP)
        with self.assertRaises(grpc.RpcError) as raised:
            for _ in stream:
                pass
        reloaded.append(True)
        self.assertEqual(("UNAUTHENTICATED", "CREDENTIAL_REVOKED"), harness.error_info(raised.exception)[:2])

    def test_a_narrower_role_ends_what_it_does_not_allow(self):
        self.start()
        with self.lines_of("board") as lines:
            lines.read_line()
            self.write([self.lines["ops"], self.lines["board"].replace("clusters=default", "clusters=other")])
            self.hangup("loaded")
            with self.assertRaises(TimeoutError):
                for _ in range(1000):
                    lines.read_line()
        self.assertEqual("CLUSTER_NOT_ALLOWED", self.curl("board", "GET", "/v1/status").reason)

    def test_a_broken_file_changes_nothing_but_the_log(self):
        self.start()
        self.write(list(self.lines.values()) + ["board reader clusters=a,,b"])
        self.hangup("failed")
        for who in ("ops", "board", "orders"):
            self.assertEqual(200, self.curl(who, "GET", "/v1/status").status)
        self.assertRegex(self.server.log(), r'level=error [^\n]*credentials:6: clusters: [^\n]*\n')

    def test_without_a_whole_file_the_server_does_not_start(self):
        flags = ["--store", "memory", "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]
        self.write([self.lines["ops"].replace("admin", "root")])
        for path, rule in (
            (self.path, f"{self.path}:3: \"root\": a role is reader, silo or admin"),
            (self.path + "-missing", f"cannot read {self.path}-missing: No such file or directory"),
        ):
            done = subprocess.run(
                [str(harness.BIN_DIR / "qvtd"), *flags, "--auth-file", path], capture_output=True, text=True, timeout=30
            )
            self.assertEqual((2, f"qvtd: {rule}\n", ""), (done.returncode, done.stderr, done.stdout))

    def test_failures_are_slowed_down_and_what_is_right_is_not(self):
        self.start("--max-auth-failures", "5")
        answers = [self.curl(None, "GET", "/v1/status") for _ in range(7)]
        self.assertEqual([401] * 5 + [429] * 2, [answer.status for answer in answers])
        self.assertEqual("TOO_MANY_FAILURES", answers[-1].reason)
        self.assertGreaterEqual(int(answers[-1].headers["retry-after"]), 1)
        with self.assertRaises(grpc.RpcError) as raised:
            self.server.stub().GetClusterStatus(harness.messages().GetClusterStatusRequest(), timeout=20)
        self.assertEqual(("RESOURCE_EXHAUSTED", "TOO_MANY_FAILURES"), harness.error_info(raised.exception)[:2])
        self.assertEqual(200, self.curl("board", "GET", "/v1/status").status)
        page = self.curl("ops", "GET", "/metrics").body
        self.assertIn('qvt_auth_failures_total{reason="TOKEN_MISSING"} 5\n', page)
        self.assertIn('qvt_auth_failures_total{reason="TOO_MANY_FAILURES"} 3\n', page)

    def qvtctl(self, *words, environment=None):
        command = [str(harness.BIN_DIR / "qvtctl"), *words, "--endpoint", self.server.grpc]
        env = {**harness.os.environ, **(environment or {})}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)
        for token in self.tokens.values():
            self.assertNotIn(token.split("_")[-1], done.stderr)
        return done.returncode, done.stderr

    def test_qvtctl_takes_its_token_from_a_file_or_a_variable(self):
        self.start()
        path = f"{self.folder}/token"
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.tokens["board"] + "\n")
        self.assertEqual((0, ""), self.qvtctl("status", "--token-file", path))
        variable = {"QVT_TOKEN": self.tokens["ops"]}
        self.assertEqual((0, ""), self.qvtctl("policy", "set", "--mode", "minor", environment=variable))
        code, line = self.qvtctl("policy", "set", "--mode", "patch", "--token-file", path, environment=variable)
        self.assertEqual(1, code)
        self.assertIn("ROLE_TOO_LOW", line)
        code, line = self.qvtctl("status")
        self.assertEqual(1, code)
        self.assertIn("TOKEN_MISSING", line)
        self.assertEqual(2, self.qvtctl("status", "--token-file", path + "-missing")[0])
        self.assertEqual(2, self.qvtctl("status", environment={"QVT_TOKEN": self.tokens["ops"] + "\n x"})[0])

    def test_libqvt_sends_its_token_with_every_call(self):
        self.start()
        program = harness.Path(harness.os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin"))
        register = "register\torders-1\t10.0.0.1\t9000\t15000\tOrder=1.0.0\n"
        answers = []
        for token in (self.tokens["orders"], self.tokens["board"]):
            env = {**harness.os.environ, "PROBE_TOKEN": token}
            done = subprocess.run(
                [str(program / "libqvt_probe"), self.server.grpc], input=register, capture_output=True, text=True, timeout=60, env=env
            )
            answers.append(done.stdout)
            self.assertNotIn(token.split("_")[-1], done.stdout + done.stderr)
        self.assertEqual("ok", answers[0].strip())
        self.assertIn("\tROLE_TOO_LOW\t", answers[1])

    def test_no_secret_is_written_anywhere(self):
        self.start("--log-level", "debug")
        secret = "qvt_0123456789abcdef_" + "5ec2e7" * 10 + "abcd"
        shown = []
        for value in (f"Bearer {secret}", f"Bearer {secret}x", f"bearer  {secret}", secret, f"Basic {secret}"):
            shown.append(self.server.curl("GET", "/v1/status", headers=[f"Authorization: {value}"]).body)
            with self.assertRaises(grpc.RpcError) as raised:
                request = harness.messages().GetClusterStatusRequest()
                self.server.stub().GetClusterStatus(request, metadata=[("authorization", value)], timeout=20)
            shown.append(str(raised.exception))
        for who in self.tokens:
            shown.append(self.curl(who, "GET", "/v1/status").body)
        self.write([f"{secret} reader clusters=*"])
        self.server.process.send_signal(signal.SIGHUP)
        shown.append(self.curl("ops", "GET", "/metrics").body)
        self.server.stop()
        shown.append(self.server.log())
        for text in shown:
            self.assertNotIn("5ec2e7", text)
            for token in self.tokens.values():
                self.assertNotIn(token.split("_")[-1][:8], text)


if __name__ == "__main__":
    harness.main()
