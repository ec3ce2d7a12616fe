#!/bin/bash
# ops/scripts/graceful-drain.sh: no new speculation, wait until what is under way has ended, then turn it off.
#
# Waits ten minutes at the most (DRAIN_TRIES times DRAIN_PAUSE seconds); exit 1 when tasks are left then, with
# speculation still on at a rollout of 0: emergency-rollback.sh is the next step.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
no_words "$@"
need curl awk
active() { get /metrics | metric speculation_active_tasks; }

post /admin/config '{"speculation.features.rollout_percentage": 0}' > /dev/null
echo "Rollout is 0: nothing new is admitted. Waiting for what is under way..."
left=$(active)
for (( try = 0; try < ${DRAIN_TRIES:-60} && left > 0; try++ )); do
    echo "Active tasks: $left"
    pause "${DRAIN_PAUSE:-10}"
    left=$(active)
done
(( left == 0 )) || die "$left speculative tasks are left; emergency-rollback.sh rolls them back"
post /admin/config '{"speculation.enabled": false}' > /dev/null
echo "✓ drained, speculation is off"
