/* reports/gate_export.c: for people and for continuous integration. */
#include "reports/gate_export.h"
#include "base/escape.h"
#include "reports/comparison_report.h"
#include <math.h>
#include <string.h>

struct report_number gate_allowed_text(const struct gate_finding *finding)
{
    struct report_number number;
    bool falls = finding->rule->sense == HIGHER_IS_BETTER;
    snprintf(number.text, sizeof number.text, "%c%.4g %%", falls ? '-' : '+', 100 * finding->rule->tolerance);
    return number;
}

/* An effect that is already what people read. */
static struct report_number effect_text(const struct gate_finding *finding, double effect)
{
    const struct comparison_row *row = finding->row;
    return comparison_effect_text(row, row->is_ratio ? log1p(effect) : effect);
}

static struct report_value interval_text(const struct gate_finding *finding)
{
    struct report_value value = {"n/a"};
    if (finding->row->is_identical)
        snprintf(value.text, sizeof value.text, "none in any run");
    else if (isfinite(finding->effect))
        snprintf(value.text, sizeof value.text, "%s (%s … %s)", effect_text(finding, finding->effect).text,
                 effect_text(finding, finding->low).text, effect_text(finding, finding->high).text);
    return value;
}

struct report_value gate_finding_text(const struct gate_finding *finding)
{
    struct report_value value;
    snprintf(value.text, sizeof value.text, "%.40s %.80s, allowed %.16s: %.48s", finding->rule->metric->name,
             interval_text(finding).text, gate_allowed_text(finding).text, finding->why);
    return value;
}

void gate_write_table(const struct page *page, const struct gate_verdict *verdict)
{
    static const char *const COLUMNS[] = {"Test",    "Metric", "Before", "After", "Change (interval)",
                                          "Allowed", "Gate",   "Why"};
    struct grid *grid = page->grid;
    grid_begin(grid, "What the gate judged");
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        grid_add_column(grid, i >= 2 && i <= 6 ? CELL_NUMBER : CELL_TEXT, COLUMNS[i]);
    for (uint32_t i = 0; i < verdict->count && grid->cell_count + 8 <= GRID_CELLS_MOST; i++) {
        const struct gate_finding *finding = &verdict->findings[i];
        char before[METRIC_TEXT_BYTES], after[METRIC_TEXT_BYTES];
        metric_write(before, finding->row->median_before, finding->row->unit);
        metric_write(after, finding->row->median_after, finding->row->unit);
        grid_add(grid, CELL_TEXT, "%s", finding->test->title);
        grid_add(grid, CELL_TEXT, "%s", finding->rule->metric->label);
        grid_add(grid, CELL_NUMBER, "%s", before);
        grid_add(grid, CELL_NUMBER, "%s", after);
        grid_add(grid, CELL_NUMBER, "%s", interval_text(finding).text);
        grid_add(grid, CELL_NUMBER, "%s", gate_allowed_text(finding).text);
        grid_add(grid,
                 finding->outcome == GATE_PASS        ? CELL_PASS
                 : finding->outcome == GATE_REGRESSED ? CELL_MISS
                                                      : CELL_NUMBER,
                 "%s", gate_outcome_name(finding->outcome));
        grid_add(grid, CELL_TEXT, "%s", finding->why);
    }
    page->renderer->table(page->out, grid);
}

static void write_property(FILE *out, const char *name, double value)
{
    if (isfinite(value)) fprintf(out, "        <property name=\"%s\" value=\"%.9g\"/>\n", name, value);
}

static void write_case(FILE *out, const struct gate_finding *finding)
{
    static const char *const ELEMENTS[] = {
        [GATE_REGRESSED] = "failure", [GATE_VOID] = "error", [GATE_INCONCLUSIVE] = "skipped"};
    fputs("    <testcase classname=\"", out);
    escape_html(out, finding->test->title);
    fprintf(out, "\" name=\"%s\" time=\"%.3f\">\n      <properties>\n", finding->rule->metric->name,
            finding->test->after->wall_seconds);
    write_property(out, "before", finding->row->median_before);
    write_property(out, "after", finding->row->median_after);
    write_property(out, "effect", finding->effect);
    write_property(out, "low", finding->low);
    write_property(out, "high", finding->high);
    write_property(out, "tolerance", finding->rule->tolerance);
    write_property(out, "p", finding->p);
    fputs("      </properties>\n", out);
    if (finding->outcome != GATE_PASS) {
        fprintf(out, "      <%s message=\"", ELEMENTS[finding->outcome]);
        escape_html(out, gate_finding_text(finding).text);
        fputs("\"/>\n", out);
    }
    fputs("    </testcase>\n", out);
}

