/* cli/cmd_calibrate_workload.c: a scenario from arrivals and execution times. */
#include "cli/calibrate.h"

static const struct flag FLAGS[] = {CALIBRATE_FLAGS, {0}};

static err run(struct args *args, struct diag *diag)
{
    struct calibrate_result result = {0};
    struct calibrate_input input;
    TRY(calibrate_begin(args, &result.calibration, diag));
    TRY(calibrate_read(&input, args, &CALIBRATE_WORKLOAD_FORMS, diag));
    err e = input.count > 1 ? diag_fail(diag, ERR_USAGE, "--from: a workload is read from one file") : OK;
    if (e == OK) e = calibrate_workload(&result.calibration, &input.sources[0].table, diag);
    if (e == OK) e = calibrate_finish(args, &input, &result, diag);
    calibration_close(&result.calibration);
    calibrate_close(&input);
    return e;
}

const struct command COMMAND_calibrate_workload = {
    .group = "calibrate",
    .name = "workload",
    .summary = "make a scenario from arrivals and execution times",
    .flags = FLAGS,
    .description = "Fits the rate, the process of arrivals, execution times and depths by maximum\n"
                   "likelihood, prints every family with AIC, distances and intervals of 95 %, and\n"
                   "writes a scenario for `agenc benchmark speculation --scenario`.\n"
                   "docs/CALIBRATION.md has the details.",
    .formats = "CSV, a header and one row a job, in order of arrival:\n"
               "  arrival_ms     since any moment\n"
               "  execution_ms   of one of its tasks; may be left out\n"
               "  depth          tasks in a row behind its first; left out: each row is one task\n"
               "or execution_ms alone, one row a task in any order.",
    .examples = "agenc calibrate workload --from tests/data/workload.csv\n"
                "agenc calibrate workload --from jobs.csv --output mine.toml",
    .run = run,
};
