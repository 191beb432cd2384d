"""At rest and at scale: memory, start to ready, and what 10 000 silos cost that only send heartbeats."""

import statistics
import subprocess
import time

import etcd
import listing
import pb
import peers
import redis
import table
import tracker
from process import SERVER_CORE, Server, free_port, pinned
from rounds import starting

PERIOD_MS = 5000
SILOS = 10000


def start_to_ready(command, log):
    """Milliseconds from exec to the line that says so."""
    with open(log, "wb") as output:
        begun = time.monotonic()
        process = subprocess.Popen(pinned(SERVER_CORE, command), stdout=subprocess.PIPE, stderr=output)
        line = process.stdout.readline()
        passed_ms = (time.monotonic() - begun) * 1000
    process.terminate()
    process.communicate()
    if not line.startswith(b"ready "):
        raise RuntimeError(f"qvtd did not start; see {log}")
    return passed_ms


def median_start(bench, one, work):
    """`one` is stopped: its command is started again, on its store."""
    command = [*one.command, "--grpc-listen", "127.0.0.1:0"]
    return statistics.median(start_to_ready(command, work / "start.log") for _ in range(1 if bench.quick else 5))


def idle_rows(bench, missing):
    work = bench.folder("idle")
    table.print_title("at rest", "RSS MiB")
    one = tracker.Tracker(bench.qvtd, work, bench.messages)
    time.sleep(1)
    rss = one.server.rss_mib()
    one.stop()
    table.print_row("qvtd", ["RSS MiB"], f"{rss:.1f}", note=table.at_most(8, rss, "MiB"))
    port = free_port()
    cpp = [peers.build_cpp(bench.work, "cpp_watch"), port]
    others = [("etcd", lambda: etcd.Etcd(work)), ("Redis", lambda: redis.Redis(work))]
    others.append(("gRPC C++", lambda: Server("gRPC C++", cpp, port, work / "cpp.log")))
    for name, start in others:
        peer = starting(missing, name, start)
        if peer:
            time.sleep(1)
            table.print_row(name, ["RSS MiB"], f"{getattr(peer, 'server', peer).rss_mib():.1f}")
            peer.stop()
    table.print_missing(missing)


def filled(bench, work, count):
    one = tracker.Tracker(bench.qvtd, work, bench.messages)
    listing.fill_qvtd(bench, one, work, count)
    return one


def loaded_row(bench, count, columns):
    """qvtd with so many silos: memory as they were registered, start, memory as loaded, a whole list."""
    work = bench.folder(f"scale-{count}")
    one = filled(bench, work, count)
    registered = one.server.rss_mib()
    one.stop()
    start_ms = median_start(bench, one, work)
    one = tracker.Tracker(bench.qvtd, work, bench.messages, keep=True)
    try:
        loaded = one.server.rss_mib()
        everything = pb.write_messages(work / "list", [b""])
        words = [one.port, tracker.SERVICE + "ListSilos", everything, 4, 8, 5]
        listed = listing.measure_one(bench, one.server, count, "pages", *words)
    finally:
        one.stop()
    for file in work.iterdir():
        file.unlink()
    cells = [f"{registered:.1f}", f"{registered * 1024 / count:.2f}", f"{loaded:.1f}", f"{start_ms:.1f}"]
    cells += [f"{start_ms * 1000 / count:.2f}", f"{listed['cpu_ms'] * 1000 / count:.2f}"]
    note = ""
    if count == SILOS:
        note = table.at_most(64, registered, "MiB") + "; " + table.at_most(500, start_ms, "ms")
    table.print_row(f"qvtd, {count} silos", columns, *cells, note=note)


def memory_of_peers(bench, columns, missing):
    work = bench.folder("scale-peers")
    keeper = starting(missing, "etcd", lambda: etcd.Etcd(work))
    if keeper:
        listing.fill_etcd(bench, keeper, work, SILOS)
        table.print_row(f"etcd, {SILOS} silos", columns, f"{keeper.server.rss_mib():.1f}")
        keeper.stop()
    cache = starting(missing, "Redis", lambda: redis.Redis(work))
    if cache:
        listing.fill_redis(bench, cache, SILOS)
        table.print_row(f"Redis, {SILOS} silos", columns, f"{cache.server.rss_mib():.1f}")
        cache.stop()
    table.print_missing(missing)


def scale_rows(bench, missing):
    size = len(tracker.silos(bench.messages, tracker.LARGE_TYPES, 1)[0])
    columns = ["RSS MiB", "KiB/silo", "restarted MiB", "start ms", "us/silo", "list us/silo"]
    table.print_title(f"silos of {tracker.LARGE_TYPES} types, {size} bytes", *columns)
    for count in (1000, SILOS) if bench.quick else (1000, SILOS, 100000):
        loaded_row(bench, count, columns)
    memory_of_peers(bench, columns, missing)


def start_row(bench):
    work = bench.folder("start")
    times = []
    for _ in range(1 if bench.quick else 5):
        one = tracker.Tracker(bench.qvtd, work, bench.messages)
        one.stop()
        for left in work.glob("qvtd.sqlite*"):
            left.unlink()
        times.append(start_to_ready([*one.command, "--grpc-listen", "127.0.0.1:0"], work / "start.log"))
    start_ms = statistics.median(times)
    table.print_title("start to ready, no store yet", "ms")
    table.print_row("qvtd", ["ms"], f"{start_ms:.1f}", note=table.at_most(50, start_ms, "ms"))


def heartbeat_row(bench):
    """Each silo has a connection and a stream of its own, as silos do."""
    work = bench.folder("beating")
    seconds = 5 if bench.quick else 20
    one = filled(bench, work, SILOS)
    beats = [pb.text(2, tracker.silo_id(number)) for number in range(SILOS)]
    file = pb.write_messages(work / "beats", beats)
    columns = ["% of a core", "CPU us/beat", "beats/s", "RSS MiB"]
    try:
        path = tracker.SERVICE + "HeartbeatStream"
        load = bench.loads.start("pace", one.port, path, file, SILOS, PERIOD_MS, seconds)
        load.wait_until_ready()
        before, begun = one.server.cpu_us(), time.monotonic()
        done = load.first_result()
        passed = time.monotonic() - begun
        cpu_us = one.server.cpu_us() - before
        load.stop()
        share = cpu_us / passed / 10000
        table.print_title(f"{SILOS} silos, a heartbeat every {PERIOD_MS // 1000} s each, own connections", *columns)
        cells = [f"{share:.2f}", f"{cpu_us / done['calls']:.2f}", f"{done['calls'] / done['seconds']:.0f}"]
        cells.append(f"{one.server.rss_mib():.1f}")
        table.print_row("qvtd", columns, *cells, note=table.at_most(5, share, "%"))
    finally:
        one.stop()


def run(bench):
    """Prints the tables; returns what did not run, as sentences."""
    missing, missing_at_scale = [], []
    idle_rows(bench, missing)
    start_row(bench)
    scale_rows(bench, missing_at_scale)
    heartbeat_row(bench)
    return missing + missing_at_scale
