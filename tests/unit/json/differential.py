#!/usr/bin/python3
"""Our JSON against that of Python's protobuf, on random messages of every type: differential.py DRIVER [SEED [COUNT]]"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as Field

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PACKAGES = ("golden.v1.", "google.rpc.", "quark.version.v1.")
FILES = ("golden/v1/every.proto", "golden/v1/odd.proto", "google/rpc/status.proto", "google/rpc/error_details.proto",
         "quark/version/v1/version_tracker.proto")
STRINGS = ("", "a", "silo-1", "größe", "日本", "😀", "quote\" slash\\ /", "tab\t nl\n", "\u0001\u001f\x7f", "\u2028\ufeff", "x" * 300)
WORDS = ("silo", "actor_type", "a", "version_v", "x_y_z", "labels")
DEPTH_MAX = 4


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, verb, name, body):
        self.process.stdin.write(f"{verb} {name} {len(body)}\n".encode() + body)
        self.process.stdin.flush()
        word, length = self.process.stdout.readline().split()
        return word == b"ok", self.process.stdout.read(int(length))

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


class Messages:
    """Random messages of a pool."""

    def __init__(self, pool, seed):
        self.pool = pool
        self.factory = message_factory.MessageFactory(pool)
        self.random = random.Random(seed)

    def new(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))()

    def integer(self, low, high):
        pick = self.random.random()
        if pick < 0.3:
            return self.random.choice((low, high, 0, 1, low + 1, high - 1))
        if pick < 0.6:
            return max(low, min(high, self.random.randint(-300, 300)))
        return self.random.randint(low, high)

    def real(self, is_float):
        value = self.random.choice((0.0, -0.0, 1.0, -1.5, 0.1, 1e-7, 3.4e38, 1 / 3, float("inf"), float("-inf"), float("nan"),
                                    self.random.uniform(-1e6, 1e6), self.random.gauss(0, 1) * 10 ** self.random.randint(-30, 30)))
        if not is_float and self.random.random() < 0.3:
            value = struct.unpack("<d", struct.pack("<Q", self.random.getrandbits(64)))[0]
        if value != value:
            return float("nan")
        return struct.unpack("<f", struct.pack("<f", value))[0] if is_float else value

    def scalar(self, field):
        kind = field.cpp_type
        if kind == Field.CPPTYPE_INT32:
            return self.integer(-2**31, 2**31 - 1)
        if kind == Field.CPPTYPE_UINT32:
            return self.integer(0, 2**32 - 1)
        if kind == Field.CPPTYPE_INT64:
            return self.integer(-2**63, 2**63 - 1)
        if kind == Field.CPPTYPE_UINT64:
            return self.integer(0, 2**64 - 1)
        if kind in (Field.CPPTYPE_FLOAT, Field.CPPTYPE_DOUBLE):
            value = self.real(kind == Field.CPPTYPE_FLOAT)
            # protobuf-c leaves out a minus zero that has no presence.
            return value if value != 0 or field.has_presence else 0.0
        if kind == Field.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        if kind == Field.CPPTYPE_ENUM:
            known = [value.number for value in field.enum_type.values]
            is_open = field.containing_type.file.syntax == "proto3"
            return self.random.choice(known + ([77, -5] if is_open else []))
        if field.type == Field.TYPE_BYTES:
            return self.random.randbytes(self.random.randint(0, 20))
        return self.random.choice(STRINGS)

    def fill_well_known(self, message, depth):
        name = message.DESCRIPTOR.full_name
        if name == "google.protobuf.Timestamp":
            message.seconds = self.integer(-62135596800, 253402300799)
            message.nanos = self.random.choice((0, 1, 120000000, 345678000, 999999999, self.random.randint(0, 999999999)))
        elif name == "google.protobuf.Duration":
            sign = self.random.choice((1, -1))
            message.seconds = sign * self.integer(0, 315576000000)
            message.nanos = sign * self.random.choice((0, 1, 500000000, 345678000, self.random.randint(0, 999999999)))
        elif name == "google.protobuf.FieldMask":
            for _ in range(self.random.randint(0, 3)):
                message.paths.append(".".join(self.random.choices(WORDS, k=self.random.randint(1, 3))))
        elif name == "google.protobuf.Any":
            if self.random.random() < 0.9:
                names = ("golden.v1.Scalars", "golden.v1.Nothing", "google.rpc.ErrorInfo", "google.protobuf.Duration",
                         "google.protobuf.Int64Value", "golden.v1.WellKnown")
                held = self.new(self.random.choice(names))
                self.fill(held, depth + 1)
                message.Pack(held)
        else:
            return False
        return True

    def fill_map(self, message, field, depth):
        entry = field.message_type.fields_by_name
        target = getattr(message, field.name)
        for _ in range(self.random.randint(0, 3)):
            key = self.scalar(entry["key"])
            if entry["value"].message_type is not None:
                self.fill(target[key], depth + 1)
            else:
                target[key] = self.scalar(entry["value"])

    def fill(self, message, depth=0):
        if self.fill_well_known(message, depth):
            return message
        for field in message.DESCRIPTOR.fields:
            required = field.label == Field.LABEL_REQUIRED
            if not required and self.random.random() < 0.4:
                continue
            if field.message_type is not None and depth >= DEPTH_MAX:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                self.fill_map(message, field, depth)
            elif field.label == Field.LABEL_REPEATED:
                target = getattr(message, field.name)
                for _ in range(self.random.randint(0, 3)):
                    if field.message_type is not None:
                        self.fill(target.add(), depth + 1)
                    else:
                        target.append(self.scalar(field))
            elif field.message_type is not None:
                child = getattr(message, field.name)
                child.SetInParent()
                self.fill(child, depth + 1)
            else:
                setattr(message, field.name, self.scalar(field))
        return message


def load_pool():
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(["protoc", "-I.", f"-I{ROOT}/tests/golden/proto", "-I/usr/include", "--include_imports",
                        f"--descriptor_set_out={file.name}", *FILES], cwd=f"{ROOT}/proto", check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for proto in files.file:
        pool.Add(proto)
    names = []
    for proto in files.file:
        descriptor = pool.FindFileByName(proto.name)
        names += [message.full_name for message in descriptor.message_types_by_name.values()
                  if message.full_name.startswith(PACKAGES)]
    return pool, sorted(names)


def same(a, b, pool):
    """Equal by their bytes; with an Any, whose bytes may hold a map in any order, by their JSON."""
    if a.SerializeToString(deterministic=True) == b.SerializeToString(deterministic=True):
        return True
    if a.DESCRIPTOR.full_name not in ("golden.v1.WellKnown", "google.rpc.Status"):
        return False
    first, second = (json.dumps(json_format.MessageToDict(m, descriptor_pool=pool), sort_keys=True) for m in (a, b))
    return first == second


def variants(message, pool):
    shapes = [{}, {"preserving_proto_field_name": True}, {"use_integers_for_enums": True}]
    # In proto2 a default value that is written is a field that is set.
    if message.DESCRIPTOR.name not in ("Legacy", "Tree"):
        shapes.append({"including_default_value_fields": True})
    for options in shapes:
        yield json_format.MessageToJson(message, descriptor_pool=pool, **options)


def check(driver, messages, name):
    """What is wrong with one random message, or None."""
    message = messages.fill(messages.new(name))
    wire = message.SerializeToString()
    good, text = driver.ask("json", name, wire)
    if not good:
        return f"to JSON: {text.decode()}"
    back = messages.new(name)
    try:
        json_format.Parse(text.decode(), back, descriptor_pool=messages.pool)
        json.loads(text)
    except (json_format.ParseError, ValueError) as error:
        return f"Python refuses our JSON: {error}\n{text.decode()}"
    if not same(back, message, messages.pool):
        return f"Python reads our JSON as another message:\n{text.decode()}\n{message}"
    for theirs in variants(message, messages.pool):
        good, answer = driver.ask("wire", name, theirs.encode())
        if not good:
            return f"we refuse Python's JSON: {answer.decode()}\n{theirs}"
        if not same(type(message).FromString(answer), message, messages.pool):
            return f"we read Python's JSON as another message:\n{theirs}\n{type(message).FromString(answer)}"
    return None


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().getrandbits(32)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    print(f"seed {seed}")
    pool, names = load_pool()
    messages = Messages(pool, seed)
    driver = Driver(sys.argv[1])
    failures = 0
    for name in names:
        for _ in range(count):
            problem = check(driver, messages, name)
            if problem is not None:
                print(f"{name}: {problem}")
                failures += 1
                break
    print(f"{len(names)} types, {count} messages each, {failures} types differ")
    return 1 if driver.close() != 0 or failures > 0 else 0


sys.exit(main())
