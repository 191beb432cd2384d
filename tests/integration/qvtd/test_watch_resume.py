#!/usr/bin/python3
"""Watchers that come and go: every change once and in order, whatever is cut, trimmed, slow, restarted or put back."""

import json
import os
import random
import shutil
import socket
import threading
import time

import harness

CHANGES = 10000
SLOW_BYTES_A_SECOND = 1024
STALL_S = 8


class Writer:
    """Registers silos with new versions, many calls in flight, and keeps the revisions it was told."""

    def __init__(self, server, silos=50):
        self.messages = harness.messages()
        self.stub = server.stub()
        self.silos = silos
        self.revisions = []

    def request(self, silo_id, minor, **labels):
        info = self.messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000, labels=labels)
        info.actor_type_versions["Order"].version = f"1.{minor}.0"
        return self.messages.RegisterSiloRequest(silo=info)

    def write(self, count, width=64, first=0):
        """count changes; each silo's are in order, since the next is sent when the one `width` before is answered."""
        flying = []
        for i in range(first, first + count):
            flying.append(self.stub.RegisterSilo.future(self.request(f"silo-{i % self.silos}", i), timeout=30))
            if len(flying) == width:
                self.revisions += [call.result().position.revision for call in flying]
                flying = []
        self.revisions += [call.result().position.revision for call in flying]
        return self


class Recorder:
    """Follows a history by positions: revisions must be gapless unless a reset comes, and never before it."""

    def __init__(self):
        self.revisions = []
        self.position = None
        self.resets = 0

    def take(self, event, position, previous_token):
        if event == "reset":
            self.resets += 1
        if event == "change":
            if self.position is not None:
                assert position[1] == self.position[1] + 1, f"{self.position} is followed by {position}"
                assert previous_token == self.position[2], f"{position} does not follow {self.position}"
            self.revisions.append(position[1])
        if event in ("change", "walk_end"):
            self.position = position


class GrpcWatcher(Recorder):
    def __init__(self, server, **fields):
        super().__init__()
        self.messages = harness.messages()
        self.stub = server.stub()
        self.fields = fields

    def follow(self, until, random_cuts=None):
        """Watches until the revision is reached; cuts the watch at random points and goes on where it was."""
        while self.position is None or self.position[1] < until:
            left = random_cuts.randrange(1, 400) if random_cuts else 1 << 30
            self.follow_once(until, left)

    def follow_once(self, until, left):
        request = self.messages.WatchRequest(**self.fields)
        if self.position is not None:
            store_id, revision, token = self.position
            request.resume_after.store_id, request.resume_after.revision = store_id, revision
            request.resume_after.token = token
        call = self.stub.Watch(iter([request]), timeout=120)
        for message in call:
            event = message.WhichOneof("event")
            at = message.position
            self.take(event, (at.store_id, at.revision, at.token), message.change.previous_token)
            left -= event == "change"
            if left == 0 or (event != "progress" and self.position is not None and self.position[1] >= until):
                break
        call.cancel()


class HttpWatcher(Recorder):
    """The same over Server-Sent Events (Last-Event-ID) or lines of JSON (resumeAfter)."""

    def __init__(self, server, is_sse):
        super().__init__()
        self.server = server
        self.is_sse = is_sse

    def follow(self, until, random_cuts=None):
        while self.position is None or self.position[1] < until:
            self.follow_once(until, random_cuts.randrange(1, 400) if random_cuts else 1 << 30)

    def request(self):
        """(path, headers) of a watch that goes on behind the position."""
        headers = [] if self.is_sse else ["Accept: application/x-ndjson"]
        if self.position is None:
            return "/v1/watch", headers
        store_id, revision, token = self.position
        if self.is_sse:
            return "/v1/watch", headers + [f"Last-Event-ID: {revision}.{token:016x}"]
        query = f"resumeAfter.storeId={store_id}&resumeAfter.revision={revision}&resumeAfter.token={token}"
        return f"/v1/watch?{query}", headers

    def follow_once(self, until, left):
        path, headers = self.request()
        with self.server.stream(path, headers=headers) as stream:
            while left > 0 and (self.position is None or self.position[1] < until):
                line = stream.read_event()["data"] if self.is_sse else stream.read_line()
                message = json.loads(line)
                event = next(name for name in message if name != "position")
                at = message.get("position", {})
                position = (at.get("storeId"), int(at.get("revision", 0)), int(at.get("token", 0)))
                previous = int(message.get("change", {}).get("previousToken", 0))
                self.take("walk_end" if event == "walkEnd" else event, position, previous)
                left -= event == "change"


