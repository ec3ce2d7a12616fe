# benchmark speculation --sweep: all points, their response, and where the load bends.
sweep=(benchmark speculation --quiet --duration 40s --no-baseline --runs 3)
expect 0 'max_depth=3, rate=30' "${sweep[@]}" --sweep speculation.max_depth=1,3 --sweep rate=10,30 --sweep-dir "$work/sweep"
[[ $(grep -c '^ *[0-9]*  max_depth=' "$work/out") == 4 ]]; verdict $? "a line a point"
[[ $(find "$work/sweep" -name 'point-*.json' | wc -l) == 4 ]]; verdict $? "a result a point"
grep -q 'knee' "$work/sweep/sweep.md"; verdict $? "the knee is named"
[[ $(grep -c '<img src="sweep_files/' "$work/sweep/sweep.md") == 7 && $(find "$work/sweep/sweep_files" -name '*.png' | wc -l) == 7 ]]
verdict $? "a plot a metric, and one of the knee"
python3 - "$work/sweep" << 'PY'
import csv, json, statistics, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/sweep.csv", newline="")))
assert len(rows) == 24, len(rows)
for row in rows:
    result = json.load(open(f"{sys.argv[1]}/point-{int(row['point']):03}.json"))
    assert str(result["config"]["speculation.max_depth"]) == row["speculation.max_depth"]
    assert result["workload"]["rate_tasks_per_s"] == float(row["rate"])
    if row["metric"] == "throughput":
        median = statistics.median(run["throughput_tasks_per_s"] for run in result["per_run"])
        assert abs(median - float(row["value"])) < 1e-6
PY
verdict $? "the table says what the results say"
expect 0 '^ *7  ' "${sweep[@]}" --sweep speculation.max_depth=1,2,3,4 --sweep rate=10,20,30,40 --sweep-points 7
expect 0 'chain=devnet' "${sweep[@]}" --sweep chain=localnet,devnet
refused_sweep() { # PATTERN OPTION...
    local pattern=$1
    shift
    expect 2 "$pattern" "${sweep[@]}" "$@"
    one_line "${sweep[@]}" "$@"
}
refused_sweep 'want KEY=A,B,C' --sweep speculation.max_depth
refused_sweep 'rate.*-5' --sweep rate=10,-5
refused_sweep 'max_dept' --sweep speculation.max_dept=1,2
refused_sweep 'max_depth' --sweep speculation.max_depth=1,99
refused_sweep 'rate is given twice' --rate 5 --sweep rate=10,20
refused_sweep '--sweep rate=-5' --sweep rate=10,-5
refused_sweep '--sweep max_depth=99: ' --sweep speculation.max_depth=1,99
refused_sweep 'max_depth is given twice, with --set and --sweep' --set speculation.max_depth=3 --sweep speculation.max_depth=1,2
refused_sweep 'points share their seeds' --sweep seed=1,100
expect 2 'points share their runs' benchmark speculation --sweep runs=4,2
refused_sweep 'that changes no result' --sweep quiet=1,2
refused_sweep 'a switch has no values' --sweep resubmit=true,false
for single in output hlog trace jobs sweep sweep-dir precision; do refused_sweep "--sweep $single: " --sweep "$single=a,b"; done
refused_sweep 'sweep-points N' --sweep rate="$(seq -s, 17)" --sweep agents="$(seq -s, 17)"
refused_sweep 'sweep-points says nothing without --sweep' --sweep-points 5
refused_sweep 'sweep-dir says nothing without --sweep' --sweep-dir "$work/x"
refused_sweep 'precision-of says nothing without --precision' --precision-of result.p50
expect 2 'one run has no spread' benchmark speculation --precision 5% --runs 1
# A metric without values is said to have none; a smaller sweep leaves nothing of a larger one.
expect 0 'chain=devnet .* n/a' benchmark speculation --quiet --duration 20s --no-baseline --runs 2 \
    --sweep rate=10,20 --sweep chain=mainnet,devnet --sweep-dir "$work/full"
expect 0 '2 results of an earlier, larger sweep removed' benchmark speculation --duration 20s --no-baseline --runs 2 \
    --sweep rate=10,20 --sweep-dir "$work/full"
[[ $(find "$work/full" -name 'point-*.json' | wc -l) == 2 ]]; verdict $? "points of an earlier sweep are gone"
refused_sweep 'sweep and --output' --sweep rate=10,20 --output "$work/x.json"
expect 3 'nowhere/sweep' "${sweep[@]}" --sweep rate=10,20 --sweep-dir "$work/nowhere/sweep"
