#!/bin/bash
# tests/cli/run.sh BINARY: what a user types, what comes out, and the exit status.
# Prints "N passed, M failed"; exit 0 when none failed.
set -u
agenc=$(realpath "${1:?usage: tests/cli/run.sh BINARY}")
cd "$(dirname "$0")/../.." || exit 1
unset AGENC_ENV AGENC_URL ADMIN_URL NO_COLOR "${!AGENC_SPECULATION_@}"
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

verdict() { # OK? WHAT
    if [[ $1 == 0 ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n' "$2"
        sed 's/^/  out: /' "$work/out" | head -5
        sed 's/^/  err: /' "$work/err" | head -5
    fi
}

# expect STATUS PATTERN WORDS...: the command ends with STATUS; PATTERN (extended regex) is in what it prints.
expect() {
    local status=$1 pattern=$2 got
    shift 2
    "$agenc" "$@" > "$work/out" 2> "$work/err"
    got=$?
    [[ $got == "$status" ]] && cat "$work/out" "$work/err" | grep -Eq -- "$pattern"
    verdict $? "agenc $* (exit $got, want $status and /$pattern/)"
}

# one_line WORDS...: an error is one line on stderr and nothing on stdout.
one_line() {
    "$agenc" "$@" > "$work/out" 2> "$work/err"
    [[ $(wc -l < "$work/err") == 1 && ! -s $work/out ]]
    verdict $? "agenc $* (one line on stderr only)"
}

# json_reads WORDS...: what is printed parses as JSON (with whichever reader is installed; none: not judged).
json_reads() {
    local reader=(cat)
    command -v jq > /dev/null && reader=(jq .)
    command -v python3 > /dev/null && reader=(python3 -m json.tool)
    "$agenc" "$@" 2> "$work/err" | tee "$work/out" | "${reader[@]}" > /dev/null 2>> "$work/err"
}

# file NAME TEXT: a configuration file; prints its path.
file() {
    printf '%b' "$2" > "$work/$1.toml"
    echo "$work/$1.toml"
}

for script in tests/cli/cases/*.sh; do
    # shellcheck source=/dev/null
    source "$script"
done
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
