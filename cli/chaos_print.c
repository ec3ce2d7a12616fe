/* cli/chaos_print.c: tables for people. */
#include "cli/chaos_print.h"
#include "base/duration.h"
#include "chaos/knobs.h"
#include "reports/render.h"
#include "reports/report.h"
#include "sim/chaos_story.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- before ---- */

static void print_load(const struct chaos_subject *subject, FILE *out)
{
    const struct workload_options *load = &subject->scenario.load;
    char duration[DURATION_TEXT_BYTES], settle[DURATION_TEXT_BYTES];
    duration_print(duration, load->duration_ns);
    duration_print(settle, subject->scenario.settle_ns);
    fprintf(out, "load      %s, ", duration);
    if (strcmp(load->pattern, "constant") == 0)
        fprintf(out, "%g tasks/s", load->rate);
    else
        fprintf(out, "rate %s", load->pattern);
    fprintf(out, ", %s, depth %s, shape %s, execution %s, %" PRIu32 " agents\n", load->arrivals, load->depth,
            load->shape, load->execution, subject->scenario.agents);
    fprintf(out, "chain     %s, prover %s; %s to end after the heal\n", subject->scenario.chain_name,
            subject->scenario.prover_name, settle);
    if (!subject->scenario.is_swarm) return;
    fputs("settings  ", out);
    knobs_print(subject->repro.seed, &subject->scenario.config.settings, "          ", out);
}

void chaos_print_subject(const struct chaos_subject *subject, FILE *out)
{
    const struct repro *repro = &subject->repro;
    fprintf(out, "seed      %" PRIu64 "\nscenario  %s: %s\n", repro->seed, subject->scenario.name,
            subject->scenario.head.title);
    if (*subject->scenario.head.not_yet)
        fprintf(out, "          not exercised yet: %s\n", subject->scenario.head.not_yet);
    print_load(subject, out);
    if (repro->tasks_most) fprintf(out, "tasks     the first %" PRIu32 "\n", repro->tasks_most);
    if (repro->has_tasks) {
        fputs("tasks     only", out);
        for (uint32_t i = 0; i < repro->task_count; i++) fprintf(out, " %" PRIu32, repro->tasks[i]);
        fputc('\n', out);
    }
    fprintf(out, "faults    %" PRIu32 ", %s\n", repro->schedule.count, swarm_kind_name(repro->kind));
    for (uint32_t i = 0; i < repro->schedule.count; i++) {
        fputs("  ", out);
        fault_print(&repro->schedule.faults[i], out);
    }
    fputc('\n', out);
    fflush(out);
}

void chaos_print_command(const struct repro *repro, char out[CHAOS_COMMAND_BYTES])
{
    char *text = NULL, number[DURATION_TEXT_BYTES];
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    out[0] = '\0';
    if (!stream) return;
    fputs("agenc chaos run --scenario", stream);
    report_print_word(stream, repro->scenario);
    fprintf(stream, " --seed %" PRIu64, repro->seed);
    duration_print(number, repro->duration_ns);
    if (repro->duration_ns) fprintf(stream, " --duration %s", number);
    if (fclose(stream) == 0) snprintf(out, CHAOS_COMMAND_BYTES, "%s", text);
    free(text);
}

/* ---- after ---- */

static void print_sum(const struct trial_outcome *outcome, FILE *out)
{
    char end[DURATION_TEXT_BYTES], healed[DURATION_TEXT_BYTES];
    duration_print_rounded(end, outcome->end_ns);
    duration_print_rounded(healed, outcome->healed_ns);
    fprintf(out,
            "run       %" PRIu64 " tasks: %" PRIu64 " confirmed, %" PRIu64 " rolled back, %" PRIu64
            " failed, %" PRIu64 " cancelled, %" PRIu64 " expired; %" PRIu64 " refused\n          %" PRIu64
            " events, %" PRIu64 " crashes\n          healed at %s, over at %s; digest %016" PRIx64 "\n\n",
            outcome->tasks, outcome->confirmed, outcome->rolled_back, outcome->failed, outcome->cancelled,
            outcome->expired, outcome->refused, outcome->events, outcome->crashes, healed, end,
            outcome->digest);
    if (outcome->is_lost)
        fputs("The log was damaged beyond repair, which was noticed: nothing was asked after that.\n\n", out);
}

static void print_faults(const struct trial_outcome *outcome, struct grid *grid, FILE *out)
{
    static const char *const COLUMNS[] = {"fault", "armed", "reached", "fired"};
    grid_begin(grid, "Faults");
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        grid_add_column(grid, i ? CELL_NUMBER : CELL_TEXT, COLUMNS[i]);
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        const struct fault_counts *counts = &outcome->counts[i];
        if (counts->armed == 0) continue;
        grid_add(grid, CELL_TEXT, "%s", INJECTOR_TABLE[i].name);
        grid_add(grid, CELL_NUMBER, "%" PRIu64, counts->armed);
        grid_add(grid, CELL_NUMBER, "%" PRIu64, counts->reached);
        grid_add(grid, CELL_NUMBER, "%" PRIu64, counts->fired);
    }
    RENDER_TEXT.table(out, grid);
}

