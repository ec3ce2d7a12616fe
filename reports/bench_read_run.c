/* reports/bench_read_run.c: one run or summary out of JSON, by the tables that wrote it.
 *
 * Files of earlier tools lack figures that were added since. A figure that is missing is one that the sample
 * could not tell: NAN. A counter by reason is 0, for a tool without the reason never saw it; a kind of
 * latency without figures and histogram has no values. Counts that must add up and series, which plots
 * are drawn from, are not optional. */
#include "reports/bench_own.h"
#include "reports/hdr_codec.h"
#include <math.h>
#include <string.h>

#define SHARE_MOST      (1 + 1e-9) /* a quotient of what is equal may round above one */
#define LATENCY_MS_MOST 9e9        /* the 104 days that a histogram can hold */

enum { SERIES_SECONDS_MOST = 1 << 24 };

static err check_number(const struct json_node *node, const char *key, double value, struct diag *diag)
{
    char words[LIMIT_NAME + 32];
    if (isnan(value) || value >= 0) return OK;
    snprintf(words, sizeof words, "%.*s is negative, must be 0 or more", LIMIT_NAME, key ? key : "value");
    return json_fail(node, diag, ERR_RANGE, words);
}

/* A number of 0 or more, or null or nothing for what the sample could not tell. */
static err read_number(const struct json_node *node, const char *key, double *out, struct diag *diag)
{
    double value;
    if (key && !json_has(node, key)) {
        *out = NAN;
        return OK;
    }
    TRY(json_get_number_or_null(node, key, &value, diag));
    TRY(check_number(node, key, value, diag));
    *out = value;
    return OK;
}

static err read_ms(const struct json_node *node, const char *key, double *out_ns, struct diag *diag)
{
    double value_ms;
    TRY(read_number(node, key, &value_ms, diag));
    if (value_ms > LATENCY_MS_MOST)
        return json_fail(node, diag, ERR_RANGE, "a latency is beyond the 104 days that are possible");
    *out_ns = isnan(value_ms) ? NAN : nearbyint(value_ms * (double)NS_PER_MS);
    return OK;
}

typedef err (*read_value)(const struct json_node *node, const char *key, double *out, struct diag *diag);

static err read_pair(const struct json_node *node, const char *key, double out[2], read_value read,
                     struct diag *diag)
{
    struct json_node array;
    out[0] = out[1] = NAN;
    if (!json_has(node, key)) return OK;
    TRY(json_get_array(node, key, &array, diag));
    if (json_count(&array) != 2) return json_fail(&array, diag, ERR_SYNTAX, "must have two elements");
    for (size_t i = 0; i < 2; i++) {
        struct json_node item = json_item(&array, i);
        TRY(read(&item, NULL, &out[i], diag));
    }
    return OK;
}

static err read_field(const struct json_node *view, const struct run_field *field, struct run_metrics *out,
                      struct diag *diag)
{
    struct json_node node = *view;
    const char *key = field->path, *dot = strchr(field->path, '.');
    double number;
    if (dot) {
        char group[64];
        snprintf(group, sizeof group, "%.*s", (int)(dot - field->path), field->path);
        if (field->kind == FIELD_NUMBER && !json_has(view, group)) {
            *run_number(out, field->offset) = NAN;
            return OK;
        }
        TRY(json_get_object(view, group, &node, diag));
        key = dot + 1;
    }
    if (field->kind == FIELD_COUNT) return json_get_u64(&node, key, run_counter(out, field->offset), diag);
    TRY(read_number(&node, key, &number, diag));
    if (field->unit == UNIT_SHARE && number > SHARE_MOST) {
        char words[LIMIT_NAME];
        snprintf(words, sizeof words, "%.64s is a share, must be in 0..1", field->path);
        return json_fail(view, diag, ERR_RANGE, words);
    }
    *run_number(out, field->offset) = number;
    return OK;
}

/* What every result has: the figure that all others are about. */
static err read_throughput(const struct json_node *view, struct run_metrics *out, struct bench_spread *spread,
                           struct diag *diag)
{
    struct json_node node;
    TRY(json_get_object(view, "throughput_tasks_per_s", &node, diag));
    TRY(read_number(&node, "cv", &spread->throughput_cv, diag));
    TRY(json_get_number_or_null(&node, "median", &out->throughput, diag));
    return check_number(&node, "median", out->throughput, diag);
}

