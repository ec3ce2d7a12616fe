/* daemon/query_parse.c: text to nodes, by recursive descent of bounded depth; types are checked on the way.
 */
#include "base/units.h"
#include "daemon/query_own.h"
#include <ctype.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define NAME3_(name, text, type) {text, type},
static const struct function_row {
    const char *name;
    enum query_type argument;
} FUNCTIONS[] = {QUERY_FUNCTIONS(NAME3_)};
#undef NAME3_
#define NAME2_(name, text) text,
static const char *const AGGREGATES[] = {QUERY_AGGREGATES(NAME2_)};
#undef NAME2_
#define NAME4_(name, text, tight, compares) {text, tight, compares},
static const struct operator_row {
    const char *text;
    int tight;
    bool compares;
} OPERATORS[] = {QUERY_OPERATORS(NAME4_)};
#undef NAME4_

/* What PromQL has and we have not: worth a word of its own. */
static const char *const ELSEWHERE[] = {"abs",
                                        "absent",
                                        "absent_over_time",
                                        "ceil",
                                        "changes",
                                        "clamp",
                                        "clamp_max",
                                        "clamp_min",
                                        "day_of_month",
                                        "day_of_week",
                                        "days_in_month",
                                        "delta",
                                        "deriv",
                                        "exp",
                                        "floor",
                                        "holt_winters",
                                        "hour",
                                        "idelta",
                                        "irate",
                                        "label_join",
                                        "label_replace",
                                        "last_over_time",
                                        "ln",
                                        "log10",
                                        "log2",
                                        "minute",
                                        "month",
                                        "predict_linear",
                                        "present_over_time",
                                        "quantile_over_time",
                                        "resets",
                                        "round",
                                        "scalar",
                                        "sgn",
                                        "sort",
                                        "sort_desc",
                                        "sqrt",
                                        "stddev_over_time",
                                        "stdvar_over_time",
                                        "time",
                                        "timestamp",
                                        "vector",
                                        "year",
                                        "topk",
                                        "bottomk",
                                        "quantile",
                                        "stddev",
                                        "stdvar",
                                        "count_values",
                                        "group"};
static const char *const SET_WORDS[] = {"and", "or", "unless", "atan2"};
static const char *const MATCHING_WORDS[] = {"on", "ignoring", "group_left", "group_right"};

bool query_compares(enum query_operator operator)
{
    return OPERATORS[operator].compares;
}

struct parser {
    const char *text, *at;
    struct arena *arena;
    struct diag *diag;
    uint32_t nodes, depth;
};

static err bad(struct parser *parser, const char *words)
{
    char near[24];
    snprintf(near, sizeof near, "%s", parser->at);
    return diag_fail(parser->diag, ERR_SYNTAX, "1:%d: parse error: %s, at \"%s\"",
                     (int)(parser->at - parser->text) + 1, words, near);
}

static err unsupported(struct parser *parser, const char *what)
{
    return diag_fail(
        parser->diag, ERR_USAGE,
        "%s is not supported here: instant vectors, rate, increase, *_over_time, "
        "histogram_quantile, sum avg max min count, arithmetic and comparisons are; ask Prometheus",
        what);
}

static err make(struct parser *parser, enum query_kind kind, enum query_type type, struct query_node **out)
{
    struct query_node *node = arena_array(parser->arena, 1, sizeof *node);
    if (!node) return ERR_NOMEM;
    if (++parser->nodes > QUERY_NODES_MOST) return bad(parser, "too many terms");
    node->kind = kind;
    node->type = type;
    *out = node;
    return OK;
}

/* ---- tokens ---- */

static void skip_space(struct parser *parser)
{
    while (isspace((unsigned char)*parser->at)) parser->at++;
    if (*parser->at != '#') return;
    while (*parser->at && *parser->at != '\n') parser->at++;
    skip_space(parser);
}

