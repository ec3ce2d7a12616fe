/* daemon/query_operators.c: aggregates, binary operators and quantiles of histograms over instant vectors. */
#include "daemon/query_own.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- groups: samples that share some labels ---- */

struct group {
    struct labels labels;
    uint64_t hash;
    uint32_t count;
};
struct groups {
    struct group *at;
    uint32_t count;
    uint32_t *of; /* the group of each sample */
};

static bool is_named(const char *const *names, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

/* by: these labels alone. without: all but these and the name. */
static err keep_labels(struct query_run *run, const struct labels *from, const char *const *names,
                       uint32_t count, bool is_without, struct labels *out)
{
    struct label *at = query_take(run, from->count, sizeof *at);
    if (!at) return ERR_LIMIT;
    *out = (struct labels){.at = at};
    for (uint32_t i = 0; i < from->count; i++) {
        bool is_kept = is_named(names, count, from->at[i].name) != is_without;
        if (is_without && !strcmp(from->at[i].name, "__name__")) is_kept = false;
        if (is_kept) at[out->count++] = from->at[i];
    }
    return OK;
}

static err find_group(struct query_run *run, struct groups *groups, const struct labels *labels,
                      uint32_t *out)
{
    uint64_t hash = query_labels_hash(labels);
    for (*out = 0; *out < groups->count; (*out)++)
        if (groups->at[*out].hash == hash && query_labels_same(&groups->at[*out].labels, labels)) break;
    TRY(query_visit(run, *out / 16 + 1));
    if (*out == groups->count) groups->at[groups->count++] = (struct group){.labels = *labels, .hash = hash};
    groups->at[*out].count++;
    return OK;
}

static err group_samples(struct query_run *run, const struct query_value *of, const char *const *names,
                         uint32_t count, bool is_without, struct groups *out)
{
    *out = (struct groups){.at = query_take(run, of->count, sizeof *out->at),
                           .of = query_take(run, of->count, sizeof *out->of)};
    if (!out->at || !out->of) return ERR_LIMIT;
    for (uint32_t i = 0; i < of->count; i++) {
        struct labels labels;
        TRY(keep_labels(run, &of->samples[i].labels, names, count, is_without, &labels));
        TRY(find_group(run, out, &labels, &out->of[i]));
    }
    return OK;
}

/* ---- aggregates ---- */

static void aggregate_one(enum query_aggregate aggregate, double *to, double value, uint32_t before)
{
    switch (aggregate) {
    case AGGREGATE_SUM: *to += value; break;
    case AGGREGATE_AVG: *to += value / (before + 1) - *to / (before + 1); break;
    case AGGREGATE_COUNT: *to += 1; break;
    case AGGREGATE_MAX:
        if (!before || *to < value || isnan(*to)) *to = value;
        break;
    case AGGREGATE_MIN:
        if (!before || *to > value || isnan(*to)) *to = value;
        break;
    case QUERY_AGGREGATE_COUNT: break;
    }
}

err query_apply_aggregate(struct query_run *run, const struct query_node *node, const struct query_value *of,
                          struct query_value *out)
{
    struct groups groups;
    TRY(group_samples(run, of, node->grouping, node->grouping_count, node->is_without, &groups));
    out->samples = query_take(run, groups.count, sizeof *out->samples);
    if (!out->samples) return ERR_LIMIT;
    out->count = groups.count;
    for (uint32_t i = 0; i < groups.count; i++) {
        out->samples[i] = (struct query_sample){.labels = groups.at[i].labels};
        groups.at[i].count = 0;
    }
    for (uint32_t i = 0; i < of->count; i++) {
        uint32_t group = groups.of[i];
        aggregate_one((enum query_aggregate)node->what, &out->samples[group].value, of->samples[i].value,
                      groups.at[group].count++);
    }
    return OK;
}

/* ---- binary operators ---- */

static bool compare(enum query_operator operator, double left, double right)
{
    switch (operator) {
    case OPERATOR_EQUAL: return left == right;
    case OPERATOR_UNEQUAL: return left != right;
    case OPERATOR_AT_LEAST: return left >= right;
    case OPERATOR_AT_MOST: return left <= right;
    case OPERATOR_ABOVE: return left > right;
    case OPERATOR_BELOW: return left < right;
    default: return false;
    }
}

static double compute(enum query_operator operator, double left, double right)
{
    switch (operator) {
    case OPERATOR_PLUS: return left + right;
    case OPERATOR_MINUS: return left - right;
    case OPERATOR_TIMES: return left * right;
    case OPERATOR_DIVIDE: return left / right;
    case OPERATOR_MODULO: return fmod(left, right);
    case OPERATOR_POWER: return pow(left, right);
    default: return compare(operator, left, right);
    }
}

/* A comparison without bool is a filter: what passes keeps its name and the vector's value. */
static bool apply_one(const struct query_node *node, const struct query_sample *kept, double left,
                      double right, struct query_sample *out)
{
    enum query_operator operator=(enum query_operator) node->what;
    *out = *kept;
    if (query_compares(operator) && !node->is_bool) return compare(operator, left, right);
    out->labels = query_without_name(&kept->labels);
    out->value = compute(operator, left, right);
    return true;
}

static err apply_to_scalar(struct query_run *run, const struct query_node *node,
                           const struct query_value *left, const struct query_value *right,
                           struct query_value *out)
{
    bool is_left = left->type == TYPE_VECTOR;
    const struct query_value *vector = is_left ? left : right;
    out->samples = query_take(run, vector->count, sizeof *out->samples);
    if (!out->samples) return ERR_LIMIT;
    for (uint32_t i = 0; i < vector->count; i++) {
        const struct query_sample *sample = &vector->samples[i];
        out->count += apply_one(node, sample, is_left ? sample->value : left->scalar,
                                is_left ? right->scalar : sample->value, &out->samples[out->count]);
    }
    return OK;
}

/* One to one: each side has one series, at most, of the same labels but for the name. */
static err apply_to_vector(struct query_run *run, const struct query_node *node,
                           const struct query_value *left, const struct query_value *right,
                           struct query_value *out)
{
    struct groups groups;
    TRY(group_samples(run, right, NULL, 0, true, &groups));
    uint32_t rights = groups.count;
    if (rights < right->count)
        return diag_fail(run->diag, ERR_CONFLICT,
                         "found duplicate series for the match group on the right hand-side "
                         "of the operation: many-to-many matching not allowed");
    bool *is_taken = query_take(run, rights + left->count, sizeof *is_taken);
    out->samples = query_take(run, left->count, sizeof *out->samples);
    struct group *at = query_take(run, rights + left->count, sizeof *at);
    if (!is_taken || !out->samples || !at) return ERR_LIMIT;
    if (rights) memcpy(at, groups.at, rights * sizeof *at);
    groups.at = at;
    for (uint32_t i = 0; i < left->count; i++) {
        struct labels labels = query_without_name(&left->samples[i].labels);
        uint32_t group;
        TRY(find_group(run, &groups, &labels, &group));
        if (group >= rights) continue;
        if (is_taken[group])
            return diag_fail(run->diag, ERR_CONFLICT,
                             "multiple matches for labels: many-to-one matching must be "
                             "explicit");
        is_taken[group] = true;
        out->count += apply_one(node, &left->samples[i], left->samples[i].value, right->samples[group].value,
                                &out->samples[out->count]);
    }
    return OK;
}

err query_apply_binary(struct query_run *run, const struct query_node *node, const struct query_value *left,
                       const struct query_value *right, struct query_value *out)
{
    if (node->type == TYPE_SCALAR) {
        out->scalar = compute((enum query_operator)node->what, left->scalar, right->scalar);
        return OK;
    }
    if (left->type == TYPE_VECTOR && right->type == TYPE_VECTOR)
        return apply_to_vector(run, node, left, right, out);
    return apply_to_scalar(run, node, left, right, out);
}

/* ---- quantiles of histograms ---- */

struct bucket {
    double bound, count;
};

static int by_bound(const void *a, const void *b)
{
    double left = ((const struct bucket *)a)->bound, right = ((const struct bucket *)b)->bound;
    return (left > right) - (left < right);
}

/* Buckets of one bound are added up; a bucket below the one before it (a scrape in the middle) counts as
 * that. */
static uint32_t make_whole(struct bucket *buckets, uint32_t count)
{
    uint32_t last = 0;
    qsort(buckets, count, sizeof *buckets, by_bound);
    for (uint32_t i = 1; i < count; i++) {
        if (buckets[i].bound == buckets[last].bound)
            buckets[last].count += buckets[i].count;
        else
            buckets[++last] = buckets[i];
    }
    for (uint32_t i = 1; i <= last; i++)
        if (buckets[i].count < buckets[i - 1].count) buckets[i].count = buckets[i - 1].count;
    return last + 1;
}

static double quantile_of(double quantile, struct bucket *buckets, uint32_t count)
{
    if (isnan(quantile)) return NAN;
    if (quantile < 0) return -INFINITY;
    if (quantile > 1) return INFINITY;
    count = make_whole(buckets, count);
    if (!isinf(buckets[count - 1].bound) || count < 2) return NAN;
    double observations = buckets[count - 1].count, rank = quantile * observations;
    if (observations == 0) return NAN;
    uint32_t at = 0;
    while (at < count - 1 && !(buckets[at].count >= rank)) at++;
    if (at == count - 1) return buckets[count - 2].bound;
    if (at == 0 && buckets[0].bound <= 0) return buckets[0].bound;
    double start = at ? buckets[at - 1].bound : 0, below = at ? buckets[at - 1].count : 0;
    return start + (buckets[at].bound - start) * ((rank - below) / (buckets[at].count - below));
}

static bool bound_of(const struct query_sample *sample, double *out)
{
    const char *text = labels_get(&sample->labels, "le");
    char *end;
    *out = strtod(text, &end);
    return *text && !*end;
}

err query_apply_quantile(struct query_run *run, double quantile, const struct query_value *of,
                         struct query_value *out)
{
    static const char *const LE[] = {"le"};
    struct groups groups;
    TRY(group_samples(run, of, LE, 1, true, &groups));
    struct bucket *buckets = query_take(run, of->count, sizeof *buckets);
    out->samples = query_take(run, groups.count, sizeof *out->samples);
    if (!buckets || !out->samples) return ERR_LIMIT;
    TRY(query_visit(run, (uint64_t)groups.count * of->count / 16));
    for (uint32_t group = 0; group < groups.count; group++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < of->count; i++) {
            if (groups.of[i] != group || !bound_of(&of->samples[i], &buckets[count].bound)) continue;
            buckets[count++].count = of->samples[i].value;
        }
        if (!count) continue;
        out->samples[out->count++] =
            (struct query_sample){groups.at[group].labels, quantile_of(quantile, buckets, count)};
    }
    return OK;
}
