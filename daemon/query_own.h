/* daemon/query_own.h: an expression as nodes, and what evaluating one yields. */
#pragma once
#include "base/arena.h"
#include "daemon/query.h"

/* ---- the expression ---- */

enum query_type { TYPE_SCALAR, TYPE_VECTOR, TYPE_MATRIX };
enum query_kind { NODE_NUMBER, NODE_SELECTOR, NODE_CALL, NODE_AGGREGATE, NODE_BINARY, NODE_NEGATE };

#define QUERY_FUNCTIONS(X)                                                                                   \
    X(FUNCTION_RATE, "rate", TYPE_MATRIX)                                                                    \
    X(FUNCTION_INCREASE, "increase", TYPE_MATRIX)                                                            \
    X(FUNCTION_AVG_OVER_TIME, "avg_over_time", TYPE_MATRIX)                                                  \
    X(FUNCTION_MAX_OVER_TIME, "max_over_time", TYPE_MATRIX)                                                  \
    X(FUNCTION_MIN_OVER_TIME, "min_over_time", TYPE_MATRIX)                                                  \
    X(FUNCTION_SUM_OVER_TIME, "sum_over_time", TYPE_MATRIX)                                                  \
    X(FUNCTION_COUNT_OVER_TIME, "count_over_time", TYPE_MATRIX)                                              \
    X(FUNCTION_HISTOGRAM_QUANTILE, "histogram_quantile", TYPE_VECTOR) /* behind a scalar */
#define QUERY_AGGREGATES(X)                                                                                  \
    X(AGGREGATE_SUM, "sum")                                                                                  \
    X(AGGREGATE_AVG, "avg")                                                                                  \
    X(AGGREGATE_MAX, "max")                                                                                  \
    X(AGGREGATE_MIN, "min")                                                                                  \
    X(AGGREGATE_COUNT, "count")
/* text, how tightly it binds, whether it compares; longer texts first */
#define QUERY_OPERATORS(X)                                                                                   \
    X(OPERATOR_EQUAL, "==", 1, true)                                                                         \
    X(OPERATOR_UNEQUAL, "!=", 1, true)                                                                       \
    X(OPERATOR_AT_LEAST, ">=", 1, true)                                                                      \
    X(OPERATOR_AT_MOST, "<=", 1, true)                                                                       \
    X(OPERATOR_ABOVE, ">", 1, true)                                                                          \
    X(OPERATOR_BELOW, "<", 1, true)                                                                          \
    X(OPERATOR_PLUS, "+", 2, false)                                                                          \
    X(OPERATOR_MINUS, "-", 2, false)                                                                         \
    X(OPERATOR_TIMES, "*", 3, false)                                                                         \
    X(OPERATOR_DIVIDE, "/", 3, false)                                                                        \
    X(OPERATOR_MODULO, "%", 3, false)                                                                        \
    X(OPERATOR_POWER, "^", 4, false)

#define NAME2_(name, text)             name,
#define NAME3_(name, text, type)       name,
#define NAME4_(name, text, tight, cmp) name,
enum query_function { QUERY_FUNCTIONS(NAME3_) QUERY_FUNCTION_COUNT };
enum query_aggregate { QUERY_AGGREGATES(NAME2_) QUERY_AGGREGATE_COUNT };
enum query_operator { QUERY_OPERATORS(NAME4_) QUERY_OPERATOR_COUNT };
#undef NAME2_
#undef NAME3_
#undef NAME4_

enum matcher_kind { MATCH_EQUAL, MATCH_UNEQUAL, MATCH_REGEX, MATCH_NOT_REGEX };
struct query_matcher {
    enum matcher_kind kind;
    const char *name, *value;
};

enum { QUERY_MATCHERS_MOST = 16, QUERY_GROUPING_MOST = 16 };

struct query_node {
    enum query_kind kind;
    enum query_type type;
    double number;
    /* of a selector; range_ms 0: an instant one */
    int64_t range_ms;
    struct query_matcher matchers[QUERY_MATCHERS_MOST];
    uint32_t matcher_count;
    uint16_t *series; /* those that match, once they were looked for */
    uint32_t series_count;
    /* of the others */
    int what; /* enum query_function, _aggregate, _operator */
    bool is_bool, is_without;
    const char *grouping[QUERY_GROUPING_MOST];
    uint32_t grouping_count;
    struct query_node *left, *right; /* of a call: the number, if any, and its vector or range */
};

/* Nodes and texts are the arena's. */
MUST_USE err query_parse(struct query_node **out, struct arena *arena, const char *text, struct diag *diag);
bool query_compares(enum query_operator operator);

/* ---- what it yields ---- */

struct query_sample {
    struct labels labels;
    double value;
};
struct query_value {
    enum query_type type;
    double scalar;
    struct query_sample *samples;
    uint32_t count;
};

struct query_run {
    const struct samples *samples;
    struct arena *arena; /* what a step leaves; the caller empties it between two */
    int64_t at_ms;
    uint64_t visits;
    struct diag *diag;
    /* points of the range that is looked at */
    int64_t times_ms[SAMPLES_KEPT];
    double values[SAMPLES_KEPT];
    uint32_t points;
};

/* Looks for the series of each selector, once. */
MUST_USE err query_find_series(struct query_run *run, struct query_node *node, struct arena *lasting);
MUST_USE err query_evaluate(struct query_run *run, const struct query_node *node, struct query_value *out);

MUST_USE err query_apply_aggregate(struct query_run *run, const struct query_node *node,
                                   const struct query_value *of, struct query_value *out);
MUST_USE err query_apply_binary(struct query_run *run, const struct query_node *node,
                                const struct query_value *left, const struct query_value *right,
                                struct query_value *out);
MUST_USE err query_apply_quantile(struct query_run *run, double quantile, const struct query_value *of,
                                  struct query_value *out);
/* A value of the points of a range; false: too few. */
bool query_over_range(const struct query_run *run, enum query_function function, int64_t range_ms,
                      double *out);

/* ---- labels and memory ---- */

MUST_USE err query_visit(struct query_run *run, uint64_t count); /* ERR_LIMIT once there were too many */
void *query_take(struct query_run *run, size_t count, size_t size_bytes); /* NULL: the diag says so */
struct labels query_without_name(const struct labels *labels);
uint64_t query_labels_hash(const struct labels *labels);
bool query_labels_same(const struct labels *a, const struct labels *b);
