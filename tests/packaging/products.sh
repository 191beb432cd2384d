#!/usr/bin/env bash
# Checks what a build leaves for others: programs, libraries, their symbols, headers, pkg-config, CMake package.
# usage: products.sh BUILD_DIR
set -euo pipefail

build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "products: $*" >&2
    exit 1
}

for program in qvtd qvtctl protoc-gen-qvt; do
    [ -x "$build/bin/$program" ] || fail "no bin/$program"
done

for library in qvt qvtrpc; do
    leaked=$(nm -D --defined-only "$build/lib/lib$library.so" | awk '$3 !~ /^qvt_/ { print $3 }')
    [ -z "$leaked" ] || fail "lib$library.so exports $leaked"
    leaked=$(nm --extern-only --defined-only "$build/lib/lib$library.a" | awk 'NF == 3 && $3 !~ /^qvt_/ { print $3 }')
    [ -z "$leaked" ] || fail "lib$library.a exports $leaked"
    # What the shared library promises, the archive holds too.
    diff <(nm -D --defined-only "$build/lib/lib$library.so" | awk '{ print $3 }' | sort) \
        <(nm --extern-only --defined-only "$build/lib/lib$library.a" | awk 'NF == 3 { print $3 }' | sort) ||
        fail "lib$library.so and lib$library.a differ"
done

cmake --install "$build" --prefix "$work/usr" >"$work/install.log" || fail "the installation failed"
config=$(find "$work/usr" -name qvt.pc)
libdir=$(dirname "$(dirname "$config")")
export PKG_CONFIG_PATH="$libdir/pkgconfig"
[ -n "$config" ] || fail "no qvt.pc"

flags_of() {
    pkg-config "$@"
}

for library in qvt qvtrpc; do
    headers=$work/usr/include/qvt
    [ $library = qvt ] || headers=$work/usr/include/qvt/rpc
    find "$headers" -maxdepth 1 -name '*.h' -printf '#include "%p"\n' | sort >"$work/$library.c"
    grep -q . "$work/$library.c" || fail "no headers of $library"
    cat >>"$work/$library.c" <<'C'
#include <qvt/status.h>
int main(void)
{
    return qvt_status_name(QVT_OK) == 0;
}
C
    cp "$work/$library.c" "$work/$library.cc"
    read -ra flags < <(flags_of --cflags --libs $library)
    gcc -std=c99 -Wall -Wextra -Wpedantic -Werror "$work/$library.c" -o "$work/shared" "${flags[@]}"
    g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror "$work/$library.cc" -o "$work/shared-cc" "${flags[@]}"
    LD_LIBRARY_PATH=$libdir "$work/shared"
    LD_LIBRARY_PATH=$libdir "$work/shared-cc"

    # Whole, so that a name that nothing defines shows.
    read -ra flags < <(flags_of --cflags $library)
    read -ra others < <(flags_of --static --libs $library | sed "s/-l$library\b//")
    gcc -std=c99 "$work/$library.c" -o "$work/static" "${flags[@]}" -Wl,--whole-archive "$libdir/lib$library.a" \
        -Wl,--no-whole-archive "${others[@]}"
    "$work/static"
done

# Both archives in one program.
read -ra others < <(flags_of --static --libs qvt qvtrpc | sed -E "s/-lqvt(rpc)?\\b//g")
gcc -std=c99 "$work/qvt.c" -o "$work/both" "${flags[@]}" -Wl,--whole-archive "$libdir/libqvt.a" "$libdir/libqvtrpc.a" \
    -Wl,--no-whole-archive "${others[@]}"
"$work/both"

mkdir "$work/consumer"
cat >"$work/consumer/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(qvt REQUIRED)
find_package(qvtrpc REQUIRED)
add_executable(client ../qvt.c)
target_link_libraries(client qvt::qvt)
add_executable(server ../qvtrpc.c)
target_link_libraries(server qvtrpc::qvtrpc)
add_executable(whole_server ../qvtrpc.c)
target_link_libraries(whole_server qvtrpc::qvtrpc_static)
CMAKE
cmake -G Ninja -S "$work/consumer" -B "$work/consumer/build" -DCMAKE_PREFIX_PATH="$work/usr" >"$work/cmake.log" ||
    fail "the CMake package does not configure"
cmake --build "$work/consumer/build" >"$work/cmake.log" || fail "the CMake package does not link"
"$work/consumer/build/client"
"$work/consumer/build/server"
"$work/consumer/build/whole_server"
echo "products: complete"
