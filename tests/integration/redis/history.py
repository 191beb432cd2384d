"""Judges what clients saw: writes with their outcome, linearisable reads, watchers."""

import bisect
import threading
import time


class History:
    """What every client did and saw, in the time of this process."""

    def __init__(self):
        self.lock = threading.Lock()
        self.writes = []  # (began, ended, silo, number, (store_id, revision, token) or None when not acknowledged)
        self.reads = []  # (began, ended, silo, number or None, (store_id, revision, token))
        self.watchers = []
        self.incarnations = []  # (silo, instance id, incarnation) as answered

    def registered(self, silo, instance_id, incarnation):
        with self.lock:
            self.incarnations.append((silo, instance_id, incarnation))

    def write(self, began, silo, number, position):
        with self.lock:
            self.writes.append((began, time.monotonic(), silo, number, position))

    def read(self, began, silo, number, position):
        with self.lock:
            self.reads.append((began, time.monotonic(), silo, number, position))

    def acknowledged(self):
        return [write for write in self.writes if write[4] is not None]

    def judge(self, final_store_id, final_changes, may_lose=False):
        """final_changes: revision → token of the whole history of the store that is left."""
        self._revisions_are_unique()
        self._order_is_that_of_time()
        lost = self._acknowledged_is_there(final_store_id, final_changes, may_lose)
        self._reads_are_linearisable()
        self._incarnations_are_unique()
        for watcher in self.watchers:
            watcher.judge()
        return lost

    def _revisions_are_unique(self):
        tokens = {}
        for write in self.acknowledged():
            store_id, revision, token = write[4]
            assert tokens.setdefault((store_id, revision), token) == token, f"two changes at {store_id} {revision}"

    def _incarnations_are_unique(self):
        """Two instances of a silo never have the same, whatever was lost in between."""
        owners = {}
        for silo, instance_id, incarnation in self.incarnations:
            owner = owners.setdefault((silo, incarnation), instance_id)
            assert owner == instance_id, f"incarnation {incarnation} of {silo} was given to two instances"

    def _order_is_that_of_time(self):
        """A write that began after another ended has a higher revision."""
        for store_id in {write[4][0] for write in self.acknowledged()}:
            writes = [write for write in self.acknowledged() if write[4][0] == store_id]
            ends = sorted((write[1], write[4][1]) for write in writes)
            highest, index = 0, 0
            for began, _, _, _, position in sorted(writes, key=lambda write: write[0]):
                while index < len(ends) and ends[index][0] < began:
                    highest = max(highest, ends[index][1])
                    index += 1
                assert position[1] > highest, f"{position} began after {highest} was acknowledged"

    def _acknowledged_is_there(self, final_store_id, final_changes, may_lose):
        lost = []
        for write in self.acknowledged():
            store_id, revision, token = write[4]
            if store_id != final_store_id:
                lost.append(write)
            elif revision in final_changes:
                assert final_changes[revision] == token, f"{write} is not in the history"
            else:
                # Trimmed, or from before the history of this store_id was forgotten.
                assert not final_changes or revision < min(final_changes), f"{write} is missing"
        assert may_lose or not lost, f"{len(lost)} writes belong to a closed store_id, the first {lost[0]}"
        return lost

    def _reads_are_linearisable(self):
        """A read shows what was acknowledged before it began, and nothing that was asked after it ended."""
        by_silo, newest = {}, {}
        for write in self.writes:
            by_silo.setdefault(write[2], []).append(write)
        for write in sorted(self.acknowledged(), key=lambda write: write[1]):
            ends, heads = newest.setdefault(write[4][0], ([], []))
            ends.append(write[1])
            heads.append(max(write[4][1], heads[-1] if heads else 0))
        for began, ended, silo, number, position in self.reads:
            own = by_silo.get(silo, [])
            least = max((w[3] for w in own if w[4] and w[4][0] == position[0] and w[1] < began), default=0)
            assert number >= least, f"{silo} was written {least} before a read that saw {number} at {position}"
            begun = max((w[3] for w in own if w[0] < ended), default=0)
            assert number <= begun, f"{silo} shows {number}, but only {begun} was asked"
            ends, heads = newest.get(position[0], ([], []))
            before = bisect.bisect_left(ends, began)
            assert before == 0 or position[1] >= heads[before - 1], (
                f"a read at {position} began after {heads[before - 1]} was acknowledged"
            )


class Watcher:
    """Follows a watch from wherever it is; gapless by revision and token, or reset. Changes replica when one is gone."""

    def __init__(self, servers, messages):
        self.servers = servers
        self.messages = messages
        self.events = []  # ("reset" | "change", store_id, revision, token, previous_token)
        self.position = None
        self.stopping = False
        self.resets = 0
        self.call = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def _requests(self, done):
        request = self.messages.WatchRequest()
        if self.position is not None:
            request.resume_after.CopyFrom(self.position)
        yield request
        done.wait()

    def _run(self):
        import grpc

        turn = 0
        while not self.stopping:
            done = threading.Event()
            try:
                self.call = self.servers[turn % len(self.servers)].stub().Watch(self._requests(done), timeout=300)
                for response in self.call:
                    self._take(response)
                    if self.stopping:
                        break
            except (grpc.RpcError, OSError):
                turn += 1
                time.sleep(0.05)
            finally:
                done.set()
                if self.call is not None:
                    self.call.cancel()

    def _take(self, response):
        kind = response.WhichOneof("event")
        if kind == "reset":
            self.resets += 1
            self.events.append(("reset", response.position.store_id, response.position.revision, 0, 0))
        elif kind == "change":
            change = response.change
            position = change.position
            self.events.append(("change", position.store_id, position.revision, position.token, change.previous_token))
            self.position = position
        elif kind in ("walk_end", "progress"):
            self.events.append((kind, response.position.store_id, response.position.revision,
                                response.position.token, 0))
            self.position = response.position

    def stop(self):
        self.stopping = True
        if self.call is not None:
            self.call.cancel()
        self.thread.join(10)

    def judge(self):
        last = None
        for kind, store_id, revision, token, previous in self.events:
            if kind == "reset":
                last = None
            elif kind == "change":
                if last is not None and last[1] > 0:
                    assert (store_id, revision, previous) == (last[0], last[1] + 1, last[2]), (
                        f"{store_id} {revision} follows {last}"
                    )
                last = (store_id, revision, token)
            elif kind == "walk_end":
                last = (store_id, revision, token)
            elif last is not None:
                assert (store_id, revision, token) == last, f"progress at {revision} after {last}"
