# chaos check: the log of a run is judged again; torn ones are told from damaged ones.
"$agenc" chaos run --scenario swarm --duration 60s --seed 4 --log "$work/check.log" > /dev/null 2>&1
expect 0 '^HELD  0 violations' chaos check "$work/check.log"
expect 0 'S04 +stake is conserved +[1-9][0-9]{3}' chaos check "$work/check.log"
expect 0 'not closed$' chaos check "$work/check.log"
json_reads chaos check "$work/check.log" --output json
verdict $? "chaos check --output json is JSON"
expect 0 '"violation_count": 0' chaos check "$work/check.log" --output json
head -c -5 "$work/check.log" > "$work/torn.log"
expect 0 'its last [0-9]+ bytes are a record that was cut off' chaos check "$work/torn.log"
cp "$work/check.log" "$work/damaged.log"
printf '\377\377' | dd of="$work/damaged.log" bs=1 seek=20000 conv=notrunc 2> /dev/null
expect 2 'damaged\.log: record [0-9]+ at byte [0-9]+: .*; what comes before it is good' chaos check "$work/damaged.log"
expect 2 "HELD  0 violations" chaos check "$work/damaged.log" # what comes before the damage
expect 2 'record 0 at byte 0: ' chaos check README.md
expect 3 'nowhere' chaos check /nowhere.log
expect 2 'LOG' chaos check
# No other program than that of the mutation test has bugs planted.
AGENC_MUTANT=M01 expect 2 'this program has no bugs planted' chaos list
! nm "$agenc" 2> /dev/null | grep -q agenc_mutant
verdict $? "no planted bug is in this program"
expect 0 '^M25 +L05 S21 +rolled-back tasks are counted once a rollback$' chaos mutants
expect 0 '^H5 +.*\(not exercised yet\)$' chaos mutants
json_reads chaos mutants --output json
verdict $? "chaos mutants --output json is JSON"
