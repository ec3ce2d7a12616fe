#!/usr/bin/env bash
# tests/live/runbooks.sh AGENC: every command line of the five runbooks against a live service (tests/live/runbooks.tsv).
#
# They run as they are written: localhost:9090 and :9091 are led to the test's free ports by curl's own
# configuration, agenc by AGENC_URL; kubectl is the shim of ops/scripts; watch looks once. A row in our own form
# says why; an external one is run as far as the shim answers it. Rows run in one shell, one after the other.
agenc=$1
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
table=$root/tests/live/runbooks.tsv

workplace() { # what an operator's machine has: programs, scripts, configurations
    mkdir -p "$work/bin" "$work/desk" "$work/curl"
    ln -s "$agenc" "$work/bin/agenc"
    ln -s "$root/ops/scripts/kubectl" "$work/bin/kubectl"
    # shellcheck disable=SC2016
    printf '#!/bin/bash\nexec bash -c "${@: -1}"\n' >"$work/bin/watch"
    chmod +x "$work/bin/watch"
    ln -s "$root/ops/scripts" "$work/desk/scripts"
    cp -r "$root/scenarios/config" "$work/desk/config"
    printf 'connect-to = "localhost:9090:127.0.0.1:%s"\nconnect-to = "localhost:9091:127.0.0.1:%s"\n' "$port" "$workers_port" >"$work/curl/.curlrc"
    export PATH="$work/bin:$PATH" CURL_HOME="$work/curl" AGENC_LOG_FILE="$work/serve.log" TIME_SCALE=20
    export AGENC_OPS="$root/ops" SPECULATION_PROGRAM_ID=AgencSpec1111 RPC_URL="http://127.0.0.1:$port/health"
}

history() { # something to look at: a confirmed pair, a rollback, a slash
    local parent wrong i
    for i in $(seq 40); do # much that goes well, so that one failure leaves the service healthy
        parent=$(post /admin/tasks "{\"agent_id\":\"good-$i\"}" | jq -r .task_id)
        post /admin/tasks "{\"depends_on\":[\"$parent\"],\"agent_id\":\"good-$i\"}" >/dev/null
    done
    OP_ID_HERE=$(post /admin/tasks '{"payload":{"value":1},"agent_id":"agent1"}' | jq -r .task_id)
    post /admin/tasks "{\"payload\":{\"value\":2},\"depends_on\":[\"$OP_ID_HERE\"],\"agent_id\":\"agent1\"}" >/dev/null
    parent=$(post /admin/tasks '{"payload":{"value":3},"agent_id":"agent2"}' | jq -r .task_id)
    wrong=$(post /admin/tasks "{\"payload\":{\"fail\":true},\"depends_on\":[\"$parent\"],\"agent_id\":\"agent2\"}" | jq -r .task_id)
    post /admin/tasks "{\"payload\":{\"value\":4},\"depends_on\":[\"$wrong\"],\"agent_id\":\"agent2\"}" >/dev/null
    until_true 20 has_slash || return 1
    SLASH_ID=$(get /admin/slashes | jq -r '.[0].slash_id')
    export AGENT_ID=agent2 OP_ID_HERE SLASH_ID
}
has_slash() { [ "$(get /admin/slashes | jq length)" -gt 0 ]; }

# Status 0 and the pattern in what was printed; the pattern ^$ wants nothing printed.
row_holds() {
    local command=$1 pattern=$2 result=0
    eval "$command" >"$work/row.out" 2>"$work/row.err" || result=$?
    cat "$work/row.err" "$work/row.out"
    [ "$result" = 0 ] || return 1
    if [ "$pattern" = '^$' ]; then [ ! -s "$work/row.out" ]; else grep -Eq -- "$pattern" "$work/row.out"; fi
}

rows() {
    local document key mode command pattern why
    while IFS=$'\t' read -r document key mode command pattern why <&3; do
        case $document in '#'* | '') continue ;; esac
        case $mode in verbatim | mended | external) ;; *) check "$document $key: a mode" false ;; esac
        [ "$mode" = verbatim ] || check "$document $key says why" [ "$why" != - ]
        [ "$pattern" = - ] && continue # external, and no shim answers it
        check "$document $key ($mode): $command" row_holds "$command" "$pattern"
    done 3<"$table"
}

smoke_agents=smoke-agent,smoke-fails,smoke-poor$(printf ',smoke-stake-%s' 0 1 2 3 4 5 6 7 8 9)
serve_start "$work/data" --time-scale 20 --set speculation.enabled=true --set "speculation.features.rollout_always=$smoke_agents"
workplace
check 'there is a history to look at' history
cd "$work/desk" || exit 1
rows
cd "$root" || exit 1
check 'config show gives the number of branches as the second field' [ "${MAX_PARALLEL:-x}" -gt 0 ]
check 'the table has rows of every document' [ "$(cut -f1 "$table" | grep -cxE 'RUNBOOK|operations|deployment|incident|tuning')" -gt 200 ]
check 'the service is as well as before' [ "$(get /health | jq -r .status)" = healthy ]
check 'and ends in good order' serve_stop
check 'its log holds every invariant' log_is_clean "$work/data"
live_end