class Stopped(Exception):
    """Ends a watch from within."""


class Resume(harness.TestCase):
    def run_together(self, *threads):
        """Runs all, and raises what one of them raised."""
        faults = []

        def guarded(work):
            try:
                work()
            except BaseException as fault:  # pylint: disable=broad-except
                faults.append(fault)

        running = [threading.Thread(target=guarded, args=(work,)) for work in threads]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        if faults:
            raise faults[0]

    def test_every_change_once_and_in_order_while_watchers_disconnect(self):
        seed = int(os.environ.get("QVT_TEST_SEED", time.time_ns() % 1000000))
        print(f"seed {seed}")
        server = self.serve(harness.LONG_LEASES)
        writer = Writer(server)
        writer.write(1)
        watchers = [GrpcWatcher(server), HttpWatcher(server, True), HttpWatcher(server, False)]
        cuts = [random.Random(seed + i) for i in range(len(watchers))]
        for watcher in watchers:
            watcher.follow(1)
        follow = [lambda w=w, c=c: w.follow(CHANGES, c) for w, c in zip(watchers, cuts)]
        self.run_together(lambda: writer.write(CHANGES - 1, first=1), *follow)
        self.assertEqual(list(range(1, CHANGES + 1)), sorted(writer.revisions))
        for watcher in watchers:
            self.assertEqual(1, watcher.resets)
            self.assertEqual(list(range(2, CHANGES + 1)), watcher.revisions)

    def test_a_trimmed_history_is_walked(self):
        server = self.serve(harness.LONG_LEASES, "--history-changes=100", "--max-dead=5")
        writer = Writer(server, silos=20).write(40)
        watcher = GrpcWatcher(server)
        watcher.follow(40)
        writer.write(300, first=40)
        for i in range(10):
            server.stub().UnregisterSilo(writer.messages.UnregisterSiloRequest(silo_id=f"silo-{i}"), timeout=30)
        events, keys = self.walk(server, watcher.position)
        self.assertEqual(["reset", "walk_end"], [event for event in events if event != "record"])
        self.assertEqual(("reset", "walk_end"), (events[0], events[-1]))
        listed = server.stub().ListSilos(writer.messages.ListSilosRequest(), timeout=30)
        self.assertEqual(sorted(silo.silo_id for silo in listed.silos), sorted(keys))
        self.assertLess(len(keys), 20)
        self.assertGreater(len(keys), 10)

    def walk(self, server, position):
        """(events, keys of records) of a watch from a position up to its walk's end."""
        messages = harness.messages()
        request = messages.WatchRequest()
        resume = request.resume_after
        resume.store_id, resume.revision, resume.token = position
        events, keys = [], []
        call = server.stub().Watch(iter([request]), timeout=30)
        for message in call:
            event = message.WhichOneof("event")
            if event != "progress":
                events.append(event)
            if event == "record" and message.record.kind == messages.RECORD_KIND_SILO:
                keys.append(message.record.key)
            if event in ("walk_end", "change"):
                break
        call.cancel()
        return events, keys

    def narrow_stub(self, server):
        """A stub whose channel takes no more than it is asked for, so that a stream that is not read stands still."""
        import grpc

        options = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536)]
        channel = grpc.insecure_channel(server.grpc, options)
        self.addCleanup(channel.close)
        return harness.messages().grpc_stub(channel)

    def test_what_goes_during_a_walk_is_removed(self):
        server = self.serve(harness.LONG_LEASES, "--history-changes=100")
        messages, stub = harness.messages(), server.stub()
        writer = Writer(server)
        labels = {f"l{i}": "x" * 250 for i in range(20)}
        flying = [
            stub.RegisterSilo.future(writer.request(f"silo-{i:04}", 1, **labels), timeout=30) for i in range(2000)
        ]
        for call in flying:
            call.result()
        for i in range(50):
            policy = messages.SetPolicyRequest(actor_type="Order" if i == 0 else f"Other{i}", policy=messages.Policy())
            stub.SetPolicy(policy, timeout=30)
        request = messages.WatchRequest(actor_types=["Order"])
        call = self.narrow_stub(server).Watch(iter([request]), timeout=60)
        seen = [next(call) for _ in range(3)]
        self.assertEqual(["reset", "record", "record"], [message.WhichOneof("event") for message in seen])
        # The walk stands still: nobody reads. Meanwhile a policy goes, a silo drops the type, one comes, one changes.
        stub.DeletePolicy(messages.DeletePolicyRequest(actor_type="Order"), timeout=30)
        dropped = writer.request("silo-1999", 1)
        del dropped.silo.actor_type_versions["Order"]
        dropped.silo.actor_type_versions["Cart"].version = "1.0.0"
        stub.RegisterSilo(dropped, timeout=30)
        stub.RegisterSilo(writer.request("silo-new", 1), timeout=30)
        stub.RegisterSilo(writer.request("silo-1000", 2), timeout=30)
        state, removed = {message.record.key: message.record for message in seen[1:]}, []
        for message in call:
            event = message.WhichOneof("event")
            if event == "record":
                state[message.record.key] = message.record
            elif event == "removed":
                removed.append((message.removed.kind, message.removed.key))
                state.pop(message.removed.key, None)
            elif event == "walk_end":
                break
        call.cancel()
        self.assertIn((messages.RECORD_KIND_POLICY, "Order"), removed)
        self.assertIn((messages.RECORD_KIND_SILO, "silo-1999"), removed)
        expected = {f"silo-{i:04}" for i in range(1999)} | {"silo-new"}
        self.assertEqual(expected, set(state))
        self.assertEqual("1.2.0", state["silo-1000"].silo.actor_type_versions["Order"].version)


