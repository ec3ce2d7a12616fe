/* cli/cmd_chaos_campaign.c: many seeds on all cores; what they found, shrunk and kept. */
#include "cli/chaos_book.h"
#include "cli/chaos_bundle.h"
#include "cli/folder.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "base/version.h"
#include "sim/campaign_search.h"
#include "sim/chaos_story.h"
#include "sim/pool.h"
#include "sim/systematic.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const SWARM_CHOICES[] = {"on", "off", NULL};
enum { LABEL_BYTES = 64 };

static const struct flag FLAGS[] = {
    CHAOS_FLAG_SCENARIO("swarm", false),
    {.name = "seeds",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 100000000,
     .fallback = "1000",
     .help = "trials; with --resume so many more"},
    {.name = "seed-base", .value = "N", .type = FLAG_UNSIGNED, .fallback = "1", .help = "the first seed"},
    FLAG_JOBS,
    CHAOS_FLAG_DURATION,
    {.name = "search",
     .value = "KIND",
     .type = FLAG_CHOICE,
     .choices = CHAOS_SEARCH_NAMES,
     .fallback = "random",
     .help = "random: seed after seed; guided: varies what reached something new; systematic: enumerates"},
    {.name = "swarm",
     .value = "WORD",
     .type = FLAG_CHOICE,
     .choices = SWARM_CHOICES,
     .fallback = "on",
     .help = "off: every injector in every seed, for comparison"},
    {.name = "stop-at-first", .type = FLAG_SWITCH, .help = "end with the first seed that fails"},
    {.name = "replays",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 1000000,
     .fallback = CHAOS_REPLAYS_TEXT,
     .help = "at most so many runs to shrink one failure"},
    {.name = "output", .value = "DIR", .type = FLAG_FOLDER, .help = "where results and failures go"},
    {.name = "resume",
     .value = "DIR",
     .type = FLAG_FOLDER,
     .help = "goes on with the campaign that this folder holds"},
    {0},
};

struct order {
    struct args *args;
    struct chaos_book *book;
    struct chaos_scenario *scenario;
    const char *folder; /* NULL: nothing is written */
    uint32_t threads;
    uint32_t found_before; /* findings that an earlier part has told */
    uint64_t trials_before, trials_wanted;
    struct progress progress;
    char label[LABEL_BYTES];
    const volatile sig_atomic_t *stop;
};

/* ---- progress ---- */

static void tell(void *context, const struct campaign *so_far)
{
    struct order *order = context;
    uint32_t pairs = coverage_count(&so_far->coverage, COVERAGE_PAIRS);
    uint32_t possible = coverage_possible(COVERAGE_PAIRS);
    snprintf(order->label, sizeof order->label,
             "%" PRIu64 " faults, %" PRIu32 " %% pairs, %" PRIu64 " failing", so_far->totals.fired,
             possible ? 100 * pairs / possible : 0, so_far->totals.failing);
    progress_show(&order->progress, so_far->totals.trials - order->trials_before);
}

static struct campaign_options options_of(struct order *order, const struct campaign_source *source)
{
    return (struct campaign_options){.scenario = order->scenario,
                                     .source = source,
                                     .threads = order->threads,
                                     .stops_at_first = args_switch(order->args, "stop-at-first"),
                                     .run = trial_run,
                                     .told = tell,
                                     .context = order,
                                     .stop = order->stop};
}

/* ---- seeds ---- */

static err run_search(struct order *order, struct diag *diag)
{
    struct campaign_search search;
    campaign_search_begin(&search, &(struct campaign_search_options){
                                       .scenario = order->scenario,
                                       .first_seed = order->book->seed_base + order->trials_before,
                                       .seeds = order->trials_wanted,
                                       .is_guided = order->book->search == SEARCH_GUIDED,
                                       .draw = trial_schedule,
                                   });
    const struct campaign_source source = campaign_search_source(&search);
    const struct campaign_options options = options_of(order, &source);
    err e = campaign_go(&order->book->campaign, &options, diag);
    campaign_search_close(&search);
    return e;
}

/* ---- families ---- */

/* What a run without faults is like decides where they go. */
static err run_clean(const struct order *order, struct trial_outcome *out, struct diag *diag)
{
    const struct schedule nothing = {0};
    const struct trial_options options = {.scenario = order->scenario,
                                          .seed = order->book->seed_base,
                                          .schedule = &nothing,
                                          .kind = SWARM_CONTROL,
                                          .stop = order->stop};
    TRY(trial_run(&options, out, diag));
    if (out->violation_count == 0) return OK;
    return diag_fail(diag, ERR_CONFLICT,
                     "%s fails without any fault (%s): agenc chaos run --scenario %s --seed %" PRIu64,
                     order->scenario->name, INVARIANT_TABLE[out->violations[0].invariant].id,
                     order->book->scenario, order->book->seed_base);
}

