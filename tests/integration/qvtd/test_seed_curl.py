#!/usr/bin/python3
"""The seed's rules through curl, also across a crash."""

from urllib.parse import quote

import harness
from seed_rules import AcrossACrash, Refused, SeedRules, ServedTestCase


class CurlClient:
    def __init__(self, server):
        self.server = server

    def call(self, method, path, body=None):
        answer = self.server.curl(method, path, body)
        if answer.status != 200:
            error = answer.json
            raise Refused(code_name(error["code"]), answer.reason, error["message"])
        return answer.json

    def register(self, silo):
        body = {"siloId": silo["silo_id"], "address": silo["address"], "port": silo["port"]}
        body["actorTypeVersions"] = as_json(silo["versions"])
        return self.call("POST", "/v1/silos", {"silo": body})

    def register_versions(self, silo_id, versions):
        path = f"/v1/silos/{quote(silo_id, safe='')}/capabilities"
        return self.call("PUT", path, {"actorTypeVersions": as_json(versions)})

    def get(self, silo_id):
        try:
            found = self.call("GET", f"/v1/silos/{quote(silo_id, safe='')}")["silo"]
        except Refused as refused:
            if refused.reason != "SILO_NOT_FOUND":
                raise
            return None
        return found["status"].removeprefix("SILO_STATUS_")

    def capabilities(self, silo_id):
        path = f"/v1/silos/{quote(silo_id, safe='')}/capabilities"
        return as_plain(self.call("GET", path)["capabilities"])

    def list_capabilities(self):
        listed = self.call("GET", "/v1/capabilities").get("capabilities", [])
        return {each["siloId"]: as_plain(each) for each in listed}

    def find(self, actor_type, version=""):
        query = f"?version={quote(version, safe='')}" if version else ""
        path = f"/v1/actor-types/{quote(actor_type, safe='')}/compatible-silos{query}"
        return [each["siloId"] for each in self.call("GET", path).get("silos", [])]

    def type_version(self, silo_id, actor_type):
        path = f"/v1/silos/{quote(silo_id, safe='')}/actor-types/{quote(actor_type, safe='')}"
        return self.call("GET", path)["version"]["version"]


def as_json(versions):
    return {actor_type: {"version": version} for actor_type, version in versions.items()}


def as_plain(capabilities):
    versions = capabilities.get("actorTypeVersions", {})
    return {actor_type: info["version"] for actor_type, info in versions.items()}


def code_name(code):
    import grpc

    return {each.value[0]: each.name for each in grpc.StatusCode}[code]


class CurlOnMemory(SeedRules, ServedTestCase):
    def connect(self):
        return CurlClient(self.server)


class CurlAcrossACrash(AcrossACrash, SeedRules, ServedTestCase):
    def connect(self):
        return CurlClient(self.server)


if __name__ == "__main__":
    harness.main()
