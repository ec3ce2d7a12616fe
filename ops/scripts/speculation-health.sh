#!/bin/bash
# ops/scripts/speculation-health.sh: how speculation is, in ten lines. Exit 0 healthy, 1 needs attention, 3 no answer.
#
# Attention: a service that does not call itself healthy, 1000 active tasks or more, 6000 MB or more; both can be set: ACTIVE_MOST, MEMORY_MOST_MB.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
no_words "$@"
need curl awk jq

# Its words count also where their status is 503.
health=$(curl --silent --max-time 30 "$ADMIN_URL/health" | jq -r .status 2> /dev/null) || health=''
metrics=$(get /metrics) || exit 3
value() { metric "$1" <<< "$metrics" || die "the service has no metric $1"; }

active=$(value speculation_active_tasks)
rollbacks=$(value speculation_rollback_total)
memory_mb=$(value speculation_memory_usage_bytes | awk '{ printf "%.0f", $1 / 1048576 }')
queue=$(value speculation_proof_queue_depth)
capacity=$(value speculation_proof_queue_capacity)
enabled=$(value speculation_enabled)

echo "=== Speculation health ==="
echo "Time: $(date -u '+%Y-%m-%d %H:%M:%S UTC')"
echo
echo "Service: ${health:-no answer}"
if [[ $enabled == 1 ]]; then echo "Speculation: enabled"; else echo "Speculation: disabled"; fi
echo "Active Speculative Tasks: $active"
echo "Total Rollbacks: $rollbacks"
echo "Memory Usage: $memory_mb MB"
echo "Proof Queue: $queue / $capacity"
echo
if [[ $health == healthy ]] && (( active < ${ACTIVE_MOST:-1000} && memory_mb < ${MEMORY_MOST_MB:-6000} )); then
    echo "Status: ✓ HEALTHY"
else
    echo "Status: ⚠ NEEDS ATTENTION"
    exit 1
fi
