#!/usr/bin/python3
"""A stock gRPC server with methods on plain bytes; prints its port and serves until stdin ends."""

import sys
import time
from concurrent import futures

import grpc

DETAILS = bytes.fromhex("0805120164")  # google.rpc.Status{code: 5, message: "d"}


def echo(request, context):
    metadata = dict(context.invocation_metadata())
    context.send_initial_metadata((("seen", metadata.get("x-word", "")), ("seen-bin", metadata.get("x-word-bin", b""))))
    context.set_trailing_metadata((("left", "over"),))
    return request


def fail(request, context):
    context.set_trailing_metadata((("grpc-status-details-bin", DETAILS),))
    context.abort(grpc.StatusCode.NOT_FOUND, "n\u00f6t \u20ac 100% found\n")


def sleep(request, context):
    while context.is_active():
        time.sleep(0.01)
    return b""


def join(requests, context):
    return b"+".join(requests)


def count(request, context):
    for i in range(int(request)):
        yield str(i).encode() * 1000


def chat(requests, context):
    for request in requests:
        yield request


HANDLERS = {
    "Echo": grpc.unary_unary_rpc_method_handler(echo),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Sleep": grpc.unary_unary_rpc_method_handler(sleep),
    "Join": grpc.stream_unary_rpc_method_handler(join),
    "Count": grpc.unary_stream_rpc_method_handler(count),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
}


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Service", HANDLERS),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()
