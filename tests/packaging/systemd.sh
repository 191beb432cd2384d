#!/usr/bin/env bash
# The unit is one that systemd takes, leaves little to an intruder, and starts the qvtd of this build.
# usage: systemd.sh UNIT SYSUSERS
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# systemd-analyze looks for the program, which is not installed here, and for the user.
sed -e "s|^ExecStart=[^ ]*|ExecStart=$QVT_BIN_DIR/qvtd|" -e 's/^User=.*/User=daemon/' "$1" >"$work/qvtd.service"
faults=$(systemd-analyze verify --man=no "$work/qvtd.service" 2>&1 | grep qvtd || true)
[ -z "$faults" ] || {
    echo "$faults"
    exit 1
}
systemd-analyze security --offline=true --threshold=20 --no-pager "$work/qvtd.service" >"$work/exposure" || {
    cat "$work/exposure"
    exit 1
}
tail -n 1 "$work/exposure"
systemd-sysusers --dry-run "$(realpath "$2")"
