#!/usr/bin/python3
"""Writes docs/libqvt.md, the reference of libqvt, from its public headers: what they say, in their order.

usage: docs/reference.py [--check | OUT]

A function without a comment, one that returns qvt_status and names none that it returns, or one that hands out an object
and does not say whose it is, is an error with file and line.
"""

import difflib
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs/libqvt.md"
CLIENT = ["life", "actor_type", "client", "silo", "find", "capabilities", "watch", "record", "answer", "activity", "mailbox"]
BASE = ["error", "status", "slice"]
HEADERS = [ROOT / f"client/include/qvt/{name}.h" for name in CLIENT]
HEADERS += [ROOT / f"base/include/qvt/{name}.h" for name in BASE]
WIDTH = 110

INTRO = """# libqvt reference

Made from the headers by `./dev generate`; do not edit. [The life of a silo](silo.md) tells how the parts play together. `#include
"qvt/qvt.h"` for all of it, `qvt/qvt.hpp` for owners in C++17; link by `pkg-config qvt` or `find_package(qvt)`.

Everywhere:

- A function that can fail returns `qvt_status`, 0 being OK, which must be looked at. What it hands out comes first and is set only then.
- Texts are UTF-8 and end with NUL. Durations are milliseconds unless the name says else (`_us`: microseconds).
- Pointers given are borrowed until the function returns, and copied where they are needed longer. Pointers got are borrowed from the object
  that they come from, unless it is said who frees them.
- Structs with a `size` are made with their `_INIT`, so that later versions may append members.
- Any thread may call any function, unless it is said otherwise. Out of memory is a status, `NO_MEMORY`, and changes nothing.

"""

STATUS = re.compile(r"\b(OK|[A-Z]{2,}(_[A-Z]+)*)\b|\bAs qvt_|\bof qvt_|\bas qvt_")
OWNER = re.compile(r"\b(free[sd]?|closed?|released?|borrowed|caller)\b|_free\b", re.IGNORECASE)
NAME = re.compile(r"\b(qvt_\w+)\(")


class Block:
    """A comment and what it stands above, or one of both."""

    def __init__(self, path, line, comment, code):
        self.path, self.line, self.comment, self.code = path, line, comment, code
        self.declarations = [clean(each) for each in split(code)]
        self.declarations = [each for each in self.declarations if each]


def split(code):
    """The declarations in it, each as one string with its lines."""
    found, current, depth = [], [], 0
    for line in code:
        current.append(line)
        depth += line.count("{") - line.count("}")
        ends = line.rstrip().endswith((";", "}")) or re.search(r";\s*/\*.*\*/$", line)
        if current[0].startswith("#"):
            ends = not line.endswith("\\")
        if depth <= 0 and ends:
            found.append("\n".join(current))
            current = []
    return found + (["\n".join(current)] if current else [])


def clean(text):
    """As a reader wants it: no attributes, no bodies. "" for what is of no concern to him."""
    if re.match(r"#\s*(if|endif|else|undef|include|error)|extern |#define QVT_(API|MUST_CHECK|PRINTF|ACTOR_RETAIN)\b", text):
        return ""
    if re.match(r"#define QVT_(\w+_DECLARE|\w+_INIT|ASSEMBLY_\w+|\w+_H)\b", text):
        return ""
    if text.startswith("#define"):
        macro = re.sub(r"\s*\\\n\s*", " ", text)
        named = re.match(r"#define (\w+(?:\([^)]*\))?)\s*(.*)", macro)
        short = named.group(2) if re.fullmatch(r"[\w\"]+", named.group(2)) else ""
        return f"#define {named.group(1)} {short}".rstrip()
    if text.startswith("static inline"):
        text = text.split("\n{")[0].removeprefix("static inline ") + ";"
    if "(" in text and "{" not in text:
        text = re.sub(r"\s*\bQVT_PRINTF\([^)]*\)", "", re.sub(r"\bQVT_(API|MUST_CHECK) ", "", text))
        text = " ".join(text.split())
        indent = text.index("(") + 1 if text.index("(") < 60 else 8
        return "\n".join(textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent, break_long_words=False))
    return text


