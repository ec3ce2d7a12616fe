/* tests/unit/test_metrics_write.c: every family is announced once, every known label is there from the start,
 * and the values are the engine's. */
#include "daemon/metrics_own.h"
#include "tests/lib/engine_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct engine_stats stats;
static struct settings settings;
static struct metrics *metrics;
static struct metrics_view view;
static char *text;

static void set_up(void)
{
    settings = settings_for_tests();
    cr_assert(eq(int, metrics_open(&metrics), OK));
    view = (struct metrics_view){.stats = &stats,
                                 .memory = {.total = 3 * MIB, .other = MIB},
                                 .settings = &settings,
                                 .metrics = metrics};
}
static void tear_down(void)
{
    metrics_free(metrics);
    free(text);
}
TestSuite(metrics_write, .init = set_up, .fini = tear_down, .timeout = 10);

static void write_text(bool is_flat)
{
    size_t size;
    free(text);
    FILE *out = open_memstream(&text, &size);
    metrics_view_write(&view, out, is_flat);
    fclose(out);
}

static uint32_t lines_of(const char *line_begin)
{
    uint32_t count = 0;
    for (const char *at = text; (at = strstr(at, line_begin)); at++) count += at == text || at[-1] == '\n';
    return count;
}

/* What a script's unanchored grep finds. */
static uint32_t grep(const char *words)
{
    uint32_t count = 0;
    for (char *at = text; (at = strstr(at, words)); at = strchr(at, '\n')) count++;
    return count;
}

Test(metrics_write, families_and_aliases_are_announced_once)
{
    char begin[LIMIT_NAME + 16];
    write_text(false);
    for (uint32_t i = 0; i < METRICS_FAMILY_COUNT + METRICS_ALIAS_COUNT; i++) {
        bool is_alias = i >= METRICS_FAMILY_COUNT;
        const char *name =
            is_alias ? METRICS_ALIASES[i - METRICS_FAMILY_COUNT].name : METRICS_FAMILIES[i].name;
        bool is_told =
            is_alias || (METRICS_FAMILIES[i].port == PORT_ENGINE && METRICS_FAMILIES[i].need <= NEED_METRICS);
        snprintf(begin, sizeof begin, "# TYPE %s ", name);
        cr_assert(eq(u32, lines_of(begin), is_told), "%s", name);
    }
}

Test(metrics_write, names_the_runbooks_search_have_a_line_that_begins_with_them)
{
    static const char *const NAMES[] = {
        "speculation_tasks_total",        "speculation_active_tasks",
        "speculation_rollback_total",     "speculation_proof_generation_seconds",
        "speculation_memory_usage_bytes", "speculation_depth_histogram"};
    write_text(false);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        cr_assert(lines_of(NAMES[i]) > 0, "%s", NAMES[i]);
    write_text(true);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        cr_assert(eq(u32, grep(NAMES[i]), 1), "flat: %s", NAMES[i]);
}

Test(metrics_write, every_reason_has_a_series_before_the_first_event)
{
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_rollback_total{"), REASON_COUNT));
    cr_assert(eq(u32, lines_of("speculation_stake_slashed_total{"), REASON_COUNT));
    cr_assert(eq(u32, lines_of("speculation_rollback_total{reason=\"ancestor_failed\"} 0\n"), 1));
    cr_assert(
        eq(u32, lines_of("solana_confirmation_seconds_bucket{level=\"finalized\",le=\"+Inf\"} 0\n"), 1));
}

Test(metrics_write, values_are_the_engines)
{
    stats.speculative_admissions = UINT64_C(1) << 53;
    stats.rollbacks_by_reason[REASON_PROOF_FAILED] = 7;
    stats.active_by_depth[3] = 2;
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_tasks_total 9007199254740992\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_rollback_total{reason=\"proof_failed\"} 7\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_memory_usage_bytes 3145728\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_memory_usage_bytes{component=\"other\"} 1048576\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_active_tasks_by_depth{depth=\"3\"} 2\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_current_depth 3\n"), 1));
}

Test(metrics_write, a_bound_is_written_without_needless_zeros)
{
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_depth_histogram_bucket{le=\"4\"} 0\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_rollback_latency_seconds_bucket{le=\"0.005\"} 0\n"), 1));
    cr_assert(eq(
        u32, lines_of("speculation_proof_generation_seconds_bucket{proof_type=\"groth16\",le=\"300\"} 0\n"),
        1));
}

