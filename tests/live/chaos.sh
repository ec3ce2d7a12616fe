#!/usr/bin/env bash
# tests/live/chaos.sh AGENC LOAD: every injector that is marked L1, armed in the live service through its admin API, under load.
#
# Two services: one that lives through all faults that leave it alive, one that is killed by faults again and
# again and started again by us. Afterwards everything comes to its end, and the event log holds every invariant.
agenc=$1 load=$(realpath "$2")
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
deadly='process.crash process.oom proc.crash_at proc.restart_storm'
# The breaker would end speculation, and with it what faults could reach.
options=(--set speculation.circuit_breaker.consecutive_failures=1000 --set speculation.circuit_breaker.rollback_rate=1.0
    --set speculation.enabled=true --chaos --time-scale 8 --log-level error --set speculation.max_depth=8
    --set speculation.limits.max_pending_operations=20000 --set speculation.proof.worker_threads=16 --prover sim:uniform:500ms-1500ms)

# One [[fault]] an injector, one after the other, ten seconds each, with the chance and parameters of its own.
schedule() { # deadly | harmless
    "$agenc" chaos list --output json | jq -r --arg deadly "$deadly" --arg which "$1" '
        [.injectors[] | select(.levels | index(1)) | select((.name | IN($deadly | split(" ")[])) == ($which == "deadly"))]
        # At the end what takes from others what they need: the stake of agents, then the disk.
        | sort_by(if .hook == "VFS" then 2 elif .name == "app.stake_insufficient" then 1 else 0 end)
        | to_entries[] | .key as $i | .value
        | "[[fault]]\nid = \"\(.name)\"\nat = \"\(5 + $i * 4 + (if .hook == "VFS" then ($i - 40) * 12 else 0 end))s\"\n"
          + (if .without_for then "" else "for = \"10s\"\n" end)
          + (if .has_chance and (.without_for | not) then "p = 0.3\n" else "" end)'
}

arm() { post /admin/chaos "$(jq -n --rawfile text "$1" '{schedule: $text, seed: 7}')"; }
is_over() { [ "$(get /admin/chaos | jq -r .armed)" = 0 ] && [ "$(get /admin/status | jq .speculation.pending_operations)" = 0 ]; }
fired() { get /admin/chaos | jq -r '.fired | to_entries[] | select(.value > 0) | .key'; }

harmless() {
    local count missing
    serve_start "$work/harmless" "${options[@]}"
    schedule harmless >"$work/harmless.toml"
    count=$(grep -c '^id' "$work/harmless.toml")
    check 'there are injectors for the live service' test "$count" -ge 40
    arm "$work/harmless.toml" >"$work/armed.json"
    check 'the schedule of the simulator is armed as it is' jq -e .armed "$work/armed.json"
    while :; do get /metrics; sleep .03; done >/dev/null 2>&1 & # somebody scrapes, often enough to meet its fault
    scraper=$!
    live_pids+=("$scraper")
    "$load" submit "$port" "$ADMIN_TOKEN" 300 40 live "$work/acked" >"$work/load.json" 2>/dev/null
    kill "$scraper"
    fired >"$work/fired"
    missing=$(grep '^id' "$work/harmless.toml" | cut -d'"' -f2 | grep -vxFf "$work/fired" | tr '\n' ' ')
    check "every one of $count fired, but: $missing" test -z "$missing"
    check "afterwards everything comes to its end" until_true 30 is_over
    check 'its state is whole' test "$(get '/admin/integrity-check?full=true' | jq -r .status)" = ok
    check 'an injector of simulation alone is refused by name' sh -c "
        curl -s -X POST -H 'Authorization: Bearer $ADMIN_TOKEN' $AGENC_URL/admin/chaos/disarm >/dev/null
        curl -s -X POST -H 'Authorization: Bearer $ADMIN_TOKEN' -d '{\"schedule\":\"[[fault]]\\nid = \\\"disk.bitflip\\\"\\nat = \\\"0s\\\"\\nfor = \\\"1s\\\"\\n\"}' $AGENC_URL/admin/chaos | grep -q disk.bitflip"
    serve_crash
    check 'its log holds every invariant' log_is_clean "$work/harmless"
}

# Started again whenever a fault has ended it; the schedule begins anew, and so does the load.
deadly() {
    local rounds=0 deaths=0 i
    : >"$work/acked"
    schedule deadly | sed 's/^for = .*/for = "30s"/' >"$work/deadly.toml"
    while [ $rounds -lt 6 ]; do
        rounds=$((rounds + 1))
        serve_start "$work/deadly" "${options[@]}"
        arm "$work/deadly.toml" >/dev/null
        "$load" submit "$port" "$ADMIN_TOKEN" 200 2 "round$rounds" "$work/acked" >/dev/null 2>&1
        for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$serve_pid" 2>/dev/null && sleep .1; done
        if kill -0 "$serve_pid" 2>/dev/null; then
            serve_crash
        else
            deaths=$((deaths + 1))
            wait "$serve_pid" 2>/dev/null
            serve_pid=''
        fi
    done
    check "faults ended it, $deaths of $rounds times" test $deaths -ge 3
    serve_start "$work/deadly" "${options[@]}"
    check 'whatever was acknowledged is there' test "$("$load" check "$port" "$work/acked" | jq .missing)" = 0
    check 'its state is whole' test "$(get '/admin/integrity-check?full=true' | jq -r .status)" = ok
    check 'and comes to its end' until_true 30 is_idle
    serve_crash
    check 'its log holds every invariant' log_is_clean "$work/deadly"
}
is_idle() { [ "$(get /admin/status | jq .speculation.pending_operations)" = 0 ]; }

harmless
deadly
live_end
