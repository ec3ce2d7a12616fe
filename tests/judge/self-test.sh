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

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
