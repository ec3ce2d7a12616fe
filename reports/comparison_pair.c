/* reports/comparison_pair.c: tests by name, runs by seed, and the settings that differ. */
#include "reports/comparison.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the workload: what serves the load, not the load. */
static const char *const SUPPLY[] = {"executors", "agent_stake_lamports", "resubmit", "claim_ttl_s"};

static bool is_supply(const char *name)
{
    for (size_t i = 0; i < sizeof SUPPLY / sizeof *SUPPLY; i++)
        if (strcmp(SUPPLY[i], name) == 0) return true;
    return false;
}

static bool is_same_value(const struct bench_pair *left, const struct bench_pair *right)
{
    if (!left || !right) return false;
    /* A file has 0 where the memory had 0.0. */
    bool are_numbers = (left->kind == BENCH_NUMBER || left->kind == BENCH_INTEGER) &&
                       (right->kind == BENCH_NUMBER || right->kind == BENCH_INTEGER);
    if (are_numbers) return !(left->number < right->number || left->number > right->number);
    if (left->kind != right->kind) return false;
    switch (left->kind) {
    case BENCH_TEXT: return strcmp(left->text, right->text) == 0;
    case BENCH_NUMBER:
    case BENCH_INTEGER:
    case BENCH_BOOLEAN: return left->integer == right->integer;
    }
    return false;
}

static err check_duration(const struct comparison_test *test, struct diag *diag)
{
    const struct bench_result *before = test->before, *after = test->after;
    if (before->duration_ns != after->duration_ns)
        return diag_fail(
            diag, ERR_RANGE, "%s: runs of %s against runs of %s, measure both arms for the same time",
            test->title, report_duration(before->duration_ns).text, report_duration(after->duration_ns).text);
    if (before->warmup_ns != after->warmup_ns)
        return diag_fail(diag, ERR_RANGE, "%s: warm-up %s against %s, leave out the same time in both arms",
                         test->title, report_duration(before->warmup_ns).text,
                         report_duration(after->warmup_ns).text);
    if (before->agents != after->agents)
        return diag_fail(diag, ERR_RANGE,
                         "%s: %" PRIu32 " agents against %" PRIu32 ", offer both the same load", test->title,
                         before->agents, after->agents);
    return OK;
}

static err check_workload(const struct comparison_test *test, struct diag *diag)
{
    const struct bench_section *sides[] = {&test->before->workload, &test->after->workload};
    for (int side = 0; side < 2; side++)
        for (uint32_t i = 0; i < sides[side]->count; i++) {
            const char *name = sides[side]->pairs[i].name;
            const struct bench_pair *before = bench_get(sides[0], name), *after = bench_get(sides[1], name);
            if (is_supply(name) || is_same_value(before, after)) continue;
            return diag_fail(diag, ERR_RANGE,
                             "%s: different workloads, %s %s against %s; offer both the same load",
                             test->title, name, report_value(before).text, report_value(after).text);
        }
    return OK;
}

static err check_content(const struct comparison_test *test, struct diag *diag)
{
    /* Which of its runs are missing is not known. */
    if (test->before->interrupted || test->after->interrupted)
        return diag_fail(diag, ERR_RANGE, "%s: the runs %s were interrupted, measure them again", test->title,
                         test->before->interrupted ? "before" : "after");
    if (bench_is_empty(test->before) || bench_is_empty(test->after))
        return diag_fail(diag, ERR_RANGE, "%s: nothing was measured %s, run it longer", test->title,
                         bench_is_empty(test->before) ? "before" : "after");
    TRY(check_duration(test, diag));
    return check_workload(test, diag);
}

/* One program, one trajectory, one set of figures: what differs then was changed by hand. */
static err check_trajectories(const struct comparison_test *test, struct diag *diag)
{
    bool is_same_build = strcmp(test->before->commit, test->after->commit) == 0 &&
                         strcmp(test->before->version, test->after->version) == 0;
    for (uint32_t i = 0; i < test->pairs && is_same_build; i++) {
        const struct run_metrics *before = &test->before->per_run[i], *after = &test->after->per_run[i];
        if (before->trajectory_hash != after->trajectory_hash || before->trajectory_hash == 0) continue;
        for (uint32_t j = 0; j < comparison_metric_count(); j++) {
            struct run_metric left = {.value = NAN}, right = {.value = NAN};
            run_metric_find(before, comparison_metric_at(j)->name, &left);
            run_metric_find(after, comparison_metric_at(j)->name, &right);
            if (!(left.value < right.value) && !(left.value > right.value)) continue;
            return diag_fail(diag, ERR_RANGE,
                             "%s: run %" PRIu32
                             " has one trajectory on both sides but another %s: a file was edited, "
                             "measure again",
                             test->title, i + 1, comparison_metric_at(j)->name);
        }
    }
    return OK;
}

