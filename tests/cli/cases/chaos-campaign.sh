# chaos run: the seed and everything drawn first, then the verdict; the same seed is the same run.
short=(chaos run --scenario swarm --duration 60s)
expect 0 '^seed      12345$' "${short[@]}" --seed 12345
expect 0 '^HELD  0 violations' "${short[@]}" --seed 12345
expect 0 'S04 +stake is conserved +[1-9]' "${short[@]}" --seed 1
expect 0 '^faults    [1-9][0-9]*, ' "${short[@]}" --seed 1
"$agenc" "${short[@]}" --seed 4 > "$work/first-run" 2>&1
"$agenc" "${short[@]}" --seed 4 > "$work/second-run" 2>&1
cmp -s "$work/first-run" "$work/second-run"
verdict $? "a seed is one run"
json_reads "${short[@]}" --seed 4 --output json
verdict $? "chaos run --output json is JSON"
expect 0 '"digest": "0x' "${short[@]}" --seed 4 --output json
expect 2 'scenario is required|--scenario' chaos run
expect 2 'swram.*swarm' chaos run --scenario swram
expect 3 'nowhere' "${short[@]}" --schedule /nowhere.toml
expect 2 'arms nothing' "${short[@]}" --schedule "$(file empty '')"
expect 2 'network\.drop' "${short[@]}" --schedule "$(file typo '[[fault]]\nid = "network.dorp"\nat = "1s"\nfor = "1s"\n')"
expect 2 'a schedule has \[\[fault\]\] tables alone' "${short[@]}" --schedule "$(file other 'seed = 1\n')"
expect 2 'overlap' "${short[@]}" --schedule "$(file twice '[[fault]]\nid = "chain.halt"\nat = "1s"\nfor = "5s"\n[[fault]]\nid = "chain.halt"\nat = "3s"\nfor = "5s"\n')"
expect 2 'needs a "for"' "${short[@]}" --schedule "$(file endless '[[fault]]\nid = "chain.halt"\nat = "1s"\n')"
expect 2 'no fault was armed' "${short[@]}" --schedule "$(file late '[[fault]]\nid = "chain.halt"\nat = "2h"\nfor = "5s"\n')"
expect 0 'chain\.halt +1 ' "${short[@]}" --schedule "$(file halt '[[fault]]\nid = "chain.halt"\nat = "10s"\nfor = "5s"\n')"
"$agenc" "${short[@]}" --seed 4 --trace "$work/trace.json" --log "$work/run.log" > "$work/out" 2> "$work/err" &&
    [[ -s $work/trace.json && -s $work/run.log ]]
verdict $? "timeline and event log are written"

# chaos campaign: the same folder for any number of threads, in one part or in two.
campaign=(chaos campaign --duration 60s --quiet)
expect 0 '^60 trials, 0 failing' "${campaign[@]}" --seeds 60 --jobs 1 --output "$work/one-job"
expect 0 '^60 trials' "${campaign[@]}" --seeds 60 --jobs 2 --output "$work/two-jobs"
diff -r "$work/one-job" "$work/two-jobs" > "$work/out"
verdict $? "a campaign does not depend on threads"
expect 0 '^20 trials' "${campaign[@]}" --seeds 20 --output "$work/parts"
expect 0 '^60 trials' chaos campaign --quiet --resume "$work/parts" --seeds 40
cmp -s "$work/one-job/campaign.json" "$work/parts/campaign.json"
verdict $? "two parts make one campaign"
grep -q '<testsuites name="agenc chaos campaign"' "$work/one-job/junit.xml" && grep -q 'transition pairs' "$work/one-job/coverage.txt"
verdict $? "a campaign writes JUnit and coverage"
expect 0 'transition pairs' "${campaign[@]}" --seeds 30 --search guided
expect 0 '^30 trials' "${campaign[@]}" --seeds 30 --swarm off
expect 2 'leave out --search' chaos campaign --resume "$work/parts" --search guided
expect 2 'leave out --seeds' chaos campaign --search systematic --seeds 5
expect 3 'campaign\.json' chaos campaign --resume "$work/nowhere"
sed 's/"version": "[^"]*"/"version": "1.0.0"/' "$work/parts/campaign.json" > "$work/campaign.json"
expect 2 'another version' chaos campaign --resume "$work"

