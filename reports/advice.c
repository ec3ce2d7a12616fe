/* reports/advice.c: the tuning guide's rules as rows. */
#include "reports/advice.h"
#include "base/config_keys.h"
#include "base/sizing.h"
#include "reports/run_fields.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What the rules look at. */
struct view {
    const struct bench_result *result;
    const struct run_metrics *summary;
    double max_depth, branches, workers, batch_size, queue_size, timeout_ms;
};

/* A rule fills what it saw and what it would set; false: it has nothing to say. */
struct finding {
    double to; /* the setting's next value */
    char evidence[ADVICE_TEXT_BYTES];
};
typedef bool rule_check(const struct view *view, struct finding *out);

static struct advice_number {
    char text[METRIC_TEXT_BYTES];
} in_unit(double value, enum metric_unit unit)
{
    struct advice_number number;
    metric_write(number.text, value, unit);
    return number;
}

#define SAY(out, ...) snprintf((out)->evidence, sizeof(out)->evidence, __VA_ARGS__)

static bool rolls_back_too_much(const struct view *view, struct finding *out)
{
    const double most = 0.10;
    double rate = view->summary->rollback_rate;
    if (!(rate > most) || view->max_depth < 2) return false;
    out->to = view->max_depth - 1;
    SAY(out, "%s of speculative tasks were rolled back, more than 10 %%", in_unit(rate, UNIT_SHARE).text);
    return true;
}

static bool cascades_are_large(const struct view *view, struct finding *out)
{
    const uint64_t most = 20;
    uint64_t largest = view->summary->max_rollback_size;
    if (largest <= most || view->max_depth < 2) return false;
    out->to = view->max_depth - 1;
    SAY(out, "one cascade took %" PRIu64 " tasks with it, more than 20", largest);
    return true;
}

static bool depth_is_unused(const struct view *view, struct finding *out)
{
    double used = view->summary->depth_max;
    if (!(used < view->max_depth - 2)) return false;
    out->to = fmax(1, used + 1);
    SAY(out, "no task ran deeper than %.0f of %.0f", used, view->max_depth);
    return true;
}

/* Half a per cent loses less than a deeper chain gains: the depth decision's own band is 1 to 5 %. */
static bool depth_is_dear(const struct view *view, struct finding *out)
{
    const double most = 0.05;
    double rate = view->summary->rollback_rate;
    if (!(rate > most) || view->max_depth < 2) return false;
    out->to = view->max_depth - 1;
    SAY(out, "%s of speculative tasks were rolled back, more than 5 %%", in_unit(rate, UNIT_SHARE).text);
    return true;
}

static bool depth_binds(const struct view *view, struct finding *out)
{
    const double often = 0.05, cheap = 0.01;
    const struct run_metrics *summary = view->summary;
    double held = (double)summary->waits[WAIT_DEPTH_LIMIT], all = (double)summary->tasks.submitted;
    if (!(held > often * all) || !(summary->rollback_rate < cheap)) return false;
    out->to = view->max_depth + 1;
    SAY(out, "%s of tasks were held by depth_limit while only %s were rolled back",
        in_unit(held / all, UNIT_SHARE).text, in_unit(summary->rollback_rate, UNIT_SHARE).text);
    return true;
}

/* Provers the whole arm was busy with. */
static bool provers_are_short(const struct view *view, struct finding *out)
{
    const double most = 0.70;
    double busy = view->summary->prover_utilisation;
    double filled = view->summary->queue_depth_mean / view->queue_size;
    if (!(busy > most) && !(filled > most)) return false;
    out->to = fmax(view->workers + 1, ceil(view->workers * busy / most));
    if (busy > most)
        SAY(out, "provers were busy %s of the time, more than 70 %%", in_unit(busy, UNIT_SHARE).text);
    else
        SAY(out, "the proof queue was filled to %s on average, more than 70 %%",
            in_unit(filled, UNIT_SHARE).text);
    return true;
}

static bool provers_are_idle(const struct view *view, struct finding *out)
{
    const double least = 0.30;
    double busy = view->summary->prover_utilisation;
    if (!(busy < least) || view->workers < 2) return false;
    out->to = fmax(1, ceil(view->workers * busy / 0.5));
    if (out->to >= view->workers) return false;
    SAY(out, "provers were busy %s of the time, less than 30 %%", in_unit(busy, UNIT_SHARE).text);
    return true;
}

/* Rise of a series over the measured time, by least squares, relative to its mean and per second. */
static double growth_of(const struct view *view, enum series_kind kind)
{
    double sums[5] = {0}; /* n, t, v, tt, tv */
    const struct bench_result *result = view->result;
    uint32_t from = (uint32_t)(result->warmup_ns / NS_PER_S),
             until = (uint32_t)(result->duration_ns / NS_PER_S);
    for (uint32_t run = 0; run < result->runs; run++) {
        const struct run_metrics *metrics = &result->per_run[run];
        for (uint32_t t = from; t < until && t < metrics->series_count && metrics->series[kind]; t++) {
            double value = metrics->series[kind][t];
            if (!isfinite(value)) continue;
            sums[0]++;
            sums[1] += t;
            sums[2] += value;
            sums[3] += (double)t * t;
            sums[4] += t * value;
        }
    }
    double slope = (sums[0] * sums[4] - sums[1] * sums[2]) / (sums[0] * sums[3] - sums[1] * sums[1]);
    return slope * sums[0] / sums[2];
}

