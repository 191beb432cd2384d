#!/usr/bin/python3
"""The seed's rules through a stock grpcio client, also across a crash."""

import grpc

import harness
from seed_rules import AcrossACrash, Refused, SeedRules, ServedTestCase


class GrpcClient:
    def __init__(self, server):
        self.messages = harness.messages()
        self.stub = server.stub()

    def call(self, method, request):
        try:
            return getattr(self.stub, method)(request, timeout=20, wait_for_ready=True)
        except grpc.RpcError as error:
            raise Refused(*harness.error_info(error)) from None

    def register(self, silo):
        info = self.messages.SiloInfo(silo_id=silo["silo_id"], address=silo["address"], port=silo["port"])
        fill(info.actor_type_versions, silo["versions"])
        return self.call("RegisterSilo", self.messages.RegisterSiloRequest(silo=info))

    def register_versions(self, silo_id, versions):
        request = self.messages.RegisterSiloVersionsRequest(silo_id=silo_id)
        fill(request.actor_type_versions, versions)
        return self.call("RegisterSiloVersions", request)

    def get(self, silo_id):
        try:
            found = self.call("GetSilo", self.messages.GetSiloRequest(silo_id=silo_id)).silo
        except Refused as refused:
            if refused.reason != "SILO_NOT_FOUND":
                raise
            return None
        return self.messages.SiloStatus.Name(found.status).removeprefix("SILO_STATUS_")

    def capabilities(self, silo_id):
        request = self.messages.GetSiloCapabilitiesRequest(silo_id=silo_id)
        return as_plain(self.call("GetSiloCapabilities", request).capabilities)

    def list_capabilities(self):
        listed = self.call("ListSiloCapabilities", self.messages.ListSiloCapabilitiesRequest()).capabilities
        return {each.silo_id: as_plain(each) for each in listed}

    def find(self, actor_type, version=""):
        request = self.messages.FindCompatibleSilosRequest(actor_type=actor_type, version=version)
        return [each.silo_id for each in self.call("FindCompatibleSilos", request).silos]

    def type_version(self, silo_id, actor_type):
        request = self.messages.GetActorTypeVersionRequest(silo_id=silo_id, actor_type=actor_type)
        return self.call("GetActorTypeVersion", request).version.version


def fill(target, versions):
    for actor_type, version in versions.items():
        target[actor_type].version = version


def as_plain(capabilities):
    return {actor_type: info.version for actor_type, info in capabilities.actor_type_versions.items()}


class GrpcioOnMemory(SeedRules, ServedTestCase):
    def connect(self):
        return GrpcClient(self.server)


class GrpcioAcrossACrash(AcrossACrash, SeedRules, ServedTestCase):
    def connect(self):
        return GrpcClient(self.server)


if __name__ == "__main__":
    harness.main()
