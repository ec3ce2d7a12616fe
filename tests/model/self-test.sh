#!/bin/bash
# tests/model/self-test.sh BUILD: would the differential test notice? Breaks one line of the engine at a time, in a
# copy, and expects a difference. Prints "N passed, M failed"; exit 0 when every broken engine was caught.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${1:?usage: tests/model/self-test.sh BUILD, such as build/release}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0
libraries=$(pkg-config --libs libcurl jansson gsl libmicrohttpd sqlite3 zlib)

broken() { # broken NAME FILE OLD NEW: the line with OLD, once in engine/FILE.c, says NEW instead
    local name=$1 file=engine/$2.c old=$3 new=$4 text
    text=$(cat "$file")
    if [ "$(grep -cF -- "$old" "$file")" != 1 ]; then
        echo "FAIL $name: $file has no such line, or several: $old"
        failed=$((failed + 1))
        return
    fi
    printf '%s\n' "${text/"$old"/"$new"}" >"$work/$2.c"
    # The broken object stands before the library, whose own is then not taken.
    # shellcheck disable=SC2086 # libraries are words
    if ! gcc -std=c17 -D_GNU_SOURCE -O1 -I. "$work/$2.c" "$out"/tests/model/*.o "$out/libagenc.a" \
        -o "$work/differential" $libraries -lstdc++ -lm -lpthread 2>"$work/err"; then
        echo "FAIL $name: does not build: $(head -n 1 "$work/err")"
        failed=$((failed + 1))
    elif "$work/differential" --histories 20000 >"$work/said" 2>&1; then
        echo "FAIL $name: nobody noticed"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

broken 'a waiter is lost' waiting 'loser->wait.sibling = winner->wait.child;' 'loser->wait.sibling = NONE;'
broken 'a cascade is not counted' rollback 'task_at(engine, root)->plan.size++;' '(void)0;'
broken 'an order edge pulls down' region 'if (is_member && edge_kind(edge) == EDGE_DATA) return true;' \
    'if (is_member) return true;'
broken 'a tip returns early' tips 'parent->speculative_children == 0 &&' 'parent->speculative_children <= 1 &&'
broken 'a clock is one nanosecond fast' clock 'return ns_after(ns_after(since_ns, span_ns), 1);' \
    'return ns_after(since_ns, span_ns);'
broken 'a drain that ends wakes nobody' operator 'waiting_freed(engine, WAIT_DISABLED, 0);' '(void)0;'
broken 'patience is not renewed' confirm \
    'if (task->status == TASK_AWAITING_ANCESTORS) clock_start(engine, slot, CLOCK_AWAITING);' '(void)0;'
broken 'a cooldown lasts a little longer' admission 'cooldown_until_ns <= engine->now_ns;' \
    'cooldown_until_ns < engine->now_ns;'
broken 'garbage is kept for too long' memory 'retention_ns) > engine->now_ns) break;' \
    'retention_ns) >= engine->now_ns) break;'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
