#!/usr/bin/python3
"""gRPC's own C++ client: every case of its that needs neither TLS nor a cloud. usage: run_cpp.py BUILD_DIR"""
import os
import subprocess
import sys

import conformance

CASES = """
    empty_unary large_unary client_compressed_unary server_compressed_unary client_streaming server_streaming
    client_compressed_streaming server_compressed_streaming slow_consumer half_duplex ping_pong cancel_after_begin
    cancel_after_first_response timeout_on_sleeping_server empty_stream pick_first_unary status_code_and_message
    special_status_message custom_metadata unimplemented_method unimplemented_service rpc_soak channel_soak
    long_lived_channel
""".split()
# The soak cases are made for hours.
SHORT = ["--soak_iterations=100", "--soak_overall_timeout_seconds=250", "--soak_per_iteration_max_acceptable_latency_ms=20000"]
OPTIONS = {"rpc_soak": SHORT, "channel_soak": SHORT, "long_lived_channel": ["--soak_iterations=3", "--iteration_interval=1"]}


def main():
    folder = os.path.abspath(sys.argv[1])
    subprocess.run([f"{conformance.ROOT}/tests/conformance/cpp/build.sh", folder], stdout=sys.stderr, check=True)

    def command(address, case):
        host, port = address.rsplit(":", 1)
        return [f"{folder}/interop_client", f"--server_host={host}", f"--server_port={port}", f"--test_case={case}",
                *OPTIONS.get(case, [])]

    conformance.run("C++", CASES, command)


main()