Test(metrics_write, buckets_cumulate_and_a_value_on_a_bound_is_within_it)
{
    for (int i = 0; i < 3; i++) metrics_chain_confirmed(metrics, NS_PER_S);
    metrics_chain_confirmed(metrics, NS_PER_S + 1);
    metrics_chain_confirmed(metrics, 301 * NS_PER_S);
    write_text(false);
    cr_assert(eq(u32, lines_of("solana_confirmation_seconds_bucket{level=\"confirmed\",le=\"0.5\"} 0\n"), 1));
    cr_assert(eq(u32, lines_of("solana_confirmation_seconds_bucket{level=\"confirmed\",le=\"1\"} 3\n"), 1));
    cr_assert(eq(u32, lines_of("solana_confirmation_seconds_bucket{level=\"confirmed\",le=\"5\"} 4\n"), 1));
    cr_assert(eq(u32, lines_of("solana_confirmation_seconds_bucket{level=\"confirmed\",le=\"300\"} 4\n"), 1));
    cr_assert(eq(u32, lines_of("solana_confirmation_seconds_count{level=\"confirmed\"} 5\n"), 1));
    cr_assert(eq(u32, lines_of("solana_confirmation_seconds_sum{level=\"confirmed\"} 305.000000001\n"), 1));
}

Test(metrics_write, flat_has_one_sample_a_family_and_no_comment)
{
    stats.rollbacks_by_reason[REASON_MANUAL] = 2;
    stats.rollbacks_by_reason[REASON_ANCESTOR_FAILED] = 5;
    metrics_chain_confirmed(metrics, NS_PER_S);
    write_text(true);
    cr_assert(eq(u32, grep("#"), 0));
    cr_assert(eq(u32, grep("{"), 0));
    cr_assert(eq(u32, lines_of("speculation_rollback_total 7\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_memory_usage_bytes 3145728\n"), 1)); /* the total, not twice */
    cr_assert(eq(u32, lines_of("solana_confirmation_seconds 1\n"), 1));
    cr_assert(
        eq(u32, grep("speculation_active_tasks"), 1)); /* as the drain script of the runbook looks for it */
}

Test(metrics_write, aliases_have_the_same_value_and_can_be_turned_off)
{
    stats.proof_queue_depth = 12;
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_proof_queue_size 12\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_memory_bytes"), 1)); /* the total alone */
    settings.metrics_aliases = 0;
    write_text(false);
    for (uint32_t i = 0; i < METRICS_ALIAS_COUNT; i++)
        cr_assert(eq(u32, lines_of(METRICS_ALIASES[i].name), 0));
    cr_assert(eq(u32, lines_of("speculation_proof_queue_depth 12\n"), 1));
}

Test(metrics_write, speculation_counts_as_disabled_while_the_breaker_is_open)
{
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_enabled 1\n") + lines_of("speculation_auto_disabled 0\n"), 2));
    stats.breaker_state = BREAKER_HALF_OPEN;
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_enabled 1\n") + lines_of("speculation_auto_disabled 1\n"), 2));
    stats.breaker_state = BREAKER_OPEN;
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_enabled 0\n") + lines_of("speculation_auto_disabled 1\n"), 2));
}

Test(metrics_write, label_values_are_escaped)
{
    char labels[METRICS_LABELS_BYTES] = "";
    metrics_label(labels, "agent_id", "a\"b\\c\nd");
    metrics_label(labels, "type", "x");
    cr_assert(eq(str, labels, "agent_id=\"a\\\"b\\\\c\\nd\",type=\"x\""));
}

static void count(const char *agent, uint64_t id, const char *type, uint32_t times)
{
    const struct metrics_operation operation = {.agent_id = id,
                                                .agent_index = (uint32_t)id,
                                                .agent = agent,
                                                .type = type,
                                                .status = OPERATION_CONFIRMED};
    for (uint32_t i = 0; i < times; i++) metrics_agents_count(&metrics->agents, &operation);
    stats.ended[TASK_CONFIRMED] += times;
}

Test(metrics_write, agents_beyond_twenty_are_other_and_the_sum_is_the_engines)
{
    for (uint64_t id = 1; id <= 30; id++) {
        char name[24];
        snprintf(name, sizeof name, "agent-%u", (unsigned)id);
        count(name, id, "compute", 10);
    }
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_operations_total{status=\"confirmed\""), METRICS_AGENTS + 1));
    cr_assert(eq(u32,
                 lines_of("speculation_operations_total{status=\"confirmed\",agent_id=\"other\",operation_"
                          "type=\"other\"} 100\n"),
                 1));
    cr_assert(eq(u32,
                 lines_of("speculation_operations_total{status=\"confirmed\",agent_id=\"agent-7\",operation_"
                          "type=\"compute\"} 10\n"),
                 1));
}

