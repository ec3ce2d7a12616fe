/* cli/chaos_args.c: from options or a file to a run. */
#include "cli/chaos_args.h"
#include "cli/share.h"
#include "base/version.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPED_BYTES = 32 << 20, KEPT_BYTES = 1 << 30 };

void chaos_args_keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}

/* ---- the scenario ---- */

/* A scenario points into itself: it is filled in where it stays. */
err chaos_args_scenario(const struct args *args, const char *name, int64_t duration_ns,
                        struct chaos_scenario *out, struct diag *diag)
{
    char folder[SHARE_PATH_BYTES];
    TRY(share_folder("chaos", args->environment, folder, diag));
    TRY(chaos_scenario_load(out, folder, name, diag));
    err e = duration_ns > 0 ? chaos_scenario_resize(out, duration_ns, 0, diag) : OK;
    if (e != OK) chaos_scenario_close(out);
    return e;
}

/* ---- a run ---- */

static err visit_schedule(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    bool is_mine = false;
    TRY(schedule_read_leaf(context, leaf, &is_mine, diag));
    if (is_mine) return OK;
    return diag_fail(diag, ERR_USAGE, "%.256s:%d:%d: %.64s: a schedule has [[fault]] tables alone",
                     leaf->file, leaf->line, leaf->key_column, leaf->path);
}

static err read_schedule(struct chaos_subject *subject, const char *path, struct diag *diag)
{
    struct schedule *schedule = &subject->repro.schedule;
    TRY(toml_read_file(path, visit_schedule, schedule, diag));
    TRY(schedule_settle(schedule, path, diag));
    subject->repro.kind = SWARM_MIXED;
    for (uint32_t i = 0; i < schedule->count; i++)
        if (INJECTOR_TABLE[schedule->faults[i].injector].class == FAULT_SAFETY_ONLY)
            subject->repro.kind = SWARM_SAFETY;
    return OK;
}

/* A control of a swarm has no fault on purpose. */
static err refuse_harmless(const struct chaos_subject *subject, struct diag *diag)
{
    if (subject->repro.schedule.count > 0 || subject->repro.kind == SWARM_CONTROL) return OK;
    return diag_fail(diag, ERR_USAGE,
                     "scenario %s arms nothing: give it a [[fault]], a [swarm] or --schedule FILE",
                     subject->scenario.name);
}

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

static err open_subject(struct chaos_subject *subject, const struct args *args, struct diag *diag)
{
    struct repro *repro = &subject->repro;
    const char *name = args_text(args, "scenario");
    const char *schedule = args_has(args, "schedule") ? args_text(args, "schedule") : NULL;
    copy_text(repro->version, sizeof repro->version, version_number());
    copy_text(repro->commit, sizeof repro->commit, version_commit());
    copy_text(repro->scenario, sizeof repro->scenario, name);
    repro->duration_ns = args_given(args, "duration") ? args_integer(args, "duration") : 0;
    repro->seed = args_has(args, "seed") ? args_unsigned(args, "seed") : 0;
    TRY(chaos_args_scenario(args, name, repro->duration_ns, &subject->scenario, diag));
    if (schedule)
        TRY(read_schedule(subject, schedule, diag));
    else
        TRY(trial_schedule(&subject->scenario, repro->seed, &repro->schedule, &repro->kind));
    return refuse_harmless(subject, diag);
}

err chaos_subject_open(struct chaos_subject *out, const struct args *args, struct diag *diag)
{
    *out = (struct chaos_subject){0};
    err e = open_subject(out, args, diag);
    if (e != OK) chaos_subject_close(out);
    return e;
}

static err read_subject(struct chaos_subject *subject, const struct args *args, const char *path,
                        struct diag *diag)
{
    struct repro *repro = &subject->repro;
    struct workload *workload = NULL;
    TRY(repro_read(repro, path, version_number(), diag));
    TRY(chaos_args_scenario(args, repro->scenario, repro->duration_ns, &subject->scenario, diag));
    if (!repro->has_tasks) return OK;
    TRY(chaos_subject_workload(subject, &workload, diag));
    uint32_t task_count = chaos_subject_task_count(subject, workload);
    workload_free(workload);
    return repro_dropped(repro, task_count, &subject->dropped);
}

err chaos_subject_read(struct chaos_subject *out, const struct args *args, const char *path,
                       struct diag *diag)
{
    *out = (struct chaos_subject){0};
    err e = read_subject(out, args, path, diag);
    if (e != OK) chaos_subject_close(out);
    return e;
}

void chaos_subject_close(struct chaos_subject *subject)
{
    chaos_scenario_close(&subject->scenario);
    repro_close(&subject->repro);
    free(subject->dropped);
    *subject = (struct chaos_subject){0};
}

/* Rules that compare runs cost three more of them: always for a run that is asked for by options, for a known
 * failure when it is of such a rule. */
static bool needs_pairs(const struct repro *repro)
{
    static const enum invariant COMPARED[] = {INVARIANT_D01, INVARIANT_S25, INVARIANT_P03, INVARIANT_L07};
    bool needs = repro->violation[0] == '\0';
    for (size_t i = 0; i < sizeof COMPARED / sizeof *COMPARED; i++)
        needs |= strncmp(repro->violation, INVARIANT_TABLE[COMPARED[i]].id, 3) == 0;
    return needs;
}

struct trial_options chaos_subject_trial(const struct chaos_subject *subject)
{
    return (struct trial_options){
        .scenario = &subject->scenario,
        .seed = subject->repro.seed,
        .schedule = &subject->repro.schedule,
        .kind = subject->repro.kind,
        .dropped = subject->dropped,
        .tasks_most = subject->repro.tasks_most,
        .judges_pairs = needs_pairs(&subject->repro),
    };
}

err chaos_subject_workload(const struct chaos_subject *subject, struct workload **out, struct diag *diag)
{
    struct workload_options load = subject->scenario.load;
    load.seed = subject->repro.seed;
    load.agents = subject->scenario.agents;
    return workload_open(out, &load, diag);
}

/* What was undone and is submitted once more is a task of its own. */
uint32_t chaos_subject_task_count(const struct chaos_subject *subject, const struct workload *workload)
{
    return workload->task_count * (subject->scenario.resubmits ? 2 : 1);
}

/* ---- verdicts ---- */

void chaos_breaches_add(struct chaos_breaches *breaches, const struct violation *violation)
{
    bool is_safety = INVARIANT_TABLE[violation->invariant].severity == SEVERITY_OF_CRITICAL;
    *(is_safety ? &breaches->safety : &breaches->liveness) += 1;
}

int chaos_exit_status(const struct chaos_breaches *breaches)
{
    return breaches->safety ? STATUS_SAFETY : breaches->liveness ? STATUS_LIVENESS : STATUS_GOOD;
}
