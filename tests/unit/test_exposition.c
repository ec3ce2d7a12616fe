/* tests/unit/test_exposition.c: every family is announced once, every known label is there from the start. */
#include "reports/exposition.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct engine_stats stats;
static struct settings settings;
static char *text;

static void write_text(void (*write)(const struct exposition *exposition, FILE *out))
{
    size_t size;
    const struct exposition exposition = {
        .stats = &stats, .memory = {.total = 3 * MIB}, .settings = &settings};
    free(text);
    FILE *out = open_memstream(&text, &size);
    write(&exposition, out);
    fclose(out);
}

static uint32_t count_of(const char *line_begin)
{
    uint32_t count = 0;
    for (const char *at = text; (at = strstr(at, line_begin)); at++) count += at == text || at[-1] == '\n';
    return count;
}

static void tear_down(void)
{
    free(text);
}
TestSuite(exposition, .fini = tear_down, .timeout = 10);

Test(exposition, families_are_announced_once_and_bare_names_have_a_line)
{
    static const char *const NAMES[] = {"speculation_tasks_total", "speculation_active_tasks",
                                        "speculation_memory_usage_bytes", "speculation_proof_queue_depth"};
    write_text(exposition_write);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char begin[128];
        snprintf(begin, sizeof begin, "# TYPE %s ", NAMES[i]);
        cr_assert(eq(u32, count_of(begin), 1));
        snprintf(begin, sizeof begin, "%s ", NAMES[i]);
        cr_assert(eq(u32, count_of(begin), 1), "%s", NAMES[i]);
    }
}

Test(exposition, every_reason_has_a_series_before_the_first_event)
{
    write_text(exposition_write);
    cr_assert(eq(u32, count_of("speculation_rollback_total{"), REASON_COUNT));
    cr_assert(eq(u32, count_of("speculation_stake_slashed_total{"), REASON_COUNT));
    cr_assert(eq(u32, count_of("speculation_rollback_total{reason=\"ancestor_failed\"} 0\n"), 1));
}

Test(exposition, values_are_the_engines)
{
    stats.speculative_admissions = UINT64_MAX;
    stats.rollbacks_by_reason[REASON_PROOF_FAILED] = 7;
    stats.active_by_depth[3] = 2;
    settings.max_memory_bytes = 1;
    write_text(exposition_write);
    cr_assert(eq(u32, count_of("speculation_tasks_total 18446744073709551615\n"), 1));
    cr_assert(eq(u32, count_of("speculation_rollback_total{reason=\"proof_failed\"} 7\n"), 1));
    cr_assert(eq(u32, count_of("speculation_memory_usage_bytes 3145728\n"), 1));
    cr_assert(eq(u32, count_of("speculation_active_tasks_by_depth{depth=\"3\"} 2\n"), 1));
    cr_assert(eq(u32, count_of("speculation_current_depth 3\n"), 1));
}

Test(exposition, status_says_the_same_for_people)
{
    stats.operations = 5;
    stats.pending_operations = 4;
    settings.max_pending_operations = 100;
    settings.enabled = 1;
    settings.rollout_bps = 250;
    write_text(exposition_write_status);
    cr_assert(eq(u32, count_of("speculation         enabled\n"), 1));
    cr_assert(eq(u32, count_of("rollout             2.5 %\n"), 1));
    cr_assert(
        eq(u32, count_of("operations          5 not terminal, 4 of them speculative (limit 100)\n"), 1));
}
