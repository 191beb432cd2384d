"""qvtd on Redis: writes and heartbeats, two and three replicas, and what the original asks of Redis beside it.

Redis keeps its file and flushes it with every write, as docker/compose.ha.yaml has it."""

import shutil
import tempfile
import threading
from pathlib import Path

import heartbeat
import listing
import pb
import redis
import table
import tracker
import watching
from process import LOAD_CORE, SERVER_CORE
from rounds import interleaved, medians

CONNECTIONS, STREAMS = 10, 10
SILOS = 10000
TYPES = 3
# One unanswered on each stream, as silos have it.
HEARTBEATS = [heartbeat.Shape(10, 1, 1), heartbeat.Shape(10, 100, 1)]
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
ALL_CORES = f"{SERVER_CORE},{LOAD_CORE}"


class Deployment:
    """One Redis and so many qvtd on it; every process on the cores given."""

    def __init__(self, bench, name, count, core=SERVER_CORE):
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=bench.work))
        self.trackers, self.redis = [], None
        try:
            self.redis = redis.Redis(self.folder, DURABLE, core)
            for number in range(count):
                work = self.folder / str(number)
                store = f"redis://127.0.0.1:{self.redis.port}"
                self.trackers.append(tracker.Tracker(bench.qvtd, work, bench.messages, store=store, core=core))
        except (OSError, RuntimeError):
            self.stop()
            raise

    def cpu_us(self):
        return self.redis.server.cpu_us(), sum(one.server.cpu_us() for one in self.trackers)

    def measured(self, load):
        """What load() cost a call, in Redis and in qvtd, and the rate; load() gives lines of load generators."""
        before = self.cpu_us()
        lines = load()
        calls = sum(each["calls"] for each in lines)
        cost = [(end - begin) / calls for begin, end in zip(before, self.cpu_us())]
        # They began together; the last to end says how long all of them took.
        return {"redis_us": cost[0], "cpu_us": cost[1], "rate": calls / max(each["seconds"] for each in lines)}

    def stop(self):
        for server in [*self.trackers, self.redis]:
            if server:
                server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def rounds_of(bench, seconds=2.0):
    return (1, 0.3) if bench.quick else (3, seconds)


def write_registrations(bench, file, prefix):
    body = tracker.silo_body(bench.messages, TYPES)
    silos = [pb.text(1, f"{prefix}-{number:06}") + body for number in range(SILOS)]
    return pb.write_messages(file, [tracker.registration(silo) for silo in silos])


def write_loads(bench, one):
    """Functions that register so many silos through each replica, each with silos of its own."""
    loads = []
    for number, each in enumerate(one.trackers):
        file = write_registrations(bench, one.folder / f"register-{number}", f"silo-{number}")
        words = [each.port, tracker.SERVICE + "RegisterSilo", file, CONNECTIONS, STREAMS]
        loads.append(lambda count, words=words: bench.loads.run("calls", *words, count, tracker.INSTANCE_FIELD)[0])
    return loads


def at_once(loads, count):
    """All loads, each in a thread that only waits for its process."""
    done = [None] * len(loads)

    def run(number):
        done[number] = loads[number](count)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(loads))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if None in done:
        raise RuntimeError("a load generator did not end well")
    return done


def measure_registrations(bench, one):
    rounds, seconds = rounds_of(bench)
    loads = write_loads(bench, one)
    rate = one.measured(lambda: at_once(loads, 2000))["rate"]
    count = max(int(rate * seconds / len(loads)), 1000)
    return medians([one.measured(lambda: at_once(loads, count)) for _ in range(rounds)])


def register_rows(bench):
    """One replica as the other stores are measured; three have every core, and share them with the load."""
    # With others at work on the machine the servers do not get the cores that the goal is for.
    columns = ["CPU us/call", "Redis us/call", "calls/s", "cores had"]
    table.print_title(f"register on Redis, appendfsync always, silos of {TYPES} types, 10 x 10 a replica", *columns)
    for count, core in ((1, SERVER_CORE), (3, ALL_CORES)):
        one = Deployment(bench, "register", count, core)
        try:
            each = measure_registrations(bench, one)
        finally:
            one.stop()
        name = "qvtd" if count == 1 else f"{count} replicas, all together"
        cells = [f"{each['cpu_us']:.2f}", f"{each['redis_us']:.2f}", f"{each['rate']:.0f}"]
        cells.append(f"{(each['cpu_us'] + each['redis_us']) * each['rate'] / 1e6:.2f}")
        note = table.at_least(10000, each["rate"], "/s") if count == 3 else ""
        table.print_row(name, columns, *cells, note=note)


