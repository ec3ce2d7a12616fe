#!/bin/bash
# tests/golden/run.sh BINARY [--update]: is each run of tests/golden/cases.txt still the same run, to the bit?
# hashes.txt holds a line a case: name, trajectory hash, SHA-256 of the result (tests/lib/result_core).
# The trajectory alone differs when the run does; the result differs also when it is told in other words.
# --update rewrites hashes.txt and prints what changed. Prints "N passed, M failed"; exit 0 when none failed.
set -u
agenc=$(realpath "${1:?usage: tests/golden/run.sh BINARY [--update]}")
update=${2:-}
cd "$(dirname "$0")/../.." || exit 1
unset AGENC_ENV NO_COLOR "${!AGENC_SPECULATION_@}"
hashes=tests/golden/hashes.txt
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

while read -r name options; do
    case $name in '#'* | '') continue ;; esac
    result=$work/$name.json
    # shellcheck disable=SC2086 # options are words
    "$agenc" benchmark speculation --duration 30s --runs 1 --quiet $options --output "$result" \
        >/dev/null 2>"$work/err"
    status=$?
    if [[ $status != 0 ]]; then
        failed=$((failed + 1))
        echo "FAIL $name: exit $status: $(head -n 1 "$work/err")"
        continue
    fi
    trajectory=$(sed -n 's/^  "trajectory_hash": "\(.*\)",$/\1/p' "$result")
    digest=$(tests/lib/result_core "$result" | sha256sum | cut -d' ' -f1)
    echo "$name $trajectory $digest" >>"$work/hashes"
    [[ $update ]] && continue
    if [[ -z $trajectory ]]; then
        failed=$((failed + 1)) && echo "FAIL $name: the result has no trajectory hash"
    elif grep -qx "$name $trajectory $digest" "$hashes"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        if grep -q "^$name $trajectory " "$hashes"; then what="the same run, told otherwise"; else what="another run"; fi
        echo "FAIL $name: $what; if that is intended, \`make golden-update\` says so in $hashes"
    fi
done <tests/golden/cases.txt

if [[ $update ]]; then
    [[ $failed == 0 ]] || exit 1
    diff "$hashes" "$work/hashes" | grep '^[<>]'
    cp "$work/hashes" "$hashes"
    exit 0
fi
# A line without a case is a case that somebody lost.
while read -r name _; do
    grep -q "^$name " tests/golden/cases.txt || { failed=$((failed + 1)) && echo "FAIL $name: not among the cases"; }
done <"$hashes"
echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
