#!/usr/bin/python3
"""Checks that every reason an error of the server can have is in the documents, and that the documents invent none.

usage: reasons.py [ROOT]
"""

import re
import sys
from pathlib import Path

SET = re.compile(r"\b(?:qvt_error_set\(\s*[^,;]+,\s*[^,;]+|fail_wait\([^;]*?|end\(watcher, \w+),\s*\"([A-Z][A-Z_]+)\"")
DOCUMENTED = re.compile(r"^\|(?:[^|]*\|){2} `([A-Z_]+)` \|", re.MULTILINE)


def check(root):
    given = {}
    for path in sorted((root / "server").rglob("*.c")):
        for reason in SET.findall(path.read_text(encoding="utf-8")):
            given.setdefault(reason, path.relative_to(root))
    errors = set(DOCUMENTED.findall((root / "docs/errors.md").read_text(encoding="utf-8")))
    refusals = set(DOCUMENTED.findall((root / "docs/security.md").read_text(encoding="utf-8")))
    faults = [f"{path}: reason {reason} is in no document" for reason, path in given.items() if reason not in errors | refusals]
    return faults + [f"docs/errors.md: nobody gives the reason {reason}" for reason in sorted(errors - set(given))]


def main():
    faults = check(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]))
    print("\n".join(faults) or "reasons: every one is documented")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
