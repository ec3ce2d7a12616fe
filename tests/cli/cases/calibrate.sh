# calibrate chain, prover, workload: what is found in data of known parameters, what is written, each way to fail.
data=tests/data
quick=(--bootstrap 19)

expect 0 '^\* lognormal +median 1\.10' calibrate prover --from $data/prover.csv "${quick[@]}" --output "$work/p.toml"
expect 0 '^batch\.unit_ms = 52\.46' calibrate prover --from $data/prover.csv "${quick[@]}"
grep -q '^# source: prover.csv, 2000 rows, SHA-256 [0-9a-f]\{64\}$' "$work/p.toml"
verdict $? "a prover profile names its source"
grep -q '^unit_ms = 52.46.* # fitted: 95 %' "$work/p.toml" && grep -q '^cores = 1 # kept: ' "$work/p.toml"
verdict $? "each key of a prover profile is fitted or kept"
grep -q '^\[law\]' "$work/p.toml"
verdict $((1 - $?)) "measured times replace the law"
expect 0 'throughput' benchmark speculation --duration 10s --runs 1 --no-baseline --prover "$work/p.toml"

expect 0 '^slot\.factor = 1\.0' calibrate chain --from $data/chain-slots.csv --from $data/chain-transactions.csv \
    "${quick[@]}" --output "$work/c.toml" --date 2026-11-21
grep -q '^# date: 2026-11-21$' "$work/c.toml" && grep -q '^wait_weights = .*# fitted' "$work/c.toml"
verdict $? "a chain profile has the date that was given, and both files' keys"
expect 0 'throughput' benchmark speculation --duration 10s --runs 1 --no-baseline --chain "$work/c.toml"
expect 0 'waits and drops overlap' calibrate chain --from $data/chain-transactions.csv --path ordinary "${quick[@]}"
"$agenc" chain describe --slots 4000 --transactions 1000 --samples "$work/samples.csv" > /dev/null 2>&1
expect 0 '^path\.staked\.drop_chance = ' calibrate chain --from "$work/samples.csv" "${quick[@]}" --output "$work/s.toml"
[[ $(grep -c '^# source: samples.csv, [14]000 rows' "$work/s.toml") == 2 ]]
verdict $? "a file of samples holds two tables"
printf 'slot,start_ms,end_ms,state\n0,0,1,block\n\nsent_ms,outcome,slots_to_land\n0,landed,x\n' > "$work/two.csv"
expect 2 'two\.csv:5:10: "x" is not a whole number' calibrate chain --from "$work/two.csv"
printf 'confirm_ms\n' > "$work/confirm.csv"
seq 100 3 400 >> "$work/confirm.csv"
expect 0 '^confirm\.delay_ms = ' calibrate chain --from "$work/confirm.csv" "${quick[@]}"
expect 2 'both give the delay' calibrate chain --from "$work/confirm.csv" --from $data/chain-slots.csv

expect 0 '^benchmark\.arrivals = "gamma:0\.69' calibrate workload --from $data/workload.csv "${quick[@]}" --output "$work/w.toml"
expect 0 'throughput' benchmark speculation --duration 10s --runs 1 --no-baseline --scenario "$work/w.toml"
"$agenc" calibrate workload --from $data/workload.csv "${quick[@]}" --output "$work/again.toml" > /dev/null
cmp -s "$work/w.toml" "$work/again.toml"
verdict $? "the same data give the same file"

expect 0 '^note|unit' calibrate prover --from $data/prover.csv --bootstrap 0 --plot "$work/qq.svg"
grep -q '<title>Q-Q plot of proof_ms' "$work/qq.svg"
verdict $? "a Q-Q plot is drawn"

expect 2 'give one of --from FILE and --prometheus URL' calibrate prover
expect 2 'give one of' calibrate prover --from $data/prover.csv --prometheus http://127.0.0.1:9
expect 2 '--query is missing' calibrate prover --prometheus http://127.0.0.1:9
expect 2 'does not begin with http' calibrate prover --prometheus ftp://x --query q --column proof_ms --start 1 --end 2
expect 3 '127\.0\.0\.1:9: ' calibrate prover --prometheus http://127.0.0.1:9 --query q --column proof_ms --start 1 --end 2
expect 2 'must end in \.toml' calibrate prover --from $data/prover.csv --output "$work/profile"
expect 2 '--date: must be one line' calibrate prover --from $data/prover.csv --date $'a\nb'
expect 3 'cannot read /nowhere\.csv: No such file or directory; check the path$' calibrate prover --from /nowhere.csv
expect 2 '--base: .*nearest|--base: ' calibrate prover --from $data/prover.csv --base groth16-cpi
expect 2 '--base: .*is a distribution' calibrate prover --from $data/prover.csv --base fixed:1s
expect 2 '--base: .*is mixed' calibrate chain --from $data/chain-slots.csv --base mainnet-mixed
expect 2 '--base: .*has no keys' calibrate chain --from $data/chain-slots.csv --base fixed:1s
expect 2 'two tables of slots' calibrate chain --from $data/chain-slots.csv --from $data/chain-slots.csv
expect 2 'the header names no column slot \(slots\), or sent_ms' calibrate chain --from $data/prover.csv
expect 3 'p\.toml|Is a directory|No such' calibrate prover --from $data/prover.csv --bootstrap 0 --output /nowhere/p.toml

