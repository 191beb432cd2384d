#!/usr/bin/env bash
# Runs a command with a Docker daemon: the one that answers, else one of our own that ends with the command.
# usage: daemon.sh COMMAND...    exit code 77 and a reason on stderr: this machine can run none
set -euo pipefail

export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
data=${QVT_DOCKER_DATA:-/var/lib/qvt-docker}
run=
pid=

skip() {
    echo "docker: $*" >&2
    exit 77
}

stop() {
    local status=$?
    trap - EXIT
    if [ -n "$pid" ]; then
        kill "$pid" 2>/dev/null || true
        wait "$pid" || true
    fi
    [ -z "$run" ] || rm -rf "$run"
    exit $status
}

# $1: a folder that shadows iptables, or nothing
start() {
    PATH=${1:+$1:}$PATH dockerd --data-root "$data" --exec-root "$run/exec" --pidfile "$run/pid" \
        -H "unix://$run/docker.sock" >"$run/log" 2>&1 9>&- &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        docker info >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    wait "$pid" || true
    pid=
    return 1
}

if docker info >/dev/null 2>&1; then
    exec "$@"
fi
[ "$(id -u)" = 0 ] || skip "no daemon answers here, and only root can start one"
command -v dockerd >/dev/null || skip "no daemon answers, and dockerd is not installed"
trap stop EXIT
trap 'exit 130' INT TERM
mkdir -p "$data"
exec 9>"$data/lock"
flock -w 600 9 || skip "another daemon has $data"
run=$(mktemp -d /tmp/qvt-docker-XXXXXX)
export DOCKER_HOST=unix://$run/docker.sock
mkdir "$run/legacy"
for name in iptables ip6tables; do
    ! command -v $name-legacy >/dev/null || ln -s "$(command -v $name-legacy)" "$run/legacy/$name"
done
# A kernel may have only the older of the two interfaces that Debian's iptables speaks.
start || start "$run/legacy" || skip "dockerd does not start here: $(grep -v level=info "$run/log" | tail -n 1)"
# What tests left that were killed: their networks would stand in the way of the next.
docker ps -aq --filter name=qvt-test- | xargs -r docker rm -f -v >/dev/null
docker volume ls -q --filter name=qvt-test- | xargs -r docker volume rm >/dev/null
docker network prune -f >/dev/null
"$@" 9>&-
# What earlier trees left; the steps that a new build reuses stay.
docker image prune -f --filter until=48h >/dev/null
