#!/bin/bash
# tests/determinism/run.sh: the same bytes of result from every build and on every machine (product.md 7).
# Builds the program with gcc and clang, without and with optimisation, and for this very CPU; runs some
# golden cases and a campaign of chaos with each, with one thread and two, with addresses fixed, and with the CPU's fused
# multiply-add and AVX2 hidden from the C library. Every result must equal the first build's,
# but for what tests/lib/result_core leaves out. Prints "N passed, M failed"; exit 0 when none failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
unset AGENC_ENV NO_COLOR "${!AGENC_SPECULATION_@}"
cases='low-latency failures batches crowded'
hidden='glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable,-AVX2,-FMA'
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

verdict() { # OK? WHAT
    if [[ $1 == 0 ]]; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAIL $2"; fi
}

build() { # build NAME CC CXX FLAGS: build/NAME/agenc
    make -j"$(nproc)" --no-print-directory OUT="build/$1" CC="$2" CXX="$3" FLAGS_release="$4" WARN=-Wall >"$work/log" 2>&1
    local status=$?
    [[ $status == 0 ]] || tail -n 20 "$work/log"
    verdict $status "build $1: $2 $4"
    return $status
}

runs() { # runs NAME WHAT WORDS...: every case with two replications, WORDS BINARY ...; equal to the first
    local name=$1 what=$2 case options result
    shift 2
    for case in $cases; do
        options=$(sed -n "s/^$case  *//p" tests/golden/cases.txt)
        result=$work/$case.json
        # shellcheck disable=SC2086 # options are words
        "$@" "build/$name/agenc" benchmark speculation --duration 30s --runs 2 --quiet $options $jobs \
            --output "$result" >/dev/null 2>"$work/err" || head -n 2 "$work/err"
        tests/lib/result_core "$result" >"$work/core"
        [[ -e $work/$case.first ]] || cp "$work/core" "$work/$case.first"
        [[ -s $work/core ]] && cmp -s "$work/core" "$work/$case.first"
        verdict $? "$name, $what: $case is another run than with ${first}"
        rm -f "$result"
    done
}

chaos() { # chaos NAME WHAT WORDS...: a campaign, whose digest is of every event of every seed
    local name=$1 what=$2
    shift 2
    rm -rf "$work/chaos"
    # shellcheck disable=SC2086 # options are words
    "$@" "build/$name/agenc" chaos campaign --seeds 200 --duration 2m --quiet $jobs --output "$work/chaos" \
        >/dev/null 2>"$work/err" || head -n 2 "$work/err"
    grep -v '"commit"' "$work/chaos/campaign.json" >"$work/core"
    [[ -e $work/chaos.first ]] || cp "$work/core" "$work/chaos.first"
    [[ -s $work/core ]] && cmp -s "$work/core" "$work/chaos.first"
    verdict $? "$name, $what: the chaos campaign is another one than with ${first}"
}

# NAME|CC|CXX|FLAGS; the C++ shim reads TOML only. Warnings are judged where the program is built to be used.
variants='det-gcc-O2|gcc|g++|-O2
det-gcc-O0|gcc|g++|-O0
det-gcc-native|gcc|g++|-O3 -march=native
det-clang-O2|clang-14|g++|-O2'
first=det-gcc-O2
while IFS='|' read -r name cc cxx flags; do
    build "$name" "$cc" "$cxx" "$flags" || continue
    jobs='--jobs 1' && runs "$name" 'one thread' env && chaos "$name" 'one thread' env
    jobs='--jobs 2' && runs "$name" 'two threads' env && chaos "$name" 'two threads' env
    runs "$name" 'addresses fixed' setarch -R && chaos "$name" 'addresses fixed' setarch -R
    runs "$name" 'no FMA, no AVX2' env GLIBC_TUNABLES="$hidden"
done <<<"$variants"
echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
