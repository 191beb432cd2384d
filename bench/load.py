"""Runs the load generators of bench/load on the other core."""

import subprocess

from process import LOAD_CORE, pinned


class Loads:
    """The folder with the bench_ programs, next to the measured qvtd."""

    def __init__(self, qvtd):
        self.folder = qvtd.resolve().parent.parent / "bench/bin"
        if not (self.folder / "bench_calls").exists():
            raise RuntimeError(f"no load generators in {self.folder}; ./dev build makes them")

    def start(self, name, *arguments):
        return Load([self.folder / f"bench_{name}", *arguments])

    def run(self, name, *arguments):
        return self.start(name, *arguments).results()


def numbers(line):
    """NAME=NUMBER words as a dictionary."""
    return {word.split("=")[0]: float(word.split("=")[1]) for word in line.split()}


class Load:
    """One load generator: some say "ready" and wait for go, see their usage."""

    def __init__(self, command):
        self.name = command[0].name
        self.process = subprocess.Popen(
            pinned(LOAD_CORE, command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self):
        if self.process.stdout.readline() != "ready\n":
            self.fail()

    def first_result(self):
        """Lets it go on; its next line. For those that then keep what they opened until they are stopped."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.fail()
        return numbers(line)

    def results(self):
        """Lets it go on to its end; its lines."""
        try:
            output, errors = self.process.communicate("go\n", timeout=300)
        except subprocess.TimeoutExpired:
            self.stop()
            raise RuntimeError(f"{self.name} does not end") from None
        lines = [line for line in output.splitlines() if line != "ready"]
        if self.process.returncode != 0 or not lines:
            raise RuntimeError(f"{self.name}: {errors.strip() or 'no result'}")
        return [numbers(line) for line in lines]

    def fail(self):
        errors = self.process.communicate()[1]
        raise RuntimeError(f"{self.name}: {errors.strip() or 'ended early'}")

    def stop(self):
        self.process.kill()
        self.process.communicate()
