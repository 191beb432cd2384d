#!/usr/bin/python3
"""A watch of libqvt against real trackers: in order, without gap, across broken connections, restarts and trackers."""

import os
import random
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402
from faults import Proxy, frozen  # noqa: E402
from watcher import PATIENCE_S, Watcher  # noqa: E402

CHANGES = 2000
CUTS = 25
PROGRESS = "--watch-progress=200ms"
SILENCE = "silence=1500"


def kinds(lines):
    return [line[0] for line in lines]


class Watch(harness.TestCase):
    def watch(self, *words):
        watcher = Watcher(*words)
        self.addCleanup(watcher.end)
        return watcher

    def register(self, server, silo_id, **versions):
        messages = harness.messages()
        info = messages.SiloInfo(silo_id=silo_id, address="10.0.0.1", port=9000)
        for name, version in versions.items():
            info.actor_type_versions[name].version = version
        request = messages.RegisterSiloRequest(silo=info)
        return server.stub().RegisterSilo(request, timeout=20, wait_for_ready=True).position

    def proxy(self, server):
        proxy = Proxy(server.grpc)
        self.addCleanup(proxy.close)
        return proxy

    def test_walk_then_changes_then_closed(self):
        server = self.serve(harness.LONG_LEASES, PROGRESS)
        self.register(server, "a", Order="1.0.0")
        watcher = self.watch(server.grpc)
        walk = watcher.until("end")
        self.assertEqual(["reset", "record", "end"], kinds(walk))
        self.assertEqual(["record", "1", "a", "Order=1.0.0"], walk[1])
        self.assertEqual("same", walk[0][3])
        position = self.register(server, "b", Order="1.0.0")
        change = watcher.until("change")[-1]
        self.assertEqual([str(position.revision), format(position.token, "x")], change[1:3])
        self.assertEqual(["puts", "b", "deletes", ""], change[5:])
        self.assertEqual(str(position.revision), watcher.until("progress", ())[-1][1])
        self.assertEqual("closed OK", watcher.close()[-1])

    def test_every_change_once_in_order_however_often_the_connection_breaks(self):
        seed = int(os.environ.get("QVT_SEED", random.randrange(1 << 32)))
        print(f"QVT_SEED={seed}", flush=True)
        chance = random.Random(seed)
        server = self.serve(harness.LONG_LEASES, PROGRESS)
        first = self.register(server, "silo-0", Order="1.0.0").revision
        proxy = self.proxy(server)
        watcher = self.watch(proxy.address)
        self.assertEqual(["reset", "record", "end"], kinds(watcher.until("end")))
        done = threading.Event()

        def write():
            for i in range(CHANGES):
                self.register(server, f"silo-{i % 50}", Order=f"1.0.{i + 1}")
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        cut_at = sorted(chance.randrange(first, first + CHANGES) for _ in range(CUTS))
        revision, previous, interrupted = first, None, 0
        while revision < first + CHANGES:
            line = watcher.next("progress")
            if line[0] == "interrupted":
                interrupted += 1
                continue
            self.assertEqual(("change", str(revision + 1)), (line[0], line[1]))
            self.assertIn(previous, (None, line[3]))
            revision, previous = revision + 1, line[2]
            while cut_at and revision >= cut_at[0]:
                cut_at.pop(0)
                proxy.cut()
        writer.join()
        self.assertTrue(done.is_set())
        self.assertGreater(interrupted, 0)

    def test_restart_on_the_same_store_is_no_reset(self):
        server = self.serve(harness.LONG_LEASES, PROGRESS, store=self.sqlite())
        self.register(server, "a", Order="1.0.0")
        watcher = self.watch(server.grpc)
        watcher.until("end")
        server.restart(crash=True, same_ports=True)
        self.assertEqual("interrupted", watcher.next("progress")[0])
        position = self.register(server, "b", Order="1.0.0")
        self.assertEqual(["change", str(position.revision)], watcher.next("progress", "interrupted")[:2])

    def test_restart_that_forgot_everything_is_a_new_store(self):
        server = self.serve(harness.LONG_LEASES, PROGRESS)
        self.register(server, "a", Order="1.0.0")
        watcher = self.watch(server.grpc)
        store = watcher.until("end")[-1][1]
        server.restart(crash=True, same_ports=True)
        reset = watcher.next("progress", "interrupted")
        self.assertEqual(("reset", "new"), (reset[0], reset[3]))
        self.assertNotEqual(store, reset[1])
        self.assertEqual(["end"], kinds(watcher.until("end")))
        self.register(server, "b", Order="1.0.0")
        self.assertEqual("b", watcher.until("change")[-1][6])

    def test_history_that_does_not_reach_back_is_a_walk(self):
        server = self.serve(harness.LONG_LEASES, PROGRESS, "--history-changes=10")
        self.register(server, "a", Order="1.0.0")
        proxy = self.proxy(server)
        watcher = self.watch(proxy.address)
        watcher.until("end")
        proxy.is_open = False
        proxy.cut()
        self.assertEqual("interrupted", watcher.next("progress")[0])
        for i in range(30):
            self.register(server, f"silo-{i}", Order="1.0.0")
        proxy.is_open = True
        walk = [line for line in watcher.until("end") if line[0] != "interrupted"]
        self.assertEqual("same", walk[0][3])
        self.assertEqual(["reset"] + ["record"] * 31 + ["end"], kinds(walk))

    def test_position_of_an_older_watch_is_gone_on_after(self):
        server = self.serve(harness.LONG_LEASES, PROGRESS)
        self.register(server, "a", Order="1.0.0")
        older = self.watch(server.grpc)
        _, store, revision, token = older.until("end")[-1]
        older.close()
        position = self.register(server, "b", Order="1.0.0")
        watcher = self.watch(f"from={store}/{revision}.{token}", server.grpc)
        self.assertEqual(["change", str(position.revision)], watcher.next("progress")[:2])

    def test_filter_by_type_and_by_silo(self):
        server = self.serve(harness.LONG_LEASES, PROGRESS)
        self.register(server, "a", Order="1.0.0")
        self.register(server, "b", Cart="1.0.0")
        by_type = self.watch("type=Order", server.grpc)
        by_silo = self.watch("silo=b", "silo-prefix=c-", server.grpc)
        self.assertEqual(["a"], [line[2] for line in by_type.until("end")[1:-1]])
        self.assertEqual(["b"], [line[2] for line in by_silo.until("end")[1:-1]])
        self.register(server, "c-1", Order="1.0.0")
        self.assertEqual("c-1", by_type.until("change")[-1][6])
        self.assertEqual("c-1", by_silo.until("change")[-1][6])
        # A silo that drops the type is gone from the filtered watch.
        self.register(server, "a", Cart="1.0.0")
        self.assertEqual(["puts", "", "deletes", "a"], by_type.until("change")[-1][5:])

    def test_next_tracker_is_watched_when_this_one_dies(self):
        server, other = self.serve(harness.LONG_LEASES, PROGRESS), self.serve(harness.LONG_LEASES, PROGRESS)
        self.register(server, "a", Order="1.0.0")
        self.register(other, "b", Order="1.0.0")
        watcher = self.watch(server.grpc, other.grpc)
        self.assertEqual(["a"], [line[2] for line in watcher.until("end")[1:-1]])
        server.kill()
        walk = [line for line in watcher.until("end") if line[0] != "interrupted"]
        self.assertEqual("new", walk[0][3])
        self.assertEqual(["b"], [line[2] for line in walk[1:-1]])

    def test_next_tracker_is_watched_when_this_one_stands_still(self):
        server, other = self.serve(harness.LONG_LEASES, PROGRESS), self.serve(harness.LONG_LEASES, PROGRESS)
        self.register(server, "a", Order="1.0.0")
        self.register(other, "b", Order="1.0.0")
        watcher = self.watch(SILENCE, server.grpc, other.grpc)
        watcher.until("end")
        with frozen(server):
            walk = [line for line in watcher.until("end") if line[0] != "interrupted"]
            self.assertEqual(["b"], [line[2] for line in walk[1:-1]])

    def test_watch_begins_before_its_tracker_does(self):
        server = harness.Server(args=[harness.LONG_LEASES, PROGRESS])
        port = harness.free_port()
        server.listen = (f"127.0.0.1:{port}", "127.0.0.1:0")
        watcher = self.watch(f"127.0.0.1:{port}")
        server.start()
        self.addCleanup(self._end, server)
        self.assertEqual(["reset", "end"], kinds(watcher.until("end")))

    def test_refused_watch_is_closed_for_good(self):
        server = self.serve(harness.LONG_LEASES, PROGRESS)
        watcher = self.watch("silo=" + "x" * 200, server.grpc)
        self.assertEqual(["closed", "INVALID_ARGUMENT"], watcher.next())
        self.assertEqual([], watcher.close())


if __name__ == "__main__":
    harness.main()
