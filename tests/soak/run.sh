#!/usr/bin/env bash
# tests/soak/run.sh AGENC LOAD [full|short]: load, crashes, floods and faults against the live service; prints a table.
#
# Each row is a figure and its goal; a row that misses its goal, or a rule that is broken, makes it fail. Speeds are printed
# and judged in full runs only: a busy machine says nothing about them. Everything is on loopback, in folders of
# its own, and only processes that were started here are ended.
set -u
agenc=$(realpath "$1") load=$(realpath "$2") size=${3:-full}
work=$(mktemp -d "${TMPDIR:-/tmp}/agenc-soak-XXXXXX")
export ADMIN_TOKEN=soak-token-$$-$RANDOM
serve_pid='' port='' failed=0 passed=0
case $size in
full) rounds=200 seconds=30 records=1000000 idle=10000 ;;
short) rounds=12 seconds=8 records=150000 idle=2000 ;;
*) echo "soak: full or short, not $size" >&2; exit 2 ;;
esac

finish() {
    [ -n "$serve_pid" ] && kill -9 "$serve_pid" 2>/dev/null
    mountpoint -q "$work/tmpfs" 2>/dev/null && umount "$work/tmpfs"
    rm -rf "$work"
}
trap finish EXIT

# ---- rows ----

row() { # what, value, goal, verdict (ok|miss|BROKEN)
    printf '%-46s %18s   %-24s %s\n' "$1" "$2" "$3" "$4"
    case $4 in
    ok) passed=$((passed + 1)) ;;
    miss) if [ "$size" = full ]; then failed=$((failed + 1)); else passed=$((passed + 1)); fi ;;
    *) failed=$((failed + 1)) ;;
    esac
}

# What is no number (nothing, two lines, words) is BROKEN, never compared as text.
is_number() { [[ $1 =~ ^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$ ]]; }
compare() { # a, operator, b
    if ! is_number "$1" || ! is_number "$3"; then
        echo BROKEN
    else
        awk -v a="$1" -v b="$3" "BEGIN { print (a + 0 $2 b + 0) ? \"ok\" : \"miss\" }"
    fi
}
at_most() { compare "$1" '<=' "$2"; }
at_least() { compare "$1" '>=' "$2"; }
holds() { if "$@" >/dev/null 2>&1; then echo ok; else echo BROKEN; fi; }
field() { jq -r ".$2" <<<"$1"; }

# ---- the service ----

# Models that cost nothing: the service is measured, not its provers.
fast=(--execution fixed:1ms --prover sim:fixed:20ms --chain sim:fixed:400ms --set speculation.enabled=true
    --set speculation.limits.max_pending_operations=100000 --set speculation.proof.worker_threads=32
    --set speculation.proof.batch_size=100 --set speculation.proof.queue_size=10000 --log-level error
    --set speculation.limits.max_memory_mb=65536 --set speculation.limits.max_state_snapshots=10000)