class SlowWatcher(harness.TestCase):
    """One watcher reads 1 KB a second while all of 10 000 silos change."""

    def read_slowly(self, sock, stop, seen):
        while not stop.is_set():
            seen.append(sock.recv(SLOW_BYTES_A_SECOND))
            stop.wait(1)

    def test_it_ends_its_walk_and_others_do_not_notice(self):
        server = self.serve(harness.LONG_LEASES, f"--watch-stall={STALL_S}s")
        silos = CHANGES if not harness.is_sanitized() else 2000
        writer = Writer(server, silos=silos).write(silos)
        fast = GrpcWatcher(server)
        fast.follow(silos)
        host, port = server.http.split(":")
        stop, seen = threading.Event(), []
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect((host, int(port)))
            sock.sendall(b"GET /v1/watch HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\n\r\n")
            reader = threading.Thread(target=self.read_slowly, args=(sock, stop, seen))
            reader.start()
            rss = server.rss_kib()
            follower = threading.Thread(target=fast.follow, args=(2 * silos,))
            follower.start()
            began = time.monotonic()
            writer.write(silos, first=silos)
            # The slow one goes on as slowly all the while: whoever waited for it would wait for minutes.
            follower.join(harness.PATIENCE_S)
            self.assertFalse(follower.is_alive(), "the fast watcher is held up")
            self.assertEqual(list(range(silos + 1, 2 * silos + 1)), fast.revisions)
            if not harness.is_sanitized():
                self.assertLess(server.rss_kib() - rss, 64 * 1024)
            # Longer than watch-stall: who takes bytes, few as they are, stays.
            time.sleep(max(0.0, began + STALL_S + 2 - time.monotonic()))
            stop.set()
            reader.join()
            self.assertLess(sum(map(len, seen)), 100 * SLOW_BYTES_A_SECOND)
            self.expect_final_state(sock, b"".join(seen), silos)

    def expect_final_state(self, sock, text, silos):
        """Reads on at full speed: the walk ends, and the newest of every record is there."""
        sock.settimeout(30)
        newest, buffer, ended = {}, text.split(b"\r\n\r\n", 1)[1], False
        lines = json_lines(sock, buffer)
        for message in lines:
            if "record" in message:
                note(newest, message["record"]["silo"])
            for put in message.get("change", {}).get("puts", []):
                note(newest, put["silo"])
            ended = ended or "walkEnd" in message
            if ended and len(newest) == silos and min(newest.values()) > silos:
                break
        self.assertTrue(ended)
        self.assertEqual(sorted(range(silos + 1, 2 * silos + 1)), sorted(newest.values()))


def note(newest, silo):
    revision = int(silo["modRevision"])
    assert revision >= newest.get(silo["siloId"], 0), f"{silo['siloId']} goes back to {revision}"
    newest[silo["siloId"]] = revision


def json_lines(sock, data):
    """The JSON objects of a chunked NDJSON body, whose first bytes are given (RFC 9112 §7.1)."""
    file = sock.makefile("rb")
    source = iter_chunks(data, file)
    rest = b""
    for chunk in source:
        rest += chunk
        *lines, rest = rest.split(b"\n")
        yield from (json.loads(line) for line in lines if line)


