#!/bin/bash
# tests/rpc/run.sh BUILD [PART...]: the simulated Solana under the clients that people use, and under bad input.
# npm brings the clients and a node that is new enough for them, both as pinned in package-lock.json.
# Prints a line "N passed, M failed" a part; exit 0 when none failed.
set -u
AGENC=$(realpath "${1:?usage: tests/rpc/run.sh BUILD}")/agenc
export AGENC
shift
cd "$(dirname "$0")" || exit 1
status=0
# Install scripts would compile optional accelerators; the clients work without.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=5 --fetch-retry-mintimeout=1000 \
    --fetch-retry-maxtimeout=8000 >&2 ||
    { echo "tests/rpc: the clients could not be installed; npm (ci/setup clients) and the npm registry are needed" >&2; exit 1; }
node=$(echo node_modules/node-linux-*/bin/node)
[ -x "$node" ] ||
    { echo "tests/rpc: npm brought no node for $(uname -m): not in package.json, or the registry refused it" >&2; exit 1; }
for part in ${*:-web3js kit hostile}; do
    timeout 240 "$node" "$part.mjs" || status=1
done
exit $status
