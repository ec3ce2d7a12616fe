# benchmark gate: the exit status is the word, and each tool gets it in its own language.
gate=$work/gate
mkdir -p "$gate/base" "$gate/new"
scenario() { # FILE LINES
    printf '[benchmark]\nduration = "1m"\n%b' "$2" > "$gate/$1"
}
scenario base.toml 'rate = 40\n'
scenario worse.toml 'rate = 40\n[speculation]\nmax_depth = 1\n'
scenario other.toml 'rate = 41\n'
scenario idle.toml 'rate = 0.001\n'
run_gate=(benchmark gate --baseline "$gate/base.toml")
"$agenc" benchmark speculation --scenario "$gate/base.toml" --runs 8 --no-baseline --quiet --output "$gate/base/a.json" > "$work/out"
"$agenc" benchmark speculation --scenario "$gate/worse.toml" --runs 8 --no-baseline --quiet --output "$gate/new/a.json" > "$work/out"

expect 0 '^PASS .*10 pairs of runs, look 1 at alpha 0\.0005' "${run_gate[@]}" --candidate "$gate/base.toml"
expect 12 '^REGRESSED ' "${run_gate[@]}" --candidate "$gate/worse.toml"
expect 12 '^REGRESSED .*8 pairs' benchmark gate --baseline "$gate/base/a.json" --candidate "$gate/new/a.json"
expect 12 '^REGRESSED .*8 pairs' benchmark gate --baseline "$gate/base" --candidate "$gate/new"
expect 12 '^REGRESSED .*8 pairs' benchmark gate --baseline "$gate/base/a.json" --candidate "$gate/worse.toml"
expect 0 '^PASS' benchmark gate --baseline "$gate/new" --candidate "$gate/base"
printf '[tolerance]\nresult.p99 = "300%%"\n' > "$gate/lax.toml"
expect 0 '^PASS  1 metric' benchmark gate --baseline "$gate/base" --candidate "$gate/new" --policy "$gate/lax.toml"
"$agenc" benchmark speculation --scenario "$gate/worse.toml" --runs 4 --no-baseline --quiet --output "$gate/few.json" > "$work/out"
expect 13 '^INCONCLUSIVE .*4 pairs' benchmark gate --baseline "$gate/base/a.json" --candidate "$gate/few.json"
"$agenc" benchmark speculation --scenario "$gate/idle.toml" --no-baseline --quiet --output "$gate/idle.json" > "$work/out"
cp "$gate/idle.json" "$gate/idle2.json"
expect 14 '^VOID .*measured nothing' benchmark gate --baseline "$gate/idle.json" --candidate "$gate/idle2.json" --junit "$gate/void.xml"
[[ $(xmllint --xpath 'count(//error)' "$gate/void.xml") == 1 ]]; verdict $? "what is void is an error in JUnit XML too"
expect 2 'are the same' benchmark gate --baseline "$gate/base" --candidate "$gate/base"
# A test that is gone is no test that passed.
mkdir -p "$gate/two"
cp "$gate/base/a.json" "$gate/two/a.json"
cp "$gate/base/a.json" "$gate/two/gone.json"
expect 14 '1 test of the baseline is not in the candidate' benchmark gate --baseline "$gate/two" --candidate "$gate/base"
# Looks of any numbers, and outputs that would cost a result.
printf '[gate]\nlooks = [6, 500]\nalpha = 0.001\n' > "$gate/far.toml"
expect 0 '^PASS' "${run_gate[@]}" --candidate "$gate/base.toml" --policy "$gate/far.toml"
expect 2 'would overwrite the result' benchmark gate --baseline "$gate/base" --candidate "$gate/new" --csv "$gate/base/a.json"
expect 2 'are the same file' benchmark gate --baseline "$gate/base" --candidate "$gate/new" --csv "$gate/x" --junit "$gate/x"

# Each format by a reader of its own.
: > "$gate/summary.md"
GITHUB_STEP_SUMMARY=$gate/summary.md "$agenc" benchmark gate --baseline "$gate/base" --candidate "$gate/new" --quiet --github \
    --junit "$gate/j.xml" --benchstat "$gate/b.txt" --bmf "$gate/m.json" --gha "$gate/g.json" --csv "$gate/c.csv" > "$work/out" 2> "$work/err"
