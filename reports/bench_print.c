/* reports/bench_print.c: a result on a terminal: about forty lines, the verdicts last. */
#include "base/duration.h"
#include "reports/advice.h"
#include "reports/bench.h"
#include "reports/hdr_log.h"
#include "reports/run_fields.h"
#include "reports/steadiness.h"
#include <inttypes.h>
#include <math.h>

#define LABEL "%-22s"

struct page {
    const struct bench_result *result;
    FILE *out;
    const char *good, *warn, *bad, *plain;
};

struct text {
    char text[METRIC_TEXT_BYTES];
};

static struct text of(double value, enum metric_unit unit)
{
    struct text text;
    metric_write(text.text, value, unit);
    return text;
}

static struct text seconds(double value_ns)
{
    return of(value_ns / (double)NS_PER_S, UNIT_SECONDS);
}

static struct text span(int64_t span_ns)
{
    char duration[DURATION_TEXT_BYTES];
    struct text text;
    duration_print(duration, span_ns);
    snprintf(text.text, sizeof text.text, "%s", duration);
    return text;
}

static void print_title(const struct page *page)
{
    const struct bench_result *result = page->result;
    fprintf(page->out, "%s: %" PRIu32 " run%s of %s after %s of warm-up, seed %" PRIu64 "%s\n", result->name,
            result->runs, result->runs == 1 ? "" : "s", span(result->duration_ns - result->warmup_ns).text,
            span(result->warmup_ns).text, result->seed,
            result->baseline ? ", paired with no speculation" : "");
    if (result->interrupted)
        fprintf(page->out, "%sinterrupted: these are the figures up to then%s\n", page->bad, page->plain);
    if (result->duration_ns < NS_PER_MIN)
        fprintf(page->out, "%stoo short for steady state%s\n", page->warn, page->plain);
    fputc('\n', page->out);
}

static void print_steadiness(const struct page *page)
{
    const struct bench_result *result = page->result;
    struct steadiness steadiness;
    bool is_known = false;
    if (bench_is_empty(result) || steadiness_of(&steadiness, result, &is_known) != OK || !is_known) return;
    bool is_short = (int64_t)steadiness.from_s * NS_PER_S > result->warmup_ns;
    fprintf(page->out, LABEL, "steady state");
    if (!steadiness.is_steady)
        fprintf(page->out, "%snot reached: make it longer, or offer less%s\n", page->bad, page->plain);
    else
        fprintf(page->out,
                "%sfrom %" PRIu32 " s on (MSER-5), %s cut%s; a second counts as %.2f independent ones\n",
                is_short ? page->warn : "", steadiness.from_s, span(result->warmup_ns).text,
                is_short ? page->plain : "", steadiness.share);
}

static void print_throughput(const struct page *page)
{
    const struct run_metrics *summary = &page->result->summary;
    double cv = page->result->spread.throughput_cv;
    fprintf(page->out, LABEL "%s of %s offered (%s); confirmed in the window %s\n", "throughput",
            of(summary->throughput, UNIT_PER_SECOND).text, of(summary->offered, UNIT_PER_SECOND).text,
            of(summary->offered > 0 ? summary->throughput / summary->offered : NAN, UNIT_SHARE).text,
            of(summary->throughput_in_window, UNIT_PER_SECOND).text);
    if (isnan(cv)) return;
    fprintf(page->out, LABEL "throughput %s, result p50 %s%s\n", "CV over runs", of(cv, UNIT_SHARE).text,
            of(page->result->spread.latency_cv[LATENCY_RESULT], UNIT_SHARE).text,
            cv >= BENCH_CV_MOST || page->result->spread.latency_cv[LATENCY_RESULT] >= BENCH_CV_MOST
                ? ": 10 % or more, add runs or make them longer"
                : "");
}

