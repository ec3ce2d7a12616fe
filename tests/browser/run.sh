#!/bin/bash
# tests/browser/run.sh BINARY: the report of a real suite, opened in a real browser without a network.
# It asks for nothing from anywhere, complains of nothing, looks different in light and in dark, is not
# blank, fits a telephone, and every link inside it leads somewhere.
# Screenshots are kept in build/browser/. Prints "N passed, M failed"; exit 0 when none failed.
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

"$agenc" benchmark suite --output-dir "$work/suite" --runs 2 --quiet >"$work/out" 2>"$work/err"
verdict $? "the suite runs: $(head -n 1 "$work/err")"
page=$work/suite/report.html
[[ -s $page ]]
verdict $? 'there is a page'

# What the page says of itself.
for test in Throughput Latency 'Deep chains' 'Burst traffic' 'Rollback recovery'; do
    grep -q "$test" "$page"
    verdict $? "the page tells of: $test"
done
! grep -oiE '(src|srcset|data|poster|action)="?[a-z]+:[^"]{0,40}|url\( *["'\'']?[a-z]+:[^)]{0,40}|@import|<(script|link|iframe|object|embed)[ >]' "$page" |
    grep -v 'data:'
verdict $? 'the page refers to nothing outside itself'
doubled=$(grep -oE ' id="[^"]*"' "$page" | sort | uniq -d)
[[ -z $doubled ]]
verdict $? "no name is given twice: $(head -c 200 <<<"$doubled")"
dangling=$(comm -23 <(grep -oE 'href="#[^"]*"|url\(#[^)]*\)' "$page" | sed 's/.*#\([^")]*\).*/\1/' | sort -u) \
    <(grep -oE ' id="[^"]*"' "$page" | sed 's/.*"\(.*\)"/\1/' | sort -u))
[[ -z $dangling ]]
verdict $? "every inner link leads somewhere: $(head -c 200 <<<"$dangling")"

# What it looks like.
echo '<!doctype html><title>blank</title>' >"$work/blank.html"
shoot blank 1 "$work/blank.html"
shoot light 1 "$page"
shoot dark 0 "$page"
for name in light dark; do
    [[ $(stat -c %s "$shots/$name.png") -gt $((4 * $(stat -c %s "$shots/blank.png"))) ]]
    verdict $? "the $name page is not blank"
done
! cmp -s "$shots/light.png" "$shots/dark.png"
verdict $? 'light and dark differ'

# The browser itself asks its maker for news; the page must ask nobody.
asked=$(grep -ohE '"url":"(https?|wss?)://[^"]*"' "$work"/light.net "$work"/dark.net |
    grep -vE '"https?://[a-z0-9.-]+\.(google|googleapis|gstatic|gvt1)\.com[/"]' | sort -u)
[[ -s $work/light.net && -z $asked ]]
verdict $? "the page asks for nothing: $(head -c 200 <<<"$asked")"

# A telephone's width: tables and plots may scroll in their own boxes, the page must not.
sed 's|</body>|<script>document.body.dataset.wide=document.documentElement.scrollWidth-innerWidth;</script>&|' \
    "$page" >"$work/narrow.html"
browse "$work/narrow.html" --window-size=500,900 --dump-dom >"$work/dom"
wide=$(grep -oE 'data-wide="[^"]*"' "$work/dom")
[[ $wide == 'data-wide="0"' ]]
verdict $? "the page fits 500 pixels (too wide by: $wide)"

echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 0 ]]
