#!/usr/bin/python3
"""Other projects on an installed libqvtrpc: the greeter of examples/, and proto files as they come from anywhere."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import grpc

ROOT = Path(os.environ["QVT_SOURCE_DIR"])
BUILD = Path(os.environ["QVT_BIN_DIR"]).parent
HERE = ROOT / "tests/integration/outsider"
SANITIZE = [f"-fsanitize={os.environ['QVT_SANITIZE']}"] if os.environ.get("QVT_SANITIZE") else []
FILES = ["legacy.proto", "acme/3d-shapes.proto", "acme/parts.proto", "acme/services.proto",
         "google/protobuf/any.proto", "google/protobuf/struct.proto", "google/protobuf/timestamp.proto"]
# What nanopb and protobuf-c write is theirs.
WARNINGS = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-missing-field-initializers", "-Wno-missing-braces"]
TIMEOUT = 60


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Outsider(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="qvt-outsider-"))
        cls.prefix = cls.work / "usr"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.config = next(cls.prefix.rglob("qvtrpc.pc")).parent
        cls.environment = {**os.environ, "PKG_CONFIG_PATH": str(cls.config), "LD_LIBRARY_PATH": str(cls.config.parent)}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    def flags(self, *words):
        return run("pkg-config", *words, env=self.environment).split()

    def test_greeter(self):
        source = self.work / "greeter"
        shutil.copytree(ROOT / "examples/greeter", source)
        run("cmake", "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_FLAGS={' '.join(SANITIZE)}",
            env=self.environment)
        run("cmake", "--build", source / "build")
        server = subprocess.Popen([source / "build/greeter_server", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
                                  env=self.environment)
        try:
            address = server.stdout.readline().split()[-1]
            client = [source / "build/greeter_client", address]
            self.assertEqual("Hello, world!\n", run(*client, env=self.environment))
            self.assertEqual("Hello, Zoë!\n", run(*client, "Zoë", env=self.environment))
            with grpc.insecure_channel(address) as channel:
                greet = channel.unary_unary("/greeter.v1.Greeter/SayHello")
                self.assertEqual(b"\n\x0bHello, you!", greet(b"\n\x03you", timeout=TIMEOUT))
                with self.assertRaises(grpc.RpcError) as raised:
                    greet(b"\n\xc8\x01" + b"x" * 200, timeout=TIMEOUT)
                self.assertEqual(grpc.StatusCode.INVALID_ARGUMENT, raised.exception.code())
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
        with self.assertRaises(AssertionError) as refused:
            run(*client, env=self.environment)
        self.assertIn("UNAVAILABLE", str(refused.exception))

    def generate(self):
        """Everything for the foreign files, in one run of protoc; their C files."""
        made = self.work / "foreign"
        made.mkdir()
        run("protoc", f"-I{HERE / 'foreign'}", f"-I{ROOT / 'proto'}", "-I/usr/include",
            f"--plugin=protoc-gen-c={self.prefix / 'bin/protoc-gen-c-optional'}", f"--c_out={made}",
            f"--nanopb_out={made}", f"--nanopb_opt=-q -f {HERE / 'foreign/nanopb.options'} -x google/api/annotations.proto",
            f"--plugin=protoc-gen-qvt={self.prefix / 'bin/protoc-gen-qvt'}", f"--qvt_out={made}", *FILES)
        return made, sorted(made.rglob("*.c"))

    def test_foreign_files(self):
        made, units = self.generate()
        self.assertEqual(7, sum(unit.name.endswith(".descriptor.c") for unit in units))
        objects = []
        for unit in [*units, HERE / "foreign_main.c"]:
            objects.append(made / f"{len(objects)}.o")
            run("gcc", *WARNINGS, *SANITIZE, f"-I{made}", "-I/usr/include/nanopb", *self.flags("--cflags", "qvtrpc"),
                "-c", unit, "-o", objects[-1])
        libraries = ["-lprotobuf-nanopb"]
        shared = [*libraries, *self.flags("--libs", "qvtrpc", "libprotobuf-c")]
        run("gcc", *SANITIZE, *objects, "-o", made / "shared", *shared)
        archive = [f"{self.config.parent}/libqvtrpc.a" if word == "-lqvtrpc" else word
                   for word in self.flags("--static", "--libs", "qvtrpc")]
        run("gcc", *SANITIZE, *objects, "-o", made / "static", *libraries, *archive)
        for program in ("shared", "static"):
            self.assertEqual("served 5 services\n", run(made / program, env=self.environment))

    def test_groups_are_refused_with_a_sentence(self):
        (self.work / "group.proto").write_text('syntax = "proto2"; message M { optional group G = 1 {} }\n')
        with self.assertRaises(AssertionError) as refused:
            run("protoc", f"-I{self.work}", f"--plugin=protoc-gen-c={self.prefix / 'bin/protoc-gen-c-optional'}",
                f"--c_out={self.work}", "group.proto")
        self.assertIn("group.proto: M.g: protobuf-c has no groups", str(refused.exception))


if __name__ == "__main__":
    unittest.main()