static bool take(struct parser *parser, const char *text)
{
    skip_space(parser);
    size_t size = strlen(text);
    if (strncmp(parser->at, text, size) != 0) return false;
    parser->at += size;
    return true;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* The length of the name that stands here; 0: none. */
static size_t name_here(struct parser *parser)
{
    size_t size = 0;
    skip_space(parser);
    if (isdigit((unsigned char)*parser->at)) return 0;
    while (is_name_char(parser->at[size])) size++;
    return size;
}

static bool take_word(struct parser *parser, const char *word)
{
    size_t size = name_here(parser);
    if (size != strlen(word) || strncmp(parser->at, word, size) != 0) return false;
    parser->at += size;
    return true;
}

static const char *copy(struct parser *parser, const char *text, size_t size)
{
    char *room = arena_array(parser->arena, 1, size + 1);
    return room ? memcpy(room, text, size) : NULL;
}

/* "…", '…' with escapes, `…` without. */
static err take_text(struct parser *parser, const char **out)
{
    skip_space(parser);
    char quote = *parser->at, *to;
    if (!quote || !strchr("\"'`", quote)) return bad(parser, "a quoted text is missing");
    const char *from = parser->at + 1;
    char *room = to = arena_array(parser->arena, 1, strlen(from) + 1);
    if (!room) return ERR_NOMEM;
    for (; *from && *from != quote; from++) {
        if (*from == '\\' && quote != '`') {
            from++;
            if (!*from || !strchr("\\\"'nt", *from))
                return bad(parser, "an escape that is none of \\\\ \\\" \\' \\n \\t");
            *to++ = *from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
        } else {
            *to++ = *from;
        }
    }
    if (*from != quote) return bad(parser, "the text has no end");
    parser->at = from + 1;
    *out = room;
    return OK;
}

/* 5m, 1h30m, 500ms: units from large to small. */
static err take_duration(struct parser *parser, int64_t *out)
{
    static const struct {
        const char *text;
        int64_t ms;
    } UNITS[] = {{"y", 31536000000}, {"w", 604800000}, {"d", 86400000}, {"h", 3600000},
                 {"ms", 1},          {"m", 60000},     {"s", 1000}};
    int64_t sum = 0, smallest = INT64_MAX;
    skip_space(parser);
    while (isdigit((unsigned char)*parser->at)) {
        char *end;
        int64_t count = strtoll(parser->at, &end, 10), part;
        size_t unit = 0, units = sizeof UNITS / sizeof *UNITS;
        while (unit < units && strncmp(end, UNITS[unit].text, strlen(UNITS[unit].text)) != 0) unit++;
        if (unit == units || UNITS[unit].ms >= smallest)
            return bad(parser, "not a duration like 5m or 1h30m");
        smallest = UNITS[unit].ms;
        if (!i64_mul(count, UNITS[unit].ms, &part) || __builtin_add_overflow(sum, part, &sum))
            return bad(parser, "too long a duration");
        parser->at = end + strlen(UNITS[unit].text);
    }
    if (sum <= 0) return bad(parser, "not a duration like 5m or 1h30m");
    *out = sum;
    return OK;
}

/* ---- selectors ---- */

/* POSIX expressions stand for RE2's where both mean the same. */
static err check_regex(struct parser *parser, const char *regex)
{
    if (strlen(regex) > 200 || strstr(regex, "(?") || strchr(regex, '{'))
        return unsupported(parser, "this regular expression");
    for (const char *at = strchr(regex, '\\'); at; at = strchr(at + 2, '\\')) {
        if (!at[1]) return bad(parser, "the regular expression ends in \\");
        if (isalnum((unsigned char)at[1]))
            return unsupported(parser, "a class like \\d in a regular expression");
    }
    regex_t compiled;
    if (regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB)) return bad(parser, "no regular expression");
    regfree(&compiled);
    return OK;
}

