#!/bin/bash
# ops/scripts/recovery.sh: after a crash: off, check, rebuild when needed, free what is stuck, on again at 10 %.
#
# Answers are read as JSON, so that no word is taken for another one that contains it.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
no_words "$@"
need curl jq
if_possible() { # if_possible PATH: what its state does not allow, the service says; any other failure ends the recovery
    local status=0
    post "$1" '{}' || status=$?
    case $status in
    0) ;;
    22) echo "   not possible now" ;;
    *) die "$1 failed" ;;
    esac
}
step() { printf '%s. %s\n' "$1" "$2"; }

echo "=== Speculation recovery ==="
step 1 "Turning speculation off"
turn_off() { post /admin/config '{"speculation.enabled": false}' > /dev/null; }
turn_off && status=0 || status=$?
(( status != NOT_ALLOWED )) || die "the token is refused: is ADMIN_TOKEN the service's?"
(( status == 0 )) || echo "   not yet: it is tried again when the service is there"

step 2 "Waiting for the service"
for (( try = 0; ; try++ )); do
    status=$(curl --silent --max-time 5 "$ADMIN_URL/health" | jq -r .status 2> /dev/null) || status=
    [[ $status == healthy || $status == degraded ]] && break
    (( try < ${RECOVERY_TRIES:-120} )) || die "the service does not come up: ${status:-no answer}"
    sleep "${RECOVERY_PAUSE:-5}"
done
echo "   $status"
turn_off || die "speculation could not be turned off"

step 3 "Checking the state"
integrity=$(get /admin/integrity-check | jq -r .status)
echo "   $integrity"
if [[ $integrity != ok ]]; then
    echo "   rebuilding the state from the log..."
    post /admin/recovery '{"action": "rebuild_state"}' > /dev/null
    while state=$(get /admin/recovery/status | jq -r .state) && [[ $state == in_progress ]]; do
        sleep "${RECOVERY_PAUSE:-5}"
    done
    [[ $state == completed ]] || die "the rebuild ended as $state"
    [[ $(get /admin/integrity-check | jq -r .status) == ok ]] || die "the state does not agree with itself after the rebuild either"
fi

step 4 "Releasing stake that is stuck"
if_possible /admin/stake/recover-all
step 5 "Clearing the proof queue"
if_possible /admin/proof/clear-queue
step 6 "Collecting garbage"
post /admin/gc '{}' | jq -c .
step 7 "Turning speculation on again, carefully"
post /admin/config '{"speculation.enabled": true, "speculation.mode": "conservative", "speculation.max_depth": 2, "speculation.features.rollout_percentage": 10}' > /dev/null
echo "=== Recovered. Watch the dashboards before raising the rollout. ==="
