"""etcd from Debian's package, over gRPC, with its default settings."""

import shutil

import pb
from process import Server, free_port

PUT = "/etcdserverpb.KV/Put"
RANGE = "/etcdserverpb.KV/Range"
GRANT = "/etcdserverpb.Lease/LeaseGrant"
KEEP_ALIVE = "/etcdserverpb.Lease/LeaseKeepAlive"
WATCH = "/etcdserverpb.Watch/Watch"
KVS_FIELD = 2  # of RangeResponse

PREFIX = b"silo/"
PREFIX_END = b"silo0"


def put(key, value, lease=0):
    return pb.text(1, key) + pb.text(2, value) + (pb.number(3, lease) if lease else b"")


def read_all():
    return pb.text(1, PREFIX) + pb.text(2, PREFIX_END)


def grant(lease, seconds):
    return pb.number(1, seconds) + pb.number(2, lease)


def keep_alive(lease):
    return pb.number(1, lease)


def watch_all():
    return pb.text(1, pb.text(1, PREFIX) + pb.text(2, PREFIX_END))


class Etcd:
    def __init__(self, work):
        if shutil.which("etcd") is None:
            raise RuntimeError("etcd is not installed (Debian: etcd-server)")
        data = work / "etcd"
        shutil.rmtree(data, ignore_errors=True)
        self.port = free_port()
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{free_port()}"
        command = ["etcd", "--data-dir", data, "--log-level", "error", "--initial-cluster", f"default={peer}"]
        command += ["--listen-client-urls", client, "--advertise-client-urls", client]
        command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        self.server = Server("etcd", command, self.port, work / "etcd.log")

    def call(self, path, request):
        import grpc

        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            stub = channel.unary_unary(path, lambda message: message, lambda answer: answer)
            return stub(request, timeout=10, wait_for_ready=True)

    def stop(self):
        self.server.stop()
