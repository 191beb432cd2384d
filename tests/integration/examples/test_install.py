#!/usr/bin/python3
"""The example as a project of its own, built against an installed libqvt: by CMake and by make, shared and static."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402

BUILD = harness.BIN_DIR.parent
SANITIZE = os.environ.get("QVT_SANITIZE", "")


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Install(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="qvt-install-"))
        cls.prefix = cls.work / "usr"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.config = next(cls.prefix.rglob("qvt.pc"))
        cls.lib = cls.config.parent.parent

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    def setUp(self):
        super().setUp()
        self.source = Path(self.folder) / "hello"
        self.source.mkdir()
        for name in ("hello_silo.c", "CMakeLists.txt", "Makefile"):
            shutil.copy(harness.ROOT / "examples" / name, self.source)

    def flags(self):
        return ["-fsanitize=" + SANITIZE] if SANITIZE else []

    def blocks_of_readme(self, heading):
        """The code of its C and its CMake block."""
        section = (harness.ROOT / "README.md").read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
        return [re.search(rf"^```{kind}\n(.*?)^```$", section, re.M | re.S).group(1) for kind in ("c", "cmake")]

    def test_silo_of_the_readme_is_ten_lines_and_works(self):
        code, build_file = self.blocks_of_readme("A silo in C")
        own = ("#include", "QVT_ACTOR_TYPE", "int main", "{", "}")
        lines = [line for line in code.splitlines() if line.strip() and not line.startswith(own)]
        self.assertLessEqual(len(lines), 10)
        source, build = Path(self.folder) / "readme", Path(self.folder) / "build"
        source.mkdir()
        (source / "main.c").write_text(code)
        (source / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.24)\nproject(x C)\n" + build_file)
        flags = " ".join(["-Wall", "-Wextra", "-Werror"] + self.flags())
        run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_C_FLAGS={flags}")
        run("cmake", "--build", build)
        server = self.serve()
        messages = harness.messages()
        with server.changes() as changes:
            environment = {**os.environ, "QVT_ENDPOINTS": server.grpc, "LD_LIBRARY_PATH": str(self.lib)}
            silo = subprocess.Popen([build / "orders"], env=environment)
            self.addCleanup(silo.wait)
            self.addCleanup(silo.kill)
            while "SILO_UPDATED" not in changes.read_line():
                pass
        stored = server.stub().GetSilo(messages.GetSiloRequest(silo_id="orders-1"), timeout=20).silo
        self.assertEqual(messages.SILO_STATUS_ACTIVE, stored.status)
        versions = {name: (each.version, each.assembly_name) for name, each in stored.actor_type_versions.items()}
        self.assertEqual({"OrderActor": ("2.1.0", "orders")}, versions)
        silo.send_signal(signal.SIGTERM)
        self.assertEqual(0, silo.wait(harness.PATIENCE_S))
        stored = server.stub().GetSilo(messages.GetSiloRequest(silo_id="orders-1"), timeout=20).silo
        self.assertEqual(messages.SILO_STATUS_DEAD, stored.status)

    def check(self, program, is_static):
        """It runs, and needs the shared library or not."""
        needed = re.findall(r"NEEDED.*\[(.*?)\]", run("readelf", "-d", program))
        self.assertEqual(not is_static, any(name.startswith("libqvt.so") for name in needed), needed)
        server = self.serve()
        environment = {**os.environ, "QVT_ENDPOINTS": server.grpc, "LD_LIBRARY_PATH": str(self.lib)}
        silo = harness.LineStream(subprocess.Popen([program, "foreign"], stdout=subprocess.PIPE, env=environment))
        self.addCleanup(silo.close)
        self.assertEqual("foreign 1.0.0 at 127.0.0.1:11111", silo.read_line())
        silo.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, silo.process.wait(harness.PATIENCE_S))

    def build_with_cmake(self, is_static):
        build = self.source / "build"
        flags = " ".join(self.flags())
        run("cmake", "-S", self.source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DSTATIC={'ON' if is_static else 'OFF'}", f"-DCMAKE_C_FLAGS={flags}")
        run("cmake", "--build", build)
        self.check(build / "hello_silo", is_static)

    def build_with_make(self, is_static, pkg_config, environment):
        flags = " ".join(["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic", "-Werror"] + self.flags())
        words = ["STATIC=1"] if is_static else []
        run("make", "-C", self.source, f"PKG_CONFIG={pkg_config}", f"CFLAGS={flags}", *words,
            env={**os.environ, **environment})
        self.check(self.source / "hello_silo", is_static)

    def at_prefix(self):
        return "pkg-config", {"PKG_CONFIG_PATH": str(self.config.parent)}

    def test_cmake_shared(self):
        self.build_with_cmake(False)

    def test_cmake_static(self):
        self.build_with_cmake(True)

    def test_make_shared(self):
        self.build_with_make(False, *self.at_prefix())

    def test_make_static(self):
        self.build_with_make(True, *self.at_prefix())

    def test_make_against_a_staged_installation(self):
        stage = self.work / "stage"
        run("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": str(stage)})
        config = next(stage.rglob("qvt.pc"))
        # What is not staged, the system has.
        system = run("pkg-config", "--variable", "pc_path", "pkg-config").strip()
        environment = {"PKG_CONFIG_PATH": f"{config.parent}:{system}", "PKG_CONFIG_SYSROOT_DIR": str(stage)}
        self.build_with_make(False, "pkg-config", environment)

    def test_package_refuses_another_version(self):
        (self.source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(x C)\nfind_package(qvt 99.0 REQUIRED)\n"
        )
        with self.assertRaises(AssertionError):
            run("cmake", "-S", self.source, "-B", self.source / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")


if __name__ == "__main__":
    harness.main()
