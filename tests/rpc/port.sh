#!/bin/bash
# tests/rpc/port.sh BUILD: agenc chain probe against agenc chain serve, with the faults of POST /admin on.
# Prints "N passed, M failed"; exit 0 when none failed. Loopback only; needs curl.
set -u
agenc=$(realpath "${1:?usage: tests/rpc/port.sh BUILD}")/agenc
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
nodes=()
trap '[ ${#nodes[@]} = 0 ] || kill "${nodes[@]}" 2>/dev/null; wait; rm -rf "$work"' EXIT
passed=0 failed=0

verdict() { # verdict OK? WHAT
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $2"
        sed 's/^/  out: /' "$work/out"
        sed 's/^/  err: /' "$work/err" | head -12
    fi
}

# serve NAME WORDS...: a node on a free port; its address is in $url.
serve() {
    local log=$work/$1
    shift
    "$agenc" chain serve --port 0 "$@" >"$log" 2>&1 &
    nodes+=($!)
    for _ in $(seq 100); do
        url=$(sed -n 's/^\(http:[^ ]*\) .*/\1/p' "$log")
        [ -n "$url" ] && return
        sleep 0.1
    done
    cat "$log"
    exit 1
}

admin() { curl -s --max-time 5 -X POST "$1/admin/$2" -d "$3"; }

# probe STATUS WORDS...: the exit status; what it printed is kept for `says`.
probe() {
    local want=$1 got
    shift
    timeout 120 "$agenc" chain probe --poll 50ms "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" = "$want" ]
    verdict $? "chain probe $* ends with $got, want $want"
}
says() { # says PATTERN WHAT
    cat "$work/out" "$work/err" | grep -Eq -- "$1"
    verdict $? "$2 (/$1/)"
}

# later SECONDS NODE CALL BODY: a fault while a probe is under way.
later() { (sleep "$1" && admin "$2" "$3" "$4" >"$work/admin") & }

serve mainnet --profile mainnet --time-scale 4 --seed 7
main=$url

# -- the whole way --
probe 0 --url "$main" --transactions 300 --rate 1000 --commitment finalized --samples "$work/sent.csv"
says '300 sent in .* 300 landed, 0 expired, 0 refused' 'all that was sent lands'
says 'sent to finalized +300 ' 'and is seen final'
[ "$(grep -c ',landed,' "$work/sent.csv")" = 300 ]
verdict $? 'a row a transaction'
awk -F, 'NR > 1 && !($1 <= $3 && $3 <= $4 && $4 <= $5) { bad = 1 } END { exit bad }' "$work/sent.csv"
verdict $? 'processed, confirmed, finalized come in this order'
"$agenc" calibrate chain --from "$work/sent.csv" --output "$work/fitted.toml" >"$work/out" 2>"$work/err"
verdict $? 'agenc calibrate chain reads the samples'

probe 0 --url "$main" --transactions 3 --rate 100 --output json
says '"landed": 3' 'JSON has the same figures'

# -- a wallet of one's own (RFC 8032, 7.1, test 1) --
hex=9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60
hex+=d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
bytes=()
for ((i = 0; i < ${#hex}; i += 2)); do bytes+=($((16#${hex:i:2}))); done
(IFS=, && echo "[${bytes[*]}]") >"$work/key.json"
probe 1 --url "$main" --transactions 3 --wallet "$work/key.json"
says 'has 0 lamports, [0-9]+ are needed' 'an empty wallet is told'
address=$(sed -n 's/.*: \([1-9A-Za-z]*\) has 0 lamports.*/\1/p' "$work/err")
curl -s --max-time 5 -H 'Content-Type: application/json' "$main" >"$work/admin" \
    -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"requestAirdrop\",\"params\":[\"$address\",1000000000]}"
sleep 2
probe 0 --url "$main" --transactions 3 --rate 100 --wallet "$work/key.json"
says '3 landed' 'and a funded one pays'

# -- errors in answers --
for code in -32005:behind -32603:rpc_error 429:rate_limited 500:http_status 503:http_status; do
    later 1.2 "$main" errors "{\"code\": ${code%:*}, \"count\": 3}"
    probe 0 --url "$main" --transactions 30 --rate 10
    says "^$main .* ${code#*:} 3( |,|\$)" 'a burst of errors is counted by reason'
    says "^agenc: $main: ${code#*:}: " 'and each told in a line'
    says '30 landed, 0 expired, 0 refused' 'and costs no transaction'
done

# -- drops: all dropped for longer than a blockhash lives: expired --
later 1.5 "$main" drop '{"chance": 1, "ms": 3600000}'
probe 1 --url "$main" --transactions 40 --rate 10
says ' [1-9][0-9]* expired, 0 refused' 'what never lands expires'
says ' [1-9][0-9]* sent again' 'and was sent again until then'
admin "$main" drop '{"chance": 0, "ms": 0}' >"$work/admin"

# -- halt: nothing is lost --
later 1.5 "$main" halt '{"ms": 3000}'
probe 0 --url "$main" --transactions 20 --rate 10
says '20 landed' 'a halt is sat out'

serve slow --profile mainnet --time-scale 1 --seed 3
slow=$url

# -- half of all is dropped: sent again --
later 1.5 "$slow" drop '{"chance": 0.5, "ms": 3600000}'
probe 0 --url "$slow" --transactions 30 --rate 10
says ' [1-9][0-9]* sent again' 'what was dropped is sent again'
says '30 landed' 'until it lands'
admin "$slow" drop '{"chance": 0, "ms": 0}' >"$work/admin"

# -- reorg: processed, lost, processed again --
for at in 1.5 1.8 2.1 2.4 2.7 3.0 3.3 3.6 3.9 4.2 4.5 4.8; do later "$at" "$slow" reorg '{"depth": 2}'; done
probe 0 --url "$slow" --transactions 40 --rate 10
says '40 landed' 'what a reorg took away lands again'
says ' [1-9][0-9]* lost when processed' 'a lost block is seen'
says ' 0 reverted when confirmed' 'and what was confirmed is not lost'

# -- endpoints --
probe 0 --url "http://127.0.0.1:1,$main" --transactions 10 --rate 1000
says '^http://127.0.0.1:1 .* connect [0-9]+' 'an endpoint that is not there is counted'
says '1 failovers' 'and the other is asked'
serve second --profile mainnet --time-scale 4 --seed 7
second=$url
admin "$second" lag '{"slots": 120}' >"$work/admin"
probe 0 --url "$second,$main" --transactions 20 --rate 10
says "^$second .* (lags|behind) [0-9]+" 'one that lags is found out'

# -- nobody is there --
probe 3 --url http://127.0.0.1:1,http://127.0.0.1:2 --transactions 1
says 'no endpoint answers' 'and that is said in one line'

# -- the timeout --
later 1.5 "$main" halt '{"ms": 60000}'
probe 124 --url "$main" --transactions 40 --rate 10 --timeout 6s
says ' [1-9][0-9]* open' 'what is still open at the timeout is told'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
