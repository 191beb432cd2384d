#!/usr/bin/env bash
# Prints the name of a Debian 12 base image: $QVT_BASE_IMAGE, else debian:bookworm-slim where it is here or can be
# pulled, else one made with debootstrap, as slim as that. The daemon is the one $DOCKER_HOST names.
set -euo pipefail

export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
official=debian:bookworm-slim
own=qvt-debian:bookworm-slim

has() { docker image inspect "$1" >/dev/null 2>&1; }

make() {
    local tree
    if ! command -v debootstrap >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "docker: $official cannot be pulled, and making one takes root and debootstrap" >&2
        exit 77
    fi
    tree=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder's name is known now
    trap "rm -rf '$tree'" EXIT
    debootstrap --variant=minbase bookworm "$tree" ${QVT_DEBIAN_MIRROR:+"$QVT_DEBIAN_MIRROR"} >&2
    printf 'path-exclude %s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*' \
        >"$tree/etc/dpkg/dpkg.cfg.d/slim"
    if [ -z "${QVT_DEBIAN_MIRROR-}" ]; then
        echo 'deb http://deb.debian.org/debian-security bookworm-security main' >>"$tree/etc/apt/sources.list"
    fi
    rm -rf "$tree"/usr/share/{doc,man,info,locale}/* "$tree"/var/lib/apt/lists/* "$tree"/var/cache/* "$tree"/var/log/*
    tar -C "$tree" --numeric-owner -c . | docker import --change 'CMD ["bash"]' - "$own" >&2
}

if [ -n "${QVT_BASE_IMAGE-}" ]; then
    echo "$QVT_BASE_IMAGE"
elif has "$official"; then
    echo "$official"
elif has "$own"; then
    echo "$own"
elif timeout 60 docker pull -q "$official" >/dev/null 2>&1; then
    echo "$official"
else
    echo "$official cannot be pulled, making one with debootstrap" >&2
    make
    echo "$own"
fi
