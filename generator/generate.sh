#!/bin/sh
# Writes every generated file below OUTDIR: generator/generate.sh OUTDIR [PROTOC_GEN_QVT]
# Needs protobuf-compiler, protobuf-c-compiler, nanopb, python3-protobuf. Same input, same bytes.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] || { echo "usage: generator/generate.sh OUTDIR [PROTOC_GEN_QVT]" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
plugin=${2:-"$root/build/release/bin/protoc-gen-qvt"}
case $plugin in /*) ;; *) plugin=$PWD/$plugin ;; esac
[ -x "$plugin" ] || { echo "generate.sh: no protoc-gen-qvt at $plugin" >&2; exit 2; }

include=/usr/include
cd "$root/proto"
contract=$(find quark -name '*.proto' | LC_ALL=C sort)
carried=$(find google/rpc -name '*.proto' | LC_ALL=C sort)
serving="grpc/health/v1/health.proto"
reflecting="grpc/reflection/v1/reflection.proto grpc/reflection/v1alpha/reflection.proto"
well_known="google/protobuf/any.proto google/protobuf/duration.proto google/protobuf/empty.proto google/protobuf/field_mask.proto google/protobuf/timestamp.proto google/protobuf/wrappers.proto"
plugin_api="google/api/http.proto google/protobuf/descriptor.proto google/protobuf/compiler/plugin.proto"

rm -rf "$out/protobuf-c" "$out/nanopb" "$out/qvt" "$out/openapi.json" "$out/reference.md"
mkdir -p "$out/protobuf-c" "$out/nanopb" "$out/qvt"

# shellcheck disable=SC2086 # lists of paths without spaces
protoc -I. -I"$include" --plugin=protoc-gen-c="$root/generator/protoc-gen-c-optional" \
    --c_out="$out/protobuf-c" $contract $carried $well_known $plugin_api $serving grpc/reflection/v1/reflection.proto

# shellcheck disable=SC2086
protoc -I. -I"$include" --plugin=protoc-gen-nanopb=/usr/bin/protoc-gen-nanopb \
    --nanopb_out="$out/nanopb" \
    --nanopb_opt="-q --no-timestamp --options-path=$root/generator --options-file=nanopb.options -x google/api/annotations.proto" \
    $contract $carried $well_known

# shellcheck disable=SC2086
protoc -I. -I"$include" --plugin=protoc-gen-qvt="$plugin" --qvt_out="$out/qvt" \
    --qvt_opt=emit=methods+server+client+descriptor+json,openapi=openapi.json,reference=reference.md $contract $carried

# shellcheck disable=SC2086
protoc -I. -I"$include" --plugin=protoc-gen-qvt="$plugin" --qvt_out="$out/qvt" \
    --qvt_opt=emit=methods+server+descriptor $serving

# shellcheck disable=SC2086
protoc -I. -I"$include" --plugin=protoc-gen-qvt="$plugin" --qvt_out="$out/qvt" \
    --qvt_opt=emit=methods+descriptor $reflecting
mv "$out/qvt/openapi.json" "$out/qvt/reference.md" "$out"
