#!/bin/bash
# ops/scripts/emergency-rollback.sh: off now; two minutes to drain; then everything speculative is rolled back.
#
# Exit 0 when nothing speculative is left. DRAIN_SECONDS changes the two minutes.
set -uo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
no_words "$@"
need curl awk
patience=${DRAIN_SECONDS:-120}

post /admin/config '{"speculation.enabled": false}' > /dev/null || die "speculation could not be turned off"
echo "Speculation is off, draining (at most $patience s)..."
# The service answers when it is empty; curl fails when it refuses (--fail-with-body), or when time is over.
if ! post /admin/speculation/drain '{}' "$patience"; then
    echo
    echo "Not drained, forcing the rollback..."
    post /admin/speculation/force-rollback '{}' || die "the rollback could not be forced"
fi
echo
for (( try = 0; try < 30; try++ )); do
    left=$(get /metrics | metric speculation_active_tasks) || die "the service does not answer"
    (( left == 0 )) && break
    sleep 0.5
done
(( left == 0 )) || die "$left speculative tasks are still active"
echo "✓ no speculative tasks are left"
