# benchmark history: results are kept once and whole, SQLite's own shell reads them, a trend shows what changed.
kept=$work/kept
db=$kept/history.db
mkdir -p "$kept"
night() { # NUMBER OPTION...: a result of that night
    mkdir -p "$kept/$1"
    "$agenc" benchmark speculation --quiet --duration 30s --warmup 5s --runs 2 --no-baseline --seed "$1" "${@:2}" \
        --output "$kept/$1/latency.json" > "$work/out" 2> "$work/err" || verdict 1 "a result of night $1"
}
for i in $(seq 9); do night "$i"; done
for i in $(seq 10 18); do night "$i" --set speculation.max_depth=1; done
history=(benchmark history)
in_db() { # WANT SQL: what SQLite's own shell says
    [[ $(sqlite3 "$db" "$2" 2> "$work/err" | tee "$work/out") == "$1" ]]
    verdict $? "sqlite3: $2 is $1"
}

refuses 3 'history add RESULT --db' "${history[@]}" list --db "$db"
[[ ! -e $db ]]; verdict $? "to look at a history does not make one"
refuses 3 'nowhere.json: .*want a result file or a folder' "${history[@]}" add "$kept/nowhere.json" --db "$db"
refuses 2 'no agenc result' "${history[@]}" add "$kept/1" scenarios/../tests/vectors/engine-vectors.json --db "$db"
[[ ! -e $db ]]; verdict $? "what cannot be read leaves no history"
refuses 2 'want a time' "${history[@]}" add "$kept/1" --db "$db" --time yesterday
refuses 2 'want a time' "${history[@]}" add "$kept/1" --db "$db" --time 2026-02-30
refuses 2 'would overwrite the result' "${history[@]}" add "$kept/1" --db "$kept/1/latency.json"
refuses 3 'nowhere/h.db: cannot be opened' "${history[@]}" add "$kept/1" --db "$kept/nowhere/h.db"
refuses 2 'no history' "${history[@]}" add "$kept/1" --db README.md

for i in $(seq 18); do
    "$agenc" "${history[@]}" add "$kept/$i" --db "$db" --label "night $i" --time "2026-10-$(printf %02d "$i")" \
        > "$work/out" 2> "$work/err" || verdict 1 "night $i is added"
done
in_db 18 'SELECT count(*) FROM result'
in_db wal 'PRAGMA journal_mode'
in_db ok 'PRAGMA integrity_check'
in_db '' 'PRAGMA foreign_key_check'
expect 0 '^0 results added to .*; 2 were there already, nothing done' "${history[@]}" add "$kept/3" "$kept/4/latency.json" --db "$db"
in_db 18 'SELECT count(*) FROM result'
in_db "2026-10-03 00:00:00|night 3|3" \
    "SELECT datetime(at, 'unixepoch'), label, seed FROM result WHERE seed = '3'"
if command -v jq > /dev/null; then
    in_db "$(jq -r '[.per_run[].latency_ms.result.p99 / 1000] | sort | map(tostring | .[0:6]) | join(" ")' "$kept/5/latency.json")" \
        "SELECT group_concat(substr(value, 1, 6), ' ') FROM (SELECT value FROM value JOIN result ON id = result WHERE seed = '5' AND name = 'result.p99' ORDER BY value)"
    jq 'del(.. | .p99?)' "$kept/18/latency.json" > "$kept/older.json"
    expect 0 '^1 result added' "${history[@]}" add "$kept/older.json" --db "$db"
    in_db '1' "SELECT median IS NULL FROM metric JOIN result ON id = result WHERE test = 'older' AND name = 'result.p99'"
    sed 's|agenc.bench/1|agenc.bench/0|' "$kept/1/latency.json" > "$kept/unknown.json"
    refuses 2 'schema is "agenc.bench/0", must be' "${history[@]}" add "$kept/2" "$kept/unknown.json" --db "$db"
fi

expect 0 '^2026-10-05 00:00  latency +night 5 ' "${history[@]}" list --db "$db"
"$agenc" "${history[@]}" --help | grep -q 'benchmark history trend '; verdict $? "the three commands have a help together"
refuses 2 'label "two.lines": want one line' "${history[@]}" add "$kept/1" --db "$kept/label.db" --label $'two\nlines'
refuses 2 'has 100000 bytes, want at most' "${history[@]}" add "$kept/1" --db "$kept/label.db" --label "$(printf '%0100000d' 0)"
[[ ! -e $kept/label.db ]]; verdict $? "a label that is refused leaves no history"

