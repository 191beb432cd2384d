#!/usr/bin/python3
"""Checks what no compiler looks at: file length, marker words, line ends, and that tests which documents name are there.

usage: sources.py [ROOT]
"""

import re
import subprocess
import sys
from pathlib import Path

MAX_LINES = 500
MARKERS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
FORKS = re.compile(r"\b(" + "|".join(["preexec" + "_fn=", r"os\.fork" + r"\("]) + ")")
CODE = (".c", ".h", ".cc")
TEXT = CODE + (".py", ".js", ".sh", ".cmake", ".proto", ".md", ".txt", ".in", ".yml", ".yaml", ".html", ".css")
NAMED = ("dev", ".ci/run", "CMakeLists.txt", "Dockerfile")
NOT_OURS = ("generated/", "proto/google/", "proto/grpc/", "LICENSE")


def check_text(path, text):
    lines = text.splitlines()
    if path.endswith(CODE) and not path.startswith("tests/") and len(lines) > MAX_LINES:
        yield f"{path}:{len(lines)}: longer than {MAX_LINES} lines"
    for number, line in enumerate(lines, 1):
        marker = MARKERS.search(line)
        if marker:
            yield f"{path}:{number}: unfinished: {marker.group(1)}"
        if path.endswith(".py") and FORKS.search(line):
            yield f"{path}:{number}: forks Python, which grpcio's threads do not survive: start a program instead"
        if line != line.rstrip():
            yield f"{path}:{number}: white space at the end of the line"
    if text and not text.endswith("\n"):
        yield f"{path}:{len(lines)}: no new line at the end of the file"


def files(root):
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"], check=True, capture_output=True
    )
    for path in sorted(listing.stdout.decode().split("\0")):
        if path.startswith(NOT_OURS) or not (path.endswith(TEXT) or path in NAMED):
            continue
        if (root / path).is_file():
            yield path


def check_named_tests(root):
    """`name` in the last column of a table of rules is a test."""
    path = "docs/rpc-conformance.md"
    if not (root / path).is_file():
        return
    sources = "\n".join(file.read_text(encoding="utf-8") for folder in ("unit/rpc", "integration")
                        for file in sorted((root / "tests" / folder).rglob("*")) if file.suffix in (".c", ".py"))
    known = set(re.findall(r"\b(?:static void|def) (\w+)\(", sources))
    for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
        tests = re.findall(r"`(\w+)`", line.rsplit("| ", 1)[1]) if line.startswith("| ") and "`" in line else []
        for name in tests:
            if name not in known:
                yield f"{path}:{number}: no test is called {name}"


def check(root):
    faults = list(check_named_tests(root))
    for path in files(root):
        faults.extend(check_text(path, (root / path).read_text(encoding="utf-8", errors="replace")))
    return faults


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])
    faults = check(root)
    print("\n".join(faults) or f"sources: {sum(1 for _ in files(root))} files are tidy")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
