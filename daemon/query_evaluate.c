/* daemon/query_evaluate.c: nodes at one moment: selectors look into the ring, functions at ranges of it. */
#include "daemon/query_own.h"
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_BACK_MS = 5 * 60 * 1000 }; /* Prometheus' own */

/* ---- labels and memory ---- */

err query_visit(struct query_run *run, uint64_t count)
{
    run->visits += count;
    if (run->visits <= QUERY_VISITS) return OK;
    return diag_fail(run->diag, ERR_LIMIT,
                     "the query looks at more than %d samples; a narrower one, or a longer step",
                     QUERY_VISITS);
}

void *query_take(struct query_run *run, size_t count, size_t size_bytes)
{
    void *room = arena_array(run->arena, count ? count : 1, size_bytes);
    if (!room) (void)diag_fail(run->diag, ERR_LIMIT, "the query needs more than %d bytes", QUERY_BYTES);
    return room ? memset(room, 0, (count ? count : 1) * size_bytes)
                : NULL; /* a step uses what the last one did */
}

/* Ours are in small letters, so that the name sorts first. */
struct labels query_without_name(const struct labels *labels)
{
    bool has_name = labels->count && !strcmp(labels->at[0].name, "__name__");
    return (struct labels){labels->at + has_name, labels->count - has_name};
}

uint64_t query_labels_hash(const struct labels *labels)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < labels->count; i++) {
        const char *const texts[] = {labels->at[i].name, labels->at[i].value};
        for (int part = 0; part < 2; part++)
            for (const char *at = texts[part];; at++) {
                hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
                if (!*at) break;
            }
    }
    return hash;
}

bool query_labels_same(const struct labels *a, const struct labels *b)
{
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->at[i].name, b->at[i].name) != 0 || strcmp(a->at[i].value, b->at[i].value) != 0)
            return false;
    return true;
}

/* ---- selectors ---- */

struct compiled {
    regex_t regexes[QUERY_MATCHERS_MOST];
    bool is_compiled[QUERY_MATCHERS_MOST];
};

static err compile(struct query_run *run, const struct query_node *node, struct compiled *out)
{
    for (uint32_t i = 0; i < node->matcher_count; i++) {
        char anchored[256];
        if (node->matchers[i].kind != MATCH_REGEX && node->matchers[i].kind != MATCH_NOT_REGEX) continue;
        snprintf(anchored, sizeof anchored, "^(%s)$", node->matchers[i].value);
        if (regcomp(&out->regexes[i], anchored, REG_EXTENDED | REG_NOSUB))
            return diag_fail(run->diag, ERR_SYNTAX, "no regular expression: %s", node->matchers[i].value);
        out->is_compiled[i] = true;
    }
    return OK;
}

static bool matches(const struct query_node *node, const struct compiled *compiled,
                    const struct labels *labels)
{
    for (uint32_t i = 0; i < node->matcher_count; i++) {
        const struct query_matcher *matcher = &node->matchers[i];
        const char *value = labels_get(labels, matcher->name);
        bool is_equal = compiled->is_compiled[i] ? !regexec(&compiled->regexes[i], value, 0, NULL, 0)
                                                 : !strcmp(value, matcher->value);
        if (is_equal == (matcher->kind == MATCH_UNEQUAL || matcher->kind == MATCH_NOT_REGEX)) return false;
    }
    return true;
}

static err find_of_selector(struct query_run *run, struct query_node *node, struct arena *lasting)
{
    struct compiled compiled = {0};
    uint32_t all = samples_series(run->samples);
    err e = compile(run, node, &compiled);
    node->series = arena_array(lasting, all ? all : 1, sizeof *node->series);
    if (e == OK && !node->series) e = ERR_NOMEM;
    for (uint32_t i = 0; e == OK && i < all; i++)
        if (matches(node, &compiled, samples_labels(run->samples, i)))
            node->series[node->series_count++] = (uint16_t)i;
    for (uint32_t i = 0; i < node->matcher_count; i++)
        if (compiled.is_compiled[i]) regfree(&compiled.regexes[i]);
    return e;
}

err query_find_series(struct query_run *run, struct query_node *node, struct arena *lasting)
{
    if (node->kind == NODE_SELECTOR) return find_of_selector(run, node, lasting);
    if (node->left) TRY(query_find_series(run, node->left, lasting));
    return node->right ? query_find_series(run, node->right, lasting) : OK;
}

