/* tests/unit/test_advice.c: each rule of the tuning guide speaks when it should, and says what it saw. */
#include "reports/advice.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct bench_result *result;
static struct run_metrics *summary;
static struct advice advice[ADVICE_MOST];
static uint32_t count;

/* A result that no rule has anything to say about. */
static void set_up(void)
{
    result = bench_fixture(3, false);
    summary = &result->summary;
    bench_put_integer(result, &result->config, "speculation.max_depth", 5);
    bench_put_integer(result, &result->config, "speculation.max_parallel_branches", 4);
    bench_put_integer(result, &result->config, "speculation.proof.worker_threads", 4);
    bench_put_integer(result, &result->config, "speculation.proof.batch_size", 10);
    bench_put_integer(result, &result->config, "speculation.proof.queue_size", 1000);
    bench_put_integer(result, &result->config, "speculation.confirmation_timeout_ms", 30000);
    summary->rollback_rate = 0.03;
    summary->max_rollback_size = 5;
    summary->depth_max = 5;
    summary->waits[WAIT_DEPTH_LIMIT] = 0;
    summary->tasks.submitted = 1000;
    summary->prover_utilisation = 0.5;
    summary->queue_depth_mean = 1;
    summary->batch_size_mean = 8;
    summary->latency[LATENCY_CONFIRMED].quantile_ns[Q99] = 5e9;
}

static void tear_down(void)
{
    bench_free(result);
}

TestSuite(advice, .init = set_up, .fini = tear_down);

static void expect(const char *setting, const char *evidence)
{
    count = advice_of(result, advice);
    cr_assert(eq(u32, count, 1), "%u pieces of advice, the first: %s", count,
              count ? advice[0].setting : "none");
    cr_expect(eq(str, advice[0].setting, (char *)setting));
    cr_expect(strstr(advice[0].evidence, evidence) != NULL, "%s", advice[0].evidence);
}

Test(advice, a_result_in_every_band_gets_none)
{
    cr_expect(eq(u32, advice_of(result, advice), 0));
}

Test(advice, rollbacks_above_a_tenth_lower_the_depth)
{
    summary->rollback_rate = 0.12;
    expect("speculation.max_depth=4", "12.0 %");
}

Test(advice, cascades_of_more_than_twenty_lower_the_depth)
{
    summary->max_rollback_size = 20;
    cr_expect(eq(u32, advice_of(result, advice), 0));
    summary->max_rollback_size = 21;
    expect("speculation.max_depth=4", "21 tasks");
}

Test(advice, depth_that_nobody_uses_is_lowered_to_one_more_than_is)
{
    summary->depth_max = 3;
    cr_expect(eq(u32, advice_of(result, advice), 0));
    summary->depth_max = 2;
    expect("speculation.max_depth=3", "deeper than 2 of 5");
}

Test(advice, depth_that_binds_is_raised_only_while_rollbacks_are_rare)
{
    summary->waits[WAIT_DEPTH_LIMIT] = 200;
    cr_expect(eq(u32, advice_of(result, advice), 0));
    summary->rollback_rate = 0.005;
    expect("speculation.max_depth=6", "20.0 %");
}

Test(advice, safety_speaks_before_comfort_and_once_a_setting)
{
    summary->rollback_rate = 0.2;
    summary->waits[WAIT_DEPTH_LIMIT] = 500;
    summary->max_rollback_size = 50;
    expect("speculation.max_depth=4", "20.0 %");
}

Test(advice, busy_provers_get_help_and_idle_ones_go)
{
    summary->prover_utilisation = 0.9;
    expect("speculation.proof.worker_threads=6", "90.0 %");
    summary->prover_utilisation = 0.2;
    expect("speculation.proof.worker_threads=2", "20.0 %");
}

Test(advice, batches_that_stay_small_are_configured_so)
{
    summary->batch_size_mean = 1.03;
    expect("speculation.proof.batch_size=2", "1.03 proofs of 10");
}

Test(advice, a_queue_that_grows_all_the_time_asks_for_larger_batches)
{
    result->warmup_ns = 0;
    result->duration_ns = FIXTURE_SERIES * NS_PER_S;
    summary->queue_depth_mean = 100;
    for (uint32_t run = 0; run < 3; run++)
        for (uint32_t second = 0; second < FIXTURE_SERIES; second++)
            result->per_run[run].series[SERIES_QUEUE][second] = 50.0 * second;
    expect("speculation.proof.batch_size=20", "grew all the time");
    bench_put_text(result, &result->workload, "rate_pattern", "ramp:10-100");
    cr_expect(eq(u32, advice_of(result, advice), 0));
}

Test(advice, a_timeout_below_twice_p99_is_raised_to_whole_seconds)
{
    summary->latency[LATENCY_CONFIRMED].quantile_ns[Q99] = 20.2e9;
    expect("speculation.confirmation_timeout_ms=41000", "20.2 s");
}

Test(advice, a_setting_at_its_limit_is_not_moved_beyond_it)
{
    bench_put_integer(result, &result->config, "speculation.max_depth", 1);
    summary->depth_max = 1;
    summary->rollback_rate = 0.5;
    cr_expect(eq(u32, advice_of(result, advice), 0));
}

Test(advice, short_provers_are_told_by_what_was_seen)
{
    summary->prover_utilisation = 0.8;
    expect("speculation.proof.worker_threads=5", "provers were busy 80.0 % of the time, more than 70 %");
    cr_expect(strstr(advice[0].evidence, "queue") == NULL, "%s", advice[0].evidence);
    summary->prover_utilisation = 0.5;
    summary->queue_depth_mean = 800;
    expect("speculation.proof.worker_threads=5", "the proof queue was filled to 80.0 % on average");
    cr_expect(strstr(advice[0].evidence, "busy") == NULL, "%s", advice[0].evidence);
}
