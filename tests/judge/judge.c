/* tests/judge/judge.c: cases, checks, entries. */
#include "tests/judge/judge.h"
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the input ---- */

static struct {
    const char *name, *text;
    int line_before; /* lines of the file before this text */
} input;

void input_use(const char *name, const char *text, int line_before)
{
    input.name = name;
    input.text = text;
    input.line_before = line_before;
}

void input_refuse(const struct json_node *node, const char *words)
{
    const char *at = locate(input.text, node->path);
    int line = 1 + input.line_before;
    const char *line_begin = input.text;
    for (const char *c = input.text; c < at; c++)
        if (*c == '\n') {
            line++;
            line_begin = c + 1;
        }
    fprintf(stderr, "%s:%d:%d: %s%s%s\n", input.name, line, (int)(at - line_begin) + 1, node->path,
            node->path[0] ? ": " : "", words);
    exit(2);
}

/* The diag of a getter says "file: path: words"; the last part is what line and column lack. */
void input_refuse_diag(const struct json_node *node, const struct diag *diag)
{
    const char *words = diag->text;
    for (const char *colon; (colon = strstr(words, ": "));) words = colon + 2;
    input_refuse(node, words);
}

/* ---- cases ---- */

void case_begin(struct judge *judge)
{
    judge->number++;
    judge->is_open = true;
    judge->is_bad = false;
    judge->checks = 0;
}

void case_fail(struct judge *judge, const char *field, const char *expected, const char *got)
{
    judge->checks++;
    if (judge->is_bad) return; /* one line a case: what follows from a mistake is not another */
    judge->is_bad = true;
    printf("FAIL %s case %" PRIu32 ": %s: expected %s, got %s\n", judge->group, judge->number, field,
           expected, got);
}

void case_end(struct judge *judge)
{
    if (judge->checks == 0) case_fail(judge, "case", "something to check", "nothing");
    judge->is_open = false;
    if (judge->is_bad)
        judge->failed++;
    else
        judge->passed++;
}