/* Rounds at or before this time: the number of them. */
static uint32_t rounds_until(const struct samples *samples, int64_t at_ms)
{
    uint32_t low = 0, high = samples_rounds(samples);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (samples_time_ms(samples, middle) <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last round decides: a series that is not in it is over. */
static err select_instant(struct query_run *run, const struct query_node *node, struct query_value *out)
{
    uint32_t until = rounds_until(run->samples, run->at_ms);
    TRY(query_visit(run, node->series_count + 1));
    out->samples = query_take(run, node->series_count, sizeof *out->samples);
    if (!out->samples) return ERR_LIMIT;
    if (!until || samples_time_ms(run->samples, until - 1) < run->at_ms - LOOK_BACK_MS) return OK;
    for (uint32_t i = 0; i < node->series_count; i++) {
        struct query_sample *sample = &out->samples[out->count];
        sample->labels = *samples_labels(run->samples, node->series[i]);
        out->count += samples_value(run->samples, node->series[i], until - 1, &sample->value);
    }
    return OK;
}

static void read_points(struct query_run *run, uint32_t series, uint32_t first, uint32_t until)
{
    run->points = 0;
    for (uint32_t round = first; round < until; round++) {
        if (!samples_value(run->samples, series, round, &run->values[run->points])) continue;
        run->times_ms[run->points++] = samples_time_ms(run->samples, round);
    }
}

static err call_range(struct query_run *run, const struct query_node *node, struct query_value *out)
{
    const struct query_node *selector = node->right;
    uint32_t until = rounds_until(run->samples, run->at_ms);
    uint32_t first = rounds_until(run->samples, run->at_ms - selector->range_ms - 1);
    TRY(query_visit(run, (uint64_t)selector->series_count * (until - first + 1) + 1));
    out->samples = query_take(run, selector->series_count, sizeof *out->samples);
    if (!out->samples) return ERR_LIMIT;
    for (uint32_t i = 0; i < selector->series_count; i++) {
        struct query_sample *sample = &out->samples[out->count];
        read_points(run, selector->series[i], first, until);
        sample->labels = query_without_name(samples_labels(run->samples, selector->series[i]));
        out->count +=
            query_over_range(run, (enum query_function)node->what, selector->range_ms, &sample->value);
    }
    return OK;
}

/* ---- the rest ---- */

static err negate(struct query_run *run, const struct query_node *node, struct query_value *out)
{
    TRY(query_evaluate(run, node->right, out));
    out->scalar = -out->scalar;
    for (uint32_t i = 0; i < out->count; i++) {
        out->samples[i].labels = query_without_name(&out->samples[i].labels);
        out->samples[i].value = -out->samples[i].value;
    }
    return OK;
}

static err evaluate_call(struct query_run *run, const struct query_node *node, struct query_value *out)
{
    struct query_value quantile, of;
    if (node->what != FUNCTION_HISTOGRAM_QUANTILE) return call_range(run, node, out);
    TRY(query_evaluate(run, node->left, &quantile));
    TRY(query_evaluate(run, node->right, &of));
    return query_apply_quantile(run, quantile.scalar, &of, out);
}

static err evaluate_binary(struct query_run *run, const struct query_node *node, struct query_value *out)
{
    struct query_value left, right;
    TRY(query_evaluate(run, node->left, &left));
    TRY(query_evaluate(run, node->right, &right));
    return query_apply_binary(run, node, &left, &right, out);
}

err query_evaluate(struct query_run *run, const struct query_node *node, struct query_value *out)
{
    struct query_value of;
    *out = (struct query_value){.type = node->type, .scalar = node->number};
    switch (node->kind) {
    case NODE_NUMBER: return OK;
    case NODE_SELECTOR: return select_instant(run, node, out);
    case NODE_NEGATE: return negate(run, node, out);
    case NODE_CALL: return evaluate_call(run, node, out);
    case NODE_BINARY: return evaluate_binary(run, node, out);
    case NODE_AGGREGATE:
        TRY(query_evaluate(run, node->right, &of));
        return query_apply_aggregate(run, node, &of, out);
    }
    return OK;
}
