#!/usr/bin/python3
"""The judge of the fault tests must refuse histories that break the promise: each case is one that is true, with one fault."""

import copy
import unittest

import history as judged

STORE = "a" * 32
OTHER = "b" * 32


class TestJudge(unittest.TestCase):
    def setUp(self):
        """Three writes one after the other, a read after each, a watcher that saw all."""
        self.history = judged.History()
        self.changes = {}
        for revision in (1, 2, 3):
            position = (STORE, revision, revision * 11)
            self.history.writes.append((revision * 10, revision * 10 + 1, "s", revision, position))
            self.history.reads.append((revision * 10 + 2, revision * 10 + 3, "s", revision, position))
            self.changes[revision] = revision * 11
        self.watcher = judged.Watcher([], None)
        self.watcher.events = [("reset", STORE, 0, 0, 0), ("walk_end", STORE, 0, 0, 0)]
        self.watcher.events += [("change", STORE, n, n * 11, (n - 1) * 11) for n in (1, 2, 3)]
        self.history.watchers = [self.watcher]

    def judge(self, **more):
        return self.history.judge(STORE, self.changes, **more)

    def refused(self, why, **more):
        with self.assertRaisesRegex(AssertionError, why):
            self.judge(**more)

    def change_write(self, index, **fields):
        names = ("began", "ended", "silo", "number", "position")
        write = dict(zip(names, self.history.writes[index]), **fields)
        self.history.writes[index] = tuple(write[name] for name in names)

    def change_read(self, index, **fields):
        names = ("began", "ended", "silo", "number", "position")
        read = dict(zip(names, self.history.reads[index]), **fields)
        self.history.reads[index] = tuple(read[name] for name in names)

    def test_a_true_history_is_accepted(self):
        self.assertEqual(self.judge(), [])

    def test_a_lost_write_is_refused(self):
        self.changes = {1: 11, 2: 22}
        self.refused("is missing")

    def test_a_write_replaced_by_another_is_refused(self):
        self.changes[2] = 999
        self.refused("is not in the history")

    def test_a_write_of_a_closed_store_id_is_a_loss_that_must_be_allowed(self):
        self.change_write(2, position=(OTHER, 3, 33))
        del self.changes[3]
        self.history.reads.pop()
        self.watcher.events.pop()
        self.refused("closed store_id")
        self.assertEqual(len(self.judge(may_lose=True)), 1)

    def test_a_write_lost_within_its_store_id_is_refused_though_losses_are_allowed(self):
        self.changes = {1: 11, 2: 22}
        self.refused("is missing", may_lose=True)

    def test_a_revision_given_twice_is_refused(self):
        self.change_write(2, position=(STORE, 2, 77))
        self.refused("two changes at")

    def test_a_revision_that_does_not_rise_is_refused(self):
        first, second = self.history.writes[0][4], self.history.writes[1][4]
        self.change_write(0, position=second)
        self.change_write(1, position=first)
        self.refused("was acknowledged")

    def test_a_stale_linearisable_read_is_refused(self):
        self.change_read(2, number=2, position=(STORE, 2, 22))
        self.refused("before a read that saw 2")

    def test_a_read_at_a_position_that_was_passed_is_refused(self):
        self.change_read(2, silo="another", number=0, position=(STORE, 2, 22))
        self.refused("a read at")

    def test_a_read_of_what_nobody_wrote_is_refused(self):
        self.change_read(1, number=3)
        self.refused("but only 2 was asked")

    def test_a_gap_at_a_watcher_is_refused(self):
        del self.watcher.events[3]
        self.refused("follows")

    def test_a_change_told_twice_is_refused(self):
        self.watcher.events.append(copy.copy(self.watcher.events[-1]))
        self.refused("follows")

    def test_a_change_of_another_history_is_refused(self):
        kind, _, revision, token, previous = self.watcher.events[-1]
        self.watcher.events[-1] = (kind, OTHER, revision, token, previous)
        self.refused("follows")

    def test_a_change_whose_predecessor_was_another_is_refused(self):
        kind, store_id, revision, token, _ = self.watcher.events[-1]
        self.watcher.events[-1] = (kind, store_id, revision, token, 5)
        self.refused("follows")

    def test_progress_past_what_was_told_is_refused(self):
        self.watcher.events.append(("progress", STORE, 4, 44, 0))
        self.refused("progress at 4")

    def test_a_watcher_may_be_reset_instead(self):
        del self.watcher.events[3]
        self.watcher.events[3:3] = [("reset", STORE, 2, 0, 0), ("walk_end", STORE, 2, 22, 0)]
        self.assertEqual(self.judge(), [])

    def test_another_store_id_without_a_reset_is_refused(self):
        self.watcher.events.append(("change", OTHER, 1, 5, 0))
        self.refused("follows")

    def test_an_incarnation_given_twice_is_refused(self):
        self.history.incarnations = [("s", b"one", 7), ("s", b"two", 7)]
        self.refused("incarnation 7")
        self.history.incarnations = [("s", b"one", 7), ("s", b"one", 7), ("s", b"two", 8)]
        self.assertEqual(self.judge(), [])


if __name__ == "__main__":
    unittest.main()