static err run_family(struct order *order, enum systematic_family family, int64_t horizon_ns,
                      struct diag *diag)
{
    struct systematic systematic;
    struct campaign *campaign = &order->book->campaign;
    uint64_t trials = campaign->totals.trials, failing = campaign->totals.failing;
    systematic_begin(&systematic, family, order->book->seed_base, horizon_ns);
    const struct campaign_source source = systematic_source(&systematic);
    const struct campaign_options options = options_of(order, &source);
    TRY(campaign_go(campaign, &options, diag));
    progress_end(&order->progress);
    fprintf(order->args->out,
            "%-9s %8" PRIu64 " schedules, %8" PRIu64 " of them at work, %" PRIu64 " failing%s\n",
            systematic_family_name(family), campaign->totals.trials - trials, systematic.touched,
            campaign->totals.failing - failing, systematic.is_done ? "" : "; not to its end");
    return OK;
}

static err run_systematic(struct order *order, struct diag *diag)
{
    struct trial_outcome *clean = calloc(1, sizeof *clean);
    if (!clean) return diag_fail(diag, ERR_NOMEM, "out of memory for a trial");
    err e = run_clean(order, clean, diag);
    if (e == OK)
        fprintf(order->args->out,
                "%s, seed %" PRIu64 ": %" PRIu64 " tasks, %" PRIu64 " events without a fault\n",
                order->scenario->name, order->book->seed_base, clean->tasks, clean->events);
    int64_t heal_ns = order->scenario->load.duration_ns;
    int64_t horizon_ns = clean->end_ns < heal_ns ? clean->end_ns : heal_ns;
    for (int family = 0; family < SYSTEMATIC_FAMILY_COUNT && e == OK; family++) {
        bool is_enough =
            args_switch(order->args, "stop-at-first") && order->book->campaign.totals.failing > 0;
        if (order->book->campaign.is_interrupted || is_enough) break;
        e = run_family(order, (enum systematic_family)family, horizon_ns, diag);
    }
    free(clean);
    return e;
}

/* ---- bundles ---- */

struct bundling {
    struct order *order;
    err errors[CAMPAIGN_FINDINGS_MOST];
    struct diag diags[CAMPAIGN_FINDINGS_MOST];
};

/* The campaign's finding as a run of its own. */
static err open_finding(const struct order *order, const struct campaign_finding *finding,
                        struct chaos_subject *out, struct diag *diag)
{
    struct repro *repro = &out->repro;
    *out = (struct chaos_subject){0};
    snprintf(repro->version, sizeof repro->version, "%s", version_number());
    snprintf(repro->commit, sizeof repro->commit, "%s", version_commit());
    snprintf(repro->scenario, sizeof repro->scenario, "%s", order->book->scenario);
    repro->duration_ns = order->book->duration_ns;
    repro->seed = finding->seed;
    repro->kind = finding->kind;
    repro->digest = finding->digest;
    repro->events = finding->events;
    repro->fingerprint = finding->fingerprint;
    violation_print(&finding->violation, repro->violation, sizeof repro->violation);
    err e = schedule_copy(&repro->schedule, &finding->schedule);
    if (e == OK)
        e = chaos_args_scenario(order->args, repro->scenario, repro->duration_ns, &out->scenario, diag);
    if (e != OK) chaos_subject_close(out);
    return e;
}

static err bundle(const struct order *order, uint32_t index, struct diag *diag)
{
    const struct campaign_finding *finding = &order->book->campaign.findings[index];
    struct chaos_note *note = &order->book->notes[index];
    struct chaos_subject subject;
    struct chaos_shrunk shrunk = {0};
    char name[CHAOS_FINDING_BYTES], folder[FOLDER_PATH_BYTES];
    bool is_ours;
    chaos_finding_name(finding, name);
    TRY(folder_path(order->folder, name, folder, diag));
    TRY(folder_open(folder, "--output", &is_ours, diag));
    TRY(open_finding(order, finding, &subject, diag));
    const struct chaos_bundle wanted = {folder, &subject, (uint32_t)args_integer(order->args, "replays"),
                                        order->stop};
    err e = chaos_bundle_write(&wanted, &shrunk, diag);
    if (e == OK)
        *note = (struct chaos_note){true, shrunk.is_minimal, shrunk.repro.schedule.count, shrunk.tasks_left,
                                    shrunk.replays};
    chaos_shrunk_close(&shrunk);
    chaos_subject_close(&subject);
    return e;
}

