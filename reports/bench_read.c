/* reports/bench_read.c: a result file back into the struct, every field checked. */
#include "base/file.h"
#include "base/units.h"
#include "reports/bench_own.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MOST 9e9 /* fits int64_t nanoseconds */

enum {
    TEXT_BYTES = 1 << 20, /* for sections, and rounding of each text to a cache line */
    SECTION_MOST = 256,
    NAME_BYTES = 128,
};

static err read_seconds(const struct json_node *root, const char *key, int64_t *out_ns, struct diag *diag)
{
    double seconds;
    char words[80];
    TRY(json_get_number(root, key, &seconds, diag));
    if (!(seconds >= 0 && seconds <= SECONDS_MOST)) {
        snprintf(words, sizeof words, "%.32s is not in 0..%.0f", key, SECONDS_MOST);
        return json_fail(root, diag, ERR_RANGE, words);
    }
    *out_ns = (int64_t)nearbyint(seconds * (double)NS_PER_S);
    return OK;
}

static err read_u32(const struct json_node *root, const char *key, uint32_t most, uint32_t *out,
                    struct diag *diag)
{
    uint64_t value;
    char words[80];
    TRY(json_get_u64(root, key, &value, diag));
    if (value > most) {
        snprintf(words, sizeof words, "%.32s is more than %u", key, most);
        return json_fail(root, diag, ERR_RANGE, words);
    }
    *out = (uint32_t)value;
    return OK;
}

static err check_count(const struct json_node *node, size_t most, struct diag *diag)
{
    char words[64];
    if (json_count(node) <= most) return OK;
    snprintf(words, sizeof words, "has %zu entries, at most %zu", json_count(node), most);
    return json_fail(node, diag, ERR_LIMIT, words);
}

/* A text, a boolean, a whole number, a number or null: tried in turn, for the writer had no other types. */
static err read_member(struct bench_result *result, struct bench_section *section, const char *name,
                       const struct json_node *node, struct diag *diag)
{
    const char *text;
    bool truth;
    int64_t integer;
    double number;
    if (json_get_text(node, NULL, &text, NULL) == OK)
        bench_put_text(result, section, name, text);
    else if (json_get_bool(node, NULL, &truth, NULL) == OK)
        bench_put_boolean(result, section, name, truth);
    else if (json_get_i64(node, NULL, &integer, NULL) == OK)
        bench_put_integer(result, section, name, integer);
    else if (json_get_number_or_null(node, NULL, &number, NULL) == OK)
        bench_put_number(result, section, name, number);
    else
        return json_fail(node, diag, ERR_SYNTAX, "must be a text, a number, true, false or null");
    return OK;
}

static err read_section(struct bench_result *result, const struct json_node *root, const char *key,
                        struct bench_section *out, struct diag *diag)
{
    struct json_node object, node;
    TRY(json_get_object(root, key, &object, diag));
    TRY(check_count(&object, SECTION_MOST, diag));
    for (const char *name = NULL; json_next(&object, name, &name, &node);) {
        if (strlen(name) >= LIMIT_NAME)
            return json_fail(&object, diag, ERR_LIMIT, "has a name of more than 127 bytes");
        TRY(read_member(result, out, name, &node, diag));
    }
    return OK;
}

static err read_sections(struct bench_result *result, const struct json_node *root, struct diag *diag)
{
    const struct {
        const char *key;
        struct bench_section *section;
    } sections[] = {
        {"chain", &result->chain},   {"config", &result->config},     {"environment", &result->environment},
        {"prover", &result->prover}, {"workload", &result->workload},
    };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        TRY(read_section(result, root, sections[i].key, sections[i].section, diag));
    return OK;
}

static err read_command(struct bench_result *result, const struct json_node *root, struct diag *diag)
{
    struct json_node words;
    const char *text;
    TRY(json_get_array(root, "command", &words, diag));
    TRY(check_count(&words, BENCH_COMMAND_MOST, diag));
    for (size_t i = 0; i < json_count(&words); i++) {
        struct json_node word = json_item(&words, i);
        TRY(json_get_text(&word, NULL, &text, diag));
        result->command[result->command_count++] = bench_text(result, text);
    }
    return OK;
}

static err read_target(struct bench_result *result, const struct json_node *node, struct diag *diag)
{
    const char *name, *bound;
    char text[2 * NAME_BYTES];
    struct diag why = {0};
    double value;
    bool pass;
    TRY(json_get_text(node, "name", &name, diag));
    TRY(json_get_text(node, "target", &bound, diag));
    TRY(json_get_bool(node, "pass", &pass, diag));
    TRY(json_get_number_or_null(node, "value", &value, diag));
    snprintf(text, sizeof text, "%.*s%.*s", NAME_BYTES - 1, name, NAME_BYTES - 1, bound);
    err e = bench_add_target(result, text, &why);
    if (e != OK) return json_fail(node, diag, e, why.text);
    struct bench_target *target = &result->targets[result->target_count - 1];
    target->value = value;
    target->pass = pass;
    return OK;
}

