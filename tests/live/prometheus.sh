#!/usr/bin/env bash
# tests/live/prometheus.sh AGENC: the shipped rules, in a real Prometheus that scrapes the real service each
# second, tell a real Alertmanager of real faults, which tells a webhook; and all of it ends when the fault does.
#
# The service runs at twenty times the speed, and so do the rules: ops/render --faster 20 shortens ranges and
# durations and leaves thresholds alone. Alertmanager has the shipped routes; its receivers become one webhook each.
agenc=$1
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
webhook=$(dirname "$agenc")/tests/live/webhook
SPEED=20
[ -x "$webhook" ] || { echo "FAILED: $webhook is not built: make it" >&2; echo "0 passed, 1 failed"; exit 1; }
for tool in prometheus promtool prometheus-alertmanager amtool jq; do
    command -v $tool >/dev/null || { echo "FAILED: $tool is missing; ci/setup servers test installs it" >&2; echo "0 passed, 1 failed"; exit 1; }
done
free_port() {
    local port
    for port in $(shuf -i 20000-29999 -n 50); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# ---- everything there is ----
listen_port=$(free_port)
options=(--set speculation.enabled=true --time-scale "$SPEED" --chaos --log-level error
    --set speculation.proof.worker_threads=32 --set speculation.circuit_breaker.consecutive_failures=1000
    --set speculation.circuit_breaker.rollback_rate=1.0)
serve_start "$work/data" "${options[@]}" || exit 1

"$webhook" "$work/heard" >"$work/webhook.port" &
live_pids+=($!)
until_true 5 test -s "$work/webhook.port"

alertmanager=127.0.0.1:$(free_port)
{ # the shipped routes, at once; each receiver is a path of the webhook
    sed '/^receivers:/,$d; s/group_wait: .*/group_wait: 0s/; s/group_interval: .*/group_interval: 1s/' "$root/ops/alertmanager/config.yaml"
    echo "receivers:"
    sed -n '/^receivers:/,$s/^  - name: //p' "$root/ops/alertmanager/config.yaml" | while read -r name; do
        printf '  - name: %s\n    webhook_configs:\n      - {url: "http://127.0.0.1:%s/%s", send_resolved: true}\n' "$name" "$(cat "$work/webhook.port")" "$name"
    done
} >"$work/alertmanager.yml"
check 'its configuration is one' amtool check-config "$work/alertmanager.yml"
prometheus-alertmanager --config.file="$work/alertmanager.yml" --storage.path="$work/alertmanager" --cluster.listen-address= \
    --web.listen-address="$alertmanager" --log.level=warn >"$work/alertmanager.log" 2>&1 &
live_pids+=($!)
check 'Alertmanager is ready' until_true 20 curl -fs "http://$alertmanager/-/ready" # it is told once a minute at most

mkdir "$work/rules"
for template in "$root"/ops/prometheus/templates/*.yaml; do
    "$root/ops/render" --faster $SPEED <"$template" >"$work/rules/${template##*/}"
done
sed "s/_interval: 15s/_interval: 1s/; s/127.0.0.1:9093/$alertmanager/; s/127.0.0.1:9090/127.0.0.1:$listen_port/; s/127.0.0.1:9091/127.0.0.1:$workers_port/" \
    "$root/ops/prometheus/prometheus.yml" >"$work/prometheus.yml"
prometheus=http://127.0.0.1:$(free_port)
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address="${prometheus#http://}" \
    --rules.alert.resend-delay=5s --log.level=warn >"$work/prometheus.log" 2>&1 & # its first words are lost: nobody is discovered yet
live_pids+=($!)
check 'Prometheus is ready' until_true 20 curl -fs "$prometheus/-/ready"

# ---- the load: twenty chains of three a second, each of an agent of its own; the second of some is found wrong ----
load() {
    local round=0
    while [ -e "$work/failing" ]; do
        round=$((round + 1))
        awk -v url="$AGENC_URL/admin/tasks" -v token="$ADMIN_TOKEN" -v round="$$-$round" -v failing="$(cat "$work/failing" 2>/dev/null || echo 0)" 'BEGIN {
            for (i = 0; i < 20; i++)
                for (j = 0; j < 3; j++) {
                    printf "%surl = \"%s\"\noutput = /dev/null\nheader = \"Authorization: Bearer %s\"\n", i || j ? "next\n" : "", url, token
                    printf "data = \"{\\\"task_id\\\":\\\"t-%s-%d-%d\\\",\\\"agent_id\\\":\\\"agent-%d\\\",\\\"type\\\":\\\"%s\\\",\\\"payload\\\":{\\\"fail\\\":%s}%s}\"\n",
                        round, i, j, (substr(round, index(round, "-") + 1) * 20 + i) % 1500, i % 2 ? "compute" : "transfer",
                        j == 1 && i < failing ? "true" : "false", j ? ",\\\"depends_on\\\":[\\\"t-" round "-" i "-" j - 1 "\\\"]" : ""
                }
        }' >"$work/load.conf"
        curl -sS -m 10 -K "$work/load.conf" >/dev/null 2>&1
        sleep .8
    done
}
failing() { echo "$1" >"$work/failing"; } # of twenty chains
failing 0
load &
live_pids+=($!)

