# benchmark speculation: bad questions, what is written, interrupts, and the same bytes on any number of cores.
speculation=(benchmark speculation --quiet)

# What cannot be run is said before anything runs: one line, exit 2.
refused() { # PATTERN OPTION...
    local pattern=$1
    shift
    expect 2 "$pattern" "${speculation[@]}" "$@"
    one_line "${speculation[@]}" "$@"
}
refused 'rate.*nan' --rate nan
refused 'rate.*-5' --rate=-5
refused 'depth-distribution.*uniform:5-1' --depth-distribution uniform:5-1
refused 'rate-pattern.*burst:10x' --rate-pattern burst:10x
refused 'duration.*5 parsecs' --duration '5 parsecs'
refused 'inject-failures' --inject-failures 110%
refused 'nosuch' --chain nosuch
refused 'target' --target nowhere

# A folder that is not there: exit 3, one line that names it, nothing left behind.
expect 3 'missing/a\.json' "${speculation[@]}" --duration 10s --output "$work/missing/a.json"
one_line "${speculation[@]}" --duration 10s --output "$work/missing/a.json"
expect 3 'missing/a\.hlog' "${speculation[@]}" --duration 10s --hlog "$work/missing/a.hlog"
expect 3 '/dev/full' "${speculation[@]}" --duration 10s --output /dev/full
[[ ! -e $work/missing ]]; verdict $? "no folder is made"

