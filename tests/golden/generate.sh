#!/bin/sh
# Writes what the generators make of the fixtures: tests/golden/generate.sh OUTDIR [PROTOC_GEN_QVT]
# With the plugin its own output, without it the messages of protobuf-c and nanopb that this output builds on.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 1 ] || { echo "usage: tests/golden/generate.sh OUTDIR [PROTOC_GEN_QVT]" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
import="-I. -I$root/tests/golden/proto -I/usr/include"
options="-q --no-timestamp --options-path=$root/tests/golden/proto/golden/v1 --options-file=every.options -x google/api/annotations.proto"
serving="golden/v1/every.proto golden/v1/legacy.proto"

if [ $# -eq 2 ]; then
    plugin=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
    cd "$root/proto"
    # shellcheck disable=SC2086 # lists of words without blanks
    exec protoc $import --plugin=protoc-gen-qvt="$plugin" --qvt_out="$out" \
        --qvt_opt=emit=methods+server+client+contract+json,openapi=openapi.json,reference=reference.md $serving golden/v1/odd.proto
fi

mkdir -p "$out/protobuf-c" "$out/nanopb"
cd "$root/proto"
# shellcheck disable=SC2086
protoc $import --plugin=protoc-gen-c="$root/generator/protoc-gen-c-optional" --c_out="$out/protobuf-c" \
    $serving golden/v1/odd.proto
# shellcheck disable=SC2086
protoc $import --plugin=protoc-gen-nanopb=/usr/bin/protoc-gen-nanopb --nanopb_out="$out/nanopb" \
    --nanopb_opt="$options" $serving
