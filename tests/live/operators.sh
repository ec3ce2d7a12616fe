#!/usr/bin/env bash
# tests/live/operators.sh AGENC [--quick]: what operators have at hand, against the real service: smoke tests, client
# commands, scripts, `agenc top` in a terminal, reports; and commands against servers that are dead, slow or lying.
#
# --quick: the smoke tests at twenty times the clock's pace only; otherwise at its own as well, which takes a minute.
agenc=$1 pace=${2:-}
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
export AGENC=$agenc AGENC_OPS="$root/ops" TIME_SCALE=20
scripts=$root/ops/scripts

prints() { # prints PATTERN COMMAND...: status 0 and the pattern in what it prints
    local pattern=$1
    shift
    "$@" >"$work/printed" 2>&1 || { cat "$work/printed"; return 1; }
    grep -Eq -- "$pattern" "$work/printed" || { cat "$work/printed"; return 1; }
}
refuses() { # refuses STATUS PATTERN COMMAND...: that status, one line on stderr, nothing on stdout
    local want=$1 pattern=$2 got=0
    shift 2
    "$@" >"$work/printed" 2>"$work/refused" || got=$?
    cat "$work/printed" "$work/refused"
    [ "$got" = "$want" ] && [ ! -s "$work/printed" ] && [ "$(wc -l <"$work/refused")" = 1 ] && grep -Eq -- "$pattern" "$work/refused"
}
ends_with() { # ends_with STATUS COMMAND...
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$want" ]
}
json_is() { # json_is FILTER COMMAND...: jq -e on what it prints
    local filter=$1
    shift
    "$@" 2>&1 | tee "$work/printed" | jq -e "$filter" >/dev/null || { cat "$work/printed"; return 1; }
}

