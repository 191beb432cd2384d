"""A process that watches through libqvt, and what it tells; see watcher.c."""

import os
import subprocess
from pathlib import Path

import harness

WATCHER = Path(os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin")) / "libqvt_watcher"
PATIENCE_S = 60


class Watcher:
    def __init__(self, *words):
        self.process = subprocess.Popen([WATCHER, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = harness.LineStream(self.process)

    def next(self, *skip):
        """The words of the next line whose first word is not to be skipped."""
        while True:
            words = self.lines.read_line(PATIENCE_S).split(" ")
            if words[0] not in skip:
                return words

    def until(self, kind, skip=("progress",)):
        """The lines up to and with the first of that kind."""
        seen = [self.next(*skip)]
        while seen[-1][0] != kind:
            seen.append(self.next(*skip))
        return seen

    def close(self):
        """End of input; the rest of the lines."""
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        return (self.lines._buffer + rest).decode().splitlines()

    def end(self):
        self.process.stdin.close()
        self.lines.close()
