#!/usr/bin/python3
"""What operators look at: /metrics (checked by promtool), /readyz with its reasons, and ids that tie log lines to calls."""

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import time

import harness

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


class Metrics(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.messages = harness.messages()

    def read(self, server):
        """{(name, labels): value}; labels as sorted "name=value" joined by commas."""
        answer = server.curl("GET", "/metrics")
        self.assertEqual(200, answer.status)
        self.assertEqual("text/plain; version=0.0.4; charset=utf-8", answer.headers["content-type"])
        self.text = answer.body
        found = {}
        for line in answer.body.splitlines():
            if line.startswith("#"):
                continue
            match = SAMPLE.match(line)
            self.assertTrue(match, line)
            labels = ",".join(sorted(f"{name}={value}" for name, value in re.findall(r'(\w+)="([^"]*)"', match[2] or "")))
            self.assertNotIn((match[1], labels), found)
            found[match[1], labels] = float(match[3])
        return found

    def expect(self, found, name, value, labels=""):
        self.assertEqual(value, found.get((name, labels)), f"{name}{{{labels}}}")

    def use(self, server):
        """Some of everything, over both protocols."""
        import grpc

        stub, messages = server.stub(), self.messages
        for i in range(5):
            info = messages.SiloInfo(silo_id=f"s{i}", address="10.0.0.1", port=1)
            info.actor_type_versions["Order"].version = "1.0.0"
            stub.RegisterSilo(messages.RegisterSiloRequest(silo=info), timeout=30)
        stub.UnregisterSilo(messages.UnregisterSiloRequest(silo_id="s4"), timeout=30)
        for _ in range(10):
            stub.FindCompatibleSilos(messages.FindCompatibleSilosRequest(actor_type="Order"), timeout=30)
        with self.assertRaises(grpc.RpcError):
            stub.GetSilo(messages.GetSiloRequest(silo_id="nobody"), timeout=30)
        with self.assertRaises(grpc.RpcError):
            server.channel().unary_unary("/x.Y/Z")(b"", timeout=30)
        list(stub.HeartbeatStream(iter([messages.HeartbeatRequest(silo_id="s0")] * 7), timeout=30))
        server.curl("POST", "/v1/silos/s1/heartbeat", "{}")
        server.curl("POST", "/v1/silos", "{")
        server.curl("GET", "/v1/nowhere")
        server.curl("GET", "/healthz")

    def test_what_was_done_is_counted(self):
        server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        self.use(server)
        watch = server.stub().Watch(iter([self.messages.WatchRequest()]), timeout=30)
        next(watch)
        with server.stream("/v1/watch") as events:
            events.read_event()
            found = self.read(server)
        calls = "qvt_calls_total"
        self.expect(found, calls, 5, "code=OK,method=RegisterSilo,protocol=grpc")
        self.expect(found, calls, 10, "code=OK,method=FindCompatibleSilos,protocol=grpc")
        self.expect(found, calls, 1, "code=NOT_FOUND,method=GetSilo,protocol=grpc")
        self.expect(found, calls, 1, "code=UNIMPLEMENTED,method=unknown,protocol=grpc")
        self.expect(found, calls, 1, "code=OK,method=HeartbeatStream,protocol=grpc")
        self.expect(found, calls, 1, "code=OK,method=Heartbeat,protocol=http")
        self.expect(found, calls, 1, "code=INVALID_ARGUMENT,method=RegisterSilo,protocol=http")
        self.expect(found, calls, 1, "code=NOT_FOUND,method=unknown,protocol=http")
        self.expect(found, "qvt_requests_refused_total", 1, "protocol=grpc")
        self.expect(found, "qvt_requests_refused_total", 2, "protocol=http")
        self.expect(found, "qvt_finds_total", 10)
        self.expect(found, "qvt_finds_from_cache_total", 9)
        self.expect(found, "qvt_heartbeats_total", 8)
        self.expect(found, "qvt_silos", 4, "cluster=default,status=ACTIVE")
        self.expect(found, "qvt_silos", 1, "cluster=default,status=DEAD")
        self.expect(found, "qvt_leases", 4, "cluster=default")
        self.expect(found, "qvt_revision", 6, "cluster=default")
        self.expect(found, "qvt_history_changes", 6, "cluster=default")
        self.assertGreater(found["qvt_history_bytes", "cluster=default"], 1000)
        self.expect(found, "qvt_watchers", 2, "cluster=default")
        self.expect(found, "qvt_store_appends_total", 6, "outcome=appended")
        self.expect(found, "qvt_store_append_changes_sum", 6)
        self.expect(found, "qvt_connections", 1, "protocol=grpc")
        self.expect(found, "qvt_calls_open", 1, "protocol=grpc")
        self.expect(found, "qvt_calls_open", 2, "protocol=http")
        self.expect(found, "qvt_ready", 1)
        self.expect(found, "qvt_http_requests_total", 1, "code=404")
        self.expect(found, "qvt_grpc_limits_passed_total", 0, "limit=message_bytes")
        self.expect(found, "qvt_grpc_limits_passed_total", 0, "limit=connections_per_address")
        watch.cancel()

    def test_latency_is_measured_but_for_finds_from_the_cache(self):
        server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        self.use(server)
        found = self.read(server)
        labels = "method=RegisterSilo,protocol=grpc"
        self.expect(found, "qvt_call_duration_seconds_count", 5, labels)
        self.assertGreater(found["qvt_call_duration_seconds_sum", labels], 0)
        self.expect(found, "qvt_call_duration_seconds_bucket", 5, f"le=+Inf,{labels}")
        self.expect(found, "qvt_call_duration_seconds_count", 1, "method=FindCompatibleSilos,protocol=grpc")
        self.assertNotIn(("qvt_call_duration_seconds_count", "method=HeartbeatStream,protocol=grpc"), found)
        self.expect(found, "qvt_store_append_duration_seconds_count", 6)
        self.assertGreater(found["qvt_store_append_duration_seconds_sum", ""], 0)

    def test_the_process_is_shown_as_the_kernel_sees_it(self):
        server = self.serve()
        found = self.read(server)
        if not harness.is_sanitized():
            rss = found["process_resident_memory_bytes", ""] / 1024
            self.assertLess(abs(rss - server.rss_kib()), 4096)
        fds = len(list(harness.Path(f"/proc/{server.process.pid}/fd").iterdir()))
        self.assertLess(abs(found["process_open_fds", ""] - fds), 4)
        self.assertLess(abs(found["process_start_time_seconds", ""] - time.time()), 30)
        self.assertGreaterEqual(found["process_max_fds", ""], 256)

    def test_promtool_finds_nothing_to_complain_about(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("no promtool here")
        server = self.serve()
        self.use(server)
        self.read(server)
        done = subprocess.run([promtool, "check", "metrics"], input=self.text, capture_output=True, text=True, check=False)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_every_family_is_documented_and_no_other(self):
        server = self.serve()
        self.use(server)
        self.read(server)
        families = set(re.findall(r"^# TYPE (\w+) ", self.text, re.MULTILINE))
        document = (harness.ROOT / "docs/operations.md").read_text(encoding="utf-8")
        rows = [line for line in document.splitlines() if line.startswith(("| `qvt_", "| `process_"))]
        # Those of TLS are read by test_tls.py, from a server that has it.
        documented = {name for row in rows for name in re.findall(r"`((?:qvt|process)_\w+)`", row)}
        self.assertEqual(families, {name for name in documented if not name.startswith("qvt_tls_")})

    def test_counters_never_fall(self):
        server = self.serve()
        before = {}
        for _ in range(3):
            self.use(server)
            found = self.read(server)
            for key, value in before.items():
                if key[0].endswith(("_total", "_count", "_bucket", "_sum")):
                    self.assertGreaterEqual(found.get(key, 0), value, key)
            before = found


class Readiness(harness.TestCase):
    def test_ready(self):
        server = self.serve()
        server.curl("POST", "/v1/silos", {"silo": {"siloId": "a", "address": "h", "port": 1}})
        answer = server.curl("GET", "/readyz")
        self.assertEqual(200, answer.status)
        expected = {"status": "ready", "ageMs": 0, "clustersTotal": 1, "clustersReady": 1, "clusters": []}
        self.assertEqual(expected, answer.json)

    def test_draining(self):
        server = self.serve("--drain-grace=20s")
        host, port = server.http.split(":")
        with socket.create_connection((host, int(port))) as slow, socket.create_connection((host, int(port))) as sock:
            slow.sendall(b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
            sock.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b'"status":"ready"', self.answer(sock))
            with server.stream("/v1/watch") as watch:
                watch.read_event()
                server.process.send_signal(signal.SIGTERM)
                watch.process.wait(harness.PATIENCE_S)  # watches end as soon as the server drains
            sock.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = self.answer(sock)
            self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
            self.assertIn(b'"status":"draining"', answer)
            slow.sendall(b"0123456789")
            self.assertTrue(self.answer(slow).startswith(b"HTTP/1.1 400 "))
        self.assertEqual(0, server.process.wait(harness.PATIENCE_S))

    def test_requests_that_never_end_do_not_hold_up_the_end(self):
        server = self.serve("--drain-grace=100ms", store=self.sqlite())
        host, port = server.http.split(":")
        sockets = [socket.create_connection((host, int(port))) for _ in range(4)]
        sockets[0].sendall(b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123")
        sockets[1].sendall(b"GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n")
        sockets[2].sendall(b"GET /v1/sta")
        sockets[1].recv(100)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(harness.PATIENCE_S), server.log())
        for sock in sockets:
            sock.close()

    def answer(self, sock):
        sock.settimeout(harness.PATIENCE_S)
        data = b""
        while b"\r\n\r\n" not in data or not data.endswith(b"}\n"):
            data += sock.recv(4096)
        return data

    def test_warming_up(self):
        """A server that loads many records says so, and with which clusters it is not done."""
        server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        messages, stub = harness.messages(), server.stub()
        labels = {f"l{j}": "x" * 250 for j in range(60)}
        flying = []
        for i in range(4000):
            info = messages.SiloInfo(silo_id=f"s{i}", address="h", port=1, labels=labels)
            flying.append(stub.RegisterSilo.future(messages.RegisterSiloRequest(silo=info), timeout=60))
            if len(flying) == 200:
                flying = [call.result() for call in flying] and []
        server.stop()
        seen = self.look_while_starting(server)
        server.start()
        self.assertEqual({"warming_up", "ready"}, {body["status"] for body in seen})
        for body in seen:
            if body["status"] == "warming_up":
                self.assertIn("message", body)
                self.assertLessEqual(body["clustersReady"], body["clustersTotal"])
                for cluster in body["clusters"]:
                    self.assertEqual(("default", "warming_up"), (cluster["cluster"], cluster["status"]))

    def look_while_starting(self, server):
        """Answers of /readyz from the moment the port is open until the server is ready. What asks first has to be quicker than
        the loading: a connection that is tried again and again, and no program that must be started."""
        port = harness.free_port()
        command = [str(harness.BIN_DIR / "qvtd"), "--store", self.sqlite(), "--grpc-listen=127.0.0.1:0"]
        seen = []
        process = subprocess.Popen(command + [f"--http-listen=127.0.0.1:{port}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + harness.PATIENCE_S
            while not seen or seen[-1]["status"] != "ready":
                self.assertLess(time.monotonic(), deadline)
                with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)) as sock:
                    sock.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                    answer = harness.parse_http(self.answer(sock))
                    self.assertEqual(200 if answer.json["status"] == "ready" else 503, answer.status)
                    seen.append(answer.json)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        return seen


class Log(harness.TestCase):
    def events(self, server):
        return [json.loads(line) for line in server.log().splitlines()]

    def test_a_write_its_call_and_its_change_are_tied_by_ids(self):
        server = self.serve("--log-level=debug", "--log-format=json")
        body = {"silo": {"siloId": "a", "address": "h", "port": 1}, "requestId": "order-66", "who": "me", "why": "test"}
        answer = server.curl("POST", "/v1/silos", body)
        call_id = answer.headers["x-request-id"]
        messages = harness.messages()
        info = messages.SiloInfo(silo_id="b", address="h", port=1)
        server.stub().RegisterSilo(messages.RegisterSiloRequest(silo=info, request_id="order-67"), timeout=30)
        server.stop()
        events = self.events(server)
        change = next(event for event in events if event["event"] == "silo registered" and event["key"] == "a")
        write = next(event for event in events if event["event"] == "write" and event["request_id"] == "order-66")
        call = next(event for event in events if event["event"] == "call" and event["call"] == call_id)
        self.assertEqual(("order-66", "me", "test"), (change["request_id"], change["who"], change["why"]))
        self.assertEqual((call_id, change["revision"], "OK"), (write["call"], write["revision"], write["code"]))
        self.assertEqual(("RegisterSilo", "OK"), (call["method"], call["code"]))
        self.assertRegex(call["peer"], r"^127\.0\.0\.1:\d+$")
        by_grpc = next(event for event in events if event["event"] == "write" and event["request_id"] == "order-67")
        self.assertRegex(by_grpc["call"], r"^grpc-\d+$")
        self.assertTrue(any(event["event"] == "call" and event["call"] == by_grpc["call"] for event in events))

    def test_a_failed_call_says_why_at_debug_only(self):
        for level, count in (("debug", 1), ("info", 0)):
            server = self.serve(f"--log-level={level}", "--log-format=json")
            answer = server.curl("GET", "/v1/silos/nobody")
            self.assertEqual(404, answer.status)
            server.stop()
            calls = [event for event in self.events(server) if event["event"] == "call"]
            self.assertEqual(count, len(calls))
            for call in calls:
                self.assertEqual(("GetSilo", "NOT_FOUND"), (call["method"], call["code"]))
                self.assertIn("nobody", call["message"])


if __name__ == "__main__":
    harness.main()
