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
refused_sweep 'sweep and --output' --sweep rate=10,20 --output "$work/x.json"
expect 3 'nowhere/sweep' "${sweep[@]}" --sweep rate=10,20 --sweep-dir "$work/nowhere/sweep"
