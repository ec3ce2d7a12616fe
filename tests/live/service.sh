#!/usr/bin/env bash
# tests/live/service.sh AGENC: the life of a service: signals, crashes, clocks that jump, nodes, provers of another
# program.
agenc=$1
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
quick=(--set speculation.enabled=true --time-scale 20)

submit() { post /admin/tasks "$1" | jq -er .task_id; }
status_of() { get "/admin/tasks/$1" | jq -r .status; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }
speculation_of() { get "/admin/tasks/$1" | jq -r .speculation_status; }
is_speculative() { [ "$(speculation_of "$1")" = speculative ]; }
health_is() { [ "$(get /health | jq -r ."$1")" = "$2" ]; }

# ---- signals ----

signals() {
    local parent child
    cp "$root/scenarios/config/prod.toml" "$work/agenc.toml"
    serve_start "$work/signals" --config "$work/agenc.toml" "${quick[@]}"
    check 'a fresh service says that it is healthy, and enabled' health_is speculation enabled
    parent=$(submit '{"type":"compute","payload":{"value":1}}')
    child=$(submit "{\"type\":\"compute\",\"payload\":{\"value\":2},\"depends_on\":[\"$parent\"]}")
    check 'a child is speculative while its parent is open' until_true 5 is_speculative "$child"
    sed -i 's/^max_depth = .*/max_depth = 2/' "$work/agenc.toml"
    kill -HUP "$serve_pid"
    check 'SIGHUP reads the configuration again' until_true 5 depth_is 2
    sed -i 's/^max_depth = .*/max_depth = "many"/' "$work/agenc.toml"
    kill -HUP "$serve_pid"
    check 'SIGHUP with a broken file keeps the old one, and says so' until_true 5 grep -q 'could not be read again' "$work/serve.log"
    check 'and the depth is what it was' depth_is 2
    check 'SIGTERM drains and ends with 0' serve_stop
    check 'nothing was speculative at its end' drained_to_nothing
    serve_start "$work/signals" --config "$root/scenarios/config/prod.toml" "${quick[@]}"
    check 'after the end the parent is there' until_true 5 is_status "$parent" confirmed
    check 'and its child' until_true 5 is_status "$child" confirmed
    serve_crash
    check 'its log holds every invariant' log_is_clean "$work/signals"
}
depth_is() { [ "$(get /admin/status | jq .speculation.max_depth)" = "$1" ]; }

# The log says that it drained, each time to nothing.
drained_to_nothing() {
    local lines
    lines=$(grep '"msg":"speculation: drained"' "$work/serve.log")
    echo "$lines"
    [ -n "$lines" ] && [ "$(grep -c '"remaining":0\b' <<<"$lines")" = "$(wc -l <<<"$lines")" ]
}

# ---- a second one, a damaged log ----

second_is_refused() {
    "$agenc" serve --data-dir "$work/folder" --listen 127.0.0.1:0 --workers-listen none >"$work/second" 2>&1
    [ $? = 1 ] && grep -q 'another agenc serve' "$work/second"
}
damage_is_refused() {
    "$agenc" serve --data-dir "$work/folder" --listen 127.0.0.1:0 --workers-listen none >"$work/second" 2>&1
    [ $? = 2 ] && [ "$(wc -l <"$work/second")" = 1 ] && grep -q 'record [0-9]* of the log' "$work/second"
}
folders() {
    serve_start "$work/folder" "${quick[@]}"
    submit '{"type":"compute","payload":{"value":1}}' >/dev/null
    check 'a second service is told that the folder is taken' second_is_refused
    serve_crash
    printf x | dd of="$work/folder/00000000000000000000.log" bs=1 seek=1500 conv=notrunc status=none
    check 'a damaged log is refused with one line' damage_is_refused
}

# ---- clocks ----

