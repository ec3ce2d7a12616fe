/* tests/unit/test_bench_schema.c: docs/schemas/bench-1.json describes what is written: no key more, none
 * less.
 *
 * Walks schema and result side by side, with the words that the schema uses: type, const, required,
 * properties, additionalProperties, items, minItems, maxItems, minimum, maximum, anyOf (null or a
 * reference) and $ref. The walk keeps its own stack. */
#include "base/file.h"
#include "base/json.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

enum { STACK = 4096 };

struct pair {
    struct json_node schema, value;
};

struct walk {
    struct json_node root; /* of the schema */
    struct pair stack[STACK];
    size_t count, nodes; /* waiting; visited */
    struct diag diag;    /* the first fault */
};

static const char *type_of(const struct json_node *value)
{
    const char *text;
    double number;
    int64_t integer;
    bool truth;
    struct json_node node;
    if (json_get_text(value, NULL, &text, NULL) == OK) return "string";
    if (json_get_bool(value, NULL, &truth, NULL) == OK) return "boolean";
    if (json_get_i64(value, NULL, &integer, NULL) == OK) return "integer";
    if (json_get_number(value, NULL, &number, NULL) == OK) return "number";
    if (json_get_object(value, NULL, &node, NULL) == OK) return "object";
    if (json_get_array(value, NULL, &node, NULL) == OK) return "array";
    return "null";
}

static bool is_type(const char *allowed, const char *type)
{
    return strcmp(allowed, type) == 0 || (strcmp(allowed, "number") == 0 && strcmp(type, "integer") == 0);
}

static bool type_fits(const struct json_node *schema, const struct json_node *value)
{
    const char *text, *type = type_of(value);
    struct json_node list;
    if (!json_has(schema, "type")) return true;
    if (json_get_text(schema, "type", &text, NULL) == OK) return is_type(text, type);
    cr_assert(eq(int, json_get_array(schema, "type", &list, NULL), OK));
    for (size_t i = 0; i < json_count(&list); i++) {
        struct json_node item = json_item(&list, i);
        cr_assert(eq(int, json_get_text(&item, NULL, &text, NULL), OK));
        if (is_type(text, type)) return true;
    }
    return false;
}

static void fault(struct walk *walk, const struct json_node *value, const char *words)
{
    json_fail(value, &walk->diag, ERR_SYNTAX, words);
}

static void push(struct walk *walk, const struct json_node *schema, const struct json_node *value)
{
    cr_assert(walk->count < STACK);
    walk->stack[walk->count++] = (struct pair){*schema, *value};
}

static struct json_node resolved(struct walk *walk, struct json_node schema, const struct json_node *value)
{
    const char *reference;
    struct json_node list;
    if (json_get_array(&schema, "anyOf", &list, NULL) == OK)
        schema = json_item(&list, strcmp(type_of(value), "null") == 0 ? 0 : 1);
    if (json_get_text(&schema, "$ref", &reference, NULL) != OK) return schema;
    struct json_node defs;
    cr_assert(eq(int, json_get_object(&walk->root, "$defs", &defs, NULL), OK));
    cr_assert(strncmp(reference, "#/$defs/", 8) == 0);
    cr_assert(eq(int, json_get_object(&defs, reference + 8, &schema, NULL), OK), "%s", reference);
    return schema;
}

static void check_object(struct walk *walk, const struct json_node *schema, const struct json_node *value)
{
    struct json_node list, known, child, other;
    const char *name;
    if (json_get_array(schema, "required", &list, NULL) == OK)
        for (size_t i = 0; i < json_count(&list); i++) {
            struct json_node item = json_item(&list, i);
            bool is_there = false;
            cr_assert(eq(int, json_get_text(&item, NULL, &name, NULL), OK));
            for (const char *key = NULL; json_next(value, key, &key, &child);)
                is_there = is_there || strcmp(key, name) == 0;
            if (!is_there) fault(walk, value, name);
        }
    bool has_known = json_get_object(schema, "properties", &known, NULL) == OK;
    bool has_other = json_get_object(schema, "additionalProperties", &other, NULL) == OK;
    for (const char *key = NULL; json_next(value, key, &key, &child);) {
        struct json_node property;
        if (has_known && json_get_object(&known, key, &property, NULL) == OK)
            push(walk, &property, &child);
        else if (has_other)
            push(walk, &other, &child);
        else
            fault(walk, &child, "is not in the schema");
    }
}

static void check_array(struct walk *walk, const struct json_node *schema, const struct json_node *value)
{
    struct json_node items;
    uint64_t bound;
    if (json_get_u64(schema, "minItems", &bound, NULL) == OK && json_count(value) < bound)
        fault(walk, value, "has too few items");
    if (json_get_u64(schema, "maxItems", &bound, NULL) == OK && json_count(value) > bound)
        fault(walk, value, "has too many items");
    cr_assert(eq(int, json_get_object(schema, "items", &items, NULL), OK));
    for (size_t i = 0; i < json_count(value); i++) {
        struct json_node item = json_item(value, i);
        push(walk, &items, &item);
    }
}

