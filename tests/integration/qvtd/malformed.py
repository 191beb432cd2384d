"""Forty requests nobody should send, by gRPC as raw bytes and by HTTP, and what each is told: code, field, value, rule."""

import json

SERVICE = "/quark.version.v1.VersionTracker/"

# --- protobuf by hand: what no library would write


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(field, wire_type):
    return varint(field << 3 | wire_type)


def number(field, value):
    return tag(field, 0) + varint(value)


def text(field, value):
    data = value.encode() if isinstance(value, str) else value
    return tag(field, 2) + varint(len(data)) + data


def nested(field, depth, inner=b""):
    """A group in a group in a group …, which unknown fields may be."""
    return tag(field, 3) * depth + inner + tag(field, 4) * depth


def silo(silo_id="bad", address="10.0.0.1", port=9000, more=b""):
    return text(2, text(1, silo_id) + text(4, address) + number(5, port) + more)


def version(actor_type, written):
    """An entry of actor_type_versions in SiloInfo."""
    return text(15, text(1, actor_type) + text(2, text(1, written)))


def label(key, value):
    return text(14, text(1, key) + text(2, value))


# (what, method, bytes, code, words of the message)
GRPC = [
    # broken protobuf
    ("a tag cut short", "RegisterSilo", b"\x80", "INTERNAL", ["RegisterSiloRequest"]),
    ("a string longer than the message", "GetSilo", b"\x12\x7fa", "INTERNAL", ["GetSiloRequest"]),
    ("a varint of eleven bytes", "GetSilo", b"\x80\x01" + b"\xff" * 11, "INTERNAL", ["GetSiloRequest"]),
    ("field number zero", "GetSilo", b"\x02\x01a", "INTERNAL", ["GetSiloRequest"]),
    ("wire type seven", "GetSilo", b"\x17", "INTERNAL", ["GetSiloRequest"]),
    ("a group that does not end", "GetSilo", tag(99, 3), "INTERNAL", ["GetSiloRequest"]),
    ("a group's end without a begin", "GetSilo", tag(99, 4), "INTERNAL", ["GetSiloRequest"]),
    ("a number where text belongs", "GetSilo", number(2, 5), "INTERNAL", ["silo_id"]),
    ("text where a number belongs", "RegisterSilo", text(2, text(5, "80")), "INTERNAL", ["silo.port"]),
    ("a cut message inside", "RegisterSilo", text(2, b"\x0a\x05ab"), "INTERNAL", ["silo"]),
    # text
    ("invalid UTF-8", "RegisterSilo", silo(b"a\xff\xfe"), "INVALID_ARGUMENT", ["silo.silo_id", "UTF-8"]),
    ("overlong UTF-8", "GetSilo", text(2, b"\xc0\xaf"), "INVALID_ARGUMENT", ["silo_id", "UTF-8"]),
    ("NUL in a string", "RegisterSilo", silo("a\0b"), "INVALID_ARGUMENT", ["silo.silo_id", "NUL"]),
    ("NUL in a map's key", "RegisterSilo", silo(more=label("a\0", "1")), "INVALID_ARGUMENT", ["silo.labels[0]", "NUL"]),
    ("a line end in a silo's id", "RegisterSilo", silo("a\nb"), "INVALID_ARGUMENT", ["silo.silo_id", "printable"]),
    # missing
    ("nothing at all", "RegisterSilo", b"", "INVALID_ARGUMENT", ["silo", "missing"]),
    ("no silo id", "RegisterSilo", silo(""), "INVALID_ARGUMENT", ["silo.silo_id", "missing"]),
    ("no address", "RegisterSilo", silo(address=""), "INVALID_ARGUMENT", ["silo.address", "missing"]),
    ("no versions to register", "RegisterSiloVersions", text(2, "good"), "INVALID_ARGUMENT", ["actor_type_versions"]),
    ("an actor id of 257 bytes", "FindCompatibleSilos", text(2, "T") + text(5, "a" * 257), "INVALID_ARGUMENT", ["actor_id", "257", "256"]),
    ("no actor type to find", "FindCompatibleSilos", text(3, "1.0.0"), "INVALID_ARGUMENT", ["actor_type", "missing"]),
    ("no mask for an update", "UpdateSilo", text(2, "good") + text(3, b""), "INVALID_ARGUMENT", ["update_mask"]),
    # out of range
    ("port zero", "RegisterSilo", silo(port=0), "INVALID_ARGUMENT", ["silo.port", "0", "1 to 65535"]),
    ("port 65536", "RegisterSilo", silo(port=65536), "INVALID_ARGUMENT", ["silo.port", "65536", "1 to 65535"]),
    ("an id of 129 bytes", "RegisterSilo", silo("x" * 129), "INVALID_ARGUMENT", ["silo.silo_id", "129", "128"]),
    ("an id of two dots", "RegisterSilo", silo(".."), "INVALID_ARGUMENT", ["silo.silo_id", '".."']),
    ("a cluster that climbs", "RegisterSilo", text(1, "../etc/passwd") + silo(), "INVALID_ARGUMENT", ["cluster", "../etc"]),
    ("an unknown status", "RegisterSilo", silo(more=number(6, 77)), "INVALID_ARGUMENT", ["silo.status", "77"]),
    ("an unknown mode", "FindCompatibleSilos", text(2, "T") + text(3, "1.0.0") + number(7, 99), "INVALID_ARGUMENT", ["mode", "99"]),
    ("an unknown selector", "FindCompatibleSilos", text(2, "T") + number(8, 99), "INVALID_ARGUMENT", ["selector", "99"]),
    ("65 labels", "RegisterSilo", silo(more=b"".join(label(f"l{i}", "") for i in range(65))), "INVALID_ARGUMENT", ["silo.labels", "65", "64"]),
    ("a label of 257 bytes", "RegisterSilo", silo(more=label("l", "x" * 257)), "INVALID_ARGUMENT", ["silo.labels", "257", "256"]),
    ("1 025 actor types", "RegisterSilo", silo(more=b"".join(version(f"T{i}", "1.0.0") for i in range(1025))), "INVALID_ARGUMENT", ["silo.actor_type_versions", "1025", "1024"]),
    ("a negative lease", "RegisterSilo", silo(more=text(10, number(1, (1 << 64) - 5))), "INVALID_ARGUMENT", ["silo.lease_ttl", "-5"]),
    # versions
    ("an absurd version", "RegisterSilo", silo(more=version("T", "one.two")), "INVALID_ARGUMENT", ["silo.actor_type_versions[T].version", '"one.two"']),
    ("a version that overflows", "RegisterSilo", silo(more=version("T", "1.2.99999999999")), "INVALID_ARGUMENT", ["[T].version", "99999999999"]),
    ("a version of 129 bytes", "RegisterSilo", silo(more=version("T", "1.0.0-" + "x" * 123)), "INVALID_ARGUMENT", ["[T].version", "128"]),
    ("a version that is no version to find", "FindCompatibleSilos", text(2, "T") + text(3, "0x10"), "INVALID_ARGUMENT", ["version", '"0x10"']),
    ("a range that is none", "FindCompatibleSilos", text(2, "T") + text(4, ">=1 <<2") + number(7, 6), "INVALID_ARGUMENT", ["range", ">=1 <<2"]),
    # size
    ("5 MiB", "RegisterSilo", silo(more=text(16, "x" * (5 << 20))), "RESOURCE_EXHAUSTED", ["too large", "4194304"]),
    ("over 1 MiB of registration", "RegisterSilo", silo(more=text(16, "b" * (1 << 20))), "INVALID_ARGUMENT", ["silo", "1048576"]),
    ("over 1 MiB of versions", "RegisterSiloVersions", text(2, "good") + text(3, text(1, "T") + text(2, text(1, "1") + text(2, "b" * (1 << 20)))), "INVALID_ARGUMENT", ["actor_type_versions", "1048576"]),
    ("10 000 nested levels", "GetSilo", nested(99, 10000), "INVALID_ARGUMENT", ["64"]),
    ("a bomb of 4 MiB of empty map entries", "RegisterSilo", text(2, text(15, b"") * 2090000), "RESOURCE_EXHAUSTED", ["RegisterSiloRequest", "16777216"]),
    ("a bomb of 4 MiB of empty messages", "Heartbeat", text(2, "good") + text(6, b"") * 2090000, "RESOURCE_EXHAUSTED", ["HeartbeatRequest", "16777216"]),
    # positions and names
    ("a position of another history", "GetSilo", text(2, "good") + text(15, text(1, "elsewhere") + number(2, 3)), "ABORTED", ["min_position", "3"]),
    ("a page token from nowhere", "ListSilos", text(8, "gibberish"), "INVALID_ARGUMENT", ["page_token"]),
    ("a mask of another message", "UpdateSilo", text(2, "good") + text(3, b"") + text(4, text(1, "wings")), "INVALID_ARGUMENT", ["update_mask", "wings"]),
    ("an unknown method", "Sing", b"", "UNIMPLEMENTED", ["Sing"]),
    ("an unknown service", "/quark.version.v2.VersionTracker/GetSilo", b"", "UNIMPLEMENTED", ["v2"]),
]

