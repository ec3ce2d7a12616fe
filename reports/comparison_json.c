/* reports/comparison_json.c: a comparison for programs, schema "agenc.comparison/1". */
#include "base/file.h"
#include "base/json_write.h"
#include "reports/comparison_report.h"
#include <math.h>
#include <string.h>

static void write_interval(struct json_writer *json, const char *key, const struct comparison_row *row,
                           struct interval limits)
{
    json_write_array(json, key);
    json_write_number(json, NULL, comparison_effect(row, limits.low));
    json_write_number(json, NULL, comparison_effect(row, limits.high));
    json_write_end(json);
}

/* Keys in order, as everywhere. */
static void write_row(struct json_writer *json, const struct comparison_row *row)
{
    json_write_object(json, row->metric->name);
    json_write_number(json, "adjusted_p", row->adjusted_p);
    json_write_number(json, "after", row->median_after);
    json_write_number(json, "before", row->median_before);
    json_write_number(json, "detectable", comparison_effect(row, row->detectable));
    json_write_number(json, "effect", comparison_effect(row, row->mean));
    json_write_bool(json, "identical", row->is_identical);
    write_interval(json, "interval", row, row->limits);
    json_write_number(json, "median_effect", comparison_effect(row, row->shift));
    write_interval(json, "median_interval", row, row->shift_limits);
    json_write_number(json, "p", row->p);
    json_write_bool(json, "primary", row->metric->is_primary);
    json_write_text(json, "scale", row->is_ratio ? "ratio" : "difference");
    json_write_number(json, "superiority", row->superiority);
    json_write_text(json, "verdict", comparison_verdict_name(row->verdict));
    json_write_end(json);
}

/* JSON's keys are sorted, the table of metrics is not. */
static void write_rows(struct json_writer *json, const struct comparison_test *test)
{
    const char *last = "";
    for (uint32_t written = 0; written < comparison_metric_count(); written++) {
        const struct comparison_row *next = NULL;
        for (uint32_t i = 0; i < comparison_metric_count(); i++) {
            const struct comparison_row *row = &test->rows[i];
            if (strcmp(row->metric->name, last) > 0 &&
                (!next || strcmp(row->metric->name, next->metric->name) < 0))
                next = row;
        }
        write_row(json, next);
        last = next->metric->name;
    }
}

static void write_shift(struct json_writer *json, const struct comparison_shift *shift)
{
    json_write_array(json, "shift");
    for (uint32_t i = 0; i < shift->count; i++) {
        json_write_object(json, NULL);
        json_write_number(json, "high", expm1(shift->limits[i].high));
        json_write_number(json, "low", expm1(shift->limits[i].low));
        json_write_number(json, "mean", expm1(shift->mean[i]));
        json_write_number(json, "share", shift->shares[i]);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_test(struct json_writer *json, const struct comparison_test *test)
{
    json_write_object(json, NULL);
    json_write_u64(json, "after_runs", test->after_runs);
    json_write_u64(json, "before_runs", test->before_runs);
    json_write_object(json, "metrics");
    write_rows(json, test);
    json_write_end(json);
    json_write_bool(json, "paired", test->is_paired);
    write_shift(json, &test->shift);
    json_write_text(json, "title", test->title);
    json_write_end(json);
}

static void write_all(struct json_writer *json, const struct comparison_paper *paper)
{
    const struct comparison *comparison = paper->comparison;
    json_write_object(json, NULL);
    json_write_u64(json, "better", paper->outcome.better);
    json_write_array(json, "changes");
    for (uint32_t i = 0; i < comparison->change_count; i++) {
        const struct comparison_change *change = &comparison->changes[i];
        json_write_object(json, NULL);
        json_write_text(json, "after", change->after ? report_value(change->after).text : NULL);
        json_write_text(json, "before", change->before ? report_value(change->before).text : NULL);
        json_write_text(json, "name", change->name);
        json_write_text(json, "section", change->section);
        json_write_end(json);
    }
    json_write_end(json);
    json_write_bool(json, "exact", comparison->is_exact);
    json_write_text(json, "family", comparison->is_joint ? "max-t" : "holm");
    json_write_bool(json, "identical", comparison->is_identical);
    json_write_u64(json, "inconclusive", paper->outcome.inconclusive);
    json_write_text(json, "net", net_assessment_name(paper->outcome.net));
    json_write_u64(json, "same", paper->outcome.same);
    json_write_text(json, "schema", "agenc.comparison/1");
    json_write_array(json, "tests");
    for (uint32_t i = 0; i < comparison->count; i++) write_test(json, &comparison->tests[i]);
    json_write_end(json);
    json_write_u64(json, "worse", paper->outcome.worse);
    json_write_end(json);
}

err comparison_write_json(const struct comparison_paper *paper, const char *path, struct diag *diag)
{
    struct file_writer writer;
    struct json_writer json;
    TRY(file_begin(&writer, path, diag));
    json_write_begin(&json, writer.stream, JSON_LINES);
    write_all(&json, paper);
    json_write_finish(&json);
    return file_commit(&writer, diag);
}
