#!/usr/bin/python3
"""The clock of a real Redis is stepped: leases hold, incarnations rise, and who is gone still expires."""

import time

import redis_harness
from clock import SteppedClock
from redis_harness import RedisServer, harness, until
from workload import LEASE_MS, Beats, Workload, register

def is_dead(server, silo):
    messages = harness.messages()
    record = server.stub().GetSilo(messages.GetSiloRequest(silo_id=silo, linearizable=True), timeout=10).silo
    return messages.SiloStatus.Name(record.status) == "SILO_STATUS_DEAD"


class TestClock(redis_harness.TestCase):
    def deploy(self):
        self.clock = SteppedClock(self.folder)
        self.redis = self.use(RedisServer(environment=self.clock.environment))
        return [self.replica(self.redis.url, "--redis-timeout", "2s") for _ in range(2)]

    def step(self, ahead_s):
        self.clock.set_ahead_s(ahead_s)
        shown_s = int(self.redis.cli("TIME").split()[0])
        self.assertAlmostEqual(shown_s - time.time(), ahead_s, delta=5)

    def test_steps_both_ways_expire_nobody_who_renews(self):
        servers = self.deploy()
        load = Workload(servers, silos=6, lease_s=4).start()
        beats = Beats(servers, [f"steady-{i}" for i in range(3)]).start()
        # Within the hour for which the history is kept: the judge wants every change from the watchers.
        for ahead_s in (0, 60, 3000, 2900, 0, -60, 0):
            self.step(ahead_s)
            beats.more(5)
            load.progress(5)
        beats.stop()
        self.assertEqual([silo for silo in beats.silos if is_dead(servers[0], silo)], [])
        self.assertEqual(load.judge(), [])
        self.assertEqual([watcher.resets for watcher in load.history.watchers], [1])

    def test_a_step_forward_is_no_silence_of_a_silo_but_silence_is(self):
        servers = self.deploy()
        register(servers[0], "quiet")
        before = time.monotonic()
        self.step(600)
        until(lambda: is_dead(servers[1], "quiet"), what="the expiry")
        # The hold is as long as the longest lease, and begins with the first tick that sees the step.
        self.assertGreater(time.monotonic() - before, LEASE_MS / 1000 * 0.9)

    def test_a_step_back_does_not_make_a_lease_longer_for_ever(self):
        servers = self.deploy()
        register(servers[0], "quiet")
        self.step(-3600)
        until(lambda: is_dead(servers[1], "quiet"), what="the expiry")

    def test_incarnations_rise_though_the_clock_steps_back(self):
        servers = self.deploy()
        messages = harness.messages()
        last = 0
        for number, ahead_s in enumerate((0, 3600, -3600, 0)):
            self.step(ahead_s)
            for again in range(2):
                request = messages.RegisterSiloRequest(silo=messages.SiloInfo(silo_id="s", address="a", port=1))
                request.instance_id = bytes([number, again] * 8)
                answer = servers[again].stub().RegisterSilo(request, timeout=10)
                self.assertGreater(answer.silo.incarnation, last)
                last = answer.silo.incarnation


if __name__ == "__main__":
    redis_harness.main()