static bool has_pattern(const struct view *view)
{
    const struct bench_pair *pattern = bench_get(&view->result->workload, "rate_pattern");
    return !pattern || pattern->kind != BENCH_TEXT || strcmp(pattern->text, "constant") != 0;
}

/* A queue of a task or two that wobbles is not growing. */
static bool queue_grows(const struct view *view, struct finding *out)
{
    const double least = 5, doubling = 1;
    double measured_s = (double)(view->result->duration_ns - view->result->warmup_ns) / (double)NS_PER_S;
    double grown = growth_of(view, SERIES_QUEUE) * measured_s;
    if (has_pattern(view) || !(view->summary->queue_depth_mean > least) || !(grown > doubling)) return false;
    out->to = view->batch_size * 2;
    SAY(out, "the proof queue grew all the time, to %.0f tasks", view->summary->queue_depth_max);
    return true;
}

static bool batches_are_small(const struct view *view, struct finding *out)
{
    const double much_less = 0.5;
    double mean = view->summary->batch_size_mean;
    if (!(mean < view->batch_size * much_less)) return false;
    out->to = fmax(1, ceil(mean));
    SAY(out, "batches held %.2f proofs of %.0f on average", mean, view->batch_size);
    return true;
}

/* Over less than ten minutes a slope says nothing about an hour. */
static bool memory_grows(const struct view *view, struct finding *out)
{
    const double most_an_hour = 0.20;
    double an_hour = growth_of(view, SERIES_MEMORY) * 3600;
    bool is_long = view->result->duration_ns - view->result->warmup_ns >= 10 * NS_PER_MIN;
    if (has_pattern(view) || !is_long || !(an_hour > most_an_hour) || view->branches < 2) return false;
    out->to = view->branches - 1;
    SAY(out, "memory grew by %s an hour, more than 20 %%", in_unit(an_hour, UNIT_SHARE).text);
    return true;
}

static bool timeout_is_tight(const struct view *view, struct finding *out)
{
    double p99_ns = view->summary->latency[LATENCY_CONFIRMED].quantile_ns[Q99];
    if (!isfinite(p99_ns)) return false;
    double advised_ms = (double)sizing_confirmation_timeout_ns((int64_t)p99_ns) / (double)NS_PER_MS;
    if (!(view->timeout_ms < advised_ms)) return false;
    out->to = ceil(advised_ms / 1000) * 1000;
    SAY(out, "p99 to confirmation was %s, and twice that is the guide's limit",
        in_unit(p99_ns / (double)NS_PER_S, UNIT_SECONDS).text);
    return true;
}

#define DEPTH    "speculation.max_depth"
#define BRANCHES "speculation.max_parallel_branches"
#define WORKERS  "speculation.proof.worker_threads"
#define BATCH    "speculation.proof.batch_size"
#define TIMEOUT  "speculation.confirmation_timeout_ms"

/* Of one setting the first that applies. */
static const struct rule {
    const char *key, *verb;
    rule_check *check;
} RULES[] = {
    {DEPTH, "lower", rolls_back_too_much}, {DEPTH, "lower", cascades_are_large},
    {DEPTH, "lower", depth_is_dear},       {DEPTH, "lower", depth_is_unused},
    {DEPTH, "raise", depth_binds},         {WORKERS, "raise", provers_are_short},
    {WORKERS, "lower", provers_are_idle},  {BATCH, "raise", queue_grows},
    {BATCH, "lower", batches_are_small},   {BRANCHES, "lower", memory_grows},
    {TIMEOUT, "raise", timeout_is_tight},
};

static bool has_spoken(const struct advice *advices, uint32_t count, const char *key)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(advices[i].key, key) == 0) return true;
    return false;
}

/* To what the key allows; a value that is there already is no advice. */
static bool settle(struct advice *advice, const struct rule *rule, const struct finding *finding, double now)
{
    const struct config_key *key = config_key_find(rule->key);
    double to = fmax((double)key->min, fmin((double)key->max, finding->to));
    if (!(to < now) && !(to > now)) return false;
    *advice = (struct advice){.key = rule->key};
    snprintf(advice->setting, sizeof advice->setting, "%s=%.0f", rule->key, to);
    snprintf(advice->action, sizeof advice->action, "%s %s from %.0f to %.0f", rule->verb, rule->key, now,
             to);
    snprintf(advice->evidence, sizeof advice->evidence, "%s", finding->evidence);
    return true;
}

uint32_t advice_of(const struct bench_result *result, struct advice out[ADVICE_MOST])
{
    const struct bench_section *config = &result->config;
    const struct view view = {
        .result = result,
        .summary = &result->summary,
        .max_depth = bench_number(config, DEPTH),
        .branches = bench_number(config, BRANCHES),
        .workers = bench_number(config, WORKERS),
        .batch_size = bench_number(config, BATCH),
        .queue_size = bench_number(config, "speculation.proof.queue_size"),
        .timeout_ms = bench_number(config, TIMEOUT),
    };
    uint32_t count = 0;
    if (bench_is_empty(result)) return 0;
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
        struct finding finding = {0};
        double now = bench_number(config, RULES[i].key);
        if (has_spoken(out, count, RULES[i].key) || !isfinite(now) || !RULES[i].check(&view, &finding))
            continue;
        count += settle(&out[count], &RULES[i], &finding, now);
    }
    return count;
}