/* Draws are keyed by the benchmark's seed and the run's number: runs of the same both are partners. */
static err pair_runs(struct comparison_test *test, struct diag *diag)
{
    const struct bench_result *before = test->before, *after = test->after;
    uint32_t fewest = before->runs < after->runs ? before->runs : after->runs;
    test->is_paired = before->seed == after->seed;
    test->pairs = test->is_paired ? fewest : 0;
    test->before_runs = test->is_paired ? fewest : before->runs;
    test->after_runs = test->is_paired ? fewest : after->runs;
    TRY(check_trajectories(test, diag));
    if (test->before_runs <= SIGNFLIP_PAIRS_MOST && test->after_runs <= SIGNFLIP_PAIRS_MOST) return OK;
    return diag_fail(diag, ERR_LIMIT, "%s: more than %d runs, a comparison takes no more", test->title,
                     SIGNFLIP_PAIRS_MOST);
}

static bool is_listed(const struct comparison *comparison, const struct comparison_change *change)
{
    for (uint32_t i = 0; i < comparison->change_count; i++) {
        const struct comparison_change *listed = &comparison->changes[i];
        if (strcmp(listed->section, change->section) == 0 && strcmp(listed->name, change->name) == 0 &&
            (is_same_value(listed->before, change->before) || listed->before == change->before) &&
            (is_same_value(listed->after, change->after) || listed->after == change->after))
            return true;
    }
    return false;
}

static err add_change(struct comparison *comparison, const struct comparison_change *change,
                      struct diag *diag)
{
    if (is_listed(comparison, change)) return OK;
    struct comparison_change *grown =
        realloc(comparison->changes, (comparison->change_count + 1) * sizeof *grown);
    if (!grown) return diag_fail(diag, ERR_NOMEM, "out of memory for changes");
    comparison->changes = grown;
    grown[comparison->change_count] = *change;
    grown[comparison->change_count].order = comparison->change_count;
    comparison->change_count++;
    return OK;
}

struct sections {
    const char *name;
    const struct bench_section *before, *after;
    bool is_workload;
};

static err list_section(struct comparison *comparison, const struct sections *sections, struct diag *diag)
{
    const struct bench_section *sides[] = {sections->before, sections->after};
    for (int side = 0; side < 2; side++)
        for (uint32_t i = 0; i < sides[side]->count; i++) {
            const char *name = sides[side]->pairs[i].name;
            const struct comparison_change change = {sections->name, name, bench_get(sides[0], name),
                                                     bench_get(sides[1], name), 0};
            if ((sections->is_workload && !is_supply(name)) || is_same_value(change.before, change.after))
                continue;
            TRY(add_change(comparison, &change, diag));
        }
    return OK;
}

static err list_changes(struct comparison *comparison, const struct comparison_test *test, struct diag *diag)
{
    const struct bench_result *before = test->before, *after = test->after;
    const struct sections all[] = {
        {"config", &before->config, &after->config, false},
        {"supply", &before->workload, &after->workload, true},
        {"chain", &before->chain, &after->chain, false},
        {"prover", &before->prover, &after->prover, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) TRY(list_section(comparison, &all[i], diag));
    return OK;
}

/* By section and name: the order of bodies in JSON. */
static int by_name(const void *left, const void *right)
{
    const struct comparison_change *a = left, *b = right;
    int order = strcmp(a->section, b->section);
    if (order == 0) order = strcmp(a->name, b->name);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static const struct report_test *find_test(const struct report_inputs *inputs, const struct report_test *like)
{
    for (uint32_t i = 0; i < inputs->count; i++)
        if (strcmp(inputs->tests[i].group, like->group) == 0 &&
            strcmp(inputs->tests[i].result->name, like->result->name) == 0)
            return &inputs->tests[i];
    return NULL;
}

static err add_test(struct comparison *comparison, const struct report_test *before,
                    const struct report_test *after, struct diag *diag)
{
    struct comparison_test *test = &comparison->tests[comparison->count++];
    test->title = before->title;
    test->file_name = before->file_name;
    test->before = before->result;
    test->after = after->result;
    TRY(check_content(test, diag));
    TRY(pair_runs(test, diag));
    comparison->runs_left_out +=
        before->result->runs - test->before_runs + after->result->runs - test->after_runs;
    return list_changes(comparison, test, diag);
}

err comparison_match(struct comparison *out, const struct report_inputs *before,
                     const struct report_inputs *after, struct diag *diag)
{
    bool is_single = before->count == 1 && after->count == 1;
    out->tests = calloc(before->count ? before->count : 1, sizeof *out->tests);
    if (!out->tests) return diag_fail(diag, ERR_NOMEM, "out of memory for the comparison");
    for (uint32_t i = 0; i < before->count; i++) {
        const struct report_test *partner =
            is_single ? &after->tests[0] : find_test(after, &before->tests[i]);
        if (partner) TRY(add_test(out, &before->tests[i], partner, diag));
    }
    if (out->change_count > 1) qsort(out->changes, out->change_count, sizeof *out->changes, by_name);
    out->left_out_before = before->count - out->count;
    out->left_out_after = after->count - out->count;
    if (out->count > 0) return OK;
    return diag_fail(diag, ERR_USAGE, "no test is in both: %s is only in the first, %s only in the second",
                     before->tests[0].result->name, after->tests[0].result->name);
}
