#!/bin/bash
# tests/browser/run.sh BINARY: every kind of page that is written, opened in a real browser without a network:
# the report of a suite, a comparison, a sweep, a search and the report of its winner, a trend.
# Each asks for nothing from anywhere, complains of nothing, looks different in light and in dark, is not blank,
# fits a telephone, every link inside it leads somewhere, and every plot shows data, inside its frame, under
# words that can be read (tests/browser/judge.js). Screenshots are kept in build/browser/.
# Prints "N passed, M failed"; exit 0 when none failed.
set -u
agenc=$(realpath "${1:?usage: tests/browser/run.sh BINARY}")
cd "$(dirname "$0")/../.." || exit 1
unset AGENC_ENV NO_COLOR "${!AGENC_SPECULATION_@}"
shots=$PWD/build/browser
mkdir -p "$shots"
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

verdict() { # OK? WHAT
    if [[ $1 == 0 ]]; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAIL $2"; fi
}

# browse PAGE OPTIONS...: with a new profile; every name fails to resolve; two tries, for slow machines.
browse() {
    local page=$1 try
    shift
    for try in 1 2; do
        timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
            --disable-background-networking --disable-component-update --disable-sync --disable-extensions \
            --hide-scrollbars --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$work/profile.$RANDOM" \
            --enable-logging=stderr --virtual-time-budget=5000 "$@" "file://$page" 2>"$work/err" && return 0
        echo "chromium failed, try $try" >&2
    done
    return 1
}

shoot() { # shoot NAME SCHEME PAGE: 0 is dark, 1 is light
    browse "$3" --window-size=1280,3000 --blink-settings=preferredColorScheme="$2" \
        --log-net-log="$work/$1.net" --screenshot="$shots/$1.png" >/dev/null
    verdict $? "$1 screenshot"
    ! grep -E 'CONSOLE' "$work/err"
    verdict $? "$1: the browser's console is silent"
}

# lay_out NAME PAGE SIZE: what judge.js finds when the page is laid out; prints the number of plots.
lay_out() {
    local findings
    { sed 's|</body>.*||' "$2" && echo '<script>' && cat tests/browser/judge.js && echo '</script></body></html>'; } \
        >"$work/judged.html"
    browse "$work/judged.html" --window-size="$3" --dump-dom | sed -n '/^FINDINGS/,/^END/p' >"$work/findings"
    read -r _ plots _ <"$work/findings"
    findings=$(sed '1d;/^END/d;/^$/d' "$work/findings")
    [[ ${plots:-0} -gt 0 && -z $findings ]]
    verdict $? "$1, $3 pixels, ${plots:-no} plots: ${findings:0:600}"
}

judge() { # judge NAME PAGE PLOTS: with as many plots as there should be
    local name=$1 page=$2 scheme asked plots
    [[ -s $page && $(stat -c %s "$page") -lt 1000000 ]]
    verdict $? "$name: there is a page, smaller than 1 MB"
    ! grep -oiE '(src|srcset|data|poster|action)="?[a-z]+:[^"]{0,40}|url\( *["'\'']?[a-z]+:[^)]{0,40}|@import|<(script|link|iframe|object|embed)[ >]' "$page" |
        grep -v 'data:'
    verdict $? "$name refers to nothing outside itself"
    shoot "$name-light" 1 "$page"
    shoot "$name-dark" 0 "$page"
    for scheme in light dark; do
        [[ $(stat -c %s "$shots/$name-$scheme.png") -gt $((4 * $(stat -c %s "$shots/blank.png"))) ]]
        verdict $? "the $scheme page of $name is not blank"
    done
    ! cmp -s "$shots/$name-light.png" "$shots/$name-dark.png"
    verdict $? "$name: light and dark differ"
    # The browser itself asks its maker for news; the page must ask nobody.
    asked=$(grep -ohE '"url":"(https?|wss?)://[^"]*"' "$work/$name"-{light,dark}.net |
        grep -vE '"https?://[a-z0-9.-]+\.(google|googleapis|gstatic|gvt1)\.com[/"]' | sort -u)
    [[ -s $work/$name-light.net && -z $asked ]]
    verdict $? "$name asks for nothing: $(head -c 200 <<<"$asked")"
    lay_out "$name" "$page" 1280,3000
    [[ ${plots:-0} == "$3" ]]
    verdict $? "$name has $3 plots, not ${plots:-none}"
    lay_out "$name" "$page" 500,900
}

run() { # run WHAT WORDS...: something that writes pages
    "$agenc" "${@:2}" >"$work/out" 2>"$work/err"
    verdict $? "$1 runs: $(head -n 1 "$work/err")"
}
echo '<!doctype html><title>blank</title>' >"$work/blank.html"
shoot blank 1 "$work/blank.html"

run 'the suite' benchmark suite --output-dir "$work/suite" --runs 2 --quiet
judge report "$work/suite/report.html" 40
for test in Throughput Latency 'Deep chains' 'Burst traffic' 'Rollback recovery'; do
    grep -q "$test" "$work/suite/report.html"
    verdict $? "the report tells of: $test"
done

burst=(benchmark speculation --quiet --no-baseline --duration 4m --runs 8 --rate 20 --rate-pattern burst:3x:30s:every:2m)
run 'before' "${burst[@]}" --output "$work/before.json"
run 'after' "${burst[@]}" --output "$work/after.json" --set speculation.max_depth=1
run 'the comparison' benchmark compare "$work/before.json" "$work/after.json" --output "$work/change.md" --html "$work/change.html"
judge comparison "$work/change.html" 8

run 'the sweep' benchmark speculation --quiet --duration 1m --no-baseline --runs 3 --sweep speculation.max_depth=1,3 \
    --sweep rate=20,40 --sweep-dir "$work/sweep"
judge sweep "$work/sweep/sweep.html" 7

run 'the search' tune --quiet --duration 40s --rate 30 --budget 20 --output-dir "$work/tuned" --set speculation.max_depth=1 \
    --space speculation.max_depth=1,2,4
judge search "$work/tuned/search.html" 1
judge winner "$work/tuned/report.html" 8

for night in $(seq 18); do
    name=$work/nights/$night
    mkdir -p "$name"
    run "night $night" benchmark speculation --quiet --duration 30s --no-baseline --runs 3 --seed "$night" \
        --set speculation.max_depth=$((night > 9 ? 1 : 3)) --output "$name/latency.json"
    run "night $night is kept" benchmark history add "$name/latency.json" --db "$work/history.db" \
        --label "night $night" --time "2026-10-$(printf %02d "$night")"
done
run 'a result by itself' benchmark history add "$work/before.json" --db "$work/history.db"
run 'the trend' benchmark history trend --db "$work/history.db" --output "$work/trend.md" --html "$work/trend.html"
judge trend "$work/trend.html" 2

echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