# The same tasks under a wall clock that is wrong, that jumps and that goes back: outcomes are the same. All are
# submitted at once, long before the first could be confirmed.
outcomes() { # name, offsets of the clock in turn; the outcomes are in $work/NAME.outcomes
    local name=$1 folder="$work/$1" id clock="$work/clock.$RANDOM" offset
    shift
    : >"$work/$name.outcomes"
    echo "$1" >"$clock"
    LD_PRELOAD=$faketime FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
        serve_start "$folder" --set speculation.enabled=true --set speculation.max_depth=8 --time-scale 2
    check "$name: the service starts" test -n "$serve_pid"
    [ -n "$serve_pid" ] || return
    for id in 1 2 3 4 5 6; do
        submit "{\"type\":\"compute\",\"task_id\":\"clock-task-$id\",\"payload\":{\"value\":1$([ $id = 4 ] && echo ',"fail":true')}$([ $id -gt 1 ] && echo ",\"depends_on\":[\"clock-task-$((id - 1))\"]")}" >/dev/null
    done
    for _ in 1 2 3 4 5 6 7 8; do
        for offset in "$@"; do
            echo "$offset" >"$clock.new" && mv "$clock.new" "$clock"
            sleep .2
        done
    done
    check "$name: what is right is confirmed" until_true 20 is_status clock-task-3 confirmed
    check "$name: what follows the wrong one is rolled back" until_true 20 is_status clock-task-6 rolled_back
    for id in 1 2 3 4 5 6; do echo "clock-task-$id $(status_of "clock-task-$id") $(speculation_of "clock-task-$id")"; done >"$work/$name.outcomes"
    serve_crash
    check "$name: its log holds every invariant" log_is_clean "$folder"
}
clocks() {
    faketime=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -n 1)
    check 'libfaketime is there (ci/setup test)' test -n "$faketime"
    outcomes right '+0'
    outcomes jumps '+1d' '-1d' '+0'
    check 'there were outcomes' grep -q 'clock-task-6 rolled_back' "$work/right.outcomes"
    check 'a wall clock that jumps days to and fro changes no outcome' diff "$work/right.outcomes" "$work/jumps.outcomes"
    outcomes late '@2038-01-19 03:14:00'
    check 'nor does the end of 32-bit seconds' diff "$work/right.outcomes" "$work/late.outcomes"
    outcomes behind '-20y' '+0'
    check 'nor a clock that is twenty years behind' diff "$work/right.outcomes" "$work/behind.outcomes"
}

# ---- a real endpoint, a real prover ----

nodes() {
    local id node
    "$agenc" chain serve --profile localnet --port 0 >"$work/node" 2>&1 &
    node=$!
    live_pids+=("$node")
    until_true 10 grep -q '^http' "$work/node"
    serve_start "$work/rpc" --set speculation.enabled=true --chain "rpc:$(cut -d' ' -f1 "$work/node")" \
        --prover sim:fixed:200ms --execution fixed:50ms
    check 'with nodes, an agent deposits first' test "$(code_of POST /admin/stake/deposit '{"agent_id":"default","lamports":1000000000}')" = 200
    id=$(submit '{"type":"compute","payload":{"value":1}}')
    child=$(submit "{\"type\":\"compute\",\"payload\":{\"value\":2},\"depends_on\":[\"$id\"]}")
    check 'a task is confirmed by a node over JSON-RPC' until_true 30 is_status "$id" confirmed
    check 'and its child after it' until_true 30 is_status "$child" confirmed
    check 'the status names the node' test "$(get /admin/chain-status | jq -r .connected)" = true
    kill "$node"
    check 'a node that is gone is seen' until_true 30 sh -c "[ \"\$(curl -s $AGENC_URL/admin/chain-status | jq -r .connected)\" = false ]"
    serve_crash
    check 'its log holds every invariant' log_is_clean "$work/rpc"
}

provers() {
    local good bad
    cat >"$work/prover" <<'PROVER'
#!/bin/sh
# Takes a moment, and finds the tasks wrong that ask for it.
while read -r job; do
    id=$(printf '%s' "$job" | sed 's/.*"proof_id":\([0-9]*\).*/\1/')
    case $job in
    *'"wrong":true'*) echo "{\"proof_id\":$id,\"ok\":false,\"error\":\"constraint\"}" ;;
    *) echo "{\"proof_id\":$id,\"ok\":true}" ;;
    esac
done
PROVER
    chmod +x "$work/prover"
    serve_start "$work/exec" --set speculation.enabled=true --prover "exec:$work/prover" --chain sim:fixed:300ms --execution fixed:50ms
    good=$(submit '{"type":"compute","payload":{"value":1}}')
    bad=$(submit '{"type":"compute","payload":{"wrong":true}}')
    check 'a proof of another program is taken' until_true 10 is_status "$good" confirmed
    check 'and so is its refusal' until_true 10 is_status "$bad" failed
    serve_crash
    check 'its log holds every invariant' log_is_clean "$work/exec"
}

units() {
    if command -v systemd-analyze >/dev/null; then
        sed "s|/usr/local/bin/agenc|$agenc|" "$root/ops/systemd/agenc.service" >"$work/agenc.service"
        check 'systemd reads the unit' sh -c "systemd-analyze verify --man=no '$work/agenc.service' 2>&1 | { ! grep -v token; }"
    else
        echo 'SKIP(no systemd-analyze on this machine): ops/systemd/agenc.service is not verified'
    fi
}

signals
folders
clocks
nodes
provers
units
live_end