def heartbeat_rows(bench):
    columns = ["CPU us/call", "Redis us/call", "calls/s"]
    rounds, seconds = rounds_of(bench)
    one = Deployment(bench, "heartbeat", 1)
    first = one.trackers[0]
    try:
        file = heartbeat.prepare_qvtd(first, one.folder, bench.messages)
        setex = heartbeat.prepare_redis(one.folder, bench.messages)

        def of_qvtd(shape, count):
            words = [first.port, heartbeat.STREAM_PATH, file, shape.connections, shape.streams, shape.unanswered, count]
            return started(bench, one, "streams", words)

        def of_redis(shape, count):
            words = [one.redis.port, *setex, shape.connections, shape.streams * shape.unanswered, count]
            return started(bench, one, "plain_calls", words)

        for shape in HEARTBEATS:
            each = {}
            for name, run_one in {"qvtd": of_qvtd, "Redis SETEX": of_redis}.items():
                count = max(int(run_one(shape, 2000)["rate"] * seconds), 1000)
                each[name] = lambda run_one=run_one, count=count: run_one(shape, count)
            many = f"{shape.connections} connections x {shape.streams} streams, {shape.unanswered} unanswered on each"
            table.print_title(f"heartbeat on Redis, appendfsync always, {many}", *columns)
            for name, done in interleaved(each, rounds).items():
                cost = f"{done['cpu_us']:.2f}" if name == "qvtd" else "-"
                cells = [cost, f"{done['redis_us']:.2f}", f"{done['rate']:.0f}"]
                table.print_row(name, columns, *cells)
    finally:
        one.stop()


def started(bench, one, program, words):
    load = bench.loads.start(program, *words)
    load.wait_until_ready()
    return one.measured(load.results)


def visible_row(bench):
    """From sending a write to one replica until a watcher on the other has it; and until one on the same has it."""
    columns = ["median ms", "least ms", "most ms"]
    rounds = 20 if bench.quick else 300
    one = Deployment(bench, "visible", 2)
    writer, other = one.trackers
    try:
        writer.register(tracker.silos(bench.messages, TYPES, 1)[0])
        writer.close()
        watch = pb.write_messages(one.folder / "watch", [bench.messages.WatchRequest().SerializeToString()])
        write = one.folder / "update"
        write.write_bytes(watching.update(bench.messages))
        table.print_title("a change on one of two replicas until a watcher has it, appendfsync always", *columns)
        for name, port in (("on the other", other.port), ("on the same", writer.port)):
            words = [port, tracker.SERVICE + "Watch", watch, 1, 1, tracker.SERVICE + "UpdateSilo", write, rounds]
            load = bench.loads.start("watch", *words, writer.port)
            load.wait_until_ready()
            lines = load.results()
            took_ms = sorted(each["last_us"] / 1000 for each in lines)
            median = medians(lines)["last_us"] / 1000
            note = table.at_most(5, median, "ms") if port == other.port else ""
            table.print_row(name, columns, f"{median:.2f}", f"{took_ms[0]:.2f}", f"{took_ms[-1]:.2f}", note=note)
    finally:
        one.stop()


def find_once(bench, one, first, file, count):
    """A find whose answer is all silos, one after the other."""
    calls = 5 if bench.quick else 20
    before = first.server.cpu_us()
    done = bench.loads.run("calls", first.port, tracker.SERVICE + "FindCompatibleSilos", file, 1, 1, calls)[0]
    cpu_ms = (first.server.cpu_us() - before) / calls / 1000
    return {"seconds": done["seconds"] / calls, "cpu_ms": cpu_ms, "bytes": done["bytes"] / calls}


def original_rows(bench, count):
    """The original keeps a key a silo and finds by reading them all: SCAN, then GET of each."""
    columns = ["ms", "CPU ms", "KiB"]
    one = Deployment(bench, "original", 1)
    first = one.trackers[0]
    try:
        listing.fill_qvtd(bench, first, one.folder, count)
        listing.fill_redis(bench, one.redis, count)
        question = bench.messages.FindCompatibleSilosRequest(actor_type="Acme.Shop.Domain.Actor00", version="2.1.0")
        file = pb.write_messages(one.folder / "find", [question.SerializeToString()])
        everything = pb.write_messages(one.folder / "list", [b""])
        pages = [first.port, tracker.SERVICE + "ListSilos", everything, 4, 8, 5]
        measures = {
            "qvtd on Redis, find": lambda: find_once(bench, one, first, file, count),
            "qvtd on Redis, list": lambda: listing.measure_one(bench, first.server, count, "pages", *pages),
        }
        for way in ("single", "pipelined"):
            words = [one.redis.port, "silo:", way]
            measures[f"original: scan + get, {way}"] = lambda words=words: listing.measure_one(
                bench, one.redis.server, count, "redis_list", *words
            )
        figures = interleaved(measures, 1 if bench.quick else 3)
    finally:
        one.stop()
    size = len(tracker.silos(bench.messages, tracker.LARGE_TYPES, 1)[0])
    table.print_title(f"all {count} silos of {size} bytes, found and listed, on one Redis", *columns)
    original = figures["original: scan + get, single"]["seconds"]
    for name, each in figures.items():
        note = f"{original / each['seconds']:.0f} x as fast as the original" if "qvtd" in name else ""
        cells = [f"{each['seconds'] * 1000:.2f}", f"{each['cpu_ms']:.2f}", f"{each['bytes'] / 1024:.0f}"]
        table.print_row(name, columns, *cells, note=note)


def run(bench):
    """Prints the tables; returns what did not run, as sentences."""
    missing = []
    parts = [register_rows, heartbeat_rows, visible_row]
    parts += [lambda bench, count=count: original_rows(bench, count) for count in listing.GOALS_MS]
    for part in parts:
        try:
            part(bench)
        except (OSError, RuntimeError) as fault:
            missing.append(f"qvtd on Redis was not measured: {fault}")
    return missing
