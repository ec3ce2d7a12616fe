# chain describe.
for name in mainnet mainnet-legacy400 congested devnet localnet alpenglow mainnet-mixed; do
    expect 0 "^$name: (tower|alpenglow), " chain describe --profile "$name" --slots 300 --transactions 20
done
expect 0 'slots           100 of 400\.0 ms on average; 0\.00 % skipped' chain describe --profile localnet --slots 100 --transactions 0
expect 0 'sent to confirmed +n/a' chain describe --slots 100 --transactions 0
expect 0 'votes counted' chain describe --set chain.fidelity=mechanistic --slots 100 --transactions 10
expect 2 'unknown key slot\.target; did you mean slot\.target_ms' chain describe --set slot.target=3
expect 2 'slot\.factor = 99 is not in 0\.1 \.\. 10' chain describe --set slot.factor=99
expect 2 'must be "empirical" or "mechanistic"' chain describe --set chain.fidelity=real
expect 2 'write key=value' chain describe --set slot
expect 2 'has no slots to describe' chain describe --profile fixed:2s
expect 2 'no chain "mainet"|mainet.*mainnet' chain describe --profile mainet
expect 2 'staked' chain describe --path rocket
one_line chain describe --set slot=1
json_reads chain describe --output json --slots 200 --transactions 10
verdict $? "chain describe --output json is JSON"
"$agenc" chain describe --slots 50 --transactions 5 --samples "$work/samples.csv" > "$work/out" 2> "$work/err" &&
    [[ $(wc -l < "$work/samples.csv") == 58 ]]
verdict $? "a row a slot and a row a transaction"
expect 3 'samples\.csv' chain describe --slots 50 --samples /nowhere/samples.csv