def iter_chunks(data, file):
    def more(count):
        nonlocal data
        while len(data) < count:
            block = file.read1(65536)
            if not block:
                raise EOFError("the stream ended")
            data += block

    while True:
        while b"\r\n" not in data:
            more(len(data) + 1)
        size, data = data.split(b"\r\n", 1)
        count = int(size, 16)
        more(count + 2)
        yield data[:count]
        data = data[count + 2 :]


class Restart(harness.TestCase):
    def test_watchers_resume_over_a_restart_without_gap(self):
        server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        writer = Writer(server).write(100)
        watchers = [GrpcWatcher(server), HttpWatcher(server, True), HttpWatcher(server, False)]
        for watcher in watchers:
            watcher.follow(100)
        for crash in (False, True):
            reached = watchers[0].position[1]
            writer.write(100, first=reached)
            server.restart(crash=crash)
            writer = Writer(server).write(50, first=reached + 100)
            for watcher in watchers:
                watcher.server, watcher.stub = server, server.stub()
                watcher.follow(reached + 150)
        for watcher in watchers:
            self.assertEqual(1, watcher.resets)
            self.assertEqual(list(range(101, 401)), watcher.revisions)

    def copy(self, name):
        for suffix in ("", "-wal", "-shm"):
            source = f"{self.folder}/{name[0]}{suffix}"
            target = f"{self.folder}/{name[1]}{suffix}"
            if os.path.exists(target):
                os.unlink(target)
            if os.path.exists(source):
                shutil.copy(source, target)

    def test_an_older_copy_of_the_file_is_noticed_by_all(self):
        server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        messages = harness.messages()
        writer = Writer(server, silos=10).write(10)
        server.stop()
        self.copy(("qvt.db", "old.db"))
        server.start()
        writer = Writer(server, silos=15).write(20, first=10)
        watchers = [GrpcWatcher(server), HttpWatcher(server, True), HttpWatcher(server, False)]
        for watcher in watchers:
            watcher.follow(30)
        known = server.stub().GetSilo(messages.GetSiloRequest(silo_id="silo-12"), timeout=30)
        server.stop()
        self.copy(("old.db", "qvt.db"))
        server.start()
        # The history is shorter than what they saw, as long, and longer; with other changes.
        for head, more in ((10, 0), (30, 20), (45, 15)):
            Writer(server, silos=10).write(more, first=head * 10)
            self.expect_lost(server, known, head)
            for watcher in watchers:
                self.expect_reset(server, watcher, head)

    def expect_reset(self, server, watcher, head):
        """A watcher that resumes is told in the first message that its history is not the tracker's."""
        first = []

        def take(event, position, previous_token):
            del previous_token
            first.append((event, position))
            raise Stopped()

        watcher.server, watcher.stub, watcher.take = server, server.stub(), take
        with self.assertRaises(Stopped):
            watcher.follow_once(1 << 62, 1 << 62)
        self.assertEqual("reset", first[0][0])
        listed = server.stub().ListSilos(harness.messages().ListSilosRequest(), timeout=30)
        self.assertEqual(head, listed.position.revision)

    def expect_lost(self, server, known, head):
        """Readers and writers that lean on what is gone are told."""
        import grpc

        messages, stub = harness.messages(), server.stub()
        with self.assertRaises(grpc.RpcError) as raised:
            stub.GetSilo(messages.GetSiloRequest(silo_id="silo-1", min_position=known.position), timeout=30)
        self.assertEqual(("ABORTED", "HISTORY_LOST"), harness.error_info(raised.exception)[:2])
        beat = messages.HeartbeatRequest(silo_id="silo-12", incarnation=known.silo.incarnation)
        with self.assertRaises(grpc.RpcError) as raised:
            stub.Heartbeat(beat, timeout=30)
        self.assertEqual(("NOT_FOUND", "SILO_NOT_FOUND"), harness.error_info(raised.exception)[:2])
        update = messages.UpdateSiloRequest(silo_id="silo-1", if_match=f"30.{known.position.token:016x}")
        update.silo.port, update.update_mask.paths[:] = 1, ["port"]
        with self.assertRaises(grpc.RpcError) as raised:
            stub.UpdateSilo(update, timeout=30)
        self.assertEqual(("ABORTED", "ETAG_MISMATCH"), harness.error_info(raised.exception)[:2])


if __name__ == "__main__":
    harness.main()
