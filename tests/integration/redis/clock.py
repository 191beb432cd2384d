"""The time of day of a redis-server, which the test steps while it runs."""

import struct
import subprocess
from pathlib import Path

SHIM = Path(__file__).resolve().parent / "clock_shim.c"


class SteppedClock:
    """Give its environment to a RedisServer."""

    def __init__(self, folder):
        self.file = Path(folder) / "clock-step"
        self.file.write_bytes(struct.pack("=q", 0))
        library = Path(folder) / "clock_shim.so"
        flags = ["-std=c17", "-D_POSIX_C_SOURCE=200809L", "-O2", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, "-o", str(library), str(SHIM)], check=True, timeout=60)
        self.environment = {"LD_PRELOAD": str(library), "QVT_CLOCK_STEP": str(self.file)}

    def set_ahead_s(self, seconds):
        """Of the real time; all eight bytes in one write."""
        with open(self.file, "r+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds * 1000000))
