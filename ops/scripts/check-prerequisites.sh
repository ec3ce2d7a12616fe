#!/bin/bash
# ops/scripts/check-prerequisites.sh [--component speculation] [--data-dir DIR]: may speculation be deployed here?
#
# Six lines, each with a tick or a cross; exit 1 when one has a cross. The limits are the program's own
# (`agenc admin prerequisites`); the prover is $PROVER (groth16-prover; "sim" for the service's own), the RPC
# node $RPC_URL (default: the service itself, ADMIN_URL), the accounts those of the running service.
set -euo pipefail
# shellcheck source=ops/scripts/lib.sh
source "$(dirname "$0")/lib.sh"
need curl awk df nproc
data_dir=/var/lib/agenc
while (( $# > 0 )); do
    case $1 in
    --component) [[ ${2:-} == speculation ]] || misuse "--component: there is only speculation"; shift 2 ;;
    --data-dir) wants_value "$@"; data_dir=$2; shift 2 ;;
    *) misuse "unknown word \"$1\", want --component speculation or --data-dir DIR" ;;
    esac
done

failed=0
line() { # line OK? TEXT
    if [[ $1 == 0 ]]; then echo "✓ $2"; else echo "✗ $2"; failed=1; fi
}

while [[ ! -d $data_dir ]]; do data_dir=$(dirname "$data_dir"); done
memory_mb=$(awk '/^MemTotal:/ { printf "%d", $2 / 1024 }' /proc/meminfo)
disk_gb=$(df -Pk "$data_dir" | awk 'NR == 2 { printf "%d", $4 / 1048576 }')
rpc=$(curl --silent --output /dev/null --max-time 5 --write-out '%{time_total}' "${RPC_URL:-$ADMIN_URL/health}") || rpc=
rpc_ms=$(awk -v s="${rpc:-9999}" 'BEGIN { printf "%d", s * 1000 + 0.5 }')
"$AGENC" admin prerequisites --memory-mb "$memory_mb" --cpu "$(nproc)" --disk-gb "$disk_gb" --rpc-ms "$rpc_ms" || failed=1

prover=${PROVER:-groth16-prover}
[[ $prover == sim ]] || command -v "$prover" > /dev/null && found=0 || found=1
line "$found" "Proof generation binary available ($prover)"
"$AGENC" admin check-pool > /dev/null 2>&1 && funded=0 || funded=1
line "$funded" "Required accounts funded"
exit "$failed"
