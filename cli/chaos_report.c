/* cli/chaos_report.c: a campaign for people, and for continuous integration. */
#include "base/duration.h"
#include "base/escape.h"
#include "base/units.h"
#include "cli/chaos_book.h"
#include "reports/render.h"
#include <inttypes.h>
#include <stdlib.h>

/* ---- JUnit ---- */

static uint32_t findings_of(const struct campaign *campaign, enum invariant invariant)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < campaign->finding_count; i++)
        count += campaign->findings[i].violation.invariant == invariant;
    return count;
}

static bool is_judged(const struct campaign *campaign, enum invariant invariant)
{
    return campaign->totals.checks[invariant] > 0 || findings_of(campaign, invariant) > 0;
}

static void write_failure(const struct campaign_finding *finding, FILE *out)
{
    char name[CHAOS_FINDING_BYTES];
    chaos_finding_name(finding, name);
    fputs("      <failure message=\"", out);
    escape_html(out, finding->violation.text);
    fprintf(out, "\">seed %" PRIu64 ", %" PRIu64 " trials: agenc chaos replay %s/repro.toml</failure>\n",
            finding->seed, finding->trials, name);
}

static void write_case(const struct campaign *campaign, enum invariant invariant, FILE *out)
{
    fprintf(out, "    <testcase classname=\"chaos\" name=\"%s ", INVARIANT_TABLE[invariant].id);
    escape_html(out, INVARIANT_TABLE[invariant].title);
    fputs("\">\n", out);
    if (!is_judged(campaign, invariant)) fputs("      <skipped message=\"never judged\"/>\n", out);
    for (uint32_t i = 0; i < campaign->finding_count; i++)
        if (campaign->findings[i].violation.invariant == invariant)
            write_failure(&campaign->findings[i], out);
    fputs("    </testcase>\n", out);
}

void chaos_write_junit(const struct chaos_book *book, FILE *out)
{
    const struct campaign *campaign = &book->campaign;
    uint32_t failures = 0, skipped = 0;
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        failures += findings_of(campaign, (enum invariant)i) > 0;
        skipped += !is_judged(campaign, (enum invariant)i);
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    fprintf(out,
            "<testsuites name=\"agenc chaos campaign\" tests=\"%d\" failures=\"%u\" errors=\"0\" "
            "skipped=\"%u\">\n  <testsuite name=\"",
            INVARIANT_COUNT, failures, skipped);
    escape_html(out, book->scenario);
    fprintf(out, "\" tests=\"%d\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", INVARIANT_COUNT, failures,
            skipped);
    for (int i = 0; i < INVARIANT_COUNT; i++) write_case(campaign, (enum invariant)i, out);
    fputs("  </testsuite>\n</testsuites>\n", out);
}

/* ---- coverage ---- */

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void write_group(const struct campaign *campaign, enum coverage_group group, FILE *out)
{
    uint32_t reached = coverage_count(&campaign->coverage, group), possible = coverage_possible(group);
    fprintf(out, "%-18s %5" PRIu32 " of %5" PRIu32 "  %5.1f %%\n", coverage_group_name(group), reached,
            possible, share(reached, possible));
}

void chaos_write_coverage(const struct chaos_book *book, FILE *out)
{
    for (int group = 0; group < COVERAGE_GROUP_COUNT; group++)
        write_group(&book->campaign, (enum coverage_group)group, out);
    for (int group = 0; group < COVERAGE_GROUP_COUNT; group++) {
        fprintf(out, "\nnot reached: %s\n", coverage_group_name((enum coverage_group)group));
        coverage_print_missing(&book->campaign.coverage, (enum coverage_group)group, out);
    }
}

/* ---- the terminal ---- */

