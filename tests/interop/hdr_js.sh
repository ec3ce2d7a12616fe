#!/bin/bash
# tests/interop/hdr_js.sh BUILD: does hdr-histogram-js read our histograms, tables and logs as we mean them?
# npm brings the library as pinned in tests/interop/hdr/package-lock.json. Prints "N passed, M failed".
set -u
build=$(realpath "${1:?usage: tests/interop/hdr_js.sh BUILD}")
cd "$(dirname "$0")/../.." || exit 1
unset AGENC_ENV NO_COLOR "${!AGENC_SPECULATION_@}"
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
(cd tests/interop/hdr && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=5 \
    --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=8000 >&2) ||
    { echo "tests/interop: hdr-histogram-js could not be installed; npm (ci/setup clients) and the npm registry are needed" >&2; exit 1; }
make -s OUT="$build" "$build/tests/interop/hdr/make_histograms" && "$build/tests/interop/hdr/make_histograms" "$work" 160 &&
    "$build/agenc" benchmark speculation --duration 3m --runs 2 --quiet --no-baseline --rate-pattern burst:3x:20s:every:1m \
        --inject-failures 2% --output "$work/result.json" --hlog "$work/result.hlog" >/dev/null || exit 1
timeout 120 node tests/interop/hdr/read.mjs "$work" "$work/result.json" "$work/result.hlog"
