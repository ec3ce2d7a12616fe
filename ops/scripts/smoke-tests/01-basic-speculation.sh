#!/bin/bash
# 01-basic-speculation.sh: a child runs ahead of its parent's confirmation, and is confirmed after it.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
no_words "$@"
need jq
export AGENC_AGENT=${AGENC_AGENT:-smoke-agent}

echo "=== Smoke 1: speculation ==="
parent=$("$AGENC" task submit --type compute --payload '{"value": 100}' --output json | jq -r .task_id)
child=$("$AGENC" task submit --type compute --payload '{"value": 200}' --depends-on "$parent" --output json | jq -r .task_id)
echo "parent $parent, child $child"

if ! seen "$child" speculation_status speculative 5; then
    word=$seen
    waits=$("$AGENC" task status "$child" --output json | jq -r '.waiting_for // .reason // "nothing"')
    die "for five seconds after its submission the child was $word, want speculative (held by: $waits)"
fi
echo "✓ the child runs speculatively"

"$AGENC" task wait "$parent" --timeout 60 > /dev/null || die "the parent was not confirmed within 60 s"
seen "$child" status confirmed 5 || die "five seconds after its parent's confirmation the child is $seen, want confirmed"
echo "✓ the child was confirmed after its parent"
