#!/bin/sh
# The generator makes of the fixtures exactly what is in expected/, and the same bytes twice.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$here/generate.sh" "$fresh/first" "$1"
"$here/generate.sh" "$fresh/second" "$1"
diff -r "$fresh/first" "$fresh/second"
diff -r "$fresh/first" "$here/expected"
