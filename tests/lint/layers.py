#!/usr/bin/python3
"""Checks that every include follows the layers: an arrow points downward or is reported as file:line.

usage: layers.py [ROOT]
"""

import re
import subprocess
import sys
from pathlib import Path

# Folder → the folders it may include besides itself. The longest matching folder wins.
CORE = ["base", "version"]
RPC = ["rpc/include", "rpc/wire", "rpc/http2", "rpc/net", "rpc/call", "rpc/codec"]
STANDARD = ["base", "rpc/include", "rpc/wire", "generated/protobuf-c/grpc", "generated/qvt/grpc"]
MESSAGES = CORE + ["rpc/include", "generated"]
MAY_INCLUDE = {
    "base": [],
    "version": ["base"],
    "rpc/include": ["base/include"],
    "rpc/wire": ["base", "rpc/include"],
    "rpc/codec": ["base", "rpc/include", "rpc/wire"],
    "rpc/http2": ["base", "rpc/include", "rpc/wire"],
    "rpc/net": ["base", "rpc/include", "rpc/wire", "rpc/http2"],
    "rpc/call": ["base"] + RPC,
    "rpc/standard": STANDARD,
    "json": ["base", "rpc/include", "generated/protobuf-c/google/protobuf"],
    "rpc/standard": ["base", "generated/protobuf-c/grpc", "generated/qvt/grpc"] + RPC,
    "generated": ["base", "rpc/include", "rpc/codec", "json"],
    "generator": ["base", "generated"],
    "server/registry": CORE + ["generated"],
    "server/store": CORE + ["generated", "server/registry"],
    "server/identity": CORE + RPC + ["generated", "server/registry"],
    "server/replica": MESSAGES + ["server/registry", "server/store"],
    "server/service": CORE + RPC + ["generated", "server/registry", "server/identity", "server/store", "server/replica"],
    "server/gateway": CORE
    + RPC
    + ["json", "generated", "server/registry", "server/identity", "server/store", "server/replica", "server/service"],
    "server/app": CORE + RPC + ["json", "generated", "server"],
    "client": CORE + RPC + ["generated"],
    "cli": CORE + RPC + ["json", "generated", "server/identity"],
    "examples": ["base/include", "rpc/include", "client/include"],
}

# A file below one of these must be in a layer.
ROOTS = {folder.split("/")[0] for folder in MAY_INCLUDE}

# Layers that stand on the C library alone, give or take the headers named.
PURE_HEADERS = {
    "base": [],
    "version": [],
    "rpc/include": ["protobuf-c/protobuf-c.h"],
    "rpc/wire": ["zlib.h"],
    "rpc/http2": ["nghttp2/nghttp2.h", "zlib.h"],
    "server/registry": ["uthash.h", "utlist.h", "xxhash.h", "protobuf-c/protobuf-c.h"],
}
# What the registry must not see: it has no clock, no log and no I/O.
REGISTRY_BANNED = {"time.h", "sys/time.h", "sys/timerfd.h", "uv.h", "base/clock.h", "base/log.h"}

LIBC = set(
    """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar wchar wctype
    arpa/inet dirent dlfcn endian fcntl getopt grp ifaddrs libgen net/if netdb netinet/in netinet/tcp poll pthread pwd
    sched semaphore sys/epoll sys/eventfd sys/file sys/mman sys/random sys/resource sys/select sys/socket sys/stat
    sys/statvfs sys/syscall sys/time sys/timerfd sys/types sys/uio sys/un sys/utsname sys/wait syslog termios unistd
    linux/limits cstddef cstdint cstring""".split()
)

INCLUDE_ROOTS = ["", "base/include", "rpc/include", "client/include"]
INCLUDE_ROOTS += ["generated/qvt", "generated/protobuf-c", "generated/nanopb", "generated"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def layer_of(path):
    found = [folder for folder in MAY_INCLUDE if inside(path, folder)]
    return max(found, key=len, default=None)


def resolve(root, name):
    """The file a rooted quoted include means, relative to the source root, or None."""
    for base in INCLUDE_ROOTS:
        candidate = Path(base) / name
        if (root / candidate).is_file():
            return candidate.as_posix()
    return None


def is_libc(name):
    return name.removesuffix(".h") in LIBC


def check_angle(layer, name):
    if layer == "server/registry" and name in REGISTRY_BANNED:
        return f"layer {layer} must not include {name}"
    if layer in PURE_HEADERS and not is_libc(name) and name not in PURE_HEADERS[layer]:
        return f"layer {layer} must not include {name}"
    return None


def check_quoted(root, path, layer, name):
    target = resolve(root, name)
    if target is None:
        return f'"{name}" is no path from the source root' if layer not in ("generated", "examples") else None
    if layer == "server/registry" and target in REGISTRY_BANNED:
        return f"layer {layer} must not include {target}"
    if layer == "server/registry" and inside(target, "generated") and not target.endswith(".pb-c.h"):
        return f"layer {layer} must not include {target}: only messages"
    if inside(target, layer):
        return None
    if any(inside(target, folder) for folder in MAY_INCLUDE[layer]):
        return None
    return f"layer {layer} must not include {layer_of(target) or target}"


def check_file(root, path):
    layer = layer_of(path)
    if layer is None:
        if path.split("/")[0] in ROOTS:
            yield f"{path}:1: in no layer"
        return
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        kind, name = match.groups()
        fault = check_angle(layer, name) if kind == "<" else check_quoted(root, path, layer, name)
        if fault:
            yield f"{path}:{number}: {fault}"


def sources(root):
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard", "--", "*.c", "*.h", "*.cc"],
        check=True,
        capture_output=True,
    )
    return sorted(name for name in listing.stdout.decode().split("\0") if name and (root / name).is_file())


def check(root):
    return [fault for path in sources(root) for fault in check_file(root, path)]


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])
    faults = check(root)
    print("\n".join(faults) or f"layers: {len(sources(root))} files follow the arrows")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
