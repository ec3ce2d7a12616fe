# tune: finds what is better where something is, says so where nothing is, and proves it on fresh seeds.
tune=(tune --duration 40s --rate 30 --budget 40)
expect 0 'Result latency p99 of the winner .*Better\.$' "${tune[@]}" --output-dir "$work/tuned" --set speculation.max_depth=1 \
    --space speculation.max_depth=1,2,4 --space speculation.max_parallel_branches=1,2,4
grep -q '^speculation.max_depth = [24]$' "$work/tuned/winner.toml"; verdict $? "the winner is a configuration"
[[ $(jq .seed "$work/tuned/start.json") == 2 && $(jq .seed "$work/tuned/winner.json") == 2 ]]
verdict $? "the proof has seeds that chose nothing"
"$agenc" config validate --config "$work/tuned/winner.toml" > "$work/out" 2> "$work/err"; verdict $? "the winner's file is valid"
grep -q '^## Rollback plan' "$work/tuned/report.md" && grep -q '^## Pareto front' "$work/tuned/search.md"
verdict $? "the report of the winner, and the search's"
cp "$work/tuned/search.md" "$work/search.md"
"$agenc" "${tune[@]}" --output-dir "$work/tuned" --set speculation.max_depth=1 --jobs 1 --quiet \
    --space speculation.max_depth=1,2,4 --space speculation.max_parallel_branches=1,2,4 > "$work/out" && cmp -s "$work/search.md" "$work/tuned/search.md"
verdict $? "the search does not depend on the number of threads"
expect 0 'Nothing that was tried is better than the start' "${tune[@]}" --output-dir "$work/best" --space speculation.limits.gc_interval_ms=30000,60000
[[ $(ls "$work/best") == $'search.html\nsearch.md\nsearch_files\nwinner.toml' ]]; verdict $? "no report where nothing was compared"
grep -Eq '^2 configurations, ' "$work/best/search.md" && ! grep -q 'none was needed' "$work/best/search.md"
verdict $? "the search says what it did, and no more"
grep -Eq ' runs of the 40 that the race may spend; ' "$work/best/search.md"; verdict $? "the search says what it spent"
expect 1 'On fresh seeds MISSED: result\.p99 .* want < 1 ms \(off by [0-9.]+ %\)' "${tune[@]}" --output-dir "$work/never" --slo 'result.p99<1ms' --quiet
grep -q '^# .*On fresh seeds MISSED: result.p99 ' "$work/never/winner.toml" && grep -q 'On fresh seeds MISSED' "$work/never/search.md"
verdict $? "winner.toml and the page say what the terminal says"
# What a search leaves in a folder is its own.
mkdir -p "$work/never/report_files" && touch "$work/never/report_files/p.png" "$work/never/report.md" "$work/never/start.json"
expect 0 '[0-9] files of an earlier search removed' "${tune[@]}" --output-dir "$work/never" --space speculation.limits.gc_interval_ms=30000,60000
[[ ! -e $work/never/report_files && ! -e $work/never/report.md && ! -e $work/never/start.json ]]; verdict $? "an earlier search's report is gone"
# The race's seeds hold p99 < 2.75 s, the proof's do not: these decide. And the other way round.
close=(tune --duration 60s --rate 20 --budget 40 --slo 'result.p99<2.75s' --objective memory_per_active_task --quiet)
expect 1 'On fresh seeds MISSED: result\.p99 2\.89 s' "${close[@]}" --seed 1 --output-dir "$work/close"
[[ $(jq -r '[.targets[].name] | join(" ")' "$work/close/winner.json") == result.p99 ]]; verdict $? "the proof is judged by the constraints"
grep -q 'Reason.*On fresh seeds MISSED: result.p99 2.89 s' "$work/close/report.md"; verdict $? "the report says what is missed"
expect 0 'On fresh seeds every constraint holds: result\.p99 2\.58 s' "${close[@]}" --seed 2 --output-dir "$work/close"
expect 1 'NOT proven better' tune --duration 20s --rate 20 --budget 20 --seed 3 --quiet --objective rollback_rate \
    --output-dir "$work/noise" --space speculation.max_parallel_branches=2,4,8,16
[[ $(sed -n '/^## Pareto/,/^## Race/p' "$work/tuned/search.md" | grep -c '^| .* | 2 |$') -ge 2 ]] &&
    ! sed -n '/^## Pareto/,/^## Race/p' "$work/tuned/search.md" | grep -Eq '^\| .* \| ([3-9]|1[0-9]) \|$'
verdict $? "the front holds what was measured equally against each other"
[[ $("$agenc" tune --help | grep -c '^  1 ') == 1 ]]; verdict $? "each exit status is listed once"
"$agenc" tune --duration 10m --rate 50 --output-dir "$work/halted-tune" > "$work/out" 2> "$work/err" &
stopped=$!
until [[ -d $work/halted-tune ]] || ! kill -0 "$stopped" 2> "$work/err"; do sleep 0.05; done
# What runs in the background ignores the signal until it listens for it: once may be too early.
while kill -INT "$stopped" 2> "$work/err"; do sleep 0.2; done
wait "$stopped"
[[ $? == 1 && ! -e $work/halted-tune ]]; verdict $? "an interrupted search leaves no empty folder"
expect 0 'result.p99 ' "${tune[@]}" --output-dir "$work/slo" --objective throughput --slo 'result.p99<9s'
refused_tune() { # STATUS PATTERN OPTION...
    expect "$1" "$2" "${tune[@]}" --output-dir "$work/refused" "${@:3}"
    one_line "${tune[@]}" --output-dir "$work/refused" "${@:3}"
}
refused_tune 2 'depth_mean is nothing that can be better' --objective depth_mean
refused_tune 2 'perhaps result\.p9' --objective result.p98
refused_tune 2 '--space speculation.max_depth: 2 is there twice' --space speculation.max_depth=2,2
refused_tune 2 'target.*nonsense' --slo nonsense
refused_tune 2 'no key of the configuration' --space rate=10,20
refused_tune 2 'max_depth' --space speculation.max_depth=1,99
expect 3 'nowhere/tuned' "${tune[@]}" --output-dir "$work/nowhere/tuned"
[[ ! -e $work/refused ]]; verdict $? "a refused search leaves no folder"
