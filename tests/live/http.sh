#!/usr/bin/env bash
# tests/live/http.sh AGENC: every route under every kind of bad request, by the service's own OpenAPI document; tokens,
# limits, heads that smuggle, slow and idle clients; and every answer against what the document promises.
agenc=$1
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
trap '' PIPE # of sockets that the service closes, which is what is tested

# ask METHOD PATH [BODY] [CURL OPTIONS...]: sets $code; the answer is in $work/body, its head in $work/head.
ask() {
    local method=$1 path=$2 data=()
    [ $# -gt 2 ] && [ "$3" != - ] && data=(--data-binary "$3")
    shift $(($# > 2 ? 3 : 2))
    code=$(curl -s -g -m 20 -o "$work/body" -D "$work/head" -w '%{http_code}' -X "$method" \
        ${auth+-H "$auth"} "${data[@]+"${data[@]}"}" "$@" "$AGENC_URL$path")
    [ -n "$code" ]
}
# answered STATUS [JQ FILTER]: what ask got
answered() {
    [ "$code" = "$1" ] && { [ -z "${2-}" ] || jq -e "$2" "$work/body" >/dev/null; } && return
    echo "got $code, wanted $1 ${2-}: $(head -c 400 "$work/body")"
    return 1
}
# is STATUS FILTER METHOD PATH [BODY] [OPTIONS...]
is() {
    local status=$1 filter=$2
    shift 2
    ask "$@" && answered "$status" "$filter" && return
    echo "asked: $(head -c 200 <<<"$*")"
    return 1
}
filled() { echo "${1//\{id\}/no-such-thing-1}"; }

# route lines: METHOD PATH
routes() { jq -r '.paths | to_entries[] | .key as $p | .value | keys[] | ascii_upcase + " " + $p' "$work/openapi.json"; }

# ---- tokens ----

posts_refuse() { # STATUS FILTER CURL OPTIONS...: each mutating route
    local status=$1 filter=$2 path
    shift 2
    while read -r path; do
        is "$status" "$filter" POST "$(filled "$path")" '{}' "$@" || return 1
    done < <(routes | sed -n 's/^POST //p')
}
reads_are_open() {
    local path
    while read -r path; do
        ask GET "$(filled "$path")"
        [ "$code" != 401 ] && [ "$code" != 403 ] || { echo "$path: $code"; return 1; }
    done < <(routes | sed -n 's/^GET //p')
}
no_token_is_written() { ! grep -rqF -- "$ADMIN_TOKEN" "$work/data/audit.log" "$work/serve.log"; }
tokens() {
    local long
    long=$(head -c 8000 /dev/zero | tr '\0' x)
    unset auth
    check 'every mutating route asks for a token' posts_refuse 401 '.code == "unauthorized"'
    check 'every read is open on loopback' reads_are_open
    check 'a wrong token is refused everywhere' posts_refuse 401 '.code == "unauthorized"' -H 'Authorization: Bearer wrong'
    check 'the beginning of the token is not the token' is 401 . POST /admin/gc '{}' -H "Authorization: Bearer ${ADMIN_TOKEN%?}"
    check 'the token and more is not the token' is 401 . POST /admin/gc '{}' -H "Authorization: Bearer ${ADMIN_TOKEN}x"
    check 'an overlong token is refused' is 401 . POST /admin/gc '{}' -H "Authorization: Bearer $long"
    check 'a token of 30 KB is too large a head' is 431 '' POST /admin/gc '{}' -H "Authorization: Bearer $long$long$long$long"
    check 'another scheme is refused' is 401 . POST /admin/gc '{}' -H "Authorization: Basic $ADMIN_TOKEN"
    check 'two tokens are refused' is 400 '.code == "bad_request"' POST /admin/gc '{}' -H "Authorization: Bearer $ADMIN_TOKEN" -H 'Authorization: Bearer x'
    check 'a 401 says how' grep -qi '^WWW-Authenticate: Bearer' <(ask POST /admin/gc; cat "$work/head")
    sleep 1.1
    ask POST /admin/gc '{}' -H 'Authorization: Bearer wrong'
    check 'refused calls are audited' until_true 3 grep -q '"path":"/admin/gc".*"status":401' "$work/data/audit.log"
    auth="Authorization: Bearer $ADMIN_TOKEN"
    check 'the token opens the door' is 200 '.objects >= 0' POST /admin/gc
    check 'what was done is audited, with who' until_true 3 grep -q '"actor":"token:[0-9a-f]\{8\}".*"path":"/admin/gc".*"status":200' "$work/data/audit.log"
    check 'the token is in no log' no_token_is_written
}

# ---- methods and paths ----

methods_are_judged() {
    local path method allowed
    while read -r path; do
        allowed=$(jq -r --arg p "$path" '.paths[$p] | keys | map(ascii_upcase) | join(" ")' "$work/openapi.json")
        for method in GET POST PUT DELETE PATCH OPTIONS; do
            case " $allowed " in *" $method "*) continue ;; esac
            is 405 '.code == "method_not_allowed"' "$method" "$(filled "$path")" || return 1
            for word in $allowed; do
                grep -qi "^Allow:.*$word" "$work/head" || { echo "$method $path: no Allow: $word"; return 1; }
            done
        done
    done < <(jq -r '.paths | keys[]' "$work/openapi.json")
}
head_is_get_without_body() {
    local path
    for path in /health /metrics /admin/status /admin/config; do
        code=$(curl -s -m 5 -I -o "$work/head" -w '%{http_code} %{size_download}' "$AGENC_URL$path")
        [ "$code" = "200 0" ] && grep -qi '^Content-Length: [1-9]' "$work/head" || { echo "$path: $code"; return 1; }
    done
}
ids_are_unknown() {
    local method path
    while read -r method path; do
        case $path in *'{id}'*) ;; *) continue ;; esac
        is 404 '.code | test("not_found")' "$method" "$(filled "$path")" || return 1
    done < <(routes)
}
paths() {
    check 'a method that a path does not have is 405, with Allow' methods_are_judged
    check 'HEAD is GET without its body' head_is_get_without_body
    check 'an unknown path is 404 and names the nearest' is 404 '.details.nearest == "/admin/status"' GET /admin/statis
    check 'so is one in the middle of a parameter' is 404 '.code == "not_found"' GET /admin/tasks/a/b/c
    check 'an unknown id is 404 everywhere' ids_are_unknown
    check 'a path with a zero byte is refused' is 400 '.code == "bad_request"' GET /health%00
    check 'a path that is no UTF-8 is unknown' is 404 . GET /admin/tasks/%ff%fe
    check 'an id of 5,000 characters is unknown' is 404 . GET "/admin/tasks/$(head -c 5000 /dev/zero | tr '\0' a)"
}