/* How tasks ended, and why operations were undone: whatever happened at all. */
static void print_ends(const struct page *page)
{
    const struct task_counts *tasks = &page->result->summary.tasks;
    const struct {
        const char *name;
        uint64_t count;
    } ends[] = {
        {"confirmed", tasks->confirmed},
        {"failed", tasks->failed},
        {"rolled back", tasks->rolled_back},
        {"cancelled", tasks->cancelled},
        {"expired", tasks->expired},
        {"never finished", tasks->unfinished},
        {"refused, the table was full", tasks->refused},
    };
    const char *before = "";
    fprintf(page->out, LABEL, "tasks");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends[i].count == 0) continue;
        fprintf(page->out, "%s%" PRIu64 " %s", before, ends[i].count, ends[i].name);
        before = ", ";
    }
    fputs(*before ? "\n" : "none\n", page->out);
    before = "";
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        uint64_t count = page->result->summary.rollbacks_by_reason[reason];
        if (count == 0) continue;
        if (!*before) fprintf(page->out, LABEL, "speculation undone by");
        fprintf(page->out, "%s%s %" PRIu64, before, rollback_reason_name((enum rollback_reason)reason),
                count);
        before = ", ";
    }
    if (*before) fputc('\n', page->out);
}

/* "595 ms (590 ms .. 602 ms)": a figure of all runs together, and its interval when there is one. */
struct bounded {
    char text[3 * METRIC_TEXT_BYTES + 16];
};

static struct bounded bounded_of(double value, const double bounds[2], enum metric_unit unit)
{
    struct bounded bounded;
    if (isnan(value) || isnan(bounds[0]) || isnan(bounds[1]))
        snprintf(bounded.text, sizeof bounded.text, "%s", of(value, unit).text);
    else
        snprintf(bounded.text, sizeof bounded.text, "%s (%s .. %s)", of(value, unit).text,
                 of(bounds[0], unit).text, of(bounds[1], unit).text);
    return bounded;
}

static struct bounded pooled_of(const struct bench_spread *spread, enum latency_kind kind,
                                enum latency_quantile quantile)
{
    const double *bounds_ns = spread->latency_interval[kind][quantile];
    const double bounds[2] = {bounds_ns[0] / (double)NS_PER_S, bounds_ns[1] / (double)NS_PER_S};
    return bounded_of(spread->pooled[kind].quantile_ns[quantile] / (double)NS_PER_S, bounds, UNIT_SECONDS);
}

/* Of all runs together: what stands elsewhere is the median over runs, which may lie outside. */
static void print_intervals(const struct page *page)
{
    static const enum latency_kind KINDS[] = {LATENCY_RESULT, LATENCY_CONFIRMED};
    const struct bench_spread *spread = &page->result->spread;
    fprintf(page->out, "  all runs together, with 95 %% intervals:\n");
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        fprintf(page->out, "    %-18sp50 %s, p99 %s\n", latency_kind_name(KINDS[i]),
                pooled_of(spread, KINDS[i], Q50).text, pooled_of(spread, KINDS[i], Q99).text);
    fprintf(page->out, "    %-18s%s of speculative tasks\n", "rollback rate",
            bounded_of(bench_pooled_rollback_rate(&page->result->summary), spread->rollback_rate_interval,
                       UNIT_SHARE)
                .text);
}

static void print_latencies(const struct page *page)
{
    const struct bench_result *result = page->result;
    fprintf(page->out, "\n" LABEL "%9s %9s %9s %9s %9s %9s %9s\n", "latency", "values", "p50", "p90", "p95",
            "p99", "p99.9", "max");
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const struct latency *latency = &result->summary.latency[kind];
        const double *quantile = latency->quantile_ns;
        fprintf(page->out, "  %-20s%9" PRIu64 " %9s %9s %9s %9s %9s %9s\n",
                latency_kind_name((enum latency_kind)kind), latency->count, seconds(quantile[Q50]).text,
                seconds(quantile[Q90]).text, seconds(quantile[Q95]).text, seconds(quantile[Q99]).text,
                seconds(quantile[Q999]).text, seconds(latency->max_ns).text);
    }
    print_intervals(page);
    if (result->summary.latency[LATENCY_RESULT].censored > 0)
        fprintf(page->out, "  %" PRIu64 " tasks never finished: longer than any above\n",
                result->summary.latency[LATENCY_RESULT].censored);
}