# Without the right to write, also for root. What may be read is read; why nothing can be written is said.
may_not=()
[[ $(id -u) == 0 ]] && may_not=(setpriv --inh-caps=-all --bounding-set=-all)
locked() { # STATUS PATTERN WORDS...
    "${may_not[@]}" "$agenc" "${@:3}" > "$work/out" 2> "$work/err"
    [[ $? == "$1" ]] && cat "$work/out" "$work/err" | grep -Eq -- "$2"
    verdict $? "agenc ${*:3} where nothing may be written (want $1 and /$2/)"
}
mkdir "$kept/still 100%?" && cp "$db" "$kept/still 100%?/h.db"
chmod a-w "$kept/still 100%?/h.db"
locked 0 'night 18' "${history[@]}" list --db "$kept/still 100%?/h.db"
locked 3 'want a file and a folder that you may write to' "${history[@]}" add "$kept/older.json" "$kept/1" --db "$kept/still 100%?/h.db"
chmod a-w "$kept/still 100%?"
locked 0 'night 18' "${history[@]}" list --db "$kept/still 100%?/h.db"
locked 0 'Worse since' "${history[@]}" trend --db "$kept/still 100%?/h.db" --output "$work/still.md"
locked 3 'new.db: cannot be opened: Permission denied' "${history[@]}" add "$kept/1" --db "$kept/still 100%?/new.db"
chmod u+w "$kept/still 100%?"
json_reads "${history[@]}" list --db "$db" --output json; verdict $? "a list reads as JSON"
refuses 2 '--test latensy: no result of it .*nearest is latency' "${history[@]}" list --db "$db" --test latensy

trend=("${history[@]}" trend --db "$db" --test latency)
expect 0 '^latency +18 .* 1  Worse since 2026-10-10' "${trend[@]}" --output "$work/t.md" --html "$work/t.html"
for pattern in '^## latency' '2026-10-10 00:00 . night 10 .* settings, seed' 'not to judge by' '<img src="t_files/trend-1.png"'; do
    grep -Eq -- "$pattern" "$work/t.md"; verdict $? "the trend has /$pattern/"
done
[[ -s $work/t_files/trend-1.png ]]; verdict $? "a trend's image has its file"
! grep -Eq '<script|<link|@import|url\(http| src="?http' "$work/t.html"; verdict $? "a trend's page asks for nothing"
cp "$work/t.html" "$work/t-first.html"
"$agenc" "${trend[@]}" --output "$work/t.md" --html "$work/t.html" > "$work/out" && cmp -s "$work/t-first.html" "$work/t.html"
verdict $? "the same history gives the same page"
expect 0 '^latency +18 +n/a' "${trend[@]}" --metric recovery.p999 --output "$work/n.md"
refuses 2 'no metric result.p98, nearest is' "${trend[@]}" --metric result.p98 --output "$work/m.md"
refuses 2 'would overwrite the history' "${trend[@]}" --output "$db"
in_db ok 'PRAGMA integrity_check'

# A writer that holds the file: readers go on, other writers say so in time. It lets go when its input ends.
mkfifo "$kept/hold"
sqlite3 "$db" < "$kept/hold" > "$work/held" &
holder=$!
exec 5> "$kept/hold"
printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&5
until [[ -s $work/held ]] || ! kill -0 "$holder" 2> "$work/err"; do sleep 0.05; done
expect 0 'night 18' "${history[@]}" list --db "$db"
expect 3 'another process holds it, waited 5 s' "${history[@]}" add "$kept/1/latency.json" --db "$db"
exec 5>&-
wait "$holder"

# Two who add at once, fifty results each; the history is new for both.
both=$kept/both.db
for side in left right; do
    mkdir -p "$kept/$side"
    for i in $(seq 50); do cp "$kept/1/latency.json" "$kept/$side/$side-$i.json"; done
    for i in $(seq 50); do "$agenc" "${history[@]}" add "$kept/$side/$side-$i.json" --db "$both" --quiet || echo "$i"; done \
        > "$kept/$side.out" 2>&1 &
    adders+=($!)
done
wait "${adders[@]}"
cat "$kept/left.out" "$kept/right.out" > "$work/out"
[[ ! -s $work/out && $(sqlite3 "$both" 'SELECT count(*) FROM result') == 100 ]]
verdict $? "two processes that add at once lose nothing"
sqlite3 "$both" 'PRAGMA user_version = 99' && refuses 2 'version 99, made by a newer agenc' "${history[@]}" list --db "$both"
