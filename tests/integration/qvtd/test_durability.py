#!/usr/bin/python3
"""sqlite under fire: what was acknowledged is there after kill -9, a full disk refuses and keeps its records, one file has
one owner."""

import contextlib
import os
import random
import resource
import subprocess
import threading
import time

import harness

ROUNDS = 20
WORKERS = 8
SILOS_A_WORKER = 12


class Silo:
    """What its only writer was told of a silo, and what it asked for and was not told."""

    def __init__(self, name):
        self.name = name
        self.known = None  # SiloInfo of the last answer
        self.asked = None  # (kind, value) on its way when the server was killed
        self.counter = 0


class Worker:
    """Registers, updates and unregisters its silos, one call at a time, until the server is gone."""

    def __init__(self, server, number, rng):
        self.server = server
        self.messages = harness.messages()
        self.rng = rng
        self.silos = [Silo(f"w{number}-{i}") for i in range(SILOS_A_WORKER)]
        self.positions = []
        self.request_ids = 0

    def choose(self, silo):
        """The request, its kind and the value by which its effect is known."""
        silo.counter += 1
        alive = silo.known is not None and silo.known.status != self.messages.SILO_STATUS_DEAD
        kind = self.rng.choice(["register", "update", "update", "leave"]) if alive else "register"
        if kind == "leave":
            return kind, None, self.messages.UnregisterSiloRequest(silo_id=silo.name)
        info = self.messages.SiloInfo(silo_id=silo.name, address="10.0.0.1", port=9000)
        if kind == "register":
            info.actor_type_versions["Order"].version = f"1.{silo.counter}.0"
            return kind, f"1.{silo.counter}.0", self.messages.RegisterSiloRequest(silo=info)
        info.labels["n"] = str(silo.counter)
        request = self.messages.UpdateSiloRequest(silo_id=silo.name, silo=info)
        request.update_mask.paths.append("labels")
        return kind, str(silo.counter), request

    def run(self):
        import grpc

        stub = self.server.stub()
        send = {"register": stub.RegisterSilo, "update": stub.UpdateSilo, "leave": stub.UnregisterSilo}
        while True:
            silo = self.rng.choice(self.silos)
            kind, value, request = self.choose(silo)
            silo.asked = (kind, value)
            try:
                answer = send[kind](request, timeout=30)
            except grpc.RpcError:
                return
            silo.known, silo.asked = answer.silo, None
            self.positions.append(answer.position)

    def has_effect(self, found, asked):
        """Whether the record is what the unanswered request would have made of it."""
        kind, value = asked
        if kind == "leave":
            return found.status == self.messages.SILO_STATUS_DEAD
        if kind == "register":
            return found.actor_type_versions["Order"].version == value
        return found.labels.get("n") == value

    def check(self, records):
        """Each of its silos is as it was acknowledged, or as the one request in flight would have it."""
        for silo in self.silos:
            found = records.get(silo.name)
            same = (found is None and silo.known is None) or (
                found is not None and silo.known is not None and found.etag == silo.known.etag
            )
            if not same and (found is None or silo.asked is None or not self.has_effect(found, silo.asked)):
                raise AssertionError(f"{silo.name}: acknowledged {silo.known}, asked {silo.asked}, found {found}")
            if silo.known is not None and found.incarnation < silo.known.incarnation:
                raise AssertionError(f"{silo.name}: incarnation {found.incarnation} is below {silo.known.incarnation}")
            silo.known, silo.asked = found, None


