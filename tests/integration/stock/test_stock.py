#!/usr/bin/python3
"""Stock gRPC clients in Python, C++ and Go register a silo, find it, watch it, cancel and hit a deadline, in clear and over
TLS. Node's is in tests/integration/node.

usage: test_stock.py BUILD-DIR [TEST...]    BUILD-DIR: where the compiled clients are kept
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "qvtd"))

import certificates  # noqa: E402
import harness  # noqa: E402

PROTO = harness.ROOT / "proto"
PATIENCE_S = 60
OURS = [f"quark/version/v1/{name}.proto" for name in ("change", "policy", "silo", "version_tracker")]
ANNOTATIONS = ["google/api/annotations.proto", "google/api/http.proto"]
build = None


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def is_fresh(program, *sources):
    newest = max(path.stat().st_mtime for path in [*sources, *(PROTO / name for name in OURS)])
    return program.exists() and program.stat().st_mtime > newest


def protoc(*words):
    run("protoc", f"-I{PROTO}", "-I/usr/include", *words)


def make_python():
    folder = build / "python"
    folder.mkdir(parents=True, exist_ok=True)
    protoc(f"--python_out={folder}", *OURS, *ANNOTATIONS)
    protoc("--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin", f"--grpc_out={folder}", OURS[-1])
    return ["/usr/bin/python3", "-B", str(HERE / "python/client.py")], [str(folder)]


def make_cpp():
    folder, source = build / "cpp", HERE / "cpp/client.cc"
    program = folder / "client"
    if not is_fresh(program, source):
        folder.mkdir(parents=True, exist_ok=True)
        protoc(f"--cpp_out={folder}", *OURS, *ANNOTATIONS)
        protoc("--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin", f"--grpc_out={folder}", OURS[-1])
        generated = [folder / name.replace(".proto", ".pb.cc") for name in OURS + ANNOTATIONS]
        generated.append(folder / OURS[-1].replace(".proto", ".grpc.pb.cc"))
        flags = run("pkg-config", "--cflags", "--libs", "grpc++", "protobuf").split()
        run("g++", "-std=c++17", "-O0", f"-I{folder}", source, *generated, "-o", program, *flags)
    return [str(program)], []


def make_go():
    """Debian's Go packages are for GOPATH mode."""
    folder, source = build / "go", HERE / "go/main.go"
    program = folder / "client"
    if not is_fresh(program, source):
        package = folder / "src/stock"
        package.mkdir(parents=True, exist_ok=True)
        (package / "main.go").write_text(source.read_text())
        homes = [(name, "stock/tracker") for name in OURS]
        homes += [(name, "google.golang.org/genproto/googleapis/api/annotations") for name in ANNOTATIONS]
        where = [f"--{kind}_opt=M{name}={home}" for name, home in homes for kind in ("go", "go-grpc")]
        protoc(f"--go_out={folder}/src", f"--go-grpc_out={folder}/src", *where, *OURS)
        environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOPATH": f"{folder}:/usr/share/gocode",
                       "GOCACHE": str(folder / "cache")}
        run("go", "build", "-o", program, "stock", env=environment)
    return [str(program)], []


class Stock(harness.TestCase):
    def expect_all(self, command, more, name, server, port, authority):
        silo = f"silo-{name}"
        out = run(*command, f"localhost:{port.rsplit(':', 1)[1]}", authority, *more, timeout=PATIENCE_S)
        self.assertEqual(
            [f"registered {silo}", f"found {silo} 2.1.0", f"watched {silo}", "ended Canceled", "ended DeadlineExceeded"],
            out.splitlines())

    def meet(self, name, make):
        command, more = make()
        plain = self.serve(harness.LONG_LEASES)
        self.expect_all(command, more, name, plain, plain.grpc, "")
        authority = certificates.Authority(self.folder, "Test authority")
        files = authority.sign("server", dns=["localhost"])
        secure = self.serve(harness.LONG_LEASES, "--tls-cert", files.certificate, "--tls-key", files.key)
        self.expect_all(command, more, name, secure, secure.grpc, authority.files.certificate)

    def test_python(self):
        self.meet("python", make_python)

    def test_cpp(self):
        self.meet("cpp", make_cpp)

    def test_go(self):
        self.meet("go", make_go)


if __name__ == "__main__":
    build = Path(sys.argv.pop(1)).resolve()
    harness.main()
