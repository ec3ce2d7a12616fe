# chain describe.
for name in mainnet mainnet-legacy400 congested devnet localnet alpenglow mainnet-mixed; do
    expect 0 "^$name: (tower|alpenglow), " chain describe --profile "$name" --slots 300 --transactions 20
done
expect 0 'slots           100 of 400\.0 ms on average; 0\.00 % skipped' chain describe --profile localnet --slots 100 --transactions 0
expect 0 'sent to confirmed +n/a' chain describe --slots 100 --transactions 0
expect 0 'votes counted' chain describe --set chain.fidelity=mechanistic --slots 100 --transactions 10
expect 2 'unknown key slot\.target; did you mean slot\.target_ms' chain describe --set slot.target=3
expect 2 'unknown key chain\.validators; did you mean validators\.count' chain describe --set chain.validators=5
expect 2 'unknown key colour; its section must be one of mixed, chain, outage, slot' chain describe --set colour=3
expect 2 '/dev/null: the path of one must end in \.toml' chain describe --profile /dev/null
expect 0 'docs/CHAIN\.md lists them' chain describe --help
expect 2 'slot\.factor = 99 is not in 0\.1 \.\. 10' chain describe --set slot.factor=99
expect 2 'must be "empirical", "mechanistic" or "fitted"' chain describe --set chain.fidelity=real
expect 2 'write key=value' chain describe --set slot
expect 2 'has no slots to describe' chain describe --profile fixed:2s
expect 2 'no chain "mainet"|mainet.*mainnet' chain describe --profile mainet
expect 2 'staked' chain describe --path rocket
expect 0 'transactions    50 sent over 20\.00 s:' chain describe --profile localnet --slots 50 --transactions 50
expect 0 'p99\.9.* +17\.42 h$|  17\.42 h' chain describe --profile outage
one_line chain describe --set slot=1
json_reads chain describe --output json --slots 200 --transactions 10
verdict $? "chain describe --output json is JSON"
"$agenc" chain describe --slots 50 --transactions 5 --samples "$work/samples.csv" > "$work/out" 2> "$work/err" &&
    [[ $(wc -l < "$work/samples.csv") == 58 ]]
verdict $? "a row a slot and a row a transaction"
expect 3 'samples\.csv' chain describe --slots 50 --samples /nowhere/samples.csv
# The tables of the empirical chain, and halts.
expect 0 'delays drawn from tables' chain describe --profile alpenglow --slots 300 --transactions 20
expect 0 '^halts           1, .* their restarts dropped [0-9]+ blocks' chain describe --profile outage --slots 1500 --transactions 0
expect 0 '"halts": 1' chain describe --profile outage --set chain.fidelity=mechanistic --slots 1500 --transactions 0 --output json
expect 2 'is of other parameters than .* has now: agenc chain tabulate makes it anew' chain describe --set slot.factor=2
expect 2 'mixed\.\* and chain\.fidelity; --set slot\.factor=2 is not among them' chain describe --profile mainnet-mixed --set slot.factor=2
expect 0 'votes counted' chain describe --profile mainnet-mixed --set chain.fidelity=mechanistic --slots 100 --transactions 0
expect 0 '^seed = 9$' chain tabulate --profile localnet --slots 5000 --seed 9
expect 2 '4999' chain tabulate --profile localnet --slots 4999
expect 2 'tabulate the profiles that it is made of' chain tabulate --profile mainnet-mixed
expect 0 'slot start to finalized, ms \|' chain compare --profile localnet --slots 500 --transactions 50
expect 2 'draws from no tables' chain compare --profile localnet --set chain.fidelity=mechanistic
cp scenarios/chain/localnet.toml "$work/mine.toml"
expect 2 'mine\.toml has no tables to draw from .*tables/mine\.toml' chain describe --profile "$work/mine.toml"
mkdir -p "$work/tables"
"$agenc" chain tabulate --profile "$work/mine.toml" --slots 5000 --output "$work/tables/mine.toml"
verdict $? "the tables of a profile of one's own are made"
expect 0 'delays drawn from tables' chain describe --profile "$work/mine.toml" --slots 100 --transactions 10
# Either fidelity from the benchmark's command line, and from a scenario.
short=(benchmark speculation --duration 10s --runs 1 --no-baseline)
expect 0 'trajectory' "${short[@]}" --chain congested --fidelity mechanistic --output "$work/r.json"
grep -q '"fidelity": "mechanistic"' "$work/r.json"
verdict $? "a result says how its chain was computed"
printf '[benchmark]\nchain = "alpenglow"\nfidelity = "mechanistic"\n' > "$work/s.toml"
expect 0 'trajectory' "${short[@]}" --scenario "$work/s.toml" --output "$work/r.json"
grep -q '"fidelity": "mechanistic"' "$work/r.json"
verdict $? "a scenario says how its chain is computed"
expect 2 'is none of empirical, mechanistic, fitted' "${short[@]}" --fidelity exact
expect 2 'alpenglow has no fitted laws' "${short[@]}" --chain alpenglow --fidelity fitted
expect 2 '--fidelity: fixed:2s has no slots' "${short[@]}" --chain fixed:2s --fidelity mechanistic
# Few validators, of whom one may be down, and what is slower than the slots: a chain all the same, or one line.
counted=(chain describe --set chain.fidelity=mechanistic --transactions 0)
expect 0 'votes counted' "${counted[@]}" --slots 20000 --set validators.count=12
expect 0 'votes counted' "${counted[@]}" --slots 2000 --set validators.count=40 --set freeze.replay_sigma=3
expect 0 'votes counted' "${counted[@]}" --slots 2000 --set validators.count=40 --set slot.target_ms=20 --set freeze.replay_ms=1000
expect 2 'freeze\.replay_ms = 3000 is not in 0 \.\. 2000' "${counted[@]}" --set freeze.replay_ms=3000
expect 2 'slot\.target_ms = 5 is not in 20 \.\. 10000' "${counted[@]}" --set slot.target_ms=5
