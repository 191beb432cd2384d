#!/usr/bin/env bash
# The [run] packages of packaging/debian-packages.txt are those whose libraries the programs load, no more and no fewer; the
# Dockerfile installs them from there.
# usage: run_packages.sh PROGRAM...
set -euo pipefail

listed() {
    awk '/^\[/ { on = ($1 == "[run]"); next } on && /^[a-z]/ { print $1 }' packaging/debian-packages.txt | sort -u
}

# Packages merged into /usr are registered with or without it.
package_of() {
    local path=$1
    { dpkg -S "$path" || dpkg -S "${path#/usr}" || dpkg -S "/usr$path"; } 2>/dev/null | head -n 1 | cut -d: -f1
}

# What the programs ask for themselves; what those libraries need comes with their packages.
needed() {
    local program soname path
    for program in "$@"; do
        while read -r soname; do
            path=$(ldd "$program" | awk -v name="$soname" '$1 == name { print $3 }')
            [ -n "$path" ] || continue
            package_of "$(realpath -s "$path")" || echo "unknown:$soname"
        done < <(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    done | sort -u
}

# Every Debian has these; sanitizers are of a test's build only.
of_every_system='^(libc6|libgcc-s1|lib[a-z]*san[0-9]*)$'
found=$(needed "$@" | grep -Ev "$of_every_system")
[ -n "$found" ] || {
    echo "run_packages: no libraries found in $*"
    exit 1
}
diff <(listed) <(echo "$found") || {
    echo "run_packages: above, < is listed in [run], > is what $* load"
    exit 1
}
grep -q '"\[run\]"' docker/Dockerfile || {
    echo "run_packages: docker/Dockerfile does not install [run]"
    exit 1
}
echo "run_packages: $(wc -w <<<"$found") packages"
