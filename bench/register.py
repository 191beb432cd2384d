"""Durable registrations and look-ups, 10 connections with 10 calls each: qvtd on sqlite beside etcd."""

import etcd
import pb
import table
import tracker
from rounds import cpu_per_call, interleaved, starting

CONNECTIONS, STREAMS = 10, 10
SILOS = 10000
FOUND = 3
SIZES = [("3 types", 3), ("50 types", tracker.LARGE_TYPES)]
COLUMNS = ["CPU us/call", "calls/s", "RSS MiB"]


class Contender:
    """A server and the two things asked of it: its path, its file of requests, a field made unique or none."""

    def __init__(self, name, server, port):
        self.name, self.server, self.port = name, server, port
        self.writes, self.read = {}, None

    def calls(self, loads, what, count):
        path, file, *unique = what
        words = [self.port, path, file, CONNECTIONS, STREAMS, count, *unique]
        return lambda: loads.run("calls", *words)[0]

    def measure(self, loads, what, count):
        return cpu_per_call(self.server, self.calls(loads, what, count))


def for_qvtd(one, work, messages):
    contender = Contender("qvtd", one.server, one.port)
    for name, types in SIZES:
        requests = [tracker.registration(silo) for silo in tracker.silos(messages, types, SILOS)]
        file = pb.write_messages(work / f"register-{types}", requests)
        contender.writes[name] = (tracker.SERVICE + "RegisterSilo", file, tracker.INSTANCE_FIELD)
    question = messages.FindCompatibleSilosRequest(actor_type="Acme.Shop.Found", version="2.1.0")
    file = pb.write_messages(work / "find", [question.SerializeToString()])
    contender.read = (tracker.SERVICE + "FindCompatibleSilos", file)
    for number in range(FOUND):
        silo = messages.quark_dot_version_dot_v1_dot_silo__pb2.SiloInfo(silo_id=f"found-{number}", address="a", port=1)
        silo.actor_type_versions["Acme.Shop.Found"].version = "2.1.0"
        silo.lease_ttl.FromSeconds(tracker.LEASE_SECONDS)
        one.register(silo.SerializeToString())
    one.close()
    return contender


def for_etcd(one, loads, work, messages):
    contender = Contender("etcd", one.server, one.port)
    # A silo has a lease of its own: with thousands of keys on one, etcd spends its time on that lease.
    grants = [etcd.grant(number + 1, tracker.LEASE_SECONDS) for number in range(SILOS)]
    file = pb.write_messages(work / "grants", grants)
    loads.run("calls", one.port, etcd.GRANT, file, CONNECTIONS, STREAMS, SILOS)
    for name, types in SIZES:
        silos = tracker.silos(messages, types, SILOS)
        puts = [etcd.put(f"silo/{tracker.silo_id(number)}", silo, number + 1) for number, silo in enumerate(silos)]
        contender.writes[name] = (etcd.PUT, pb.write_messages(work / f"put-{types}", puts))
    for number in range(FOUND):
        one.call(etcd.PUT, etcd.put(f"found/{number}", tracker.silos(messages, 1, 1)[0]))
    question = pb.text(1, "found/") + pb.text(2, "found0")
    contender.read = (etcd.RANGE, pb.write_messages(work / "range", [question]))
    return contender


def measure(contenders, loads, choose, rounds, seconds, warm_calls):
    """Medians by name; `choose` picks the contender's question, a warm-up sets how often it is asked."""
    measures = {}
    for one in contenders:
        rate = one.measure(loads, choose(one), warm_calls)["rate"]
        count = max(int(rate * seconds), CONNECTIONS * STREAMS * 4)
        measures[one.name] = lambda one=one, count=count: one.measure(loads, choose(one), count)
    return interleaved(measures, rounds)


def print_figures(title, contenders, figures, notes, missing):
    peer = figures.get("etcd", {}).get("cpu_us")
    table.print_title(title, *COLUMNS)
    for one in contenders:
        each = figures[one.name]
        cells = [f"{each['cpu_us']:.2f}", f"{each['rate']:.0f}", f"{one.server.rss_mib():.1f}"]
        table.print_row(one.name, COLUMNS, *cells, note=notes(each, peer) if one.name == "qvtd" else "")
    table.print_missing(missing)


def register_goal(each, peer):
    share = table.beside("etcd", 12, each["cpu_us"], 48.5, peer)
    return table.at_most(12, each["cpu_us"], "us") + share + "; " + table.at_least(40000, each["rate"], "/s")


def find_goal(each, peer):
    return table.at_most(2.4, each["cpu_us"], "us") + table.beside("etcd", 2.4, each["cpu_us"], 49, peer)


def no_goal(_each, _peer):
    return ""


def run(bench):
    """Prints a table for each operation; returns what did not run, as sentences."""
    missing, work = [], bench.folder("register")
    rounds, seconds = (1, 0.3) if bench.quick else (3, 2.0)
    servers = [tracker.Tracker(bench.qvtd, work, bench.messages)]
    peer = starting(missing, "etcd", lambda: etcd.Etcd(work))
    servers += [peer] if peer else []
    try:
        contenders = [for_qvtd(servers[0], work, bench.messages)]
        contenders += [for_etcd(peer, bench.loads, work, bench.messages)] if peer else []
        figures = measure(contenders, bench.loads, lambda one: one.read, rounds, seconds, 5000)
        title = f"find (etcd: range), {FOUND} silos in the answer, 10 x 10"
        print_figures(title, contenders, figures, find_goal, missing)
        for name, types in SIZES:
            figures = measure(contenders, bench.loads, lambda one, name=name: one.writes[name], rounds, seconds, 10000)
            size = len(tracker.silos(bench.messages, types, 1)[0])
            title = f"durable register (etcd: put with lease), silos of {name}, {size} bytes, 10 x 10"
            print_figures(title, contenders, figures, register_goal if types == 3 else no_goal, missing)
    finally:
        for server in servers:
            server.stop()
    return missing
