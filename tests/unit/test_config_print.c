/* tests/unit/test_config_print.c: what is printed is what scripts and documents expect. */
#include "base/config.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct config config;
static struct diag diag;

static char *printed(void (*print)(const struct config *, const struct config_view *, FILE *),
                     const struct config_view *view)
{
    static char *text; /* static: gcc takes the stream's hold on a local for a dangling one */
    size_t size_bytes;
    FILE *out = open_memstream(&text, &size_bytes);
    print(&config, view, out);
    fclose(out);
    return text;
}

Test(config_print, lines_are_key_and_value)
{
    config_init(&config);
    char *all = printed(config_print, &(struct config_view){.section = "speculation"});
    const char *line = strstr(all, "max_parallel");
    cr_assert(strncmp(line, "max_parallel_branches 2\n", 24) == 0);
    cr_assert(strstr(line + 1, "max_parallel") == NULL);
    char *part =
        printed(config_print, &(struct config_view){.section = "speculation.limits", .shows_sources = true});
    cr_assert(strncmp(part, "speculation.limits.max_memory_mb 4096 compiled\n", 47) == 0, "%s", part);
    cr_assert(strstr(part, "proof") == NULL);
    cr_assert(config_section_exists("speculation.proof") && !config_section_exists("speculation.pro"));
    free(all);
    free(part);
}

Test(config_print, json_carries_types_and_sources)
{
    char *environment[] = {"AGENC_SPECULATION_MAX_DEPTH=7", NULL};
    config_init(&config);
    cr_assert(eq(int, config_load_file(&config, "scenarios/config/prod.toml", NULL, &diag), OK));
    cr_assert(eq(int, config_apply_env(&config, environment, NULL, &diag), OK));
    cr_assert(eq(int, config_set_text(&config, "speculation.features.rollout_always=a,b", NULL, &diag), OK));
    char *text = printed(config_print_json, &(struct config_view){0});
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *keys = json_object_get(root, "keys");
    cr_assert(eq(u32, (uint32_t)json_object_size(keys), config_key_count()));
    json_t *depth = json_object_get(keys, "speculation.max_depth");
    cr_assert(eq(i64, json_integer_value(json_object_get(depth, "value")), 7));
    cr_assert(eq(str, (char *)json_string_value(json_object_get(depth, "variable")),
                 "AGENC_SPECULATION_MAX_DEPTH"));
    json_t *slash = json_object_get(keys, "speculation.stake.slash_percentage");
    bool is_real = json_is_real(json_object_get(slash, "value"));
    cr_assert(is_real);
    cr_assert(
        eq(str, (char *)json_string_value(json_object_get(slash, "file")), "scenarios/config/prod.toml"));
    cr_assert(json_integer_value(json_object_get(slash, "line")) > 1);
    bool is_true = json_is_true(json_object_get(json_object_get(keys, "speculation.enabled"), "value"));
    cr_assert(is_true);
    json_t *always = json_object_get(json_object_get(keys, "speculation.features.rollout_always"), "value");
    cr_assert(json_array_size(always) == 2);
    json_decref(root);
    free(text);
}

static void same_as_file(void (*print)(FILE *), const char *path)
{
    char *text, *at;
    size_t size_bytes;
    FILE *out = open_memstream(&text, &size_bytes), *file = fopen(path, "r");
    print(out);
    fclose(out);
    cr_assert(file != NULL, "%s", path);
    for (at = text; *at; at++)
        if (getc(file) != (unsigned char)*at) break;
    bool is_same = *at == '\0' && getc(file) == EOF;
    cr_assert(is_same, "%s: run make docs", path);
    fclose(file);
    free(text);
}

Test(config_print, generated_files_are_up_to_date)
{
    same_as_file(config_print_toml, "scenarios/config/default.toml");
    same_as_file(config_print_markdown, "docs/CONFIG.md");
}
