/* tests/validate/validate_statistics.c: is the sentence "this change made it better" true whenever it is
 * said?
 *
 *   validate-statistics       from the root of the repository; Markdown, the same text every time
 * Every row draws data whose truth is known, a thousand times, and counts how often the
 * rule is wrong. Limits: statistics.md 4, "to validate"; of 1000 trials at 5 %, .0635 is
 * the most that chance explains. Rows without limits show why a rule is needed.
 * Exit 1 when a row misses. */
#include "base/sample.h"
#include "reports/gate_judge.h"
#include "reports/steady.h"
#include "tests/lib/sim_fixture.h"
#include "tests/validate/noise.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS = 1000, NULL_TRIALS = 5000, PAIRS = 10 };
#define ALARMS_MOST 0.0635

static int holding, missing;

struct limits {
    double least, most; /* NAN: none on that side */
};
#define AT_MOST(most)        ((struct limits){NAN, most})
#define AT_LEAST(least)      ((struct limits){least, NAN})
#define BETWEEN(least, most) ((struct limits){least, most})
#define SHOWN                ((struct limits){NAN, NAN})

static void print_head(const char *title, const char *text)
{
    printf("\n### %s\n\n%s\n\n| data | rule | measured | must be | verdict |\n|---|---|--:|--:|---|\n", title,
           text);
}

static void print_row(const char *data, const char *rule, double measured, struct limits limits)
{
    bool has_least = !isnan(limits.least), has_most = !isnan(limits.most);
    bool holds = !(has_least && !(measured >= limits.least)) && !(has_most && !(measured <= limits.most));
    char wanted[64] = "";
    if (has_least && has_most)
        snprintf(wanted, sizeof wanted, "%.4g to %.4g", limits.least, limits.most);
    else if (has_least || has_most)
        snprintf(wanted, sizeof wanted, "at %s %.4g", has_least ? "least" : "most",
                 has_least ? limits.least : limits.most);
    if (has_least || has_most) {
        holding += holds;
        missing += !holds;
    }
    printf("| %s | %s | %.4g | %s | %s |\n", data, rule, measured, wanted,
           !has_least && !has_most ? "shown"
           : holds                 ? "holds"
                                   : "misses");
}

static void must(err e)
{
    if (e == OK) return;
    fprintf(stderr, "validate-statistics: %s\n", err_text(e));
    exit(1);
}

static double log_of_differences(double *out, double (*values)[NOISE_PAIRS_MOST], uint32_t pairs)
{
    for (uint32_t i = 0; i < pairs; i++) out[i] = values[1][i] - values[0][i];
    return stats_mean(out, pairs);
}

/* -- false alarms -- */

static const struct noise MODELS[] = {
    {"runs differ by 3 %", NOISE_ABBA, 0.03, 0, false, 0.5},
    {"runs differ by 8 %", NOISE_ABBA, 0.08, 0, false, 0.5},
    {"3 %, drift of 6 %, pairs in turns", NOISE_ABBA, 0.03, 0.06, false, 0.5},
    {"8 %, drift of 6 %, pairs in turns", NOISE_ABBA, 0.08, 0.06, false, 0.5},
    {"3 %, three runs of ten 15 % slower", NOISE_ABBA, 0.03, 0, true, 0.5},
    {"3 %, requests independent", NOISE_ABBA, 0.03, 0, false, 0},
};
static const struct noise BLOCKS = {
    "3 %, drift of 6 %, one arm after the other", NOISE_BLOCKS, 0.03, 0.06, false, 0.5};

enum rule { RULE_FLIP, RULE_T, RULE_RANKS, RULE_WELCH, RULE_COMPARE, RULE_GATE, RULE_GATE_PASS, RULE_COUNT };
static const char *const RULE_NAMES[] = {
    "sign flip",         "paired t",    "Mann and Whitney", "Welch", "`compare`: better or worse",
    "`gate`: regressed", "`gate`: pass"};

/* Two results whose per-run figures each trial writes anew: what compare and gate say is what users see. */
struct stage {
    struct report_inputs inputs[2];
};