static err read_list(const struct json_node *view, const struct run_list *list, struct run_metrics *out,
                     struct diag *diag)
{
    struct json_node node;
    TRY(json_get_object(view, list->path, &node, diag));
    for (uint32_t i = list->first; i < list->count; i++) {
        if (!json_has(&node, list->name(i))) continue; /* opened as 0 */
        size_t offset = list->offset + i * sizeof(double);
        if (list->kind == FIELD_COUNT)
            TRY(json_get_u64(&node, list->name(i), run_counter(out, offset), diag));
        else
            TRY(read_number(&node, list->name(i), run_number(out, offset), diag));
    }
    return OK;
}

static err read_latency(const struct json_node *node, struct latency *out, struct diag *diag)
{
    TRY(json_get_u64(node, "censored", &out->censored, diag));
    TRY(json_get_u64(node, "count", &out->count, diag));
    TRY(read_ms(node, "max", &out->max_ns, diag));
    TRY(read_ms(node, "mean", &out->mean_ns, diag));
    TRY(read_ms(node, "min", &out->min_ns, diag));
    for (int q = 0; q < QUANTILE_COUNT; q++)
        TRY(read_ms(node, latency_quantile_name((enum latency_quantile)q), &out->quantile_ns[q], diag));
    return OK;
}

static err read_latency_spread(const struct json_node *node, int kind, struct bench_spread *spread,
                               struct diag *diag)
{
    struct json_node child;
    TRY(read_number(node, "cv", &spread->latency_cv[kind], diag));
    TRY(json_get_object(node, "pooled", &child, diag));
    TRY(read_latency(&child, &spread->pooled[kind], diag));
    TRY(json_get_object(node, "interval", &child, diag));
    for (int q = 0; q < QUANTILE_COUNT; q++)
        TRY(read_pair(&child, latency_quantile_name((enum latency_quantile)q),
                      spread->latency_interval[kind][q], read_ms, diag));
    return OK;
}

static void fill_nothing(struct run_metrics *out, struct bench_spread *spread, int kind)
{
    latency_fill(&out->latency[kind], &out->histograms[kind], 0);
    if (!spread) return;
    latency_fill(&spread->pooled[kind], &out->histograms[kind], 0);
    spread->latency_cv[kind] = NAN;
    for (int q = 0; q < QUANTILE_COUNT; q++)
        spread->latency_interval[kind][q][0] = spread->latency_interval[kind][q][1] = NAN;
}

static err read_latencies(const struct json_node *view, struct run_metrics *out, struct bench_spread *spread,
                          struct diag *diag)
{
    struct json_node latencies, node;
    TRY(json_get_object(view, "latency_ms", &latencies, diag));
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const char *name = latency_kind_name((enum latency_kind)kind);
        fill_nothing(out, spread, kind);
        if (!json_has(&latencies, name)) continue;
        TRY(json_get_object(&latencies, name, &node, diag));
        TRY(read_latency(&node, &out->latency[kind], diag));
        if (spread) TRY(read_latency_spread(&node, kind, spread, diag));
    }
    return OK;
}

static err read_depth_counts(const struct json_node *view, struct run_metrics *out, struct diag *diag)
{
    struct json_node counts;
    TRY(json_get_array(view, "depth_counts", &counts, diag));
    if (json_count(&counts) != LIMIT_DEPTH + 2)
        return json_fail(&counts, diag, ERR_SYNTAX, "has not one element for each depth");
    for (size_t depth = 0; depth < LIMIT_DEPTH + 2; depth++) {
        struct json_node item = json_item(&counts, depth);
        TRY(json_get_u64(&item, NULL, &out->depth_counts[depth], diag));
    }
    return OK;
}

static bool is_sum(uint64_t whole, const uint64_t *parts, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        if (!u64_add(sum, parts[i], &sum)) return false;
    return sum == whole;
}