static void print_rollbacks(const struct page *page)
{
    const struct run_metrics *summary = &page->result->summary;
    fprintf(page->out, "\n" LABEL "%s of speculative tasks, %s of all; size %s mean, %" PRIu64 " most\n",
            "rollbacks", of(summary->rollback_rate, UNIT_SHARE).text,
            of(summary->rollback_per_submitted, UNIT_SHARE).text,
            of(summary->avg_rollback_size, UNIT_COUNT).text, summary->max_rollback_size);
    fprintf(page->out, LABEL "%s mean, %s peak, %s per active task\n", "memory",
            of(summary->memory_mean, UNIT_BYTES).text, of(summary->memory_peak, UNIT_BYTES).text,
            of(summary->memory_per_active_task, UNIT_BYTES).text);
    fprintf(page->out, LABEL "%s mean, %s most; speculative %s of %" PRIu64 " tasks\n", "depth",
            of(summary->depth_mean, UNIT_COUNT).text, of(summary->depth_max, UNIT_COUNT).text,
            of(summary->tasks.submitted
                   ? (double)summary->tasks.speculative / (double)summary->tasks.submitted
                   : NAN,
               UNIT_SHARE)
                .text,
            summary->tasks.submitted);
    fprintf(page->out, LABEL "%s busy, queue %s mean, %s most, batches of %s%s\n", "prover",
            of(summary->prover_utilisation, UNIT_SHARE).text, of(summary->queue_depth_mean, UNIT_COUNT).text,
            of(summary->queue_depth_max, UNIT_COUNT).text, of(summary->batch_size_mean, UNIT_COUNT).text,
            summary->prover_utilisation >= BENCH_OVERLOADED ? "; overloaded: percentiles grow with duration"
                                                            : "");
}

static void print_recovery(const struct page *page)
{
    const struct run_metrics *summary = &page->result->summary;
    const struct latency *recovery = &summary->latency[LATENCY_RECOVERY];
    double never = summary->recovery_of_bursts_unrecovered;
    fprintf(page->out, LABEL, "recovery");
    if (recovery->count == 0 && never == 0)
        fprintf(page->out, "nothing to recover from\n");
    else
        fprintf(page->out, "%s most, %s mean, of %" PRIu64 "\n", seconds(recovery->max_ns).text,
                seconds(recovery->mean_ns).text, recovery->count);
    if (never > 0)
        fprintf(page->out, LABEL "%safter %.0f bursts the backlog never came down%s\n", "", page->bad, never,
                page->plain);
}

/* The limit that held longest in sum. A task's own parents are no limit: nothing can be set to free it. */
static int worst_wait(const struct run_metrics *summary)
{
    int worst = WAIT_NONE;
    for (int reason = WAIT_NONE + 1; reason < WAIT_REASON_COUNT; reason++)
        if (reason != WAIT_PARENT_OUTPUT && summary->wait_ms[reason] > summary->wait_ms[worst])
            worst = reason;
    return worst;
}

static void print_waits(const struct page *page)
{
    const struct run_metrics *summary = &page->result->summary;
    const int worst = worst_wait(summary);
    fprintf(page->out, LABEL "agent in cooldown %s, breaker open %s\n", "arrivals that met",
            of(summary->cooldown_share, UNIT_SHARE).text, of(summary->breaker_open_share, UNIT_SHARE).text);
    for (int reason = WAIT_NONE + 1; reason < WAIT_REASON_COUNT; reason++) {
        uint64_t waits = summary->waits[reason];
        if (waits == 0) continue;
        fprintf(page->out, "  held: %-32s%9" PRIu64 " tasks, %s each%s\n",
                wait_reason_name((enum wait_reason)reason), waits,
                of(summary->wait_ms[reason] / 1e3 / (double)waits, UNIT_SECONDS).text,
                reason == worst ? "  <- the limit that bound most" : "");
    }
}

