#!/usr/bin/python3
"""Actor types declare themselves: every compiler and way of linking finds all of them, and the check finds dropped ones."""

import itertools
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["QVT_SOURCE_DIR"])
BUILD = Path(os.environ["QVT_BIN_DIR"]).parent
SANITIZE = os.environ.get("QVT_SANITIZE", "")
HERE = ROOT / "tests/integration/actor_types"
# What the library does with declarations, built by each compiler in each way, without the rest.
LIBRARY = ["client/src/modules.c", "client/src/version_set.c"]
LIBRARY += [f"base/{name}.c" for name in ("arena", "check", "error", "status", "utf8")]
INCLUDES = [f"-I{ROOT / folder}" for folder in ("", "base/include", "client/include")]
COMPILERS = {"gcc": "g++", "clang": "clang++"}
WAYS = {
    "plain": ([], []),
    "gc": (["-ffunction-sections", "-fdata-sections"], ["-Wl,--gc-sections"]),
    "lto": (["-flto"], ["-flto"]),
    "lto-gc": (["-flto", "-ffunction-sections", "-fdata-sections"], ["-flto", "-Wl,--gc-sections"]),
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
STAMP = ['-DQVT_ASSEMBLY_VERSION="2.1.0"', '-DQVT_ASSEMBLY_NAME="shop"', '-DQVT_ASSEMBLY_BUILD_ID="b7"']
OWN = "CartActor=2.1.0/shop/b7/1234/2-4>4 InvoiceActor=2.1.0/shop/b7/ff OrderActor=2.1.0/shop/b7 Shop.Stock/1=2.1.0/shop/b7 "
PLUGIN = "PluginActor=2.1.0/shop/b7 "


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Declarations(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="qvt-types-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def compile(self, compiler, source, flags):
        is_c = str(source).endswith(".c")
        standard = ["-std=c99"] if is_c and source.parent == HERE else ["-std=c17"] if is_c else ["-std=c++17"]
        target = self.folder / f"{compiler}-{source.name}.o"
        macros = ["-D_POSIX_C_SOURCE=200809L", *STAMP]
        program = compiler if is_c else COMPILERS[compiler]
        run(program, *standard, *WARNINGS, *macros, *INCLUDES, *flags, "-O2", "-fPIC", "-c", source, "-o", target)
        return target

    def test_are_found_by_every_compiler_and_linker_option(self):
        ran, libraries = [], {}
        for compiler, (way, (flags, link)) in itertools.product(COMPILERS, WAYS.items()):
            if shutil.which(compiler) is None or shutil.which(COMPILERS[compiler]) is None:
                print(f"{compiler} is not installed: skipped")
                continue
            if compiler == "clang" and "lto" in way and shutil.which("ld.lld") is None:
                print(f"{compiler} {way}: no lld and no plugin for LTO: skipped")
                continue
            with self.subTest(compiler=compiler, way=way):
                more = ["-fuse-ld=lld"] if compiler == "clang" and "lto" in way else []
                if compiler not in libraries:
                    libraries[compiler] = [self.compile(compiler, ROOT / name, []) for name in LIBRARY]
                library = libraries[compiler]
                own = [self.compile(compiler, HERE / name, flags) for name in ("main.c", "order.c", "invoice.cc")]
                plugin = self.compile(compiler, HERE / "plugin.c", flags)
                linker = COMPILERS[compiler]
                run(linker, *link, *more, "-shared", plugin, "-o", self.folder / "plugin.so")
                program = self.folder / "program"
                run(linker, *link, *more, *own, *library, "-rdynamic", "-pthread", "-ldl", "-o", program)
                lines = run(program, self.folder / "plugin.so").split("\n")
                with_plugin = OWN.replace("Shop.", PLUGIN + "Shop.")
                self.assertEqual([OWN, with_plugin, OWN, ""], lines)
                none = self.folder / "none"
                run(linker, *link, *more, own[0], *library, "-pthread", "-ldl", "-o", none)
                self.assertEqual("\n", run(none))
                ran.append((compiler, way))
        self.assertIn(("gcc", "lto-gc"), ran)
        if shutil.which("ld.lld") is not None and shutil.which("clang++") is not None:
            self.assertEqual(len(COMPILERS) * len(WAYS), len(ran))

    def test_without_a_version_there_is_no_declaration(self):
        done = subprocess.run(["gcc", *INCLUDES, "-c", HERE / "plugin.c", "-o", "/dev/null"], capture_output=True, text=True)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("QVT_ASSEMBLY_VERSION_is_missing_see_qvt_actor_type_h", done.stderr)


PROJECT = """cmake_minimum_required(VERSION 3.24)
project(shop LANGUAGES C CXX)
find_package(qvt REQUIRED)
add_library(orders STATIC order.c invoice.cc)
add_executable(shop main.c)
qvt_silo(shop VERSION {version} BUILD_ID b7 {archives})
{more}
"""


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = Path(tempfile.mkdtemp(prefix="qvt-types-"))
        run("cmake", "--install", BUILD, "--prefix", cls.work / "usr")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    def build(self, version="2.1.0", archives="ARCHIVES orders", more="", options=()):
        source = Path(tempfile.mkdtemp(dir=self.work))
        for name in ("main.c", "order.c", "invoice.cc", "plugin.c"):
            shutil.copy(HERE / name, source)
        text = PROJECT.format(version=version, archives=archives, more=more)
        (source / "CMakeLists.txt").write_text(text)
        flags = f"-fsanitize={SANITIZE}" if SANITIZE else ""
        configure = ["cmake", "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={self.work / 'usr'}"]
        configure += [f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}", *options]
        done = subprocess.run(configure, capture_output=True, text=True)
        if done.returncode == 0:
            done = subprocess.run(["cmake", "--build", source / "build"], capture_output=True, text=True)
        return done, source / "build/shop"

    def test_archives_are_linked_whole_and_stamped(self):
        done, program = self.build()
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(OWN, run(program).rstrip("\n"))

    def test_shared_libraries_that_nothing_refers_to_are_linked(self):
        more = "add_library(plugin SHARED plugin.c)\nqvt_silo(plugin VERSION 2.1.0 NAME shop BUILD_ID b7)\n"
        done, program = self.build(more=more + "target_link_libraries(shop PRIVATE plugin)")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(OWN.replace("Shop.", PLUGIN + "Shop."), run(program).rstrip("\n"))

    def test_names_are_quoted_and_stripped_programs_are_not_checked(self):
        done, program = self.build(archives='NAME "a \\"b\\" c" ARCHIVES orders', options=["-DCMAKE_EXE_LINKER_FLAGS=-s"])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn("shop has no symbol table", done.stdout)
        self.assertEqual(OWN.replace("/shop/", '/a "b" c/'), run(program).rstrip("\n"))

    def test_dropped_types_end_the_build(self):
        for options in ([], ["-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON"]):
            with self.subTest(options):
                self.dropped_types_end_the_build(options)

    def dropped_types_end_the_build(self, options):
        more = "qvt_silo(orders VERSION 2.1.0)\ntarget_link_libraries(shop PRIVATE orders)"
        done, _ = self.build(archives="", more=more, options=options)
        self.assertNotEqual(0, done.returncode)
        said = " ".join((done.stdout + done.stderr).split())
        self.assertIn("was dropped by the linker", said)
        self.assertIn("ARCHIVES <the target of liborders.a>", said)

    def test_bad_version_ends_the_configuration(self):
        for version in ("two", "01.2.3"):
            done, _ = self.build(version=version)
            self.assertNotEqual(0, done.returncode)
            self.assertIn(f'"{version}" is no version', " ".join(done.stderr.split()))

    def test_unknown_argument_ends_the_configuration(self):
        done, _ = self.build(archives="ARCHIVE orders")
        self.assertNotEqual(0, done.returncode)
        self.assertIn('"ARCHIVE;orders" is no argument of it', " ".join(done.stderr.split()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
