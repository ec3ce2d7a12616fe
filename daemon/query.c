/* daemon/query.c: a query from its text to its JSON: instant, or once a step of a range. */
#include "daemon/query.h"
#include "base/decimal.h"
#include "base/json_write.h"
#include "base/units.h"
#include "daemon/query_own.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NUMBER_BYTES = 400 }; /* of the largest double, written out */

static const struct {
    err error;
    int status;
    const char *type;
} OUTCOMES[] = {
    {OK, 200, ""},
    {ERR_SYNTAX, 400, "bad_data"},
    {ERR_CONFLICT, 422, "execution"},
    {ERR_LIMIT, 422, "execution"},
    {ERR_USAGE, 501, "unsupported"},
    {ERR_NOMEM, 503, "unavailable"},
};

static size_t outcome_of(err error)
{
    size_t i = 0;
    while (i + 1 < sizeof OUTCOMES / sizeof *OUTCOMES && OUTCOMES[i].error != error) i++;
    return i;
}

int query_status(err error)
{
    return OUTCOMES[outcome_of(error)].status;
}

/* ---- text ---- */

/* Without an exponent, as Prometheus writes numbers. */
static void number_text(char out[NUMBER_BYTES], double value)
{
    char digits[DECIMAL_TEXT_BYTES];
    if (isnan(value) || isinf(value)) {
        snprintf(out, NUMBER_BYTES, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    decimal_from_double(digits, value);
    const char *exponent = strchr(digits, 'e');
    if (!exponent) {
        snprintf(out, NUMBER_BYTES, "%s", digits);
        return;
    }
    /* The shortest digits are known: so many of them stand behind the point. */
    long power = strtol(exponent + 1, NULL, 10);
    long given = strchr(digits, '.') ? (long)(exponent - strchr(digits, '.') - 1) : 0;
    snprintf(out, NUMBER_BYTES, "%.*f", (int)(given > power ? given - power : 0), value);
}

static void write_point(struct json_writer *writer, const char *key, int64_t at_ms, double value)
{
    char text[NUMBER_BYTES];
    number_text(text, value);
    json_write_array(writer, key);
    json_write_number(writer, NULL, (double)at_ms / 1000);
    json_write_text(writer, NULL, text);
    json_write_end(writer);
}

static void write_labels(struct json_writer *writer, const struct labels *labels)
{
    json_write_object(writer, "metric");
    for (uint32_t i = 0; i < labels->count; i++)
        json_write_text(writer, labels->at[i].name, labels->at[i].value);
    json_write_end(writer);
}

static void write_failure(FILE *out, err error, const struct diag *diag)
{
    struct json_writer writer;
    json_write_begin(&writer, out, JSON_ONE_LINE);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "error", *diag->text ? diag->text : err_text(error));
    json_write_text(&writer, "errorType", OUTCOMES[outcome_of(error)].type);
    json_write_text(&writer, "status", "error");
    json_write_end(&writer);
    json_write_finish(&writer);
}

static void begin_answer(struct json_writer *writer, FILE *out)
{
    json_write_begin(writer, out, JSON_ONE_LINE);
    json_write_object(writer, NULL);
    json_write_object(writer, "data");
}

static void end_answer(struct json_writer *writer, const char *type)
{
    json_write_text(writer, "resultType", type);
    json_write_end(writer);
    json_write_text(writer, "status", "success");
    json_write_end(writer);
    json_write_finish(writer);
}

/* ---- a query's life ---- */

struct query {
    struct query_run run;
    struct arena lasting, step;
    struct query_node *root;
};

static err query_begin(struct query *query, const struct samples *samples, const char *text,
                       struct diag *diag)
{
    query->run.samples = samples;
    query->run.diag = diag;
    query->run.arena = &query->step;
    TRY(arena_open(&query->lasting, QUERY_BYTES / 2));
    TRY(arena_open(&query->step, QUERY_BYTES / 2));
    TRY(query_parse(&query->root, &query->lasting, text, diag));
    return query_find_series(&query->run, query->root, &query->lasting);
}

static void query_end(struct query *query)
{
    arena_close(&query->lasting);
    arena_close(&query->step);
    free(query);
}

/* Two series of the same labels have no order in which to be told. */
static int by_hash(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static err check_unique(struct query_run *run, const struct query_value *value)
{
    uint64_t *hashes = query_take(run, value->count, sizeof *hashes);
    if (!hashes) return ERR_LIMIT;
    for (uint32_t i = 0; i < value->count; i++) hashes[i] = query_labels_hash(&value->samples[i].labels);
    qsort(hashes, value->count, sizeof *hashes, by_hash);
    for (uint32_t i = 1; i < value->count; i++)
        if (hashes[i] == hashes[i - 1])
            return diag_fail(run->diag, ERR_CONFLICT, "vector cannot contain metrics with the same labelset");
    return OK;
}

static err evaluate_at(struct query *query, int64_t at_ms, struct query_value *out)
{
    query->step.used_bytes = 0;
    query->run.at_ms = at_ms;
    TRY(query_evaluate(&query->run, query->root, out));
    return check_unique(&query->run, out);
}

static void write_instant(const struct query_value *value, int64_t at_ms, FILE *out)
{
    struct json_writer writer;
    begin_answer(&writer, out);
    if (value->type == TYPE_SCALAR) {
        write_point(&writer, "result", at_ms, value->scalar);
    } else {
        json_write_array(&writer, "result");
        for (uint32_t i = 0; i < value->count; i++) {
            json_write_object(&writer, NULL);
            write_labels(&writer, &value->samples[i].labels);
            write_point(&writer, "value", at_ms, value->samples[i].value);
            json_write_end(&writer);
        }
        json_write_end(&writer);
    }
    end_answer(&writer, value->type == TYPE_SCALAR ? "scalar" : "vector");
}

err query_instant(const struct samples *samples, int64_t at_ms, const char *text, FILE *out,
                  struct diag *diag)
{
    struct diag own = {{0}};
    struct query_value value;
    if (!diag) diag = &own;
    struct query *query = calloc(1, sizeof *query);
    err e = query ? query_begin(query, samples, text, diag) : ERR_NOMEM;
    if (e == OK) e = evaluate_at(query, at_ms, &value);
    if (e == OK)
        write_instant(&value, at_ms, out);
    else
        write_failure(out, e, diag);
    if (query) query_end(query);
    return e;
}

/* ---- ranges ---- */

struct row {
    struct labels labels;
    uint64_t hash;
    double *values;
    bool *is_there; /* a step each */
};
struct rows {
    struct row *at[SAMPLES_SERIES_MOST];
    uint32_t count;
};

static struct row *row_of(struct query *query, struct rows *rows, const struct labels *labels, uint64_t steps)
{
    uint64_t hash = query_labels_hash(labels);
    uint32_t i = 0;
    while (i < rows->count && !(rows->at[i]->hash == hash && query_labels_same(&rows->at[i]->labels, labels)))
        i++;
    if (query_visit(&query->run, i / 16 + 1) != OK) return NULL;
    if (i < rows->count) return rows->at[i];
    struct row *row = i < SAMPLES_SERIES_MOST ? arena_array(&query->lasting, 1, sizeof *row) : NULL;
    struct label *at = arena_array(&query->lasting, labels->count + 1, sizeof *at);
    if (row) row->values = arena_array(&query->lasting, steps, sizeof *row->values);
    if (row) row->is_there = arena_array(&query->lasting, steps, sizeof *row->is_there);
    if (!row || !at || !row->values || !row->is_there) {
        (void)diag_fail(query->run.diag, ERR_LIMIT, "the answer has more than %d bytes", QUERY_BYTES / 2);
        return NULL;
    }
    for (uint32_t label = 0; label < labels->count; label++) at[label] = labels->at[label];
    row->labels = (struct labels){at, labels->count};
    row->hash = hash;
    return rows->at[rows->count++] = row;
}

static err fill_rows(struct query *query, const struct query_span *span, struct rows *rows)
{
    uint64_t steps = (uint64_t)((span->end_ms - span->start_ms) / span->step_ms) + 1;
    for (uint64_t step = 0; step < steps; step++) {
        struct query_value value;
        TRY(evaluate_at(query, span->start_ms + (int64_t)step * span->step_ms, &value));
        struct query_sample scalar = {.value = value.scalar};
        if (value.type == TYPE_SCALAR) value.samples = &scalar, value.count = 1;
        for (uint32_t i = 0; i < value.count; i++) {
            struct row *row = row_of(query, rows, &value.samples[i].labels, steps);
            if (!row) return ERR_LIMIT;
            row->values[step] = value.samples[i].value;
            row->is_there[step] = true;
        }
    }
    return OK;
}

static void write_rows(const struct rows *rows, const struct query_span *span, FILE *out)
{
    struct json_writer writer;
    begin_answer(&writer, out);
    json_write_array(&writer, "result");
    for (uint32_t i = 0; i < rows->count; i++) {
        json_write_object(&writer, NULL);
        write_labels(&writer, &rows->at[i]->labels);
        json_write_array(&writer, "values");
        for (int64_t step = 0; step <= (span->end_ms - span->start_ms) / span->step_ms; step++)
            if (rows->at[i]->is_there[step])
                write_point(&writer, NULL, span->start_ms + step * span->step_ms, rows->at[i]->values[step]);
        json_write_end(&writer);
        json_write_end(&writer);
    }
    json_write_end(&writer);
    end_answer(&writer, "matrix");
}

static err check_span(const struct query_span *span, struct diag *diag)
{
    if (span->step_ms <= 0)
        return diag_fail(diag, ERR_SYNTAX, "zero or negative query resolution step widths are not accepted");
    if (span->end_ms < span->start_ms)
        return diag_fail(diag, ERR_SYNTAX, "end timestamp must not be before start time");
    if ((span->end_ms - span->start_ms) / span->step_ms >= QUERY_POINTS_MOST)
        return diag_fail(diag, ERR_SYNTAX,
                         "exceeded maximum resolution of %d points per timeseries: a longer step",
                         QUERY_POINTS_MOST);
    return OK;
}

err query_range(const struct samples *samples, const struct query_span *span, const char *text, FILE *out,
                struct diag *diag)
{
    struct diag own = {{0}};
    if (!diag) diag = &own;
    struct query *query = calloc(1, sizeof *query);
    struct rows *rows = calloc(1, sizeof *rows);
    err e = query && rows ? check_span(span, diag) : ERR_NOMEM;
    if (e == OK) e = query_begin(query, samples, text, diag);
    if (e == OK) e = fill_rows(query, span, rows);
    if (e == OK)
        write_rows(rows, span, out);
    else
        write_failure(out, e, diag);
    if (query) query_end(query);
    free(rows);
    return e;
}

/* ---- parameters ---- */

enum { SECONDS_MOST = 100000000 }; /* about the year 5138, in thousands of seconds */

err query_time_parse(const char *text, int64_t *out_ms, struct diag *diag)
{
    char *end;
    double seconds = strtod(text, &end);
    struct tm utc = {0};
    if (*text && !*end && isfinite(seconds) && fabs(seconds) < SECONDS_MOST * 1000.0) {
        *out_ms = (int64_t)llround(seconds * 1000);
        return OK;
    }
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    double fraction = 0;
    if (rest && *rest == '.' && isdigit((unsigned char)rest[1])) {
        fraction = strtod(rest, &end);
        rest = end;
    }
    if (!rest || strcmp(rest, "Z") != 0)
        return diag_fail(diag, ERR_SYNTAX, "\"%.40s\" is no time: Unix seconds or 2026-01-31T12:00:00Z",
                         text);
    *out_ms = (int64_t)timegm(&utc) * 1000 + (int64_t)llround(fraction * 1000);
    return OK;
}

err query_step_parse(const char *text, int64_t *out_ms, struct diag *diag)
{
    static const struct {
        const char *text;
        double ms;
    } UNITS[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    double count = strtod(text, &end);
    for (size_t i = 0; isdigit((unsigned char)*text) && i < sizeof UNITS / sizeof *UNITS; i++) {
        if (strcmp(end, UNITS[i].text) != 0 || !(count > 0) || count * UNITS[i].ms > 1e13) continue;
        *out_ms = (int64_t)llround(count * UNITS[i].ms);
        if (*out_ms > 0) return OK;
    }
    return diag_fail(diag, ERR_SYNTAX, "\"%.40s\" is no step: seconds, or a duration like 15s", text);
}