static void bundle_one(void *context, uint32_t index)
{
    struct bundling *bundling = context;
    uint32_t finding = bundling->order->found_before + index;
    bundling->errors[finding] = bundle(bundling->order, finding, &bundling->diags[finding]);
}

/* After an interruption the failures are kept as they are, unshrunk. */
static err keep_unshrunk(const struct order *order, struct diag *diag)
{
    char name[CHAOS_FINDING_BYTES], folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES];
    bool is_ours;
    for (uint32_t i = order->found_before; i < order->book->campaign.finding_count; i++) {
        struct chaos_subject subject;
        chaos_finding_name(&order->book->campaign.findings[i], name);
        TRY(folder_path(order->folder, name, folder, diag));
        TRY(folder_path(folder, "repro.toml", path, diag));
        TRY(folder_open(folder, "--output", &is_ours, diag));
        TRY(open_finding(order, &order->book->campaign.findings[i], &subject, diag));
        err e = chaos_repro_write(&subject.repro, path, diag);
        chaos_subject_close(&subject);
        TRY(e);
    }
    return OK;
}

static err bundle_all(struct order *order, struct diag *diag)
{
    uint32_t count = order->book->campaign.finding_count - order->found_before;
    err e = OK;
    if (count == 0) return OK;
    if (order->book->campaign.is_interrupted) return keep_unshrunk(order, diag);
    struct bundling *bundling = calloc(1, sizeof *bundling);
    if (!bundling) return diag_fail(diag, ERR_NOMEM, "out of memory for what was found");
    bundling->order = order;
    pool_run(order->threads, count, bundle_one, bundling);
    for (uint32_t i = 0; i < order->book->campaign.finding_count && e == OK; i++)
        if (bundling->errors[i] != OK)
            e = diag_fail(diag, bundling->errors[i], "%s", bundling->diags[i].text);
    free(bundling);
    if (e != ERR_INTERRUPTED) return e;
    order->book->campaign.is_interrupted = true;
    diag->text[0] = '\0';
    return keep_unshrunk(order, diag);
}

/* ---- the command ---- */

static err read_options(struct order *order, struct diag *diag)
{
    static const char *const OF_FIRST[] = {"scenario", "seed-base", "duration", "search", "swarm", "output"};
    struct chaos_book *book = order->book;
    const struct args *args = order->args;
    const char *resumed = args_text(args, "resume");
    campaign_begin(&book->campaign);
    order->folder = args_text(args, "output");
    for (size_t i = 0; resumed && i < sizeof OF_FIRST / sizeof *OF_FIRST; i++)
        if (args_given(args, OF_FIRST[i]))
            return diag_fail(diag, ERR_USAGE, "--resume goes on as the campaign was begun: leave out --%s",
                             OF_FIRST[i]);
    if (resumed) {
        order->folder = resumed;
        TRY(chaos_book_read(book, resumed, diag));
        if (book->search != SEARCH_SYSTEMATIC) return OK;
        return diag_fail(diag, ERR_USAGE, "%.128s: a systematic campaign has no more seeds", resumed);
    }
    book->search = (enum chaos_search)args_integer(args, "search");
    bool is_enumerated = book->search == SEARCH_SYSTEMATIC;
    if (is_enumerated && args_given(args, "seeds"))
        return diag_fail(diag, ERR_USAGE,
                         "--search systematic enumerates schedules of one seed: leave out --seeds");
    bool is_default = is_enumerated && !args_given(args, "scenario");
    snprintf(book->scenario, sizeof book->scenario, "%s",
             is_default ? "one_and_two_faults" : args_text(args, "scenario"));
    book->duration_ns = args_given(args, "duration") ? args_integer(args, "duration") : 0;
    book->seed_base = args_unsigned(args, "seed-base");
    book->is_swarm_off = args_integer(args, "swarm") == 1;
    return OK;
}

static void print_head(const struct order *order)
{
    const struct chaos_book *book = order->book;
    fprintf(order->args->log, "%s, %s search, seeds from %" PRIu64 ", swarm %s\n", order->scenario->name,
            CHAOS_SEARCH_NAMES[book->search], book->seed_base + order->trials_before,
            book->is_swarm_off ? "off" : "on");
}

static err run_all(struct order *order, struct diag *diag)
{
    order->threads =
        args_given(order->args, "jobs") ? (uint32_t)args_integer(order->args, "jobs") : pool_cores();
    order->trials_before = order->book->campaign.totals.trials;
    order->found_before = order->book->campaign.finding_count;
    order->trials_wanted = (uint64_t)args_integer(order->args, "seeds");
    order->scenario->swarm.is_all_on |= order->book->is_swarm_off;
    order->book->campaign.is_interrupted = false;
    if (!args_is_quiet(order->args)) print_head(order);
    progress_begin(&order->progress, order->args, order->label, order->trials_wanted);
    tell(order, &order->book->campaign);
    err e = order->book->search == SEARCH_SYSTEMATIC ? run_systematic(order, diag) : run_search(order, diag);
    progress_end(&order->progress);
    return e;
}