# ---- how to see ----
ask() { curl -s -m 5 "$prometheus/api/v1/query" --data-urlencode "query=$1"; }
state() { curl -s -m 5 "$prometheus/api/v1/rules?type=alert" | jq -r --arg name "$1" '[.data.groups[].rules[] | select(.name == $name) | .state] | max // "inactive"'; }
is_firing() { curl -s -m 5 "$prometheus/api/v1/alerts" | jq -e --arg name "$1" 'any(.data.alerts[]; .labels.alertname == $name and .state == "firing")'; }
is_quiet() { ! is_firing "$1"; }
heard() { # NAME firing|resolved RECEIVER: since when the test asks for it
    awk -F'\t' -v receiver="/$3" '$1 == receiver { print $2 }' "$work/heard" |
        jq -e -s --arg name "$1" --arg status "$2" 'any(.[].alerts[]; .labels.alertname == $name and .status == $status)'
}
all_firing() { curl -s -m 5 "$prometheus/api/v1/alerts" | jq -r '[.data.alerts[] | select(.state == "firing") | .labels.alertname] | unique | join(" ")'; }
in_alertmanager() { amtool --alertmanager.url="http://$alertmanager" alert query "alertname=$1" -o json | jq -e 'length > 0'; }
is_suppressed() {
    amtool --alertmanager.url="http://$alertmanager" alert query -i "alertname=$1" -o json |
        jq -e 'length > 0 and all(.[]; .status.state == "suppressed")'
}
raises() { # SECONDS RECEIVER ALERT...: all the way, each
    local seconds=$1 receiver=$2 name
    shift 2
    for name in "$@"; do
        check "$name fires" until_true "$seconds" is_firing "$name"
        [ "$receiver" = - ] && continue
        check "$name is in Alertmanager" until_true 5 in_alertmanager "$name"
        check "$name is told to $receiver" until_true 8 heard "$name" firing "$receiver"
    done
}
ends() { # SECONDS RECEIVER ALERT...
    local seconds=$1 receiver=$2 name
    shift 2
    for name in "$@"; do
        check "$name ends" until_true "$seconds" is_quiet "$name"
        check "that $name ended is told to $receiver" until_true 8 heard "$name" resolved "$receiver"
    done
}

# ---- well ----
check 'both targets are up' until_true 10 sh -c "test \"\$(curl -s '$prometheus/api/v1/query?query=sum(up)' | jq -r '.data.result[0].value[1]')\" = 2"
raises 10 watchdog SpeculationWatchdog
sleep 12
rules=$(curl -s "$prometheus/api/v1/rules" | jq '[.data.groups[].rules[]]')
check 'every rule that is shipped is evaluated' test "$(jq length <<<"$rules")" = "$(cat "$root"/ops/prometheus/rules/*.yaml | grep -cE '^ *- (alert|record):')"
check "every rule is well: $(jq -c '[.[] | select(.health != "ok") | [.name, .lastError]]' <<<"$rules")" jq -e 'all(.[]; .health == "ok")' <<<"$rules"
check "nothing fires while all is well, but: $(all_firing)" test "$(all_firing)" = SpeculationWatchdog
for address in "$AGENC_URL" "http://127.0.0.1:$workers_port"; do
    curl -s "$address/metrics" | promtool check metrics >"$work/lint" 2>&1
    grep -vxFf "$root/ops/prometheus/lint-allowed.txt" "$work/lint" >"$work/complaints"
    check "promtool has nothing to say of $address/metrics: $(head -n 1 "$work/complaints")" test ! -s "$work/complaints"
done

# ---- guesses are wrong: INC-SPEC-001 ----
failing 13
raises 60 platform-pagerduty SpeculationRollbackStorm SpeculationHighRollbackRate SpeculationSuccessRateCritical
raises 10 platform-slack SpeculationStakeSlashed

