"""Processes that are silos, and what they tell; see fleet_silo.c."""

import os
import subprocess
import threading
import time
from pathlib import Path

import harness

PROGRAM = Path(os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin")) / "libqvt_fleet_silo"
PATIENCE_S = 60


class Line:
    """At is time.monotonic() of the silo's process, which is ours."""

    def __init__(self, text):
        at, *self.words = text.split()
        self.at = int(at) / 1e6

    def __repr__(self):
        return f"{self.at:.3f} {' '.join(self.words)}"


class Silo:
    """One process. Its lines are kept, whoever waits for one is told of each."""

    def __init__(self, silo_id, endpoints, ttl_ms=15000, lease_lost="continue"):
        self.id = silo_id
        self.lines = []
        self._told = threading.Condition()
        self._is_over = False
        command = [PROGRAM, silo_id, str(ttl_ms), lease_lost, *endpoints]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for text in self.process.stdout:
            with self._told:
                self.lines.append(Line(text))
                self._told.notify_all()
        with self._told:
            self._is_over = True
            self._told.notify_all()

    def found(self, *words, since=0):
        """The first line that begins with these words, from the line with that index on; or None."""
        for line in self.lines[since:]:
            if line.words[: len(words)] == list(words):
                return line
        return None

    def until(self, condition, patience_s=PATIENCE_S):
        """What the condition returned when it was true; it is asked after each line."""
        deadline = time.monotonic() + patience_s
        with self._told:
            while not (value := condition()):
                left = deadline - time.monotonic()
                if left <= 0 or self._is_over:
                    raise AssertionError(f"{self.id}: not after {patience_s} s, or it ended; {self.lines[-20:]}")
                self._told.wait(left)
            return value

    def await_line(self, *words, since=0, patience_s=PATIENCE_S):
        return self.until(lambda: self.found(*words, since=since), patience_s)

    def incarnation(self):
        since = len(self.lines)
        self.say("who")
        return int(self.await_line("active", since=since).words[1])

    def endpoint(self):
        """Where it is connected, as far as it told."""
        told = [line.words[1] for line in self.lines if line.words[0] == "endpoint"]
        return told[-1] if told else None

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """End of its input: it leaves. The exit status."""
        self.process.stdin.close()
        return self.wait()

    def wait(self):
        code = self.process.wait(PATIENCE_S)
        self._reader.join()
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.stdout.close()