bad() { # STATUS PATTERN KIND TEXT
    printf '%b' "$4" > "$work/bad.csv"
    expect "$1" "$2" calibrate "$3" --from "$work/bad.csv"
}
bad 2 'is empty' prover ''
bad 2 'a header and no rows' prover 'proof_ms\n'
bad 2 'bad\.csv:2:1: "nan" is not a finite number' prover 'proof_ms\nnan\n'
bad 2 'bad\.csv:2:1: "-1" is not' prover 'proof_ms\n-1\n'
bad 2 'bad\.csv:1:10: column proof_ms stands twice' prover 'proof_ms,proof_ms\n1,1\n'
bad 2 'nearest is batch_size' prover 'proof_ms,batch_sise\n1,1\n'
bad 2 '1 rows say too little about a prover' prover 'proof_ms\n1\n'
bad 2 'bad\.csv:2: proof_ms must be above 0' prover "proof_ms\n$(printf '0\\n%.0s' {1..40})"
bad 2 'no spread' prover "proof_ms\n$(printf '5\\n%.0s' {1..40})"
bad 2 'say too little about a chain' chain 'slot,start_ms,end_ms,state\n0,0,200,block\n'
bad 2 'say too little about a path' chain 'sent_ms,outcome,slots_to_land\n0,landed,1\n'
bad 2 'is not one of landed, refused, expired' chain 'sent_ms,outcome,slots_to_land\n0,lost,1\n'
bad 2 'bad\.csv:3: slot goes back' chain "slot,start_ms,end_ms,state\n$(printf '3,0,200,block\\n%.0s' {1..200})"
bad 2 'bad\.csv:2: end_ms must be after' chain "slot,start_ms,end_ms,state\n$(printf '3,9,9,block\\n%.0s' {1..200})"
times='slot,start_ms,end_ms,frozen_ms,confirmed_ms,finalized_ms,state\n'
bad 2 'bad\.csv:2: frozen_ms is before end_ms' chain "$times$(printf '0,0,9,8,20,30,block\n%.0s' {1..200})"
bad 2 'bad\.csv:2: confirmed_ms is before frozen_ms' chain "$times$(printf '0,0,9,20,19,30,block\n%.0s' {1..200})"
bad 2 'bad\.csv:2: finalized_ms is before confirmed_ms' chain "$times$(printf '0,0,9,10,20,19,block\n%.0s' {1..200})"
bad 2 'bad\.csv:2: finalized_ms is before frozen_ms' chain "$times$(printf '0,0,9,10,,9.5,block\n%.0s' {1..200})"
bad 2 'bad\.csv:2: confirmed_ms is before sent_ms' chain \
    "sent_ms,outcome,confirmed_ms,slots_to_land\n$(printf '5,landed,4,1\n%.0s' {1..200})"
{ echo slot,start_ms,end_ms,state; for i in {0..399}; do echo "$i,$((i * 200)),$((i * 200 + 200)),skipped"; done; } \
    > "$work/skipped.csv"
echo kept > "$work/sk.toml"
expect 2 'beyond what a profile may hold: .*sk\.toml:[0-9]+:[0-9]+: window\.off_chance = 1 is not in' \
    calibrate chain --from "$work/skipped.csv" "${quick[@]}" --output "$work/sk.toml"
[[ $(cat "$work/sk.toml") == kept ]]
verdict $? "a profile that nothing would take does not replace a file"
bad 2 'say too little about a workload' workload 'arrival_ms\n1\n'
bad 2 'bad\.csv:3: arrival_ms goes back' workload "arrival_ms\n9\n$(printf '1\\n%.0s' {1..40})"
bad 2 'all rows arrive at one time' workload "arrival_ms\n$(printf '1\\n%.0s' {1..40})"
bad 2 'bad\.csv:2: depth is above 63' workload "arrival_ms,depth\n$(printf '1,99\\n%.0s' {1..40})"
one_line calibrate prover --from /nowhere.csv