static void compare(struct judge *judge, bool is_same, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The format makes "expected\0got". */
static void compare(struct judge *judge, bool is_same, const char *field, const char *format, ...)
{
    char texts[2 * JUDGE_TEXT_BYTES];
    va_list values;
    judge->checks++;
    if (is_same) return;
    va_start(values, format);
    vsnprintf(texts, sizeof texts, format, values);
    va_end(values);
    char *bar = strchr(texts, '|');
    if (bar) *bar = '\0';
    case_fail(judge, field, texts, bar ? bar + 1 : "");
}

void check_i64(struct judge *judge, const char *field, int64_t expected, int64_t got)
{
    compare(judge, expected == got, field, "%" PRId64 "|%" PRId64, expected, got);
}

void check_u64(struct judge *judge, const char *field, uint64_t expected, uint64_t got)
{
    compare(judge, expected == got, field, "%" PRIu64 "|%" PRIu64, expected, got);
}

void check_bool(struct judge *judge, const char *field, bool expected, bool got)
{
    compare(judge, expected == got, field, "%s|%s", expected ? "true" : "false", got ? "true" : "false");
}

void check_text(struct judge *judge, const char *field, const char *expected, const char *got)
{
    compare(judge, strcmp(expected, got) == 0, field, "%.200s|%.200s", expected, got);
}

void check_number(struct judge *judge, const char *field, double expected, double got, double tolerance)
{
    compare(judge, fabs(expected - got) <= tolerance, field, "%.10g|%.10g", expected, got);
}

/* ---- nodes ---- */

#define NODE_GETTER(name, type, getter)                                                                      \
    type name(const struct json_node *node)                                                                  \
    {                                                                                                        \
        type value;                                                                                          \
        struct diag diag = {0};                                                                              \
        if (getter(node, NULL, &value, &diag) != OK) input_refuse_diag(node, &diag);                         \
        return value;                                                                                        \
    }
NODE_GETTER(node_u64, uint64_t, json_get_u64)
NODE_GETTER(node_i64, int64_t, json_get_i64)
NODE_GETTER(node_number, double, json_get_number)
NODE_GETTER(node_bool, bool, json_get_bool)
NODE_GETTER(node_text, const char *, json_get_text)

bool node_is_text(const struct json_node *node)
{
    const char *text;
    return json_get_text(node, NULL, &text, NULL) == OK;
}

bool node_is_number(const struct json_node *node)
{
    double value;
    return json_get_number(node, NULL, &value, NULL) == OK;
}

bool node_is_bool(const struct json_node *node)
{
    bool value;
    return json_get_bool(node, NULL, &value, NULL) == OK;
}

/* ---- entries ---- */

struct entry entry_open(struct judge *judge, const struct json_node *node)
{
    struct entry entry = {.judge = judge};
    struct diag diag = {0};
    if (json_get_object(node, NULL, &entry.node, &diag) != OK) input_refuse_diag(node, &diag);
    return entry;
}

static void take(struct entry *entry, const char *key)
{
    for (uint32_t i = 0; i < entry->taken_count; i++)
        if (strcmp(entry->taken[i], key) == 0) return;
    if (entry->taken_count == ENTRY_KEYS_MOST) input_refuse(&entry->node, "too many members");
    entry->taken[entry->taken_count++] = key;
}

static bool is_taken(const struct entry *entry, const char *key)
{
    for (uint32_t i = 0; i < entry->taken_count; i++)
        if (strcmp(entry->taken[i], key) == 0) return true;
    return false;
}

void entry_close(struct entry *entry)
{
    static const char *const FOR_PEOPLE[] = {"status", "source", "name", "note"};
    for (size_t i = 0; i < sizeof FOR_PEOPLE / sizeof *FOR_PEOPLE; i++) entry_words(entry, FOR_PEOPLE[i]);
    const char *key = NULL;
    struct json_node member;
    while (json_next(&entry->node, key, &key, &member)) {
        if (is_taken(entry, key)) continue;
        bool is_alone = !entry->judge->is_open;
        if (is_alone) case_begin(entry->judge);
        case_fail(entry->judge, member.path, "a field with a rule", "a field that is not known");
        if (is_alone) case_end(entry->judge);
    }
}

bool entry_has(const struct entry *entry, const char *key)
{
    return json_has(&entry->node, key);
}

struct json_node entry_any(struct entry *entry, const char *key)
{
    const char *at = NULL;
    struct json_node member;
    while (json_next(&entry->node, at, &at, &member))
        if (strcmp(at, key) == 0) {
            take(entry, key);
            return member;
        }
    char words[JUDGE_TEXT_BYTES];
    snprintf(words, sizeof words, "\"%s\" is missing", key);
    input_refuse(&entry->node, words);
}

#define ENTRY_GETTER(name, type, getter)                                                                     \
    type name(struct entry *entry, const char *key)                                                          \
    {                                                                                                        \
        struct json_node member = entry_any(entry, key);                                                     \
        return getter(&member);                                                                              \
    }
ENTRY_GETTER(entry_u64, uint64_t, node_u64)
ENTRY_GETTER(entry_i64, int64_t, node_i64)
ENTRY_GETTER(entry_number, double, node_number)
ENTRY_GETTER(entry_bool, bool, node_bool)
ENTRY_GETTER(entry_text, const char *, node_text)

struct json_node entry_array(struct entry *entry, const char *key)
{
    struct json_node member = entry_any(entry, key), array;
    struct diag diag = {0};
    if (json_get_array(&member, NULL, &array, &diag) != OK) input_refuse_diag(&member, &diag);
    return array;
}

struct json_node entry_object(struct entry *entry, const char *key)
{
    struct json_node member = entry_any(entry, key), object;
    struct diag diag = {0};
    if (json_get_object(&member, NULL, &object, &diag) != OK) input_refuse_diag(&member, &diag);
    return object;
}

uint32_t entry_bps(struct entry *entry, const char *key)
{
    struct json_node member = entry_any(entry, key);
    double bps = node_number(&member) * 10000;
    if (!(bps >= 0 && bps <= 1000000) || fabs(bps - round(bps)) > 1e-6)
        input_refuse(&member, "expected whole basis points of a share");
    return (uint32_t)round(bps);
}

void entry_words(struct entry *entry, const char *key)
{
    if (entry_has(entry, key)) entry_text(entry, key);
}

/* ---- what is judged ---- */

void judge_nonnormative(struct judge *judge, const char *why)
{
    judge->nonnormative++;
    printf("nonnormative, not judged: %s: %s\n", judge->group, why);
}

static void judge_one(struct judge *judge, const struct json_node *node,
                      void (*run)(struct judge *judge, struct entry *entry))
{
    static const char *const JUDGED[] = {"normative", "doc", "derived", "recommended"};
    struct entry entry = entry_open(judge, node);
    const char *status = entry_text(&entry, "status");
    if (strcmp(status, "nonnormative") == 0) {
        judge_nonnormative(judge, entry_has(&entry, "source") ? entry_text(&entry, "source") : node->path);
        return;
    }
    for (size_t i = 0; i < sizeof JUDGED / sizeof *JUDGED; i++)
        if (strcmp(status, JUDGED[i]) == 0) {
            run(judge, &entry);
            entry_close(&entry);
            return;
        }
    case_begin(judge);
    case_fail(judge, "status", "normative, doc, derived, recommended or nonnormative", status);
    case_end(judge);
}

void judge_entries(struct judge *judge, const struct json_node *node,
                   void (*run)(struct judge *judge, struct entry *entry))
{
    struct json_node array;
    if (json_get_array(node, NULL, &array, NULL) != OK) {
        judge_one(judge, node, run);
        return;
    }
    for (size_t i = 0; i < json_count(&array); i++) {
        struct json_node item = json_item(&array, i);
        judge_one(judge, &item, run);
    }
}
