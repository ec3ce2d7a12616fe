# Commands that ask a running service, where there is none: what is wrong is said before anybody is asked.
export AGENC_URL=http://127.0.0.1:1
for words in 'task status x' 'task wait x' 'task inspect x' 'task cancel x' 'task submit' 'proof get x' 'proof verify x' 'stake status' \
    'stake init --amount 1' 'stake slashing-history' 'admin status' 'admin gc' 'admin check-integrity' 'admin check-pool' 'admin memory' \
    'speculation list' 'speculation rollbacks' 'speculation stuck' 'speculation inspect x' 'speculation graph' 'speculation snapshots list' \
    'speculation snapshots clear --older-than 1m' 'proof-worker status' 'proof-worker queue' 'proof-worker timeout --older-than 1m' \
    'config show --url http://127.0.0.1:1' 'report handoff' 'top'; do
    # shellcheck disable=SC2086
    expect 3 'no service answers at http://127\.0\.0\.1:1' $words
    # shellcheck disable=SC2086
    one_line $words
done
unset AGENC_URL
ADMIN_URL=http://127.0.0.1:3/ expect 3 'no service answers at http://127\.0\.0\.1:3' admin status
ADMIN_URL=http://127.0.0.1:3 AGENC_URL=http://127.0.0.1:1 expect 3 'http://127\.0\.0\.1:1' admin status
AGENC_URL=http://127.0.0.1:1 expect 3 'no service answers' config show
AGENC_URL=http://127.0.0.1:1 expect 0 '^speculation.max_depth ' config show --config scenarios/config/prod.toml
expect 0 '^agenc: these are the compiled defaults; --url' config show
expect 0 '^speculation.max_depth' config show --quiet
[[ ! -s $work/err ]]; verdict $? "config show --quiet says nothing of where it is from"
ADMIN_TOKEN=$'a\nb' expect 2 'ADMIN_TOKEN holds a line break' admin gc --url http://127.0.0.1:1
ADMIN_TOKEN=$(printf '%05000d' 0) expect 2 'ADMIN_TOKEN is longer than 4096' admin gc --url http://127.0.0.1:1
expect 2 '--url .*at most 1000' admin status --url "http://127.0.0.1:1/$(printf '%01000d' 0)"
expect 3 'no service answers at http://127\.0\.0\.1:2' admin status --url http://127.0.0.1:2
expect 2 'wants a value|want ID|ID' task status
expect 2 'one word too many' task status a b
expect 2 'nearest is --depends-on' task submit --depend-on x
expect 2 'is no JSON on one line' task submit --payload '{"a": }'
expect 2 'is no JSON on one line' task submit --payload '1, 2'
expect 2 '--priority: "9999" is not a whole number in -1000\.\.1000' task submit --priority 9999
expect 2 '--edge-type: "soft" is none of data, order, resource' task submit --edge-type soft
expect 2 '--older-than' speculation snapshots clear
expect 2 'contradict each other' speculation snapshots clear --older-than 1m --confirm --dry-run
expect 2 '--since: ' speculation rollbacks --since yesterday
expect 2 '"actve" is none of .*nearest is active' speculation list --status actve
expect 2 '--amount' stake init
expect 2 'the templates are .*handoff' report
expect 2 'no template "\.\./x"' report ../x
expect 0 '^rollback_reasons$' report --names
expect 2 'speculation\.max_dept is not a configuration key; did you mean speculation\.max_depth' admin config speculation.max_dept=2
expect 2 'write KEY=VALUE' admin config speculation.max_depth
expect 2 'is given twice' admin config speculation.max_depth=2 speculation.max_depth=3
expect 2 'or --reload' admin config
expect 2 'give one, a running service or a file' config show --url http://127.0.0.1:1 --config scenarios/config/prod.toml
expect 0 '^✓ CPU cores: 8 \(minimum: 4\)$' admin prerequisites --memory-mb 16384 --cpu 8 --disk-gb 245 --rpc-ms 45
expect 1 '^✗ Solana RPC: 200 ms \(less than: 200 ms\)$' admin prerequisites --memory-mb 16384 --cpu 8 --disk-gb 245 --rpc-ms 200
json_reads admin prerequisites --memory-mb 16384 --cpu 8 --disk-gb 245 --rpc-ms 45 --output json
verdict $? "admin prerequisites --output json is JSON"
expect 0 '--watch\[=2s\]' admin status --help
printf 'a\nb {{nothing_such}}\n' > "$work/mine.md"
mkdir -p "$work/ops/templates" && cp "$work/mine.md" "$work/ops/templates/"
AGENC_OPS="$work/ops" expect 2 'mine\.md:2: \{\{nothing_such\}\} is nothing that a service tells' report mine
printf '{{?who}} and {{?what}}' > "$work/ops/templates/mine.md"
AGENC_OPS="$work/ops" expect 0 '^Ada and \[what\]$' report mine --fill who=Ada
