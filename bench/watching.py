"""From a committed change until the last watcher has it: qvtd beside bare send(), Redis, gRPC C++ and etcd.

A load generator cannot see the commit. It measures from sending the write until the last of N watchers has the change,
and the same with one watcher; the difference is the fan-out. Everybody's data is on tmpfs where there is one, so that
the write is not the disk's."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import etcd
import pb
import peers
import redis
import table
import tracker
from process import Server, free_port
from rounds import medians, starting

MARK = "mark-00000000"
COLUMNS = ["fan-out ms", "write to last", "to only one", "CPU ms", "KiB/watcher"]


@dataclass
class Shape:
    title: str
    connections: int
    streams: int  # on each connection
    goal_ms: float
    etcd_ms: float  # what etcd took beside the goal
    goal_kib: float = None


SHAPES = [
    Shape("a change to 1000 watchers on 1000 connections", 1000, 1, 13, 21.8, 16),
    Shape("a change to 900 watchers on one connection", 1, 900, 1.0, 9.3),
]


class Contender:
    """A server, and how a load generator watches it."""

    def __init__(self, name, server, program, *words, on_one=True):
        self.name, self.server, self.program, self.words = name, server, program, words
        self.on_one = on_one  # has many streams on one connection

    def measure(self, bench, connections, streams, rounds):
        """Medians over the rounds, and what the watchers cost in memory."""
        words = [word(connections, streams) if callable(word) else word for word in self.words]
        idle_mib = self.server.rss_mib()
        load = bench.loads.start(self.program, *words, rounds)
        load.wait_until_ready()
        kib = (self.server.rss_mib() - idle_mib) * 1024 / (connections * streams)
        before = self.server.cpu_us()
        done = medians(load.results())
        done["cpu_ms"] = (self.server.cpu_us() - before) / rounds / 1000
        done["kib"] = kib
        return done


def connections_word(connections, _streams):
    return connections


def streams_word(_connections, streams):
    return streams


def grpc_words(port, watch_path, watch_file, write_path, write_file):
    return [port, watch_path, watch_file, connections_word, streams_word, write_path, write_file]


def update(messages):
    """An UpdateSilo that changes a label."""
    request = messages.UpdateSiloRequest(silo_id=tracker.silo_id(0))
    request.silo.labels["mark"] = MARK
    request.update_mask.paths.append("labels")
    return request.SerializeToString()


def tracker_words(messages, work, port):
    watch = pb.write_messages(work / "watch", [messages.WatchRequest().SerializeToString()])
    write = work / "update"
    write.write_bytes(update(messages))
    return grpc_words(port, tracker.SERVICE + "Watch", watch, tracker.SERVICE + "UpdateSilo", write)


def start_qvtd(bench, work):
    one = tracker.Tracker(bench.qvtd, work, bench.messages)
    one.register(tracker.silos(bench.messages, 3, 1)[0])
    one.close()
    return Contender("qvtd", one.server, "watch", *tracker_words(bench.messages, work, one.port))


def start_etcd(bench, work):
    one = etcd.Etcd(work)
    watch, write = pb.write_messages(work / "etcd-watch", [etcd.watch_all()]), work / "put"
    silo = tracker.silos(bench.messages, 3, 1)[0]
    write.write_bytes(etcd.put(etcd.PREFIX + b"0", silo + MARK.encode()))
    return Contender("etcd", one.server, "watch", *grpc_words(one.port, etcd.WATCH, watch, etcd.PUT, write))


def start_redis(bench, work):
    one = redis.Redis(work)
    greeting, message = work / "subscribe", work / "publish"
    greeting.write_bytes(redis.command("SUBSCRIBE", "silos"))
    silo = tracker.silos(bench.messages, 3, 1)[0]
    message.write_bytes(redis.command("PUBLISH", "silos", silo + MARK.encode()))
    words = [one.port, greeting, connections_word, message]
    return Contender("Redis pub/sub", one.server, "plain_watch", *words, on_one=False)


def start_bare(bench, work):
    port = free_port()
    server = Server("bare send()", [peers.build_bare_send(bench.work), port], port, work / "bare.log")
    greeting, message = work / "hello", work / "message"
    greeting.write_bytes(b"W")
    message.write_bytes(tracker.silos(bench.messages, 3, 1)[0] + MARK.encode())
    words = [port, greeting, connections_word, message]
    return Contender("bare send()", server, "plain_watch", *words, on_one=False)


def start_cpp(bench, work):
    port = free_port()
    server = Server("gRPC C++", [peers.build_cpp(bench.work, "cpp_watch"), port], port, work / "cpp.log")
    return Contender("gRPC C++", server, "watch", *tracker_words(bench.messages, work, port))


def fan_out_ms(each):
    return (each["last_us"] - each["only_us"]) / 1000


def goals(shape, figures):
    """What qvtd must reach, as text."""
    each = figures["qvtd"]
    peer = fan_out_ms(figures["etcd"]) if "etcd" in figures else None
    note = table.at_most(shape.goal_ms, fan_out_ms(each), "ms")
    note += table.beside("etcd", shape.goal_ms, fan_out_ms(each), shape.etcd_ms, peer)
    return note + ("; " + table.at_most(shape.goal_kib, each["kib"], "KiB") if shape.goal_kib else "")


def print_shape(shape, figures):
    """Without a goal for it, the memory is not printed: freed memory of an earlier shape would be used again."""
    columns = COLUMNS if shape.goal_kib else COLUMNS[:-1]
    table.print_title(shape.title, *columns)
    for name, each in figures.items():
        cells = [f"{fan_out_ms(each):.2f}", f"{each['last_us'] / 1000:.2f}", f"{each['only_us'] / 1000:.2f}"]
        cells += [f"{each['cpu_ms']:.2f}", f"{each['kib']:.1f}"]
        table.print_row(name, columns, *cells[: len(columns)], note=goals(shape, figures) if name == "qvtd" else "")


def measure_one(bench, one, shape, rounds):
    done = one.measure(bench, shape.connections, shape.streams, rounds)
    done["only_us"] = one.measure(bench, 1, 1, rounds)["last_us"]
    return done


def measure_shape(bench, contenders, shape):
    """The memory is that of the first turn: freed memory of a turn is used again by the next."""
    turns, rounds = (1, 5) if bench.quick else (3, 15)
    taken = {one.name: [] for one in contenders}
    for _ in range(turns):
        for one in contenders:
            taken[one.name].append(measure_one(bench, one, shape, rounds))
    figures = {name: medians(each) for name, each in taken.items()}
    for name, each in taken.items():
        figures[name]["kib"] = each[0]["kib"]
    return figures


def run_in(bench, work):
    missing, contenders = [], []
    ways = [("qvtd", start_qvtd), ("bare send()", start_bare), ("Redis", start_redis)]
    ways += [("gRPC C++", start_cpp), ("etcd", start_etcd)]
    try:
        for name, start in ways:
            one = starting(missing, name, lambda start=start: start(bench, work))
            contenders += [one] if one else []
        for shape in SHAPES:
            taking_part = [one for one in contenders if one.on_one or shape.streams == 1]
            print_shape(shape, measure_shape(bench, taking_part, shape))
            table.print_missing(missing)
    finally:
        for one in contenders:
            one.server.stop()
    return missing


def run(bench):
    """Prints a table for each shape; returns what did not run, as sentences."""
    tmpfs = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="qvt-bench-", dir=tmpfs if tmpfs.is_dir() else None) as folder:
        return run_in(bench, Path(folder))
