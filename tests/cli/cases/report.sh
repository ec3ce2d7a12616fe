# benchmark report: real results in, a page that stands alone out; every fault is one line.
results=$work/report-results
mkdir -p "$results/prod"
for test in latency burst; do
    "$agenc" benchmark speculation --quiet --duration 1m --rate 10 --runs 2 --output "$results/$test.json" \
        > "$work/out" 2> "$work/err"
    verdict $? "a result to report: $test"
done
cp "$results/latency.json" "$results/prod/latency.json"
report=(benchmark report --input-dir "$results" --output "$work/report.md" --html "$work/report.html")

expect 0 '^(PASS|MISS)  .*targets.* of 3 tests' "${report[@]}"
[[ $(stat -c %s "$work/report.html") -lt 1000000 ]]; verdict $? "the page is smaller than 1 MB"
! grep -Eq 'https?:|<script|<link|@import|url\(| src=' "$work/report.html"; verdict $? "the page asks for nothing"
grep -q '^| \[Latency (prod)\](#latency-prod) ' "$work/report.md"; verdict $? "folders stand side by side"
[[ $(grep -c '<img src="report_files/' "$work/report.md") == $(find "$work/report_files" -name '*.png' | wc -l) ]]
verdict $? "each image has its file and each file its image"
if command -v xmllint > /dev/null; then
    sed -n '/<svg/,/<\/svg>/p' "$work/report.html" | sed '1i <page>' | sed '$a </page>' | xmllint --noout - 2> "$work/err"
    verdict $? "every SVG is well-formed"
    # Its HTML parser is older than HTML 5: it does not know some elements, the rest it must like.
    xmllint --html --noout "$work/report.html" 2>&1 | grep 'error' | grep -Ev 'Tag [a-z]+ invalid' > "$work/err"
    [[ ! -s $work/err ]]; verdict $? "the page is well-formed"
fi
# No two elements of a page share an id.
grep -oE ' id="[^"]*"' "$work/report.html" | sort | uniq -d > "$work/out"
[[ ! -s $work/out ]]; verdict $? "ids are unique"
cp "$work/report.html" "$work/first.html"
"$agenc" "${report[@]}" > "$work/out" && cmp -s "$work/first.html" "$work/report.html"
verdict $? "the same results give the same page"

refuses() { # STATUS PATTERN WORDS...
    expect "$@"
    one_line "${@:3}"
}
mkdir -p "$work/empty"
refuses 3 'no result file' benchmark report --input-dir "$work/empty" --output "$work/e.md"
refuses 3 'nowhere' benchmark report --input-dir "$work/nowhere" --output "$work/e.md"
refuses 3 'nowhere/e.md' benchmark report --input-dir "$results" --output "$work/nowhere/e.md"
head -c 3000 "$results/latency.json" > "$work/empty/cut.json"
refuses 2 'cut\.json:[0-9]+:[0-9]+' benchmark report --input-dir "$work/empty" --output "$work/e.md"
echo '{"schema": "other/1"}' > "$work/empty/cut.json"
refuses 2 'cut\.json' benchmark report --input-dir "$work/empty" --output "$work/e.md"
PATH=$work/empty "$agenc" "${report[@]}" > "$work/out" 2> "$work/err"
[[ $? == 3 && ! -s $work/out && $(wc -l < "$work/err") == 1 ]] && grep -q 'gnuplot: not found' "$work/err"
verdict $? "without gnuplot: exit 3 and one line that names it"
[[ ! -e $work/e.md ]]; verdict $? "a refused report leaves no file"

# A share of one is a whole number in the file, and still a share.
mkdir "$work/one"
expect 0 '^trajectory' benchmark speculation --quiet --duration 10s --rate 5 --runs 1 --inject-failures 1 \
    --output "$work/one/all.json"
expect 0 'report:' benchmark report --input-dir "$work/one" --output "$work/one/report.md"
grep -q 'Injected: 100 %' "$work/one/report.md"; verdict $? "the report says that every task may fail"

# A command is told whole, however long.
many=()
for i in {1..100}; do many+=(--set speculation.max_depth=5); done
mkdir "$work/long"
"$agenc" benchmark speculation --quiet --duration 10s --rate 5 --runs 1 "${many[@]}" --output "$work/long/many.json" \
    > "$work/out" 2> "$work/err"
expect 0 'report:' benchmark report --input-dir "$work/long" --output "$work/long/report.md"
[[ $(grep '^agenc benchmark' "$work/long/report.md" | grep -o 'max_depth=5' | wc -l) == 100 ]]
verdict $? "the report tells a hundred options"
grep -q '^agenc benchmark .* --output many.json$' "$work/long/report.md"; verdict $? "and the end of the command"

# Nothing, or next to nothing, was measured: every plot still has its place.
for sparse in '--duration 5m --rate 0.001' '--duration 2s --rate 1 --runs 1' '--duration 1m --rate 20 --prover fixed:1d'; do
    rm -rf "$work/sparse" && mkdir "$work/sparse"
    read -ra words <<< "$sparse"
    "$agenc" benchmark speculation --quiet "${words[@]}" --output "$work/sparse/sparse.json" > "$work/out" 2> "$work/err"
    verdict $? "a result with little in it: $sparse"
    expect 0 'report:' benchmark report --input-dir "$work/sparse" --output "$work/sparse/r.md" \
        --html "$work/sparse/r.html"
    grep -q 'no data: ' "$work/sparse/r.html"; verdict $? "a plot without data says so: $sparse"
done

# Asked to stop, it takes back what it began; gnuplot's end is waited for.
mkdir "$work/stopped" "$work/stopped/tmp" "$work/slow"
printf '#!/bin/sh\nsleep 20\n' > "$work/slow/gnuplot" && chmod +x "$work/slow/gnuplot"
for signal in INT TERM; do
    (trap - INT; TMPDIR=$work/stopped/tmp PATH=$work/slow:$PATH exec "$agenc" benchmark report \
        --input-dir "$results" --output "$work/stopped/r.md" --html "$work/stopped/r.html") \
        > "$work/out" 2> "$work/err" &
    report_pid=$!
    for _ in {1..100}; do
        compgen -G "$work/stopped/tmp/*/0.log" > /dev/null && break
        sleep 0.05
    done
    # A shell's background job ignores SIGINT; the program sets its own handler all the same.
    kill -s $signal $report_pid
    wait $report_pid
    [[ $? == 1 && $(wc -l < "$work/err") == 1 ]] && grep -q 'interrupted' "$work/err"
    verdict $? "SIG$signal: exit 1 and one line"
    [[ -z $(find "$work/stopped" -mindepth 1 -not -name tmp) ]]
    verdict $? "SIG$signal: nothing is left behind"
done