static void stage_open(struct stage *stage, uint32_t runs)
{
    *stage = (struct stage){0};
    for (int side = 0; side < 2; side++) {
        struct bench_result *result;
        must(bench_open(&result, runs, false));
        result->name = result->version = result->commit = bench_text(result, "statistics");
        result->duration_ns = NS_PER_MIN;
        result->summary.tasks.submitted = result->summary.cohort_submitted = 1;
        for (uint32_t run = 0; run < runs; run++) {
            result->per_run[run].cohort_submitted = 1;
            must(run_metrics_open(&result->per_run[run], 0));
        }
        must(report_inputs_add(&stage->inputs[side], "", result, NULL));
    }
}

static void stage_close(struct stage *stage)
{
    for (int side = 0; side < 2; side++) report_inputs_close(&stage->inputs[side]);
}

/* result.p50 and p99 from the trial; the other primary metrics have noise of their own, and no difference. */
static void stage_set(struct stage *stage, const struct noise_trial *data, uint32_t runs, uint32_t trial)
{
    const struct rng rng = rng_keyed(29, trial);
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t run = 0; run < runs; run++) {
            struct run_metrics *metrics = &stage->inputs[side].tests[0].result->per_run[run];
            struct draw draw = draw_at(&rng, RNG_TEST, side * runs + run, 0);
            metrics->latency[LATENCY_RESULT].quantile_ns[Q50] = exp(data->p50[side][run]) * 1e9;
            metrics->latency[LATENCY_RESULT].quantile_ns[Q99] = exp(data->p99[side][run]) * 1e9;
            metrics->latency[LATENCY_CONFIRMED].quantile_ns[Q99] = exp(0.03 * sample_normal(&draw)) * 1e9;
            metrics->throughput = 50 * exp(0.02 * sample_normal(&draw));
            metrics->rollback_rate = 0.02 * exp(0.2 * sample_normal(&draw));
            metrics->memory_per_active_task = 1e6 * exp(0.01 * sample_normal(&draw));
        }
}

/* The words of the commands themselves about result.p99. */
static void ask_commands(const struct stage *stage, const struct gate_policy *policy, bool *compare_alarms,
                         enum gate_outcome *gate_says)
{
    struct comparison comparison;
    struct gate_verdict verdict;
    struct diag diag = {0};
    if (comparison_make(&comparison, &stage->inputs[0], &stage->inputs[1], &diag) != OK) {
        fprintf(stderr, "validate-statistics: %s\n", diag.text);
        exit(1);
    }
    const struct gate_question question = {&comparison, policy, policy->alpha};
    must(gate_judge(&verdict, &question));
    *compare_alarms =
        comparison_count(&comparison, VERDICT_BETTER) + comparison_count(&comparison, VERDICT_WORSE) > 0;
    *gate_says = verdict.outcome;
    gate_verdict_free(&verdict);
    comparison_free(&comparison);
}

/* How often each rule alarms, of p99. */
static void count_alarms(const struct noise *noise, double effect, double shares[RULE_COUNT])
{
    struct gate_policy policy;
    struct stage stage;
    uint32_t counts[RULE_COUNT] = {0};
    gate_policy_default(&policy);
    policy.rule_count = 1;
    policy.rules[0] = (struct gate_rule){comparison_metric_find("result.p99"), LOWER_IS_BETTER, 0.05};
    stage_open(&stage, PAIRS);
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        struct noise_trial data;
        struct paired paired;
        struct unpaired unpaired;
        double differences[PAIRS];
        bool compare_alarms;
        enum gate_outcome gate_says;
        noise_draw(&data, noise, PAIRS, effect, trial);
        log_of_differences(differences, data.p99, PAIRS);
        must(paired_compare(&paired, &(struct paired_sample){differences, PAIRS, 0.95, trial}));
        must(unpaired_compare(&unpaired,
                              &(struct unpaired_sample){data.p99[0], data.p99[1], PAIRS, PAIRS, 0.95}));
        stage_set(&stage, &data, PAIRS, trial);
        ask_commands(&stage, &policy, &compare_alarms, &gate_says);
        counts[RULE_FLIP] += paired.flip_p < 0.05;
        counts[RULE_T] += paired.t_p < 0.05;
        counts[RULE_RANKS] += unpaired.rank_p < 0.05;
        counts[RULE_WELCH] += unpaired.t_p < 0.05;
        counts[RULE_COMPARE] += compare_alarms;
        counts[RULE_GATE] += gate_says == GATE_REGRESSED;
        counts[RULE_GATE_PASS] += gate_says == GATE_PASS;
    }
    stage_close(&stage);
    for (int rule = 0; rule < RULE_COUNT; rule++) shares[rule] = (double)counts[rule] / TRIALS;
}

