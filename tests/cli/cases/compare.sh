# benchmark compare: what a change did, said once it is known; every refusal is one line.
arms=$work/arms
mkdir -p "$arms/before" "$arms/after"
measure() { # FILE OPTION...
    "$agenc" benchmark speculation --quiet --duration 1m --no-baseline --output "$arms/$1" "${@:2}" > "$work/out" 2> "$work/err"
    verdict $? "a result to compare: $1"
}
measure before/latency.json --runs 8
measure after/latency.json --runs 8 --set speculation.max_depth=1
measure again.json --runs 8
measure few.json --runs 4 --set speculation.max_depth=1
measure other-seed.json --runs 8 --seed 77
measure other-rate.json --runs 8 --rate 30
compare=(benchmark compare "$arms/before/latency.json")

expect 0 'Result latency p99 .*Worse' "${compare[@]}" "$arms/after/latency.json" --output "$work/c.md" --html "$work/c.html" \
    --json "$work/c.json" --change-id TUNE-7 --parameter "it's <depth>" --reason 'blast radius' --author Ada --date 2026-02-28
for pattern in 'TUNE-7' 'blast radius' 'Ada' '2026-02-28' '^## Rollback plan' "^  -H .*-d '[{]\"speculation.max_depth\":3[}]'$" \
    '^## Recommendation' '^### Negative impacts' '^Roll the change back|A trade-off|^Keep the change'; do
    grep -Eq -- "$pattern" "$work/c.md"; verdict $? "the tuning report has /$pattern/"
done
grep -q 'it&#39;s &lt;depth&gt;\|it'"'"'s &lt;depth&gt;' "$work/c.html"; verdict $? "the page shows words as they are"
! grep -Eq '<script|<link|@import|url\(http| src="?http' "$work/c.html"; verdict $? "the page asks for nothing"
[[ $(stat -c %s "$work/c.html") -lt 1000000 ]]; verdict $? "the page of a comparison is smaller than 1 MB"
[[ $(grep -c '<img src="c_files/' "$work/c.md") == $(find "$work/c_files" -name '*.png' | wc -l) ]]
verdict $? "each image of a comparison has its file"
if command -v jq > /dev/null; then
    [[ $(jq -r '.schema, .tests[0].paired, .tests[0].metrics["result.p99"].verdict, .family' "$work/c.json" | tr '\n' ' ') == \
        'agenc.comparison/1 true Worse max-t ' ]]
    verdict $? "programs read the verdict from JSON"
fi
cp "$work/c.html" "$work/first.html"
"$agenc" "${compare[@]}" "$arms/after/latency.json" --output "$work/c.md" --html "$work/c.html" --change-id TUNE-7 \
    --parameter "it's <depth>" --reason 'blast radius' --author Ada --date 2026-02-28 > "$work/out" && cmp -s "$work/first.html" "$work/c.html"
verdict $? "the same results give the same comparison"

expect 0 '^IDENTICAL' "${compare[@]}" "$arms/again.json" --output "$work/i.md"
expect 13 'Need >= 6 pairs' "${compare[@]}" "$arms/few.json" --output "$work/f.md"
expect 0 'undecided|difference' "${compare[@]}" "$arms/other-seed.json" --output "$work/u.md"
grep -q '^Unpaired: the arms have different seeds' "$work/u.md"; verdict $? "arms of different seeds are labelled"
expect 0 '^latency|Latency' benchmark compare "$arms/before" "$arms/after" --output "$work/s.md"

refuses() { # STATUS PATTERN WORDS...
    expect "$@"
    one_line "${@:3}"
}
refuses 2 'different workloads, rate_tasks_per_s 50 against 30' "${compare[@]}" "$arms/other-rate.json" --output "$work/r.md"
# A load from a file is what is in the file.
printf '1\n2\n' > "$work/depth.txt"
measure depth1.json --runs 2 --depth-distribution "empirical:$work/depth.txt"
printf '1\n3\n' > "$work/depth.txt"
measure depth2.json --runs 2 --depth-distribution "empirical:$work/depth.txt"
refuses 2 'different workloads, depth_distribution_digest' benchmark compare "$arms/depth1.json" "$arms/depth2.json" --output "$work/r.md"
cp scenarios/prover/mock.toml "$work/mine.toml"
measure prover1.json --runs 2 --prover "$work/mine.toml"
sed -i 's/^unit_ms = 1/unit_ms = 2/' "$work/mine.toml"
measure prover2.json --runs 2 --prover "$work/mine.toml"
expect 13 'UNDECIDED' benchmark compare "$arms/prover1.json" "$arms/prover2.json" --output "$work/p.md"
grep -q 'profile\\_digest' "$work/p.md"; verdict $? "a profile that was edited in place is the change"
refuses 2 'are the same' "${compare[@]}" "$arms/before/latency.json" --output "$work/r.md"
refuses 3 'nowhere.json' "${compare[@]}" "$arms/nowhere.json" --output "$work/r.md"
refuses 2 'would overwrite the result' "${compare[@]}" "$arms/again.json" --output "$arms/again.json"
cp "$arms/again.json" "$arms/keep.json"
refuses 2 'would overwrite the result' "${compare[@]}" "$arms/keep.json" --output "$work/r.md" --json "$arms/keep.json"
refuses 2 'json and another output are the same' "${compare[@]}" "$arms/again.json" --output "$work/r.md" --json "$work/r.md"
refuses 2 'date' "${compare[@]}" "$arms/again.json" --output "$work/r.md" --date tomorrow
refuses 2 'BEFORE AFTER' benchmark compare "$arms/again.json" --output "$work/r.md"
[[ ! -e $work/r.md && ! -e $work/r_files ]]; verdict $? "a refused comparison leaves no file"
