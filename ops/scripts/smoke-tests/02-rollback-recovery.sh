#!/bin/bash
# 02-rollback-recovery.sh: when a parent's proof is found wrong, its child is rolled back, and counted.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
no_words "$@"
need jq

echo "=== Smoke 2: rollback ==="
count() { get /metrics | metric speculation_rollback_total; }
before=$(count)
agent=smoke-fails # of its own: what it spoils is its own work
"$AGENC" stake init --amount 10000000 --agent "$agent" > /dev/null
parent=$("$AGENC" task submit --agent "$agent" --payload '{"fail": true}' --output json | jq -r .task_id)
child=$("$AGENC" task submit --agent "$agent" --payload '{"value": 100}' --depends-on "$parent" --output json | jq -r .task_id)

seen "$child" status rolled_back 15 || die "fifteen seconds after its parent's submission the child is $seen, want rolled_back"
echo "✓ the child was rolled back"
after=$(count)
awk -v a="$after" -v b="$before" 'BEGIN { exit !(a > b) }' || die "speculation_rollback_total stayed at $before"
echo "✓ the rollback was counted ($before, now $after)"
