# shellcheck shell=bash
# ops/scripts/lib.sh: what the scripts share. Sourced, not run. --help is answered here, before anything is done.
#
#   ADMIN_URL    the service (http://localhost:9090)
#   ADMIN_TOKEN  for what changes something; never printed
#   TIME_SCALE   how fast the service's clock runs (1): waits are divided by it

ADMIN_URL=${ADMIN_URL:-${AGENC_URL:-http://localhost:9090}}
ADMIN_URL=${ADMIN_URL%/}
export AGENC_URL=$ADMIN_URL
TIME_SCALE=${TIME_SCALE:-1}

# The program: $AGENC, the one in PATH, or the one built beside this folder.
lib_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ -z ${AGENC:-} ]]; then
    if command -v agenc > /dev/null; then AGENC=agenc; else AGENC=$lib_folder/../../build/release/agenc; fi
fi

# The head of the script is its help.
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); if (!/^shellcheck/) print }' "$0"; }

misuse() {
    printf '%s: %s (--help tells more)\n' "$(basename "$0")" "$*" >&2
    exit 2
}
no_words() { (( $# == 0 )) || misuse "unknown word \"$1\", want none"; }                # no_words "$@"
wants_value() { [[ -n ${2:-} && $2 != -* ]] || misuse "$1 wants a value"; }              # wants_value "$@"

for word in "$@"; do
    if [[ $word == -h || $word == --help ]]; then
        usage
        exit 0
    fi
done

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

need() { # need PROGRAM...: or it is said what is missing
    local program
    for program in "$@"; do
        command -v "$program" > /dev/null || die "needs $program, which is not installed"
    done
}

# The answer; when it is a refusal the service's own words go to stderr, and the status is curl's, or NOT_ALLOWED when
# the token is refused: no patience helps then.
NOT_ALLOWED=77
ask() { # ask PATH CURL_OPTIONS...
    local answer code status=0 path=$1
    shift
    answer=$(curl --silent --show-error --fail-with-body --write-out '\n%{http_code}' "$@" "$ADMIN_URL$path") || status=$?
    code=${answer##*$'\n'} answer=${answer%$'\n'*}
    answer=${answer%$'\n'}
    if [[ $code == 401 || $code == 403 ]]; then status=$NOT_ALLOWED; fi
    if (( status == 0 )); then
        printf '%s\n' "$answer"
    else
        printf '%s: %s: %s\n' "$(basename "$0")" "$path" "${answer:-no answer}" >&2
    fi
    return "$status"
}

get() { ask "$1" --max-time 30; }

post() { # post PATH [BODY [SECONDS]]: the token goes by a file descriptor, so that no list of processes shows it
    ask "$1" --max-time "${3:-30}" -X POST -H 'Content-Type: application/json' -d "${2-{\}}" \
        -K <(printf 'header = "Authorization: Bearer %s"\n' "${ADMIN_TOKEN:-}")
}

# metric NAME < exposition: the sum of its samples. Matches the whole name, so that neither HELP lines nor
# longer names count; a family that has a total without labels is that total.
metric() {
    awk -v name="$1" '
        $1 == name { total = $2; has_total = 1 }
        index($1, name "{") == 1 { sum += $NF; has_some = 1 }
        END { if (has_total) printf "%.15g\n", total; else if (has_some) printf "%.15g\n", sum; else exit 1 }'
}

pause() { # pause SECONDS: of the service's clock
    sleep "$(awk -v s="$1" -v x="$TIME_SCALE" 'BEGIN { print s / x }')"
}

# seen TASK FIELD PATTERN SECONDS: looks at a task until a field of its status matches the whole pattern (0), or that
# long on the service's clock, and two seconds at least, have gone by (1). The last value is in $seen.
seen() {
    local task=$1 field=$2 pattern=$3 end
    end=$(awk -v now="$(date +%s.%N)" -v s="$4" -v x="$TIME_SCALE" 'BEGIN { s /= x; printf "%.3f", now + (s < 2 ? 2 : s) }')
    while :; do
        seen=$("$AGENC" task status "$task" --output json | jq -r ".$field")
        [[ ! $seen =~ ^($pattern)$ ]] || return 0
        awk -v now="$(date +%s.%N)" -v end="$end" 'BEGIN { exit !(now < end) }' || return 1
        sleep 0.02
    done
}
