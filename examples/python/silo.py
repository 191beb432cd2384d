#!/usr/bin/python3
r"""A silo with the stock Python gRPC stubs: registers, heartbeats on one stream, finds, watches, leaves on SIGTERM.

usage: silo.py ENDPOINT SILO-ID PORT

The stubs come from the contract, with Debian's python3-grpcio, protobuf-compiler and protobuf-compiler-grpc; from the top of
the repository, beside a running qvtd:

    mkdir -p stubs
    protoc -I proto -I /usr/include --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin \
        --python_out=stubs --grpc_out=stubs proto/quark/version/v1/*.proto proto/google/api/*.proto
    PYTHONPATH=stubs /usr/bin/python3 examples/python/silo.py localhost:7070 orders-1 11111
"""

import os
import queue
import signal
import sys
import threading

import grpc
from quark.version.v1 import silo_pb2, version_tracker_pb2 as tracker
from quark.version.v1 import version_tracker_pb2_grpc as rpc

TYPE, VERSION = "OrderActor", "2.1.0"


class Silo:
    def __init__(self, endpoint, silo_id, port):
        self.stub = rpc.VersionTrackerStub(grpc.insecure_channel(endpoint))
        self.silo_id, self.port = silo_id, port
        self.instance_id = os.urandom(16)  # picked once a process: makes retries harmless
        self.held = None
        self.stopping = threading.Event()

    def register(self):
        silo = silo_pb2.SiloInfo(silo_id=self.silo_id, address="127.0.0.1", port=self.port)
        silo.actor_type_versions[TYPE].version = VERSION
        request = tracker.RegisterSiloRequest(silo=silo, instance_id=self.instance_id, held=self.held)
        answer = self.stub.RegisterSilo(request, timeout=5, wait_for_ready=True)
        self.held = tracker.HeldIncarnation(
            incarnation=answer.silo.incarnation, store_id=answer.position.store_id
        )
        self.ttl = answer.silo.lease_ttl.seconds + answer.silo.lease_ttl.nanos / 1e9

    def beats(self):
        while not self.stopping.is_set():
            yield tracker.HeartbeatRequest(silo_id=self.silo_id, incarnation=self.held.incarnation)
            self.stopping.wait(self.ttl / 3)

    def keep_lease(self):
        """One long stream; a lease that is gone is asked for again, unless another process took the silo id."""
        while not self.stopping.is_set():
            try:
                for _ in self.stub.HeartbeatStream(self.beats(), wait_for_ready=True):
                    pass
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.ABORTED:
                    print("superseded", flush=True)
                    self.stopping.set()
                elif error.code() == grpc.StatusCode.NOT_FOUND:
                    self.register()
                else:
                    self.stopping.wait(self.ttl / 6)

    def watch(self):
        """Follows who serves the type; what has been applied is acknowledged."""
        acknowledged = queue.SimpleQueue()
        acknowledged.put(tracker.WatchRequest(actor_types=[TYPE]))
        try:
            for told in self.stub.Watch(iter(acknowledged.get, None), wait_for_ready=True):
                for record in told.change.puts:
                    print("changed", record.key, flush=True)
                if told.HasField("position"):
                    acknowledged.put(tracker.WatchRequest(acknowledged=told.position))
        except grpc.RpcError:
            acknowledged.put(None)

    def find(self):
        request = tracker.FindCompatibleSilosRequest(actor_type=TYPE, version=VERSION, caller=self.silo_id)
        for silo in self.stub.FindCompatibleSilos(request, timeout=5).silos:
            print("found", silo.silo_id, silo.version, f"{silo.address}:{silo.port}", flush=True)

    def leave(self):
        request = tracker.UnregisterSiloRequest(silo_id=self.silo_id, incarnation=self.held.incarnation)
        self.stub.UnregisterSilo(request, timeout=5)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.splitlines()[2])
    silo = Silo(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: silo.stopping.set())
    silo.register()
    for body in (silo.keep_lease, silo.watch):
        threading.Thread(target=body, daemon=True).start()
    silo.find()
    silo.stopping.wait()
    silo.leave()
    print("left", flush=True)


main()