static err report(const struct order *order, struct diag *diag)
{
    const struct campaign *campaign = &order->book->campaign;
    struct chaos_breaches breaches = {0};
    uint64_t armed = 0;
    for (uint32_t i = 0; i < campaign->finding_count; i++)
        chaos_breaches_add(&breaches, &campaign->findings[i].violation);
    for (int i = 0; i < INJECTOR_COUNT; i++) armed += campaign->totals.counts[i].armed;
    breaches.liveness += !campaign_goodput_holds(&campaign->totals);
    order->args->exit_status = chaos_exit_status(&breaches);
    TRY(chaos_print_book(order->book, order->args->out));
    bool can_go_on = order->folder && order->book->search != SEARCH_SYSTEMATIC;
    if (campaign->is_interrupted)
        return diag_fail(diag, ERR_INTERRUPTED, "interrupted after %" PRIu64 " trials%s%.200s",
                         campaign->totals.trials,
                         can_go_on       ? "; what they found is kept, go on with --resume "
                         : order->folder ? "; what they found is kept in "
                                         : "",
                         order->folder ? order->folder : "");
    if (armed == 0) return diag_fail(diag, ERR_USAGE, "no fault was armed in any trial: nothing was tested");
    return OK;
}

/* Bundles of two campaigns in one folder would pass for one campaign's. */
static err refuse_used_folder(const struct order *order, struct diag *diag)
{
    char path[FOLDER_PATH_BYTES];
    if (!order->folder || args_text(order->args, "resume")) return OK;
    TRY(folder_path(order->folder, "campaign.json", path, diag));
    if (access(path, F_OK) != 0) return OK;
    return diag_fail(
        diag, ERR_USAGE,
        "--output: %.200s holds a campaign; --resume goes on with it, another folder begins anew",
        order->folder);
}

static err run_order(struct order *order, struct diag *diag)
{
    bool is_ours;
    TRY(read_options(order, diag));
    TRY(chaos_args_scenario(order->args, order->book->scenario, order->book->duration_ns, order->scenario,
                            diag));
    if (order->folder) TRY(folder_open(order->folder, "--output", &is_ours, diag));
    TRY(refuse_used_folder(order, diag));
    order->stop = interrupt_catch();
    err e = run_all(order, diag);
    if (e == OK && order->folder) e = bundle_all(order, diag);
    interrupt_release();
    if (e == OK && order->folder) e = chaos_book_write(order->book, order->folder, diag);
    return e == OK ? report(order, diag) : e;
}

static err run(struct args *args, struct diag *diag)
{
    struct order order = {
        .args = args, .book = calloc(1, sizeof *order.book), .scenario = calloc(1, sizeof *order.scenario)};
    chaos_args_keep_memory();
    err e = order.book && order.scenario ? run_order(&order, diag)
                                         : diag_fail(diag, ERR_NOMEM, "out of memory for a campaign");
    if (order.book) chaos_book_close(order.book);
    if (order.scenario) chaos_scenario_close(order.scenario);
    free(order.book);
    free(order.scenario);
    return e;
}

const struct command COMMAND_chaos_campaign = {
    .group = "chaos",
    .name = "campaign",
    .summary = "run many seeds, shrink what fails and keep it",
    .flags = FLAGS,
    .description = "Seed after seed, each with its own schedule of faults, on all cores; the result\n"
                   "does not depend on how many. Of each kind of failure the first is kept in a\n"
                   "folder of its own in DIR: the run, the smallest run that fails in the same way,\n"
                   "how it came about, a page with its timeline. DIR also gets campaign.json,\n"
                   "junit.xml and coverage.txt. An interrupted campaign keeps what it has and can\n"
                   "go on; a guided one then learns anew what reaches something, a systematic one cannot.\n"
                   "Systematic: every schedule of one and of two faults on a graph of twelve tasks,\n"
                   "then a crash at every event, and every allocation, write and sync failing once.",
    .examples = "agenc chaos campaign --seeds 10000 --jobs 2 --output campaign/\n"
                "agenc chaos campaign --seeds 2000 --search guided --seed-base 500000 --output guided/\n"
                "agenc chaos campaign --search systematic --output systematic/\n"
                "agenc chaos campaign --resume campaign/ --seeds 10000",
    .exits = {STATUS_SAFETY, STATUS_LIVENESS},
    .run = run,
};
