/* reports/comparison_advice.c: what the figures mean for the one who has to decide, and the way back. */
#include "base/config.h"
#include "base/json_write.h"
#include "reports/comparison_report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Differences that more runs should settle. */
static const double EFFECT_OF_INTEREST = 0.05;

static void say_counts(char *text, const struct comparison_paper *paper)
{
    const struct comparison_outcome *outcome = &paper->outcome;
    report_say(text, "%u of %u primary figures better, %u worse, %u without a difference, %u undecided",
               outcome->better, outcome->figures, outcome->worse, outcome->same, outcome->inconclusive);
    uint32_t without =
        outcome->figures - outcome->better - outcome->worse - outcome->same - outcome->inconclusive;
    if (without > 0) report_say(text, ", %u without values", without);
    if (outcome->tests > 1) report_say(text, ", in %u tests", outcome->tests);
    report_say(text, ".");
}

void comparison_write_verdict(const struct page *page, const struct comparison_paper *paper)
{
    static const enum verdict_tone TONES[] = {
        [NET_NEUTRAL] = TONE_OPEN, [NET_POSITIVE] = TONE_GOOD, [NET_NEGATIVE] = TONE_BAD};
    const struct comparison_outcome *outcome = &paper->outcome;
    char text[REPORT_TEXT_BYTES] = "";
    struct verdict verdict = {TONES[outcome->net], net_assessment_name(outcome->net), text};
    if (outcome->is_identical) {
        verdict.word = "IDENTICAL";
        report_say(text, "Before and after agree in every figure of every run that both have.");
    } else {
        say_counts(text, paper);
    }
    uint32_t lost = outcome->targets_lost;
    if (lost > 0) {
        report_say(text, " %u target%s met before %s missed now.", lost, lost == 1 ? "" : "s",
                   lost == 1 ? "is" : "are");
    }
    if (outcome->fewest_runs < SIGNFLIP_PAIRS_LEAST && !outcome->is_identical) {
        verdict.word = "UNDECIDED";
        report_say(text, " Need >= %d pairs of runs, there are %u: measure both again with --runs 10.",
                   SIGNFLIP_PAIRS_LEAST, outcome->fewest_runs);
    }
    const struct comparison *comparison = paper->comparison;
    if (comparison->left_out_before + comparison->left_out_after > 0)
        report_say(text, " Not compared, because only one side has them: %u tests before, %u after.",
                   comparison->left_out_before, comparison->left_out_after);
    if (comparison->runs_left_out > 0)
        report_say(text, " %u runs have no partner and were left out.", comparison->runs_left_out);
    page->renderer->verdict(page->out, &verdict);
}

static void add_setting(struct grid *grid, const char *section, const struct comparison_change *change)
{
    grid_add(grid, CELL_TEXT, "%s", section);
    grid_add(grid, CELL_CODE, "%s", change->name);
    grid_add(grid, CELL_NUMBER, "%s", report_value(change->before).text);
    grid_add(grid, CELL_NUMBER, "%s", report_value(change->after).text);
}

static void write_settings(const struct page *page, const struct comparison *comparison)
{
    struct grid *grid = page->grid;
    grid_begin(grid, "Settings that differ");
    grid_add_column(grid, CELL_TEXT, "Of");
    grid_add_column(grid, CELL_CODE, "Setting");
    grid_add_column(grid, CELL_NUMBER, "Before");
    grid_add_column(grid, CELL_NUMBER, "After");
    for (uint32_t i = 0; i < comparison->change_count && grid->cell_count + 4 <= GRID_CELLS_MOST; i++)
        add_setting(grid, comparison->changes[i].section, &comparison->changes[i]);
    page->renderer->table(page->out, grid);
}

static bool is_same_build(const struct comparison_test *test)
{
    return strcmp(test->before->version, test->after->version) == 0 &&
           strcmp(test->before->commit, test->after->commit) == 0;
}