def prose(comment):
    """The text of a comment; what is indented stays as it is, as code."""
    lines = [re.sub(r"^ ?\*? ?", "", line) for line in comment[2:-2].split("\n")]
    lines = [lines[0].strip()] + [line.rstrip() for line in lines[1:]]
    text, drawing = [], False
    for line in lines:
        if line.startswith("  ") and not drawing:
            if text and text[-1]:
                text.append("")
            text.append("```c" if "QVT_" in line else "```")
            drawing = True
        elif drawing and line and not line.startswith("  "):
            while not text[-1]:
                text.pop()
            text += ["```", ""]
            drawing = False
        text.append(line)
    if drawing:
        while not text[-1]:
            text.pop()
        text.append("```")
    outside = re.split(r"(^```.*?^```$)", "\n".join(text).strip(), flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else part.replace("<", "&lt;") for part in outside)


def blocks(path):
    """What the header says of itself, and its blocks."""
    lines = path.read_text(encoding="utf-8").split("\n")
    end = next(i for i, line in enumerate(lines) if line.endswith("*/"))
    about = prose("\n".join(lines[: end + 1]))
    found, i = [], end + 1
    while i < len(lines):
        if not lines[i] or lines[i].startswith(("#ifndef QVT_", "#ifdef __cplusplus", "#include")) and not lines[i][13:].startswith(("ASSEMBLY",)):
            skip_cplusplus = lines[i].startswith("#ifdef __cplusplus")
            i += 3 if skip_cplusplus else 1
            continue
        start, comment, code = i, "", []
        if lines[i].startswith("/*"):
            while not lines[i].endswith("*/"):
                i += 1
            comment = "\n".join(lines[start : i + 1])
            i += 1
        depth = 0
        while i < len(lines) and (lines[i] or depth > 0):
            if lines[i].startswith("/*") and depth == 0 and code:
                break
            depth += lines[i].count("{") - lines[i].count("}")
            code.append(lines[i])
            i += 1
        found.append(Block(path, start + 1, comment, code))
    return about, found


def names(declaration):
    if declaration.startswith("#define"):
        return [re.match(r"#define (\w+)", declaration).group(1)]
    ending = re.search(r"\}\s*(\w+);$", declaration)
    if ending:
        return [ending.group(1)]
    if declaration.startswith("typedef struct"):
        return [declaration.rstrip(";").split()[-1]]
    return NAME.findall(declaration)[:1] or re.findall(r"\b(qvt_\w+);$", declaration)


def is_function(declaration):
    return "{" not in declaration and not declaration.startswith(("#", "typedef")) and "(" in declaration


def faults(block):
    where = f"{block.path.relative_to(ROOT)}:{block.line}: error:"
    said = block.comment + "".join(re.findall(r"/\*.*?\*/", "\n".join(block.code)))
    for declaration in filter(is_function, block.declarations):
        name = names(declaration)[0]
        if not said:
            yield f"{where} nobody says what {name} does"
        elif declaration.startswith("qvt_status ") and name != "qvt_error_set" and not STATUS.search(said):
            yield f"{where} {name} does not say which statuses it returns"
        elif re.search(r"\*\*out\b", declaration) and not OWNER.search(said):
            yield f"{where} {name} does not say who frees *out"


def chapter(path):
    about, found = blocks(path)
    name = "qvt/" + path.name
    out, wrong = [f"## {name}\n", about, ""], []
    for block in found:
        wrong += faults(block)
        if not block.declarations:
            # A remark above those that follow; one on what was left out goes with it.
            if block.comment and not block.code:
                out += [prose(block.comment), ""]
            continue
        heads = [f"`{each}`" for declaration in block.declarations for each in names(declaration)]
        out += [f"### {', '.join(dict.fromkeys(heads))}\n", "```c", *block.declarations, "```", ""]
        if block.comment:
            out += [prose(block.comment), ""]
    return "\n".join(out), wrong


def main():
    text, wrong = INTRO, []
    for path in HEADERS:
        body, more = chapter(path)
        text += body.rstrip() + "\n\n"
        wrong += more
    text = "\n".join(line.rstrip() for line in text.rstrip().split("\n")) + "\n"
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    if sys.argv[1:] == ["--check"]:
        there = OUT.read_text(encoding="utf-8") if OUT.exists() else ""
        drift = list(difflib.unified_diff(there.splitlines(), text.splitlines(), "docs/libqvt.md", "the headers", lineterm=""))
        print("\n".join(drift[:40]) or "docs/libqvt.md is what the headers say")
        return 1 if drift else 0
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