static void check_scalar(struct walk *walk, const struct json_node *schema, const struct json_node *value)
{
    const char *wanted, *text;
    double bound, number;
    bool truth;
    if (json_get_text(schema, "const", &wanted, NULL) == OK &&
        (json_get_text(value, NULL, &text, NULL) != OK || strcmp(text, wanted) != 0))
        fault(walk, value, "is not the constant");
    if (json_get_bool(schema, "const", &truth, NULL) == OK && strcmp(type_of(value), "boolean") != 0)
        fault(walk, value, "is not the constant");
    if (json_get_number(value, NULL, &number, NULL) != OK) return;
    if (json_get_number(schema, "minimum", &bound, NULL) == OK && number < bound)
        fault(walk, value, "is below the minimum");
    if (json_get_number(schema, "maximum", &bound, NULL) == OK && number > bound)
        fault(walk, value, "is above the maximum");
}

static struct walk walk_over(const struct json *schema, const struct json *value)
{
    struct walk *walk = calloc(1, sizeof *walk);
    walk->root = json_root(schema);
    struct json_node root = json_root(value);
    push(walk, &walk->root, &root);
    while (walk->count > 0) {
        struct pair pair = walk->stack[--walk->count];
        struct json_node rule = resolved(walk, pair.schema, &pair.value);
        const char *type = type_of(&pair.value);
        walk->nodes++;
        if (!type_fits(&rule, &pair.value))
            fault(walk, &pair.value, "has the wrong type");
        else if (strcmp(type, "object") == 0)
            check_object(walk, &rule, &pair.value);
        else if (strcmp(type, "array") == 0)
            check_array(walk, &rule, &pair.value);
        else
            check_scalar(walk, &rule, &pair.value);
    }
    struct walk done = *walk;
    free(walk);
    return done;
}

static char *folder, *path;
static struct json *schema;

static void set_up(void)
{
    struct diag diag = {0};
    folder = fixture_folder();
    path = fixture_path(folder, "a.json");
    cr_assert(eq(int, json_read_file(&schema, "docs/schemas/bench-1.json", &diag), OK), "%s", diag.text);
}

static void tear_down(void)
{
    json_free(schema);
    free(path);
    fixture_remove(folder);
}

TestSuite(bench_schema, .init = set_up, .fini = tear_down, .timeout = 60);

/* What the walk finds wrong with the result after `from` became `to`; "" when it fits. */
static struct diag judge(const struct bench_result *result, const char *from, const char *to, size_t *nodes)
{
    struct file_bytes file;
    struct json *json;
    cr_assert(eq(int, bench_write(result, path, NULL), OK));
    cr_assert(eq(int, file_read(path, 1 << 26, &file, NULL), OK));
    char *at = strstr(file.text, from);
    cr_assert(at != NULL, "%s", from);
    char *text = malloc(file.size_bytes + strlen(to) + 1);
    sprintf(text, "%.*s%s%s", (int)(at - file.text), file.text, to, at + strlen(from));
    const struct json_text edited = {"edited", text, strlen(text)};
    cr_assert(eq(int, json_read_text(&json, &edited, NULL), OK));
    struct walk walk = walk_over(schema, json);
    if (nodes) *nodes = walk.nodes;
    json_free(json);
    free(text);
    free(file.text);
    return walk.diag;
}

Test(bench_schema, results_fit)
{
    static const struct {
        uint32_t runs;
        bool has_baseline, is_interrupted;
    } CASES[] = {{3, true, false}, {1, false, false}, {2, true, true}, {0, false, true}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench_result *result = bench_fixture(CASES[i].runs, CASES[i].has_baseline);
        size_t nodes;
        result->interrupted = CASES[i].is_interrupted;
        struct diag diag = judge(result, "", "", &nodes);
        cr_assert(eq(str, diag.text, ""));
        cr_assert(nodes > 200 + 500 * CASES[i].runs);
        bench_free(result);
    }
}

Test(bench_schema, what_does_not_fit_is_found)
{
    static const struct {
        const char *from, *to, *line;
    } CASES[] = {
        {"\"agents\"", "\"agent\"", "agent"},
        {"\"runs\": 2", "\"runs\": \"2\"", "runs: has the wrong type"},
        {"agenc.bench/1", "agenc.bench/9", "schema: is not the constant"},
        {"\"cooldown_share\": 0", "\"cooldown_share\": 7", "cooldown_share: is above the maximum"},
        {"\"batch_size_mean\": ", "\"batch_size_mean\": -", "batch_size_mean: is below the minimum"},
        {"\"profile\": \"mainnet\"", "\"profile\": [1]", "chain.profile: has the wrong type"},
        {"\"rollback_rate_interval\": [", "\"rollback_rate_interval\": [0, ", "has too many items"},
    };
    struct bench_result *result = bench_fixture(2, true);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct diag diag = judge(result, CASES[i].from, CASES[i].to, NULL);
        cr_assert(strstr(diag.text, CASES[i].line) != NULL, "%s: %s", CASES[i].line, diag.text);
    }
    bench_free(result);
}
