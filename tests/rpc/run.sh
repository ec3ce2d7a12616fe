#!/bin/bash
# tests/rpc/run.sh BUILD: the simulated Solana under the clients that people use, and under bad input.
# Prints a line "N passed, M failed" a part; exit 0 when none failed.
set -u
AGENC=$(realpath "${1:?usage: tests/rpc/run.sh BUILD}")/agenc
export AGENC
cd "$(dirname "$0")" || exit 1
status=0
# Debian 12's own node is 18; kit wants 20.18.
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 18) ? 0 : 1)' 2>/dev/null ||
    { echo "tests/rpc: node 20.18 or later and npm are needed (nodejs.org)" >&2; exit 1; }
# Install scripts would compile optional accelerators; the clients work without.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || exit 1
for part in web3js kit hostile; do
    timeout 240 node "$part.mjs" || status=1
done
exit $status