# Every prover profile can be named.
for profile in scenarios/prover/*.toml; do
    expect 0 "^prover .*busy" "${speculation[@]}" --duration 10s --rate 1 --runs 1 --prover "$(basename "$profile" .toml)"
done

# The summary says what product.md asks for, and is short.
expect 0 '^PASS' "${speculation[@]}" --duration 1m
[[ $(wc -l < "$work/out") -le 48 ]]; verdict $? "the summary fits a screen"
for pattern in '^throughput .*offered' '^CV over runs' '^latency .*p50.*p99\.9' '^  all runs together, with 95 % intervals:' \
    '^    rollback rate .* % \(.* \.\. .*\) of speculative' '^memory .*per active task' '^recovery' '^speed-up .*bound' 'without -> with: p50' \
    '^prover .*busy' '^(PASS|MISS) .*result\.p99' '^trajectory [0-9a-f]{16}.*simulated seconds'; do
    grep -Eq -- "$pattern" "$work/out"; verdict $? "the summary has /$pattern/"
done
expect 0 'too short for steady state' "${speculation[@]}" --duration 20s
expect 0 '^result latency, ms' "${speculation[@]}" --duration 30s --measure-latency

# The same bytes but for the wall clock, whatever the number of threads.
without_time() { grep -v '"wall_seconds"' "$1"; }
for jobs in 1 2; do
    "$agenc" "${speculation[@]}" --duration 1m --inject-failures 5% --jobs "$jobs" --output "$work/jobs$jobs.json" \
        --hlog "$work/jobs$jobs.hlog" > "$work/out" 2> "$work/err"
    verdict $? "--jobs $jobs runs"
done
cmp -s <(without_time "$work/jobs1.json") <(without_time "$work/jobs2.json")
verdict $? "one thread and two give the same result"
cmp -s "$work/jobs1.hlog" "$work/jobs2.hlog"; verdict $? "and the same histogram log"
grep -q '"name": "rollback_rate"' "$work/jobs1.json"
[[ $? == 1 ]]; verdict $? "an injected rollback rate is not judged"

# A timeline is JSON that Perfetto takes: slices that begin and last, arrows and frames with both their ends.
"$agenc" "${speculation[@]}" --duration 20s --runs 1 --trace "$work/trace.json" --output "$work/traced.json" > "$work/out" 2> "$work/err"
jq -e --slurpfile result "$work/traced.json" '.displayTimeUnit == "ms" and (.traceEvents
    | all(.[]; .ph | IN("B", "E", "C", "M", "X", "f", "s", "i"))
    and all(.[] | select(.ph == "X"); .ts >= 0 and .dur >= 0 and .args.task > 0)
    and all(.[] | select(.ph == "C"); .args.value >= 0)
    and (map(select(.ph == "B")) | length) == (map(select(.ph == "E")) | length)
    and (map(select(.ph == "s").id) | sort) == (map(select(.ph == "f").id) | sort)
    and (map(select(.ph == "X" and .name == "execute").args.task) | unique | length) == $result[0].summary.tasks.executed)' \
    "$work/trace.json" > "$work/out"
verdict $? "programs read the timeline"

# The map of waiting times holds every task that has a latency, in the bucket that its latency belongs to.
"$agenc" "${speculation[@]}" --duration 100s --warmup 0s --output "$work/map.json" > "$work/out" 2> "$work/err"
jq -e '.summary | .latency_map as $map | .latency_ms.result as $result
    | ($map.counts | map(add // 0) | add) == $result.count and $map.bin_s == 2 and ($map.counts | length) == 50
    and ($map.lowest_bucket as $b | (4 + $b % 4) * pow(2; 16 + ($b / 4 | floor)) / 1e6
        | . <= $result.min and $result.min < 1.25 * .)' "$work/map.json" > "$work/out"
verdict $? "the map of waiting times counts every task"

# Ctrl-C: what there is gets written and marked, exit 1.
"$agenc" "${speculation[@]}" --duration 2h --rate 100 --output "$work/cut.json" > "$work/out" 2> "$work/err" &
running=$!
for _ in {1..300}; do # a second's work of a core, however busy the machine is
    read -ra usage < "/proc/$running/stat" && ((usage[13] + usage[14] >= 100)) && break
    sleep 0.1
done
kill -INT "$running"
wait "$running"
[[ $? == 1 ]]; verdict $? "an interrupted benchmark ends with 1"
grep -q '^  "interrupted": true,$' "$work/cut.json"; verdict $? "and its file says so"
grep -q '^interrupted' "$work/out"; verdict $? "and its summary"

# A scenario file: its options, switches and targets; the command line above it; what is wrong in it, with its place.
scenario() { # LINE...
    printf '%s\n' '[benchmark]' 'duration = "30s"' 'rate = 20' 'runs = 1' "$@" > "$work/scenario.toml"
}
scenario 'no-baseline = true' 'resubmit = false' '[targets]' '"result" = {p99 = "<1h"}'
expect 0 '^PASS +result\.p99 +< 1 h' "${speculation[@]}" --scenario "$work/scenario.toml"
grep -q paired "$work/out"
[[ $? == 1 ]]; verdict $? "a switch of the scenario is on"
expect 0 '1 run of 48s' "${speculation[@]}" --scenario "$work/scenario.toml" --duration 60s
scenario 'resubmit = "no"'
expect 2 'scenario\.toml:5:12: resubmit is on or off, want true or false' "${speculation[@]}" --scenario "$work/scenario.toml"
scenario 'agents = true'
expect 2 'scenario\.toml:5:10: agents is no switch, want N' "${speculation[@]}" --scenario "$work/scenario.toml"
scenario 'resubmitt = false'
expect 2 'unknown option "resubmitt", nearest is resubmit' "${speculation[@]}" --scenario "$work/scenario.toml"

# Every option is in the result's command, however many there are.
many=()
for i in {1..100}; do many+=(--set speculation.max_depth=5); done
expect 0 '^trajectory' "${speculation[@]}" --duration 10s --rate 5 --runs 1 --output "$work/many.json" "${many[@]}" --seed 9
[[ $(grep -c 'max_depth=5' "$work/many.json") == 1 && $(grep -o 'max_depth=5' "$work/many.json" | wc -l) == 100 ]]
verdict $? "a hundred options are kept"
grep -q '"--seed", "9"' "$work/many.json"; verdict $? "and what follows them"

# The suite says before it works where it cannot write.
expect 3 'output-dir.*the folder above it must exist' benchmark suite --quiet --output-dir "$work/none/here" "${many[@]}"
touch "$work/file"
expect 3 'output-dir.*want a folder' benchmark suite --quiet --output-dir "$work/file"
expect 2 'output-dir: want a path of at most' benchmark suite --quiet --output-dir "$(printf '%01100d' 0)"

# A window that nobody asked for is never wrong; shares may open with a point.
expect 0 '^trajectory' "${speculation[@]}" --duration 20s --warmup 19s --rate 5 --runs 1
expect 0 '^trajectory' "${speculation[@]}" --duration 10s --rate .5 --runs 1 --cross-agent .02 --inject-failures .5
refused 'cross-agent: "1\.1" is too large: at most 100% \(or 1\)' --cross-agent 1.1

# Every seed of 64 bits, exactly.
expect 0 'seed 18446744073709551615' "${speculation[@]}" --duration 10s --rate 5 --runs 1 --seed 18446744073709551615 --output "$work/seed.json"
grep -q '"seed": "18446744073709551615",' "$work/seed.json"; verdict $? "the largest seed is written as it is"
refused 'seed.*0\.\.18446744073709551615' --seed 18446744073709551616
refused 'seed: "-1"' --seed=-1

# Two results in one file: refused, under whatever names.
refused 'output and --hlog are the same file' --output "$work/x.json" --hlog "$work/x.json"
refused 'output and --trace are the same file' --output "$work/x.json" --trace "$work/./x.json"
ln -s "$work/x.json" "$work/link.json"; touch "$work/x.json"
refused 'hlog and --trace are the same file' --hlog "$work/link.json" --trace "$work/x.json"
rm "$work/link.json"

# What the environment said is in the command as options, so that the command alone gives the same run.
again=(--duration 10s --rate 20 --runs 1)
hash_of() { grep '"trajectory_hash"' "$1" | tail -1; }
AGENC_SPECULATION_MAX_DEPTH=5 expect 0 '^trajectory' "${speculation[@]}" "${again[@]}" --set speculation.max_depth=2 --output "$work/pinned.json"
AGENC_SPECULATION_MAX_DEPTH=5 expect 0 'max_depth is shadowed by AGENC_SPECULATION_MAX_DEPTH; 5 is in force' benchmark speculation "${again[@]}" --set speculation.max_depth=2
grep '"command"' "$work/pinned.json" | grep -q 'max_depth=2'
[[ $? == 1 ]]; verdict $? "what was shadowed is not in the command"
mapfile -t command < <(sed -n 's/^  "command": \[\(.*\)\],$/\1/p' "$work/pinned.json" | sed 's/", "/\n/g; s/"//g')
expect 0 '^trajectory' "${command[@]}" --output "$work/again.json"
[[ -n $(hash_of "$work/pinned.json") && $(hash_of "$work/pinned.json") == "$(hash_of "$work/again.json")" ]]
verdict $? "the recorded command gives the same trajectory"
expect 0 '^trajectory' "${speculation[@]}" "${again[@]}" --set speculation.max_depth=2 --output "$work/other.json"
[[ $(hash_of "$work/pinned.json") != "$(hash_of "$work/other.json")" ]]; verdict $? "which another depth does not"

# A scenario describes the benchmark and nothing else; its values are good ones even where an option hides them.
from_scenario() { # PATTERN LINE [OPTION...]
    scenario "$2"
    refused "scenario\.toml:5:[0-9]+: $1" --scenario "$work/scenario.toml" "${@:3}"
}
for option in output hlog trace scenario config; do
    from_scenario "$option is for the command line" "$option = \"$work/y.json\""
done
from_scenario 'jobs is for the command line' 'jobs = 2'
from_scenario 'quiet is for the command line' 'quiet = true'
from_scenario 'help is for the command line' 'help = true'
from_scenario 'resubmit is on or off, want true or false' 'resubmit = 17'
from_scenario 'no-baseline is on or off, want true or false' 'no-baseline = "yes"'
from_scenario 'agents is an array, want' 'agents = [5]'
from_scenario 'agents is a table, want' 'agents.many = 5'
from_scenario 'agents is a date, want' 'agents = 1979-05-27'
from_scenario '--agents: "0" is not' 'agents = 0' --agents 5
from_scenario 'no-baseline is on or off' 'no-baseline = 1' --no-baseline
from_scenario 'arrivals is no switch, want PROCESS' 'arrivals = true'
echo 'benchmark = 5' > "$work/flat.toml"
refused 'flat\.toml:1:1: benchmark is an integer, want a table' --scenario "$work/flat.toml"
printf '[speculation]\nmax_depth = [5]\n' > "$work/flat.toml"
refused 'flat\.toml:2:14: speculation\.max_depth is an array' --scenario "$work/flat.toml"

# One line and no header, which names the option, or the file and its line.
lines() { printf '%b' "$1" > "$work/lines"; echo "$work/lines"; }
clear_line() { # STATUS PATTERN OPTION...
    expect "$1" "^agenc: benchmark speculation: $2" benchmark speculation "${@:3}"
    one_line benchmark speculation "${@:3}"
}
clear_line 2 '--execution: .*"3" is not a distribution' --execution 3
clear_line 2 '--execution: .*too large: at most 106751d' --execution fixed:9999999d
clear_line 3 '--execution: .*/nonexist: No such file' --execution empirical:/nonexist
clear_line 2 '--execution: .*lines:2: "x"' --execution "empirical:$(lines '1s\nx\n')"
clear_line 3 '--depth-distribution: .*/nonexist: No such file' --depth-distribution empirical:/nonexist
clear_line 2 "[^ ]*lines:2: 'x' is not a whole number" --depth-distribution "empirical:$(lines '1\nx\n')"
clear_line 3 '--shape: .*/nonexist: No such file' --shape trace:/nonexist
clear_line 2 '[^ ]*lines:1: the first task' --shape "trace:$(lines '1\n')"
clear_line 3 '--shape: .*/dev/zero' --shape trace:/dev/zero
clear_line 3 '--rate-pattern: .*/nonexist: No such file' --rate-pattern trace:/nonexist
clear_line 2 '[^ ]*lines:2: .*"3"' --rate-pattern "trace:$(lines '0s 50\n3 20\n')"
clear_line 2 '[^ ]*lines:1: .*first step must be at 0s' --rate-pattern "trace:$(lines '1s 50\n')"
clear_line 2 '--rate-pattern: "9999999d" is too large' --rate-pattern step:50@0s,3@9999999d
clear_line 2 '--rate-pattern: "30q"' --rate-pattern burst:10x:30q:every:2m
clear_line 2 '--arrivals: .*gamma:CV' --arrivals often
clear_line 2 '--edges: ' --edges data=3
clear_line 2 '--shape: ' --shape fan
clear_line 2 '--chain: .*"2" is not a number and a unit' --chain fixed:2
clear_line 2 '--chain: no chain profile .*/nosuch\.toml' --chain nosuch
clear_line 3 '--prover: .*/nonexist: No such file' --prover empirical:/nonexist
clear_line 2 '--rate and --duration ask for [0-9]+ tasks' --rate 1000000 --duration 5d
clear_line 2 '--duration: want 1s to 7d' --duration 8d
clear_line 2 '--set: ' --set speculation
clear_line 2 'unknown option --a\?b' $'--a\x1bb'
expect 2 'no chain profile' "${speculation[@]}" --chain nosuch
grep -q '/\.\./' "$work/err"
[[ $? == 1 ]]; verdict $? "paths are written without detours"
scenario '[targets]' '"result" = {p99 = "soon"}'
clear_line 2 '.*scenario\.toml:6:[0-9]+: ' --scenario "$work/scenario.toml"
sed 's/target_ms/targt_ms/' scenarios/chain/mainnet.toml > "$work/near.toml"
clear_line 2 '--chain: .*near\.toml:[0-9]+:1: unknown key slot\.targt_ms; did you mean slot\.target_ms' --chain "$work/near.toml"
expect 0 'warning: --as-is: speculation\.enabled is false' benchmark speculation --as-is "${again[@]}"

