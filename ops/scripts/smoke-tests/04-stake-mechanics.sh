#!/bin/bash
# 04-stake-mechanics.sh: a bond is locked while work is speculative, goes back when it is confirmed, is slashed
# when a proof is wrong, and the agent then waits out a cooldown. Only the root pays; its victims get all back.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
no_words "$@"
need jq

echo "=== Smoke 4: stake ==="
# One of ten agents that does not wait out the cooldown of an earlier run.
for (( n = 0; n < 10; n++ )); do
    agent=smoke-stake-$n
    [[ $(curl --silent --max-time 30 "$ADMIN_URL/admin/agent/$agent/speculation" | jq -r '.stake.cooldown_until // "none"') != none ]] || break
done
(( n < 10 )) || die "all of smoke-stake-0 to smoke-stake-9 wait out a cooldown: try again later"
stake() { get "/admin/agent/$agent/speculation" | jq -r ".stake.$1"; }
task() { "$AGENC" task status "$1" --output json | jq -r ".$2"; }
submit() { "$AGENC" task submit --agent "$agent" --output json "$@" | jq -r .task_id; }

# Its first task: where the chain is simulated the agent gets a first deposit with it.
parent=$(submit --payload '{"value": 1}')
before=$(stake balance)
"$AGENC" stake init --amount 100000000 --agent "$agent" > /dev/null
balance=$(stake balance)
(( balance == before + 100000000 )) || die "a deposit of 100000000 lamports made $before into $balance"
echo "✓ the deposit is there"

# A lock for the time of speculation, and back.
child=$(submit --payload '{"value": 2}' --depends-on "$parent")
for (( try = 0; try < 40; try++ )); do
    picture=$(get "/admin/agent/$agent/speculation" | jq .stake)
    (( $(jq .locked <<< "$picture") == 0 )) || break
    pause 0.2
done
bond=$(task "$child" stake.bond_lamports)
locked=$(jq .locked <<< "$picture")
(( bond > 0 && locked >= bond )) || die "the speculative child should have locked a bond: bond $bond, locked $locked"
jq -e '.available + .locked == .balance' <<< "$picture" > /dev/null || die "available and locked should be the balance"
echo "✓ $bond lamports are locked for the speculative child"
"$AGENC" task wait "$child" --timeout 60 > /dev/null || die "the child was not confirmed within 60 s"
[[ $(stake locked) == 0 && $(stake balance) == "$balance" ]] || die "after confirmation all of the bond should be back"
echo "✓ all of it is back after the confirmation"

slashed_before=$(stake slashed_total)
# A wrong proof below an unconfirmed parent: it is bonded, so that there is something to slash.
parent=$(submit --payload '{"value": 3}')
wrong=$(submit --payload '{"fail": true}' --depends-on "$parent")
victim=$(submit --payload '{"value": 4}' --depends-on "$wrong")
"$AGENC" task wait "$wrong" --timeout 90 > /dev/null 2>&1 && die "a wrong proof should not be confirmed"
seen "$wrong" stake.slashed_lamports '[1-9][0-9]*' 10 || die "nothing was slashed for a wrong proof"
slashed_now=$(($(stake slashed_total) - slashed_before))
slashed=$(task "$wrong" stake.slashed_lamports)
bond=$(task "$wrong" stake.bond_lamports)
share=$(get /admin/config | jq -r '.config.speculation.stake.slash_percentage.value')
want=$(awk -v b="$bond" -v p="$share" 'BEGIN { printf "%d", b * p + 1e-6 }')
(( bond > 0 && slashed == want )) || die "the root's bond is $bond lamports; $want should be slashed, not $slashed"
[[ $(task "$victim" stake.slashed_lamports) == 0 ]] || die "the victim should not be slashed"
echo "✓ $slashed of $bond lamports were slashed from the root, none from its victim"
(( slashed_now == slashed && $(stake balance) < balance )) || die "the agent's balance should show the slash"
[[ $(get "/admin/slashes?limit=1" | jq -r '.[0].task_id') == "$wrong" ]] || die "the slash should stand in the history"

# Cooldown: nothing speculative for a while, ordinary work goes on.
if [[ $(stake cooldown_until) != null ]]; then
    parent=$(submit --payload '{"value": 5}')
    child=$(submit --payload '{"value": 6}' --depends-on "$parent")
    seen "$child" waiting_for agent_cooldown 5 || die "during the cooldown the child should wait for its end, but: $seen"
    echo "✓ the agent waits out its cooldown until $(stake cooldown_until)"
fi

# No bond beyond what an agent owns: all but one lamport leaves, and its children wait.
poor=smoke-poor
child_of() { "$AGENC" task submit --agent "$poor" --payload '{"value": 8}' --depends-on "$1" --output json | jq -r .task_id; }
"$AGENC" stake init --amount 1 --agent "$poor" > /dev/null
parent=$("$AGENC" task submit --agent "$poor" --payload '{"value": 7}' --output json | jq -r .task_id)
rest=$(get "/admin/agent/$poor/speculation" | jq -r .stake.available)
post /admin/stake/withdraw "{\"agent_id\": \"$poor\", \"lamports\": $((rest - 1)), \"immediate\": true}" > /dev/null
child=$(child_of "$parent")
seen "$child" waiting_for stake_insufficient 5 || die "without stake the child should wait for it, but: $seen"
echo "✓ without stake nothing is speculative"
