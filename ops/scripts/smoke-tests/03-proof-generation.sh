#!/bin/bash
# 03-proof-generation.sh: a task gets a proof of the configured kind, and it is good. PROOF_TYPE: groth16.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
no_words "$@"
need jq
export AGENC_AGENT=${AGENC_AGENT:-smoke-agent}

echo "=== Smoke 3: proof ==="
task=$("$AGENC" task submit --type compute --payload '{"value": 42}' --output json | jq -r .task_id)
"$AGENC" task wait "$task" --timeout 120 > /dev/null || die "the task was not confirmed within 120 s"
type=$("$AGENC" proof get "$task" --output json | jq -r .proof_type)
[[ $type == "${PROOF_TYPE:-groth16}" ]] || die "its proof is of type $type, want ${PROOF_TYPE:-groth16}"
echo "✓ its proof is of type $type"
"$AGENC" proof verify "$task" > /dev/null || die "its proof is not good"
echo "✓ its proof is good"