static void print_speedup(const struct page *page)
{
    const struct bench_result *result = page->result;
    const struct run_metrics *summary = &result->summary, *without = &result->baseline_summary;
    if (!result->baseline) return;
    const double *with_ns = summary->latency[LATENCY_RESULT].quantile_ns,
                 *without_ns = without->latency[LATENCY_RESULT].quantile_ns;
    fprintf(page->out, "\n" LABEL "jobs %s as fast; bound %s, of which %s reached\n", "speed-up",
            of(summary->speedup, UNIT_RATIO).text, of(summary->speedup_bound, UNIT_RATIO).text,
            of(summary->fraction_of_bound, UNIT_SHARE).text);
    fprintf(page->out, "  result latency without -> with: p50 %s -> %s (%s), p99 %s -> %s (%s)\n",
            seconds(without_ns[Q50]).text, seconds(with_ns[Q50]).text,
            of(without_ns[Q50] / with_ns[Q50], UNIT_RATIO).text, seconds(without_ns[Q99]).text,
            seconds(with_ns[Q99]).text, of(without_ns[Q99] / with_ns[Q99], UNIT_RATIO).text);
}

static void print_targets(const struct page *page)
{
    const struct bench_result *result = page->result;
    struct run_metric metric;
    bool is_empty = bench_is_empty(result);
    fputc('\n', page->out);
    if (is_empty)
        fprintf(page->out, "%snothing was measured: no task arrived after the warm-up%s\n", page->bad,
                page->plain);
    for (uint32_t i = 0; i < result->target_count; i++) {
        const struct bench_target *target = &result->targets[i];
        if (!run_metric_find(&result->summary, target->name, &metric)) continue;
        fprintf(page->out, "%s%s%s  %-26s %-10s %s\n", target->pass ? page->good : page->bad,
                is_empty       ? "no data"
                : target->pass ? "PASS"
                               : "MISS",
                page->plain, target->name, target->target, of(target->value, metric.unit).text);
    }
}

static void print_advice(const struct page *page)
{
    struct advice advice[ADVICE_MOST];
    uint32_t count = advice_of(page->result, advice);
    if (count > 0) fputc('\n', page->out);
    for (uint32_t i = 0; i < count; i++)
        fprintf(page->out, "%stry%s   --set %s: %s\n", page->warn, page->plain, advice[i].setting,
                advice[i].evidence);
}

static void print_end(const struct page *page)
{
    const struct bench_result *result = page->result;
    double simulated_s = result->summary.sim_seconds + result->baseline_summary.sim_seconds;
    fprintf(page->out, "\ntrajectory %016" PRIx64 ", %" PRIu64 " events; %.0f simulated seconds in %.2f s%s",
            result->trajectory_hash, result->summary.events + result->baseline_summary.events, simulated_s,
            result->wall_seconds, result->wall_seconds > 0 ? "" : "\n");
    if (result->wall_seconds > 0)
        fprintf(page->out, " of a core: %.0f a second\n", simulated_s / result->wall_seconds);
}

void bench_print(const struct bench_result *result, FILE *out, bool in_color)
{
    struct page page = {.result = result, .out = out, .good = "", .warn = "", .bad = "", .plain = ""};
    if (in_color) {
        page.good = "\033[32m";
        page.warn = "\033[33m";
        page.bad = "\033[31m";
        page.plain = "\033[0m";
    }
    print_title(&page);
    print_steadiness(&page);
    print_throughput(&page);
    print_ends(&page);
    print_latencies(&page);
    print_rollbacks(&page);
    print_recovery(&page);
    print_waits(&page);
    print_speedup(&page);
    print_targets(&page);
    print_advice(&page);
    print_end(&page);
}

void bench_print_latency(const struct bench_result *result, FILE *out)
{
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const struct histogram *histogram = &result->summary.histograms[kind];
        if (histogram->total_count == 0) continue;
        fprintf(out, "\n%s latency, ms, all runs\n", latency_kind_name((enum latency_kind)kind));
        hdr_write_percentiles(out, histogram, (double)NS_PER_MS);
    }
}
