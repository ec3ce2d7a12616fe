#!/bin/sh
# Does the Java reference library agree with our histogram codec?
#   tests/interop/hdr_java.sh BUILD_DIR      as in: tests/interop/hdr_java.sh build/release
# Encodes 120 random histograms, lets Java decode and encode them again and
# compares bytes; compares the percentile tables; HistogramLogProcessor must
# take our log, and a benchmark's, with as many tasks as its result has.
# Prints "N passed, N failed"; exit 1 on a failure, 77 without Java.
set -u
build=${1:?usage: hdr_java.sh BUILD_DIR}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
count=120
passed=0
failed=0

jar=
for candidate in /usr/share/java/HdrHistogram.jar /usr/share/java/hdrhistogram.jar; do
    [ -f "$candidate" ] && jar=$candidate
done
if [ -z "$jar" ] || ! command -v javac >/dev/null; then
    echo "skipped: needs javac and libhdrhistogram-java"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

judge() { # NAME COMMAND...: the command's status is the verdict
    rule=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $rule"
    fi
}

# Java rounds a decimal tie up where C rounds it to even, and prints 17 digits
# at most: words must be equal, numbers to within the last digit printed.
same_table() { # OURS JAVA'S
    [ "$(wc -l <"$1")" -eq "$(wc -l <"$2")" ] && paste -d'|' "$1" "$2" | tr -d '],' | awk -F'|' '
        { fields = split($1, ours, " "); if (fields != split($2, theirs, " ")) exit 1
          for (i = 1; i <= fields; i++) {
              gap = ours[i] - theirs[i]; if (gap < 0) gap = -gap
              size = theirs[i] < 0 ? -theirs[i] : theirs[i]
              if (ours[i] != theirs[i] && (size == 0 || gap > 1.01e-12 * (size > 1 ? size : 1))) exit 1
          } }'
}

processor_lists_tags() {
    timeout 60 java -cp "$jar" org.HdrHistogram.HistogramLogProcessor -listtags -i "$work/all.hlog" >"$work/tags" 2>&1 &&
        for tag in tag0 tag1 tag2; do grep -q "$tag" "$work/tags" || return 1; done
}

processor_writes() {
    timeout 60 java -cp "$jar" org.HdrHistogram.HistogramLogProcessor -tag tag1 -i "$work/all.hlog" -o "$work/out" \
        >"$work/log" 2>&1 && grep -q '^#\[Max' "$work/out.hgrm" && ! grep -q -i exception "$work/log"
}

benchmark_writes() {
    "$build/agenc" benchmark speculation --duration 2m --runs 2 --quiet --no-baseline --inject-failures 2% \
        --output "$work/run.json" --hlog "$work/run.hlog" >"$work/log" 2>&1
}

# Of all intervals with a tag, Java's sum must count as many tasks as the result does.
processor_counts() { # TAG
    timeout 60 java -cp "$jar" org.HdrHistogram.HistogramLogProcessor -tag "$1" -i "$work/run.hlog" -o "$work/run" \
        >"$work/log" 2>&1 || return 1
    told=$(jq ".summary.latency_ms.$1.count" "$work/run.json")
    read=$(sed -n 's/.*Total count *= *\([0-9]*\)\]/\1/p' "$work/run.hgrm")
    [ -n "$read" ] && [ "$read" -eq "$told" ] && ! grep -q -i exception "$work/log"
}

make -s -C "$root" OUT="$(realpath -m "$build")" "$(realpath -m "$build")/tests/interop/hdr/make_histograms" || exit 1
"$build/tests/interop/hdr/make_histograms" "$work" "$count" || exit 1
javac -d "$work" -cp "$jar" "$here/hdr/Reencode.java" || exit 1
judge "Java decodes everything" timeout 60 java -cp "$jar:$work" Reencode "$work"

number=0
while [ "$number" -lt "$count" ]; do
    name=$(printf %03d "$number")
    judge "$name: bytes after Java" cmp "$work/$name.b64" "$work/$name.java.b64"
    judge "$name: percentile table" same_table "$work/$name.hgrm" "$work/$name.java.hgrm"
    number=$((number + 1))
done
judge "log processor lists our tags" processor_lists_tags
judge "log processor summarises our log" processor_writes
judge "a benchmark writes a log" benchmark_writes
for tag in result confirmed finalized proof rollback recovery; do
    judge "log processor counts as many as the result: $tag" processor_counts "$tag"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