# ---- bodies ----

bodies_refuse() { # FILTER BODY: each mutating route
    local path
    while read -r path; do
        is 400 "$1" POST "$(filled "$path")" "$2" || return 1
    done < <(routes | sed -n 's/^POST //p')
}
fields() { # lines: PATH FIELD BAD-VALUE, of everything that the document says of a body
    jq -r '.paths | to_entries[] | .key as $path | .value.post.requestBody.content["application/json"].schema.properties
        // {} | to_entries[] | .key as $field | .value as $is | (
          if $is.type == "integer" then ("\"x\"", "1.5", "true", "null", "[]"), ($is.minimum // empty | . - 1),
              ($is.maximum // empty | select(. < 9e15) | . + 1)
          elif $is.type == "string" then ("5", "false", "null", "{}"),
              (if $is.enum then "\"nonsense\"" else empty end),
              (if $is.maxLength and $is.maxLength < 9000 then "\"" + ("x" * ($is.maxLength + 1)) + "\"" else empty end)
          elif $is.type == "boolean" then ("\"yes\"", "1", "null")
          elif $is.type == "array" then ("5", "\"x\"", "[5]", "null")
          elif $is.type == "object" then ("5", "[]", "\"x\"", "null")
          else empty end) | [$path, $field, tostring] | @tsv' "$work/openapi.json"
}
fields_are_judged() {
    local path field value count=0
    while IFS=$'\t' read -r path field value; do
        value=${value//\\\\/\\}
        is 400 '(.code == "validation_failed") and (.details.field == "'"$field"'")' POST "$(filled "$path")" \
            "{\"$field\":$value}" || return 1
        count=$((count + 1))
    done < <(fields)
    [ "$count" -gt 60 ] || { echo "only $count cases"; return 1; }
}
queries_are_judged() {
    local path
    while read -r path; do
        is 400 '.code == "unknown_key"' GET "$(filled "$path")?no_such_parameter=1" || return 1
    done < <(routes | sed -n 's/^GET //p')
}
numbers_in_queries_are_judged() {
    local path name
    while IFS=$'\t' read -r path name; do
        for value in x -1 1e3 99999999999999999999 '' '1%00'; do
            ask GET "$(filled "$path")?$name=$value"
            [ "$code" = 400 ] || { echo "$path?$name=$value: $code"; return 1; }
        done
    done < <(jq -r '.paths | to_entries[] | .key as $p | (.value.get.parameters // [])[] |
        select(.in == "query" and .schema.type == "integer") | [$p, .name] | @tsv' "$work/openapi.json")
}
bodies() {
    local deep
    deep=$(head -c 60000 /dev/zero | tr '\0' '[')
    check 'what is no JSON is refused' bodies_refuse '.code == "invalid_json" or .code == "validation_failed"' '{"a"'
    check 'a list is no body' bodies_refuse '.error | length > 0' '[1, 2]'
    check 'JSON of 30,000 levels is refused' bodies_refuse '.error | length > 0' "{\"a\":$deep"
    check 'a key that comes twice is refused' bodies_refuse '.error | test("duplicate")' '{"action":1,"action":2}'
    check 'an unknown key is refused by name' bodies_refuse '.code == "unknown_key" and .details.field == "no_such_key"' '{"no_such_key":1}'
    check 'invalid UTF-8 is refused' bodies_refuse '.code == "invalid_json"' $'{"a":"\xff\xfe"}'
    check 'a number that overflows is refused' bodies_refuse '.code == "invalid_json"' '{"a":1e999}'
    check 'each field of each body is judged by type and range' fields_are_judged
    check 'what is required is asked for' is 400 '.details.field == "action"' POST /admin/emergency '{}'
    check 'an unknown key names the nearest' is 400 '.details.nearest == "older_than_seconds"' POST /admin/operations/timeout-stale '{"older_then_seconds":1}'
    check 'an unknown query parameter is refused' queries_are_judged
    check 'numbers in queries are judged' numbers_in_queries_are_judged
    check 'a parameter that comes twice is refused' is 400 . GET '/metrics?flat=1&flat=0'
    check 'bodies are JSON whatever their type says' is 200 . POST /admin/gc '{"force":true}' -H 'Content-Type: application/x-www-form-urlencoded'
    check 'an empty body is fine where nothing is required' is 200 . POST /admin/gc
    check 'so are blanks' is 200 . POST /admin/gc '  '
}

# ---- limits and heads ----

sized() { # BYTES: a good body of this size
    printf '{"force":true%*s}' $(($1 - 14)) ''
}
sizes() {
    check 'a body of 64 KiB is read' is 200 . POST /admin/gc "$(sized 65536)"
    check 'one byte more is 413' is 413 '.code == "body_too_large"' POST /admin/gc "$(sized 65537)"
    check 'also in chunks' is 413 . POST /admin/gc "$(sized 65537)" -H 'Transfer-Encoding: chunked'
    check 'also when it asks first' is 413 . POST /admin/gc "$(sized 65537)" -H 'Expect: 100-continue'
    head -c 8000000 /dev/zero >"$work/large"
    check 'also 8 MB' test "$(curl -s -m 10 -o /dev/null -w '%{http_code}' -H "$auth" --data-binary @"$work/large" "$AGENC_URL/admin/gc")" = 413
    check 'a head of 40 KB is 431' is 431 '' GET /health - -H "X-Long: $(head -c 40000 /dev/zero | tr '\0' x)"
    check 'and a path of 20 KB is not served' test "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$AGENC_URL/$(head -c 20000 /dev/zero | tr '\0' x)")" -ge 400
}

# raw TEXT: sent as it is, with \r\n as written; prints the answer until the service closes, at most 3 s.
raw() {
    exec 9<>"/dev/tcp/127.0.0.1/$port"
    printf '%b' "$1" >&9
    timeout 3 cat <&9
    exec 9>&-
}
# A refusal and the end of the connection: nobody reads what follows as another request. (Of a Content-Length that
# is no number libmicrohttpd writes the head of its answer twice.)
is_refused() {
    local answer
    answer=$(raw "$1" | tr -d '\0')
    [[ $answer =~ ^HTTP/1.1\ (400|401|404|405|413|417|431|501|505) || -z $answer ]] || { echo "${answer:0:200}"; return 1; }
    [[ $answer != *'"status":"healthy"'* ]] || { echo "the second request was answered: $answer"; return 1; }
}
smuggling() {
    local h='Host: x\r\n' p next
    p="POST /admin/gc HTTP/1.1\r\n${h}Authorization: Bearer $ADMIN_TOKEN\r\n"
    next='GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
    check 'Content-Length and Transfer-Encoding' is_refused "${p}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next"
    check 'Transfer-Encoding and Content-Length' is_refused "${p}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n$next"
    check 'two lengths' is_refused "${p}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}$next"
    check 'two equal lengths' is_refused "${p}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}$next"
    check 'a list of lengths' is_refused "${p}Content-Length: 2, 2\r\n\r\n{}$next"
    check 'a length with a sign' is_refused "${p}Content-Length: +2\r\n\r\n{}$next"
    check 'a length below zero' is_refused "${p}Content-Length: -2\r\n\r\n{}$next"
    check 'a length in hexadecimal' is_refused "${p}Content-Length: 0x2\r\n\r\n{}$next"
    check 'a length that overflows' is_refused "${p}Content-Length: 18446744073709551618\r\n\r\n{}$next"
    check 'a blank before the colon' is_refused "${p}Content-Length : 2\r\n\r\n{}$next"
    check 'a blank before the colon of the encoding' is_refused "${p}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}$next"
    check 'another encoding' is_refused "${p}Transfer-Encoding: identity\r\n\r\n$next"
    check 'chunked, but not last' is_refused "${p}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n$next"
    check 'two encodings' is_refused "${p}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n$next"
    check 'an encoding that is none' is_refused "${p}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n$next"
    check 'chunks in HTTP/1.0' is_refused "POST /admin/gc HTTP/1.0\r\n${h}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next"
    check 'a chunk of no size' is_refused "${p}Transfer-Encoding: chunked\r\n\r\nZ\r\n{}\r\n0\r\n\r\n$next"
    check 'a body behind GET' is_refused "GET /health HTTP/1.1\r\n${h}Content-Length: 37\r\n\r\n$next"
    check 'no host' is_refused 'GET /health HTTP/1.1\r\n\r\n'
    check 'two hosts' is_refused "GET /health HTTP/1.1\r\n$h$h\r\n"
    check 'another version' is_refused "GET /health HTTP/2.0\r\n$h\r\n"
    check 'no version' is_refused 'GET /health\r\n\r\n'
    check 'no HTTP at all' is_refused '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n'
    check 'what nobody expects' is_refused "${p}Expect: tea\r\nContent-Length: 2\r\n\r\n{}$next"
    check 'two good requests in a row get two answers' test "$(raw "${next}GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" | grep -c '^HTTP/1.1 200')" = 2
}

health_is_quick() { [ "$(curl -s -m 1 -o /dev/null -w '%{http_code}' "$AGENC_URL/health")" = 200 ]; }

# A head that never ends is cut off some 5 s after it began, however steadily it drips.
loris() {
    local began=$SECONDS i
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /health HTTP/1.1\r\nHost: x\r\n' >&8
    for ((i = 0; i < 24; i++)); do
        { printf 'X-%d: y\r\n' $i >&8; } 2>/dev/null || break
        sleep .5
        health_is_quick || { echo "/health is slow"; return 1; }
    done
    exec 8>&-
    [ $((SECONDS - began)) -le 8 ] && [ $i -lt 24 ]
}
# A body that never ends as well, after 10 s; a silent connection after 5.
silent_is_cut() {
    local began=$SECONDS
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    timeout 9 cat <&8 >/dev/null || return 1
    exec 8>&-
    [ $((SECONDS - began)) -ge 4 ]
}
body_that_drips_is_cut() {
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /admin/gc HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{' >&8
    timeout 14 cat <&8 >/dev/null || return 1
    exec 8>&-
}
# Far more connections than the service has descriptors: it turns idle ones out and goes on answering.
crowd() {
    local fds=() fd i
    for ((i = 0; i < 400; i++)); do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port" || break
        fds+=("$fd")
        [ $((i % 40)) = 0 ] && { health_is_quick || { echo "/health is slow among $i"; return 1; }; }
    done
    [ ${#fds[@]} = 400 ] && health_is_quick && is 200 . POST /admin/gc
    i=$?
    for fd in "${fds[@]}"; do exec {fd}>&-; done
    return $i
}

# ---- the service's own errands ----

submit() { post /admin/tasks "$1"; }
tasks() {
    local body='{"task_id":"idempotent-1","agent_id":"a1","type":"compute"}' many
    check 'a task is made' is 201 '.task_id == "http-task-1" and .duplicate == false' POST /admin/tasks '{"task_id":"http-task-1","agent_id":"a1","labels":{"b":"2","a":"1"},"payload":[1,null]}'
    check 'its name is taken' is 409 '.code == "duplicate_task"' POST /admin/tasks '{"task_id":"http-task-1"}'
    check 'a key makes it once' is 201 . POST /admin/tasks "$body" -H 'Idempotency-Key: key-1'
    check 'the same again is the same' is 200 '.task_id == "idempotent-1" and .duplicate' POST /admin/tasks "$body" -H 'Idempotency-Key: key-1'
    check 'another body under this key is refused' is 409 '.code == "idempotency_conflict"' POST /admin/tasks '{"type":"other"}' -H 'Idempotency-Key: key-1'
    check 'the key as a field' is 201 . POST /admin/tasks '{"idempotency_key":"key-2"}'
    check 'the key as a field, again' is 200 .duplicate POST /admin/tasks '{"idempotency_key":"key-2"}'
    check 'two keys that differ are refused' is 400 . POST /admin/tasks '{"idempotency_key":"key-2"}' -H 'Idempotency-Key: key-3'
    check 'a child with a key' is 201 . POST /admin/tasks '{"task_id":"keyed-child","depends_on":["idempotent-1"]}' -H 'Idempotency-Key: key-9'
    ask POST /admin/tasks/idempotent-1/cancel
    check 'sent again after its parent was cancelled it is still the same' is 200 '.duplicate and .task_id == "keyed-child"' POST /admin/tasks '{"task_id":"keyed-child","depends_on":["idempotent-1"]}' -H 'Idempotency-Key: key-9'
    check 'an unknown parent is 404' is 404 '.code == "parent_not_found"' POST /admin/tasks '{"depends_on":["nobody-at-all"]}'
    check 'a parent that comes twice is refused' is 400 '.details.field == "depends_on"' POST /admin/tasks '{"depends_on":["http-task-1","http-task-1"]}'
    check 'a second task' is 201 . POST /admin/tasks '{"task_id":"http-task-3","agent_id":"a1"}'
    check 'an edge of no kind is refused' is 400 '.details.field == "depends_on"' POST /admin/tasks '{"depends_on":[{"task_id":"http-task-1","edge_type":"hope"}]}'
    check 'an edge has two keys' is 400 '.details.field == "depends_on"' POST /admin/tasks '{"depends_on":[{"task_id":"http-task-1","why":1}]}'
    check 'edges of each kind' is 201 . POST /admin/tasks '{"task_id":"http-task-2","depends_on":[{"task_id":"http-task-1","edge_type":"order"},"http-task-3"]}'
    check 'a name with a slash is refused' is 400 '.details.field == "task_id"' POST /admin/tasks '{"task_id":"a/b/c/d/e"}'
    many=$(for i in {1..33}; do printf '"l%d":"x",' "$i"; done)
    check '33 labels are refused' is 400 '.details.field == "labels"' POST /admin/tasks "{\"labels\":{${many%,}}}"
    check 'a label that is no text is refused' is 400 '.details.field == "labels"' POST /admin/tasks '{"labels":{"a":1}}'
    check 'a task is cancelled' is 200 '.status == "cancelled"' POST /admin/tasks/http-task-2/cancel
    check 'once' is 409 . POST /admin/tasks/http-task-2/cancel
    check 'a proof that does not wait cannot be tried again' is 409 . POST /admin/proof/http-task-1/retry
}

before() { get /admin/config | jq -r --arg key "$1" '.config | getpath($key | split(".")).value'; }
unchanged() { [ "$(before "$1")" = "$2" ]; }
configuration() {
    local depth
    depth=$(before speculation.max_depth)
    check 'one bad key, and none is applied' is 400 '.details.field == "speculation.max_depth"' POST /admin/config '{"speculation.proof.batch_size":7,"speculation.max_depth":99}'
    check 'two bad keys are both named' is 400 '.details.errors | length == 2 and (map(test("99|17")) | all)' POST /admin/config '{"speculation.max_depth":99,"speculation.max_parallel_branches":17}'
    check 'none was' unchanged speculation.proof.batch_size 10
    check 'an unknown key names the nearest' is 400 '.details.nearest == "speculation.max_depth"' POST /admin/config '{"speculation.maxdepth":2}'
    check 'what needs a restart is a conflict' is 409 '.code == "restart_required"' POST /admin/config '{"speculation.limits.max_memory_mb":16384,"speculation.max_depth":2}'
    check 'and nothing of it is applied' unchanged speculation.max_depth "$depth"
    check 'keys that contradict each other are a conflict' is 409 '.code == "conflict" and .details.field == "speculation.stake.min_stake"' POST /admin/config '{"speculation.stake.min_stake":100000000000}'
    check 'flags that do not go together are refused' is 409 '.code == "conflict"' POST /admin/config '{"speculation.features.enable_cross_agent_speculation":true,"speculation.features.enable_parallel_speculation":false}'
    check 'a value of the wrong type is refused' is 400 . POST /admin/config '{"speculation.enabled":{"a":1}}'
    check 'NULL is refused' is 400 . POST /admin/config '{"speculation.enabled":null}'
    check 'a share with a point is taken' is 200 '.applied["speculation.features.rollout_percentage"] == 12.5' POST /admin/config '{"speculation.features.rollout_percentage":12.5}'
    check 'and health shows it' is 200 '.rollout == 12.5' GET /health
    check 'and where it comes from' is 200 '.config.speculation | .features.rollout_percentage.source == "api" and .enabled.source == "set" and .checkpoint_interval.source == "AGENC_SPECULATION_CHECKPOINT_INTERVAL" and .max_depth.hot' GET /admin/config
    check 'what the environment pins is shadowed' is 200 '.shadowed == ["speculation.checkpoint_interval"] and .applied == {}' POST /admin/config '{"speculation.checkpoint_interval":5}'
    check 'and keeps its value' unchanged speculation.checkpoint_interval 3
    check 'the audit has what was and what is' until_true 3 grep -q '"after":".*12.5.*"before":".*100' "$work/data/audit.log"
    check 'workers are scaled' is 200 '.workers == 9' POST /admin/workers '{"replicas":9}'
    check 'and it shows' is 200 '.workers.total == 9' GET /admin/status
    check 'files are read again' is 200 '.errors == []' POST /admin/config/reload
    check 'what came over the API stays on top' is 200 '.config.speculation.features.rollout_percentage | .value == 12.5 and .source == "api"' GET /admin/config
}

# Once the workers' port: its routes only.
workers() {
    local AGENC_URL="http://127.0.0.1:$workers_port"
    check 'the workers say how they are' is 200 '.status == "healthy" and .workers.total > 0' GET /health
    check 'and have metrics of their own' grep -q '^proof_worker_total' <(get /metrics)
    check 'nothing else is there' is 404 . GET /admin/status
    check 'not even with a token' is 404 . POST /admin/gc
}

drains() {
    local began
    submit '{"task_id":"drain-parent"}' >/dev/null
    until_true 3 is 200 '.status == "proof_pending"' GET /admin/tasks/drain-parent
    post /admin/config '{"speculation.features.rollout_percentage":100}' >/dev/null
    submit '{"task_id":"drain-child1","depends_on":["drain-parent"]}' >/dev/null
    check 'a drain that takes too long is 504' is 504 '.drained == false and .remaining > 0 and .code == "drain_timeout"' POST /admin/speculation/drain '{"timeout_seconds":1}'
    curl -s -m 1 -X POST -H "$auth" "$AGENC_URL/admin/speculation/drain" >/dev/null
    began=$SECONDS
    check 'who joins a drain keeps to a time of its own' is 504 '.code == "drain_timeout"' POST /admin/speculation/drain '{"timeout_seconds":1}'
    check 'and is not held longer' test $((SECONDS - began)) -lt 3
    check 'who goes away while waiting does no harm' health_is_quick
    began=$SECONDS
    check 'a drain waits until nothing is left' is 200 '.drained and .remaining == 0' POST /admin/speculation/drain
    check 'and then nothing is' is 200 '.speculation.active_tasks == 0' GET /admin/status
    [ $((SECONDS - began)) -lt 20 ] || echo "slow: $((SECONDS - began)) s"
}

# The answer to an order that rolls back comes when that is done.
rolls_back() {
    local i
    for i in {1..12}; do submit "{\"task_id\":\"rolled-parent-$i\"}" >/dev/null; done
    until_true 5 is 200 '.status == "proof_pending"' GET /admin/tasks/rolled-parent-12
    for i in {1..12}; do submit "{\"task_id\":\"rolled-child-$i\",\"depends_on\":[\"rolled-parent-$i\"]}" >/dev/null; done
    check 'what is rolled back is counted' is 200 '.rolled_back >= 1 and .rolled_back >= (.rollback_ids | length)' POST /admin/speculation/force-rollback
    check 'and is over when the answer comes' is 200 'length > 0 and all(.state == "completed")' GET /admin/rollbacks
    check 'the sizes of rollbacks add up to their total' is 200 '.rollback_events > 0 and (.avg_size * .rollback_events - .total_rollbacks_1h | fabs) < 0.01 and .max_size >= 1' GET /admin/rollback-stats
}

# Ten failures in a row open the breaker: said everywhere, and closed again only with a reason or by a reset.
breaker() {
    local i
    check 'while speculation is on the state is not rebuilt' is 409 '.code == "conflict"' POST /admin/recovery '{"action":"rebuild_state"}'
    for i in {10..21}; do submit "{\"task_id\":\"failing-$i\",\"payload\":{\"fail\":true}}" >/dev/null; done
    check 'ten failures open the breaker' until_true 20 is 200 '.state == "open"' GET /admin/circuit-breaker
    check 'health says that speculation is off' is 200 '.speculation == "disabled" and .status == "degraded" and .breaker == "open"' GET /health
    check 'without the word for the opposite' sh -c "! grep -q healthy '$work/body'"
    check 'the status says why, and until when' is 200 '.speculation.auto_disabled | .reason == "consecutive_failures" and .failure_count >= 10 and .threshold == 10 and (.cooldown_until | length) == 24' GET /admin/status
    check 'it is not closed before its cooldown is over' is 409 '.code == "cooldown"' POST /admin/speculation/enable
    check 'but by force' is 200 '.enabled and .breaker != "open"' POST /admin/speculation/enable '{"force":true,"reason":"the prover was mended"}'
    check 'and the reason is kept' until_true 3 grep -q 'the prover was mended' "$work/data/audit.log"
    post /admin/config '{"speculation.features.rollout_percentage":0}' >/dev/null
    check 'for nobody it is of no use' is 200 '.warnings | length == 1 and (.[0] | test("rollout"))' POST /admin/speculation/enable
    post /admin/config '{"speculation.features.rollout_percentage":100}' >/dev/null
    check 'for everybody it is' is 200 '.warnings == []' POST /admin/speculation/enable
    check 'a reset closes it' is 200 '.state == "closed"' POST /admin/circuit-breaker/reset
    check 'and all is well' is 200 '.status == "healthy" and .speculation == "enabled"' GET /health
}

# From SIGTERM on nothing new comes in, and what is under way goes on.
stopping() {
    post /admin/config '{"speculation.enabled":true,"speculation.features.rollout_percentage":100}' >/dev/null
    submit '{"task_id":"last-parent"}' >/dev/null
    until_true 3 is 200 '.status == "proof_pending"' GET /admin/tasks/last-parent
    submit '{"task_id":"last-child-1","depends_on":["last-parent"]}' >/dev/null
    kill -TERM "$serve_pid"
    check 'while it stops, it says so' until_true 2 is 503 '.ready == false and .reason == "stopping"' GET /ready
    check 'and is not down while it still answers' is 200 '.status == "degraded" and .reason == "stopping"' GET /health
    check 'and takes no task' is 503 '.code == "stopping"' POST /admin/tasks '{}'
    check 'but shows those it has' is 200 . GET /admin/tasks/last-child-1
    wait "$serve_pid"
    check 'it ends in good order' test $? = 0
    serve_pid=''
}

profiles() {
    check 'no profile before one was taken' is 404 . GET /admin/debug/profile/result
    check 'a profile is begun' is 202 '.accepted' POST /admin/debug/profile/start '{"duration_seconds":2}'
    check 'one at a time' is 409 . POST /admin/debug/profile/start '{"duration_seconds":2}'
    check 'it is under way' is 202 '.state == "running"' GET /admin/debug/profile/result
    local end=$((SECONDS + 3))
    while [ $SECONDS -lt $end ]; do # shellcheck disable=SC2046
        curl -s -m 5 $(printf "$AGENC_URL/metrics %.0s" {1..200}) >/dev/null
    done
    curl -s -m 5 -o "$work/profile.pb.gz" "$AGENC_URL/admin/debug/profile/result"
    check 'a reader that knows nothing of ours reads it' python3 "$root/tests/live/pprof.py" "$work/profile.pb.gz"
}

# ---- answers against the document ----

# conforms METHOD PATH: the last answer has what the document requires of it
conforms() {
    jq -e --arg p "$2" --arg m "$(tr '[:upper:]' '[:lower:]' <<<"$1")" --slurpfile body "$work/body" '
        def fits(t): (type as $is | if t == null then true elif t == "integer" then $is == "number" and floor == . else $is == t end);
        .paths[$p][$m].responses["2XX"].content["application/json"].schema as $s |
        if $s == null then true else
          ($s.required | all(. as $k | $body[0] | has($k))) and
          ($s.properties | to_entries | all(.value.type as $t | .key as $k | $body[0][$k] | fits($t))) end' \
        "$work/openapi.json" >/dev/null || { echo "$1 $2: $(head -c 300 "$work/body")"; return 1; }
}
reads_conform() {
    local path count=0
    while read -r path; do
        case $path in *'{id}'* | */result | */latest | /api/v1/query* | /metrics) continue ;; esac
        ask GET "$path"
        [ "$code" = 200 ] && conforms GET "$path" || { echo "$path: $code"; return 1; }
        count=$((count + 1))
    done < <(routes | sed -n 's/^GET //p')
    for path in /admin/tasks/{id} /admin/operation/{id} /admin/operation/{id}/timeline /admin/proof/{id}; do
        ask GET "${path//\{id\}/http-task-1}" && [ "$code" = 200 ] && conforms GET "$path" || return 1
    done
    ask GET '/api/v1/query?query=speculation_enabled' && [ "$code" = 200 ] && conforms GET /api/v1/query || return 1
    [ $count -gt 20 ]
}
synthetic() {
    check 'a synthetic chain goes through' is 202 '.tasks | length == 3' POST /admin/test/speculation '{"type":"synthetic","depth":2}'
    check 'and it is told how it fares' is 200 '.state == "running" and (.tasks | length == 3)' GET /admin/test/speculation/latest
    check 'to its end' until_true 20 is 200 '.state == "passed" and .seconds > 1' GET /admin/test/speculation/latest
}
orders() { # PATH BODY...: mutating ones that are no test of their own, in an order that makes sense
    cat <<'END'
/admin/gc {"force":true}
/admin/proof/clear-queue
/admin/operations/timeout-stale {"older_than_seconds":86400}
/admin/speculation/snapshots/clear {"older_than_seconds":1800,"dry_run":true}
/admin/stake/recover {"agent_ids":["a1","nobody"]}
/admin/stake/recover-all
/admin/stake/deposit {"agent_id":"a1","lamports":1000000}
/admin/stake/withdraw {"agent_id":"a1","lamports":1000}
/admin/circuit-breaker/reset
/admin/speculation/enable {"force":true,"reason":"a test"}
/admin/log-level {"level":"warn"}
/admin/workers {"replicas":4}
/admin/config {"speculation.max_depth":3}
/admin/config/reload
/admin/tasks {"agent_id":"a1"}
/admin/test/speculation {"type":"synthetic","depth":3}
/admin/speculation/force-rollback
/admin/speculation/drain
/admin/emergency {"action":"disable_speculation","force":true}
END
}
orders_conform() {
    local path body
    while read -r path body; do
        ask POST "$path" "${body:-}"
        [[ $code == 20* ]] && conforms POST "$path" || { echo "POST $path: $code $(head -c 300 "$work/body")"; return 1; }
    done < <(orders)
}
document() {
    check 'the document is what `make docs` writes' cmp "$work/openapi.json" "$root/docs/openapi.json"
    check 'reads answer as the document says' reads_conform
    check 'orders answer as the document says' orders_conform
    check 'an emergency turns speculation off for good' is 200 '.speculation == "disabled"' GET /health
    check 'also after the next change of another key' is 200 . POST /admin/config '{"speculation.max_depth":2}'
    check 'it stays off' is 200 '.speculation == "disabled"' GET /health
    check 'withdrawing more than there is' is 400 '.details.field == "lamports"' POST /admin/stake/withdraw '{"agent_id":"a1","lamports":1000000000000}'
    check 'force needs a reason' is 400 '.details.field == "reason"' POST /admin/speculation/enable '{"force":true}'
    check 'a slot or latest_confirmed' is 400 '.details.field == "from_slot"' POST /admin/recovery '{"action":"rebuild_state","from_slot":"earliest"}'
    check 'the state is rebuilt' is 202 '.job_id > 0' POST /admin/recovery '{"action":"rebuild_state","from_slot":"latest_confirmed"}'
    check 'and says when it is done' until_true 10 is 200 '.state == "completed"' GET /admin/recovery/status
    check 'without the word that scripts wait for' sh -c "! curl -s '$AGENC_URL/admin/recovery/status' | grep -q in_progress"
    check 'the check is clean' is 200 '.status == "ok" and .findings == []' GET '/admin/integrity-check?full=1'
    check 'and does not name what is not there' sh -c "! grep -q corrupted '$work/body'"
}

faults() {
    check 'no fault is armed' is 200 '.state == "disarmed"' GET /admin/chaos
    check 'an unknown injector is refused by name' is 400 '.error | test("network.latency")' POST /admin/chaos $'[[fault]]\nid = "network.latenci"\nat = "0s"\nfor = "1s"\n'
    check 'an empty schedule is refused' is 400 . POST /admin/chaos ''
    check 'faults are armed' is 200 '.state == "armed"' POST /admin/chaos $'[[fault]]\nid = "app.proof_invalid"\nat = "0s"\nfor = "1h"\np = 0.5\n'
    check 'and begin' until_true 3 is 200 '.armed == 1' GET /admin/chaos
    check 'once' is 409 . POST /admin/chaos '{"schedule":"[[fault]]\nid = \"app.proof_invalid\"\nat = \"0s\"\nfor = \"1h\"\n","seed":3}'
    check 'and disarmed' is 200 '.state == "disarmed"' POST /admin/chaos/disarm
    check 'then as JSON' is 200 '.state == "armed"' POST /admin/chaos '{"schedule":"[[fault]]\nid = \"app.proof_invalid\"\nat = \"0s\"\nfor = \"1h\"\n","seed":3}'
    check 'and disarmed again' is 200 '.state == "disarmed"' POST /admin/chaos/disarm
}

# ---- all of it ----

on=(--set speculation.enabled=true --time-scale 4)
AGENC_SPECULATION_CHECKPOINT_INTERVAL=3 serve_start "$work/data" "${on[@]}" --chaos
get /openapi.json >"$work/openapi.json"
auth="Authorization: Bearer $ADMIN_TOKEN"
tokens
paths
bodies
sizes
smuggling
tasks
configuration
workers
breaker
drains
rolls_back
faults
profiles
synthetic
document
check 'a head that drips is cut off' loris
check 'a connection that says nothing is cut off' silent_is_cut
check 'a body that never ends is cut off' body_that_drips_is_cut
check 'who was cut off is counted' is 200 '.http.timed_out >= 3 and .http.refused >= 10 and .http.open >= 1' GET /admin/status
stopping

token=$ADMIN_TOKEN
unset ADMIN_TOKEN auth
serve_start "$work/tokenless" "${on[@]}"
check 'without a token configured nothing can be changed' posts_refuse 403 '.code == "token_not_configured" and (.error | test("ADMIN_TOKEN"))'
check 'whatever token is sent' is 403 . POST /admin/gc '{}' -H "Authorization: Bearer $token"
check 'reading goes on' is 200 . GET /admin/status
serve_stop
export ADMIN_TOKEN=$token

serve_start "$work/private" "${on[@]}" --set speculation.admin.auth_reads=true
unset auth
check 'with auth_reads, reads ask for the token' is 401 . GET /admin/status
check 'health does not' is 200 . GET /health
auth="Authorization: Bearer $ADMIN_TOKEN"
check 'and get it' is 200 . GET /admin/status
serve_stop

hard=$(ulimit -Hn)
if [ "$hard" = unlimited ] || [ "$hard" -gt 600 ]; then ulimit -Sn 1024 2>/dev/null; fi
: >"$work/serve.out"
( ulimit -n 96; exec "$agenc" serve --data-dir "$work/few" --listen 127.0.0.1:0 --workers-listen 127.0.0.1:0 "${on[@]}" >"$work/serve.out" 2>>"$work/serve.log" ) &
serve_pid=$!
until_true 10 grep -q '^admin ' "$work/serve.out"
port=$(sed -n 's/^admin http:\/\/127.0.0.1:\([0-9]*\).*/\1/p' "$work/serve.out")
export AGENC_URL="http://127.0.0.1:$port"
check 'a crowd beyond its descriptors is served all the same' crowd
serve_stop
live_end