class KillNine(harness.TestCase):
    def records(self, server):
        messages, found, token = harness.messages(), {}, ""
        while True:
            answer = server.stub().ListSilos(messages.ListSilosRequest(page_token=token, page_size=50), timeout=30)
            found.update({silo.silo_id: silo for silo in answer.silos})
            token = answer.next_page_token
            if not token:
                return found, answer.position

    def watch_revision(self, server, seen):
        """Reads the head as others would, for as long as the server lives."""
        import grpc

        messages, stub = harness.messages(), server.stub()
        while True:
            try:
                seen.append(stub.GetClusterStatus(messages.GetClusterStatusRequest(), timeout=30).position.revision)
            except grpc.RpcError:
                return

    def test_every_acknowledged_write_survives(self):
        seed = int(os.environ.get("QVT_TEST_SEED", time.time_ns() % 1000000))
        print(f"seed {seed}")
        rng = random.Random(seed)
        server = self.serve(harness.LONG_LEASES, "--history-changes=1000", store=self.sqlite())
        workers = [Worker(server, i, random.Random(rng.random())) for i in range(WORKERS)]
        acknowledged = 0
        for _ in range(ROUNDS):
            seen = []
            threads = [threading.Thread(target=worker.run) for worker in workers]
            threads.append(threading.Thread(target=self.watch_revision, args=(server, seen)))
            for thread in threads:
                thread.start()
            time.sleep(rng.uniform(0.05, 0.5))
            harness.until(lambda: sum(len(worker.positions) for worker in workers) > WORKERS, what="some answers")
            server.process.kill()
            for thread in threads:
                thread.join(harness.PATIENCE_S)
                self.assertFalse(thread.is_alive())
            server.restart(crash=True)
            acknowledged += self.expect_everything(server, workers, seen)
        print(f"{acknowledged} acknowledged writes")
        self.assertGreater(acknowledged, ROUNDS * WORKERS)

    def expect_everything(self, server, workers, seen):
        found, head = self.records(server)
        positions = [position for worker in workers for position in worker.positions]
        for worker in workers:
            worker.check(found)
            worker.positions = []
        if positions:
            newest = max(positions, key=lambda position: position.revision)
            self.assertEqual(newest.store_id, head.store_id)
            self.assertGreaterEqual(head.revision, newest.revision)
            self.expect_in_history(server, newest)
        self.assertGreaterEqual(head.revision, max(seen, default=0))
        return len(positions)

    def expect_in_history(self, server, position):
        """The position is a point of this history: same revision, same token."""
        messages = harness.messages()
        server.stub().ListSilos(messages.ListSilosRequest(page_size=1, min_position=position), timeout=30)

    def test_a_second_server_on_the_file_ends_with_2_and_harms_nothing(self):
        server = self.serve(harness.LONG_LEASES, store=self.sqlite())
        workers = [Worker(server, 0, random.Random(1))]
        thread = threading.Thread(target=workers[0].run)
        thread.start()
        command = [harness.BIN_DIR / "qvtd", "--store", self.sqlite(), "--grpc-listen=127.0.0.1:0", "--http-listen=127.0.0.1:0"]
        for _ in range(5):
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30)
            self.assertEqual((2, ""), (done.returncode, done.stdout))
            self.assertIn(f"{self.folder}/qvt.db", done.stderr)
        harness.until(lambda: workers[0].positions, what="an answer")
        server.process.kill()
        thread.join(harness.PATIENCE_S)
        server.restart(crash=True)
        self.assertGreater(self.expect_everything(server, workers, []), 0)


class FullDisk(harness.TestCase):
    def fill(self, server):
        """Registers silos until one is refused; those that were not, and the refusal."""
        import grpc

        messages, stub, taken = harness.messages(), server.stub(), []
        for i in range(20000):
            info = messages.SiloInfo(silo_id=f"silo-{i}", address="10.0.0.1", port=9000)
            info.labels.update({f"l{j}": "x" * 250 for j in range(40)})
            try:
                stub.RegisterSilo(messages.RegisterSiloRequest(silo=info), timeout=30)
            except grpc.RpcError as error:
                return taken, error
            taken.append(f"silo-{i}")
        self.fail("the disk is not full")
        return None

    def ids(self, server):
        messages, found, token = harness.messages(), [], ""
        while True:
            answer = server.stub().ListSilos(messages.ListSilosRequest(page_token=token), timeout=30)
            found += [silo.silo_id for silo in answer.silos]
            token = answer.next_page_token
            if not token:
                return sorted(found), answer.position.revision

    def expect_consistent(self, server, more_room):
        taken, error = self.fill(server)
        self.assertEqual("RESOURCE_EXHAUSTED", error.code().name, error.details())
        self.assertGreater(len(taken), 5)
        self.assertEqual((sorted(taken), len(taken)), self.ids(server))
        messages = harness.messages()
        server.stub().Heartbeat(messages.HeartbeatRequest(silo_id=taken[0]), timeout=30)
        more_room()
        answer = server.stub().UnregisterSilo(messages.UnregisterSiloRequest(silo_id=taken[0]), timeout=30)
        self.assertEqual(len(taken) + 1, answer.position.revision)
        server.restart(crash=True)
        self.assertEqual((sorted(taken), len(taken) + 1), self.ids(server))

    def test_a_file_that_may_not_grow_refuses_and_stays_consistent(self):
        server = harness.Server(self.sqlite(), [harness.LONG_LEASES])
        server.start()
        self.addCleanup(self._end, server)
        limit = 2 << 20
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        self.expect_consistent(
            server, lambda: resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
        )

    @contextlib.contextmanager
    def small_disk(self):
        path = f"{self.folder}/disk"
        os.mkdir(path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", path], capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("no permission to mount a small disk; the limit on the file's size stands for it")
        try:
            yield path
        finally:
            subprocess.run(["umount", path], check=True)

    def test_a_full_disk_refuses_and_stays_consistent(self):
        with self.small_disk() as path:
            with harness.Server(f"sqlite:{path}/qvt.db", [harness.LONG_LEASES]) as server:
                self.expect_consistent(
                    server, lambda: subprocess.run(["mount", "-o", "remount,size=32m", path], check=True)
                )


if __name__ == "__main__":
    harness.main()
