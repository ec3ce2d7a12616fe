#!/bin/bash
# ops/scripts/workload-profile.sh: what the last hour's load was like, and what the tuning guide says of it.
#
# Asks PROM_URL (default: the service itself) for the window PROFILE_WINDOW (1h). What has no data is n/a.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
no_words "$@"
need curl jq awk
prometheus=${PROM_URL:-$ADMIN_URL} window=${PROFILE_WINDOW:-1h}

query() { # query QUERY: the first value; brackets and quotes are encoded on the way
    curl --silent --show-error --fail-with-body --max-time 30 --get --data-urlencode "query=$1" "${prometheus%/}/api/v1/query" |
        jq -r 'if .status != "success" then error(.error) else (.data.result[0].value[1] // "n/a") end'
}
show() { awk -v v="$1" -v f="$2" 'BEGIN { if (v == "n/a" || v == "NaN") print "n/a"; else printf f "\n", v }'; }

echo "=== Workload profile ==="
echo "Period: $window up to $(date -u '+%Y-%m-%d %H:%M UTC')"
rate=$(query "sum(rate(speculation_tasks_total[$window]))*60")
echo "Task rate: $(show "$rate" %.1f) tasks/min"
echo "Depth at admission:"
total=$(query 'sum(speculation_depth_histogram_count)')
for depth in 1 2 3 4 5; do
    count=$(query "sum(speculation_depth_histogram_bucket{le=\"$depth\"})")
    echo "  up to $depth: $(show "$count" %.0f) of $(show "$total" %.0f)"
done
for share in 0.5 0.99; do
    value=$(query "histogram_quantile($share, sum(rate(speculation_proof_generation_seconds_bucket[$window])) by (le))")
    echo "Proof generation, quantile $share: $(show "$value" %.2f) s"
done
echo "Rolled back: $(show "$(query "sum(rate(speculation_rollback_total[$window])) / sum(rate(speculation_tasks_total[$window])) * 100")" %.2f) %"
echo "Mean memory: $(show "$(query "avg_over_time(speculation_memory_usage_bytes[$window]) / 1024 / 1024")" %.0f) MB"
echo "Most active tasks: $(show "$(query "max_over_time(speculation_active_tasks[$window])")" %.0f)"

shallow=$(query 'sum(speculation_depth_histogram_bucket{le="3"})')
awk -v rate="$rate" -v shallow="$shallow" -v total="$total" 'BEGIN {
    if (rate == "n/a" || rate == "NaN" || total == "n/a" || total == 0) { print "Kind: no speculative tasks in this window"; exit }
    is_deep = shallow / total < 0.5
    if (rate < 100) print is_deep ? "Kind: few and deep: reliability (depth 5, branches 4, cascade)" : "Kind: few and shallow: conservative (depth 3, branches 2, batch 10)"
    else if (rate > 1000) print is_deep ? "Kind: many and deep: scale out (depth 8, branches 16, selective)" : "Kind: many and shallow: throughput (depth 5, branches 8, batch 50)"
    else print "Kind: between the quadrants of the guide: balanced"
}'
