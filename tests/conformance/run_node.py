#!/usr/bin/python3
"""@grpc/grpc-js: the cases that it is tested with."""
import subprocess

import conformance

CLIENT = ["node", f"{conformance.ROOT}/tests/conformance/node/client.js"]


def main():
    cases = subprocess.run([*CLIENT, "--list"], capture_output=True, text=True, check=True).stdout.split()
    conformance.run("node", cases, lambda address, case: [*CLIENT, address, case])


main()