static void validate_alarms(void)
{
    double shares[RULE_COUNT];
    print_head(
        "False alarms",
        "Nothing differs; 10 pairs of runs with 2,000 requests each, requests correlated by .5; result p99. "
        "Measured: the share of 1,000 trials in which the rule sees a difference. `compare` looks at all six "
        "primary "
        "metrics. "
        "Ten runs of one arm and then ten of the other, with a drift, must fail: that is what pairs are "
        "for.");
    for (size_t i = 0; i < sizeof MODELS / sizeof *MODELS; i++) {
        count_alarms(&MODELS[i], 0, shares);
        for (int rule = 0; rule <= RULE_COMPARE; rule++)
            print_row(MODELS[i].name, RULE_NAMES[rule], shares[rule], AT_MOST(ALARMS_MOST));
    }
    count_alarms(&BLOCKS, 0, shares);
    for (int rule = 0; rule <= RULE_WELCH; rule++)
        print_row(BLOCKS.name, RULE_NAMES[rule], shares[rule], AT_LEAST(0.12));
}

/* Between `least` (2 %) and the tolerance (5 %) neither word may be said for sure; beyond, the gate must not
 * pass. */
static void validate_gate(void)
{
    const struct {
        double truth;
        const char *data;
        struct limits regressed, pass;
    } cases[] = {
        {0, "no difference", AT_MOST(0.025), SHOWN},
        {0.02, "2 % worse: `least`", AT_MOST(0.0385), SHOWN},
        {0.05, "5 % worse: the tolerance", SHOWN, AT_MOST(0.0385)},
        {0.10, "10 % worse", SHOWN, AT_MOST(0.0385)},
        {0.15, "15 % worse", AT_LEAST(0.80), AT_MOST(0.0385)},
    };
    double shares[RULE_COUNT];
    print_head(
        "The gate's words",
        "result.p99 with a tolerance of 5 %, 10 pairs, runs that differ by 3 %: how often it says regressed, "
        "and how often it lets pass. Each side has an alpha of .025; .0385 is the most that chance explains "
        "in 1,000 trials. What is neither is inconclusive.");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        count_alarms(&MODELS[0], log1p(cases[i].truth), shares);
        print_row(cases[i].data, RULE_NAMES[RULE_GATE], shares[RULE_GATE], cases[i].regressed);
        print_row(cases[i].data, RULE_NAMES[RULE_GATE_PASS], shares[RULE_GATE_PASS], cases[i].pass);
    }
}

/* -- coverage -- */

static void validate_coverage(void)
{
    uint32_t t_hits = 0, shift_hits = 0, order_hits = 0, count = 0;
    const double effect = log(1.05), truth_p99 = 0.5 * stats_normal_quantile(0.99);
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        struct noise_trial data;
        struct paired paired;
        double differences[PAIRS];
        noise_draw(&data, &MODELS[0], PAIRS, effect, trial);
        log_of_differences(differences, data.p99, PAIRS);
        must(paired_compare(&paired, &(struct paired_sample){differences, PAIRS, 0.95, trial}));
        t_hits += paired.mean_limits.low <= effect && effect <= paired.mean_limits.high;
        shift_hits += paired.shift_limits.low <= effect && effect <= paired.shift_limits.high;
    }
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        const struct rng rng = rng_keyed(7, trial);
        struct histogram histogram;
        struct rank_interval ranks;
        must(histogram_open(&histogram, NS_PER_H));
        struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
        for (uint32_t i = 0; i < NOISE_REQUESTS; i++)
            histogram_record(&histogram, sample_lognormal_ns(&draw, NS_PER_S, 0.5));
        if (stats_quantile_ranks(NOISE_REQUESTS, 0.99, 0.95, &ranks)) {
            /* A slot is a thousandth wide, and its highest value stands for all of it. */
            double low = log((double)histogram_at_rank(&histogram, ranks.low) / 1e9) - 0.001;
            double high = log((double)histogram_at_rank(&histogram, ranks.high) / 1e9);
            order_hits += low <= truth_p99 && truth_p99 <= high;
            count++;
        }
        histogram_close(&histogram);
    }
    print_head("Coverage", "How often an interval of 95 % contains the truth.");
    print_row("+5 %, 10 pairs, runs differ by 3 %", "t interval of the mean effect", t_hits / (double)TRIALS,
              BETWEEN(0.936, 0.964));
    print_row("+5 %, 10 pairs, runs differ by 3 %",
              "Hodges and Lehmann's interval (exact ranks: 95.1 % or more)", shift_hits / (double)TRIALS,
              BETWEEN(0.936, 0.964));
    print_row("p99 of 2,000 independent requests", "order statistics of a run", order_hits / (double)count,
              BETWEEN(0.936, 0.964));
}

