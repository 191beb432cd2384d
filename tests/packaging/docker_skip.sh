#!/usr/bin/env bash
# Where no Docker daemon can run, docker/daemon.sh says why and exits 77, which ./dev counts as skipped.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin=$work/bin
mkdir "$bin"

fail() {
    echo "docker_skip: $*"
    exit 1
}

make() {
    printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}

# expect WHAT SENTENCE: without a daemon, the command is not run and the sentence is said
expect() {
    local status=0
    PATH=$bin:$PATH QVT_DOCKER_DATA=$work/data docker/daemon.sh touch "$work/ran" >"$work/out" 2>&1 || status=$?
    [ "$status" = 77 ] || fail "$1: exit code $status: $(cat "$work/out")"
    tail -n 1 "$work/out" | grep -q "^docker: .*$2" || fail "$1: says $(cat "$work/out")"
    [ ! -e "$work/ran" ] || fail "$1: the command ran all the same"
}

make docker 'exit 1'
make id 'echo 1000'
expect "not root" "only root can start one"

make id 'echo 0'
make dockerd 'echo "level=info starting"; echo "level=fatal failed to mount overlay: operation not permitted" >&2; exit 1'
expect "a kernel that does not allow it" "dockerd does not start here: .*failed to mount overlay: operation not permitted"
[ -z "$(find /tmp -maxdepth 1 -name 'qvt-docker-*' -newer "$bin/dockerd" -print -quit)" ] || fail "a folder is left"

# With a daemon the command's own exit code counts.
make docker 'exit 0'
status=0
PATH=$bin:$PATH docker/daemon.sh sh -c 'exit 5' || status=$?
[ "$status" = 5 ] || fail "the command's exit code was $status"

# And ./dev counts it as skipped, with the reason.
cat >"$work/check.sh" <<'SH'
eval "$(sed -n '/^check() {/,/^}/p; /^passed_before() {/,/^}/p; /^totals() {/,/^}/p' dev)"
say() { printf '%s\n' "$*" >&2; }
root=$1 passed=0 failed=0 skipped=0 reuse=no tree=
mkdir -p "$root/build/log" "$root/build/passed"
cannot() { echo "docker: no kernel for it" >&2; exit 77; }
check docker cannot
totals
SH
bash "$work/check.sh" "$work" >"$work/out" 2>&1 || fail "a skipped check fails: $(cat "$work/out")"
grep -q '^skip  docker: docker: no kernel for it$' "$work/out" || fail "./dev says $(cat "$work/out")"
grep -q '^0 passed, 0 failed, 1 skipped$' "$work/out" || fail "./dev counts $(cat "$work/out")"
echo "docker_skip: told"
