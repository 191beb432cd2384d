"""Runs a client of gRPC's interoperability tests case by case against interop_server and prints a table."""
import os
import subprocess
import sys
import time

ROOT = os.environ["QVT_SOURCE_DIR"]
BIN_DIR = os.environ["QVT_BIN_DIR"]
CASE_TIMEOUT_S = 300


class Server:
    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(BIN_DIR, "interop_server"), "--port", "0"],
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.code = self.process.wait(60)
        self.process.stdout.close()


def run_case(command):
    """(seconds, output or None when it passed)"""
    begin = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=CASE_TIMEOUT_S, check=False)
        failure = None if done.returncode == 0 else f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
    except subprocess.TimeoutExpired:
        failure = f"no end within {CASE_TIMEOUT_S} s"
    return time.monotonic() - begin, failure


def run(name, cases, command_of):
    """command_of(address, case) is the command line of one case. Ends the process."""
    failures = {}
    with Server() as server:
        for case in cases:
            seconds, failure = run_case(command_of(server.address, case))
            print(f"{'FAIL' if failure else 'ok  '}  {case} ({seconds:.1f} s)", flush=True)
            if failure:
                failures[case] = failure
    for case, failure in failures.items():
        print(f"--- {case}: {failure[-3000:]}")
    print(f"{name}: {len(cases) - len(failures)} of {len(cases)}")
    if server.code != 0:
        print(f"interop_server ended with {server.code}")
    sys.exit(1 if failures or server.code != 0 else 0)
