#!/usr/bin/python3
"""The contract fingerprint of a service: computed anew from the descriptors by the formula of generator/contract.h, and
what changes it and what does not. usage: fingerprints.py PROTOC_GEN_QVT"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs/silo.md"
MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (
    11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261)

BASE = """syntax = "proto3";
package shop.v1;
// Orders.
service Orders {
  rpc Place(Order) returns (Receipt);
  rpc Follow(OrderRef) returns (stream Event);
}
message Order {
  string id = 1;
  repeated Part parts = 2;
  map<string, Money> prices = 3;
  optional uint32 count = 4;
  oneof payer { string name = 5; uint64 account = 6; }
  Order previous = 7;
  message Note { string text = 1; }
  Note note = 8;
}
message OrderRef { string id = 1; }
message Receipt { Money total = 1; }
message Money { int64 units = 1; string currency = 2; }
message Event { Kind kind = 1; }
message Unused { string word = 1; }
enum Kind { KIND_UNSPECIFIED = 0; KIND_PLACED = 1; }
enum Part { PART_UNSPECIFIED = 0; PART_A = 1; }
"""

SAME = {
    "comment": [("// Orders.", "// All about orders.\n// And more.")],
    "order_of_methods": [("  rpc Place(Order) returns (Receipt);\n", ""),
                         ("(stream Event);\n", "(stream Event);\n  rpc Place(Order) returns (Receipt);\n")],
    "order_of_fields": [("int64 units = 1; string currency = 2;", "string currency = 2; int64 units = 1;")],
    "order_of_messages": [("message Event { Kind kind = 1; }\n", ""),
                          ("message OrderRef", "message Event { Kind kind = 1; }\nmessage OrderRef")],
    "order_of_values": [("KIND_UNSPECIFIED = 0; KIND_PLACED = 1;", "KIND_UNSPECIFIED = 0;\n  KIND_PLACED = 1;")],
    "unused_message": [("string word = 1;", "bytes word = 7;")],
    "options": [("string id = 1;\n", "string id = 1 [deprecated = true, json_name = \"ID\"];\n")],
    "reserved": [("message Receipt {", "message Receipt { reserved 9;")],
}
OTHER = {
    "field_added": [("string currency = 2;", "string currency = 2; bool gross = 3;")],
    "field_removed": [(" string currency = 2;", "")],
    "field_renamed": [("string currency", "string money")],
    "field_renumbered": [("currency = 2", "currency = 3")],
    "field_type": [("int64 units", "sint64 units")],
    "field_repeated": [("string currency", "repeated string currency")],
    "presence": [("optional uint32 count", "uint32 count")],
    "oneof_left": [("oneof payer { string name = 5; uint64 account = 6; }", "string name = 5; uint64 account = 6;")],
    "oneof_renamed": [("oneof payer", "oneof buyer")],
    "map_key": [("map<string, Money>", "map<int32, Money>")],
    "map_value": [("map<string, Money>", "map<string, Receipt>")],
    "enum_value": [("PART_A = 1;", "PART_A = 1; PART_B = 2;")],
    "nested_message": [("string text = 1;", "string text = 2;")],
    "method_added": [("rpc Place", "rpc Cancel(OrderRef) returns (Receipt);\n  rpc Place")],
    "method_renamed": [("rpc Place", "rpc Put")],
    "streaming": [("(stream Event)", "(Event)")],
    "client_streaming": [("rpc Place(Order)", "rpc Place(stream Order)")],
    "service_renamed": [("service Orders", "service Sales")],
    "package": [("package shop.v1", "package shop.v2")],
}


def rotate(value, by):
    return (value << by | value >> (64 - by)) & MASK


def xxh64(data):
    """XXH64 with seed 0."""
    word = lambda at, size: int.from_bytes(data[at:at + size], "little")
    mix = lambda acc, lane: rotate((acc + lane * P2) & MASK, 31) * P1 & MASK
    at = 0
    if len(data) >= 32:
        lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
        while at + 32 <= len(data):
            lanes = [mix(lane, word(at + 8 * i, 8)) for i, lane in enumerate(lanes)]
            at += 32
        acc = sum(rotate(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            acc = ((acc ^ mix(0, lane)) * P1 + P4) & MASK
    else:
        acc = P5
    acc = (acc + len(data)) & MASK
    while at + 8 <= len(data):
        acc = (rotate(acc ^ mix(0, word(at, 8)), 27) * P1 + P4) & MASK
        at += 8
    if at + 4 <= len(data):
        acc = (rotate(acc ^ word(at, 4) * P1 & MASK, 23) * P2 + P3) & MASK
        at += 4
    for byte in data[at:]:
        acc = rotate(acc ^ byte * P5 & MASK, 11) * P1 & MASK
    acc = (acc ^ acc >> 33) * P2 & MASK
    acc = (acc ^ acc >> 29) * P3 & MASK
    return acc ^ acc >> 32


class Contract:
    """The text of generator/contract.h, from a FileDescriptorSet."""

    def __init__(self, files):
        self.messages, self.enums, self.syntax = {}, {}, {}
        for file in files.file:
            prefix = f".{file.package}" if file.package else ""
            for message in file.message_type:
                self.add_message(prefix, message, file.syntax == "proto3")
            for enum in file.enum_type:
                self.enums[f"{prefix}.{enum.name}"] = enum

    def add_message(self, prefix, message, proto3):
        name = f"{prefix}.{message.name}"
        self.messages[name], self.syntax[name] = message, proto3
        for nested in message.nested_type:
            self.add_message(name, nested, proto3)
        for enum in message.enum_type:
            self.enums[f"{name}.{enum.name}"] = enum

    def reach(self, name, messages, enums):
        message = self.messages[name]
        if name in messages:
            return
        if not message.options.map_entry:
            messages.add(name)
        for field in message.field:
            if field.type == field.TYPE_ENUM:
                enums.add(field.type_name)
            if field.type == field.TYPE_MESSAGE:
                self.reach(field.type_name, messages, enums)

    @staticmethod
    def type_of(field):
        return field.type_name[1:] or descriptor_pb2.FieldDescriptorProto.Type.Name(field.type)[5:].lower()

    def line_of(self, name, field):
        message = self.messages[name]
        is_map = field.type == field.TYPE_MESSAGE and self.messages[field.type_name].options.map_entry
        words = [str(field.number), field.name]
        if field.HasField("oneof_index") and not field.proto3_optional:
            words += ["oneof", message.oneof_decl[field.oneof_index].name]
        elif field.label == field.LABEL_REPEATED:
            words += ["map" if is_map else "repeated"]
        elif field.label == field.LABEL_REQUIRED:
            words += ["required"]
        elif field.type != field.TYPE_MESSAGE and (field.proto3_optional or not self.syntax[name]):
            words += ["optional"]
        if is_map:
            words += [self.type_of(part) for part in self.messages[field.type_name].field]
        else:
            words += [self.type_of(field)]
        return "  " + " ".join(words)

    def text(self, package, service):
        kinds = {(False, False): "unary", (True, False): "client", (False, True): "server", (True, True): "bidi"}
        lines = ["qvt contract 1", "service " + ".".join(filter(None, [package, service.name]))]
        messages, enums = set(), set()
        for method in sorted(service.method, key=lambda method: method.name.encode()):
            kind = kinds[method.client_streaming, method.server_streaming]
            lines.append(f"  {method.name} {method.input_type[1:]} {method.output_type[1:]} {kind}")
            self.reach(method.input_type, messages, enums)
            self.reach(method.output_type, messages, enums)
        for name in sorted(messages, key=str.encode):
            lines.append("message " + name[1:])
            lines += [self.line_of(name, field) for field in sorted(self.messages[name].field, key=lambda f: f.number)]
        for name in sorted(enums, key=str.encode):
            lines.append("enum " + name[1:])
            values = sorted(self.enums[name].value, key=lambda value: (value.number, value.name.encode()))
            lines += [f"  {value.number} {value.name}" for value in values]
        return "".join(line + "\n" for line in lines)


def run(plugin, folder, *files, include=()):
    """{macro: fingerprint} that the generator writes, and the list that the formula gives for the same services."""
    out = Path(tempfile.mkdtemp(dir=folder))
    includes = [f"-I{path}" for path in include]
    subprocess.run(["protoc", *includes, f"--plugin=protoc-gen-qvt={plugin}", f"--qvt_out={out}", "--qvt_opt=emit=contract",
                    "--include_imports", f"--descriptor_set_out={out}/set", *files], check=True)
    files_read = descriptor_pb2.FileDescriptorSet.FromString((out / "set").read_bytes())
    macros = {}
    for header in sorted(out.rglob("*.contract.h")):
        found = re.findall(r"#define (\w+)_CONTRACT_FINGERPRINT UINT64_C\(0x([0-9a-f]{16})\)", header.read_text())
        macros.update({name: int(digits, 16) for name, digits in found})
    contract = Contract(files_read)
    formula = [xxh64(contract.text(file.package, service).encode())
               for file in files_read.file if file.name in files for service in file.service]
    return macros, formula


def edit(text, changes):
    for before, after in changes:
        assert text.count(before) >= 1, before
        text = text.replace(before, after, 1)
    return text


def main():
    plugin = str(Path(sys.argv[1]).resolve())
    faults = []
    assert xxh64(b"") == 0xEF46DB3751D8E999 and xxh64(b"a" * 40) != xxh64(b"a" * 41)
    with tempfile.TemporaryDirectory() as folder:

        def of(text):
            Path(folder, "case.proto").write_text(text)
            macros, formula = run(plugin, folder, "case.proto", include=[folder])
            if list(macros.values()) != formula:
                faults.append(f"{macros} is not what the formula gives: {formula}")
            return next(iter(macros.values()))

        base = of(BASE)
        faults += [f"{name} changes it" for name, changes in SAME.items() if of(edit(BASE, changes)) != base]
        seen = {base}
        for name, changes in OTHER.items():
            fingerprint = of(edit(BASE, changes))
            if fingerprint in seen:
                faults.append(f"{name} does not change it")
            seen.add(fingerprint)
        contract = ["quark/version/v1/version_tracker.proto"]
        golden = ["golden/v1/every.proto"]
        for files, include in ((contract, ()), (golden, [ROOT / "tests/golden/proto"])):
            macros, formula = run(plugin, folder, *files, include=[ROOT / "proto", *include, "/usr/include"])
            if sorted(macros.values()) != sorted(formula):
                faults.append(f"{files}: {macros} is not what the formula gives: {formula}")
        text, digits = re.search(r"^(qvt contract 1\n.*?)```\n\ngives `0x([0-9a-f]{16})`", DOCS.read_text(), re.M | re.S).groups()
        if xxh64(text.encode()) != int(digits, 16):
            faults.append(f"{DOCS} gives {digits} for {xxh64(text.encode()):016x}")
        if not re.fullmatch(r"[A-Z0-9_]+", next(iter(macros))):
            faults.append(f"{macros}: no macro's name")
    print("\n".join(faults) or f"fingerprints: {len(SAME)} edits keep it, {len(OTHER)} change it")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
