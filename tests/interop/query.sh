#!/bin/bash
# tests/interop/query.sh BUILD: does /api/v1/query compute what Prometheus computes?
# Two hours of samples of all shapes (counters with restarts, late series, gaps, histograms) go into our ring and, by
# promtool, into the database of a real server; each query of tests/interop/queries.txt is put to both, at moments on
# and between samples and as a range; the answers must have the same series with the same values.
# Prints "N passed, N failed"; exit 0 when none failed.
set -u
build=$(realpath "${1:?usage: tests/interop/query.sh BUILD}")
cd "$(dirname "$0")/../.." || exit 1
ring=$build/tests/interop/query_ring
make -s "VARIANT=$(basename "$build")" "build/$(basename "$build")/tests/interop/query_ring" >/dev/null || exit 1
passed=0 failed=0 server=
work=$(mktemp -d)
leave() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
    rm -rf "$work"
}
trap leave EXIT
judge() { # WHAT COMMAND...: its status is the verdict
    local what=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAIL $what"; fi
}
for tool in prometheus promtool jq; do
    command -v $tool >/dev/null || { echo "FAIL $tool is missing; ci/setup servers installs it"; echo "0 passed, 1 failed"; exit 1; }
done

START=1700000000 ROUNDS=1441 STEP=5
awk -v start=$START -v rounds=$ROUNDS -v step=$STEP '
    function unit() { x = (x * 16807) % 2147483647; return x / 2147483647 }
    function say(name, labels, value) { printf "%s%s %s %d.%03d\n", name, labels, value, at, (n % 3) * 7 }
    function buckets(name, label, bounds, mean,  i, k, b, value) {
        k = split(bounds, b, " ")
        for (i = 0; i < 5; i++) {
            value = -mean * log(unit())
            count[name label]++; total[name label] += value
            for (j = 1; j <= k; j++) if (value <= b[j]) counts[name label, j]++
        }
        for (j = 1; j <= k; j++) say(name "_bucket", "{" label (label ? "," : "") "le=\"" b[j] "\"}", counts[name label, j] + 0)
        say(name "_bucket", "{" label (label ? "," : "") "le=\"+Inf\"}", count[name label])
        say(name "_sum", label ? "{" label "}" : "", sprintf("%.9g", total[name label]))
        say(name "_count", label ? "{" label "}" : "", count[name label])
    }
    BEGIN {
        x = 77
        split("proof_failed invalid_state proof_timeout ancestor_failed manual chain_reorg", reasons, " ")
        for (n = 0; n < rounds; n++) {
            at = start + n * step
            if (n >= 700 && n < 790) continue           # the process was down for longer than the look-back
            tasks += int(40 * unit())
            say("speculation_tasks_total", "", tasks)
            for (r = 1; r <= 6; r++) {
                if (unit() < 0.05 * r) rolled[r] += r
                say("speculation_rollback_total", "{reason=\"" reasons[r] "\"}", rolled[r] + 0)
            }
            if (n == 900) slashed = 1
            say("speculation_stake_slashed_total", "{reason=\"proof_failed\"}", slashed + 0)
            active = int(100 * unit())
            say("speculation_active_tasks", "", active)
            for (d = 0; d < 4; d++) say("speculation_active_tasks_by_depth", "{depth=\"" d "\"}", int(active / 4))
            say("speculation_memory_usage_bytes", "", 1048576 * (2000 + int(1000 * unit())))
            say("speculation_memory_usage_bytes", "{component=\"state_snapshots\"}", 1048576 * 1500)
            say("speculation_memory_usage_bytes", "{component=\"other\"}", 1048576 * int(500 * unit()))
            say("speculation_memory_limit_bytes", "", 4294967296)
            say("speculation_proof_queue_depth", "", int(1000 * unit()))
            say("speculation_proof_queue_capacity", "", 1000)
            say("speculation_current_depth", "", int(5 * unit()))
            say("speculation_max_depth", "", 5)
            say("speculation_enabled", "", n % 100 < 50)
            say("speculation_auto_disabled", "", n % 100 >= 50)
            say("speculation_stake_locked_lamports", "", int(1e12 * unit()))
            buckets("speculation_proof_generation_seconds", "proof_type=\"groth16\"", "0.1 0.5 1 2 5 10 30 60 90 120 300", 9)
            buckets("solana_confirmation_seconds", "level=\"confirmed\"", "0.1 0.5 1 5 10 30 60 120 300", 1.2)
            buckets("solana_confirmation_seconds", "level=\"finalized\"", "0.1 0.5 1 5 10 30 60 120 300", 13)
            buckets("speculation_depth_histogram", "", "1 2 3 4 5 8 10 15 20", 3)
            if (n >= 1200) say("late_total", "", late += int(9 * unit()))
            restarting = unit() < 0.02 ? int(3 * unit()) : restarting + int(4 * unit())
            say("restarting_total", "", restarting)
            say("idle_total", "", 0)
            say("idle_bucket", "{le=\"1\"}", 0)
            say("idle_bucket", "{le=\"+Inf\"}", 0)
            say("gappy", "", int(10 * unit()))
        }
    }' >"$work/samples"
{
    grep -v '^#' "$work/samples" | sed 's/[{ ].*//' | sort -u | sed 's/.*/# TYPE & gauge/' >"$work/types"
    # OpenMetrics wants the samples of a name together.
    for name in $(sed 's/# TYPE \(.*\) gauge/\1/' "$work/types"); do
        echo "# TYPE $name gauge"
        grep "^${name}[{ ]" "$work/samples"
    done
    echo "# EOF"
} >"$work/openmetrics"
mkdir "$work/data"
promtool tsdb create-blocks-from openmetrics "$work/openmetrics" "$work/data" >"$work/promtool.log" 2>&1 ||
    { tail -n 3 "$work/promtool.log"; echo "0 passed, 1 failed"; exit 1; }
