# shellcheck shell=bash disable=SC2034
# tests/live/lib.sh: sourced by the live tests: a real service on free ports, its end by its own pid, and counting.
#
#   agenc=$1 . tests/live/lib.sh      sets $agenc (absolute), $work (a folder of ours, removed at the end), $root
#   serve_start FOLDER [OPTIONS]      sets $serve_pid $port $workers_port; AGENC_URL and ADMIN_TOKEN are exported
#                                     (at listen_port and listen_workers_port, where these are set)
#   serve_stop | serve_crash          SIGTERM and its exit status | SIGKILL
#   get PATH | post PATH [BODY]       the answer's body; $status is not kept: use code_of
#   code_of METHOD PATH [BODY]        the HTTP status
#   check NAME COMMAND...             counts; what it printed is shown when it failed
#   until_true SECONDS COMMAND...     tries again and again
#   live_end                          prints "N passed, M failed", ends with 0 when nothing failed
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
agenc=$(realpath "${agenc:?the program is the first argument}")
work=$(mktemp -d "${TMPDIR:-/tmp}/agenc-live-XXXXXX")
export ADMIN_TOKEN="live-$$-$RANDOM" AGENC_SCENARIOS="$root/scenarios"
serve_pid='' port='' workers_port='' live_passed=0 live_failed=0
live_pids=() # of whatever else a test starts: ended, too

live_clean() {
    local pid
    [ -n "$serve_pid" ] && kill -9 "$serve_pid" 2>/dev/null
    for pid in "${live_pids[@]+"${live_pids[@]}"}"; do kill "$pid" 2>/dev/null; done
    for pid in "${live_pids[@]+"${live_pids[@]}"}"; do wait "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap live_clean EXIT

serve_start() {
    local folder=$1 tries=0
    shift
    : >"$work/serve.out"
    "$agenc" serve --data-dir "$folder" --listen "127.0.0.1:${listen_port:-0}" --workers-listen "127.0.0.1:${listen_workers_port:-0}" "$@" \
        >"$work/serve.out" 2>>"$work/serve.log" &
    serve_pid=$!
    until grep -q '^admin ' "$work/serve.out"; do
        tries=$((tries + 1))
        if ! kill -0 "$serve_pid" 2>/dev/null || [ $tries -gt 600 ]; then
            echo "the service did not start:" >&2
            tail -n 5 "$work/serve.log" >&2
            serve_pid=''
            return 1
        fi
        sleep .05
    done
    port=$(sed -n 's/^admin http:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$work/serve.out")
    workers_port=$(sed -n 's/.* workers http:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$work/serve.out")
    export AGENC_URL="http://127.0.0.1:$port"
}

serve_stop() {
    local status
    kill -TERM "$serve_pid"
    wait "$serve_pid"
    status=$?
    serve_pid=''
    return $status
}

serve_crash() {
    kill -9 "$serve_pid"
    wait "$serve_pid" 2>/dev/null
    serve_pid=''
}

get() { curl -sS -m 30 "$AGENC_URL$1"; }
post() { curl -sS -m 60 -X POST -H "Authorization: Bearer $ADMIN_TOKEN" -d "${2:-}" "$AGENC_URL$1"; }
code_of() {
    curl -s -o /dev/null -w '%{http_code}' -m 30 -X "$1" -H "Authorization: Bearer $ADMIN_TOKEN" ${3+-d "$3"} "$AGENC_URL$2"
}

until_true() {
    local seconds=$1 end
    shift
    end=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -ge $end ] && return 1
        sleep .1
    done
}

check() {
    local name=$1
    shift
    if "$@" >"$work/check.out" 2>&1; then
        live_passed=$((live_passed + 1))
    else
        live_failed=$((live_failed + 1))
        echo "FAILED: $name" >&2
        tail -n 20 "$work/check.out" >&2
    fi
}

# The event log of a folder, judged by every invariant that a log can be judged by.
log_is_clean() {
    cat "$1"/0*.log >"$work/whole.log"
    "$agenc" chaos check "$work/whole.log"
}

live_end() {
    echo "$live_passed passed, $live_failed failed"
    [ "$live_failed" = 0 ] && [ "$live_passed" -gt 0 ]
}
