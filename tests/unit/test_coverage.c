/* tests/unit/test_coverage.c: each thing that can be reached has its bit, and its name. */
#include "chaos/coverage.h"
#include "chaos/injector.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct coverage *coverage;
static const struct engine_stats NONE_YET;

static void set_up(void)
{
    coverage = calloc(1, sizeof *coverage);
}
static void tear_down(void)
{
    free(coverage);
}
TestSuite(coverage, .init = set_up, .fini = tear_down, .timeout = 10);

static void status(uint64_t task, enum task_status from, enum task_status to)
{
    struct effect effect = {.kind = NOTE_STATUS, .task_id = task};
    effect.u.status.from = from;
    effect.u.status.to = to;
    effect.u.status.reason = REASON_COUNT;
    coverage_effect(coverage, &effect);
}

static char *missing(enum coverage_group group)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    coverage_print_missing(coverage, group, out);
    fclose(out);
    return text;
}

static void expect_missing(enum coverage_group group, const char *line, bool is_missing)
{
    char *text = missing(group);
    cr_expect(eq(int, strstr(text, line) != NULL, is_missing), "%s in: %s", line, text);
    free(text);
}

Test(coverage, transitions_that_follow_one_another_in_a_task_are_pairs)
{
    status(7, TASK_PENDING, TASK_PENDING);
    status(7, TASK_PENDING, TASK_EXECUTING);
    status(8, TASK_EXECUTING, TASK_FAILED);
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_TRANSITIONS), 2));
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_PAIRS), 0));
    status(7, TASK_EXECUTING, TASK_EXECUTED);
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_PAIRS), 1));
    expect_missing(COVERAGE_PAIRS, "TASK_PENDING > TASK_EXECUTING > TASK_EXECUTED\n", false);
    expect_missing(COVERAGE_PAIRS, "TASK_PENDING > TASK_EXECUTING > TASK_FAILED\n", true);
}

Test(coverage, a_new_run_forgets_what_tasks_did_and_keeps_what_was_reached)
{
    status(7, TASK_PENDING, TASK_EXECUTING);
    coverage_begin(coverage);
    status(7, TASK_EXECUTING, TASK_EXECUTED);
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_PAIRS), 0));
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_TRANSITIONS), 2));
}

/* Counted by hand in engine/machines.c. */
Test(coverage, transitions_are_those_of_the_machine)
{
    cr_expect(eq(u32, coverage_possible(COVERAGE_TRANSITIONS), 4 + 5 + 5 + 7 + 5 + 6 + 8 + 2));
    cr_expect(eq(u32, coverage_possible(COVERAGE_EFFECTS), EFFECT_KIND_COUNT));
    cr_expect(eq(u32, coverage_possible(COVERAGE_INJECTORS), 81));
    cr_expect(eq(u32, coverage_possible(COVERAGE_DENIALS), WAIT_REASON_COUNT - 1));
    cr_expect(eq(u32, coverage_possible(COVERAGE_BREAKER), 5 + 4 * 6));
}

Test(coverage, a_pair_is_possible_when_both_halves_are_legal)
{
    uint32_t count = 0;
    for (unsigned first = 0; first < TASK_STATUS_COUNT; first++)
        for (unsigned one = 0; one < MOVE_COUNT; one++) {
            unsigned middle = machine_cell(MACHINE_TASK, first, one);
            for (unsigned two = 0; middle && two < MOVE_COUNT; two++)
                count += machine_cell(MACHINE_TASK, middle - 1, two) != 0;
        }
    cr_expect(eq(u32, coverage_possible(COVERAGE_PAIRS), count));
}

Test(coverage, what_cannot_be_is_not_counted)
{
    status(1, TASK_FAILED, TASK_EXECUTING);
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_TRANSITIONS), 0));
}

Test(coverage, answers_and_refusals_come_with_the_event)
{
    struct engine_stats stats = {.refused = {[REFUSED_CYCLE_DETECTED] = 1}};
    const struct event submit = {.kind = EVENT_SUBMIT}, confirmed = {.kind = EVENT_CONFIRMED};
    coverage_event(coverage, &submit, OK, &stats);
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_REFUSALS), 0));
    coverage_event(coverage, &submit, ERR_RANGE, &stats);
    coverage_event(coverage, &confirmed, ERR_STALE, &NONE_YET);
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_REFUSALS), 1));
    cr_expect(eq(u32, coverage_count(coverage, COVERAGE_ANSWERS), 3));
    expect_missing(COVERAGE_ANSWERS, "confirmed: stale\n", false);
    expect_missing(COVERAGE_ANSWERS, "reverted: stale\n", true);
    expect_missing(COVERAGE_REFUSALS, "cycle_detected\n", false);
}

Test(coverage, joining_counts_what_is_new)
{
    struct coverage *all = calloc(1, sizeof *all);
    coverage_fired(coverage, INJECT_NETWORK_DROP);
    status(1, TASK_PENDING, TASK_EXECUTING);
    uint32_t news = coverage_join(all, coverage);
    cr_expect(eq(u32, news, 3)); /* the kind of the effect, too */
    cr_expect(eq(u32, coverage_join(all, coverage), 0));
    cr_expect(eq(u32, coverage_count(all, COVERAGE_INJECTORS), 1));
    free(all);
}

Test(coverage, every_bit_that_can_be_set_has_a_name_of_its_own)
{
    for (int group = 0; group < COVERAGE_GROUP_COUNT; group++) {
        uint32_t lines = 0;
        char *text = missing((enum coverage_group)group), *rest = text, *line, *names[4096];
        while ((line = strsep(&rest, "\n")) && *line) {
            cr_assert(eq(int, strstr(line, "(null)") == NULL, 1));
            for (uint32_t i = 0; i < lines; i++) cr_assert(ne(int, strcmp(names[i], line), 0), "%s", line);
            names[lines++] = line;
        }
        cr_expect(eq(u32, lines, coverage_possible((enum coverage_group)group)));
        free(text);
    }
}