static void write_build(const struct page *page, const struct comparison *comparison)
{
    const struct comparison_test *test = &comparison->tests[0];
    char text[REPORT_TEXT_BYTES] = "";
    if (!is_same_build(test))
        report_say(text, "The program differs: %.64s (commit %.64s) before, %.64s (commit %.64s) after.",
                   test->before->version, test->before->commit, test->after->version, test->after->commit);
    else if (comparison->change_count == 0)
        report_say(text, "No setting differs, and both were measured by the same version of the program.");
    if (*text) page->renderer->paragraph(page->out, text);
}

/* Another bound under the same name: what is met and what is missed cannot be set side by side. */
static void write_moved_targets(const struct page *page, const struct comparison *comparison)
{
    for (uint32_t i = 0; i < comparison->count; i++)
        for (uint32_t j = 0; j < comparison->tests[i].before->target_count; j++) {
            const struct bench_target *before = &comparison->tests[i].before->targets[j];
            char text[REPORT_TEXT_BYTES] = "";
            if (comparison_target_like(comparison->tests[i].after, before)) continue;
            report_say(text, "The targets differ: %.64s %.64s of %s is none of those after the change.",
                       before->name, before->target, comparison->tests[i].title);
            page->renderer->paragraph(page->out, text);
        }
}

void comparison_write_change(const struct page *page, const struct comparison_paper *paper)
{
    const struct comparison_options *options = paper->options;
    const struct {
        const char *name, *value;
    } said[] = {{"Date", options->date},
                {"Author", options->author},
                {"Change", options->change_id},
                {"Parameter", options->parameter},
                {"Reason", options->reason}};
    page->renderer->heading(page->out, 2, "Change");
    grid_begin(page->grid, "What is said about the change");
    grid_add_column(page->grid, CELL_TEXT, "About");
    grid_add_column(page->grid, CELL_TEXT, "Said");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (!said[i].value) continue;
        grid_add(page->grid, CELL_TEXT, "%s", said[i].name);
        grid_add(page->grid, CELL_TEXT, "%s", said[i].value);
    }
    page->renderer->table(page->out, page->grid);
    write_settings(page, paper->comparison);
    write_build(page, paper->comparison);
    write_moved_targets(page, paper->comparison);
}

static void add_impact(const struct page *page, const struct comparison_test *test,
                       const struct comparison_row *row)
{
    char before[METRIC_TEXT_BYTES], after[METRIC_TEXT_BYTES];
    metric_write(before, row->median_before, row->unit);
    metric_write(after, row->median_after, row->unit);
    grid_add(page->grid, CELL_TEXT, "%s", row->metric->label);
    grid_add(page->grid, CELL_TEXT, "%s", test->title);
    grid_add(page->grid, CELL_NUMBER, "%s", comparison_change_text(row).text);
    grid_add(page->grid, CELL_NUMBER, "%s", before);
    grid_add(page->grid, CELL_NUMBER, "%s", after);
}

static void begin_impacts(struct grid *grid, const char *caption)
{
    static const char *const COLUMNS[] = {"Metric", "Test", "Change (95 % interval)", "Before", "After"};
    grid_begin(grid, caption);
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        grid_add_column(grid, i >= 2 ? CELL_NUMBER : CELL_TEXT, COLUMNS[i]);
}

static void write_impacts(const struct page *page, const struct comparison_paper *paper,
                          enum comparison_verdict verdict, bool is_primary)
{
    bool is_good = verdict == VERDICT_BETTER;
    struct grid *grid = page->grid;
    begin_impacts(grid, is_good ? "What became better" : "What became worse");
    for (uint32_t i = 0; i < paper->comparison->count; i++)
        for (uint32_t j = 0; j < comparison_metric_count(); j++) {
            const struct comparison_test *test = &paper->comparison->tests[i];
            const struct comparison_row *row = &test->rows[j];
            bool is_one = row->verdict == verdict || (!is_good && row->verdict == VERDICT_LOST);
            if (is_one && row->metric->is_primary == is_primary && grid->cell_count + 5 <= GRID_CELLS_MOST)
                add_impact(page, test, row);
        }
    if (is_primary && grid->cell_count == 0)
        page->renderer->paragraph(page->out, "None of the primary metrics, beyond chance.");
    if (is_primary) page->renderer->table(page->out, grid);
    if (is_primary || grid->cell_count == 0) return;
    page->renderer->fold_begin(page->out, is_good ? "Other metrics that became better (exploratory)"
                                                  : "Other metrics that became worse (exploratory)");
    page->renderer->table(page->out, grid);
    page->renderer->fold_end(page->out);
}

