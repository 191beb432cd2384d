"""qvtd, talked to by the stock Python client, and the silos that the benches register."""

import importlib
import sys

import pb
from process import SERVER_CORE, Server, free_port

SERVICE = "/quark.version.v1.VersionTracker/"
LARGE_TYPES = 50
LEASE_SECONDS = 600


def messages_of(folder):
    """The contract's module, as peers.build_messages made it."""
    sys.path.insert(0, str(folder))
    return importlib.import_module("quark.version.v1.version_tracker_pb2")


class Tracker:
    """A qvtd with a sqlite store of its own in `work`, or the store given; what an earlier run left there is removed
    unless kept."""

    def __init__(self, qvtd, work, messages, flags=(), keep=False, store=None, core=SERVER_CORE):
        self.messages = messages
        work.mkdir(parents=True, exist_ok=True)
        store = store or f"sqlite:{work / 'qvtd.sqlite'}"
        for left in [] if keep else work.glob("qvtd.sqlite*"):
            left.unlink()
        self.port = free_port()
        self.command = [qvtd, "--http-listen", "127.0.0.1:0", "--store", store]
        self.command += ["--log-level", "warn", *flags]
        command = [*self.command, "--grpc-listen", f"127.0.0.1:{self.port}"]
        self.server = Server("qvtd", command, self.port, work / "qvtd.log", says="ready ", core=core)
        self.channel = None

    def call(self, method, request, answer_type):
        """The encoded answer and the answer."""
        import grpc

        if self.channel is None:
            self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        stub = self.channel.unary_unary(SERVICE + method, lambda message: message, lambda answer: answer)
        raw = stub(request.SerializeToString(), timeout=10, wait_for_ready=True)
        return raw, answer_type.FromString(raw)

    def register(self, silo):
        """The silo as committed; `silo` is encoded."""
        request = self.messages.RegisterSiloRequest.FromString(registration(silo))
        request.instance_id = b"\x01" * 16
        return self.call("RegisterSilo", request, self.messages.RegisterSiloResponse)[1].silo

    def close(self):
        """Drops the Python client's connection, so that only the load's are measured."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None

    def stop(self):
        self.close()
        self.server.stop()


def silo_body(messages, types):
    """An encoded silo without its id."""
    silo = messages.quark_dot_version_dot_v1_dot_silo__pb2.SiloInfo(address="10.0.0.1", port=5000)
    silo.lease_ttl.FromSeconds(LEASE_SECONDS)
    for number in range(types):
        version = silo.actor_type_versions[f"Acme.Shop.Domain.Actor{number:02}"]
        version.version = f"2.1.{number}"
        version.assembly_name = "Acme.Shop.Domain.Actors"
        version.build_id = "9f8e7d6c5b4a"
    return silo.SerializeToString(deterministic=True)


def silos(messages, types, count):
    """Encoded silos, `silo-000000` and so on."""
    body = silo_body(messages, types)
    return [pb.text(1, silo_id(number)) + body for number in range(count)]


def silo_id(number):
    return f"silo-{number:06}"


def registration(silo):
    """A RegisterSiloRequest; the load adds an instance id, its field 3."""
    return pb.text(2, silo)


INSTANCE_FIELD = 3