/* A fault that never does anything tests nothing. */
static void print_idle(const struct trial_outcome *outcome, FILE *out)
{
    uint32_t count = 0;
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        if (outcome->counts[i].armed == 0 || outcome->counts[i].fired > 0) continue;
        fprintf(out, "%s%s", count++ ? ", " : "armed but never fired: ", INJECTOR_TABLE[i].name);
    }
    if (count) fputs("\n\n", out);
}

/* Of those that were kept; the number of all is in the sum. */
static uint32_t broken(const struct trial_outcome *outcome, enum invariant invariant)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < outcome->kept; i++) count += outcome->violations[i].invariant == invariant;
    return count;
}

static void print_invariants(const struct trial_outcome *outcome, struct grid *grid, FILE *out)
{
    static const char *const COLUMNS[] = {"invariant", "", "checks", "violations", "least margin"};
    grid_begin(grid, "Invariants");
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        grid_add_column(grid, i > 1 ? CELL_NUMBER : CELL_TEXT, COLUMNS[i]);
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        uint32_t violations = broken(outcome, (enum invariant)i);
        if (outcome->checks[i] == 0 && violations == 0) continue;
        grid_add(grid, CELL_TEXT, "%s", INVARIANT_TABLE[i].id);
        grid_add(grid, CELL_TEXT, "%s", INVARIANT_TABLE[i].title);
        grid_add(grid, CELL_NUMBER, "%" PRIu64, outcome->checks[i]);
        grid_add(grid, violations ? CELL_MISS : CELL_NUMBER, "%" PRIu32, violations);
        if (outcome->margins_ppm[i] < SCHEDULE_PPM_ONE)
            grid_add(grid, CELL_NUMBER, "%.1f %%", outcome->margins_ppm[i] / 1e4);
        else
            grid_add(grid, CELL_NUMBER, "-");
    }
    RENDER_TEXT.table(out, grid);
}

static void print_violation(const struct violation *violation, FILE *out)
{
    char line[VIOLATION_TEXT_BYTES + 128], at[CHAOS_TIME_BYTES];
    violation_print(violation, line, sizeof line);
    chaos_time_print(violation->now_ns, at);
    fprintf(out, "%s\n  at %s, event %" PRIu64 " (%s)", line, at, violation->event,
            violation_kind_name(violation));
    if (violation->task) fprintf(out, ", task %" PRIu64, violation->task);
    fprintf(out, ", %" PRIu32 " faults armed", violation->faults_armed);
    for (int i = 0; i < VIOLATION_CAUSES && violation->causes[i]; i++)
        fprintf(out, "%s%" PRIu64, i ? " < " : "; events that led here: ", violation->causes[i]);
    fputc('\n', out);
}

const char *chaos_verdict_word(const struct trial_outcome *outcome)
{
    struct chaos_breaches breaches = {0};
    for (uint32_t i = 0; i < outcome->kept; i++) chaos_breaches_add(&breaches, &outcome->violations[i]);
    return breaches.safety        ? "SAFETY VIOLATED"
           : breaches.liveness    ? "LIVENESS VIOLATED"
           : outcome->interrupted ? "INTERRUPTED"
                                  : "HELD";
}

err chaos_print_judged(const struct trial_outcome *outcome, FILE *out)
{
    struct grid *grid = malloc(sizeof *grid);
    if (!grid) return ERR_NOMEM;
    print_invariants(outcome, grid, out);
    free(grid);
    for (uint32_t i = 0; i < outcome->kept; i++) print_violation(&outcome->violations[i], out);
    if (outcome->violation_count > outcome->kept)
        fprintf(out, "... and %" PRIu64 " more\n", outcome->violation_count - outcome->kept);
    return OK;
}

err chaos_print_outcome(const struct trial_outcome *outcome, const char *command, FILE *out)
{
    struct grid *grid = malloc(sizeof *grid);
    if (!grid) return ERR_NOMEM;
    print_sum(outcome, out);
    print_faults(outcome, grid, out);
    print_idle(outcome, out);
    free(grid);
    TRY(chaos_print_judged(outcome, out));
    if (outcome->violation_count > 0) fprintf(out, "again: %s\n\n", command);
    fprintf(out, "%s  %" PRIu64 " violations, %" PRIu64 " faults fired\n", chaos_verdict_word(outcome),
            outcome->violation_count, outcome->fired);
    return OK;
}
