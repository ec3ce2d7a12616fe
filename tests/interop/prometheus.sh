#!/bin/bash
# tests/interop/prometheus.sh BUILD: does calibration read a real Prometheus server right?
# Draws from known distributions become blocks of its database (promtool), the server answers range queries over
# them, and `agenc calibrate --prometheus` has to find the parameters, exactly as it does from the same draws as CSV.
# Prints "N passed, N failed"; exit 0 when none failed.
set -u
agenc=$(realpath "${1:?usage: tests/interop/prometheus.sh BUILD}")/agenc
passed=0 failed=0 server=
work=$(mktemp -d)
leave() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
    rm -rf "$work"
}
trap leave EXIT

judge() { # WHAT COMMAND...: its status is the verdict
    local what=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAIL $what"; fi
}

# -- the server: 3000 points of each name, 15 s apart, in three series --
START=1700000000 STEP=15 SERIES=3 POINTS=3000
END=$((START + STEP * (POINTS / SERIES - 1)))
for tool in prometheus promtool; do
    command -v $tool >/dev/null || { echo "FAIL $tool is missing; ci/setup servers installs it"; echo "0 passed, 1 failed"; exit 1; }
done

# Minimal standard generator and Box-Muller: the same draws on every machine, six decimals.
awk -v points=$POINTS -v series=$SERIES -v start=$START -v step=$STEP '
    function unit() { x = (x * 16807) % 2147483647; return x / 2147483647 }
    function normal(  u) { u = unit(); return sqrt(-2 * log(u)) * cos(6.283185307179586 * unit()) }
    BEGIN {
        x = 2024
        for (i = 0; i < points; i++) {
            execution[i] = 850 * exp(0.4 * normal())
            proof[i] = 2400 * exp(0.15 * normal())
        }
        say("execution_ms", execution)
        say("proof_ms", proof)
        print "# EOF"
    }
    function say(name, values,  i) {
        print "# TYPE " name " gauge"
        for (i = 0; i < points; i++)
            printf "%s{agent=\"a%d\"} %.6f %d\n", name, i % series, values[i], start + int(i / series) * step
    }' >"$work/metrics"
mkdir "$work/data"
promtool tsdb create-blocks-from openmetrics "$work/metrics" "$work/data" >"$work/promtool.log" 2>&1 ||
    { cat "$work/promtool.log"; echo "0 passed, 1 failed"; exit 1; }
echo "scrape_configs: []" >"$work/prometheus.yml"

