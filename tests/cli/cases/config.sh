# config validate, show, size.
for name in default dev staging prod low-latency reliability cost burst; do
    expect 0 '^Configuration valid!$' config validate --config "scenarios/config/$name.toml" --strict
done

# The lines that the deployment runbook expects, in its order.
"$agenc" config validate --config scenarios/config/prod.toml --strict > "$work/out" 2> "$work/err"
diff - "$work/out" > /dev/null << 'EXPECTED'
✓ speculation.max_depth within range [1, 20]
✓ speculation.stake.slash_percentage within range [0.01, 0.5]
✓ speculation.proof.generator is valid
✓ speculation.limits.max_memory_mb >= 512
✓ Feature flag combinations are valid
Configuration valid!
EXPECTED
verdict $? "validate prints the runbook's lines"

check() { # STATUS PATTERN TEXT [OPTION]
    local path
    path=$(file bad "$3")
    expect "$1" "$2" config validate --config "$path" "${@:4}"
}
check 2 'bad\.toml:2:13: speculation\.max_depth is text, want 1\.\.20 levels' '[speculation]\nmax_depth = "3"\n'
check 2 'bad\.toml:2:13: speculation\.max_depth: 21 is not in 1\.\.20 levels' '[speculation]\nmax_depth = 21\n'
check 2 '^✗ speculation\.max_depth within' '[speculation]\nmax_depth = 21\n'
check 2 '^Configuration invalid: 2 errors$' '[speculation]\nmax_depth = 21\nmode = "turbo"\n'
check 2 'bad\.toml:2:1: .*nearest is speculation\.max_depth' '[speculation]\nmax_dept = 3\n' --strict
check 0 'warning: .*nearest is speculation\.max_depth' '[speculation]\nmax_dept = 3\n'
check 2 'bad\.toml:3:' '[speculation]\nmax_depth = 3\nmax_depth = 4\n'
check 2 'bad\.toml:2:' '[speculation]\nmode = "\xff"\n'
check 2 'bad\.toml:1:' "a = $(printf '[%.0s' {1..5000})"
check 2 'bad\.toml:1:32: a key has more than 16 parts' "$(printf 'a.%.0s' {1..5000})a = 1"
check 2 'nan or infinite' 'speculation.stake.slash_percentage = nan\n'
check 2 'finer than 4 decimals' 'speculation.stake.slash_percentage = 0.10001\n'
check 2 '✗ Feature flag' '[speculation.features]\nenable_cross_agent_speculation = true\nenable_parallel_speculation = false\n'
check 2 'max_stake must be at least min_stake' '[speculation.stake]\nmax_stake = 5\nmin_stake = 10\n'
check 0 'depth unreachable' '[speculation.stake]\nmax_stake = 1000000\n'
check 2 '"valid": false' '[speculation]\nmax_depth = 21\n' --output json
expect 3 'No such file' config validate --config /nowhere.toml
expect 3 'directory' config validate --config /
expect 2 '--config FILE is missing' config validate

cp scenarios/config/dev.toml "$work/speculation-prod.toml"
expect 2 'mock generator' config validate --config "$work/speculation-prod.toml" --strict
expect 0 'warning: .*mock generator' config validate --config "$work/speculation-prod.toml"
AGENC_ENV=prod expect 2 'mock generator' config validate --config scenarios/config/dev.toml --strict

# show: the tuning guide's script takes field 2.
[[ $("$agenc" config show --section speculation | grep max_parallel | awk '{print $2}') == 2 ]]
verdict $? "field 2 of the max_parallel line"
expect 0 '^speculation\.max_depth 3 preset$' config show --sources
expect 0 '^speculation\.max_depth 8 scenarios/config/low-latency\.toml:6:13$' config show --sources --config scenarios/config/low-latency.toml
AGENC_SPECULATION_MAX_DEPTH=7 expect 0 '"speculation\.max_depth": \{"value": 7, "source": "environment"' config show --output json
AGENC_SPECULATION_MAX_DEPTH=x expect 2 'AGENC_SPECULATION_MAX_DEPTH: .*not a number' config show
AGENC_SPECULATION_MAX_DEPHT=4 expect 0 'warning: .*AGENC_SPECULATION_MAX_DEPHT .*nearest is AGENC_SPECULATION_MAX_DEPTH$' config show
AGENC_ENV=foo expect 0 'warning: AGENC_ENV: "foo" is none of prod, staging, dev$' config show
AGENC_ENV=foo expect 0 'warning: AGENC_ENV: "foo"' config validate --config scenarios/config/dev.toml
expect 2 'no key is in "spec"' config show --section spec
json_reads config show --output json
verdict $? "show --output json is JSON"

# size
load=(--rate 100 --proof-time 30s --confirmation-timeout 60s)
expect 0 'max_pending_operations = .* = 12000$' config size "${load[@]}"
expect 0 'gc_interval_ms = .* = 15000$' config size "${load[@]}"
expect 0 'queue_size = .* = 9000$' config size "${load[@]}"
expect 0 'max_state_snapshots = .* = 50$' config size "${load[@]}"
expect 0 '1322 MB, \+ 20 % = 1586 MB.* = 2048$' config size "${load[@]}" --pending 10000
expect 0 'queue_size = .* = 18000, of which 10000 is allowed' config size --rate 200 --proof-time 30s --confirmation-timeout 60s
expect 0 'queue_size = .* = 3, but the least is 100$' config size --rate 1 --proof-time 1s --confirmation-timeout 60s
expect 0 'confirmation_timeout_ms = .* = 30000' config size --rate 1 --proof-time 1s --confirmation-p99 15s
expect 2 'not a rate' config size --rate nan --proof-time 1s --confirmation-timeout 60s
expect 2 'give one of' config size --rate 1 --proof-time 1s
expect 2 '--rate N is missing' config size
json_reads config size "${load[@]}" --output json
verdict $? "size --output json is JSON"

# A key with a value of the wrong shape is no unknown key: an error with its place, strict or not.
for strict in '' --strict; do
    check 2 'bad\.toml:1:1: speculation is an integer, want a table: \[speculation\]' 'speculation = 5\n' $strict
    check 2 'bad\.toml:2:[0-9]+: speculation\.max_depth is an array, want 1\.\.20 levels' '[speculation]\nmax_depth = [5]\n' $strict
    check 2 'bad\.toml:2:1: speculation is an array, want a table' '[[speculation]]\nmax_depth = 5\n' $strict
    check 2 'bad\.toml:2:1: speculation is an array, want a table' '[[speculation]]\nother = 5\n' $strict
    check 2 'bad\.toml:1:[0-9]+: speculation\.max_depth is a table' 'speculation.max_depth.deep = 5\n' $strict
done

# No tick for what was not seen, or stands in for what was refused.
no_ticks() { # TEXT
    check 2 '^Configuration invalid: 1 error$' "$1"
    [[ $(grep -c '✓' "$work/out") == "$2" ]]; verdict $? "$2 ticks for $1"
}
no_ticks 'speculation = \n' 0
no_ticks '[speculation]\nmax_depth = nan\n' 0
no_ticks 'speculation = 5\n' 0
no_ticks '[speculation]\nmax_depth = 21\n' 3
no_ticks '[speculation]\nmode = "turbo"\n' 5
