#!/usr/bin/python3
"""The ten minutes of docs/silo.md, as a reader would type them; what stands behind # must show, but for remarks."""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402

PATIENCE_S = 60
REMARKS = ("longer than", "it registers")


def commands():
    """(command, what it shows or None) of the block."""
    page = (harness.ROOT / "docs/silo.md").read_text()
    block = page.split("## In ten minutes", 1)[1].split("```sh\n", 1)[1].split("```", 1)[0]
    for line in block.splitlines():
        command, _, shows = (part.strip() for part in line.partition(" # "))
        yield command, shows if shows and not shows.startswith(REMARKS) else None


class Guide(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.bash = subprocess.Popen(["bash", "-m"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, cwd=self.folder)
        self.lines = harness.LineStream(self.bash)
        self.addCleanup(self.lines.close)
        self.addCleanup(self.bash.stdin.close)
        self.addCleanup(self.end_jobs)

    def end_jobs(self):
        self.type("kill -KILL $(jobs -p) 2>/dev/null; exit 0")
        self.bash.wait(PATIENCE_S)

    def type(self, command):
        self.bash.stdin.write(command.encode() + b"\n")
        self.bash.stdin.flush()

    def test_reader_sees_what_the_page_says(self):
        shown = 0
        for command, shows in commands():
            self.type(self.here(command))
            while shows is not None and shows not in (line := self.lines.read_line(PATIENCE_S)):
                self.assertNotIn("command not found", line)
            shown += shows is not None
            if command.startswith("qvtd "):
                endpoint = re.search(r"grpc=(\S+)", line).group(1)
                self.type(f"export QVT_ENDPOINTS={endpoint}")
        self.assertGreaterEqual(shown, 9)

    def here(self, command):
        """With what was built for the tests, and on free ports."""
        if command.startswith("./dev"):
            return "true"
        command = command.replace("$PWD/build/release/bin", str(harness.BIN_DIR))
        return re.sub("^qvtd", "qvtd --grpc-listen localhost:0 --http-listen localhost:0", command)


if __name__ == "__main__":
    harness.main()