/* -- power -- */

/* Differences of medians of 20,000 requests, runs differing by `deviation` on each side. */
static void draw_medians(double *out, uint32_t pairs, double deviation, double effect, uint32_t trial)
{
    const struct rng rng = rng_keyed(11, trial);
    for (uint32_t i = 0; i < pairs; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, 5000 + i, 0);
        double levels = deviation * (sample_normal(&draw) - sample_normal(&draw));
        out[i] = effect + levels + noise_median(&rng, 2 * i, 20000) - noise_median(&rng, 2 * i + 1, 20000);
    }
}

/* Whether one of the looks stops: the test of a difference, each look with its share of alpha. */
static bool looks_stop(const double *differences, const struct gate_policy *policy, const double *alphas,
                       uint32_t *pairs_used)
{
    for (uint32_t look = 0; look < policy->look_count; look++) {
        struct paired paired;
        *pairs_used = policy->looks[look];
        must(paired_estimate(&paired, &(struct paired_sample){differences, policy->looks[look], 0.95, 0}));
        if (paired.t_p < alphas[look]) return true;
    }
    return false;
}

static void validate_power(void)
{
    struct gate_policy policy;
    uint32_t flips = 0, stops = 0, false_stops = 0, used, peeks = 0;
    double pairs_used = 0, alphas[GATE_LOOKS_MOST];
    gate_policy_default(&policy);
    for (uint32_t look = 0; look < policy.look_count; look++) alphas[look] = gate_policy_alpha(&policy, look);
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        struct paired paired;
        double differences[NOISE_PAIRS_MOST];
        draw_medians(differences, PAIRS, 0.03, log(1.05), trial);
        must(paired_compare(&paired, &(struct paired_sample){differences, PAIRS, 0.95, trial}));
        flips += paired.flip_p < 0.05;
        draw_medians(differences, NOISE_PAIRS_MOST, 0.06, log(1.05), trial);
        stops += looks_stop(differences, &policy, alphas, &used);
        pairs_used += used;
    }
    for (uint32_t trial = 0; trial < NULL_TRIALS; trial++) {
        struct paired paired;
        double differences[NOISE_PAIRS_MOST];
        bool has_peeked = false;
        draw_medians(differences, NOISE_PAIRS_MOST, 0.06, 0, trial);
        false_stops += looks_stop(differences, &policy, alphas, &used);
        for (uint32_t pairs = 5; pairs <= NOISE_PAIRS_MOST && !has_peeked; pairs++) {
            must(paired_estimate(&paired, &(struct paired_sample){differences, pairs, 0.95, 0}));
            has_peeked = paired.t_p < 0.05;
        }
        peeks += has_peeked;
    }
    print_head(
        "Power, and looking again",
        "Medians of 20,000 requests a run. Looks are at 10, 20 and 30 pairs, alpha shared after O'Brien and "
        "Fleming; the naive way tests after every pair from 5 to 30 and stops at the first p below .05. "
        "Without a difference: 5,000 trials, of which chance explains .056.");
    print_row("+5 %, 10 pairs, runs differ by 3 % on each side", "sign flip sees it", flips / (double)TRIALS,
              AT_LEAST(0.80));
    print_row("+5 %, up to 30 pairs, 6 %", "three looks see it", stops / (double)TRIALS, AT_LEAST(0.80));
    print_row("+5 %, up to 30 pairs, 6 %", "pairs needed on average", pairs_used / TRIALS, SHOWN);
    print_row("no difference, up to 30 pairs", "three looks alarm", false_stops / (double)NULL_TRIALS,
              AT_MOST(0.056));
    print_row("no difference, up to 30 pairs", "naive peeking alarms", peeks / (double)NULL_TRIALS,
              AT_LEAST(0.15));
}

