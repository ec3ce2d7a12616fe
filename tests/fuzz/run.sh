#!/bin/bash
# tests/fuzz/run.sh SECONDS [PARSER...]: hunt for crashes, leaks and undefined behaviour with libFuzzer.
# Each tests/fuzz/fuzz_<parser>.c is built with clang, ASan and UBSan and runs for SECONDS from its seeds:
# tests/fuzz/corpus/<parser>/, shipped files of its kind, and what an earlier run in build/fuzz/corpus/<parser>/
# found. tests/fuzz/<parser>.dict holds its words. An input that crashes is kept in build/fuzz/crashes/.
# Prints "N passed, M failed"; exit 0 when none failed.
set -u
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [PARSER...]}
shift
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
crashes=build/fuzz/crashes
mkdir -p "$crashes"

parsers=$*
if [[ -z $parsers ]]; then
    for source in tests/fuzz/fuzz_*.c; do
        name=${source#tests/fuzz/fuzz_}
        parsers+=" ${name%.c}"
    done
fi

# Warnings are judged by the compiler that the program is built with.
targets=()
for parser in $parsers; do targets+=("build/fuzz/tests/fuzz/fuzz_$parser"); done
if ! make -j"$(nproc)" --no-print-directory VARIANT=fuzz CC=clang-14 CXX=clang++-14 WARN=-Wall "${targets[@]}" \
    >build/fuzz/make.log 2>&1; then
    tail -n 20 build/fuzz/make.log
    echo "0 passed, 1 failed"
    exit 1
fi

for parser in $parsers; do
    found=build/fuzz/corpus/$parser
    options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1
        -max_len=65536 -artifact_prefix="$crashes/$parser-")
    [[ -e tests/fuzz/$parser.dict ]] && options+=(-dict="tests/fuzz/$parser.dict")
    seeds=(tests/fuzz/corpus/"$parser")
    case $parser in
    toml | config) seeds+=(scenarios/config) ;;
    schedule) seeds+=(scenarios/chaos) ;;
    profile) seeds+=(scenarios/chain scenarios/prover) ;;
    esac
    mkdir -p "$found"
    if build/fuzz/tests/fuzz/fuzz_"$parser" "${options[@]}" "$found" "${seeds[@]}" >build/fuzz/log 2>&1 &&
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz/log) && [[ ${runs:-0} -gt 20 ]]; then
        passed=$((passed + 1))
        echo "$parser: $runs inputs"
    else
        failed=$((failed + 1))
        echo "FAIL $parser: the input is in $crashes/$parser-*; run it as the only operand of fuzz_$parser"
        grep -vE '^(INFO|stat::)|NEW_FUNC' build/fuzz/log | head -n 60
    fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
