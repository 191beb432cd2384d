#!/usr/bin/env bash
# Builds gRPC's own C++ interoperability client from Debian's source package, once: build.sh OUTDIR
# The source comes through an apt configuration of its own, from the machine's mirrors; the machine's is left as it is.
set -euo pipefail

[ $# = 1 ] || { echo "usage: tests/conformance/cpp/build.sh OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
version=$(dpkg-query -W -f='${source:Version}' libgrpc++-dev)
[ "$(cat interop_client.version 2>/dev/null)" = "$version" ] && exit 0

keys=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p apt/lists/partial apt/cache/archives/partial
{
    apt-get indextargets --format "deb-src [signed-by=$keys] \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
        'Created-By: Packages' 'Origin: Debian' | sort -u
    echo "deb-src [signed-by=$keys] http://deb.debian.org/debian bookworm main"
} | awk '{ line = $0; sub("/ ", " ", line) } !seen[line]++' >apt/sources.list
private=(-o "Dir::Etc::sourcelist=$PWD/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o APT::Sandbox::User=root
    -o Acquire::Retries=3 -q)
apt-get "${private[@]}" update
apt-get "${private[@]}" source --download-only "grpc=$version"

rm -rf source generated objects
mkdir source generated objects
tar -xzf grpc_*.orig.tar.gz -C source --strip-components=1
(cd source && protoc -I. --cpp_out="../generated" --grpc_out=generate_mock_code=true:../generated \
    --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin src/proto/grpc/testing/{empty,messages,test}.proto)

units=(
    source/test/cpp/interop/{client,client_helper,interop_client}.cc
    source/test/cpp/util/{create_test_channel,test_config_cc,test_credentials_provider}.cc
    source/test/core/security/oauth2_utils.cc
    source/test/core/util/histogram.cc
    source/test/core/end2end/data/{client_certs,server1_cert,server1_key,test_root_cert}.cc
    generated/src/proto/grpc/testing/{empty,messages,test}.pb.cc
    generated/src/proto/grpc/testing/{empty,messages,test}.grpc.pb.cc
    "$here/environment.cc"
)
# shellcheck disable=SC2016 # expanded by the inner shell
printf '%s\0' "${units[@]}" | xargs -0 -P "$(nproc)" -I{} sh -c \
    'g++ -std=c++17 -O0 -w -Igenerated -Isource -Isource/include -c "$1" -o "objects/$(echo "$1" | tr / _).o"' sh {}
read -ra libraries < <(pkg-config --libs grpc++ grpc protobuf absl_flags absl_flags_parse)
g++ objects/*.o -o interop_client "${libraries[@]}"
echo "$version" >interop_client.version