start() { # folder, more options
    local folder=$1 waited=0
    shift
    : >"$work/out"
    "$agenc" serve --data-dir "$folder" --listen 127.0.0.1:0 --workers-listen none "${fast[@]}" "$@" \
        >"$work/out" 2>>"$work/log" &
    serve_pid=$!
    while ! grep -q '^admin ' "$work/out"; do
        kill -0 "$serve_pid" 2>/dev/null || { echo "soak: the service did not start:" >&2; tail -5 "$work/log" >&2; exit 1; }
        waited=$((waited + 1))
        [ $waited -gt 1200 ] && { echo "soak: the service is not ready after a minute" >&2; exit 1; }
        sleep .05
    done
    port=$(sed -n 's/^admin http:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$work/out")
}

crash() { kill -9 "$serve_pid"; wait "$serve_pid" 2>/dev/null; serve_pid=''; }
stop() {
    kill -TERM "$serve_pid"
    wait "$serve_pid"
    local status=$?
    serve_pid=''
    return $status
}
get() { curl -s -m "${2:-5}" "http://127.0.0.1:$port$1"; }
post() { curl -s -m 20 -X POST -H "Authorization: Bearer $ADMIN_TOKEN" -d "${2:-}" "http://127.0.0.1:$port$1"; }
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$serve_pid/status"; }
# How long an answer took; what is none took 99 s.
health_s() {
    local took
    if took=$(curl -s -m 5 -o /dev/null -w '%{time_total}' "http://127.0.0.1:$port/health"); then echo "$took"; else echo 99; fi
}

# The whole log of a folder, judged by every invariant that a log can be judged by.
log_is_clean() {
    cat "$1"/0*.log >"$work/whole.log"
    "$agenc" chaos check "$work/whole.log" >"$work/check.txt" 2>&1 && return 0
    cat "$work/check.txt" >&2
    return 1
}
integrity_is_ok() { [ "$(get '/admin/integrity-check?full=true' 60 | jq -r .status)" = ok ]; }

# ---- load ----

throughput() {
    local answer
    start "$work/load"
    "$load" submit "$port" "$ADMIN_TOKEN" 1000 2 warm "$work/acked" >/dev/null
    answer=$("$load" submit "$port" "$ADMIN_TOKEN" 5500 "$seconds" load "$work/acked")
    row 'submissions acknowledged, durable, a second' "$(field "$answer" per_s)" '>= 5000' "$(at_least "$(field "$answer" per_s)" 5000)"
    row '  p50 / p99 ms, from when they were due' "$(field "$answer" p50_ms) / $(field "$answer" p99_ms)" 'p99 <= 20' "$(at_most "$(field "$answer" p99_ms)" 20)"
    row '  longest sync of the disk' "$(get /admin/status | jq .log.sync_most_ms) ms" 'for reference' ok
    row '  refused, broken' "$(field "$answer" refused), $(field "$answer" broken)" 'none' "$(holds test "$(field "$answer" refused)$(field "$answer" broken)" = 00)"
    answer=$("$load" read "$port" 3 "$work/acked")
    row 'status reads a second' "$(field "$answer" per_s)" '>= 20000' "$(at_least "$(field "$answer" per_s)" 20000)"
    row '  not found' "$(field "$answer" missing)" 'none' "$(holds test "$(field "$answer" missing)" = 0)"
    row 'integrity, in full, under way' "" 'ok' "$(holds integrity_is_ok)"
    crash
    row 'event log judged by every invariant' "" 'no violation' "$(holds log_is_clean "$work/load")"
}

recovery() {
    local have=0 prefix=0 ms events
    start "$work/recovery" --segment-size 8GB
    while [ "$have" -lt "$records" ] && [ $prefix -lt 100 ]; do
        prefix=$((prefix + 1))
        "$load" submit "$port" "$ADMIN_TOKEN" 6000 4 "grow$prefix" /dev/null >/dev/null
        have=$(get /admin/status | jq .log.records)
    done
    crash
    start "$work/recovery" --segment-size 8GB
    ms=$(sed -n 's/.*recovered in \([0-9]*\) ms.*/\1/p' "$work/out")
    events=$(sed -n 's/.*events \([0-9]*\) recovered.*/\1/p' "$work/out")
    row "recovery of $events events" "$ms ms" '1 M in <= 5000 ms' "$(at_most "$ms" "$((events / 200 + 500))")"
    row '  integrity afterwards' "" 'ok' "$(holds integrity_is_ok)"
    crash
}

# ---- crashes ----

# A slow disk makes the moment long in which something could be acknowledged and not yet written.
slow_disk() {
    post /admin/chaos '{"seed":1,"schedule":"[[fault]]\nid = \"disk.slow\"\nat = \"0s\"\nfor = \"1h\"\np = 0.5\ndelay = \"15ms\"\n"}' >/dev/null
}

# What was acknowledged in a round is there after the crash, and asking again with the same keys gives the same tasks.
kill_round() { # number
    local acked="$work/acked.$1" again="$work/again.$1" pid answer count same
    : >"$acked"
    : >"$again"
    [ $(($1 % 2)) = 1 ] && slow_disk
    "$load" submit "$port" "$ADMIN_TOKEN" 3000 3 "key$1" "$acked" >/dev/null 2>&1 &
    pid=$!
    sleep "0.$((RANDOM % 90 + 10))"
    crash
    wait $pid
    start "$work/kill" --chaos
    count=$(wc -l <"$acked")
    [ "$count" -gt 0 ] || return 0
    answer=$("$load" check "$port" "$acked")
    "$load" submit "$port" "$ADMIN_TOKEN" 3000 "$(awk -v n="$count" 'BEGIN { print n / 3000 }')" "key$1" "$again" >/dev/null 2>&1
    acknowledged=$((acknowledged + count))
    same=$(join -1 2 -2 2 <(sort -k2,2 "$acked") <(sort -k2,2 "$again") | awk '$2 == $3 { n++ } $2 != $3 { d++ } END { print n + 0, d + 0 }')
    if [ "$(field "$answer" missing)" = 0 ] && [ "$(field "$answer" good)" = "$count" ] && [ "${same#* }" = 0 ] && [ "${same% *}" -gt 0 ]; then
        rm -f "$acked" "$again"
        return 0
    fi
    echo "round $1: $count acknowledged, found: $answer, the same and others when asked again: $same" >&2
    return 1
}

kills() {
    local lost=0 acknowledged=0 round
    start "$work/kill" --chaos
    for round in $(seq "$rounds"); do
        kill_round "$round" || lost=$((lost + 1))
        [ $((round % 10)) = 0 ] && { integrity_is_ok || lost=$((lost + 1)); }
    done
    row "kill -9 under load, rounds" "$rounds" "$acknowledged acknowledged" "$(holds test $acknowledged -gt 0)"
    row '  rounds with a loss, a double, a wrong state' "$lost" 'none' "$(holds test $lost = 0)"
    row '  integrity, log replayed' "" 'ok' "$(holds integrity_is_ok)"
    stop
    row '  SIGTERM ends with' "$?" '0' "$(holds test $? = 0)"
    row '  event log judged by every invariant' "" 'no violation' "$(holds log_is_clean "$work/kill")"
}

# ---- floods ----

flood() { # name, kind, count
    local pid slowest=0 took
    "$load" "$2" "$port" "$3" 6 >"$work/flood.json" &
    pid=$!
    for _ in 1 2 3 4 5 6 7 8; do
        sleep .5
        took=$(health_s)
        slowest=$(awk -v a="$slowest" -v b="$took" 'BEGIN { print (a + 0 > b + 0) ? a : b }')
    done
    wait $pid
    row "$1: slowest /health" "$slowest s" "<= 1 s, $(jq -r .open "$work/flood.json") open" "$(at_most "$slowest" 1 | sed 's/miss/BROKEN/')"
}

huge_bodies() {
    local status
    head -c 65537 /dev/zero | tr '\0' x >"$work/huge"
    for _ in $(seq 50); do
        status=$(curl -s -o /dev/null -w '%{http_code}' -m 5 -X POST -H "Authorization: Bearer $ADMIN_TOKEN" --data-binary "@$work/huge" "http://127.0.0.1:$port/admin/tasks")
    done
    row 'bodies of 64 KiB and a byte' "$status" '413' "$(holds test "$status" = 413)"
}

floods() {
    local before after took
    start "$work/flood"
    before=$(resident_kb)
    flood "$idle idle connections" idle "$idle"
    flood '500 slow heads' slow 500
    huge_bodies
    sleep 1
    after=$(resident_kb)
    row 'resident memory before, after floods' "$before, $after KB" '+ <= 64 MB' "$(at_most "$after" "$((${before:-0} + 65536))" | sed 's/miss/BROKEN/')"
    kill -STOP "$serve_pid"
    sleep "$([ "$size" = full ] && echo 10 || echo 3)"
    kill -CONT "$serve_pid"
    took=$(health_s)
    row '/health after SIGSTOP and SIGCONT' "$took s" '<= 1 s' "$(at_most "$took" 1 | sed 's/miss/BROKEN/')"
    crash
}

few_files() {
    (ulimit -n 48; exec "$agenc" serve --data-dir "$work/emfile" --listen 127.0.0.1:0 --workers-listen none "${fast[@]}" >"$work/out2" 2>>"$work/log") &
    serve_pid=$!
    for _ in $(seq 100); do grep -q '^admin ' "$work/out2" 2>/dev/null && break; sleep .05; done
    port=$(sed -n 's/^admin http:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$work/out2")
    flood 'no descriptors left, 200 connections' idle 200
    crash
}

# ---- disks ----

submit_one() { post /admin/tasks "{\"type\":\"compute\",\"task_id\":\"disk-test-$1\",\"payload\":{\"value\":1}}"; }
is_read_only() { [ "$(submit_one "$RANDOM$RANDOM" | jq -r .code)" = read_only ]; }
is_taken() { [ "$(submit_one "$RANDOM$RANDOM" | jq -r .task_id)" != null ]; }
until_true() { local _; for _ in $(seq 100); do "$@" && return 0; sleep .1; done; return 1; }

full_disk() {
    local took
    mkdir "$work/tmpfs"
    if mount -t tmpfs -o size=3m none "$work/tmpfs" 2>/dev/null; then
        start "$work/tmpfs/data"
        row 'disk (tmpfs) with room: a task' "" 'taken' "$(holds is_taken)"
        head -c 3m /dev/zero >"$work/tmpfs/fill" 2>/dev/null
        row '  full: a task' "" 'refused, read_only' "$(holds until_true is_read_only)"
        took=$(health_s)
        row '  full: /health' "$took s" '<= 1 s' "$(at_most "$took" 1)"
        rm "$work/tmpfs/fill"
        row '  room again: a task' "" 'taken' "$(holds until_true is_taken)"
        crash
        row '  event log judged' "" 'no violation' "$(holds log_is_clean "$work/tmpfs/data")"
        umount "$work/tmpfs"
    else
        echo "soak: SKIP(tmpfs cannot be mounted without privileges): the unit test service/a_full_disk_… covers it"
    fi
}

failing_sync() {
    start "$work/eio" --chaos
    post /admin/chaos '{"seed":1,"schedule":"[[fault]]\nid = \"disk.fsync_fail\"\nat = \"0s\"\nfor = \"3s\"\n"}' >/dev/null
    row 'fsync fails: a task' "" 'refused, read_only' "$(holds until_true is_read_only)"
    row '  healed: a task' "" 'taken' "$(holds until_true is_taken)"
    crash
    start "$work/eio"
    row '  after a crash: integrity' "" 'ok' "$(holds integrity_is_ok)"
    crash
    row '  event log judged' "" 'no violation' "$(holds log_is_clean "$work/eio")"
}

printf '%-46s %18s   %-24s %s\n' 'what' 'measured' 'goal' ''
throughput
recovery
kills
floods
few_files
full_disk
failing_sync
echo "$passed passed, $failed failed"
[ $failed = 0 ]