# The formats of files stand in the help, and what it shows is taken.
expect 0 '^  --shape trace:FILE$' benchmark speculation --help
expect 0 '^ +AT RATE: from AT on' benchmark speculation --help
expect 0 'trace:FILE$' manpage
expect 0 '^trajectory' "${speculation[@]}" "${again[@]}" --rate-pattern "trace:$(lines '# rates\n0s 20\n\n5s 100\n')"
expect 0 '^trajectory' "${speculation[@]}" "${again[@]}" --shape "trace:$(lines '- 1 1 2,3\n-\n')"
expect 0 '^trajectory' "${speculation[@]}" "${again[@]}" --depth-distribution "empirical:$(lines '1\n5\n')"
expect 0 '^trajectory' "${speculation[@]}" "${again[@]}" --execution "empirical:$(lines '250ms\n1s\n')"

# Precision: runs are added at fixed numbers, and what they say does not depend on how they came about.
precise=(benchmark speculation --quiet --duration 1m --no-baseline)
expect 0 '^precision  .*result\.p50 .* asked for 2\.00 %$' "${precise[@]}" --precision 2% --precision-of result.p50 --output "$work/precise.json"
count=$(jq .runs "$work/precise.json")
[[ $count -gt 3 && $count -lt 100 ]]; verdict $? "the number of runs follows from the precision ($count)"
"$agenc" "${precise[@]}" --runs "$count" --output "$work/as-many.json" > "$work/out"
same() { jq -S 'del(.command, .wall_seconds, .per_run[].wall_seconds, .summary.wall_seconds)' "$1"; }
[[ $(same "$work/precise.json" | sed 's/precise/X/' | md5sum) == $(same "$work/as-many.json" | sed 's/as-many/X/' | md5sum) ]]
verdict $? "runs added one look after the other are those of one go"
expect 13 'NOT reached' "${precise[@]}" --precision 0.1% --runs 8
refused 'no metric result\.p98' --precision 2% --precision-of result.p98
refused 'precision: want a share above 0' --precision 0
expect 0 '^steady state .*MSER-5' "${precise[@]:0:3}" --duration 3m --warmup auto
refused 'warmup auto: wants a constant rate' --duration 1m --rate-pattern ramp:10-50 --warmup auto
refused 'warmup.*or auto' --warmup soon
refused 'warmup auto: no steady state' --duration 3m --rate 250 --warmup auto

# What the tuning guide would do about it.
expect 0 '^try   --set speculation\.proof\.batch_size=.*batches held' "${precise[@]}"
