#!/bin/sh
# Writes the messages and stubs of the test service: tests/conformance/generate.sh OUTDIR [PROTOC_GEN_QVT]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 1 ] || { echo "usage: tests/conformance/generate.sh OUTDIR [PROTOC_GEN_QVT]" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
plugin=${2:-"$root/build/release/bin/protoc-gen-qvt"}
case $plugin in /*) ;; *) plugin=$PWD/$plugin ;; esac
rm -rf "$out/grpc"
cd "$root/tests/conformance/proto"
protoc -I. --plugin=protoc-gen-c="$root/generator/protoc-gen-c-optional" --plugin=protoc-gen-qvt="$plugin" \
    --c_out="$out" --qvt_out="$out" --qvt_opt=emit=methods+server+descriptor \
    grpc/testing/empty.proto grpc/testing/messages.proto grpc/testing/test.proto
rm "$out/grpc/testing/empty.descriptor.c" "$out/grpc/testing/empty.descriptor.h" \
    "$out/grpc/testing/messages.descriptor.c" "$out/grpc/testing/messages.descriptor.h"
