# The frame: help, version, mistakes, a full disk.
expect 0 '^Usage: agenc COMMAND' --help
expect 0 '^agenc 2\.4\.[0-9]+ \([0-9a-f]{12}\)$|\(unknown\)' --version
expect 0 'config validate +check' config --help
expect 0 '^Usage: agenc config validate --config FILE \[options\]' config validate --help
expect 0 '^  3 +input or output' config show -h
expect 2 'Usage: agenc COMMAND'
expect 2 '^agenc: no command "confg", nearest is config$' confg
expect 2 '^agenc: config: no command "valdate", nearest is validate$' config valdate
expect 2 '^agenc: config: which command' config
expect 2 '^agenc: config show: unknown option --sorces, nearest is --sources$' config show --sorces
expect 2 'wants a value: --config FILE' config show --config
expect 2 'one word too many' config show all
expect 2 'nearest is json' config show --output jsn
one_line config show --sorces
one_line nothing
one_line config show --config /nowhere.toml

"$agenc" config show > /dev/full 2> "$work/err"; status=$?
: > "$work/out"
[[ $status == 3 ]] && grep -q '^agenc: stdout: ' "$work/err"
verdict $? "a full disk under stdout is exit 3 (was $status)"

"$agenc" config show | grep -q $'\033'; [[ $? == 1 ]]
verdict $? "no colours into a pipe"

# Completion, as bash would ask for it.
complete_words() {
    "$agenc" completion bash > "$work/out" 2> "$work/err"
    bash -c 'source "$1"; shift; COMP_WORDS=(agenc "$@"); COMP_CWORD=$#; _agenc; echo "${COMPREPLY[*]}"' _ "$work/out" "$@"
}
[[ $(complete_words conf) == config ]]; verdict $? "completes a group"
[[ $(complete_words config val) == validate ]]; verdict $? "completes a command"
[[ $(complete_words config show --so) == --sources ]]; verdict $? "completes an option"
[[ $(complete_words config show --output j) == json ]]; verdict $? "completes a choice"
[[ $(complete_words config show --config scenarios/config/pr) == scenarios/config/prod.toml ]]; verdict $? "completes a file"

# Generated documents are those in the tree.
"$agenc" config docs 2> "$work/err" | tee "$work/out" | cmp -s - docs/CONFIG.md; verdict $? "docs/CONFIG.md is current (make docs)"
"$agenc" config docs --format toml | cmp -s - scenarios/config/default.toml; verdict $? "default.toml is current (make docs)"
"$agenc" manpage | cmp -s - docs/agenc.1; verdict $? "docs/agenc.1 is current (make docs)"
