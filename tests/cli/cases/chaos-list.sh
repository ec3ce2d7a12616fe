# chaos list, and files that say something wrong.
expect 0 '^81 injectors' chaos list
expect 0 '^  disk\.bitflip +! L0 +one' chaos list injectors
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
# Scenario files, said wrongly.
armed='\n[[fault]]\nid = "chain.halt"\nat = "1s"\nfor = "1s"\n'
expect 2 'nothing\.toml arms no fault, so it would try nothing' chaos run --scenario "$(file nothing 'name = "x"\n')"
expect 2 ':3:1: no key load\.duraton in a scenario, nearest is load\.duration' chaos run --scenario "$(file key 'name = "x"\n[load]\nduraton = "9s"'"$armed")"
expect 2 'load\.rate is out of range, want above 0 to 10000' chaos run --scenario "$(file rate 'name = "x"\n[load]\nrate = 0'"$armed")"
expect 2 'no invariant "S1", nearest is S01' chaos run --scenario "$(file rule 'name = "x"\n[expect]\ninvariants = ["S1"]'"$armed")"
expect 2 'p = 2 is out of range, want a chance above 0 and at most 1' chaos run --scenario "$(file chance 'name = "x"\n[[fault]]\nid = "network.drop"\nat = "1s"\nfor = "1s"\np = 2\n')"
expect 2 'depth of chain\.reorg: 999 is out of range, want 1 to 500' chaos run --scenario "$(file deep 'name = "x"\n[[fault]]\nid = "chain.reorg"\nat = "1s"\ndepth = 999\n')"
expect 2 'network\.drop knows no target "storage", want one of any, executor' chaos run --scenario "$(file target 'name = "x"\n[[fault]]\nid = "network.drop"\nat = "1s"\nfor = "1s"\ntarget = "storage"\n')"
expect 2 'a fault cannot end before it begins' chaos run --scenario "$(file before 'name = "x"\n[[fault]]\nid = "chain.halt"\nat = "1s"\nfor = "-1s"\n')"
expect 2 'no load profile stedy .*; did you mean steady' chaos run --scenario "$(file load 'name = "x"\n[load]\nworkload = "stedy"'"$armed")"
one_line chaos run --scenario "$(file again 'name = "x"\n')"
expect 2 'its first fault begins at 1m, a load of 20s would meet none' chaos run --scenario C1 --duration 20s
