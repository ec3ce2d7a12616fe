#!/bin/bash
# tests/judge/self-test.sh BUILD: the judges can fail. One expected value in each group of vectors, and in one
# trace of each kind, is made wrong: the judge must say so, name the place, and exit 1. A group without a row here
# fails. Input that cannot be read must be one line with line and column, and exit 2.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1
vectors=tests/vectors/engine-vectors.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

good() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "$*"
}

expect() { # expect WHAT STATUS PATTERN COMMAND...: one line of output matches, and so does the exit status
    local what=$1 want=$2 pattern=$3 status
    shift 3
    "$@" >"$work/out" 2>&1 </dev/null
    status=$?
    if [ "$status" != "$want" ]; then
        bad "$what: exit $status, not $want"
    elif ! grep -qE "$pattern" "$work/out"; then
        bad "$what: nothing matches $pattern"
    else
        good
    fi
}

# group, tab, the jq program that makes one expected value of it wrong
cat >"$work/vectors" <<'ROWS'
stake_linear	.[0].cases[1].bond += 1
stake_exponential_compat	.[1].cases[4].bond += 1
stake_limits	.[1].steps[3].total_after += 1
slash	.[0].cases[3].victim_pool -= 1
depth	.[8].depth.E = 3
depth_static_checks	.[1].leaf_graph_depth -= 1
admission_depth_boundary	.[1].admit = true
claim_window	.[2].admit = true
branches	.[0].new_branch = "admit"
mode_presets	.resolution_cases[3].effective.max_depth = 3
rollback_order	.[1].order = ["D", "B", "C", "A"]
proof_ordering	.[0].submit_at.C -= 1
timeouts	.[1].timed_out = true
retry_backoff	.delay_formula_cases[5].delay_ceiling = 32000
proof_time_p90_estimator	.cases[2].p90 = 90
breaker_and_rates	.[3].half_open_at_ms -= 1
severity	.rollback_rate_cases[1].sev = "P1"
rollout_decision	.cases[1].action = "halt_investigate"
rollout_selection	.buckets."agent-003" += 1
sizing	.max_memory_mb[0].required_mb += 1
tuning_compare	.rows[3].pct = -50.5
regression_gate	.cases[3].fail = false
benchmark_statistics	.cases[1].cv_pct = 29.9
latency_model	.cases[0].rows[2].speculative -= 1
dag_fixtures	.[4].critical_path_ms -= 1
config_validation	.cases[3].ok = true
http_examples	.memory_stats.other_mb += 1
prerequisite_minimums	.disk_gb += 1
smoke_timing_constraints	.parent_unconfirmed_at_ms_after_child_submit = 9000
chain_accounts	.doc_vs_sum.BondLock[1] += 1
depth_distribution_grammar	.cases[0].mean = 3.1
rate_pattern_grammar	.cases[0].windows_in_10m = 4
ROWS

judged='to_entries[] | select(.key != "_about") | select([.value | if type == "array" then .[] else . end | .status] | any(. != "nonnormative")) | .key'
for group in $(jq -r "$judged" "$vectors"); do
    change=$(awk -F'\t' -v group="$group" '$1 == group { print $2 }' "$work/vectors")
    if [ -z "$change" ]; then
        bad "group $group has no row in $0"
        continue
    fi
    jq "{\"$group\": (.\"$group\" | ($change))}" "$vectors" >"$work/changed.json" || bad "group $group: jq"
    expect "group $group" 1 "^FAIL $group case [0-9]+: .*expected .*, got " "$build/tests/judge-vectors" "$work/changed.json"
done

vector_file() { # vector_file JQ: the vectors, changed
    jq "$1" "$vectors" >"$work/changed.json"
}
judge_vectors=$build/tests/judge-vectors
vector_file '.colours = [{"status": "normative"}]'
expect 'unknown group' 1 '^FAIL colours case 1: group' "$judge_vectors" "$work/changed.json"
vector_file '.claim_window[0].colour = 1'
expect 'unknown field' 1 '^FAIL claim_window case 2: claim_window\[0\].colour: .*not known' "$judge_vectors" "$work/changed.json"
vector_file '.slash[0].cases[0].colour = 1'
expect 'unknown field of a case' 1 '^FAIL slash case 1: slash\[0\].cases\[0\].colour' "$judge_vectors" "$work/changed.json"
vector_file '.claim_window[0].status = "perhaps"'
expect 'unknown status' 1 '^FAIL claim_window case 1: status' "$judge_vectors" "$work/changed.json"
vector_file '.slash += [{"status": "doc"}]'
expect 'entry without anything to check' 1 '^FAIL slash case [0-9]+: case: expected something' "$judge_vectors" "$work/changed.json"
vector_file '.stake_linear[0].cases[2].bond = "much"'
expect 'wrong type' 2 '^[^ ]*changed\.json:[0-9]+:[0-9]+: stake_linear\[0\]\.cases\[2\]\.bond: ' "$judge_vectors" "$work/changed.json"
vector_file 'del(.stake_linear[0].min_stake)'
expect 'missing field' 2 '^[^ ]*changed\.json:[0-9]+:[0-9]+: stake_linear\[0\]: "min_stake" is missing$' "$judge_vectors" "$work/changed.json"
head -c 20000 "$vectors" >"$work/changed.json"
expect 'truncated' 2 '^[^ ]*changed\.json:[0-9]+:[0-9]+: not valid JSON' "$judge_vectors" "$work/changed.json"
echo '{}' >"$work/changed.json"
expect 'nothing to judge' 2 'no case' "$judge_vectors" "$work/changed.json"
expect 'no file' 2 'nowhere' "$judge_vectors" "$work/nowhere.json"
expect 'no argument' 2 '^usage' "$judge_vectors"

