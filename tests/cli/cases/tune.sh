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
expect 1 'no configuration that was tried holds every constraint' "${tune[@]}" --output-dir "$work/never" --slo 'result.p99<1ms' --quiet
expect 0 'result.p99 ' "${tune[@]}" --output-dir "$work/slo" --objective throughput --slo 'result.p99<9s'
refused_tune() { # STATUS PATTERN OPTION...
    expect "$1" "$2" "${tune[@]}" --output-dir "$work/refused" "${@:3}"
    one_line "${tune[@]}" --output-dir "$work/refused" "${@:3}"
}
refused_tune 2 'depth_mean is nothing that can be better' --objective depth_mean
refused_tune 2 'perhaps result\.p9' --objective result.p98
refused_tune 2 'target.*nonsense' --slo nonsense
refused_tune 2 'no key of the configuration' --space rate=10,20
refused_tune 2 'max_depth' --space speculation.max_depth=1,99
expect 3 'nowhere/tuned' "${tune[@]}" --output-dir "$work/nowhere/tuned"
[[ ! -e $work/refused ]]; verdict $? "a refused search leaves no folder"