static err take_matcher(struct parser *parser, struct query_node *node)
{
    static const char *const SIGNS[] = {"=~", "!~", "!=", "="};
    static const enum matcher_kind KINDS[] = {MATCH_REGEX, MATCH_NOT_REGEX, MATCH_UNEQUAL, MATCH_EQUAL};
    size_t size = name_here(parser), sign = 0;
    if (!size || memchr(parser->at, ':', size)) return bad(parser, "the name of a label is missing");
    if (node->matcher_count == QUERY_MATCHERS_MOST) return bad(parser, "too many labels");
    struct query_matcher *matcher = &node->matchers[node->matcher_count++];
    matcher->name = copy(parser, parser->at, size);
    if (!matcher->name) return ERR_NOMEM;
    parser->at += size;
    while (sign < 4 && !take(parser, SIGNS[sign])) sign++;
    if (sign == 4) return bad(parser, "one of = != =~ !~ is missing");
    matcher->kind = KINDS[sign];
    TRY(take_text(parser, &matcher->value));
    return matcher->kind == MATCH_REGEX || matcher->kind == MATCH_NOT_REGEX
               ? check_regex(parser, matcher->value)
               : OK;
}

/* Whether it excludes a series that lacks the label: one of them must, or everything would be selected. */
static bool excludes_empty(const struct query_matcher *matcher)
{
    regex_t compiled;
    char anchored[256];
    if (matcher->kind == MATCH_EQUAL) return *matcher->value;
    if (matcher->kind == MATCH_UNEQUAL) return !*matcher->value;
    snprintf(anchored, sizeof anchored, "^(%s)$", matcher->value);
    if (regcomp(&compiled, anchored, REG_EXTENDED | REG_NOSUB)) return false;
    bool matches = !regexec(&compiled, "", 0, NULL, 0);
    regfree(&compiled);
    return matches == (matcher->kind == MATCH_NOT_REGEX);
}

static err take_matchers(struct parser *parser, struct query_node *node)
{
    bool is_selective = false;
    if (take(parser, "{")) {
        while (!take(parser, "}")) {
            TRY(take_matcher(parser, node));
            if (take(parser, ",")) continue;
            if (!take(parser, "}")) return bad(parser, "a , or } is missing");
            break;
        }
    }
    for (uint32_t i = 0; i < node->matcher_count; i++) is_selective |= excludes_empty(&node->matchers[i]);
    return is_selective ? OK : bad(parser, "a selector needs a name, or a label that may not be empty");
}

static err take_selector(struct parser *parser, struct query_node **out)
{
    struct query_node *node = NULL;
    TRY(make(parser, NODE_SELECTOR, TYPE_VECTOR, &node));
    size_t size = name_here(parser);
    if (size) {
        const char *name = copy(parser, parser->at, size);
        if (!name) return ERR_NOMEM;
        node->matchers[node->matcher_count++] = (struct query_matcher){MATCH_EQUAL, "__name__", name};
        parser->at += size;
    }
    TRY(take_matchers(parser, node));
    if (take(parser, "[")) {
        TRY(take_duration(parser, &node->range_ms));
        node->type = TYPE_MATRIX;
        if (take(parser, ":")) return unsupported(parser, "a subquery");
        if (!take(parser, "]")) return bad(parser, "a ] is missing");
    }
    *out = node;
    return OK;
}

/* ---- calls and aggregates ---- */

static err take_expression(struct parser *parser, int tightest, struct query_node **out);

static err take_argument(struct parser *parser, enum query_type type, struct query_node **out)
{
    static const char *const WANTED[] = {"a number", "an instant vector", "a range like name[5m]"};
    const char *at = parser->at;
    TRY(take_expression(parser, 0, out));
    if ((*out)->type == type) return OK;
    char words[80];
    parser->at = at;
    snprintf(words, sizeof words, "%s is wanted here", WANTED[type]);
    return bad(parser, words);
}

static err take_call(struct parser *parser, int function, struct query_node **out)
{
    struct query_node *node = NULL;
    TRY(make(parser, NODE_CALL, TYPE_VECTOR, &node));
    node->what = function;
    if (!take(parser, "(")) return bad(parser, "a ( is missing");
    if (function == FUNCTION_HISTOGRAM_QUANTILE) {
        TRY(take_argument(parser, TYPE_SCALAR, &node->left));
        if (!take(parser, ",")) return bad(parser, "a , is missing");
    }
    TRY(take_argument(parser, FUNCTIONS[function].argument, &node->right));
    if (!take(parser, ")")) return bad(parser, "a ) is missing");
    *out = node;
    return OK;
}

