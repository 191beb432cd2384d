#!/usr/bin/env bash
# Prints the man page of a program: what NAME.mdoc says, with the flags, and of qvtctl the commands, as --help has them.
# usage: make.sh FOLDER/qvtd|FOLDER/qvtctl
set -euo pipefail

program=$1
name=$(basename "$program")
here=$(dirname "${BASH_SOURCE[0]}")

# $1: the first line of a block of flags; only that block
flags_of() {
    awk -v first="$1" '$0 ~ first { on = 1; next } on && !/^  -/ { exit } on' | awk -f "$here/flags.awk"
}

# A sentence begins a line, as mdoc wants it.
escape() { sed -e 's/\\/\\e/g' -e "s/^[.']/\\\\\\&&/" -e 's/\. \([A-Z]\)/.\n\1/g'; }

# $1: a command as the overview has it, "silo get SILO-ID"
command_of() {
    local words usage help
    words=$(grep -o -E '^[a-z]+( [a-z]+)?( |$)' <<<"$1 " | sed 's/ *$//')
    case $words in
    completion*) words=completion ;;
    esac
    # shellcheck disable=SC2086 # two words, as a user types them
    help=$("$program" $words --help)
    usage=$(sed -n 's/^usage: qvtctl //p' <<<"$help")
    echo ".Ss $(escape <<<"$usage")"
    awk 'NR <= 2 { next } /^(Flags|$)/ { exit } { print }' <<<"$help" | escape |
        sed -e '1s/$/./' -e 's/^example: \(.*\)/.Pp\n.Dl \1/'
    if grep -q '^Flags:' <<<"$help"; then
        flags_of '^Flags:' <<<"$help"
    fi
}

while IFS= read -r line; do
    case $line in
    @FLAGS@) "$program" --help | flags_of '^(Flags of every command:|--config names)' ;;
    @COMMANDS@)
        "$program" --help | sed -n '/^Commands/,/^$/s/^  \([a-z].*[^ ]\)   *[A-Z].*/\1/p' | sed 's/   .*//' |
            while IFS= read -r command; do
                command_of "$command"
            done
        ;;
    *) printf '%s\n' "$line" ;;
    esac
done <"$here/$name.mdoc"
