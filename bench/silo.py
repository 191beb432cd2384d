"""In the silo: libqvt's cached finds while the cluster changes, its activity records, what it holds, and how soon a change
is in every silo's cache."""

import os
import subprocess
import tempfile
from pathlib import Path

import table
import tracker
from rounds import medians

THREADS = 8
CHANGES_A_SECOND = 1000
COLUMNS = ["figure"]
FIND_GOAL_NS, RECORD_GOAL_NS, SIZE_GOAL_KB = 40, 25, 300
SILOS, IDLE_GOAL_KIB, REACH_GOAL_MS = 20, 2048, 5
SCALES_GOAL = 1.5  # a record of one thread among many, over that of one alone


def stripped_kb(bench):
    library = bench.qvtd.resolve().parent.parent / "lib/libqvt.so"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "libqvt.so"
        subprocess.run(["strip", "-o", copy, library], check=True)
        return os.stat(copy).st_size / 1024


def measure(bench, qvtd):
    """Readers and changes share both cores: CPU time of the readers is what counts."""
    command = [bench.loads.folder / "bench_silo", str(qvtd.port), str(THREADS)]
    command += ["0.5" if bench.quick else "3", str(CHANGES_A_SECOND)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return figures_of("bench_silo", done)


def figures_of(name, done):
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr.strip() or 'no result'}")
    return {word.split("=")[0]: float(word.split("=")[1]) for word in done.stdout.split()}


def measure_reach(bench):
    """On a store in memory: between a commit and the caches there is no disk."""
    qvtd = tracker.Tracker(bench.qvtd, bench.folder("silo"), bench.messages, store="memory")
    command = [bench.loads.folder / "bench_reach", str(qvtd.port), str(SILOS), "50" if bench.quick else "500"]
    try:
        return figures_of("bench_reach", subprocess.run(command, capture_output=True, text=True, timeout=120))
    finally:
        qvtd.stop()


def run(bench):
    """Prints one table; returns what did not run, as sentences."""
    rounds = range(1 if bench.quick else 3)
    qvtd = tracker.Tracker(bench.qvtd, bench.folder("silo"), bench.messages)
    try:
        figures = medians([measure(bench, qvtd) for _ in rounds])
    finally:
        qvtd.stop()
    reach = medians([measure_reach(bench) for _ in rounds])
    scales = figures["record_ns"] / figures["one_ns"]
    size = stripped_kb(bench)
    table.print_title(f"in the silo, {THREADS} threads, {CHANGES_A_SECOND} changes a second", *COLUMNS)
    rows = [
        ("cached find, ns of CPU", figures["find_ns"], 1, table.at_most(FIND_GOAL_NS, figures["find_ns"], "ns")),
        ("activity record, ns of CPU", figures["record_ns"], 1, table.at_most(RECORD_GOAL_NS, figures["record_ns"], "ns")),
        ("  over that of one thread", scales, 2, table.at_most(SCALES_GOAL, scales, "x")),
        (f"change in {SILOS} caches, ms", reach["reach_ms"], 2, table.at_most(REACH_GOAL_MS, reach["reach_ms"], "ms")),
        ("  99 of 100", reach["reach_99_ms"], 2, ""),
        ("idle client, KiB", reach["first_kib"], 0, table.at_most(IDLE_GOAL_KIB, reach["first_kib"], "KiB")),
        ("  each further one", reach["other_kib"], 0, ""),
        ("finds answered, millions", figures["finds"] / 1e6, 1, ""),
        ("libqvt.so stripped, KB", size, 0, table.at_most(SIZE_GOAL_KB, size, "KB")),
    ]
    for name, value, digits, note in rows:
        table.print_row(name, COLUMNS, table.figure(value, digits), note=note)
    return []
