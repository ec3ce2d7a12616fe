#!/bin/bash
# tests/interop/rules.sh: rules, configurations and dashboards in the eyes of Prometheus' and Alertmanager's own tools.
# Prints "N passed, N failed"; exit 0 when none failed.
set -u
cd "$(dirname "$0")/../../ops" || exit 1
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
judge() { # WHAT COMMAND...: its status is the verdict
    local what=$1
    shift
    if "$@" >"$work/out" 2>&1; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAIL $what" && head -n 20 "$work/out"; fi
}
for tool in promtool amtool jq; do
    command -v $tool >/dev/null || { echo "FAIL $tool is missing; ci/setup servers test installs it"; echo "0 passed, 1 failed"; exit 1; }
done

judge "prometheus.yml is a configuration" promtool check config prometheus/prometheus.yml
for rules in prometheus/rules/*.yaml; do
    judge "$rules has no lint" promtool check rules --lint=all --lint-fatal "$rules"
done
for tests in prometheus/tests/*.yaml; do
    judge "$tests" promtool test rules "$tests"
done
sed -n 's/^ *- alert: //p' prometheus/rules/*.yaml | sort -u >"$work/alerts"
grep -oE '\b(Speculation|Agenc)[A-Z][A-Za-z]+' prometheus/tests/*.yaml | sed 's/.*://' | sort -u >"$work/tested"
judge "every alert is tested: $(comm -23 "$work/alerts" "$work/tested" | paste -sd' ')" \
    test -z "$(comm -23 "$work/alerts" "$work/tested")"
while read -r name; do
    judge "the runbooks' alert Speculation$name exists" grep -qx "Speculation$name" "$work/alerts"
done <<'END'
SuccessRateCritical
MemoryExhaustion
DisabledAutomatically
ProofQueueBacklog
RollbackRateHigh
ProofLatencyHigh
StakeSlashed
DepthExceeded
Disabled
LowUtilization
HighRollbackRate
StakeAccumulationSpike
ProofBacklogCritical
MemoryCritical
DisabledUnexpectedly
CircuitBreakerOpen
ElevatedRollbackRate
HighConfirmationLatency
ProofWorkersSaturated
DepthLimitApproaching
StakeUtilizationHigh
SlashOccurred
END
count() { grep -h "$1" prometheus/rules/*.yaml | wc -l; }
judge "every alert has its summary, description and runbook" \
    test "$(count '^ *- alert:') $(count '^ *- alert:') $(count '^ *- alert:')" = "$(count ' summary:') $(count ' description:') $(count ' runbook_url:')"

judge "alertmanager/config.yaml is a configuration" amtool check-config alertmanager/config.yaml
routed() { # RECEIVER LABELS...
    judge "$2 $3 goes to $1" test "$(amtool config routes test --config.file=alertmanager/config.yaml "${@:2}" 2>/dev/null)" = "$1"
}
routed platform-pagerduty severity=critical team=platform
routed platform-slack severity=warning team=platform
routed platform-slack-low severity=info team=platform
routed watchdog alertname=SpeculationWatchdog severity=none
judge "no secret stands in the configuration" test -z "$(grep -E '(api_url|routing_key|service_key|credentials): ' alertmanager/config.yaml)"

board() { jq -r "$2" "grafana/dashboards/$1.json"; } # NAME FILTER
for name in speculation-overview agenc-speculation; do
    judge "$name has its own name as uid" test "$(board $name .dashboard.uid)" = $name
    judge "the panels of $name are on the board and on nobody else's place" jq -e '
        [.dashboard.panels[].gridPos] as $p | ($p | length) as $n |
        all($p[]; .x >= 0 and .x + .w <= 24) and
        all(range($n) as $i | range($i) as $j | [$p[$i], $p[$j]];
            .[0].x + .[0].w <= .[1].x or .[1].x + .[1].w <= .[0].x or .[0].y + .[0].h <= .[1].y or .[1].y + .[1].h <= .[0].y)' \
        "grafana/dashboards/$name.json"
done
judge "the overview has the eight panels" test "$(board speculation-overview '[.dashboard.panels[].id] | sort | join(" ")')" = "1 2 3 4 5 6 7 8"
judge "the second board has nine panels in seven rows" \
    test "$(board agenc-speculation '[.dashboard.panels[].type == "row"] | "\(map(select(not)) | length) \(map(select(.)) | length)"')" = "9 7"
judge "the overview is as the runbook has it: last hour, every 30 s, tags" \
    test "$(board speculation-overview '.dashboard | "\(.time.from) \(.refresh) \(.tags | join(","))"')" = "now-1h 30s agenc,speculation"
judge "its first panels stand where the runbook puts them" \
    test "$(board speculation-overview '[.dashboard.panels[:3][].gridPos | "\(.w)x\(.h)@\(.x),\(.y)"] | join(" ")')" = "6x4@0,0 12x8@0,4 12x8@12,4"

level() { awk -v name="$1" '$1 == name { print $2 * 10000 }' prometheus/thresholds.txt; }
levels() { sed -n "s/.*{\"$1\", \([0-9]*\), \([0-9]*\), .*/\1 \2/p" ../engine/health.c; }
judge "rollbacks have the levels of the health score" test "$(level rollback_elevated) $(level rollback_high)" = "$(levels rollback_rate)"
judge "memory has the health score's critical level" test "$(level memory_page)" = "$(levels memory | cut -d' ' -f2)"
judge "stake has the health score's warning level" test "$(level stake_high)" = "$(levels stake_utilisation | cut -d' ' -f1)"
judge "confirmation has the health score's critical level" \
    test "$(($(level confirmation_p99_s) / 10))" = "$(levels confirmation_p99 | cut -d' ' -f2)"
judge "a threshold that nobody knows is an error" bash -c '! echo "@nobody@" | ./render'
judge "ranges and durations shrink, thresholds do not" \
    test "$(printf 'expr: rate(x[5m] offset 1h) > @queue_page@\nfor: 2m\n' | ./render --faster 10)" = "$(printf 'expr: rate(x[30s] offset 360s) > 0.95\nfor: 12s')"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
