/* cli/cmd_chaos_check.c: the invariants over a recorded event log. */
#include "base/file.h"
#include "base/json_write.h"
#include "chaos/log_check.h"
#include "cli/chaos_print.h"
#include "sim/chaos_story.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const size_t LOG_BYTES_MOST = (size_t)1 << 31;

static const struct flag FLAGS[] = {
    {.name = "liveness",
     .type = FLAG_SWITCH,
     .help = "also what must happen in time: for logs of runs that nothing held up"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

/* What was judged, as after a run; everything else of one is unknown. */
static void judged(const struct log_check *check, struct trial_outcome *out)
{
    memset(out, 0, sizeof *out);
    out->violation_count = check->violation_count;
    out->kept = check->kept;
    memcpy(out->violations, check->violations, sizeof out->violations);
    memcpy(out->checks, check->checks, sizeof out->checks);
    for (int i = 0; i < INVARIANT_COUNT; i++) out->margins_ppm[i] = check->margins_ppm[i];
}

static err print_table(const struct log_check *check, const struct trial_outcome *outcome, FILE *out)
{
    char at[CHAOS_TIME_BYTES];
    chaos_time_print(check->last_ns, at);
    fprintf(out, "log       %" PRIu64 " events, %" PRIu64 " of them refused, up to %s; %s", check->events,
            check->refused, at, check->is_sealed ? "closed in good order\n\n" : "not closed");
    if (!check->is_sealed && check->torn_bytes)
        fprintf(out, ", its last %" PRIu64 " bytes are a record that was cut off", check->torn_bytes);
    if (!check->is_sealed) fputs("\n\n", out);
    TRY(chaos_print_judged(outcome, out));
    fprintf(out, "%s  %" PRIu64 " violations\n", chaos_verdict_word(outcome), outcome->violation_count);
    return OK;
}

static void print_json(const struct log_check *check, const struct trial_outcome *outcome, FILE *out)
{
    struct json_writer json;
    json_write_begin(&json, out, JSON_LINES);
    json_write_object(&json, NULL);
    json_write_u64(&json, "events", check->events);
    chaos_print_invariants_json(outcome, &json);
    json_write_bool(&json, "is_sealed", check->is_sealed);
    json_write_i64(&json, "last_ns", check->last_ns);
    json_write_u64(&json, "refused", check->refused);
    json_write_u64(&json, "torn_bytes", check->torn_bytes);
    json_write_u64(&json, "violation_count", check->violation_count);
    chaos_print_violations_json(outcome, &json);
    json_write_end(&json);
    json_write_finish(&json);
}

static err check_file(struct args *args, struct log_check *check, struct diag *diag)
{
    struct file_bytes log;
    struct diag inside = {0};
    const char *path = args->operands[0];
    TRY(file_read(path, LOG_BYTES_MOST, &log, diag));
    err e = log_check_run(check, log.text, log.size_bytes, args_switch(args, "liveness"), &inside);
    free(log.text);
    if (e == OK) return OK;
    return diag_fail(diag, e, "%s: %s", path, *inside.text ? inside.text : "out of memory for its engine");
}

static err report(const struct log_check *check, struct args *args, struct trial_outcome *outcome)
{
    struct chaos_breaches breaches = {0};
    judged(check, outcome);
    if (strcmp(args_text(args, "output"), "json") == 0)
        print_json(check, outcome, args->out);
    else
        TRY(print_table(check, outcome, args->out));
    for (uint32_t i = 0; i < outcome->kept; i++) chaos_breaches_add(&breaches, &outcome->violations[i]);
    args->exit_status = chaos_exit_status(&breaches);
    return OK;
}

/* Of a damaged log what comes before the damage is judged all the same: it may say how it came to that. */
static err run(struct args *args, struct diag *diag)
{
    struct log_check *check = calloc(1, sizeof *check);
    struct trial_outcome *outcome = malloc(sizeof *outcome);
    err e = check && outcome ? check_file(args, check, diag) : ERR_NOMEM;
    bool is_judged = e == OK || (e == ERR_SYNTAX && check->events > 0);
    err reported = is_judged ? report(check, args, outcome) : OK;
    free(check);
    free(outcome);
    return e == OK ? reported : e;
}

const struct command COMMAND_chaos_check = {
    .group = "chaos",
    .name = "check",
    .summary = "judge a recorded event log by the invariants",
    .operands = "LOG",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Steps the log again into an engine of its own and judges what it does after each\n"
                   "event. What no log tells is not judged: landings on the chain, faults, crashes;\n"
                   "and what must happen in time only on demand, because a log does not say what\n"
                   "held it up. A torn tail is what a crash leaves; damage inside is an error, and\n"
                   "what comes before it is judged.",
    .examples = "agenc chaos run --scenario swarm --seed 4 --log run.log\n"
                "agenc chaos check run.log\n"
                "agenc chaos check run.log --liveness --output json",
    .exits = {STATUS_SAFETY, STATUS_LIVENESS},
    .run = run,
};