/* What no run can be: tasks or money that come from nowhere. */
static err check_sums(const struct json_node *view, const struct run_metrics *metrics, struct diag *diag)
{
    const struct task_counts *tasks = &metrics->tasks;
    const uint64_t ends[] = {tasks->confirmed, tasks->failed,  tasks->rolled_back,
                             tasks->cancelled, tasks->expired, tasks->unfinished};
    const uint64_t money[] = {metrics->released_lamports, metrics->slashed_lamports,
                              metrics->locked_lamports};
    if (!is_sum(tasks->submitted, ends, sizeof ends / sizeof *ends))
        return json_fail(view, diag, ERR_RANGE, "tasks.submitted is not the sum of how tasks ended");
    if (!is_sum(metrics->bonded_lamports, money, sizeof money / sizeof *money))
        return json_fail(view, diag, ERR_RANGE, "stake: bonded is not released + slashed + locked");
    if (metrics->cohort_rolled_back > metrics->cohort_speculative)
        return json_fail(view, diag, ERR_RANGE, "cohort.rolled_back is more than cohort.speculative");
    return OK;
}

static err read_view(const struct json_node *view, struct run_metrics *out, struct bench_spread *spread,
                     struct diag *diag)
{
    for (uint32_t i = 0; i < run_field_count(); i++) {
        const struct run_field *field = run_field_at(i);
        if (spread && strcmp(field->path, "throughput_tasks_per_s") == 0)
            TRY(read_throughput(view, out, spread, diag));
        else
            TRY(read_field(view, field, out, diag));
    }
    for (uint32_t i = 0; i < run_list_count(); i++) TRY(read_list(view, run_list_at(i), out, diag));
    TRY(read_latencies(view, out, spread, diag));
    TRY(read_depth_counts(view, out, diag));
    return check_sums(view, out, diag);
}

static err read_latency_row(const struct json_node *row, uint64_t lowest, uint32_t *counts, struct diag *diag)
{
    if (lowest + json_count(row) > LATENCY_MAP_BUCKETS)
        return json_fail(row, diag, ERR_RANGE, "counts beyond the last bucket");
    for (size_t i = 0; i < json_count(row); i++) {
        struct json_node item = json_item(row, i);
        uint64_t count;
        TRY(json_get_u64(&item, NULL, &count, diag));
        if (count > UINT32_MAX) return json_fail(&item, diag, ERR_RANGE, "is more tasks than a map counts");
        counts[lowest + i] = (uint32_t)count;
    }
    return OK;
}

/* Optional: older files have none. */
static err read_latency_map(const struct json_node *view, struct run_metrics *out, struct diag *diag)
{
    struct json_node node, rows;
    uint64_t bin_s, lowest;
    if (!json_has(view, "latency_map")) return OK;
    TRY(json_get_object(view, "latency_map", &node, diag));
    TRY(json_get_u64(&node, "bin_s", &bin_s, diag));
    TRY(json_get_u64(&node, "lowest_bucket", &lowest, diag));
    TRY(json_get_array(&node, "counts", &rows, diag));
    if (bin_s < 1 || bin_s > SERIES_SECONDS_MOST || lowest > LATENCY_MAP_BUCKETS)
        return json_fail(&node, diag, ERR_RANGE, "bin_s or lowest_bucket is none that a run can have");
    if (json_count(&rows) > LATENCY_MAP_BINS)
        return json_fail(&rows, diag, ERR_RANGE, "has more rows than a map has bins");
    err e = latency_map_open(&out->latency_map, 0);
    if (e != OK) return json_fail(&node, diag, e, err_text(e));
    out->latency_map->bin_s = (uint32_t)bin_s;
    out->latency_map->bins = (uint32_t)json_count(&rows);
    for (uint32_t bin = 0; bin < out->latency_map->bins; bin++) {
        struct json_node item = json_item(&rows, bin), row;
        TRY(json_get_array(&item, NULL, &row, diag));
        TRY(read_latency_row(&row, lowest, out->latency_map->counts[bin], diag));
    }
    return OK;
}

err bench_read_summary(const struct json_node *view, struct run_metrics *out, struct bench_spread *spread,
                       struct diag *diag)
{
    TRY(read_pair(view, "rollback_rate_interval", spread->rollback_rate_interval, read_number, diag));
    TRY(read_latency_map(view, out, diag));
    return read_view(view, out, spread, diag);
}

static bool is_in_slot_of(double exact_ns, int64_t rounded_ns)
{
    return exact_ns <= (double)HISTOGRAM_HIGHEST_MAX &&
           histogram_index((int64_t)exact_ns) == histogram_index(rounded_ns);
}