# ---- while there is something to see: dashboards, and the service's own answers ----
"$root/ops/grafana/expressions" >"$work/expressions"
empty=$(while IFS=$'\t' read -r uid panel expression; do
    ask "$expression" | jq -e '.status == "success" and any(.data.result[]; .value[1] != "NaN")' >/dev/null || echo "$uid: $panel: $expression"
done <"$work/expressions")
check "each of $(wc -l <"$work/expressions") dashboard expressions has data, but: $empty" test -z "$empty"
empty=$(sed -n '/^[^#]/p' "$root/tests/interop/queries.txt" | head -n 38 | grep -v '[<>=]= *[0-9]\|[<>] ' | while IFS= read -r query; do
    curl -s -G "$AGENC_URL/api/v1/query" --data-urlencode "query=$query" | jq -e '.data.result | length > 0' >/dev/null || echo "$query"
done)
check "the service itself answers the runbooks' queries, but: $empty" test -z "$empty"
# Its ring has a sample in five seconds, Prometheus one a second: the same within some percent.
ratio='sum(increase(speculation_tasks_total[1m]))'
ours=$(curl -s -G "$AGENC_URL/api/v1/query" --data-urlencode "query=$ratio" | jq -r '.data.result[0].value[1]')
theirs=$(ask "$ratio" | jq -r '.data.result[0].value[1]')
check "tasks of a minute: $ours in the service, $theirs in Prometheus" awk "BEGIN { exit !($ours > 0.7 * $theirs && $ours < 1.3 * $theirs) }"

failing 0
ends 60 platform-pagerduty SpeculationRollbackStorm SpeculationHighRollbackRate SpeculationSuccessRateCritical

# ---- the breaker ----
check 'the breaker is made sensitive' post /admin/config '{"speculation.circuit_breaker.consecutive_failures": 10}'
failing 20
raises 30 platform-pagerduty SpeculationCircuitBreakerOpen SpeculationDisabledAutomatically SpeculationDisabledUnexpectedly
failing 0
sleep 2
check 'and insensitive again' post /admin/config '{"speculation.circuit_breaker.consecutive_failures": 1000}'
check 'it is reset' post /admin/circuit-breaker/reset
ends 30 platform-pagerduty SpeculationCircuitBreakerOpen SpeculationDisabledAutomatically SpeculationDisabledUnexpectedly

# ---- INC-SPEC-003: proofs are slower than the work; the breaker, which would end it, is told to wait ----
check 'one worker is left, and a short queue' post /admin/config '{"speculation.proof.worker_threads": 1, "speculation.proof.batch_size": 1,
    "speculation.proof.queue_size": 100, "speculation.circuit_breaker.queue_open": 1.0}'
raises 40 platform-pagerduty SpeculationProofQueueBacklog SpeculationProofBacklogCritical
check 'the ticket about the same is silent beside the page' until_true 45 is_suppressed SpeculationProofQueueHigh
check 'they work again' post /admin/config '{"speculation.proof.worker_threads": 32, "speculation.proof.batch_size": 50, "speculation.proof.queue_size": 1000}'
ends 40 platform-pagerduty SpeculationProofQueueBacklog SpeculationProofBacklogCritical

# ---- the disk ----
fault=$(printf '[[fault]]\nid = "disk.enospc"\nat = "0s"\nfor = "160s"\n' | jq -Rs '{schedule: ., seed: 1}')
check 'the disk is full' sh -c 'echo "$1" | grep -q armed' sh "$(post /admin/chaos "$fault")"
raises 20 platform-pagerduty AgencReadOnly
check 'the disk is well' post /admin/chaos/disarm
ends 30 platform-pagerduty AgencReadOnly

# ---- the service is gone, and comes back ----
serve_crash
raises 20 platform-pagerduty AgencDown
listen_workers_port=$workers_port
serve_start "$work/data" "${options[@]}"
ends 30 platform-pagerduty AgencDown
check 'counters of the engine went on' sh -c "test \"\$(curl -s '$AGENC_URL/metrics?flat=1' | awk '\$1 == \"speculation_rollback_total\" { print \$2 }')\" -gt 100"
check 'and no restart was taken for a slash' sh -c "curl -s '$prometheus/api/v1/query' --data-urlencode 'query=resets(speculation_stake_slashed_total{reason=\"proof_failed\"}[5m])' | jq -e '.data.result[0].value[1] == \"0\"'"
check "what was heard is whole JSON" sh -c "cut -f2 '$work/heard' | jq -e . >/dev/null"
check "no annotation was left unfilled" sh -c "! cut -f2 '$work/heard' | jq -r '.alerts[].annotations[]' | grep -E '<error|<no value|{{'"
rm -f "$work/failing"
live_end
