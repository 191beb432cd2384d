"""A stock Python client: registers a silo, finds it, watches it, cancels, and meets a deadline.

usage: client.py ENDPOINT CA-FILE STUBS-DIR; an empty CA-FILE: cleartext
"""

import sys
from pathlib import Path

import grpc

endpoint, authority, stubs = sys.argv[1:]
sys.path.insert(0, stubs)

from quark.version.v1 import version_tracker_pb2 as tracker  # noqa: E402
from quark.version.v1 import version_tracker_pb2_grpc as service  # noqa: E402

SILO_ID = "silo-python"
PATIENCE_S = 30
SHORT_S = 0.3
CODES = {grpc.StatusCode.CANCELLED: "Canceled", grpc.StatusCode.DEADLINE_EXCEEDED: "DeadlineExceeded"}


def say(*words):
    print(*words, flush=True)


def register(stub):
    request = tracker.RegisterSiloRequest(instance_id=b"0123456789abcdef")
    request.silo.silo_id, request.silo.address, request.silo.port = SILO_ID, "10.0.0.1", 9000
    request.silo.actor_type_versions["Order"].version = "2.1.0"
    say("registered", stub.RegisterSilo(request, timeout=PATIENCE_S).silo.silo_id)


def find(stub):
    request = tracker.FindCompatibleSilosRequest(actor_type="Order", version="2.1.0")
    for silo in stub.FindCompatibleSilos(request, timeout=PATIENCE_S).silos:
        say("found", silo.silo_id, silo.version)


def watch(stub, limit_s, on_record):
    stream = stub.Watch(iter([tracker.WatchRequest(silo_ids=[SILO_ID])]), timeout=limit_s)
    try:
        for message in stream:
            if message.HasField("record"):
                on_record(stream, message.record.key)
        say("ended OK")
    except grpc.RpcError as error:
        say("ended", CODES.get(error.code(), error.code()))


def see(stream, key):
    say("watched", key)
    stream.cancel()


def main():
    credentials = authority and grpc.ssl_channel_credentials(Path(authority).read_bytes())
    with grpc.secure_channel(endpoint, credentials) if authority else grpc.insecure_channel(endpoint) as channel:
        stub = service.VersionTrackerStub(channel)
        register(stub)
        find(stub)
        watch(stub, PATIENCE_S, see)
        watch(stub, SHORT_S, lambda stream, key: None)


main()
