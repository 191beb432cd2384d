#!/usr/bin/python3
"""What libqvt shows to linkers: the functions of its headers, all of them and nothing else; none may go unnoticed."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("QVT_SOURCE_DIR", Path(__file__).resolve().parents[3]))
LIB_DIR = Path(os.environ.get("QVT_LIB_DIR", ROOT / "build/release/lib"))
LISTED = Path(__file__).resolve().parent / "symbols.txt"


def symbols(library, *flags):
    """Defined names that others can link to."""
    lines = subprocess.run(["nm", "--defined-only", *flags, LIB_DIR / library], capture_output=True, text=True, check=True)
    return {words[2] for words in map(str.split, lines.stdout.splitlines()) if len(words) == 3}


def declared():
    """Functions that the headers export. blob.h is part of base/, but of libqvtrpc only."""
    folders = [ROOT / "client/include/qvt", ROOT / "base/include/qvt"]
    headers = [header for folder in folders for header in folder.glob("*.h") if header.name != "blob.h"]
    text = "\n".join(header.read_text() for header in headers)
    return set(re.findall(r"^QVT_API\b[^;(]*?\b(qvt_\w+)\(", text, re.MULTILINE))


class Symbols(unittest.TestCase):
    def test_headers_list_and_libraries_agree(self):
        listed = LISTED.read_text().split()
        self.assertEqual(sorted(listed), listed)
        self.assertEqual(set(listed), declared())
        self.assertEqual(set(listed), symbols("libqvt.so", "-D"))
        self.assertEqual(set(listed), symbols("libqvt.a", "--extern-only"))

    def test_soname_carries_the_major_version(self):
        text = subprocess.run(["readelf", "-d", LIB_DIR / "libqvt.so"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(text, r"SONAME.*\[libqvt\.so\.\d+\]")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        LISTED.write_text("".join(f"{name}\n" for name in sorted(declared())))
    else:
        unittest.main(verbosity=2)
