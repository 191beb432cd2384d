#!/usr/bin/env bash
# The man pages are clean mdoc and have every flag and command that the programs know. usage: manual.sh PAGE...
set -euo pipefail

status=0
for page in "$@"; do
    program=$QVT_BIN_DIR/$(basename "${page%.*}")
    mandoc -Tlint -Wwarning "$page" || status=1
    text=$(mandoc -Tascii -O width=200 "$page" | sed 's/.\x08//g')
    flags=$("$program" --help | grep -o -E '^ +(-[a-z], )?--[a-z-]+' | grep -o -E -- '--[a-z-]+' | sort -u)
    [ "$(wc -l <<<"$flags")" -ge 4 ] || { echo "$program --help has no flags"; status=1; }
    commands=$("$program" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\( [a-z]*\)\{0,1\}\).*/\1/p')
    while IFS= read -r command; do
        [ -n "$command" ] || continue
        grep -q -E "^ +$command" <<<"$text" || { echo "$page does not have the command $command"; status=1; }
        # shellcheck disable=SC2086 # one or two words
        flags+=$'\n'$("$program" $command --help | grep -o -E '^ +--[a-z-]+' | tr -d ' ')
    done <<<"$commands"
    while IFS= read -r flag; do
        case $flag in --help | --version) [ -n "$commands" ] && continue ;; esac
        grep -q -E -- "(^|[ ,])$flag( |$)" <<<"$text" || { echo "$page does not have $flag"; status=1; }
    done <<<"$flags"
done
exit $status