static err take_grouping(struct parser *parser, struct query_node *node)
{
    bool is_by = take_word(parser, "by");
    node->is_without = !is_by && take_word(parser, "without");
    if (!is_by && !node->is_without) return OK;
    if (!take(parser, "(")) return bad(parser, "a ( is missing");
    while (!take(parser, ")")) {
        size_t size = name_here(parser);
        if (!size) return bad(parser, "the name of a label is missing");
        if (node->grouping_count == QUERY_GROUPING_MOST) return bad(parser, "too many labels");
        const char *name = copy(parser, parser->at, size);
        if (!name) return ERR_NOMEM;
        node->grouping[node->grouping_count++] = name;
        parser->at += size;
        if (take(parser, ",")) continue;
        if (!take(parser, ")")) return bad(parser, "a , or ) is missing");
        break;
    }
    return OK;
}

static err take_aggregate(struct parser *parser, int aggregate, struct query_node **out)
{
    struct query_node *node = NULL;
    TRY(make(parser, NODE_AGGREGATE, TYPE_VECTOR, &node));
    node->what = aggregate;
    TRY(take_grouping(parser, node));
    if (!take(parser, "(")) return bad(parser, "a ( is missing");
    TRY(take_argument(parser, TYPE_VECTOR, &node->right));
    if (!take(parser, ")")) return bad(parser, "a ) is missing");
    if (!node->is_without && !node->grouping_count) TRY(take_grouping(parser, node));
    *out = node;
    return OK;
}

/* ---- expressions ---- */

static err take_number(struct parser *parser, struct query_node **out)
{
    char *end;
    TRY(make(parser, NODE_NUMBER, TYPE_SCALAR, out));
    (*out)->number = strtod(parser->at, &end);
    if (is_name_char(*end)) return bad(parser, "not a number");
    parser->at = end;
    return OK;
}

static bool is_word_of(struct parser *parser, const char *const *words, size_t count, size_t *which)
{
    size_t size = name_here(parser);
    for (*which = 0; *which < count; (*which)++)
        if (strlen(words[*which]) == size && !strncmp(words[*which], parser->at, size)) return true;
    return false;
}
#define WORD_OF(parser, words, which) is_word_of(parser, words, sizeof(words) / sizeof *(words), which)

/* A call, an aggregate, or the name of a metric. */
static err take_named(struct parser *parser, struct query_node **out)
{
    size_t which, size = name_here(parser);
    const char *behind = parser->at + size;
    while (isspace((unsigned char)*behind)) behind++;
    if (WORD_OF(parser, AGGREGATES, &which) && (*behind == '(' || *behind == 'b' || *behind == 'w')) {
        parser->at += size;
        return take_aggregate(parser, (int)which, out);
    }
    if (take_word(parser, "Inf") || take_word(parser, "inf") || take_word(parser, "NaN") ||
        take_word(parser, "nan")) {
        TRY(make(parser, NODE_NUMBER, TYPE_SCALAR, out));
        (*out)->number = tolower((unsigned char)parser->at[-1]) == 'f' ? INFINITY : NAN;
        return OK;
    }
    if (*behind != '(') return take_selector(parser, out);
    for (which = 0; which < QUERY_FUNCTION_COUNT; which++)
        if (take_word(parser, FUNCTIONS[which].name)) return take_call(parser, (int)which, out);
    if (WORD_OF(parser, ELSEWHERE, &which)) return unsupported(parser, ELSEWHERE[which]);
    return bad(parser, "unknown function");
}