/* Targets that the change made met, or missed. */
static void write_targets(const struct page *page, const struct comparison *comparison)
{
    for (uint32_t i = 0; i < comparison->count; i++)
        for (uint32_t j = 0; j < comparison->tests[i].before->target_count; j++) {
            const struct bench_target *before = &comparison->tests[i].before->targets[j];
            const struct bench_target *after = comparison_target_like(comparison->tests[i].after, before);
            char text[REPORT_TEXT_BYTES] = "";
            if (!after || after->pass == before->pass) continue;
            report_say(text, "Target %.64s %.64s of %s: %s before, %s after (%s instead of %s).",
                       before->name, before->target, comparison->tests[i].title,
                       before->pass ? "met" : "missed", after->pass ? "met" : "missed",
                       report_metric(&comparison->tests[i].after->summary, after->name).text,
                       report_metric(&comparison->tests[i].before->summary, before->name).text);
            page->renderer->paragraph(page->out, text);
        }
}

void comparison_write_analysis(const struct page *page, const struct comparison_paper *paper)
{
    const struct comparison *comparison = paper->comparison;
    char text[REPORT_TEXT_BYTES] = "";
    page->renderer->heading(page->out, 2, "Analysis");
    page->renderer->heading(page->out, 3, "Positive impacts");
    write_impacts(page, paper, VERDICT_BETTER, true);
    write_impacts(page, paper, VERDICT_BETTER, false);
    page->renderer->heading(page->out, 3, "Negative impacts");
    write_impacts(page, paper, VERDICT_WORSE, true);
    write_impacts(page, paper, VERDICT_WORSE, false);
    write_targets(page, comparison);
    page->renderer->heading(page->out, 3, "Net assessment");
    report_say(text,
               "%s: ", paper->outcome.is_identical ? "IDENTICAL" : net_assessment_name(paper->outcome.net));
    if (!paper->outcome.is_identical)
        say_counts(text, paper);
    else
        report_say(text, "nothing changed in any run.");
    page->renderer->paragraph(page->out, text);
}

static bool is_hot(const struct comparison_change *change)
{
    const struct config_key *key = config_key_find(change->name);
    return strcmp(change->section, "config") == 0 && change->before && key && key->when == CONFIG_HOT;
}

static void write_value(struct json_writer *json, const struct bench_pair *pair)
{
    switch (pair->kind) {
    case BENCH_TEXT: json_write_text(json, pair->name, pair->text); break;
    case BENCH_INTEGER: json_write_i64(json, pair->name, pair->integer); break;
    case BENCH_NUMBER: json_write_number(json, pair->name, pair->number); break;
    case BENCH_BOOLEAN: json_write_bool(json, pair->name, pair->integer); break;
    }
}

