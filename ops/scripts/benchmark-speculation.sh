#!/bin/bash
# ops/scripts/benchmark-speculation.sh [--config FILE] [--output-dir DIR] [--quick]: the five benchmarks of the guide.
#
# A folder with throughput, latency, deep_chain, burst and rollback.json and report.md. With a running service
# its status and metrics before and after stand beside them. --quick: a minute each instead of five or ten.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
folder=benchmark_$(date +%Y%m%d_%H%M%S) short=5m long=10m
extra=(--quiet)
while (( $# > 0 )); do
    case $1 in
    --config) wants_value "$@"; extra+=(--config "$2"); shift 2 ;;
    --output-dir) wants_value "$@"; folder=$2; shift 2 ;;
    --quick) short=70s long=130s; shift ;;
    *) misuse "unknown word \"$1\", want --config FILE, --output-dir DIR or --quick" ;;
    esac
done
mkdir -p "$folder"

picture() { # picture pre|post: of the running service, if there is one
    "$AGENC" admin status --component speculation > "$folder/$1_status.txt" 2> /dev/null || rm -f "$folder/$1_status.txt"
    get /metrics 2> /dev/null | grep speculation > "$folder/$1_metrics.txt" || rm -f "$folder/$1_metrics.txt"
}
measure() { # measure NAME WORDS...
    local name=$1
    shift
    echo "$name: agenc benchmark speculation $*"
    "$AGENC" benchmark speculation "$@" "${extra[@]}" --output "$folder/$name.json" > /dev/null
}

echo "=== Speculation benchmarks, into $folder ==="
picture pre
measure throughput --duration "$short" --rate 100 --depth-distribution uniform:1-5
measure latency --duration "$short" --rate 50 --measure-latency
measure deep_chain --duration "$short" --rate 20 --depth-distribution fixed:8
measure burst --duration "$long" --rate-pattern burst:10x:30s:every:2m
measure rollback --duration "$short" --rate 50 --inject-failures 0.1
picture post
"$AGENC" benchmark report --input-dir "$folder" --output "$folder/report.md" > /dev/null
echo "=== Done: $folder/report.md ==="
