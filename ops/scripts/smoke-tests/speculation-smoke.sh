#!/bin/bash
# ops/scripts/smoke-tests/speculation-smoke.sh [--env local|production]: the five smoke tests, one after the other.
#
# local: they may turn speculation on for everybody, and put it back as it was afterwards. production: nothing
# of the configuration is touched: speculation must be on, and below a rollout of 100 % these agents must be in
# speculation.features.rollout_always: smoke-agent, smoke-fails, smoke-poor, smoke-stake-0 to smoke-stake-9.
# Exit 0 when all have passed.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=ops/scripts/lib.sh
source "$folder/../lib.sh"
need curl jq awk
environment=local
while (( $# > 0 )); do
    case $1 in
    --env) wants_value "$@"; environment=$2; shift 2 ;;
    *) misuse "unknown word \"$1\", want --env local|production" ;;
    esac
done
case $environment in local | production) ;; *) misuse "--env $environment: want local or production" ;; esac
get /ready > /dev/null || die "no service is ready at $ADMIN_URL"

export AGENC_AGENT=${AGENC_AGENT:-smoke-agent} SMOKE_ENV=$environment AGENC TIME_SCALE
if [[ $environment == local ]]; then
    was=$(get /admin/status | jq '{"speculation.enabled": .speculation.enabled, "speculation.features.rollout_percentage": .speculation.rollout_percentage}')
    trap 'post /admin/config "$was" > /dev/null || true' EXIT
    post /admin/config '{"speculation.enabled": true, "speculation.features.rollout_percentage": 100}' > /dev/null
fi
# A smoke agent without stake cannot speculate; one SOL is plenty.
available=$(curl --silent --max-time 30 "$ADMIN_URL/admin/agent/$AGENC_AGENT/speculation" | jq -r '.stake.available // 0')
(( available >= 100000000 )) || "$AGENC" stake init --amount 1000000000 --agent "$AGENC_AGENT" > /dev/null

began=$(date +%s) passed=0
tests=("$folder"/0[1-5]-*.sh)
for test in "${tests[@]}"; do
    if "$test"; then passed=$((passed + 1)); else echo "=== $(basename "$test") FAILED ==="; fi
done
echo "$passed of ${#tests[@]} smoke tests passed in $(($(date +%s) - began)) s ($environment, $ADMIN_URL)"
(( passed == ${#tests[@]} ))