static uint32_t count_of(const struct gate_verdict *verdict, const struct comparison_test *test,
                         enum gate_outcome outcome)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < verdict->count; i++)
        count += (!test || verdict->findings[i].test == test) && verdict->findings[i].outcome == outcome;
    return count;
}

/* The findings of a test stand together. */
static void write_suite_head(FILE *out, const struct gate_verdict *verdict,
                             const struct comparison_test *test)
{
    uint32_t cases = 0;
    for (int outcome = 0; outcome <= GATE_REGRESSED; outcome++)
        cases += count_of(verdict, test, (enum gate_outcome)outcome);
    fputs("  <testsuite name=\"", out);
    escape_html(out, test->title);
    fprintf(out, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", cases,
            count_of(verdict, test, GATE_REGRESSED), count_of(verdict, test, GATE_VOID),
            count_of(verdict, test, GATE_INCONCLUSIVE));
}

/* What is void as a whole has a case of its own: no test that was run tells of it. */
static void write_void_suite(FILE *out, const struct gate_verdict *verdict)
{
    fputs("  <testsuite name=\"gate\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
          "    <testcase classname=\"gate\" name=\"all tests\"><error message=\"",
          out);
    escape_html(out, verdict->void_why);
    fputs("\"/></testcase>\n  </testsuite>\n", out);
}

void gate_write_junit(FILE *out, const struct gate_verdict *verdict)
{
    const struct comparison_test *open = NULL;
    bool is_void = *verdict->void_why;
    fprintf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"agenc benchmark gate\" tests=\"%u\" "
        "failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n",
        verdict->count + is_void, count_of(verdict, NULL, GATE_REGRESSED),
        count_of(verdict, NULL, GATE_VOID) + is_void, count_of(verdict, NULL, GATE_INCONCLUSIVE));
    if (is_void) write_void_suite(out, verdict);
    for (uint32_t i = 0; i < verdict->count; i++) {
        const struct comparison_test *test = verdict->findings[i].test;
        if (test != open) {
            if (open) fputs("  </testsuite>\n", out);
            write_suite_head(out, verdict, test);
            open = test;
        }
        write_case(out, &verdict->findings[i]);
    }
    fprintf(out, "%s</testsuites>\n", open ? "  </testsuite>\n" : "");
}

/* Line breaks and per cent signs end or change a command; in properties colons and commas do, too. */
static void escape_command(FILE *out, const char *text, bool is_property)
{
    for (const char *at = text; *at; at++)
        if (*at == '%' || *at == '\r' || *at == '\n' || (is_property && (*at == ':' || *at == ',')))
            fprintf(out, "%%%02X", (unsigned)*at);
        else
            fputc(*at, out);
}

void gate_write_github(FILE *out, const struct gate_verdict *verdict)
{
    static const struct {
        enum gate_outcome outcome;
        const char *command;
    } KINDS[] = {{GATE_REGRESSED, "error"}, {GATE_VOID, "error"}, {GATE_INCONCLUSIVE, "warning"}};
    uint32_t errors = 0, warnings = 0;
    if (*verdict->void_why) {
        fputs("::error title=gate void::", out);
        escape_command(out, verdict->void_why, false);
        fputc('\n', out);
        errors++;
    }
    for (size_t kind = 0; kind < sizeof KINDS / sizeof *KINDS; kind++)
        for (uint32_t i = 0; i < verdict->count; i++) {
            const struct gate_finding *finding = &verdict->findings[i];
            uint32_t *written = KINDS[kind].outcome == GATE_INCONCLUSIVE ? &warnings : &errors;
            if (finding->outcome != KINDS[kind].outcome || *written == GATE_ANNOTATIONS_MOST) continue;
            fprintf(out, "::%s title=", KINDS[kind].command);
            escape_command(out, finding->test->title, true);
            fprintf(out, " %s::", gate_outcome_name(finding->outcome));
            escape_command(out, gate_finding_text(finding).text, false);
            fputc('\n', out);
            ++*written;
        }
}

void gate_write_summary(FILE *out, const struct gate_verdict *verdict, struct grid *scratch)
{
    const struct page page = {.renderer = &RENDER_MARKDOWN, .out = out, .grid = scratch};
    page.renderer->heading(out, 2, "Benchmark gate");
    fprintf(out, "**%s**: %u passed, %u regressed, %u inconclusive, %u void\n\n",
            gate_outcome_name(verdict->outcome), count_of(verdict, NULL, GATE_PASS),
            count_of(verdict, NULL, GATE_REGRESSED), count_of(verdict, NULL, GATE_INCONCLUSIVE),
            count_of(verdict, NULL, GATE_VOID));
    if (*verdict->void_why) page.renderer->paragraph(out, verdict->void_why);
    gate_write_table(&page, verdict);
}
