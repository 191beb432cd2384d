#!/usr/bin/env bash
# Builds the images, or runs the tests of images and compose files. usage: run.sh build|test
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

if docker compose version >/dev/null 2>&1; then
    compose="docker compose"
else
    compose=docker-compose
fi
proxies=()
for name in http_proxy https_proxy no_proxy; do
    [ -z "${!name-}" ] || proxies+=(--build-arg "$name")
done

QVT_BASE=$(docker/base.sh)
QVT_VERSION=$(sed -n 's/^project(qvt VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
QVT_REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)
export QVT_BASE QVT_VERSION QVT_REVISION

build() {
    local target=$1 name=$2
    docker build -q -f docker/Dockerfile --target "$target" -t "$name:$QVT_TAG" --build-arg BASE="$QVT_BASE" \
        --build-arg VERSION="$QVT_VERSION" --build-arg REVISION="$QVT_REVISION" "${proxies[@]}" . >/dev/null
    echo "built $name:$QVT_TAG"
}

build_all() {
    build server qvt
    build silo qvt-silo
    docker build -q -t "qvt-redis:$QVT_TAG" --build-arg BASE="$QVT_BASE" "${proxies[@]}" docker/redis >/dev/null
    echo "built qvt-redis:$QVT_TAG"
}

case ${1-} in
build)
    export QVT_TAG=${QVT_TAG:-latest}
    build_all
    ;;
test)
    # The user's own images of that name stay as they are.
    export QVT_TAG=test
    build_all
    export QVT_COMPOSE=$compose
    for file in tests/docker/test_*.py; do
        echo "# ${file##*/}"
        /usr/bin/python3 -B "$file"
    done
    ;;
*)
    echo "usage: $0 build|test" >&2
    exit 2
    ;;
esac