Test(metrics_write, a_busy_agent_takes_an_idle_ones_place_and_other_never_falls)
{
    for (uint64_t id = 1; id <= 20; id++) count(id == 20 ? "idle" : "busy", id, "compute", id == 20 ? 3 : 50);
    count("newcomer", 99, "compute", 3);
    write_text(false);
    cr_assert(eq(u32,
                 lines_of("speculation_operations_total{status=\"confirmed\",agent_id=\"other\",operation_"
                          "type=\"other\"} 3\n"),
                 1));
    count("newcomer", 99, "compute", 5);
    write_text(false);
    cr_assert(eq(u32, grep("agent_id=\"idle\""), 0));
    cr_assert(eq(u32,
                 lines_of("speculation_operations_total{status=\"confirmed\",agent_id=\"newcomer\",operation_"
                          "type=\"compute\"} 2\n"),
                 1));
    cr_assert(eq(u32,
                 lines_of("speculation_operations_total{status=\"confirmed\",agent_id=\"other\",operation_"
                          "type=\"other\"} 9\n"),
                 1));
}

Test(metrics_write, types_beyond_the_first_are_other)
{
    for (int i = 0; i < 10; i++) {
        char type[24];
        snprintf(type, sizeof type, "type-%d", i);
        count("agent", 1, type, 1);
    }
    write_text(false);
    cr_assert(eq(u32,
                 lines_of("speculation_operations_total{status=\"confirmed\",agent_id=\"agent\",operation_"
                          "type=\"type-5\"} 1\n"),
                 1));
    cr_assert(eq(u32,
                 lines_of("speculation_operations_total{status=\"confirmed\",agent_id=\"agent\",operation_"
                          "type=\"other\"} 4\n"),
                 1));
}

Test(metrics_write, requests_are_counted_by_the_class_of_their_path)
{
    metrics_request(metrics, "/admin/tasks/task-1", 404);
    metrics_request(metrics, "/admin/status", 200);
    metrics_request(metrics, "/nowhere", 418);
    write_text(false);
    cr_assert(eq(u32, lines_of("agenc_http_requests_total{route=\"tasks\",code=\"404\"} 1\n"), 1));
    cr_assert(eq(u32, lines_of("agenc_http_requests_total{route=\"admin\",code=\"200\"} 1\n"), 1));
    cr_assert(eq(u32, lines_of("agenc_http_requests_total{route=\"other\",code=\"other\"} 1\n"), 1));
    cr_assert(eq(u32, lines_of("agenc_http_requests_total{route=\"query\",code=\"200\"} 0\n"), 1));
}

Test(metrics_write, a_window_forgets_what_is_older)
{
    struct window_counts *counts = &metrics->counts;
    for (int i = 0; i < 20; i++) window_count(counts, 100 * NS_PER_S, WINDOW_ADMITTED);
    window_count(counts, 100 * NS_PER_S, WINDOW_ROLLED_BACK);
    cr_assert(eq(u64, metrics_rollback_rate_at(metrics, 390 * NS_PER_S, 5 * NS_PER_MIN), 500));
    cr_assert(eq(u64, metrics_rollback_rate_at(metrics, 420 * NS_PER_S, 5 * NS_PER_MIN), 0));
    cr_assert(eq(u64, metrics_rollback_rate_at(metrics, 420 * NS_PER_S, NS_PER_H), 500));
    cr_assert(eq(u64, metrics_rollback_rate_at(metrics, 100 * NS_PER_S + 2 * NS_PER_H, NS_PER_H), 0));
}

Test(metrics_write, a_quantile_of_the_window_is_within_three_percent)
{
    static struct window_quantiles window;
    for (int64_t ms = 1; ms <= 1000; ms++) window_duration(&window, 50 * NS_PER_S, ms * NS_PER_MS);
    cr_assert(eq(u64, window_durations(&window, 50 * NS_PER_S), 1000));
    double p99_ms = (double)window_quantile(&window, 60 * NS_PER_S, 0.99) / NS_PER_MS;
    double p50_ms = (double)window_quantile(&window, 60 * NS_PER_S, 0.5) / NS_PER_MS;
    cr_assert(p99_ms >= 990 && p99_ms < 990 * 1.033, "p99 %f", p99_ms);
    cr_assert(p50_ms >= 500 && p50_ms < 500 * 1.033, "p50 %f", p50_ms);
    cr_assert(eq(i64, window_quantile(&window, 50 * NS_PER_S + 6 * NS_PER_MIN, 0.5), 0));
}

Test(metrics_write, nothing_measured_is_no_number)
{
    write_text(false);
    cr_assert(eq(u32, lines_of("speculation_confirmation_latency_p99 NaN\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_rollback_rate 0\n"), 1));
    cr_assert(eq(u32, lines_of("speculation_health_score 1\n"), 1));
}

Test(metrics_write, the_process_is_described)
{
    cr_assert(metrics_process(PROCESS_OPEN_FDS) >= 3);
    cr_assert(metrics_process(PROCESS_RESIDENT) > 100000);
    cr_assert(metrics_process(PROCESS_VIRTUAL) >= metrics_process(PROCESS_RESIDENT));
    cr_assert(metrics_process(PROCESS_START) > 1.5e9);
}