# policy of the trace, tab, what is made wrong in the first trace of that policy, tab, what must be said
traces=tests/vectors/runtime-traces.jsonl
judge_traces=$build/tests/judge-traces
cat >"$work/traces" <<'ROWS'
cancel	.expected.tasks.t1.ledger = "executing"	after the last event: task t1: expected live, got dead
fail_early	.expected.stakeSeries[21] |= (tonumber + 1 | tostring)	event 21 \(executed t0\): stake: expected 775, got 774
fail_quiet	del(.expected.rollbacks[0].tasks[1])	event 16 \(proof_failed t0\): task t3: expected live, got dead
hand	.expected.outcomes[12] = "ok"	event 12 \(tick\): task b: expected live, got dead
happy	.expected.submissions |= (.[:-2] + [.[-1], .[-2]])	event [0-9]+ \(.*\): (next submission|first released): expected t[0-9]+, got t[0-9]+
happy_atomic	.expected.confirmations |= (.[:-2] + [.[-1], .[-2]])	event [0-9]+ \(confirm t[0-9]+\): next confirmation: expected t[0-9]+, got t[0-9]+
manual	.expected.rollbacks[0].tasks |= reverse	event 16 \(rollback t0\): next task undone: expected t[0-9]+, got t[0-9]+
reject	.expected.outcomes[28] = "ignored:awaiting_ancestors"	event 28 \(confirm t3\): task t3: expected live, got confirmed
timeout	.expected.stakeSeries[-1] = "1"	event 64 \(tick\): stake: expected 1, got 0
ROWS

while read -r policy; do
    row=$(grep "^$policy	" "$work/traces")
    if [ -z "$row" ]; then
        bad "traces of policy $policy have no row in $0"
        continue
    fi
    IFS='	' read -r _ change said <<<"$row"
    jq -c --arg policy "$policy" 'select(.policy == $policy)' "$traces" | head -n 1 | jq -c "$change" >"$work/changed.jsonl"
    expect "trace of policy $policy" 1 "^FAIL [a-z0-9_-]+: $said$" "$judge_traces" "$work/changed.jsonl"
done < <(jq -r .policy "$traces" | sort -u)

trace_file() { # trace_file JQ: the traces, the third one changed
    awk 'NR == 3' "$traces" | jq -c "$1" >"$work/third"
    awk -v third="$(cat "$work/third")" 'NR == 3 { print third; next } { print }' "$traces" >"$work/changed.jsonl"
}
trace_file '.colour = 1'
expect 'unknown field of a trace' 1 '^FAIL limits-depth-fan30-s248 case 1: colour: .*not known' "$judge_traces" "$work/changed.jsonl"
trace_file '.events[7].t = "soon"'
expect 'wrong type in a trace' 2 '^[^ ]*changed\.jsonl:3:[0-9]+: events\[7\]\.t: ' "$judge_traces" "$work/changed.jsonl"
trace_file '.events[7].op = "dance"'
expect 'unknown operation' 2 '^[^ ]*changed\.jsonl:3:[0-9]+: events\[7\]\.op: ' "$judge_traces" "$work/changed.jsonl"
trace_file 'del(.expected.stakeSeries)'
expect 'missing field of a trace' 2 '^[^ ]*changed\.jsonl:3:[0-9]+: expected: "stakeSeries" is missing$' "$judge_traces" "$work/changed.jsonl"
head -c 90000 "$traces" >"$work/changed.jsonl"
expect 'truncated trace' 2 '^[^ ]*changed\.jsonl:[0-9]+:[0-9]+: not valid JSON' "$judge_traces" "$work/changed.jsonl"
: >"$work/changed.jsonl"
expect 'no trace' 2 'no trace in the file' "$judge_traces" "$work/changed.jsonl"
expect 'no file of traces' 2 'nowhere' "$judge_traces" "$work/nowhere.jsonl"
expect 'no argument for traces' 2 '^usage' "$judge_traces"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
