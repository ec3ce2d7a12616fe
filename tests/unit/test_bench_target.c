/* tests/unit/test_bench_target.c: what a result must reach, read and judged. */
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

static struct bench_result *result;

static void set_up(void)
{
    result = bench_fixture_runs(1, false);
}

static void tear_down(void)
{
    bench_free(result);
}

TestSuite(bench_target, .init = set_up, .fini = tear_down, .timeout = 30);

Test(bench_target, bounds_are_in_the_unit_of_the_metric)
{
    static const struct {
        const char *text, *target;
        double bound;
    } CASES[] = {
        {"result.p99<2s", "< 2 s", 2},
        {"result.p50 < 500 ms", "< 500 ms", 0.5},
        {"rollback_rate<5%", "< 5 %", 0.05},
        {"throughput_share>=0.95", ">= 0.95", 0.95},
        {"memory_peak<2GB", "< 2 GB", 2147483648.0},
        {"throughput>=47.5", ">= 47.5", 47.5},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_assert(eq(int, bench_add_target(result, CASES[i].text, NULL), OK));
        const struct bench_target *target = &result->targets[result->target_count - 1];
        cr_assert(eq(str, (char *)target->target, (char *)CASES[i].target));
        cr_assert(epsilon_eq(dbl, target->bound, CASES[i].bound, 1e-15));
    }
}

Test(bench_target, what_is_wrong_is_said)
{
    static const struct {
        const char *text;
        err error;
        const char *line;
    } CASES[] = {
        {"", ERR_SYNTAX, "want METRIC<BOUND"},
        {"result.p99", ERR_SYNTAX, "want METRIC<BOUND"},
        {"result.p99<", ERR_SYNTAX, "want METRIC<BOUND"},
        {"<5s", ERR_SYNTAX, "want METRIC<BOUND"},
        {"result.p99>5s", ERR_SYNTAX, "want METRIC<BOUND"},
        {"result.p99<=5s", ERR_SYNTAX, "want METRIC<BOUND"},
        {"result.p98<5s", ERR_SYNTAX, "nearest is result.p9"},
        {"rolback_rate<5%", ERR_SYNTAX, "nearest is rollback_rate"},
        {"banana<5", ERR_SYNTAX, "no metric banana; there are"},
        {"result.p99<5", ERR_SYNTAX, "a number and a unit"},
        {"result.p99<-5s", ERR_SYNTAX, "a number and a unit"},
        {"rollback_rate<200%", ERR_RANGE, "target \"rollback_rate<200%\": "},
        {"throughput>=nan", ERR_SYNTAX, "is not a number"},
        {"throughput>=-1", ERR_RANGE, "is not a number"},
        {"throughput>=0.1234567", ERR_RANGE, "at most six decimals"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag diag = {0};
        cr_assert(eq(int, bench_add_target(result, CASES[i].text, &diag), CASES[i].error));
        cr_assert(strstr(diag.text, CASES[i].line) != NULL, "%s", diag.text);
    }
    cr_assert(eq(u32, result->target_count, 0));
}

Test(bench_target, long_texts_and_too_many_targets_are_limits)
{
    struct diag diag = {0};
    char text[400] = {0};
    memset(text, 'a', sizeof text - 1);
    cr_assert(eq(int, bench_add_target(result, text, &diag), ERR_LIMIT));
    for (int i = 0; i < BENCH_TARGETS_MOST; i++)
        cr_assert(eq(int, bench_add_target(result, "throughput>=1", NULL), OK));
    cr_assert(eq(int, bench_add_target(result, "throughput>=1", &diag), ERR_LIMIT));
}

static const struct bench_target *find(const char *name)
{
    for (uint32_t i = 0; i < result->target_count; i++)
        if (strcmp(result->targets[i].name, name) == 0) return &result->targets[i];
    return NULL;
}

Test(bench_target, a_bound_is_kept_from_below_and_reached_from_above)
{
    result->per_run[0].throughput = 47.5;
    cr_assert(eq(int, bench_add_target(result, "throughput>=47.5", NULL), OK));
    cr_assert(eq(int, bench_add_target(result, "throughput<47.5", NULL), OK));
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(result->targets[0].pass);
    cr_assert(not(result->targets[1].pass));
}

Test(bench_target, what_the_sample_cannot_tell_is_a_miss)
{
    result->per_run[0].latency[LATENCY_PROOF].quantile_ns[Q99] = NAN;
    cr_assert(eq(int, bench_add_default_targets(result, NULL), OK));
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(not(find("proof.p99")->pass));
    cr_assert(isnan(find("proof.p99")->value));
}

Test(bench_target, defaults_are_those_of_the_tuning_guide)
{
    cr_assert(eq(int, bench_add_default_targets(result, NULL), OK));
    static const char *const NAMES[] = {"throughput_share",       "result.p50", "result.p99",
                                        "memory_per_active_task", "proof.p99",  "recovery.max",
                                        "rollback_rate"};
    cr_assert(eq(u32, result->target_count, sizeof NAMES / sizeof *NAMES));
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) cr_assert(find(NAMES[i]) != NULL);
}

Test(bench_target, what_injected_failures_decide_is_not_judged)
{
    bench_put_number(result, &result->workload, "inject_failures", 0.1);
    cr_assert(eq(int, bench_add_default_targets(result, NULL), OK));
    cr_assert(find("rollback_rate") == NULL);
    cr_assert(find("throughput_share") == NULL);
    cr_assert(find("recovery.max") != NULL);
}

Test(bench_target, a_burst_without_recovery_is_a_miss)
{
    result->per_run[0].recovery_of_bursts_unrecovered = 1;
    cr_assert(eq(int, bench_add_default_targets(result, NULL), OK));
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(not(find("recovery.max")->pass));
    cr_assert(isnan(find("recovery.max")->value));
}

Test(bench_target, nothing_to_recover_from_is_no_miss)
{
    histogram_clear(&result->per_run[0].histograms[LATENCY_RECOVERY]);
    cr_assert(eq(int, bench_add_default_targets(result, NULL), OK));
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(find("recovery.max")->pass);
}

Test(bench_target, nothing_passes_when_nothing_was_measured)
{
    cr_assert(eq(int, bench_add_default_targets(result, NULL), OK));
    for (uint32_t run = 0; run < result->runs; run++) result->per_run[run].cohort_submitted = 0;
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(bench_is_empty(result));
    for (uint32_t i = 0; i < result->target_count; i++) {
        cr_assert(result->targets[i].pass == false, "%s", result->targets[i].name);
        cr_assert(isnan(result->targets[i].value), "%s", result->targets[i].name);
    }
}
