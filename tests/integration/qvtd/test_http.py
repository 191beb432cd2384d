#!/usr/bin/python3
"""The HTTP gateway: routes, JSON, errors with their codes and details, limits, pages."""

import json
import socket

import harness


def silo(silo_id, versions=None, **fields):
    info = {"siloId": silo_id, "address": "10.0.0.1", "port": 9000, **fields}
    info["actorTypeVersions"] = {name: {"version": version} for name, version in (versions or {}).items()}
    return {"silo": info}


class Http(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve(harness.LONG_LEASES)

    def get(self, path, **more):
        return self.server.curl("GET", path, **more)

    def register(self, *args, cluster=None, **fields):
        path = f"/v1/clusters/{cluster}/silos" if cluster else "/v1/silos"
        answer = self.server.curl("POST", path, silo(*args, **fields))
        self.assertEqual(200, answer.status, answer)
        return answer.json

    def expect_error(self, answer, status, code, *words):
        self.assertEqual(status, answer.status, answer)
        self.assertEqual("application/json", answer.headers["content-type"])
        self.assertEqual(code, answer.json["code"], answer)
        for word in words:
            self.assertIn(word, answer.json["message"])

    def expect_field(self, answer, field, *words):
        self.expect_error(answer, 400, 3, *words)
        fields = [each["field"] for detail in answer.json["details"] for each in detail.get("fieldViolations", [])]
        self.assertEqual([field], fields, answer)

    # --- answers

    def test_a_silo_registers_and_is_found(self):
        registered = self.register("silo-1", {"Order": "1.2.0"})
        self.assertEqual("1", registered["position"]["revision"])
        self.assertEqual("10s", registered["cacheTtl"])
        self.assertEqual("SILO_STATUS_ACTIVE", registered["silo"]["status"])
        self.assertEqual("600s", registered["silo"]["leaseTtl"])
        found = self.get("/v1/actor-types/Order/compatible-silos?version=1.2.0").json
        self.assertEqual(registered["position"], found["position"])
        self.assertEqual(
            [{"siloId": "silo-1", "address": "10.0.0.1", "port": 9000, "version": "1.2.0"}],
            [{key: value for key, value in each.items() if key != "incarnation"} for each in found["silos"]],
        )
        self.assertEqual(registered["silo"]["incarnation"], found["silos"][0]["incarnation"])

    def test_a_lease_is_of_15_s_unless_said_otherwise(self):
        self.server = self.serve()
        self.assertEqual("15s", self.register("silo-1")["silo"]["leaseTtl"])
        self.assertEqual("20s", self.register("silo-2", leaseTtl="20s")["silo"]["leaseTtl"])

    def test_curl_without_a_content_type_is_understood(self):
        answer = self.server.curl(
            "POST", "/v1/silos", silo("a"), headers=["Content-Type: application/x-www-form-urlencoded"]
        )
        self.assertEqual(200, answer.status, answer)

    def test_an_empty_answer_says_why(self):
        self.assertEqual("EMPTY_REASON_UNKNOWN_TYPE", self.get("/v1/actor-types/X/compatible-silos").json["emptyReason"])
        self.register("silo-1", {"Order": "1.0.0"})
        answer = self.get("/v1/actor-types/Order/compatible-silos?version=2.0.0&explain=true").json
        self.assertEqual("EMPTY_REASON_NO_COMPATIBLE_VERSION", answer["emptyReason"])
        self.assertEqual(
            [{"siloId": "silo-1", "version": "1.0.0", "reason": "DROP_REASON_VERSION"}], answer["dropped"]
        )

    def test_ids_with_slashes_colons_spaces_and_percent_stay_whole(self):
        for silo_id in ("a/b", "host:80/x y", "100%", "ünï", "x" * 128):
            self.register(silo_id, {"A/B": "1.0.0"})
            path = "".join(f"%{byte:02X}" for byte in silo_id.encode())
            self.assertEqual(silo_id, self.get(f"/v1/silos/{path}").json["silo"]["siloId"])
            self.assertEqual("1.0.0", self.get(f"/v1/silos/{path}/actor-types/A%2FB").json["version"]["version"])
        self.expect_error(self.get("/v1/silos/a/b"), 404, 5, "no such path")

    def test_an_own_silo_is_shown_with_its_lease_and_heartbeat(self):
        self.register("silo-1")
        beat = self.server.curl("POST", "/v1/silos/silo-1/heartbeat", {"health": {"cpuPercent": 40}})
        self.assertEqual(200, beat.status, beat)
        self.assertGreater(beat.json["leaseRemainingMs"], 10000)
        found = self.get("/v1/silos/silo-1").json["silo"]
        self.assertGreater(found["leaseRemainingMs"], 10000)
        self.assertEqual(40, found["health"]["cpuPercent"])
        self.assertIn("lastHeartbeat", found)

    def test_head_is_get_without_a_body(self):
        answer = self.server.curl("HEAD", "/v1/status")
        self.assertEqual(200, answer.status)
        self.assertEqual("", answer.body)
        self.assertGreater(int(answer.headers["content-length"]), 10)

    def test_update_patches_only_the_mask(self):
        self.register("silo-1", {"Order": "1.0.0"}, labels={"a": "1"})
        body = {"silo": {"scheduling": "SCHEDULING_CORDONED", "port": 5}, "updateMask": "scheduling"}
        answer = self.server.curl("PATCH", "/v1/silos/silo-1", body)
        self.assertEqual(200, answer.status, answer)
        self.assertEqual("SCHEDULING_CORDONED", answer.json["silo"]["scheduling"])
        self.assertEqual(9000, answer.json["silo"]["port"])
        self.assertEqual({"a": "1"}, answer.json["silo"]["labels"])

    def test_delete_makes_dead_and_is_idempotent(self):
        self.register("silo-1", {"Order": "1.0.0"})
        for _ in range(2):
            answer = self.server.curl("DELETE", "/v1/silos/silo-1")
            self.assertEqual(200, answer.status, answer)
            self.assertEqual("SILO_STATUS_DEAD", answer.json["silo"]["status"])
        self.assertEqual(200, self.server.curl("DELETE", "/v1/silos/nobody").status)
        self.assertEqual("EMPTY_REASON_ALL_DEAD", self.get("/v1/actor-types/Order/compatible-silos").json["emptyReason"])

    def test_a_guard_in_the_body_of_a_delete_counts(self):
        etag = self.register("silo-1", {"Order": "1.0.0"})["silo"]["etag"]
        refused = [({"ifMatch": "1.0"}, 409), ({"ifMatches": etag}, 400), ({"incarnation": "1"}, 409)]
        for body, status in refused:
            self.assertEqual(status, self.server.curl("DELETE", "/v1/silos/silo-1", body).status, body)
        self.assertEqual("SILO_STATUS_ACTIVE", self.get("/v1/silos/silo-1").json["silo"]["status"])
        answer = self.server.curl("DELETE", "/v1/silos/silo-1", {"ifMatch": etag, "siloId": "another"})
        self.assertEqual("SILO_STATUS_DEAD", answer.json["silo"]["status"])

    def test_policies_are_set_read_listed_and_deleted(self):
        self.register("silo-1", {"Order": "1.2.0"})
        self.assertEqual("COMPATIBILITY_MODE_STRICT", self.get("/v1/actor-types/Order/policy").json["policy"]["mode"])
        find = "/v1/actor-types/Order/compatible-silos?version=1.0.0"
        self.assertNotIn("silos", self.get(find).json)
        body = {"policy": {"mode": "COMPATIBILITY_MODE_BACKWARD"}}
        answer = self.server.curl("PUT", "/v1/actor-types/Order/policy", body)
        self.assertEqual(200, answer.status, answer)
        self.assertEqual("silo-1", self.get(find).json["silos"][0]["siloId"])
        self.assertEqual(200, self.server.curl("PUT", "/v1/policy", {"policy": {"minReady": 3}}).status)
        listed = self.get("/v1/policies").json["policies"]
        self.assertEqual(["", "Order"], [each.get("actorType", "") for each in listed])
        first = self.get("/v1/policies?pageSize=1").json
        second = self.get(f"/v1/policies?pageSize=1&pageToken={first['nextPageToken']}").json
        self.assertEqual("Order", second["policies"][0]["actorType"])
        self.assertNotIn("nextPageToken", second)
        self.assertEqual(200, self.server.curl("DELETE", "/v1/actor-types/Order/policy").status)
        self.assertNotIn("silos", self.get(find).json)
        self.assertEqual(3, self.get("/v1/policy").json["policy"]["minReady"])
        self.assertEqual(409, self.server.curl("DELETE", "/v1/policy?ifMatch=1.0").status)
        self.assertEqual(200, self.server.curl("DELETE", "/v1/policy").status)
        self.assertEqual(2, self.get("/v1/policy").json["policy"]["minReady"])
        self.assertEqual(200, self.server.curl("DELETE", "/v1/clusters/default/policy").status)

    def test_etags_guard_writes(self):
        etag = self.register("silo-1", {"Order": "1.0.0"})["silo"]["etag"]
        self.register("silo-1", {"Order": "1.1.0"})
        body = {"actorTypeVersions": {"Order": {"version": "1.2.0"}}, "ifMatch": etag}
        answer = self.server.curl("PUT", "/v1/silos/silo-1/capabilities", body)
        self.expect_error(answer, 409, 10)
        self.assertEqual("ETAG_MISMATCH", answer.reason)
        info = [each for each in answer.json["details"] if each["@type"].endswith("ErrorInfo")][0]
        self.assertEqual("quark.version.v1", info["domain"])
        body["ifMatch"] = self.get("/v1/silos/silo-1").json["silo"]["etag"]
        self.assertEqual(200, self.server.curl("PUT", "/v1/silos/silo-1/capabilities", body).status)

    def test_a_repeated_request_id_changes_nothing(self):
        body = {**silo("silo-1", {"Order": "1.0.0"}), "requestId": "r-1", "who": "me", "why": "testing"}
        first = self.server.curl("POST", "/v1/silos", body).json
        self.register("silo-1", {"Order": "2.0.0"})
        again = self.server.curl("POST", "/v1/silos", body).json
        self.assertEqual(first["position"], again["position"])
        self.assertEqual(first["silo"]["etag"], again["silo"]["etag"])
        self.assertEqual("2.0.0", self.get("/v1/silos/silo-1/actor-types/Order").json["version"]["version"])

    def test_clusters_do_not_see_each_other(self):
        self.register("silo-1", {"Order": "1.0.0"}, cluster="blue")
        self.assertEqual(404, self.get("/v1/silos/silo-1").status)
        self.assertEqual(200, self.get("/v1/clusters/blue/silos/silo-1").status)
        self.assertEqual(200, self.get("/v1/silos/silo-1?cluster=blue").status)
        unborn = self.get("/v1/clusters/green/status").json
        self.assertEqual("0", unborn["position"].get("revision", "0"))
        self.expect_field(self.get("/v1/clusters/a%20b/status"), "cluster", "a b")

    def test_a_refused_write_creates_no_cluster(self):
        answer = self.server.curl("POST", "/v1/clusters/ghost/silos", {"silo": {"siloId": "a", "port": 0}})
        self.assertEqual(400, answer.status, answer)
        answer = self.server.curl("DELETE", "/v1/clusters/ghost/silos/a")
        self.assertEqual(200, answer.status, answer)
        self.assertEqual("0", self.get("/v1/clusters/ghost/status").json["position"].get("revision", "0"))

    def test_status_counts(self):
        self.register("silo-1", {"Order": "1.0.0"})
        self.register("silo-2", {"Cart": "1.0.0"}, status="SILO_STATUS_JOINING")
        status = self.get("/v1/status").json
        counts = {each["status"]: each.get("silos", 0) for each in status["silos"]}
        self.assertEqual(1, counts["SILO_STATUS_ACTIVE"])
        self.assertEqual(1, counts["SILO_STATUS_JOINING"])
        self.assertEqual(0, counts["SILO_STATUS_DEAD"])
        self.assertEqual(2, status["actorTypes"])

    # --- lists

    def test_lists_come_in_pages_that_survive_change(self):
        ids = [f"silo-{i:02d}" for i in range(10)]
        for each in ids:
            self.register(each, {"Order": "1.0.0"})
        seen, token = [], ""
        while True:
            page = self.get(f"/v1/silos?pageSize=3&pageToken={token}").json
            seen += [each["siloId"] for each in page["silos"]]
            token = page.get("nextPageToken", "")
            if not token:
                break
            self.register("silo-00a")
            self.register("silo-05", {"Order": "1.0.1"})
        self.assertEqual(ids, seen)
        self.expect_field(self.get("/v1/silos?pageToken=zz"), "page_token")
        first = self.get("/v1/silos?pageSize=3").json
        self.expect_field(
            self.get(f"/v1/silos?pageSize=3&zoneId=b&pageToken={first['nextPageToken']}"), "page_token"
        )

    def test_lists_filter(self):
        self.register("a", {"Order": "1.0.0"}, zoneId="z1", labels={"tier": "gold", "x": "1"})
        self.register("b", {"Order": "1.5.0"}, zoneId="z2", labels={"tier": "silver"})
        self.register("c", {"Cart": "1.0.0"}, status="SILO_STATUS_JOINING")

        def ids(query):
            return [each["siloId"] for each in self.get(f"/v1/silos?{query}").json.get("silos", [])]

        self.assertEqual(["a", "b"], ids("actorType=Order"))
        self.assertEqual(["b"], ids("actorType=Order&versionRange=%3E1.0.0"))
        self.assertEqual(["a"], ids("zoneId=z1"))
        self.assertEqual(["a"], ids("labels=tier%3Dgold&labels=x"))
        self.assertEqual(["c"], ids("statuses=SILO_STATUS_JOINING"))
        self.assertEqual(["a", "b", "c"], ids("statuses=SILO_STATUS_JOINING&statuses=SILO_STATUS_ACTIVE"))
        self.expect_field(self.get("/v1/silos?versionRange=1"), "actor_type")
        self.expect_field(self.get("/v1/silos?actorType=Order&versionRange=%3E%3E1"), "version_range")

    # --- positions

    def test_reads_at_least_at_a_position(self):
        position = self.register("silo-1", {"Order": "1.0.0"})["position"]
        query = "&".join(f"minPosition.{name}={value}" for name, value in position.items())
        self.assertEqual(200, self.get(f"/v1/silos/silo-1?{query}").status)
        wrong = query.replace(f"token={position['token']}", "token=1")
        for other in ("minPosition.revision=99", wrong, "minPosition.revision=1&minPosition.storeId=" + "0" * 32):
            answer = self.get(f"/v1/silos/silo-1?{other}")
            self.expect_error(answer, 409, 10)
            self.assertEqual("HISTORY_LOST", answer.reason)

    # --- refusals

    def test_unknown_paths_and_methods(self):
        self.expect_error(self.get("/v1/nothing"), 404, 5, "/v1/nothing", "openapi")
        self.expect_error(self.get("/"), 404, 5)
        self.expect_error(self.get("/v1/silos/"), 404, 5)
        answer = self.server.curl("DELETE", "/v1/silos")
        self.expect_error(answer, 405, 12, "DELETE")
        self.assertEqual({"GET", "HEAD", "POST"}, set(answer.headers["allow"].split(", ")))
        answer = self.server.curl("POST", "/healthz")
        self.expect_error(answer, 405, 12)
        self.assertEqual("GET, HEAD", answer.headers["allow"])

    def test_a_target_may_name_the_server(self):
        self.register("silo-1", {"Order": "1.0.0"})
        for target, status in [("/v1/silos/silo-1?", 200), ("/v1/silos/silo-2", 404), ("/healthz", 200), ("?siloId=x", 404)]:
            for scheme in ["http", "HTTPS"]:
                target_args = ["--request-target", f"{scheme}://{self.server.http}{target}"]
                answer = self.server.curl("GET", "/", args=target_args)
                self.assertEqual(status, answer.status, (target, answer))

    def test_queries_are_checked(self):
        self.expect_error(self.get("/v1/silos?pageSice=3"), 400, 3, "pageSice")
        self.expect_error(self.get("/v1/silos?pageSize=three"), 400, 3, "three")
        self.expect_error(self.get("/v1/silos?statuses=ALIVE"), 400, 3, "ALIVE")
        self.expect_error(self.get("/v1/silos?zoneId=%zz"), 400, 3)
        self.expect_error(self.get("/v1/silos?zoneId=%ff"), 400, 3)
        self.expect_error(self.get("/v1/silos/%00"), 400, 3)
        self.expect_field(self.get("/v1/actor-types/Order/compatible-silos?version=1.x"), "version", "1.x")
        self.expect_error(self.get("/v1/actor-types/Order/compatible-silos?mode=COMPATIBILITY_MODE_RANGE"), 400, 3)

    def test_bodies_are_checked(self):
        def post(body, **more):
            return self.server.curl("POST", "/v1/silos", body, **more)

        self.expect_error(post("{"), 400, 3, "line 1")
        self.expect_error(post("[]"), 400, 3)
        self.expect_error(post('{"silo": 5}'), 400, 3, "silo")
        self.expect_error(post('{"silo": {"port": "many"}}'), 400, 3, "silo.port")
        self.expect_error(post('{"silo": {"siloID": "a"}}'), 400, 3, "siloID")
        self.expect_error(post('{"silo": {"siloId": "a", "siloId": "b"}}'), 400, 3)
        self.expect_error(post(b'{"silo": {"siloId": "\xff"}}'), 400, 3)
        self.expect_error(post('{"silo": {"siloId": "a\\u0000b"}}'), 400, 3)
        self.expect_error(post("[" * 10000 + "]" * 10000), 400, 3)
        self.expect_error(post("{}"), 400, 3, "silo")
        self.expect_error(post(silo("..")), 400, 3, "..")
        self.expect_error(post(silo("a", port=70000)), 400, 3, "70000")
        self.expect_error(post(silo("a", {"Order": "one"})), 400, 3, "one")
        self.assertEqual(404, self.get("/v1/silos/a").status)

    def test_other_media_types_are_refused(self):
        for media in ("text/xml", "text/plain", "multipart/form-data; boundary=x"):
            answer = self.server.curl("POST", "/v1/silos", silo("a"), headers=[f"Content-Type: {media}"])
            self.expect_error(answer, 415, 3, media)
        answer = self.server.curl("POST", "/v1/silos", silo("a"), headers=["Content-Type: application/json; charset=utf-8"])
        self.assertEqual(200, answer.status)

    def test_pages_of_other_sites_cannot_write(self):
        foreign = ["Origin: http://evil.example"]
        answer = self.server.curl("POST", "/v1/silos", silo("a"), headers=foreign)
        self.expect_error(answer, 403, 7)
        own = [f"Origin: http://{self.server.http}"]
        self.assertEqual(200, self.server.curl("POST", "/v1/silos", silo("a"), headers=own).status)

    def test_a_body_over_the_limit_is_413(self):
        answer = self.server.curl("POST", "/v1/silos", b" " * (5 << 20))
        self.expect_error(answer, 413, 8, str(4 << 20))
        answer = self.server.curl("POST", "/v1/silos", b" " * (5 << 20), headers=["Transfer-Encoding: chunked"])
        self.expect_error(answer, 413, 8)
        self.assertEqual(200, self.get("/healthz").status)

    def test_a_bomb_of_small_values_is_refused(self):
        labels = ",".join(f'"{i}":""' for i in range(300000))
        answer = self.server.curl("POST", "/v1/silos", '{"silo":{"siloId":"a","labels":{' + labels + "}}}")
        self.assertIn(answer.status, (400, 429), answer)
        self.assertLess(self.server.rss_kib(), 256 * 1024)

    def test_half_a_request_does_not_hold_anybody_up(self):
        host, port = self.server.http.split(":")
        with socket.create_connection((host, int(port))) as sock:
            sock.sendall(b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            self.assertEqual(200, self.get("/healthz").status)

    def test_unknown_silos_are_404_with_a_reason(self):
        for path in ("/v1/silos/x", "/v1/silos/x/capabilities", "/v1/silos/x/actor-types/Order"):
            answer = self.get(path)
            self.expect_error(answer, 404, 5, "x")
            self.assertEqual("SILO_NOT_FOUND", answer.reason)
        answer = self.server.curl("POST", "/v1/silos/x/heartbeat", {})
        self.assertEqual("SILO_NOT_FOUND", answer.reason)

    # --- pages

    def test_health_and_readiness(self):
        self.assertEqual({"status": "ok"}, self.get("/healthz").json)
        self.assertEqual("ready", self.get("/readyz").json["status"])

    def test_the_openapi_document_lists_every_path(self):
        document = self.get("/openapi.json").json
        self.assertTrue(document["openapi"].startswith("3."))
        for path in ("/v1/silos", "/v1/silos/{silo_id}", "/v1/actor-types/{actor_type}/compatible-silos", "/v1/watch"):
            self.assertIn(path, document["paths"])
        json.dumps(document)


if __name__ == "__main__":
    harness.main()