[[ $? == 12 ]]; verdict $? "formats do not change the word"
grep -q '^::error title=a regressed::result\.p99 ' "$work/out"; verdict $? "GitHub is told what regressed"
grep -q '^\*\*regressed\*\*' "$gate/summary.md"; verdict $? "the step's summary has the table"
xmllint --noout "$gate/j.xml" && [[ $(xmllint --xpath 'count(//testcase[failure])' "$gate/j.xml") -ge 1 ]]
verdict $? "JUnit XML reads, with a failure"
jq -e '.a["result.p99"] | .lower_value < .value and .value < .upper_value' "$gate/m.json" > "$work/out"
verdict $? "the Bencher metric format reads"
jq -e 'all(.[]; has("name") and has("unit") and has("value")) and any(.[]; .name == "a result.p99")' "$gate/g.json" > "$work/out"
verdict $? "github-action-benchmark reads"
jq -e 'length == 1 and .[0].name == "a throughput"' "$gate/g.json.bigger" > "$work/out"
verdict $? "what should be bigger has a file of its own"
python3 - "$gate/c.csv" << 'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
p99 = [r for r in rows if r["metric"] == "result" and r["quantile"] == "0.99"]
assert len(p99) == 16, len(p99)
assert all(float(r["lo"]) <= float(r["value"]) <= float(r["hi"]) and int(r["n"]) > 367 for r in p99)
assert {r["config"] for r in rows} == {"before", "after"}
PY
verdict $? "CSV reads, intervals around their values"
# No Go here, so no benchstat: a strict reader of Go's benchmark format (golang.org/design/14313, units: go#43744).
# It refuses what benchstat would only skip, and holds each value against the results themselves.
python3 - "$gate/b.txt" "$gate/base/a.json" "$gate/new/a.json" << 'PY'
import json, re, sys
units, arms, arm = {}, {}, None
for line in open(sys.argv[1], encoding="ascii", newline=""):
    assert line.endswith("\n") and "\r" not in line and line.strip(), line
    words = line.split()
    if words[0] == "Unit":
        assert len(words) == 3 and words[1] not in units, line
        key, value = words[2].split("=")
        assert key == "better" and value in ("lower", "higher"), line
        units[words[1]] = value
    elif re.match(r"[a-z][^A-Z\s:]*:[ \t]", line):
        assert words[0] == "arm:" and len(words) == 2, line
        arm = arms.setdefault(words[1], [])
    else:
        assert re.fullmatch(r"Benchmark[A-Z][^\s/]*(/[a-z]+=[^\s/=]+)*", words[0]), line
        # What ends in -N is taken for a number of processors.
        assert not re.search(r"-[0-9]+$", words[0]), line
        assert re.fullmatch(r"[1-9][0-9]*", words[1]) and len(words) % 2 == 0 and len(words) >= 4, line
        names = words[3::2]
        assert len(set(names)) == len(names), line
        assert all(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", word) for word in words[2::2]), line
        arm.append((int(words[1]), dict(zip(names, map(float, words[2::2])))))
assert list(arms) == ["before", "after"], arms.keys()
assert units["throughput-tasks/s"] == "higher" and units["result.p99-ns"] == "lower", units
for arm, path in zip(arms.values(), sys.argv[2:]):
    runs = json.load(open(path))["per_run"]
    assert len(arm) == len(runs) == 8, len(arm)
    for (tasks, values), run in zip(arm, runs):
        assert tasks == run["tasks"]["submitted"]
        assert abs(values["throughput-tasks/s"] - run["throughput_tasks_per_s"]) < 1e-6
        assert abs(values["result.p99-ns"] - run["latency_ms"]["result"]["p99"] * 1e6) < 1
        assert abs(values["rollback_rate-share"] - run["rollback_rate"]) < 1e-9
PY
verdict $? "benchstat text reads"
mkdir "$gate/dash" && cp "$gate/base/a.json" "$gate/dash/a-1.json" && cp -r "$gate/dash" "$gate/dash2"
"$agenc" benchmark gate --baseline "$gate/dash" --candidate "$gate/dash2" --quiet --benchstat "$gate/dash.txt" > "$work/out" 2> "$work/err"
grep -q '^BenchmarkSpeculation/test=a_1 ' "$gate/dash.txt"; verdict $? "a test's name is not taken for a number of processors"

# A scenario is held against the baseline's result of its name.
cp "$gate/worse.toml" "$gate/a.toml"
cp "$gate/base/a.json" "$gate/base/b.json"
expect 12 '^REGRESSED .* in 1 test' benchmark gate --baseline "$gate/base" --scenario "$gate/a.toml"

refuses() { # STATUS PATTERN WORDS...
    expect "$@"
    one_line "${@:3}"
}
refuses 2 'different workloads' "${run_gate[@]}" --candidate "$gate/other.toml" --quiet
refuses 3 'nowhere' "${run_gate[@]}" --candidate "$gate/nowhere.json"
refuses 3 'nowhere.toml' "${run_gate[@]}" --candidate "$gate/base.toml" --policy "$gate/nowhere.toml"
printf '[tolerance]\nresult.p9 = "10%%"\n' > "$gate/typo.toml"
refuses 2 'typo.toml:2:.*perhaps result\.p90' "${run_gate[@]}" --candidate "$gate/base.toml" --policy "$gate/typo.toml"
refuses 2 'candidate' benchmark gate --baseline "$gate/base"
refuses 2 'no result of it in .*worse\.json' benchmark gate --baseline "$gate/base" --scenario "$gate/worse.toml"
rm "$gate/base/b.json"