/* -- many metrics -- */

enum { NULLS = 12 };

static void validate_family(void)
{
    static struct signflip_answer answer;
    uint32_t any = 0, max_t = 0, holm = 0, bh = 0;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        const struct rng rng = rng_keyed(13, trial);
        double differences[NULLS][PAIRS], p[NULLS], adjusted[NULLS];
        bool has_any = false, has_max = false, has_holm = false, has_bh = false;
        for (uint32_t pair = 0; pair < PAIRS; pair++) {
            struct draw draw = draw_at(&rng, RNG_TEST, pair, 0);
            double common = sample_normal(&draw);
            /* Half of a metric's noise is everybody's in the second six of them. */
            for (uint32_t i = 0; i < NULLS; i++)
                differences[i][pair] = (i >= NULLS / 2 ? common : 0) + sample_normal(&draw);
        }
        const struct signflip_question question = {differences[0], NULLS, PAIRS, 0.95, 1};
        must(signflip(&answer, &question));
        memcpy(p, answer.p, sizeof p);
        for (uint32_t i = 0; i < NULLS; i++) {
            has_any = has_any || p[i] < 0.05;
            has_max = has_max || answer.family_p[i] < 0.05;
        }
        family_holm(p, NULLS, adjusted);
        for (uint32_t i = 0; i < NULLS; i++) has_holm = has_holm || adjusted[i] < 0.05;
        family_benjamini_hochberg(p, NULLS, adjusted);
        for (uint32_t i = 0; i < NULLS; i++) has_bh = has_bh || adjusted[i] < 0.05;
        any += has_any;
        max_t += has_max;
        holm += has_holm;
        bh += has_bh;
    }
    print_head("Many metrics", "Twelve of which nothing differs, six of them correlated; one alarm or more.");
    print_row("12 nulls, 10 pairs", "each at .05", any / (double)TRIALS, AT_LEAST(0.30));
    print_row("12 nulls, 10 pairs", "largest t (max-T)", max_t / (double)TRIALS, AT_MOST(ALARMS_MOST));
    print_row("12 nulls, 10 pairs", "Holm", holm / (double)TRIALS, AT_MOST(ALARMS_MOST));
    print_row("12 nulls, 10 pairs", "Benjamini and Hochberg", bh / (double)TRIALS, AT_MOST(ALARMS_MOST));
}

/* -- steady state -- */

enum { QUEUE_RUNS = 20 };

/* Mean wait in queue of one run, by Lindley's recursion, begun in the steady state itself. */
static double queue_run(double load, uint32_t customers, uint32_t trial, uint32_t run)
{
    const struct rng rng = rng_keyed(17 + (uint64_t)(load * 1000), trial);
    struct draw draw = draw_at(&rng, RNG_TEST, run, 0);
    double wait = draw_chance(&draw, load) ? sample_exponential(&draw) / (1 - load) : 0, sum = 0;
    for (uint32_t i = 0; i < customers; i++) {
        sum += wait;
        wait = fmax(0, wait + sample_exponential(&draw) - sample_exponential(&draw) / load);
    }
    return sum / customers;
}