# A failure: found, kept, shrunk, and brought back. A liveness limit that no chain can hold is one.
cat > "$work/strict.toml" <<'TOML'
name = "strict"
title = "a chain that stands still for longer than anything may take"
about = "Fails on purpose."
[load]
duration = "60s"
rate = 2
agents = 3
shape = "chain"
depth = "fixed:2"
[run]
heal = "1s"
[[fault]]
id = "app.proof_slow"
at = "1s"
for = "59s"
multiplier = 1000
[[fault]]
id = "clock.skew"
at = "5s"
for = "20s"
TOML
expect 11 'L0[0-9]' chaos campaign --scenario "$work/strict.toml" --seeds 3 --quiet --output "$work/failing"
bundle=$(find "$work/failing" -mindepth 1 -maxdepth 1 -type d | sort | head -1)
for name in repro.toml shrunk.toml cause.txt timeline.html experiment.json journal.json replay.sh; do
    [[ -s $bundle/$name ]]
    verdict $? "a bundle has $name"
done
grep -q 'clock.skew' "$bundle/repro.toml" && ! grep -q 'clock.skew' "$bundle/shrunk.toml"
verdict $? "a fault that is not needed is left out"
expect 11 'the same run, .* fails in the same way' chaos replay "$bundle/repro.toml"
expect 11 'the same run, .* fails in the same way' chaos replay "$bundle/shrunk.toml"
expect 0 'the first difference is event' chaos replay "$bundle/repro.toml" --against "$bundle/shrunk.toml"
expect 0 'no difference in [0-9]+ events' chaos replay "$bundle/repro.toml" --against "$bundle/repro.toml"
expect 0 '^HELD' chaos replay "$bundle/repro.toml" --until 2s
expect 0 'faults of 2, ' chaos shrink "$bundle/repro.toml" --output "$work/smaller.toml"
expect 11 'fails in the same way' chaos replay "$work/smaller.toml"
sed 's/^seed = .*/seed = 99/' "$bundle/repro.toml" > "$work/other.toml"
expect 1 'another run' chaos replay "$work/other.toml"
sed 's/^version = .*/version = "1.0.0"/' "$bundle/repro.toml" > "$work/old.toml"
expect 2 'was written by version 1\.0\.0' chaos replay "$work/old.toml"
sed 's/^fingerprint = .*/fingerprint = "0x01"/' "$bundle/repro.toml" > "$work/else.toml"
expect 1 'does not fail so' chaos replay "$work/else.toml"
expect 1 'nothing to shrink' chaos shrink "$work/else.toml"
expect 2 'no key "version"' chaos replay "$(file nothing '')"
expect 3 'nowhere' chaos replay /nowhere/repro.toml

# An interruption keeps what there is, and the campaign can go on.
"$agenc" chaos campaign --seeds 100000 --quiet --output "$work/stopped-campaign" > "$work/out" 2> "$work/err" &
pid=$!
sleep 2
kill -INT $pid
wait $pid
[[ $? == 1 ]] && grep -q 'interrupted after .* go on with --resume' "$work/err" && grep -q '"interrupted": true' "$work/stopped-campaign/campaign.json"
verdict $? "an interrupted campaign keeps what it has"
# Every task that arrived ended in one way.
for seed in 1 3 7; do
    "$agenc" chaos run --scenario swarm --seed $seed --output json > "$work/sum.json" 2> /dev/null
    jq -e '.run | .tasks == .confirmed + .rolled_back + .failed + .cancelled + .expired' "$work/sum.json" > /dev/null
    verdict $? "the tasks of seed $seed are all accounted for"
done
