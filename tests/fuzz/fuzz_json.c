/* tests/fuzz/fuzz_json.c: any bytes as JSON; every node is asked for everything. */
#include "base/json.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

enum { NODES_MAX = 256 };

static void ask(const struct json_node *node)
{
    uint64_t natural;
    int64_t integer;
    double number;
    bool truth;
    const char *text;
    if (json_get_u64(node, NULL, &natural, NULL) == OK) ASSERT(natural + 1 > 0 || natural == UINT64_MAX);
    if (json_get_number(node, NULL, &number, NULL) == OK) ASSERT(isfinite(number));
    if (json_get_text(node, NULL, &text, NULL) == OK) ASSERT(strlen(text) + 1 > 0);
    if (json_get_i64(node, NULL, &integer, NULL) != OK && json_get_bool(node, NULL, &truth, NULL) != OK) {
        struct diag diag = {0};
        fuzz_judge(json_fail(node, &diag, ERR_RANGE, "is neither"), &diag);
    }
}

/* Breadth first, as far as NODES_MAX goes. */
static void walk(struct json_node root)
{
    struct json_node *nodes = calloc(NODES_MAX, sizeof *nodes), member;
    uint32_t count = 1;
    ASSERT(nodes);
    nodes[0] = root;
    for (uint32_t done = 0; done < count; done++) {
        struct json_node *node = &nodes[done], container;
        ask(node);
        if (json_get_array(node, NULL, &container, NULL) == OK)
            for (size_t i = 0; i < json_count(&container) && count < NODES_MAX; i++)
                nodes[count++] = json_item(&container, i);
        if (json_get_object(node, NULL, &container, NULL) != OK) continue;
        for (const char *key = NULL; count < NODES_MAX && json_next(&container, key, &key, &member);) {
            (void)json_has(&container, key);
            nodes[count++] = member;
        }
    }
    free(nodes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct diag diag = {0};
    struct json *json;
    char *text = fuzz_text(bytes, size_bytes);
    const struct json_text source = {.name = "fuzz.json", .text = text, .size_bytes = size_bytes};
    err e = json_read_text(&json, &source, &diag);
    fuzz_judge(e, &diag);
    if (e == OK) {
        walk(json_root(json));
        json_free(json);
    }
    free(text);
    return 0;
}
