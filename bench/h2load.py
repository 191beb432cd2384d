"""Runs h2load and reads its report."""

import re
import subprocess

from process import LOAD_CORE, pinned


class Load:
    """What one run did: calls that succeeded, calls in all, seconds, bytes of DATA received."""

    def __init__(self, report):
        def number(pattern):
            found = re.search(pattern, report)
            if not found:
                raise RuntimeError(f"h2load reported something else:\n{report}")
            return found.group(1)

        self.total = int(number(r"requests: (\d+) total"))
        self.succeeded = int(number(r"(\d+) succeeded"))
        self.rate = float(number(r"finished in [\d.]+m?u?s, ([\d.]+) req/s"))
        self.data_bytes = int(number(r"headers \(space savings [^)]*\), [\d.]+[KMG]?B \((\d+)\) data"))


def run(port, path, request_file, connections, streams, calls):
    command = ["h2load", "-c", connections, "-m", streams, "-n", calls, "-d", request_file]
    command += ["-H", "content-type: application/grpc", "-H", "te: trailers", f"http://127.0.0.1:{port}{path}"]
    done = subprocess.run(pinned(LOAD_CORE, command), capture_output=True, text=True, check=True, timeout=300)
    return Load(done.stdout)
