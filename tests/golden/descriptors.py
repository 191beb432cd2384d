#!/usr/bin/python3
"""What *.descriptor.c holds is what protoc itself says of the files: tests/golden/descriptors.py PROTOC_GEN_QVT"""
import os
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOREIGN = f"{ROOT}/tests/integration/outsider/foreign"
FILES = ["acme/3d-shapes.proto", "acme/parts.proto", "acme/services.proto", "legacy.proto"]
ARRAY = re.compile(r"static const uint8_t (file_\d+)\[\] = \{([^}]*)\};")
ENTRY = re.compile(r'\{"([^"]+)", (file_\d+), sizeof')


def protoc(directory, *arguments):
    subprocess.run(["protoc", f"-I{FOREIGN}", f"-I{ROOT}/proto", "-I/usr/include", *arguments, *FILES], check=True, cwd=directory)


def emitted(path):
    """The files that a *.descriptor.c holds, in their order."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    arrays = {name: bytes(int(number) for number in numbers.replace("\n", " ").split(",") if number.strip())
              for name, numbers in ARRAY.findall(text)}
    return [(name, descriptor_pb2.FileDescriptorProto.FromString(arrays[array])) for name, array in ENTRY.findall(text)]


def closure(known, name):
    found = {name}
    for dependency in known[name].dependency:
        found |= closure(known, dependency)
    return found


def main():
    plugin = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        protoc(directory, f"--plugin=protoc-gen-qvt={plugin}", "--qvt_opt=emit=descriptor", f"--qvt_out={directory}")
        protoc(directory, "--include_imports", f"--descriptor_set_out={directory}/set")
        with open(f"{directory}/set", "rb") as file:
            known = {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file}
        for name in FILES:
            found = emitted(f"{directory}/{name.removesuffix('.proto')}.descriptor.c")
            assert found[0][0] == name, found[0][0]
            assert sorted(file for file, _ in found) == sorted(closure(known, name)), name
            for file, proto in found:
                assert proto == known[file], f"{file} in {name}"
    print(f"{len(FILES)} files and {len(known) - len(FILES)} imports as expected")


main()