static void validate_queue(double load, uint32_t customers)
{
    const double truth = load / (1 - load);
    uint32_t hits = 0, sequential_hits = 0;
    char data[64];
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        double values[80];
        uint32_t drawn = 0;
        for (; drawn < QUEUE_RUNS; drawn++) values[drawn] = queue_run(load, customers, trial, drawn);
        struct steady_look look = steady_look(values, QUEUE_RUNS, 0.05, 0.95);
        hits += fabs(look.mean - truth) <= look.half_width * look.mean;
        for (uint32_t i = 0; STEADY_LOOKS[i] && STEADY_LOOKS[i] <= 80; i++) {
            for (; drawn < STEADY_LOOKS[i]; drawn++) values[drawn] = queue_run(load, customers, trial, drawn);
            look = steady_look(values, STEADY_LOOKS[i], 0.05, 0.95);
            if (look.is_narrow_enough) break;
        }
        sequential_hits += fabs(look.mean - truth) <= look.half_width * look.mean;
    }
    snprintf(data, sizeof data, "M/M/1 at load %.1f, runs of %u", load, customers);
    print_row(data, "interval over 20 runs", hits / (double)TRIALS, BETWEEN(0.93, 0.97));
    print_row(data, "`--precision 5%` (stops early)", sequential_hits / (double)TRIALS, BETWEEN(0.92, 0.97));
}

enum { SERIES_LENGTH = 1000, TRANSIENT = 100 };

/* x follows its predecessor by half; the mean comes down from 10 within about TRANSIENT values. */
static void draw_series(double *out, double transient, uint32_t trial)
{
    const struct rng rng = rng_keyed(23, trial);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    double before = sample_normal(&draw);
    for (uint32_t i = 0; i < SERIES_LENGTH; i++) {
        before = 0.5 * before + sqrt(0.75) * sample_normal(&draw);
        out[i] = before + transient * exp(-3.0 * i / TRANSIENT);
    }
}

static void validate_series(void)
{
    double values[SERIES_LENGTH], shares = 0;
    uint32_t found = 0, quiet = 0;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        struct steady steady;
        draw_series(values, 10, trial);
        found += steady_find(&steady, values, SERIES_LENGTH) && steady.dropped >= TRANSIENT / 2 &&
                 steady.dropped <= 3 * TRANSIENT;
        draw_series(values, 0, trial);
        quiet += steady_find(&steady, values, SERIES_LENGTH) && steady.dropped <= TRANSIENT;
        shares += steady_effective(values, SERIES_LENGTH, 20) / SERIES_LENGTH / TRIALS;
    }
    print_row("a start that dies away within 100 of 1,000 values", "MSER-5 drops 50 to 300",
              found / (double)TRIALS, AT_LEAST(0.90));
    print_row("no start to drop", "MSER-5 drops at most 100", quiet / (double)TRIALS, AT_LEAST(0.75));
    print_row("each value follows the last by half", "batch means: share that counts; truth .333", shares,
              BETWEEN(0.32, 0.40));
}

static void validate_queues(void)
{
    print_head(
        "Steady state",
        "A thousand macro-replications of a queue whose mean wait is known: how often the interval of 95 % "
        "contains it. With `--precision` the number of runs depends on the data, which costs a little.");
    validate_queue(0.5, 500);
    validate_queue(0.8, 1500);
    validate_queue(0.9, 4000);
    validate_series();
}

/* -- the simulator -- */

enum { CHAIN_LENGTH = 5 /* depth 4: four ancestors above the last */, SIMULATED_RUNS = 12 };

static void run_arm(struct sim_fixture *fixture, const char *metric, double *out, uint64_t seed)
{
    for (uint32_t run = 0; run < SIMULATED_RUNS; run++) {
        struct run_metric found;
        sim_fixture_run(fixture, seed, run);
        if (!run_metric_find(&fixture->outcome.metrics, metric, &found)) must(ERR_RANGE);
        out[run] = found.value;
    }
}

static void set_load(struct sim_fixture *fixture)
{
    fixture->workload.duration_ns = 2 * NS_PER_MIN;
    fixture->workload.rate = 20;
    fixture->workload.agents = fixture->agents = 20;
    fixture->executor_slots = 0;
    fixture->warmup_ns = 10 * NS_PER_S;
}

