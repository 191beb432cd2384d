#!/bin/sh
# The checked-in messages and stubs of the test service are what the generators make: compare.sh PROTOC_GEN_QVT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$here/generate.sh" "$fresh" "$1"
diff -r "$fresh" "$here/generated"
