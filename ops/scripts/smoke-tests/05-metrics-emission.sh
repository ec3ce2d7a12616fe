#!/bin/bash
# 05-metrics-emission.sh: the six metrics that everything else is built on are there.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
no_words "$@"

echo "=== Smoke 5: metrics ==="
metrics=$(get /metrics)
for name in speculation_tasks_total speculation_active_tasks speculation_rollback_total \
    speculation_proof_generation_seconds speculation_memory_usage_bytes speculation_depth_histogram; do
    grep -Eq "^$name(_bucket|_count)?[ {]" <<< "$metrics" || die "no sample of $name"
    echo "✓ $name"
done
