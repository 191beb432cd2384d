"""Silos that write and read through several replicas while something goes wrong, and the judgement of it."""

import hashlib
import threading
import time

import grpc

import history as judged
from redis_harness import harness, until

LABEL = "n"
LEASE_MS = 4000  # of the silos of Beats


def key(position):
    return (position.store_id, position.revision, position.token)


class Workload:
    """writers threads a replica; each has silos of its own, registers and labels them one after the other."""

    def __init__(self, servers, silos=12, writers=3, readers=1, watchers=1, lease_s=60):
        self.servers = servers
        self.lease_s = lease_s
        self.messages = harness.messages()
        self.history = judged.History()
        self.stopping = threading.Event()
        self.committed = [0] * len(servers)
        # Of others: when a replica last committed itself, and the most that it had to wait for.
        self.overtaken = [0] * len(servers)
        self.longest_wait = [0] * len(servers)
        self.failures = {}
        self.threads = []
        self.all_silos = []
        for index, _ in enumerate(servers):
            for writer in range(writers):
                own = [f"silo-{index}-{writer}-{i}" for i in range(silos // writers)]
                self.all_silos += own
                self.threads.append(threading.Thread(target=self._write, args=(index, own), daemon=True))
            for _ in range(readers):
                self.threads.append(threading.Thread(target=self._read, args=(index,), daemon=True))
        for i in range(watchers):
            turned = servers[i % len(servers):] + servers[:i % len(servers)]
            self.history.watchers.append(judged.Watcher(turned, self.messages))

    def start(self):
        for thread in self.threads + self.history.watchers:
            thread.start()
        return self

    def _failed(self, error):
        info = harness.error_info(error)
        name = f"{info[0]} {info[1] or ''}".strip()
        self.failures[name] = self.failures.get(name, 0) + 1

    def _write(self, index, silos):
        number = 0
        while not self.stopping.is_set():
            number += 1
            for silo in silos:
                if self.stopping.is_set():
                    return
                info = self.messages.SiloInfo(silo_id=silo, address="10.0.0.1", port=9000, labels={LABEL: str(number)})
                request = self.messages.RegisterSiloRequest(silo=info)
                request.silo.lease_ttl.FromSeconds(self.lease_s)
                # A process lives for three of them.
                request.instance_id = hashlib.md5(f"{silo} {number // 3}".encode()).digest()
                began = time.monotonic()
                try:
                    answer = self.servers[index].stub().RegisterSilo(request, timeout=10)
                except (grpc.RpcError, ValueError) as error:
                    if isinstance(error, grpc.RpcError):
                        self._failed(error)
                    self.history.write(began, silo, number, None)
                    self.stopping.wait(0.05)
                    continue
                self.history.write(began, silo, number, key(answer.position))
                self.history.registered(silo, request.instance_id, answer.silo.incarnation)
                others = sum(self.committed) - self.committed[index]
                self.longest_wait[index] = max(self.longest_wait[index], others - self.overtaken[index])
                self.overtaken[index] = others
                self.committed[index] += 1

    def _read(self, index):
        turn = 0
        while not self.stopping.wait(0.02):
            turn += 1
            silo = self.all_silos[turn * 7 % len(self.all_silos)]
            request = self.messages.GetSiloRequest(silo_id=silo, linearizable=True)
            began = time.monotonic()
            try:
                answer = self.servers[index].stub().GetSilo(request, timeout=10)
                self.history.read(began, silo, int(answer.silo.labels[LABEL]), key(answer.position))
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.NOT_FOUND:
                    self._failed(error)
            except ValueError:
                pass

    def progress(self, more=20, timeout_s=60):
        """Waits until every replica has committed so many more."""
        before = list(self.committed)
        try:
            until(lambda: all(now >= then + more for now, then in zip(self.committed, before)), timeout_s, "more commits")
        except AssertionError as error:
            raise AssertionError(f"{error}: from {before} to {self.committed}, failed: {self.failures}") from None

    def progress_of_some(self, more=20, timeout_s=60):
        """Waits until the replicas together have committed so many more."""
        before = sum(self.committed)
        until(lambda: sum(self.committed) >= before + more, timeout_s, "more commits")

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(15)

    def judge(self, may_lose=False):
        """Ends everything, and holds what was seen against the history that is left. Returns the writes that were lost."""
        self.stop()
        status = self.servers[0].stub().GetClusterStatus(
            self.messages.GetClusterStatusRequest(linearizable=True), timeout=10
        )
        for watcher in self.history.watchers:
            until(lambda: watcher.position is not None and key(watcher.position) == key(status.position), 60,
                  "the watcher at the head")
            watcher.stop()
        changes = {}
        for watcher in self.history.watchers:
            for event in watcher.events:
                if event[0] == "change" and event[1] == status.position.store_id:
                    assert changes.setdefault(event[2], event[3]) == event[3], f"two changes at {event[2]}"
        return self.history.judge(status.position.store_id, changes, may_lose)


class Beats:
    """Silos that send a heartbeat every third of their lease, each time through the next replica."""

    def __init__(self, servers, silos):
        self.servers, self.silos = servers, silos
        self.messages = harness.messages()
        self.stopping = threading.Event()
        self.refused = []
        self.rounds = 0
        self.thread = threading.Thread(target=self._run, daemon=True)
        for silo in silos:
            register(servers[0], silo)

    def start(self):
        self.thread.start()
        return self

    def _run(self):
        while not self.stopping.wait(LEASE_MS / 4000):
            self.rounds += 1
            stub = self.servers[self.rounds % len(self.servers)].stub()
            for silo in self.silos:
                try:
                    beat(stub, silo)
                except grpc.RpcError as error:
                    self.refused.append(harness.error_info(error))

    def more(self, rounds):
        wanted = self.rounds + rounds
        until(lambda: self.rounds >= wanted or self.refused, 60, "more heartbeats")
        assert not self.refused, self.refused

    def stop(self):
        self.stopping.set()
        self.thread.join(10)


def beat(stub, silo):
    """A heartbeat as a silo sends it: while the store is slow to answer it is sent again. Whatever else is raised."""
    def is_answered():
        try:
            return stub.Heartbeat(harness.messages().HeartbeatRequest(silo_id=silo), timeout=10)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            return None

    return until(is_answered, what="an answer to a heartbeat")


def register(server, silo, actor_type=None, lease_ms=LEASE_MS):
    messages = harness.messages()
    request = messages.RegisterSiloRequest(silo=messages.SiloInfo(silo_id=silo, address="10.0.0.1", port=1))
    if actor_type:
        request.silo.actor_type_versions[actor_type].version = "1.0.0"
    request.silo.lease_ttl.FromMilliseconds(lease_ms)
    return server.stub().RegisterSilo(request, timeout=10).silo.incarnation
