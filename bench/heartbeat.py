"""Heartbeats on 10 long streams: qvtd beside etcd's lease keep-alive and Redis's SETEX."""

from dataclasses import dataclass

import etcd
import pb
import redis
import table
import tracker
from rounds import cpu_per_call, interleaved, starting

STREAMS = 10
COLUMNS = ["CPU us/call", "calls/s"]
ETCD = "etcd lease keep-alive"
STREAM_PATH = tracker.SERVICE + "HeartbeatStream"


@dataclass
class Shape:
    connections: int
    streams: int  # on each connection
    unanswered: int  # on each stream
    goal_us: float = None


# With one unanswered a turn of the server is a heartbeat, and the kernel is most of it; with ten it is the shape of the
# unary calls' 10 x 10, which the goal is for.
SHAPES = [Shape(10, 1, 1), Shape(1, 10, 1), Shape(10, 1, 10, 2.0)]


def prepare_qvtd(one, work, messages):
    requests = []
    for silo in tracker.silos(messages, 3, STREAMS):
        committed = one.register(silo)
        beat = messages.HeartbeatRequest(silo_id=committed.silo_id, incarnation=committed.incarnation)
        requests.append(beat.SerializeToString())
    one.close()
    return pb.write_messages(work / "heartbeats", requests)


def prepare_etcd(one, work):
    for number in range(STREAMS):
        one.call(etcd.GRANT, etcd.grant(number + 1, tracker.LEASE_SECONDS))
    return pb.write_messages(work / "keep-alives", [etcd.keep_alive(number + 1) for number in range(STREAMS)])


def prepare_redis(work, messages):
    question, answer = work / "setex", work / "ok"
    value = tracker.silos(messages, 3, 1)[0]
    question.write_bytes(redis.command("SETEX", "silo:0", tracker.LEASE_SECONDS, value))
    answer.write_bytes(b"+OK\r\n")
    return question, answer


def stream_run(bench, server, path, file, shape, count):
    """Only what happens after the streams are open is counted."""
    words = [server.port, path, file, shape.connections, shape.streams, shape.unanswered, count]
    return started_run(bench, server, "streams", words)


def started_run(bench, server, program, words):
    load = bench.loads.start(program, *words)
    load.wait_until_ready()
    return cpu_per_call(server.server, lambda: load.results()[0])


def plain_run(bench, server, files, shape, count):
    """Redis has no streams: as many unanswered commands as all streams of a connection have."""
    unanswered = shape.streams * shape.unanswered
    words = [server.port, *files, shape.connections, unanswered, count]
    return started_run(bench, server, "plain_calls", words)


def measure_shape(runs, shape, bench):
    rounds, seconds = (1, 0.3) if bench.quick else (3, 2.0)
    measures = {}
    for name, run_one in runs.items():
        rate = run_one(shape, 5000)["rate"]
        count = max(int(rate * seconds), 1000)
        measures[name] = lambda run_one=run_one, count=count: run_one(shape, count)
    return interleaved(measures, rounds)


def print_shape(shape, figures):
    many = f"{shape.connections} connections x {shape.streams} streams, {shape.unanswered} unanswered on each"
    table.print_title(f"heartbeat, {many}", *COLUMNS)
    peer = figures.get(ETCD, {}).get("cpu_us")
    for name, each in figures.items():
        goal = ""
        if shape.goal_us and name == "qvtd":
            goal = table.at_most(shape.goal_us, each["cpu_us"], "us")
            goal += table.beside("etcd", shape.goal_us, each["cpu_us"], 30, peer)
        table.print_row(name, COLUMNS, f"{each['cpu_us']:.2f}", f"{each['rate']:.0f}", note=goal)


def run(bench):
    """Prints a table for each shape; returns what did not run, as sentences."""
    missing, work = [], bench.folder("heartbeat")
    qvtd = tracker.Tracker(bench.qvtd, work, bench.messages)
    servers = [qvtd]
    try:
        file = prepare_qvtd(qvtd, work, bench.messages)
        runs = {"qvtd": lambda shape, count: stream_run(bench, qvtd, STREAM_PATH, file, shape, count)}
        keeper = starting(missing, "etcd", lambda: etcd.Etcd(work))
        if keeper:
            servers.append(keeper)
            leases = prepare_etcd(keeper, work)
            runs[ETCD] = lambda shape, count: stream_run(
                bench, keeper, etcd.KEEP_ALIVE, leases, shape, count
            )
        cache = starting(missing, "Redis", lambda: redis.Redis(work))
        if cache:
            servers.append(cache)
            files = prepare_redis(work, bench.messages)
            runs["Redis SETEX"] = lambda shape, count: plain_run(bench, cache, files, shape, count)
        for shape in SHAPES:
            print_shape(shape, measure_shape(runs, shape, bench))
            table.print_missing(missing)
    finally:
        for server in servers:
            server.stop()
    return missing
