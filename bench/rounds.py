"""Interleaved rounds: everybody takes turns, and the median counts."""

import statistics


def interleaved(measures, rounds):
    """`measures` maps names to functions that give a dictionary of numbers; the medians, by name."""
    taken = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: medians(each) for name, each in taken.items()}


def medians(dictionaries):
    return {key: statistics.median(each[key] for each in dictionaries) for key in dictionaries[0]}


def cpu_per_call(server, load):
    """Runs load(), a function that gives one line of a load generator; what a call cost the server, and the rate."""
    with server.alone():
        before = server.cpu_us()
        done = load()
    return {"cpu_us": (server.cpu_us() - before) / done["calls"], "rate": done["calls"] / done["seconds"]}


def starting(missing, name, start):
    """start()'s server, or None and a sentence in `missing`."""
    try:
        return start()
    except (OSError, RuntimeError) as fault:
        missing.append(f"{name} did not run: {fault}")
        return None
