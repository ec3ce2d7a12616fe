// tests/interop/hdr/read.mjs: our histograms, percentile tables and logs, read by hdr-histogram-js.
//   node read.mjs FOLDER RESULT.json RESULT.hlog
// FOLDER is make_histograms' own; RESULT is a benchmark's, as JSON and as a histogram log.
// Counts are kept as 64-bit floats: the library's usual 32 bits wrap without a word. Beyond 2^53 JavaScript's numbers
// are not exact: it refuses such a total, and has other slots for values that large; those are left to Java. Prints "N passed, M failed"; exit 0 when none failed.
import { readdirSync, readFileSync } from 'node:fs';
import hdr from 'hdr-histogram-js';

const [folder, resultPath, logPath] = process.argv.slice(2);
let passed = 0, failed = 0;
function judge(rule, isRight, detail = '') {
    if (isRight) passed++;
    else {
        failed++;
        console.log(`failed: ${rule} ${detail}`);
    }
}
const near = (a, b) => Math.abs(a - b) <= 1.01e-12 * Math.max(1, Math.abs(b));

// Words must be equal, numbers to within the last digit printed.
function sameTable(ours, theirs) {
    const fields = (text) => text.replace(/[\],]/g, ' ').split(/\s+/).filter((word) => word);
    const a = fields(ours), b = fields(theirs);
    const at = a.findIndex((word, i) => word !== b[i] && !near(Number(word), Number(b[i])));
    return a.length !== b.length ? `${a.length} words, not ${b.length}` : at < 0 ? '' : `${a[at]}, there ${b[at]}`;
}

let beyond = 0, tables = 0;
for (const file of readdirSync(folder).filter((name) => /^\d+\.b64$/.test(name)).sort()) {
    const text = readFileSync(`${folder}/${file}`, 'utf8').trim();
    const table = readFileSync(`${folder}/${file.replace('.b64', '.hgrm')}`, 'utf8');
    const total = BigInt(/Total count +=\s+(\d+)/.exec(table)[1]);
    if (total >= 2n ** 53n) {
        beyond++;
        continue;
    }
    const histogram = hdr.decodeFromCompressedBase64(text, 64);
    judge(`${file}: total`, BigInt(histogram.totalCount) === total, `${histogram.totalCount}, not ${total}`);
    if (histogram.highestTrackableValue >= 2 ** 53) {
        beyond++;
        continue;
    }
    tables++;
    const difference = sameTable(table, histogram.outputPercentileDistribution(5, 1));
    judge(`${file}: percentile table`, difference === '', difference);
}
judge('most histograms can be told in JavaScript', tables >= 100, `${tables} can, ${beyond} cannot`);

// A real run: each interval of the log is one latency of one run.
const result = JSON.parse(readFileSync(resultPath, 'utf8')), log = readFileSync(logPath, 'utf8');
const KINDS = ['result', 'confirmed', 'finalized', 'proof', 'rollback', 'recovery'];
judge('the log lists its tags', hdr.listTags(log).sort().join() === [...KINDS].sort().join(), hdr.listTags(log).join());
const reader = new hdr.HistogramLogReader(log, 64), seen = {};
for (let interval; (interval = reader.nextIntervalHistogram());) (seen[interval.tag] ??= []).push(interval);
for (const kind of KINDS) {
    const runs = seen[kind] ?? [];
    judge(`${kind}: an interval a run`, runs.length === result.runs, `${runs.length}`);
    runs.forEach((histogram, run) => {
        const told = result.per_run[run].latency_ms[kind];
        judge(`${kind} of run ${run}: count`, histogram.totalCount === told.count, `${histogram.totalCount}, ${told.count}`);
        if (told.count === 0) return;
        const isOfSlot = (value, exactMs) => Math.abs(value / 1e6 - exactMs) <= 1e-3 * exactMs;
        judge(`${kind} of run ${run}: max`, isOfSlot(histogram.maxValue, told.max), `${histogram.maxValue}, ${told.max}`);
        judge(`${kind} of run ${run}: mean`, isOfSlot(histogram.mean, told.mean), `${histogram.mean}, ${told.mean}`);
        for (const [name, percentile] of [['p50', 50], ['p90', 90], ['p99', 99]]) {
            if (told[name] === null || told.censored > 0) continue;
            // Its rank is rounded where ours is the least that suffices: ours lies between its neighbours.
            const step = 100 / told.count;
            const low = histogram.getValueAtPercentile(percentile - step), high = histogram.getValueAtPercentile(percentile + step);
            judge(`${kind} of run ${run}: ${name}`, told[name] * 1e6 >= low * .999 && told[name] * 1e6 <= high * 1.001,
                `${low}, ${told[name]}, ${high}`);
        }
    });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