/* Values beyond the last slot are counted in it. */
static bool is_max_of(double exact_ns, const struct histogram *read)
{
    bool is_last = histogram_index(read->max_ns) + 1 >= read->count_slots;
    return is_in_slot_of(exact_ns, read->max_ns) || (is_last && exact_ns > (double)read->max_ns);
}

/* The text holds counts; what it rounded comes back from the exact figures beside it. */
static err adopt(struct histogram *out, struct histogram *read, const struct latency *exact)
{
    if (read->total_count != exact->count || read->highest_ns != NS_PER_H) return ERR_RANGE;
    if (read->total_count > 0) {
        if (!is_in_slot_of(exact->min_ns, read->min_ns) || !is_max_of(exact->max_ns, read)) return ERR_RANGE;
        if (!(exact->mean_ns >= exact->min_ns && exact->mean_ns <= exact->max_ns)) return ERR_RANGE;
        read->min_ns = (int64_t)exact->min_ns;
        read->max_ns = (int64_t)exact->max_ns;
        read->sum_ns = (u128)(uint64_t)exact->mean_ns * read->total_count;
    }
    histogram_close(out);
    *out = *read;
    return OK;
}

err bench_read_histograms(const struct json_node *view, struct run_metrics *out,
                          const struct latency exact[LATENCY_KIND_COUNT], struct diag *diag)
{
    struct json_node node;
    TRY(json_get_object(view, "histograms", &node, diag));
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const char *name = latency_kind_name((enum latency_kind)kind), *text;
        struct histogram histogram = {0};
        struct diag why = {0};
        if (exact[kind].count == 0 && !json_has(&node, name)) {
            histogram_close(&out->histograms[kind]);
            if (histogram_open(&out->histograms[kind], NS_PER_H) == OK) continue;
            return json_fail(&node, diag, ERR_NOMEM, err_text(ERR_NOMEM));
        }
        TRY(json_get_text(&node, name, &text, diag));
        err e = hdr_decode(&histogram, text, strlen(text), &why);
        if (e == OK) {
            e = adopt(&out->histograms[kind], &histogram, &exact[kind]);
            if (e == OK) continue;
            histogram_close(&histogram);
            diag_fail(&why, e, "does not match latency_ms");
        }
        char words[LIMIT_NAME * 2];
        snprintf(words, sizeof words, "%s: %.180s", name, why.text);
        return json_fail(&node, diag, e, words);
    }
    return OK;
}

static err read_series(const struct json_node *series, struct run_metrics *out, struct diag *diag)
{
    for (int kind = 0; kind < SERIES_COUNT; kind++) {
        struct json_node array;
        TRY(json_get_array(series, series_name((enum series_kind)kind), &array, diag));
        if (json_count(&array) != out->series_count)
            return json_fail(&array, diag, ERR_SYNTAX, "is not as long as the other series");
        for (uint32_t second = 0; second < out->series_count; second++) {
            struct json_node item = json_item(&array, second);
            TRY(read_number(&item, NULL, &out->series[kind][second], diag));
        }
    }
    return OK;
}

err bench_read_hash(const struct json_node *node, uint64_t *out, struct diag *diag)
{
    const char *text;
    uint64_t hash = 0;
    TRY(json_get_text(node, "trajectory_hash", &text, diag));
    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return json_fail(node, diag, ERR_SYNTAX, "trajectory_hash must be sixteen hex digits");
    for (const char *at = text; *at; at++)
        hash = hash << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    *out = hash;
    return OK;
}

err bench_read_run(const struct json_node *run, struct run_metrics *out, struct diag *diag)
{
    struct json_node series, first;
    TRY(json_get_object(run, "series", &series, diag));
    TRY(json_get_array(&series, series_name(SERIES_OFFERED), &first, diag));
    if (json_count(&first) > SERIES_SECONDS_MOST)
        return json_fail(&first, diag, ERR_RANGE, "is longer than any run");
    err e = run_metrics_open(out, (uint32_t)json_count(&first));
    if (e != OK) return json_fail(run, diag, e, err_text(e));
    TRY(read_view(run, out, NULL, diag));
    TRY(read_series(&series, out, diag));
    TRY(json_get_u64(run, "seed", &out->seed, diag));
    TRY(bench_read_hash(run, &out->trajectory_hash, diag));
    return bench_read_histograms(run, out, out->latency, diag);
}
