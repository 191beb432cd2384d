"""Reading all silos of 4 KB: qvtd page by page beside etcd's range and Redis's SCAN and GET."""

import etcd
import pb
import redis
import table
import tracker
from rounds import interleaved, medians, starting

GOALS_MS = {1000: (2.0, 13.8), 10000: (20.0, 154)}  # of qvtd, and what etcd took beside it
COLUMNS = ["ms", "CPU ms", "MiB", "pages"]


def fill_qvtd(bench, one, work, count):
    requests = [tracker.registration(silo) for silo in tracker.silos(bench.messages, tracker.LARGE_TYPES, count)]
    file = pb.write_messages(work / "registrations", requests)
    bench.loads.run(
        "calls", one.port, tracker.SERVICE + "RegisterSilo", file, 10, 10, count, tracker.INSTANCE_FIELD
    )


def fill_etcd(bench, one, work, count):
    silos = tracker.silos(bench.messages, tracker.LARGE_TYPES, count)
    puts = [etcd.put(etcd.PREFIX + tracker.silo_id(number).encode(), silo) for number, silo in enumerate(silos)]
    bench.loads.run("calls", one.port, etcd.PUT, pb.write_messages(work / "puts", puts), 10, 10, count)


def fill_redis(bench, one, count):
    silos = tracker.silos(bench.messages, tracker.LARGE_TYPES, count)
    one.set_all({f"silo:{tracker.silo_id(number)}": silo for number, silo in enumerate(silos)})


def measure_one(bench, server, count, program, *words):
    """The median of a few lists in a row, and the server's CPU time for one."""
    repeats = 3 if bench.quick else 5
    before = server.cpu_us()
    each = bench.loads.run(program, *words, repeats)
    if any(one["items"] != count for one in each):
        raise RuntimeError(f"{server.name} listed {[one['items'] for one in each]} silos of {count}")
    done = medians(each)
    done["cpu_ms"] = (server.cpu_us() - before) / (repeats + 1) / 1000
    return done


def measures_of(bench, work, count, qvtd, keeper, cache):
    everything = pb.write_messages(work / "list", [b""])
    words = [qvtd.port, tracker.SERVICE + "ListSilos", everything, 4, 8, 5]
    measures = {"qvtd": lambda: measure_one(bench, qvtd.server, count, "pages", *words)}
    if keeper:
        prefix = pb.write_messages(work / "range", [etcd.read_all()])
        of_etcd = [keeper.port, etcd.RANGE, prefix, etcd.KVS_FIELD, 15, 15]
        measures["etcd range"] = lambda: measure_one(bench, keeper.server, count, "pages", *of_etcd)
    if cache:
        for way in ("single", "pipelined"):
            of_redis = [cache.port, "silo:", way]
            measures[f"Redis scan + get, {way}"] = lambda of_redis=of_redis: measure_one(
                bench, cache.server, count, "redis_list", *of_redis
            )
    return measures


def print_list(count, size, figures):
    table.print_title(f"list of {count} silos of {size} bytes, default page size and flags", *COLUMNS)
    goal, peer_goal = GOALS_MS[count]
    peer = figures["etcd range"]["seconds"] * 1000 if "etcd range" in figures else None
    for name, each in figures.items():
        took = each["seconds"] * 1000
        cells = [f"{took:.2f}", f"{each['cpu_ms']:.2f}", f"{each['bytes'] / 2**20:.1f}", f"{each['pages']:.0f}"]
        note = table.at_most(goal, took, "ms") + table.beside("etcd", goal, took, peer_goal, peer)
        table.print_row(name, COLUMNS, *cells, note=note if name == "qvtd" else "")


def run_count(bench, count):
    missing, work = [], bench.folder("list")
    qvtd = tracker.Tracker(bench.qvtd, work, bench.messages)
    keeper = starting(missing, "etcd", lambda: etcd.Etcd(work))
    cache = starting(missing, "Redis", lambda: redis.Redis(work))
    try:
        fill_qvtd(bench, qvtd, work, count)
        if keeper:
            fill_etcd(bench, keeper, work, count)
        if cache:
            fill_redis(bench, cache, count)
        figures = interleaved(measures_of(bench, work, count, qvtd, keeper, cache), 1 if bench.quick else 5)
        print_list(count, len(tracker.silos(bench.messages, tracker.LARGE_TYPES, 1)[0]), figures)
        table.print_missing(missing)
    finally:
        for server in (qvtd, keeper, cache):
            if server:
                server.stop()
    return missing


def run(bench):
    """Prints a table for each size; returns what did not run, as sentences."""
    missing = []
    for count in GOALS_MS:
        missing += run_count(bench, count)
    return missing
