/* reports/report_details.c: what one looks up: runs, waits, money, configuration, environment, the command.
 */
#include "base/config.h"
#include "reports/report.h"
#include "reports/run_fields.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_SHOWN = 30 };

static const char *const RUN_METRICS[][2] = {
    {"Throughput", "throughput"},   {"Result p50", "result.p50"},
    {"Result p99", "result.p99"},   {"Confirmed p99", "confirmed.p99"},
    {"Rollbacks", "rollback_rate"}, {"Memory/task", "memory_per_active_task"},
    {"Jobs sooner", "speedup"},
};
enum { RUN_METRIC_COUNT = sizeof RUN_METRICS / sizeof *RUN_METRICS };

static void write_runs(const struct page *page, const struct bench_result *result)
{
    struct grid *grid = page->grid;
    grid_begin(grid, "Every run");
    grid_add_column(grid, CELL_NUMBER, "Replication");
    grid_add_column(grid, CELL_NUMBER, "Seed");
    for (uint32_t i = 0; i < RUN_METRIC_COUNT; i++) grid_add_column(grid, CELL_NUMBER, RUN_METRICS[i][0]);
    grid_add_column(grid, CELL_CODE, "Trajectory");
    for (uint32_t run = 0; run < result->runs && run < RUNS_SHOWN; run++) {
        const struct run_metrics *metrics = &result->per_run[run];
        grid_add(grid, CELL_NUMBER, "%u", run + 1);
        grid_add(grid, CELL_NUMBER, "%" PRIu64, metrics->seed);
        for (uint32_t i = 0; i < RUN_METRIC_COUNT; i++)
            grid_add(grid, CELL_NUMBER, "%s", report_metric(metrics, RUN_METRICS[i][1]).text);
        grid_add(grid, CELL_CODE, "%016" PRIx64, metrics->trajectory_hash);
    }
    page->renderer->fold_begin(page->out, "Every run");
    page->renderer->table(page->out, grid);
    if (result->runs > RUNS_SHOWN)
        page->renderer->paragraph(page->out, "Further runs are in the result file.");
    page->renderer->fold_end(page->out);
}

static void write_wait_table(const struct page *page, const struct run_metrics *summary)
{
    struct grid *grid = page->grid;
    grid_begin(grid, "Reasons to wait");
    grid_add_column(grid, CELL_CODE, "Held for");
    grid_add_column(grid, CELL_NUMBER, "Tasks");
    grid_add_column(grid, CELL_NUMBER, "In all");
    grid_add_column(grid, CELL_NUMBER, "Each");
    for (int reason = WAIT_NONE + 1; reason < WAIT_REASON_COUNT; reason++) {
        uint64_t waits = summary->waits[reason];
        char all[METRIC_TEXT_BYTES], each[METRIC_TEXT_BYTES];
        if (waits == 0) continue;
        metric_write(all, summary->wait_ms[reason] / 1e3, UNIT_SECONDS);
        metric_write(each, summary->wait_ms[reason] / 1e3 / (double)waits, UNIT_SECONDS);
        grid_add(grid, CELL_CODE, "%s", wait_reason_name((enum wait_reason)reason));
        grid_add(grid, CELL_NUMBER, "%s", report_count(waits).text);
        grid_add(grid, CELL_NUMBER, "%s", all);
        grid_add(grid, CELL_NUMBER, "%s", each);
    }
    page->renderer->table(page->out, grid);
}

static void write_rollback_table(const struct page *page, const struct run_metrics *summary)
{
    struct grid *grid = page->grid;
    grid_begin(grid, "Reasons of rollbacks");
    grid_add_column(grid, CELL_CODE, "Rolled back for");
    grid_add_column(grid, CELL_NUMBER, "Tasks");
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        if (summary->rollbacks_by_reason[reason] == 0) continue;
        grid_add(grid, CELL_CODE, "%s", rollback_reason_name((enum rollback_reason)reason));
        grid_add(grid, CELL_NUMBER, "%s", report_count(summary->rollbacks_by_reason[reason]).text);
    }
    page->renderer->table(page->out, grid);
}

static void write_outcomes(const struct page *page, const struct run_metrics *summary)
{
    const struct task_counts *tasks = &summary->tasks;
    const struct {
        const char *name;
        uint64_t count;
    } COUNTS[] = {{"Submitted", tasks->submitted},
                  {"Confirmed", tasks->confirmed},
                  {"Failed", tasks->failed},
                  {"Rolled back", tasks->rolled_back},
                  {"Cancelled", tasks->cancelled},
                  {"Expired", tasks->expired},
                  {"Unfinished", tasks->unfinished},
                  {"Refused", tasks->refused},
                  {"Run speculatively", tasks->speculative}};
    grid_begin(page->grid, "What became of the tasks");
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
        grid_add_column(page->grid, CELL_NUMBER, COUNTS[i].name);
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
        grid_add(page->grid, CELL_NUMBER, "%s", report_count(COUNTS[i].count).text);
    page->renderer->table(page->out, page->grid);
}

