#!/usr/bin/env bash
# tests/live/race.sh AGENC LOAD: a service built with ThreadSanitizer, under load, snapshots, checks, a failing disk and its end.
agenc=$1 load=$(realpath "$2")
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
export TSAN_OPTIONS="log_path=$work/tsan halt_on_error=0 die_after_fork=0 exitcode=66"

has_snapshot() { ls "$work"/race/snapshot-*.img; }
no_race() {
    cat "$work"/tsan.* 2>/dev/null
    ! ls "$work"/tsan.* >/dev/null 2>&1
}

serve_start "$work/race" --set speculation.enabled=true --chaos --execution fixed:1ms --prover sim:fixed:20ms --chain sim:fixed:100ms \
    --set speculation.proof.worker_threads=32 --set speculation.proof.batch_size=100 --segment-size 1MB --log-level info
"$load" submit "$port" "$ADMIN_TOKEN" 500 6 race "$work/acked" >"$work/load.json"
check 'the load was acknowledged' test "$(jq .good "$work/load.json")" -gt 2000
"$load" read "$port" 2 "$work/acked" >/dev/null
check 'segments were begun with snapshots' until_true 5 has_snapshot
check 'its state is whole' test "$(get '/admin/integrity-check?full=true' | jq -r .status)" = ok
post /admin/chaos '{"seed":1,"schedule":"[[fault]]\nid = \"disk.fsync_fail\"\nat = \"0s\"\nfor = \"2s\"\n"}' >/dev/null
"$load" submit "$port" "$ADMIN_TOKEN" 200 4 fail /dev/null >/dev/null 2>&1
post /admin/debug/profile/start '{"duration_seconds":1}' >/dev/null
get /metrics >/dev/null
check 'SIGTERM ends it with 0' serve_stop
check 'no data race, no lock order inversion' no_race
live_end
