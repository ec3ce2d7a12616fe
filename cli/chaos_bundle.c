/* cli/chaos_bundle.c: the run as found, the small one, and what each is told by. */
#include "cli/chaos_bundle.h"
#include "base/file.h"
#include "cli/chaos_print.h"
#include "cli/folder.h"
#include "sim/chaos_journal.h"
#include "sim/chaos_story.h"
#include "sim/trial_shrink.h"
#include <inttypes.h>
#include <stdlib.h>

enum { TITLE_BYTES = 384 };

/* ---- one recorded run ---- */

struct recorded {
    struct trial_outcome outcome;
    struct chaos_record record;
    const struct violation *violation; /* the one that is looked for; NULL: it did not come */
};

static void close_recorded(struct recorded *run)
{
    if (!run) return;
    chaos_record_close(&run->record);
    free(run);
}

static err run_recorded(struct recorded **out, const struct trial_options *trial, uint64_t fingerprint,
                        struct diag *diag)
{
    struct trial_options options = *trial;
    struct recorded *run = calloc(1, sizeof *run);
    if (!run) return diag_fail(diag, ERR_NOMEM, "out of memory for a trial");
    options.seen = chaos_record_event;
    options.noted = chaos_record_effect;
    options.context = &run->record;
    err e = trial_run(&options, &run->outcome, diag);
    if (e == OK && run->outcome.interrupted) e = diag_fail(diag, ERR_INTERRUPTED, "interrupted");
    for (uint32_t i = 0; e == OK && i < run->outcome.kept && !run->violation; i++)
        if (violation_fingerprint(&run->outcome.violations[i]) == fingerprint)
            run->violation = &run->outcome.violations[i];
    if (e == OK && !run->violation)
        e = diag_fail(diag, ERR_CONFLICT, "the run does not fail in this way (any more)");
    if (e != OK) {
        close_recorded(run);
        return e;
    }
    *out = run;
    return OK;
}

/* ---- shrinking ---- */

void chaos_shrunk_close(struct chaos_shrunk *shrunk)
{
    repro_close(&shrunk->repro);
    *shrunk = (struct chaos_shrunk){0};
}

static struct repro without_lists(const struct repro *from)
{
    struct repro repro = *from;
    repro.schedule = (struct schedule){0};
    repro.tasks = NULL;
    repro.task_count = repro.task_capacity = 0;
    return repro;
}

/* The small run whole, to its end: what the file says of it must come back. */
static err run_small(struct chaos_shrunk *out, const struct chaos_shrinking *shrinking,
                     const struct shrunk *shrunk, struct recorded **run, struct diag *diag)
{
    struct trial_options options = chaos_subject_trial(shrinking->subject);
    struct repro *repro = &out->repro;
    *repro = without_lists(&shrinking->subject->repro);
    TRY(schedule_copy(&repro->schedule, &shrunk->schedule));
    TRY(repro_set_dropped(repro, shrunk->dropped, shrunk->task_count, shrunk->tasks_most));
    options.schedule = &repro->schedule;
    options.dropped = shrunk->dropped;
    options.tasks_most = shrunk->tasks_most;
    options.stop = shrinking->stop;
    TRY(run_recorded(run, &options, repro->fingerprint, diag));
    repro->digest = (*run)->outcome.digest;
    repro->events = (*run)->outcome.events;
    violation_print((*run)->violation, repro->violation, sizeof repro->violation);
    return OK;
}

static err shrink_recorded(struct chaos_shrunk *out, const struct chaos_shrinking *shrinking,
                           struct recorded **run, struct diag *diag)
{
    struct workload *workload = NULL;
    struct shrunk shrunk = {0};
    struct trial_options options = chaos_subject_trial(shrinking->subject);
    options.stop = shrinking->stop;
    TRY(chaos_subject_workload(shrinking->subject, &workload, diag));
    const struct trial_shrink order = {.trial = &options,
                                       .task_count = chaos_subject_task_count(shrinking->subject, workload),
                                       .fingerprint = shrinking->subject->repro.fingerprint,
                                       .replays_most = shrinking->replays_most,
                                       .run = trial_run};
    workload_free(workload);
    TRY(trial_shrink(&shrunk, &order, diag));
    struct chaos_shrunk made = {.task_count = shrunk.task_count,
                                .tasks_left = shrunk.tasks_left,
                                .replays = shrunk.replays,
                                .is_minimal = shrunk.is_minimal};
    err e = run_small(&made, shrinking, &shrunk, run, diag);
    shrunk_close(&shrunk);
    if (e != OK)
        chaos_shrunk_close(&made);
    else
        *out = made;
    return e;
}

err chaos_shrink(struct chaos_shrunk *out, const struct chaos_shrinking *shrinking, struct diag *diag)
{
    struct recorded *run = NULL;
    err e = shrink_recorded(out, shrinking, &run, diag);
    close_recorded(run);
    return e;
}

/* ---- files ---- */

struct page_of_bundle {
    const struct chaos_scenario *scenario;
    const char *folder, *title;
    const struct repro *repro;
    const struct recorded *run;
};

static err write_repro(const struct page_of_bundle *page, FILE *out)
{
    repro_write(page->repro, out);
    return OK;
}

