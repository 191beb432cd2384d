"""Messages and calls of the standard services, and a server that has them.

Their Python modules would lie inside the package grpc, which is taken: the messages are made of descriptors instead.
"""
import functools
import os
import subprocess

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = os.environ["QVT_SOURCE_DIR"]
BINARY = os.path.join(os.environ["QVT_BIN_DIR"], "standard_peer")
FILES = ["grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto", "grpc/reflection/v1alpha/reflection.proto"]
TIMEOUT = 60
UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN = range(4)


@functools.lru_cache(maxsize=None)
def pool():
    wire = subprocess.run(["protoc", f"-I{ROOT}/proto", "-I/usr/include", "-o/dev/stdout", *FILES],
                          check=True, capture_output=True).stdout
    made = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(wire).file:
        made.Add(file)
    return made


def message(name, where=None):
    return message_factory.MessageFactory().GetPrototype((where or pool()).FindMessageTypeByName(name))


class Health:
    def __init__(self, channel):
        self.request = message("grpc.health.v1.HealthCheckRequest")
        codec = {"request_serializer": self.request.SerializeToString,
                 "response_deserializer": message("grpc.health.v1.HealthCheckResponse").FromString}
        self._check = channel.unary_unary("/grpc.health.v1.Health/Check", **codec)
        self._watch = channel.unary_stream("/grpc.health.v1.Health/Watch", **codec)

    def check(self, service=""):
        return self._check(self.request(service=service), timeout=TIMEOUT).status

    def watch(self, service=""):
        return self._watch(self.request(service=service), timeout=TIMEOUT)


class Reflection:
    def __init__(self, channel, version):
        package = f"grpc.reflection.{version}"
        self.request = message(f"{package}.ServerReflectionRequest")
        self.call = channel.stream_stream(f"/{package}.ServerReflection/ServerReflectionInfo",
                                          request_serializer=self.request.SerializeToString,
                                          response_deserializer=message(f"{package}.ServerReflectionResponse").FromString)

    def ask_all(self, requests):
        return list(self.call(iter(requests), timeout=TIMEOUT))

    def ask(self, **fields):
        (answer,) = self.ask_all([self.request(**fields)])
        return answer


class Peer:
    def __init__(self):
        self.process = subprocess.Popen([BINARY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[1]
        self.channel = grpc.insecure_channel(self.address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
        self.process.stdin.close()
        code = self.process.wait(TIMEOUT)
        self.process.stdout.close()
        assert code == 0, f"standard_peer ended with {code}"

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer == "ok\n", answer
