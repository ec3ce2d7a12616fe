/* cli/cmd_chaos_replay.c: a failing run once more, and whether it is the same. */
#include "cli/chaos_print.h"
#include "cli/interrupt.h"
#include "base/version.h"
#include "sim/chaos_story.h"
#include <inttypes.h>
#include <stdlib.h>

static const struct flag FLAGS[] = {
    {.name = "until",
     .value = "T",
     .type = FLAG_DURATION,
     .help = "stop at this virtual time; then nothing is verified"},
    {.name = "trace", .value = "FILE", .type = FLAG_FILE, .help = "the run as a timeline for Perfetto"},
    {.name = "against",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "another repro file: name the first event at which the runs differ"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

struct replay {
    struct chaos_subject subject;
    struct trial_outcome outcome;
    struct chaos_record record;
};

static err run_replay(struct replay *replay, const struct args *args, struct trace *trace, bool is_recorded,
                      struct diag *diag)
{
    struct trial_options options = chaos_subject_trial(&replay->subject);
    options.trace = trace;
    options.until_ns = args_given(args, "until") ? args_integer(args, "until") : 0;
    options.seen = is_recorded ? chaos_record_event : NULL;
    options.noted = is_recorded ? chaos_record_effect : NULL;
    options.context = &replay->record;
    options.stop = interrupt_catch();
    err e = trial_run(&options, &replay->outcome, diag);
    interrupt_release();
    if (e == OK && replay->outcome.interrupted) return diag_fail(diag, ERR_INTERRUPTED, "interrupted");
    return e;
}

static err run_traced(struct replay *replay, const struct args *args, bool is_recorded, struct diag *diag)
{
    struct workload *workload = NULL;
    struct trace *trace = NULL;
    const char *path = args_text(args, "trace");
    if (!path) return run_replay(replay, args, NULL, is_recorded, diag);
    TRY(chaos_subject_workload(&replay->subject, &workload, diag));
    err e = trace_open(&trace, path, workload, diag);
    if (e == OK) e = run_replay(replay, args, trace, is_recorded, diag);
    if (e == OK)
        e = trace_close(trace, diag);
    else
        trace_abandon(trace);
    workload_free(workload);
    return e;
}

/* ---- verification ---- */

static bool fails_as_told(const struct replay *replay)
{
    for (uint32_t i = 0; i < replay->outcome.kept; i++)
        if (violation_fingerprint(&replay->outcome.violations[i]) == replay->subject.repro.fingerprint)
            return true;
    return false;
}

static err verify(const struct replay *replay, struct args *args, const char *path, struct diag *diag)
{
    const struct repro *repro = &replay->subject.repro;
    bool is_same = replay->outcome.digest == repro->digest && replay->outcome.events == repro->events;
    bool fails = fails_as_told(replay);
    if (is_same && fails) {
        fprintf(args->log, "%s: the same run, %" PRIu64 " events, and it fails in the same way\n", path,
                repro->events);
        return OK;
    }
    return diag_fail(diag, ERR_CONFLICT,
                     "%.128s: %s (digest %016" PRIx64 " over %" PRIu64 " events, was %016" PRIx64
                     " over %" PRIu64 ")%s; it was found at commit %.16s, this is %.16s",
                     path, is_same ? "the same run" : "another run", replay->outcome.digest,
                     replay->outcome.events, repro->digest, repro->events,
                     fails ? " that fails in the same way" : " that does not fail so", repro->commit,
                     version_commit());
}

/* ---- differences ---- */

static void print_side(const struct replay *replay, const char *path, uint64_t place, FILE *out)
{
    char at[CHAOS_TIME_BYTES];
    if (place >= replay->record.event_count) {
        fprintf(out, "  %s: is over\n", path);
        return;
    }
    const struct chaos_record_event *event = &replay->record.events[place];
    chaos_time_print(event->now_ns, at);
    fprintf(out, "  %s: %s at %s", path, event_kind_name(event->kind), at);
    if (event->task_id) fprintf(out, ", task %" PRIu64, event->task_id);
    if (event->attempt) fprintf(out, ", attempt %" PRIu32, event->attempt);
    fputc('\n', out);
}

static err compare(const struct replay *one, const struct replay *other, struct args *args, struct diag *diag)
{
    const char *path = args->operands[0], *against = args_text(args, "against");
    if (one->record.is_short || other->record.is_short)
        return diag_fail(diag, ERR_NOMEM, "out of memory for two runs; a smaller --until needs less");
    uint64_t place = chaos_record_difference(&one->record, &other->record);
    if (place == UINT64_MAX) {
        fprintf(args->out, "no difference in %" PRIu64 " events\n", one->record.event_count);
        return OK;
    }
    fprintf(args->out, "the first difference is event %" PRIu64 "\n", place + 1);
    print_side(one, path, place, args->out);
    print_side(other, against, place, args->out);
    return OK;
}

static err replay_against(struct replay *one, struct args *args, struct diag *diag)
{
    struct replay *other = calloc(1, sizeof *other);
    if (!other) return diag_fail(diag, ERR_NOMEM, "out of memory for a trial");
    err e = chaos_subject_read(&other->subject, args, args_text(args, "against"), diag);
    if (e == OK) e = run_replay(other, args, NULL, true, diag);
    if (e == OK) e = compare(one, other, args, diag);
    chaos_record_close(&other->record);
    chaos_subject_close(&other->subject);
    free(other);
    return e;
}

/* ---- the command ---- */

static err report(struct replay *replay, struct args *args, struct diag *diag)
{
    char command[CHAOS_COMMAND_BYTES];
    struct chaos_breaches breaches = {0};
    snprintf(command, sizeof command, "agenc chaos replay %.512s", args->operands[0]);
    if (args_wants_json(args))
        chaos_print_json(&replay->subject, &replay->outcome, command, args->out);
    else
        TRY(chaos_print_outcome(&replay->outcome, command, args->out));
    for (uint32_t i = 0; i < replay->outcome.kept; i++)
        chaos_breaches_add(&breaches, &replay->outcome.violations[i]);
    args->exit_status = chaos_exit_status(&breaches);
    if (args_given(args, "until")) return OK;
    return verify(replay, args, args->operands[0], diag);
}

static err replay_file(struct replay *replay, struct args *args, struct diag *diag)
{
    bool is_compared = args_text(args, "against") != NULL;
    TRY(chaos_subject_read(&replay->subject, args, args->operands[0], diag));
    if (!args_wants_json(args) && !is_compared) chaos_print_subject(&replay->subject, args->out);
    TRY(run_traced(replay, args, is_compared, diag));
    return is_compared ? replay_against(replay, args, diag) : report(replay, args, diag);
}

static err run(struct args *args, struct diag *diag)
{
    struct replay *replay = calloc(1, sizeof *replay);
    if (!replay) return diag_fail(diag, ERR_NOMEM, "out of memory for a trial");
    err e = replay_file(replay, args, diag);
    chaos_record_close(&replay->record);
    chaos_subject_close(&replay->subject);
    free(replay);
    return e;
}

const struct command COMMAND_chaos_replay = {
    .group = "chaos",
    .name = "replay",
    .summary = "bring a failing run back and verify that it is the same",
    .operands = "FILE",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Reads a repro.toml or shrunk.toml of agenc chaos campaign or agenc chaos shrink,\n"
                   "runs it once more, and compares digest and failure with what the file says:\n"
                   "another run, or one that does not fail so, is an error. A file of another\n"
                   "version is refused.",
    .examples = "agenc chaos replay campaign/S07-1f2e3d4c5b6a7988/repro.toml\n"
                "agenc chaos replay repro.toml --until 90s --trace timeline.json\n"
                "agenc chaos replay repro.toml --against shrunk.toml",
    .exits = {STATUS_SAFETY, STATUS_LIVENESS},
    .run = run,
};
