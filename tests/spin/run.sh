#!/bin/bash
# tests/spin/run.sh [BUILD] [RUNS]: exhausts the model of the protocol, shows that the search finds each rule
# that is taken away, and replays random runs of the model in the engine.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${1:-build/release}")
runs=${2:-300}
model=$PWD/tests/spin/protocol.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0
failed=0

verdict() { # verdict NAME GOOD?
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    printf '%-4s %s\n' "$([ "$2" = 0 ] && echo ok || echo FAIL)" "$1"
}

search() { # search [SWITCH]: leaves Spin's report in the file "report"
    rm -f pan pan.* -- *.trail
    spin -a ${1:+-D$1} "$model" >report 2>&1 && gcc -O0 -DSAFETY -o pan pan.c 2>>report && ./pan -m100000 >report 2>&1
}

began=$SECONDS
search
grep -q 'errors: 0' report && ! grep -q 'max search depth too small' report
verdict "exhausted: $(grep 'states, stored' report | tr -s ' '), no error, $((SECONDS - began)) s" $?
for switch in BREAK_GATE BREAK_LEAVES BREAK_REVERT BREAK_RESUME; do
    search "$switch"
    grep -qE 'errors: [1-9]' report
    verdict "$switch is found: $(grep -m1 '^pan:1:' report | cut -c1-70)" $?
done

for ((seed = 1; seed <= runs; seed++)); do
    spin "-n$seed" -T "$model" | grep -E '^[a-z_]+ [0-9] : '
done >steps
"$build/tests/spin/replay" <steps >replayed
status=$?
grep -v ' passed, ' replayed
verdict "$(tail -n 1 replayed) of $runs runs of the model in the engine, $(wc -l <steps) steps" "$status"
[ "$(grep -c '^all_over' steps)" = "$runs" ]
verdict "every run of the model ended" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