echo "scrape_configs: []" >"$work/prometheus.yml"
free_port() { # the server does not say which it took, so it is given one
    local port
    for port in $(shuf -i 20000-29999 -n 50); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
url=http://127.0.0.1:$(free_port)
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --storage.tsdb.retention.time=100y \
    --web.listen-address="${url#http://}" --log.level=warn >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
    curl -fs "$url/-/ready" -o /dev/null && break
    sleep 0.1
done
grep -v '^#' tests/interop/queries.txt >"$work/queries"

# Series sorted, each with its values, in the digits of whoever wrote them.
lines() {
    jq -r 'if .status != "success" then "error"
           elif .data.resultType == "scalar" then "scalar\t\(.data.result[1])"
           elif .data.resultType == "vector" then .data.result[] | "\(.metric | to_entries | sort | tojson)\t\(.value[1])"
           else .data.result[] | .metric as $m | .values[] | "\($m | to_entries | sort | tojson) \(.[0])\t\(.[1])" end' | LC_ALL=C sort
}
same() { # A B: the same lines, but for the last digits of the values
    awk -F'\t' 'NR == FNR { key[FNR] = $1; value[FNR] = $2; n = FNR; next }
        { if ($1 != key[FNR]) exit bad = 1
          a = value[FNR]; b = $2
          if (a == b) next
          if (a !~ /^-?[0-9]/ || b !~ /^-?[0-9]/) exit bad = 1
          gap = a - b; if (gap < 0) gap = -gap
          size = a < 0 ? -a : a
          if (gap > 1e-9 * size && gap > 1e-12) exit bad = 1 }
        END { exit bad || FNR != n && NR != FNR }' "$1" "$2" && [ "$(wc -l <"$1")" = "$(wc -l <"$2")" ]
}
full=0
compare() { # WHAT PATH ARGUMENTS...: each query to both
    local what=$1 path=$2 answer query
    shift 2
    while IFS= read -r query; do
        IFS=$'\t' read -r _ answer <&3
        curl -s --max-time 20 "$url/api/v1/$path" "$@" --data-urlencode "query=$query" | lines >"$work/theirs"
        echo "$answer" | lines >"$work/ours"
        [ ! -s "$work/theirs" ] || grep -q '^error$' "$work/theirs" || full=$((full + 1))
        judge "$what: $query" same "$work/theirs" "$work/ours" || true
    done <"$work/queries" 3<"$work/answers"
}
for at in $((START + 7200)) $((START + 7203)) $((START + 3498)).5 $((START + 3700)) $((START + 7520)); do
    "$ring" "$work/samples" "$at" <"$work/queries" >"$work/answers"
    compare "at +$(echo "$at - $START" | bc 2>/dev/null || echo "$at")" query --data-urlencode "time=$at"
done
"$ring" "$work/samples" 0 $((START + 3000)) $((START + 5000)) 17 <"$work/queries" >"$work/answers"
compare range query_range -d start=$((START + 3000)) -d end=$((START + 5000)) -d step=17

judge "most of the answers hold something: $full of $((passed + failed))" test $((full * 10)) -gt $(((passed + failed) * 7))

# -- what neither takes, and what only they take --
while IFS= read -r query; do
    status=$(echo "$query" | "$ring" "$work/samples" "$((START + 100))" | cut -f1)
    theirs=$(curl -s -o /dev/null -w '%{http_code}' "$url/api/v1/query" -d time=$((START + 100)) --data-urlencode "query=$query")
    judge "status $theirs of Prometheus and $status of ours: $query" test "$status" = "$theirs"
done <<'END'
sum(
rate(speculation_tasks_total)
rate(sum(speculation_tasks_total))
speculation_tasks_total{reason}
speculation_tasks_total{reason="a}
{reason=""}
{reason=~".*"}
sum(1)
histogram_quantile(speculation_tasks_total, 1)
1 > 2
1 + bool 2
nofunction(speculation_tasks_total)
speculation_tasks_total[5m] + 1
speculation_tasks_total[5]
speculation_tasks_total[0s]
speculation_rollback_total{reason=~"("}
speculation_rollback_total + 
speculation_rollback_total)
speculation_rollback_total * sum by (reason) (speculation_active_tasks) speculation
12abc
speculation_active_tasks_by_depth + {__name__=~"speculation_rollback_total|speculation_active_tasks_by_depth"}
rate({__name__=~"speculation_active_tasks|speculation_tasks_total"}[1m])
END
while IFS= read -r query; do
    status=$(echo "$query" | "$ring" "$work/samples" "$((START + 100))" | cut -f1)
    judge "status 501 and not $status: $query" test "$status" = 501
done <<'END'
speculation_tasks_total offset 5m
max_over_time(rate(speculation_tasks_total[1m])[5m:1m])
topk(3, speculation_rollback_total)
label_replace(speculation_rollback_total, "a", "$1", "reason", "(.*)")
speculation_tasks_total and speculation_active_tasks
speculation_tasks_total / on() group_left() speculation_active_tasks
speculation_tasks_total @ 5
speculation_rollback_total{reason=~"\\d+"}
time()
speculation_tasks_total[5m]
END
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