static void print_totals(const struct chaos_book *book, FILE *out)
{
    const struct campaign_totals *totals = &book->campaign.totals;
    fprintf(out,
            "%" PRIu64 " trials, %" PRIu64 " failing; %" PRIu64 " tasks, %" PRIu64 " confirmed, %" PRIu64
            " rolled back; %" PRIu64 " events\n%" PRIu64 " faults fired, %" PRIu64
            " in the median trial; %" PRIu64 " crashes; %.1f virtual hours\n%" PRIu64
            " controls without a fault, %" PRIu64 " of them failing\n\n",
            totals->trials, totals->failing, totals->tasks, totals->confirmed, totals->rolled_back,
            totals->events, totals->fired, campaign_median_fired(totals), totals->crashes,
            (double)totals->virtual_ns / (double)NS_PER_S / 3600, totals->kinds[SWARM_CONTROL],
            totals->failing_controls);
}

static void print_share(const char *when, uint64_t part, uint64_t whole, bool holds, FILE *out)
{
    if (whole == 0) return;
    fprintf(out,
            "%s %.2f %% of the tasks of the runs without faults were confirmed (%" PRIu64 " of %" PRIu64
            ")%s\n",
            when, 100.0 * (double)part / (double)whole, part, whole, holds ? "" : ": too few");
}

/* P03, which one run alone cannot show; and what L07 asks of scenarios, for people. */
static void print_pairs(const struct campaign_totals *totals, FILE *out)
{
    print_share("outside of faults", totals->goodput, totals->goodput_control, campaign_goodput_holds(totals),
                out);
    print_share("a while after bursts", totals->recovered, totals->recovered_control, true, out);
    if (totals->goodput_control || totals->recovered_control) fputc('\n', out);
}

/* A fault that never does anything tests nothing. */
static void print_idle(const struct campaign_totals *totals, FILE *out)
{
    uint32_t count = 0;
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        if (totals->counts[i].armed == 0 || totals->counts[i].fired > 0) continue;
        fprintf(out, "%s%s", count++ ? ", " : "armed but never fired: ", INJECTOR_TABLE[i].name);
    }
    if (count) fputs("\n\n", out);
}

static void print_findings(const struct chaos_book *book, struct grid *grid, FILE *out)
{
    static const char *const COLUMNS[] = {"failure", "seed", "trials", "shrunk to", "what"};
    grid_begin(grid, "Failures");
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        grid_add_column(grid, i == 1 || i == 2 ? CELL_NUMBER : CELL_TEXT, COLUMNS[i]);
    uint32_t most = GRID_CELLS_MOST / (sizeof COLUMNS / sizeof *COLUMNS);
    for (uint32_t i = 0; i < book->campaign.finding_count && i < most; i++) {
        const struct campaign_finding *finding = &book->campaign.findings[i];
        const struct chaos_note *note = &book->notes[i];
        char name[CHAOS_FINDING_BYTES];
        chaos_finding_name(finding, name);
        grid_add(grid, CELL_TEXT, "%s", name);
        grid_add(grid, CELL_NUMBER, "%" PRIu64, finding->seed);
        grid_add(grid, CELL_NUMBER, "%" PRIu64, finding->trials);
        if (note->is_bundled)
            grid_add(grid, CELL_TEXT, "%" PRIu32 " faults, %" PRIu32 " tasks", note->faults, note->tasks);
        else
            grid_add(grid, CELL_TEXT, "-");
        grid_add(grid, CELL_TEXT, "%.80s", finding->violation.text);
    }
    RENDER_TEXT.table(out, grid);
}

err chaos_print_book(const struct chaos_book *book, FILE *out)
{
    struct grid *grid = malloc(sizeof *grid);
    if (!grid) return ERR_NOMEM;
    print_totals(book, out);
    for (int group = 0; group < COVERAGE_GROUP_COUNT; group++)
        write_group(&book->campaign, (enum coverage_group)group, out);
    fputc('\n', out);
    print_pairs(&book->campaign.totals, out);
    print_idle(&book->campaign.totals, out);
    print_findings(book, grid, out);
    free(grid);
    return OK;
}
