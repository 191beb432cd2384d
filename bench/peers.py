"""Builds what qvtd is measured against, from the sources in peers/ and the contract, when the build folder lacks it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ["silo", "policy", "change", "version_tracker"]


def is_fresh(product, sources):
    return product.exists() and all(product.stat().st_mtime >= source.stat().st_mtime for source in sources)


def pkg_config(flag, *modules):
    found = subprocess.run(["pkg-config", flag, *modules], capture_output=True, text=True, check=True)
    return found.stdout.split()


def protoc(output, *flags):
    protos = [f"quark/version/v1/{name}.proto" for name in CONTRACT]
    protos += ["google/api/annotations.proto", "google/api/http.proto"]
    output.mkdir(parents=True, exist_ok=True)
    subprocess.run(["protoc", "-I.", "-I/usr/include", *flags, *protos], cwd=ROOT / "proto", check=True)


def contract_sources():
    return sorted((ROOT / "proto").rglob("*.proto"))


def build_c(folder, name, *libraries):
    source, product = ROOT / f"bench/peers/{name}.c", folder / name
    if not is_fresh(product, [source]):
        flags = ["-std=c17", "-D_POSIX_C_SOURCE=200809L", "-O2"]
        subprocess.run(["cc", *flags, "-o", product, source, *libraries], check=True)
    return product


def build_raw(folder):
    return build_c(folder, "raw", *pkg_config("--libs", "libnghttp2"))


def build_bare_send(folder):
    return build_c(folder, "bare_send")


def build_cpp(folder, name):
    source, product, generated = ROOT / f"bench/peers/{name}.cc", folder / name, folder / "cpp"
    if not is_fresh(product, [source, *contract_sources()]):
        protoc(generated, f"--cpp_out={generated}")
        protoc(generated, f"--grpc_out={generated}", "--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin")
        sources = [source, *sorted(generated.rglob("*.cc"))]
        libraries = pkg_config("--cflags", "--libs", "grpc++", "protobuf")
        subprocess.run(["c++", "-std=c++17", "-O2", f"-I{generated}", "-o", product, *sources, *libraries], check=True)
    return product


def build_messages(folder):
    """The contract's messages for Python; returns the folder to put on sys.path."""
    generated = folder / "py"
    stamp = generated / "quark/version/v1/version_tracker_pb2.py"
    if not is_fresh(stamp, contract_sources()):
        protoc(generated, f"--python_out={generated}")
    return generated