static err take_primary(struct parser *parser, struct query_node **out)
{
    skip_space(parser);
    if (take(parser, "(")) {
        TRY(take_expression(parser, 0, out));
        if (!take(parser, ")")) return bad(parser, "a ) is missing");
    } else if (isdigit((unsigned char)*parser->at) ||
               (*parser->at == '.' && isdigit((unsigned char)parser->at[1]))) {
        TRY(take_number(parser, out));
    } else if (name_here(parser)) {
        TRY(take_named(parser, out));
    } else if (*parser->at == '{') {
        TRY(take_selector(parser, out));
    } else if (*parser->at && strchr("\"'`", *parser->at)) {
        return unsupported(parser, "a text");
    } else {
        return bad(parser, *parser->at ? "unexpected character" : "unexpected end");
    }
    if (take(parser, "[")) return unsupported(parser, "a subquery");
    if (take_word(parser, "offset")) return unsupported(parser, "offset");
    if (take(parser, "@")) return unsupported(parser, "@");
    return OK;
}

static err take_signed(struct parser *parser, struct query_node **out)
{
    bool is_negative = take(parser, "-");
    if (!is_negative && !take(parser, "+")) return take_primary(parser, out);
    struct query_node *operand = NULL, *node = NULL;
    TRY(take_expression(parser, OPERATORS[OPERATOR_POWER].tight, &operand));
    if (operand->type == TYPE_MATRIX) return bad(parser, "a range has no sign");
    if (!is_negative) {
        *out = operand;
        return OK;
    }
    TRY(make(parser, NODE_NEGATE, operand->type, &node));
    node->right = operand;
    *out = node;
    return OK;
}

/* The operator that stands here and binds at least so tightly; -1: none. */
static int take_operator(struct parser *parser, int tightest)
{
    for (int i = 0; i < QUERY_OPERATOR_COUNT; i++)
        if (OPERATORS[i].tight >= tightest && take(parser, OPERATORS[i].text)) return i;
    return -1;
}

static err check_binary(struct parser *parser, struct query_node *node)
{
    if (node->left->type == TYPE_MATRIX || node->right->type == TYPE_MATRIX)
        return bad(parser, "a range has no arithmetic: rate or another function of it has");
    bool is_scalar = node->left->type == TYPE_SCALAR && node->right->type == TYPE_SCALAR;
    bool compares = OPERATORS[node->what].compares;
    if (node->is_bool && !compares) return bad(parser, "bool goes with comparisons only");
    if (is_scalar && compares && !node->is_bool) return bad(parser, "two numbers are compared with bool");
    node->type = is_scalar ? TYPE_SCALAR : TYPE_VECTOR;
    return OK;
}

static err take_operators(struct parser *parser, int tightest, struct query_node **out)
{
    size_t which;
    for (int operator; (operator= take_operator(parser, tightest)) >= 0;) {
        struct query_node *node = NULL;
        TRY(make(parser, NODE_BINARY, TYPE_VECTOR, &node));
        node->what = operator;
        node->left = *out;
        node->is_bool = take_word(parser, "bool");
        if (WORD_OF(parser, MATCHING_WORDS, &which)) return unsupported(parser, MATCHING_WORDS[which]);
        bool is_right = operator== OPERATOR_POWER; /* 2 ^ 3 ^ 2 is 2 ^ 9 */
        TRY(take_expression(parser, OPERATORS[operator].tight + !is_right, &node->right));
        TRY(check_binary(parser, node));
        *out = node;
    }
    if (WORD_OF(parser, SET_WORDS, &which)) return unsupported(parser, SET_WORDS[which]);
    return OK;
}

static err take_expression(struct parser *parser, int tightest, struct query_node **out)
{
    if (++parser->depth > QUERY_DEPTH_MOST) return bad(parser, "too deep");
    TRY(take_signed(parser, out));
    TRY(take_operators(parser, tightest, out));
    parser->depth--;
    return OK;
}

err query_parse(struct query_node **out, struct arena *arena, const char *text, struct diag *diag)
{
    struct parser parser = {.text = text, .at = text, .arena = arena, .diag = diag};
    if (strlen(text) > QUERY_TEXT_MOST)
        return diag_fail(diag, ERR_SYNTAX, "the expression is longer than %d bytes", QUERY_TEXT_MOST);
    TRY(take_expression(&parser, 0, out));
    skip_space(&parser);
    if (*parser.at) return bad(&parser, "unexpected character");
    if ((*out)->type == TYPE_MATRIX) return unsupported(&parser, "a range by itself");
    return OK;
}
