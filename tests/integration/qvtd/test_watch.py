#!/usr/bin/python3
"""Watching: walk, live changes, resume, filters, progress; over gRPC, Server-Sent Events and lines of JSON."""

import json
import queue
import socket

import harness


def kinds(messages):
    return [message.WhichOneof("event") for message in messages]


class Requests:
    """The client's side of a Watch: an iterator that stays open."""

    def __init__(self, first):
        self.queue = queue.Queue()
        self.queue.put(first)

    def __iter__(self):
        return iter(self.queue.get, None)

    def send(self, request):
        self.queue.put(request)


class Watch(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.messages = harness.messages()
        self.server = self.serve(harness.LONG_LEASES, "--watch-progress=200ms", "--http-keepalive=200ms")
        self.stub = self.server.stub()

    def register(self, silo_id, **versions):
        info = self.messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000)
        for name, version in versions.items():
            info.actor_type_versions[name].version = version
        request = self.messages.RegisterSiloRequest(silo=info)
        return self.stub.RegisterSilo(request, timeout=30).position

    def watch(self, **fields):
        requests = Requests(self.messages.WatchRequest(**fields))
        call = self.stub.Watch(iter(requests), timeout=60)
        self.addCleanup(requests.send, None)
        self.addCleanup(call.cancel)
        return call

    def until(self, call, kind, skip=("progress",)):
        """Messages up to and with the first of the kind; progress is skipped unless asked for."""
        seen = []
        for message in call:
            event = message.WhichOneof("event")
            if event == kind or event not in skip:
                seen.append(message)
            if event == kind:
                return seen
        self.fail(f"the watch ended before {kind}")
        return None

    def test_a_walk_gives_every_record_then_live_changes(self):
        self.register("a", Order="1.0.0")
        last = self.register("b", Order="1.0.0")
        call = self.watch()
        walk = self.until(call, "walk_end")
        self.assertEqual(["reset", "record", "record", "walk_end"], kinds(walk))
        self.assertEqual(last, walk[0].reset.position)
        self.assertEqual(["a", "b"], [each.record.key for each in walk[1:3]])
        self.assertEqual("1.0.0", walk[1].record.silo.actor_type_versions["Order"].version)
        self.assertEqual(last, walk[3].position)
        self.assertFalse(walk[1].HasField("position"))
        position = self.register("c", Order="2.0.0")
        change = self.until(call, "change")[-1]
        self.assertEqual(position, change.position)
        self.assertEqual(position, change.change.position)
        self.assertEqual(last.token, change.change.previous_token)
        self.assertEqual("c", change.change.puts[0].silo.silo_id)

    def test_a_watch_resumes_without_gap(self):
        positions = [self.register(f"silo-{i}", Order=f"1.0.{i}") for i in range(5)]
        call = self.watch(resume_after=positions[1])
        seen = [self.until(call, "change")[-1].position for _ in range(3)]
        self.assertEqual(positions[2:], seen)

    def test_a_foreign_position_walks(self):
        position = self.register("a", Order="1.0.0")
        position.token += 1
        self.assertEqual("reset", kinds(self.until(self.watch(resume_after=position), "walk_end"))[0])

    def test_an_unborn_cluster_is_waited_for(self):
        call = self.watch(cluster="later")
        self.assertEqual(["reset", "walk_end"], kinds(self.until(call, "walk_end")))
        info = self.messages.SiloInfo(silo_id="a", address="h", port=1)
        self.stub.RegisterSilo(self.messages.RegisterSiloRequest(cluster="later", silo=info), timeout=30)
        change = self.until(call, "change")[-1].change
        self.assertEqual(1, change.position.revision)

    def test_progress_comes_when_nothing_happens(self):
        last = self.register("a")
        call = self.watch()
        self.until(call, "walk_end")
        progress = self.until(call, "progress")[-1]
        self.assertEqual(last, progress.position)

    def test_a_filter_by_type_follows_silos_into_and_out_of_it(self):
        self.register("a", Order="1.0.0")
        self.register("b", Cart="1.0.0")
        call = self.watch(actor_types=["Order"])
        self.assertEqual(["a"], [each.record.key for each in self.until(call, "walk_end")[1:-1]])
        self.register("c", Cart="1.0.0")
        self.register("b", Cart="1.0.0", Order="1.0.0")
        change = self.until(call, "change")[-1].change
        self.assertEqual(["b"], [put.key for put in change.puts])
        self.register("a", Cart="1.0.0")
        change = self.until(call, "change")[-1].change
        self.assertEqual([], list(change.puts))
        self.assertEqual(["a"], [each.key for each in change.deletes])
        self.assertIn("Order", change.previous_actor_types)

    def test_a_filter_by_type_delivers_its_policy_and_the_default(self):
        self.register("a", Order="1.0.0")
        call = self.watch(actor_types=["Order"])
        self.until(call, "walk_end")
        for actor_type in ("Cart", "Order", ""):
            policy = self.messages.Policy(mode=self.messages.COMPATIBILITY_MODE_MINOR)
            self.stub.SetPolicy(self.messages.SetPolicyRequest(actor_type=actor_type, policy=policy), timeout=30)
        keys = [self.until(call, "change")[-1].change.puts[0].key for _ in range(2)]
        self.assertEqual(["Order", ""], keys)

    def test_filters_by_silo_and_by_prefix(self):
        call = self.watch(silo_ids=["x"], silo_id_prefixes=["web-"], actor_type_prefixes=["Shop."])
        self.until(call, "walk_end")
        self.register("other", Order="1.0.0")
        self.register("x")
        self.register("web-1")
        self.register("third", **{"Shop.Cart": "1.0.0"})
        keys = [self.until(call, "change")[-1].change.puts[0].key for _ in range(3)]
        self.assertEqual(["x", "web-1", "third"], keys)

    def test_acknowledging_is_allowed_changing_the_filter_is_not(self):
        position = self.register("a")
        requests = Requests(self.messages.WatchRequest())
        call = self.stub.Watch(iter(requests), timeout=30)
        self.until(call, "walk_end")
        requests.send(self.messages.WatchRequest(acknowledged=position))
        self.until(call, "progress")
        requests.send(self.messages.WatchRequest(actor_types=["Order"]))
        with self.assertRaises(Exception) as raised:
            self.until(call, "nothing")
        requests.send(None)
        self.assertEqual("INVALID_ARGUMENT", harness.error_info(raised.exception)[0])

    def test_many_changes_arrive_once_and_in_order(self):
        call = self.watch()
        self.until(call, "walk_end")
        positions = [self.register("a", Order=f"1.0.{i}").revision for i in range(300)]
        seen = [self.until(call, "change")[-1].position.revision for _ in range(300)]
        self.assertEqual(positions, seen)

    # --- HTTP

    def test_server_sent_events_carry_positions_and_resume(self):
        first = self.register("a", Order="1.0.0")
        with self.server.stream("/v1/watch") as events:
            self.assertIn("reset", json.loads(events.read_event()["data"]))
            record = events.read_event()
            self.assertNotIn("id", record)
            self.assertEqual("a", json.loads(record["data"])["record"]["key"])
            end = events.read_event()
            self.assertIn("walkEnd", json.loads(end["data"]))
            self.assertEqual(f"{first.revision}.{first.token:016x}", end["id"])
        second = self.register("b", Order="1.0.0")
        third = self.register("c", Order="1.0.0")
        with self.server.stream("/v1/watch", headers=[f"Last-Event-ID: {end['id']}"]) as events:
            for position in (second, third):
                event = events.read_event()
                self.assertEqual(f"{position.revision}.{position.token:016x}", event["id"])
                self.assertEqual(str(position.revision), json.loads(event["data"])["change"]["position"]["revision"])

    def test_lines_of_json_on_request(self):
        self.register("a", Order="1.0.0")
        with self.server.stream("/v1/watch", headers=["Accept: application/x-ndjson"]) as lines:
            got = [json.loads(lines.read_line()) for _ in range(3)]
            self.assertEqual(["reset", "record", "walkEnd"], [[key for key in each if key != "position"][0] for each in got])
            self.register("b", Order="1.0.0")
            while True:
                line = json.loads(lines.read_line())
                if "change" in line:
                    break
            self.assertEqual("b", line["change"]["puts"][0]["silo"]["siloId"])

    def test_http_watches_filter_by_query(self):
        with self.server.stream("/v1/watch?actorTypes=Order&actorTypes=Cart") as events:
            events.read_event(), events.read_event()
            self.register("a", Other="1.0.0")
            self.register("b", Cart="1.0.0")
            while True:
                message = json.loads(events.read_event()["data"])
                if "change" in message:
                    break
            self.assertEqual("b", message["change"]["puts"][0]["key"])

    def test_a_bad_watch_is_a_json_error(self):
        answer = self.server.curl("GET", "/v1/watch", headers=["Last-Event-ID: yesterday"])
        self.assertEqual(400, answer.status)
        self.assertIn("yesterday", answer.json["message"])
        self.assertEqual(400, self.server.curl("GET", "/v1/watch?actorTypo=x").status)

    def test_a_client_that_leaves_is_noticed(self):
        host, port = self.server.http.split(":")
        with self.server.ticks() as ticks:
            ticks.read_line()
            before = self.open_files()
            sockets = [socket.create_connection((host, int(port))) for _ in range(50)]
            for sock in sockets:
                sock.sendall(b"GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertIn(b"200 OK", sock.recv(100))
            self.assertGreaterEqual(self.open_files(), before + 50)
            for sock in sockets:
                sock.close()
            ticks.until(lambda: self.open_files() <= before + 2)

    def open_files(self):
        return len(list((harness.Path("/proc") / str(self.server.process.pid) / "fd").iterdir()))


class QuietWatcher(harness.TestCase):
    def test_comments_keep_a_quiet_stream_alive(self):
        server = self.serve("--watch-progress=1h", "--http-keepalive=100ms")
        with server.stream("/v1/watch") as events:
            events.read_event(), events.read_event()
            self.assertEqual([": quiet", "", ": quiet"], [events.read_line() for _ in range(3)])


class StalledWatcher(harness.TestCase):
    def test_a_watcher_that_takes_nothing_is_closed_and_nobody_waits(self):
        server = self.serve("--watch-progress=200ms", "--watch-stall=1s")
        host, port = server.http.split(":")
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect((host, int(port)))
            sock.sendall(b"GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(sock.recv(100).startswith(b"HTTP/1.1 200 "))
            messages = harness.messages()
            stub = server.stub()
            for i in range(4000):
                info = messages.SiloInfo(silo_id="s0", address="h", port=1)
                info.labels["l"] = f"{i:250d}"
                stub.RegisterSilo(messages.RegisterSiloRequest(silo=info), timeout=30)
            with server.ticks() as ticks:
                ticks.read_line()
                ticks.until(lambda: self.streams(server) == 1)
        self.assertIn("qvt_watches_stalled_total 1", server.curl("GET", "/metrics").body.splitlines())

    def streams(self, server):
        """Connections to the HTTP port that the server holds."""
        port = int(server.http.split(":")[1])
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        return sum(1 for row in rows if int(row[1].split(":")[1], 16) == port and row[3] == "01")


if __name__ == "__main__":
    harness.main()