free_port() { # the server does not say which it took, so it is given one
    local port
    for port in $(shuf -i 20000-29999 -n 50); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
url=http://127.0.0.1:$(free_port)
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --storage.tsdb.retention.time=100y \
    --web.listen-address="${url#http://}" --log.level=warn >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
    curl -fs "$url/-/ready" >/dev/null && break
    sleep 0.1
done
judge "the server is ready: $(tail -n 3 "$work/server.log")" curl -fs "$url/-/ready" -o /dev/null

# -- what calibration makes of it --
calibrate() { # QUERY COLUMN [OPTION...]
    local query=$1 column=$2 kind=prover
    shift 2
    [ "$column" = proof_ms ] || kind=workload
    "$agenc" calibrate $kind --prometheus "${at:-$url}" --query "$query" --column "$column" --start "${from:-$START}" \
        --end $END --step "${step:-$STEP}s" --bootstrap 0 "$@"
}
csv() { # NAME: the same draws, in the order in which the server gives them, a series at a time
    echo "$1"
    for agent in $(seq 0 $((SERIES - 1))); do sed -n "s/^$1{agent=\"a$agent\"} \([0-9.]*\) [0-9]*$/\1/p" "$work/metrics"; done
}
holds() { # KEY TRUTH FILE: the interval of 95 % has the truth in it
    awk -v key="$1" -v truth="$2" '$1 == key && match($0, /95 %: [0-9.]+ [.][.] [0-9.]+/) {
        split(substr($0, RSTART + 6, RLENGTH - 6), ends, " [.][.] ")
        good = ends[1] + 0 <= truth && truth <= ends[2] + 0 } END { exit !good }' "$3"
}
compare() { # NAME COMMAND: the server's rows and the same rows as a file have one answer
    csv "$1" >"$work/$1.csv"
    calibrate "$1" "$1" >"$work/$1.server" 2>&1
    local status=$?
    judge "$2 ends well: $(tail -n 1 "$work/$1.server")" test $status = 0
    "$agenc" calibrate "$2" --from "$work/$1.csv" --bootstrap 0 >"$work/$1.file" 2>&1
    judge "$1 has the answer of the same rows as CSV" diff "$work/$1.file" "$work/$1.server"
    judge "$1 has all $POINTS points" grep -q "^$1, $POINTS rows" "$work/$1.server"
}
# -- and of the metrics that a suite leaves behind --
"$agenc" benchmark suite --output-dir "$work/suite" --runs 1 --no-report --quiet >"$work/out" 2>&1
for moment in pre post; do
    promtool check metrics <"$work/suite/${moment}_metrics.txt" >"$work/lint" 2>&1
    status=$?
    judge "promtool reads the metrics of a suite, $moment: $(head -n 1 "$work/lint")" test $status -ne 1 -a -s "$work/suite/${moment}_metrics.txt"
    grep -vxFf "$(dirname "$0")/../../ops/prometheus/lint-allowed.txt" "$work/lint" >"$work/complaints"
    judge "and has nothing else to say: $(head -n 1 "$work/complaints")" test ! -s "$work/complaints"
done

compare execution_ms workload
judge "the executions' distribution is found" grep -q '^benchmark.execution = "lognormal:8[45]' "$work/execution_ms.server"
judge "its median is within its interval" holds benchmark.execution 850 "$work/execution_ms.server"
compare proof_ms prover
judge "the time of a proof is within its interval" holds batch.unit_ms 2400 "$work/proof_ms.server"
judge "its noise is within its interval: $(grep ^noise.sigma "$work/proof_ms.server")" holds noise.sigma 0.15 "$work/proof_ms.server"

above=$(awk -F, '$1 > 2400' "$work/proof_ms.csv" | grep -vc proof)
calibrate 'proof_ms{agent=~"a[0-2]"} > 2400' proof_ms >"$work/above" 2>&1
judge "a query with spaces and signs arrives whole: $(head -n 1 "$work/above")" grep -q "^proof_ms, $above rows" "$work/above"
step=5 calibrate proof_ms proof_ms >"$work/often" 2>&1
judge "a step below the interval of scraping repeats points, as docs/CALIBRATION.md says: $(head -n 1 "$work/often")" \
    grep -q "^proof_ms, $((SERIES * (3 * (POINTS / SERIES - 1) + 1))) rows" "$work/often"
calibrate proof_ms proof_ms --output "$work/mine.toml" >/dev/null 2>&1
judge "the profile says where it is from" grep -q "^# source: Prometheus, proof_ms, $START .. $END" "$work/mine.toml"

# -- what a server refuses --
refused() { # STATUS WORDS QUERY
    calibrate "$3" proof_ms >"$work/out" 2>&1
    local status=$?
    judge "exit status $1 and not $status: $(tail -n 1 "$work/out")" test $status = "$1"
    judge "says \"$2\": $(tail -n 1 "$work/out")" grep -Eq "$2" "$work/out"
}
refused 3 'status 400: .*parse error' 'proof_ms{'
refused 2 'no points for this query' nothing_of_that_name
step=1 refused 3 'status 400: .*exceeded maximum resolution' proof_ms
from=never refused 3 'status 400: .*invalid parameter' proof_ms
at=$url/elsewhere refused 3 'status 404' proof_ms

echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