/* Metrics of two runs of the same seed that differ; every one that comparisons know. */
static uint32_t count_unequal(void)
{
    struct sim_fixture *left = sim_fixture_new(), *right = sim_fixture_new();
    uint32_t unequal = 0;
    left->chain = right->chain = "mainnet";
    set_load(left);
    set_load(right);
    for (uint32_t run = 0; run < 3; run++) {
        sim_fixture_run(left, 5, run);
        sim_fixture_run(right, 5, run);
        for (uint32_t i = 0; i < comparison_metric_count(); i++) {
            struct run_metric a = {.value = NAN}, b = {.value = NAN};
            run_metric_find(&left->outcome.metrics, comparison_metric_at(i)->name, &a);
            run_metric_find(&right->outcome.metrics, comparison_metric_at(i)->name, &b);
            unequal += memcmp(&a.value, &b.value, sizeof a.value) != 0;
        }
    }
    sim_fixture_free(left);
    sim_fixture_free(right);
    return unequal;
}

/* Confirmation 100 ms later on chains of n: task k waits k confirmations, so the mean grows by 100 ms (n + 1)
 * / 2. */
static void validate_delay(void)
{
    double before[SIMULATED_RUNS], after[SIMULATED_RUNS], differences[SIMULATED_RUNS];
    struct paired paired;
    struct sim_fixture *fixture = sim_fixture_new();
    set_load(fixture);
    fixture->workload.depth = "fixed:4";
    fixture->workload.shape = "chain";
    fixture->prover = "fixed:1ms";
    fixture->workload.rate = 2; /* chains hardly meet: no queue takes part */
    fixture->chain = "fixed:2s";
    run_arm(fixture, "confirmed.mean", before, 5);
    fixture->chain = "fixed:2100ms";
    run_arm(fixture, "confirmed.mean", after, 5);
    sim_fixture_free(fixture);
    for (uint32_t i = 0; i < SIMULATED_RUNS; i++) differences[i] = after[i] - before[i];
    must(paired_estimate(&paired, &(struct paired_sample){differences, SIMULATED_RUNS, 0.95, 0}));
    double truth = 0.1 * (CHAIN_LENGTH + 1) / 2;
    printf("| confirmation 100 ms later, chains of %d | the mean grows by %.4g s; interval %.4g to %.4g | "
           "%.4g | inside | %s |\n",
           CHAIN_LENGTH, truth, paired.mean_limits.low, paired.mean_limits.high, paired.mean,
           paired.mean_limits.low <= truth && truth <= paired.mean_limits.high ? "holds" : "misses");
    bool holds = paired.mean_limits.low <= truth && truth <= paired.mean_limits.high;
    holding += holds;
    missing += !holds;
}

/* Runs needed for a half width go with the variance: of a difference of pairs, and of independent arms. */
static void validate_common_numbers(void)
{
    double before[SIMULATED_RUNS], after[SIMULATED_RUNS], other[SIMULATED_RUNS], differences[SIMULATED_RUNS];
    struct sim_fixture *fixture = sim_fixture_new();
    set_load(fixture);
    fixture->chain = "mainnet";
    run_arm(fixture, "result.p50", before, 5);
    fixture->settings.max_depth = 2;
    run_arm(fixture, "result.p50", after, 5);
    run_arm(fixture, "result.p50", other, 6);
    sim_fixture_free(fixture);
    for (uint32_t i = 0; i < SIMULATED_RUNS; i++) differences[i] = after[i] - before[i];
    double paired = pow(stats_deviation(differences, SIMULATED_RUNS), 2);
    double apart =
        pow(stats_deviation(before, SIMULATED_RUNS), 2) + pow(stats_deviation(other, SIMULATED_RUNS), 2);
    print_row("depth 2 instead of 5, mainnet", "runs that independent seeds need for each pair",
              apart / paired, AT_LEAST(10));
}

static void validate_simulator(void)
{
    print_head("The simulator", "Runs of one seed and number share every draw that both make.");
    print_row("same seed twice, 3 runs", "figures that differ", count_unequal(), AT_MOST(0));
    validate_delay();
    validate_common_numbers();
}

int main(void)
{
    validate_alarms();
    validate_gate();
    validate_coverage();
    validate_power();
    validate_family();
    validate_queues();
    validate_simulator();
    printf("\n%d rows hold, %d miss.\n", holding, missing);
    return missing > 0;
}