static struct chaos_story story_of(const struct page_of_bundle *page, const char *command)
{
    return (struct chaos_story){.title = page->title,
                                .command = command,
                                .schedule = &page->repro->schedule,
                                .outcome = &page->run->outcome,
                                .violation = page->run->violation,
                                .record = &page->run->record};
}

static err write_cause(const struct page_of_bundle *page, FILE *out)
{
    const struct chaos_story story = story_of(page, "agenc chaos replay shrunk.toml");
    chaos_story_write_cause(&story, out);
    return OK;
}

static err write_timeline(const struct page_of_bundle *page, FILE *out)
{
    const struct chaos_story story = story_of(page, "agenc chaos replay repro.toml");
    return chaos_story_write_page(&story, out);
}

static struct chaos_experiment experiment_of(const struct page_of_bundle *page)
{
    return (struct chaos_experiment){.scenario = page->scenario,
                                     .schedule = &page->repro->schedule,
                                     .seed = page->repro->seed,
                                     .arguments = "chaos replay repro.toml"};
}

static err write_experiment(const struct page_of_bundle *page, FILE *out)
{
    const struct chaos_experiment experiment = experiment_of(page);
    chaos_experiment_write(&experiment, out);
    return OK;
}

static err write_journal(const struct page_of_bundle *page, FILE *out)
{
    const struct chaos_experiment experiment = experiment_of(page);
    const struct chaos_journal journal = {&experiment, &page->run->outcome, page->repro->version};
    chaos_journal_write(&journal, out);
    return OK;
}

static err write_commands(const struct page_of_bundle *page, FILE *out)
{
    char command[CHAOS_COMMAND_BYTES];
    chaos_print_command(page->repro, command);
    fprintf(out,
            "#!/bin/sh\n# %s, commit %s\n# The schedule as the seed makes it: %s\ncd \"$(dirname \"$0\")\" "
            "|| exit 2\n"
            "agenc chaos replay repro.toml\nagenc chaos replay shrunk.toml\n",
            page->repro->version, page->repro->commit, command);
    return OK;
}

err chaos_repro_write(const struct repro *repro, const char *path, struct diag *diag)
{
    struct file_writer writer;
    TRY(file_begin(&writer, path, diag));
    repro_write(repro, writer.stream);
    return file_commit(&writer, diag);
}

/* Files of one run. */
struct part {
    const char *name;
    err (*write)(const struct page_of_bundle *page, FILE *out);
};
static const struct part FOUND[] = {{"repro.toml", write_repro},           {"timeline.html", write_timeline},
                                    {"experiment.json", write_experiment}, {"journal.json", write_journal},
                                    {"replay.sh", write_commands},         {NULL, NULL}};
static const struct part SMALL[] = {{"shrunk.toml", write_repro}, {"cause.txt", write_cause}, {NULL, NULL}};

static err write_file(const struct page_of_bundle *page, const struct part *part, struct diag *diag)
{
    char path[FOLDER_PATH_BYTES];
    struct file_writer writer;
    TRY(folder_path(page->folder, part->name, path, diag));
    TRY(file_begin(&writer, path, diag));
    err e = part->write(page, writer.stream);
    if (e == OK) return file_commit(&writer, diag);
    file_abandon(&writer);
    return diag_fail(diag, e, "%.256s: %s", path, err_text(e));
}

static err write_parts(const struct page_of_bundle *page, const struct part *parts, struct diag *diag)
{
    for (; parts->name; parts++) TRY(write_file(page, parts, diag));
    return OK;
}

static err write_found(struct page_of_bundle page, const struct chaos_bundle *bundle, struct diag *diag)
{
    struct recorded *run = NULL;
    struct trial_options options = chaos_subject_trial(bundle->subject);
    options.stop = bundle->stop;
    TRY(run_recorded(&run, &options, bundle->subject->repro.fingerprint, diag));
    page.run = run;
    page.repro = &bundle->subject->repro;
    err e = write_parts(&page, FOUND, diag);
    close_recorded(run);
    return e;
}

static err write_small(struct page_of_bundle page, const struct chaos_bundle *bundle,
                       struct chaos_shrunk *shrunk, struct diag *diag)
{
    struct recorded *run = NULL;
    const struct chaos_shrinking shrinking = {bundle->subject, bundle->replays_most, bundle->stop};
    TRY(shrink_recorded(shrunk, &shrinking, &run, diag));
    page.run = run;
    page.repro = &shrunk->repro;
    err e = write_parts(&page, SMALL, diag);
    close_recorded(run);
    return e;
}

err chaos_bundle_write(const struct chaos_bundle *bundle, struct chaos_shrunk *out, struct diag *diag)
{
    char title[TITLE_BYTES];
    struct chaos_shrunk shrunk = {0};
    const struct repro *repro = &bundle->subject->repro;
    snprintf(title, sizeof title, "Chaos: %s, seed %" PRIu64, repro->scenario, repro->seed);
    const struct page_of_bundle page = {
        .scenario = &bundle->subject->scenario, .folder = bundle->folder, .title = title};
    TRY(write_found(page, bundle, diag));
    err e = write_small(page, bundle, &shrunk, diag);
    if (e != OK)
        chaos_shrunk_close(&shrunk);
    else
        *out = shrunk;
    return e;
}
