#!/bin/bash
# ops/scripts/compare-tuning.sh BEFORE AFTER: two files of `curl $ADMIN_URL/metrics`, side by side with the change in percent.
#
# Labelled families are summed. A change from nothing is "new", not a division by zero.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
[[ $# == 2 && -r $1 && -r $2 ]] || misuse "want two files that can be read: BEFORE AFTER"
before=$1 after=$2

compare() { # compare METRIC NAME
    local was is
    if ! was=$(metric "$1" < "$before") || ! is=$(metric "$1" < "$after"); then
        printf '%-26s not in both files\n' "$2"
        return
    fi
    awk -v name="$2" -v was="$was" -v is="$is" 'BEGIN {
        if (was ~ /nan/ || is ~ /nan/) { printf "%-26s %18s -> %18s   no figure\n", name, was, is; exit }
        if (was == 0) change = is == 0 ? "no change" : "new"
        else change = sprintf("%+.1f %%", (is - was) / was * 100)
        printf "%-26s %18.15g -> %18.15g   %s\n", name, was, is, change
    }'
}

echo "=== Tuning: $before, then $after ==="
compare speculation_tasks_total "speculative tasks"
compare speculation_active_tasks "active tasks"
compare speculation_rollback_total "tasks rolled back"
compare speculation_memory_usage_bytes "memory, bytes"
compare speculation_proof_queue_depth "proof queue"
compare speculation_stake_slashed_lamports_total "slashed, lamports"
compare speculation_confirmation_latency_p99 "confirmation p99, s"