check 'the scripts are clean' shellcheck -x "$scripts"/*.sh "$scripts"/smoke-tests/*.sh "$scripts/kubectl" "$root/tests/live/runbooks.sh" "$0"

# ---- help ----

# There is no service: a script that did anything would fail, and say so.
has_help() {
    local printed
    printed=$("$1" "$2" 2>&1 </dev/null) && [ "$(wc -l <<<"$printed")" -gt 0 ] && [[ $printed == *"$(basename "$1")"* ]]
}
helps() {
    local script
    for script in "$scripts"/*.sh "$scripts"/smoke-tests/*.sh "$scripts/kubectl"; do
        [ "$(basename "$script")" != lib.sh ] || continue
        check "$(basename "$script") --help tells how it is used, and does nothing" has_help "$script" --help
        check "$(basename "$script") -h as well" has_help "$script" -h
        check "$(basename "$script") refuses an unknown word" refuses 2 'nonsense|BEFORE AFTER' "$script" --nonsense
    done
}
ADMIN_URL=http://127.0.0.1:1 helps

# ---- smoke tests ----

under_three_minutes() {
    local began=$SECONDS
    TIME_SCALE=1 prints '^5 of 5 smoke tests passed' "$scripts/smoke-tests/speculation-smoke.sh" --env local && [ $((SECONDS - began)) -lt 180 ]
}
if [ "$pace" != --quick ]; then
    serve_start "$work/real"
    check 'the smoke tests pass at the pace of the clock, in less than three minutes' under_three_minutes
    check 'and leave speculation as it was' [ "$(get /health | jq -r .speculation)" = disabled ]
    serve_crash
fi
serve_start "$work/data" --time-scale 20 --chaos
check 'the smoke tests pass at twenty times the pace' prints '^5 of 5 smoke tests passed' "$scripts/smoke-tests/speculation-smoke.sh" --env local
check 'production: what is not admitted fails the suite' ends_with 1 "$scripts/smoke-tests/speculation-smoke.sh" --env production
post /admin/config '{"speculation.enabled": true}' >/dev/null

# ---- commands ----

commands() {
    local parent child wrong
    parent=$("$agenc" task submit --payload '{"value": 1}' --output json | jq -r .task_id)
    child=$("$agenc" task submit --depends-on "$parent" --agent worker-7 --id my-child-1 --output json | jq -r .task_id)
    check 'a task has the id that was asked for' [ "$child" = my-child-1 ]
    check 'the same key and body give the same task' json_is '.duplicate == true' repeated
    check 'another body with the same key is refused' refuses 1 'idempotency key' "$agenc" task submit --payload 2 --key k1
    check 'wait ends with 0 when it is confirmed' prints "^$child confirmed" "$agenc" task wait "$child" --timeout 20
    check 'status says so' prints 'confirmed' "$agenc" task status "$child"
    check 'inspect tells what happened' prints 'submitted' "$agenc" task inspect "$child"
    check 'its proof is good' prints '^valid groth16' "$agenc" proof verify "$child"
    wrong=$("$agenc" task submit --payload '{"fail": true}' --output json | jq -r .task_id)
    check 'wait ends with 1 when it never will be' ends_with 1 "$agenc" task wait "$wrong" --timeout 20
    check 'a wrong proof does not verify' ends_with 1 "$agenc" proof verify "$wrong"
    check 'wait ends with 124 when time is over' ends_with 124 "$agenc" task wait "$("$agenc" task submit --compute 10m --id slow-task-1 --output json | jq -r .task_id)" --timeout 0
    check 'what is called off is called off' prints '^slow-task-1' "$agenc" task cancel slow-task-1
    check 'an unknown task ends with 1' refuses 1 'no task "nothing-here"' "$agenc" task status nothing-here
    check 'a wrong payload ends with 2' refuses 2 'no JSON' "$agenc" task submit --payload '{value}'
    check 'a list, and its JSON' json_is 'length > 3' "$agenc" speculation list --status all --output json
    check 'rollbacks by hand of --since' prints 'no rollbacks|REASON' "$agenc" speculation rollbacks --since 1h
    check 'a graph for Graphviz' prints 'digraph' "$agenc" speculation graph --root "$parent" --dot
    check 'the graph holds the edge' json_is '.edges[0].to == "my-child-1"' "$agenc" speculation graph --root "$parent" --output json
    check 'snapshots' prints 'snapshots' "$agenc" speculation snapshots list
    check 'clearing them is a dry run unless confirmed' prints 'would go' "$agenc" speculation snapshots clear --older-than 1s
    check 'the queue with its stages' prints 'deferral' "$agenc" proof-worker queue --analyze
    check 'memory sums to its total' json_is '.total_mb == .state_snapshots_mb + .pending_operations_mb + .proof_cache_mb + .other_mb' "$agenc" admin memory --output json
    check 'what collections have done' prints '^collections +[0-9]+' "$agenc" admin gc-stats
    check 'status of one component' prints 'finalized|slot' "$agenc" admin status --component chain
    check 'integrity, in full' prints '^ok' "$agenc" admin check-integrity --full
    check 'what is in force' prints '^speculation.enabled true api' "$agenc" config show --url "$AGENC_URL" --sources
    check 'a key is changed' prints '^speculation.max_depth = 4$' "$agenc" admin config speculation.max_depth=4 speculation.mode=custom
    check 'and in force' prints '^speculation.max_depth 4 api$' "$agenc" config show --url "$AGENC_URL" --sources --section speculation
    check 'a value that is none changes nothing, in the words of the service' refuses 2 'max_depth.*20' "$agenc" admin config speculation.max_depth=99 speculation.mode=balanced
    check 'and none of its companions' json_is '.speculation.mode == "custom"' get /admin/status
    check 'the files are read again' ends_with 0 "$agenc" admin config --reload
    check '--watch looks again and again' watches
    check 'without a token nothing changes' no_token
}
repeated() {
    "$agenc" task submit --payload 1 --key k1 --output json >/dev/null
    "$agenc" task submit --payload 1 --key k1 --output json
}
watches() {
    timeout -s INT 2 "$agenc" admin memory --watch=200ms >"$work/watched"
    [ "$(grep -c '^total' "$work/watched")" -ge 4 ]
}
no_token() { ADMIN_TOKEN='' refuses 2 'Bearer TOKEN' "$agenc" admin gc; }
commands

# ---- every answer that is read ----

# Path, and what jq must find in the answer; lists that may be empty are lists.
routes="rollback-stats|has(\"total_rollbacks_1h\")
rollback-stats?window=10m|.window_seconds == 600
chain-status|.connected
confirmation-status|has(\"pending_confirmations\")
blocked-operations?limit=3|type == \"array\"
memory-stats|.limit_mb > 0
stake/stuck|type == \"array\"
stake/status|.agent_count > 0
pipeline/analyze|.stages | length > 0
pipeline/bottlenecks|type == \"array\"
agent/default/speculation|.agent_id == \"default\"
agent/default/rollbacks?limit=2|type == \"array\"
circuit-breaker|has(\"state\")
slashes?limit=2|type == \"array\"
operation/my-child-1|.task_id == \"my-child-1\"
operation/my-child-1/timeline|.[0].event | type == \"string\"
tasks/my-child-1|.status == \"confirmed\"
tasks?status=failed&limit=2|.[0].status == \"failed\"
rollbacks?since=1h&limit=2|type == \"array\"
proof/my-child-1|.proof_type == \"groth16\"
proof-workers|.total > 0
snapshots|has(\"total_count\")
graph?limit=5|.nodes | type == \"array\""
answers() { # answers PATH FILTER: status 200, and the field
    local code
    code=$(curl -sS -m 30 -o "$work/answer" -w '%{http_code}' "$AGENC_URL/admin/$1")
    echo "$code"
    cat "$work/answer"
    [ "$code" = 200 ] && jq -e "$2" "$work/answer" >/dev/null
}
reads() {
    local path filter
    while IFS='|' read -r path filter; do
        check "GET /admin/$path answers 200 with what it is asked for" answers "$path" "$filter"
    done <<<"$routes"
    check 'reasons sum to the total' json_is '([.by_reason[]] | add) == .total_rollbacks_1h' get /admin/rollback-stats
    check 'percentages sum to a hundred, or to nothing' json_is '([.by_reason_percent[]] | add) == 100 or .total_rollbacks_1h == 0' get /admin/rollback-stats
    check 'a window that is none is refused' [ "$(code_of GET '/admin/rollback-stats?window=soon')" = 400 ]
    check 'a limit beyond what one answer holds is refused' [ "$(code_of GET '/admin/tasks?limit=1001')" = 400 ]
    check 'a limit that is none is refused' [ "$(code_of GET '/admin/slashes?limit=many')" = 400 ]
    check 'an unknown agent is not found' [ "$(code_of GET /admin/agent/nobody/speculation)" = 404 ]
    check 'an unknown slash is not found' [ "$(code_of GET /admin/slash/99999)" = 404 ]
    check 'an unknown proof is not found' [ "$(code_of GET /admin/proof/nothing-here)" = 404 ]
    check 'a timeline is in order' json_is '[.[].at] | . == sort' get /admin/operation/my-child-1/timeline
}
reads

# ---- who shares what is slashed ----

pool_is_shared() { # what the answer says that victims got is what they have received
    local parent wrong share
    post /admin/config '{"speculation.features.enable_cross_agent_speculation": true, "speculation.max_depth": 4, "speculation.max_parallel_branches": 8}' >/dev/null
    parent=$("$agenc" task submit --agent sharer-a --output json | jq -r .task_id)
    wrong=$("$agenc" task submit --agent sharer-a --payload '{"fail": true}' --depends-on "$parent" --output json | jq -r .task_id)
    "$agenc" task submit --agent sharer-b --compute 700ms --depends-on "$wrong" >/dev/null
    "$agenc" task submit --agent sharer-c --compute 300ms --depends-on "$wrong" >/dev/null
    "$agenc" task wait "$wrong" --timeout 20 && return 1
    until_true 10 wrong_is_slashed "$wrong" || return 1
    get '/admin/slashes?limit=5' | jq -e ".[] | select(.task_id == \"$wrong\") | ([.victims[].share] | add) == .victim_pool and (.victims | length) == 2" || return 1
    for agent in sharer-b sharer-c; do
        share=$(get '/admin/slashes?limit=5' | jq ".[] | select(.task_id == \"$wrong\") | .victims[] | select(.agent == \"$agent\") | .share")
        [ "$(get "/admin/agent/$agent/speculation" | jq .stake.received)" = "$share" ] || return 1
    done
}
wrong_is_slashed() { get '/admin/slashes?limit=5' | jq -e "any(.[]; .task_id == \"$1\")"; }
check 'victims get the shares that a slash names' pool_is_shared

# ---- scripts ----

has_rate() { "$scripts/workload-profile.sh" | grep -q '^Task rate: [0-9]'; }
until_profiled() { until_true 20 has_rate && "$scripts/workload-profile.sh"; }
prints_six() {
    PROVER=sim "$scripts/check-prerequisites.sh" --component speculation --data-dir "$work" >"$work/printed" 2>&1
    cat "$work/printed"
    [ "$(grep -cE '^[✓✗] ' "$work/printed")" = 6 ]
}
health_agrees() { # with /health, whatever that says after all that has failed on purpose
    local want='NEEDS ATTENTION'
    [ "$(get /health | jq -r .status)" != healthy ] || want='✓ HEALTHY'
    "$scripts/speculation-health.sh" | tee "$work/printed" | grep -q "^Status: .*$want" || { cat "$work/printed"; return 1; }
}
check 'the health script says what /health says' health_agrees
check 'a profile of the load' prints '^Kind: ' until_profiled
get /metrics >"$work/before"
get '/metrics?flat=1' >"$work/after"
check 'a comparison of two pictures' prints 'speculative tasks .*\+0\.0 %' "$scripts/compare-tuning.sh" "$work/before" "$work/before"
check 'also of a flat one' prints 'tasks rolled back' "$scripts/compare-tuning.sh" "$work/before" "$work/after"
check 'the five benchmarks, shortened, and their report' prints '^=== Done' "$scripts/benchmark-speculation.sh" --quick --output-dir "$work/benchmarks"
check 'with the pictures before and after' test -s "$work/benchmarks/pre_status.txt" -a -s "$work/benchmarks/post_metrics.txt" -a -s "$work/benchmarks/report.md"
check 'prerequisites say what is missing' prints_six
check 'a drain' prints 'drained' "$scripts/graceful-drain.sh"
forces() { # a child that works on for half a minute outlasts a drain of one second
    local parent
    post /admin/config '{"speculation.enabled": true, "speculation.features.rollout_percentage": 100}' >/dev/null
    parent=$("$agenc" task submit --agent stubborn --output json | jq -r .task_id)
    "$agenc" task submit --agent stubborn --id stubborn-child --compute 10m --depends-on "$parent" >/dev/null
    until_true 10 json_is '.speculation.active_tasks == 1' get /admin/status || return 1
    DRAIN_SECONDS=1 prints 'no speculative tasks are left' "$scripts/emergency-rollback.sh" && grep -q 'forcing the rollback' "$work/printed"
}
stops_at_once() { ! ADMIN_TOKEN=wrong "$scripts/recovery.sh" >"$work/printed" 2>&1 && grep -q 'the token is refused' "$work/printed" && ! grep -q '^2\.' "$work/printed"; }
check 'an emergency whose drain fails rolls back by force' forces
check 'and nobody is slashed for it' json_is '.stake.slashed_lamports == 0 and .status == "rolled_back"' get /admin/tasks/stubborn-child
check 'an emergency' prints 'no speculative tasks are left' "$scripts/emergency-rollback.sh"
check 'a recovery whose token is refused ends at its first step' stops_at_once
check 'a recovery' prints 'Recovered' "$scripts/recovery.sh"
check 'recovery turns speculation on at 10 %' json_is '.speculation.enabled and .speculation.rollout_percentage == 10' get /admin/status
check 'the shim scales workers' prints 'scaled' "$scripts/kubectl" scale deployment proof-workers --replicas=9
check 'and they are that many' json_is '.workers.total == 9' get /admin/status
check 'the shim says what is external' refuses 2 'for a cluster' "$scripts/kubectl" get pods
# ---- reports ----

check 'a handoff is filled' prints '^\| rollout \| 10 % \|$' "$agenc" report handoff --fill outgoing=Ada
check 'with the name that was given' grep -q 'From Ada to \[incoming\]' "$work/printed"
check 'and what was changed' grep -q '^- speculation.max_depth = 2$' "$work/printed"
check 'a sign-off has its baseline' prints '^\| speculation_tasks_total \| [0-9]+ \|$' "$agenc" report signoff
for template in "$root"/ops/templates/*.md; do
    name=$(basename "$template" .md)
    check "the template $name is filled" prints . "$agenc" report "$name"
    check "and nothing of $name is left over" sh -c "! grep -q '{{' '$work/printed'"
done
check 'an unknown template names those that there are' refuses 2 'handoff, incident-initial' "$agenc" report hand-off

# ---- top ----

tmux_socket=$work/tmux
top_shows() { tmux -S "$tmux_socket" capture-pane -p | grep -Eq -- "$1"; }
check 'without a terminal top prints one frame' prints '^ALERTS' "$agenc" top
check 'top starts in a terminal' tmux -S "$tmux_socket" -f /dev/null new-session -d -x 100 -y 40 "AGENC_URL=$AGENC_URL '$agenc' top; echo over; sleep 5"
check 'top shows rates' until_true 5 top_shows '^speculative +[0-9.]+ +[0-9]+'
check 'and queues' until_true 5 top_shows '^proof queue +\['
tmux -S "$tmux_socket" resize-window -x 60 -y 12 2>/dev/null
top_is_small() { [ "$(tmux -S "$tmux_socket" capture-pane -p | awk '{ if (length($0) > n) n = length($0) } END { print n }')" -le 60 ] && top_shows '^agenc 2'; }
check 'top follows a smaller screen' until_true 5 top_is_small
tmux -S "$tmux_socket" send-keys q 2>/dev/null
check 'q ends it' until_true 3 top_shows '^over'
tmux -S "$tmux_socket" kill-server 2>/dev/null
tmux -S "$tmux_socket" -f /dev/null new-session -d -x 100 -y 40 "AGENC_URL=$AGENC_URL '$agenc' top --interval 200ms; echo over; sleep 5"
check 'top starts once more' until_true 5 top_shows '^ALERTS'

# ---- servers that are none ----

check 'a service ends in good order' serve_stop
top_forgets() { top_shows '^no answer for' && ! top_shows '^ALERTS'; }
check 'top shows no alerts of a service that is gone' until_true 5 top_forgets
tmux -S "$tmux_socket" kill-server 2>/dev/null
check 'a dead server: one line, status 3' refuses 3 'no service answers' "$agenc" admin status
check 'also for scripts' ends_with 3 "$scripts/speculation-health.sh"
liar() { # liar ANSWER: every connection is answered with these bytes; sets AGENC_URL
    python3 "$root/tests/live/liar.py" "$1" >"$work/liar.port" 2>/dev/null &
    live_pids+=($!)
    until_true 5 test -s "$work/liar.port"
    AGENC_URL="http://127.0.0.1:$(cat "$work/liar.port")"
    : >"$work/liar.port"
}
liar silence
check 'a server that never answers: one line, status 3' refuses 3 'did not answer in time' "$agenc" admin status --patience 500ms
liar 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot json!'
check 'an answer that is no JSON' refuses 3 'no JSON' "$agenc" admin status
liar 'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"status": "fine"'
check 'JSON that is cut off' refuses 3 'JSON' "$agenc" admin status
liar 'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"status": 17}'
check 'a field of another type' refuses 3 'nonsense' "$agenc" task status x-unknown
liar 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}'
check 'fewer bytes than were promised' refuses 3 '.' "$agenc" admin memory
liar 'HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nOops!'
check 'a failure without a reason' refuses 1 'answered 500 without a reason' "$agenc" admin memory
liar 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'
check 'a redirect is not followed' refuses 1 'answered|understood' "$agenc" admin memory
liar 'SSH-2.0-OpenSSH_9.2\r\n'
check 'another protocol' refuses 3 '.' "$agenc" admin memory
check 'an address that is none' refuses 3 '.' "$agenc" admin memory --url 'ftp://127.0.0.1/'
live_end