static err read_targets(struct bench_result *result, const struct json_node *root, struct diag *diag)
{
    struct json_node targets;
    TRY(json_get_array(root, "targets", &targets, diag));
    TRY(check_count(&targets, BENCH_TARGETS_MOST, diag));
    for (size_t i = 0; i < json_count(&targets); i++) {
        struct json_node target = json_item(&targets, i);
        TRY(read_target(result, &target, diag));
    }
    return OK;
}

/* One arm: where it stands in the file, and where it goes. */
struct arm {
    struct json_node node;
    struct run_metrics *runs, *summary;
    struct bench_spread *spread;
};

static err read_arm(const struct bench_result *result, const struct arm *arm, struct diag *diag)
{
    struct json_node runs, summary;
    TRY(json_get_object(&arm->node, "summary", &summary, diag));
    TRY(bench_read_summary(&summary, arm->summary, arm->spread, diag));
    TRY(bench_read_histograms(&arm->node, arm->summary, arm->spread->pooled, diag));
    TRY(json_get_array(&arm->node, "per_run", &runs, diag));
    if (json_count(&runs) != result->runs)
        return json_fail(&runs, diag, ERR_RANGE, "has not as many elements as \"runs\" says");
    for (uint32_t run = 0; run < result->runs; run++) {
        struct json_node node = json_item(&runs, run);
        TRY(bench_read_run(&node, &arm->runs[run], diag));
    }
    return OK;
}

static err read_arms(struct bench_result *result, const struct json_node *root, struct diag *diag)
{
    struct arm arm = {*root, result->per_run, &result->summary, &result->spread};
    TRY(read_arm(result, &arm, diag));
    if (!result->baseline) return OK;
    arm = (struct arm){{0}, result->baseline, &result->baseline_summary, &result->baseline_spread};
    TRY(json_get_object(root, "baseline", &arm.node, diag));
    return read_arm(result, &arm, diag);
}

static err read_head(struct bench_result *result, const struct json_node *root, struct diag *diag)
{
    struct json_node tool;
    const char *text;
    TRY(json_get_object(root, "tool", &tool, diag));
    TRY(json_get_text(&tool, "version", &text, diag));
    result->version = bench_text(result, text);
    TRY(json_get_text(&tool, "commit", &text, diag));
    result->commit = bench_text(result, text);
    TRY(json_get_u64(root, "seed", &result->seed, diag));
    TRY(read_u32(root, "agents", LIMIT_AGENTS, &result->agents, diag));
    TRY(read_seconds(root, "duration_s", &result->duration_ns, diag));
    TRY(read_seconds(root, "warmup_s", &result->warmup_ns, diag));
    if (result->warmup_ns > result->duration_ns)
        return json_fail(root, diag, ERR_RANGE, "warmup_s is longer than duration_s");
    TRY(json_get_number(root, "wall_seconds", &result->wall_seconds, diag));
    if (json_has(root, "interrupted")) TRY(json_get_bool(root, "interrupted", &result->interrupted, diag));
    return bench_read_hash(root, &result->trajectory_hash, diag);
}

static err read_result(struct bench_result *result, const struct json_node *root, struct diag *diag)
{
    TRY(read_head(result, root, diag));
    TRY(read_command(result, root, diag));
    TRY(read_sections(result, root, diag));
    TRY(read_targets(result, root, diag));
    return read_arms(result, root, diag);
}

static err check_schema(const struct json_node *root, struct diag *diag)
{
    const char *schema;
    char words[160];
    if (!json_has(root, "schema"))
        return json_fail(root, diag, ERR_SYNTAX,
                         "is no agenc result, \"schema\" is missing; keep other files out of a folder of "
                         "results");
    TRY(json_get_text(root, "schema", &schema, diag));
    if (strcmp(schema, BENCH_SCHEMA) == 0) return OK;
    snprintf(words, sizeof words, "schema is \"%.64s\", must be \"" BENCH_SCHEMA "\"; keep other files out",
             schema);
    return json_fail(root, diag, ERR_SYNTAX, words);
}

static err read_root(struct bench_result **out, const struct json_node *root, const struct json_text *text,
                     struct diag *diag)
{
    struct bench_result *result;
    uint32_t runs;
    TRY(check_schema(root, diag));
    TRY(read_u32(root, "runs", LIMIT_RUNS, &runs, diag));
    err e = bench_open_room(&result, runs, json_has(root, "baseline"), TEXT_BYTES + text->size_bytes);
    if (e != OK) return json_fail(root, diag, e, err_text(e));
    bench_name_after(result, text->name);
    e = read_result(result, root, diag);
    if (e != OK)
        bench_free(result);
    else
        *out = result;
    return e;
}

err bench_read(struct bench_result **out, const char *path, struct diag *diag)
{
    struct file_bytes file;
    struct json *json;
    TRY(file_read(path, JSON_FILE_BYTES_MAX, &file, diag));
    const struct json_text text = {path, file.text, file.size_bytes};
    unsigned char digest[SHA256_BYTES];
    err e = json_read_text(&json, &text, diag);
    sha256_of(file.text, file.size_bytes, digest);
    free(file.text);
    if (e != OK) return e;
    struct json_node root = json_root(json);
    e = read_root(out, &root, &text, diag);
    json_free(json);
    if (e == OK) sha256_hex(digest, (*out)->digest);
    return e;
}
