/* cli/cmd_chaos_run.c: one scenario, one seed, every invariant. */
#include "base/file.h"
#include "cli/chaos_print.h"
#include "cli/interrupt.h"
#include "engine/codec.h"
#include "reports/report.h"
#include <stdlib.h>

enum { LOG_BYTES_MOST = 256 << 20 };

static const struct flag FLAGS[] = {
    CHAOS_FLAG_SCENARIO(NULL, true),
    {.name = "seed",
     .value = "N",
     .type = FLAG_UNSIGNED,
     .fallback = "1",
     .help = "of everything that is drawn"},
    {.name = "schedule",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "these faults instead of the scenario's and the swarm's: [[fault]] tables"},
    CHAOS_FLAG_DURATION,
    {.name = "trace", .value = "FILE", .type = FLAG_FILE, .help = "the run as a timeline for Perfetto"},
    {.name = "log", .value = "FILE", .type = FLAG_FILE, .help = "the event log, for agenc chaos check"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

/* What is written beside the result: a timeline, an event log. */
struct extras {
    struct workload *workload; /* that the trace borrows */
    struct trace *trace;
    struct codec_out log;
};

static err open_extras(struct extras *extras, const struct chaos_subject *subject, const struct args *args,
                       struct diag *diag)
{
    const char *trace = args_text(args, "trace");
    if (trace) {
        TRY(chaos_subject_workload(subject, &extras->workload, diag));
        TRY(trace_open(&extras->trace, trace, extras->workload, diag));
    }
    if (!args_text(args, "log")) return OK;
    extras->log = (struct codec_out){.bytes = malloc(LOG_BYTES_MOST), .capacity = LOG_BYTES_MOST};
    return extras->log.bytes ? OK : diag_fail(diag, ERR_NOMEM, "out of memory for the event log");
}

static err write_extras(struct extras *extras, const struct args *args, struct diag *diag)
{
    const char *log = args_text(args, "log");
    struct trace *trace = extras->trace;
    extras->trace = NULL;
    if (trace) TRY(trace_close(trace, diag));
    return log ? file_write(log, extras->log.bytes, extras->log.used, diag) : OK;
}

static void close_extras(struct extras *extras)
{
    trace_abandon(extras->trace);
    workload_free(extras->workload);
    free(extras->log.bytes);
}

static err run_trial(const struct chaos_subject *subject, struct extras *extras,
                     struct trial_outcome *outcome, struct diag *diag)
{
    struct trial_options options = chaos_subject_trial(subject);
    options.trace = extras->trace;
    options.log = extras->log.bytes ? &extras->log : NULL;
    options.stop = interrupt_catch();
    err e = trial_run(&options, outcome, diag);
    interrupt_release();
    return e;
}

/* A schedule whose faults never begin tests nothing, however well the run went. */
static err refuse_unarmed(const struct chaos_subject *subject, const struct trial_outcome *outcome,
                          struct diag *diag)
{
    uint64_t armed = 0;
    for (int i = 0; i < INJECTOR_COUNT; i++) armed += outcome->counts[i].armed;
    if (armed > 0 || subject->repro.kind == SWARM_CONTROL || outcome->interrupted) return OK;
    return diag_fail(diag, ERR_USAGE, "no fault was armed: they begin after the run is over");
}

static err report(const struct chaos_subject *subject, const struct trial_outcome *outcome, struct args *args,
                  struct diag *diag)
{
    char command[CHAOS_COMMAND_BYTES];
    struct chaos_breaches breaches = {0};
    TRY(refuse_unarmed(subject, outcome, diag));
    chaos_print_command(&subject->repro, command);
    if (args_wants_json(args))
        chaos_print_json(subject, outcome, command, args->out);
    else
        TRY(chaos_print_outcome(outcome, command, args->out));
    for (uint32_t i = 0; i < outcome->kept; i++) chaos_breaches_add(&breaches, &outcome->violations[i]);
    args->exit_status = chaos_exit_status(&breaches);
    if (outcome->interrupted)
        return diag_fail(diag, ERR_INTERRUPTED, "interrupted: this is what was seen until then");
    return OK;
}

static err run_subject(const struct chaos_subject *subject, struct args *args, struct diag *diag)
{
    struct extras extras = {0};
    struct trial_outcome *outcome = calloc(1, sizeof *outcome);
    if (!outcome) return diag_fail(diag, ERR_NOMEM, "out of memory for a trial");
    if (!args_wants_json(args)) chaos_print_subject(subject, args->out);
    err e = open_extras(&extras, subject, args, diag);
    if (e == OK) e = run_trial(subject, &extras, outcome, diag);
    if (e == OK) e = write_extras(&extras, args, diag);
    if (e == OK) e = report(subject, outcome, args, diag);
    close_extras(&extras);
    free(outcome);
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct chaos_subject subject;
    TRY(chaos_subject_open(&subject, args, diag));
    err e = run_subject(&subject, args, diag);
    chaos_subject_close(&subject);
    return e;
}

const struct command COMMAND_chaos_run = {
    .group = "chaos",
    .name = "run",
    .summary = "run a scenario with faults and judge every invariant",
    .flags = FLAGS,
    .description = "Prints the seed, what it makes of the scenario and every fault with its time,\n"
                   "then runs: faults while tasks arrive, then all of them heal and everything must\n"
                   "come to its end. All invariants are judged after every event. The same seed is\n"
                   "the same run, on any machine.",
    .formats = "--schedule FILE\n"
               "  [[fault]]\n"
               "  id = \"network.partition\"   agenc chaos list names them\n"
               "  at = \"60s\"                 from the beginning of the run\n"
               "  for = \"5m\"                 target, p, key and parameters: docs/CHAOS.md",
    .examples = "agenc chaos run --scenario cascade_rollback_stress --seed 12345\n"
                "agenc chaos run --scenario swarm --seed 7 --duration 2m --output json\n"
                "agenc chaos run --scenario swarm --seed 7 --log run.log",
    .exits = {STATUS_SAFETY, STATUS_LIVENESS},
    .run = run,
};