# --- HTTP

# (what, bytes on the socket, status of the answer; None: the connection is closed, as it may always be when bytes are left unread)
RAW_HTTP = [
    ("no request at all", b"\r\n\r\n\r\n\r\n", None),
    ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", None),
    ("no version", b"GET /v1/status\r\n\r\n", 400),
    ("a method of its own", b"FLY /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ("a header without colon", b"GET /v1/status HTTP/1.1\r\nHost x\r\n\r\n", 400),
    ("a negative length", b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
    ("a length that is none", b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
    ("a length beyond 64 bits", b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413),
    ("a chunk without size", b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ("a chunk beyond 64 bits", b"POST /v1/silos HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n", 413),
    ("64 KiB of one header", b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 65536 + b"\r\n\r\n", 431),
    ("10 000 headers", b"GET /v1/status HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(10000)) + b"\r\n", 431),
    ("a path of 64 KiB", b"GET /" + b"x" * 65536 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ("HTTP/2 on the wrong port", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 505),
]

GOOD = {"siloId": "bad", "address": "10.0.0.1", "port": 9000}


def post(info, **more):
    return json.dumps({"silo": {**GOOD, **info}, **more})


# (what, method, path, body, HTTP status, code, words of the message)
HTTP = [
    # broken JSON
    ("no JSON at all", "POST", "/v1/silos", "hello", 400, 3, ["line 1"]),
    ("JSON cut short", "POST", "/v1/silos", '{"silo": {"siloId": "bad"', 400, 3, ["line 1"]),
    ("a trailing comma", "POST", "/v1/silos", '{"silo": {},}', 400, 3, ["line 1"]),
    ("two values", "POST", "/v1/silos", "{} {}", 400, 3, ["line 1"]),
    ("a name twice", "POST", "/v1/silos", '{"silo": {}, "silo": {}}', 400, 3, ["silo"]),
    ("a list instead of an object", "POST", "/v1/silos", "[]", 400, 3, ["object"]),
    ("only null", "POST", "/v1/silos", "null", 400, 3, ["object"]),
    # wrong types
    ("text for a port", "POST", "/v1/silos", post({"port": "http"}), 400, 3, ["silo.port", '"http"']),
    ("a fraction for a port", "POST", "/v1/silos", post({"port": 80.5}), 400, 3, ["silo.port", "80.5"]),
    ("a negative port", "POST", "/v1/silos", post({"port": -1}), 400, 3, ["silo.port", "-1"]),
    ("a number for text", "POST", "/v1/silos", post({"siloId": 7}), 400, 3, ["silo.silo", "string"]),
    ("a list for a map", "POST", "/v1/silos", post({"labels": []}), 400, 3, ["silo.labels", "object"]),
    ("an object for a list", "PATCH", "/v1/silos/good", '{"silo": {}, "updateMask": {}}', 400, 3, ["update_mask", "string"]),
    ("a boolean for a message", "POST", "/v1/silos", '{"silo": true}', 400, 3, ["silo", "object"]),
    ("bytes that are not base64", "POST", "/v1/silos", post({}, instanceId="!!"), 400, 3, ["instance_id", '"!!"', "base64"]),
    ("a duration without unit", "POST", "/v1/silos", post({"leaseTtl": "15"}), 400, 3, ["silo.lease_ttl", '"15"']),
    # unknown
    ("an unknown field", "POST", "/v1/silos", post({"wings": 2}), 400, 3, ["wings"]),
    ("an unknown status", "POST", "/v1/silos", post({"status": "SILO_STATUS_FLYING"}), 400, 3, ["silo.status", "SILO_STATUS_FLYING"]),
    ("an unknown status by number", "POST", "/v1/silos", post({"status": 77}), 400, 3, ["silo.status", "77"]),
    ("an unknown mode", "GET", "/v1/actor-types/T/compatible-silos?version=1&mode=LOOSE", None, 400, 3, ["mode", "LOOSE"]),
    ("an unknown parameter", "GET", "/v1/silos?colour=red", None, 400, 3, ["colour"]),
    ("an unknown path", "GET", "/v1/wings", None, 404, 5, ["/v1/wings"]),
    ("a method that is not allowed", "PUT", "/v1/silos", "{}", 405, 12, ["PUT", "POST"]),
    # text
    ("invalid UTF-8", "POST", "/v1/silos", b'{"silo": {"siloId": "a\xff"}}', 400, 3, ["line 1, column", "0xff"]),
    ("NUL in a string", "POST", "/v1/silos", '{"silo": {"siloId": "a\\u0000b"}}', 400, 3, ["line 1, column", "\\u0000 is not allowed"]),
    ("half a surrogate pair", "POST", "/v1/silos", '{"silo": {"siloId": "a\\ud800"}}', 400, 3, ["line 1"]),
    ("NUL in a path", "GET", "/v1/silos/a%00b", None, 400, 3, ["NUL"]),
    ("invalid UTF-8 in a path", "GET", "/v1/silos/a%ff", None, 400, 3, ["UTF-8"]),
    ("half a percent sign", "GET", "/v1/silos/a%2", None, 400, 3, ["percent"]),
    ("NUL in a parameter", "GET", "/v1/silos?zoneId=%00", None, 400, 3, ["NUL"]),
    # path traversal
    ("a path that climbs", "GET", "/v1/../../etc/passwd", None, 404, 5, ["no such path"]),
    ("a path that climbs in disguise", "GET", "/v1/silos/..%2f..%2fetc%2fpasswd", None, 404, 5, ["../../etc/passwd"]),
    ("two dots for a silo", "GET", "/v1/silos/%2e%2e", None, 400, 3, ["silo_id", '".."']),
    ("a cluster that climbs", "POST", "/v1/clusters/..%2f..%2fetc/silos", post({}), 400, 3, ["cluster", "../../etc"]),
    # missing, out of range
    ("nothing at all", "POST", "/v1/silos", "", 400, 3, ["silo", "missing"]),
    ("no address", "POST", "/v1/silos", post({"address": ""}), 400, 3, ["silo.address", "missing"]),
    ("no versions to register", "PUT", "/v1/silos/good/capabilities", "{}", 400, 3, ["actor_type_versions"]),
    ("a port above all", "POST", "/v1/silos", post({"port": 65536}), 400, 3, ["silo.port", "65536", "1 to 65535"]),
    ("an absurd version", "POST", "/v1/silos", post({"actorTypeVersions": {"T": {"version": "1.x.2"}}}), 400, 3, ["[T].version", '"1.x.2"']),
    ("a version with nothing in it", "POST", "/v1/silos", post({"actorTypeVersions": {"T": None}}), 400, 3, ['silo.actor_type_versions["T"]', "null"]),
    ("an absurd range", "GET", "/v1/actor-types/T/compatible-silos?range=%3E%3E1&mode=COMPATIBILITY_MODE_RANGE", None, 400, 3, ["range", ">>1"]),
    # size and depth
    ("5 MiB", "POST", "/v1/silos", post({"buildId": "x" * (5 << 20)}), 413, 8, ["4194304"]),
    ("10 000 nested levels", "POST", "/v1/silos", '{"silo":' * 10000 + "1" + "}" * 10000, 400, 3, ["line 1, column", "depth"]),
    ("10 000 nested lists", "POST", "/v1/silos", "[" * 10000 + "]" * 10000, 400, 3, ["line 1, column", "depth"]),
    ("a bomb of 4 MiB of empty messages", "POST", "/v1/silos/good/heartbeat", '{"calls": [' + ",".join(["{}"] * 1390000) + "]}", 429, 8, ["too many values"]),
    ("a path of 16 KiB", "GET", "/v1/silos/" + "x" * 16384, None, 400, 3, ["silo_id", "128"]),
    ("a wrong type of body", "POST", "/v1/silos", "silo=bad", 415, 3, ["application/json", "text/plain"]),
    ("a resume point that is none", "GET", "/v1/watch?resumeAfter.revision=minus-one", None, 400, 3, ["resume_after.revision", "minus-one"]),
]