/* The body of the request that puts hot settings back; NULL: out of memory. free() it. */
static char *body_of(const struct comparison *comparison)
{
    struct json_writer json;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return NULL;
    json_write_begin(&json, out, JSON_ONE_LINE);
    json_write_object(&json, NULL);
    for (uint32_t i = 0; i < comparison->change_count; i++) {
        const struct comparison_change *change = &comparison->changes[i];
        /* Tests that began from different values: the first one's. */
        bool is_repeated = i > 0 && strcmp(change[-1].name, change->name) == 0;
        if (is_hot(change) && !is_repeated) write_value(&json, change->before);
    }
    json_write_end(&json);
    json_write_finish(&json);
    bool is_whole = !ferror(out);
    if (fclose(out) == 0 && is_whole) {
        text[strcspn(text, "\n")] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

static err write_request(const struct page *page, const struct comparison *comparison, struct diag *diag)
{
    char *body = body_of(comparison), *text = NULL;
    size_t bytes;
    FILE *out = body ? open_memstream(&text, &bytes) : NULL;
    if (out) {
        fputs("curl -X POST http://localhost:9090/admin/config -H \"Authorization: Bearer $ADMIN_TOKEN\" \\\n"
              "  -H 'Content-Type: application/json' -d",
              out);
        report_print_word(out, body);
    }
    bool is_whole = out && !ferror(out);
    is_whole = out && fclose(out) == 0 && is_whole;
    if (is_whole) page->renderer->code(page->out, text);
    free(text);
    free(body);
    return is_whole ? OK : diag_fail(diag, ERR_NOMEM, "out of memory for the report");
}

/* What no running service can take: words, one setting a sentence. */
static void write_other_ways(const struct page *page, const struct comparison *comparison)
{
    char text[REPORT_TEXT_BYTES] = "";
    for (uint32_t i = 0; i < comparison->change_count; i++) {
        const struct comparison_change *change = &comparison->changes[i];
        if (is_hot(change)) continue;
        if (strcmp(change->section, "config") == 0)
            report_say(text, "Set %s = %s in the configuration file and restart. ", change->name,
                       report_value(change->before).text);
        else
            report_say(text, "Put %s %s back to %s. ", change->section, change->name,
                       report_value(change->before).text);
    }
    const struct comparison_test *test = &comparison->tests[0];
    if (!is_same_build(test))
        report_say(text, "Deploy version %.64s (commit %.64s) again.", test->before->version,
                   test->before->commit);
    if (*text) page->renderer->paragraph(page->out, text);
}

err comparison_write_way_back(const struct page *page, const struct comparison_paper *paper,
                              struct diag *diag)
{
    const struct comparison *comparison = paper->comparison;
    uint32_t hot = 0;
    for (uint32_t i = 0; i < comparison->change_count; i++) hot += is_hot(&comparison->changes[i]);
    page->renderer->heading(page->out, 2, "Rollback plan");
    if (comparison->change_count == 0 && is_same_build(&comparison->tests[0])) {
        page->renderer->paragraph(page->out, "There is nothing to put back.");
        return OK;
    }
    if (hot > 0) {
        page->renderer->paragraph(page->out, "These settings take effect at once on the running service:");
        TRY(write_request(page, comparison, diag));
    }
    write_other_ways(page, comparison);
    return OK;
}

static void say_more_runs(char *text, const struct comparison *comparison)
{
    uint32_t runs = comparison_runs_for(comparison, EFFECT_OF_INTEREST);
    if (runs > 0)
        report_say(text,
                   " Pairs of runs that would show a change of 5 %% in every undecided primary metric: %u.",
                   runs);
}

void comparison_write_recommendation(const struct page *page, const struct comparison_paper *paper)
{
    const struct comparison_outcome *outcome = &paper->outcome;
    char text[REPORT_TEXT_BYTES] = "";
    uint32_t lost = outcome->targets_lost;
    if (outcome->is_identical)
        report_say(text, "Nothing to decide: the change has no effect under this load.");
    else if (outcome->net == NET_NEGATIVE || (lost > 0 && outcome->net != NET_POSITIVE))
        report_say(text, "Roll the change back.");
    else if (lost > 0)
        report_say(text, "Do not keep the change as it is: %u target%s met before %s missed now.", lost,
                   lost == 1 ? "" : "s", lost == 1 ? "is" : "are");
    else if (outcome->net == NET_POSITIVE && outcome->worse > 0)
        report_say(text, "Keep the change if the negative impacts above are acceptable.");
    else if (outcome->net == NET_POSITIVE)
        report_say(text, "Keep the change.");
    else if (outcome->better > 0)
        report_say(text,
                   "A trade-off: as many figures became better as worse. Decide by which of them matters.");
    else if (outcome->inconclusive > 0)
        report_say(text,
                   "Do not decide yet: no primary figure changed beyond chance, and not all are known to "
                   "be the same.");
    else
        report_say(text, "Keep whichever is simpler: no primary figure changed by as much as 1 %%.");
    say_more_runs(text, paper->comparison);
    if (outcome->net == NET_POSITIVE && lost == 0 && paper->options->follow_up)
        report_say(text, " Watch it for a week and look again on %.32s.", paper->options->follow_up);
    page->renderer->paragraph(page->out, text);
}