static void write_stake(const struct page *page, const struct run_metrics *summary)
{
    grid_begin(page->grid, "Stake");
    grid_add_column(page->grid, CELL_NUMBER, "Bonded, SOL");
    grid_add_column(page->grid, CELL_NUMBER, "Released, SOL");
    grid_add_column(page->grid, CELL_NUMBER, "Slashed, SOL");
    grid_add_column(page->grid, CELL_NUMBER, "Still locked, SOL");
    grid_add(page->grid, CELL_NUMBER, "%s", report_sol(summary->bonded_lamports).text);
    grid_add(page->grid, CELL_NUMBER, "%s", report_sol(summary->released_lamports).text);
    grid_add(page->grid, CELL_NUMBER, "%s", report_sol(summary->slashed_lamports).text);
    grid_add(page->grid, CELL_NUMBER, "%s", report_sol(summary->locked_lamports).text);
    page->renderer->table(page->out, page->grid);
}

static void write_accounts(const struct page *page, const struct bench_result *result)
{
    page->renderer->fold_begin(page->out, "Waits, rollbacks, outcomes and stake, all runs together");
    write_wait_table(page, &result->summary);
    write_rollback_table(page, &result->summary);
    write_outcomes(page, &result->summary);
    write_stake(page, &result->summary);
    page->renderer->fold_end(page->out);
}

/* Numbers are compared as numbers: 0.10 is 0.1. */
static bool is_same(const char *left, const char *right)
{
    char *left_end, *right_end;
    double left_number = strtod(left, &left_end), right_number = strtod(right, &right_end);
    bool are_numbers = *left && *right && !*left_end && !*right_end;
    return are_numbers ? !(left_number < right_number || left_number > right_number)
                       : strcmp(left, right) == 0;
}

/* Keys that are not at their compiled value. Keys of another version of the program are shown as well. */
static void write_config(const struct page *page, const struct bench_result *result)
{
    struct config compiled;
    char fallback[CONFIG_TEXT_BYTES];
    config_init(&compiled);
    grid_begin(page->grid, "Configuration that deviates from the compiled defaults");
    grid_add_column(page->grid, CELL_CODE, "Key");
    grid_add_column(page->grid, CELL_NUMBER, "In force");
    grid_add_column(page->grid, CELL_NUMBER, "Compiled default");
    for (uint32_t i = 0; i < result->config.count; i++) {
        const struct bench_pair *pair = &result->config.pairs[i];
        const struct config_key *key = config_key_find(pair->name);
        struct report_value value = report_value(pair);
        snprintf(fallback, sizeof fallback, "%s", "unknown to this version");
        if (key) config_key_write(key, &compiled.settings, fallback);
        if (is_same(value.text, fallback) || page->grid->cell_count + 3 > GRID_CELLS_MOST) continue;
        grid_add(page->grid, CELL_CODE, "%s", pair->name);
        grid_add(page->grid, CELL_NUMBER, "%s", value.text);
        grid_add(page->grid, CELL_NUMBER, "%s", fallback);
    }
    page->renderer->paragraph(page->out, page->grid->cell_count
                                             ? "Configuration keys that are not at their compiled default:"
                                             : "Every configuration key is at its compiled default.");
    page->renderer->table(page->out, page->grid);
}

static void write_section(const struct page *page, const char *title, const struct bench_section *section)
{
    grid_begin(page->grid, title);
    grid_add_column(page->grid, CELL_TEXT, title);
    grid_add_column(page->grid, CELL_TEXT, "Value");
    for (uint32_t i = 0; i < section->count && page->grid->cell_count + 2 <= GRID_CELLS_MOST; i++) {
        grid_add(page->grid, CELL_CODE, "%s", section->pairs[i].name);
        grid_add(page->grid, CELL_TEXT, "%s", report_value(&section->pairs[i]).text);
    }
    page->renderer->table(page->out, page->grid);
}

err report_write_details(const struct page *page, const struct report_test *test, struct diag *diag)
{
    const struct bench_result *result = test->result;
    page->renderer->heading(page->out, 3, "How to reproduce");
    TRY(report_write_reproduction(page, result, diag));
    write_runs(page, result);
    write_accounts(page, result);
    page->renderer->fold_begin(page->out, "Configuration, workload, models and machine");
    write_config(page, result);
    write_section(page, "Workload", &result->workload);
    write_section(page, "Chain", &result->chain);
    write_section(page, "Prover", &result->prover);
    write_section(page, "Machine", &result->environment);
    page->renderer->fold_end(page->out);
    return OK;
}
