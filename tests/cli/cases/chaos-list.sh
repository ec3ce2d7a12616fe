# chaos list, and files that say something wrong.
expect 0 '^81 injectors' chaos list
expect 0 '^  disk\.bitflip +! L0 L1 ' chaos list injectors
expect 0 '^  L05  high +alerts fire \(not exercised yet\)' chaos list invariants
expect 0 '^  C2 002  cascade_rollback_stress +20m ' chaos list scenarios
expect 0 '^  duration +of each cut; 1ms to 1h, 5s without it' chaos list network.partition
expect 0 'every acknowledged task is' chaos list s18
expect 0 '^agenc chaos run --scenario cascade_rollback_stress --seed 1$' chaos list 002
expect 2 'nothing in chaos is called "network\.dorp", nearest is network\.drop' chaos list network.dorp
expect 2 'want injectors, invariants, scenarios, or one of their names' chaos list zzzzzzzzzzzz
expect 2 'of injectors, invariants or scenarios, not of "S18"' chaos list S18 --output json
one_line chaos list network.dorp
for what in "" injectors invariants scenarios; do
    # shellcheck disable=SC2086 # no word or one
    json_reads chaos list $what --output json
    verdict $? "chaos list $what --output json is JSON"
done
