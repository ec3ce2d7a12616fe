/* base/config_print.c: a configuration for people, scripts and documents. */
#include "base/config.h"
#include "base/escape.h"
#include <inttypes.h>
#include <string.h>

static bool is_in(const struct config_key *key, const char *section)
{
    size_t size = section ? strlen(section) : 0;
    return !section ||
           (strncmp(key->name, section, size) == 0 && (key->name[size] == '.' || !key->name[size]));
}

bool config_section_exists(const char *section)
{
    for (uint32_t i = 0; i < config_key_count(); i++)
        if (is_in(config_key_at(i), section)) return true;
    return false;
}

/* An empty text would leave a line without its second field. */
static const char *shown(const char *text)
{
    return *text ? text : "\"\"";
}

void config_print(const struct config *config, const struct config_view *view, FILE *out)
{
    char value[CONFIG_TEXT_BYTES], origin[CONFIG_TEXT_BYTES];
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        if (!is_in(key, view->section)) continue;
        config_key_write(key, &config->settings, value);
        config_origin_text(config, key, origin);
        if (view->shows_sources)
            fprintf(out, "%s %s %s\n", key->name, shown(value), origin);
        else
            fprintf(out, "%s %s\n", key->name, shown(value));
    }
}

/* Numbers and booleans as they are written, names and texts quoted. */
static void print_value(const struct config_key *key, const struct settings *settings, FILE *out)
{
    char value[CONFIG_TEXT_BYTES];
    config_key_write(key, settings, value);
    if (key->type == CONFIG_ENUM || key->type == CONFIG_TEXT)
        escape_json(out, value);
    else if (key->type != CONFIG_LIST)
        fputs(value, out);
    else if (!*value)
        fputs("[]", out);
    else
        for (char *at = value, *rest; at; at = rest) {
            rest = strchr(at, ',');
            if (rest) *rest++ = '\0';
            fputs(at == value ? "[" : ", ", out);
            escape_json(out, at);
            if (!rest) putc(']', out);
        }
}

static const char *const SOURCES[] = {
    [CONFIG_COMPILED] = "compiled", [CONFIG_PRESET] = "preset",           [CONFIG_FILE] = "file",
    [CONFIG_SET] = "set",           [CONFIG_ENVIRONMENT] = "environment",
};

static void print_origin(const struct config *config, const struct config_key *key, FILE *out)
{
    const struct config_origin *origin = &config->origins[config_key_index(key)];
    char text[CONFIG_TEXT_BYTES];
    fprintf(out, ", \"source\": \"%s\"", SOURCES[origin->source]);
    if (origin->source == CONFIG_FILE) {
        fputs(", \"file\": ", out);
        escape_json(out, config->files[origin->file]);
        fprintf(out, ", \"line\": %d, \"column\": %d", origin->line, origin->column);
    } else if (origin->source == CONFIG_ENVIRONMENT) {
        config_key_environment(key, text);
        fprintf(out, ", \"variable\": \"%s\"", text);
    }
}

void config_print_json(const struct config *config, const struct config_view *view, FILE *out)
{
    const char *separator = "";
    fprintf(out, "{\"generation\": %" PRIu64 ", \"keys\": {", config->generation);
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        if (!is_in(key, view->section)) continue;
        fprintf(out, "%s\n  \"%s\": {\"value\": ", separator, key->name);
        print_value(key, &config->settings, out);
        print_origin(config, key, out);
        putc('}', out);
        separator = ",";
    }
    fputs("\n}}\n", out);
}

static size_t section_bytes(const struct config_key *key)
{
    return (size_t)(strrchr(key->name, '.') - key->name);
}

static bool opens_section(uint32_t index)
{
    if (index == 0) return true;
    const struct config_key *key = config_key_at(index), *before = config_key_at(index - 1);
    size_t size = section_bytes(key);
    return size != section_bytes(before) || strncmp(key->name, before->name, size) != 0;
}

/* The compiled values as a file gives them: 0 where 0 stands for what other keys decide. */
static void write_compiled(struct config *out)
{
    config_init(out);
    for (uint32_t i = 0; i < config_key_count(); i++)
        if (config_key_at(i)->fills_at_zero) config_key_reset(config_key_at(i), &out->settings);
}

void config_print_toml(FILE *out)
{
    struct config config;
    char range[CONFIG_TEXT_BYTES];
    write_compiled(&config);
    fputs("# Every key at the value that is in force without a file. Written by `make docs`; do not edit.\n"
          "# The preset of speculation.mode does not reach max_depth and max_parallel_branches from here:\n"
          "# a key that is set in a file beats it. Delete the two lines to let the mode decide.\n",
          out);
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        if (opens_section(i)) fprintf(out, "\n[%.*s]\n", (int)section_bytes(key), key->name);
        config_key_range(key, range);
        fprintf(out, "# %s\n# Allowed: %s. %s\n%s = ", key->help, range,
                key->when == CONFIG_HOT ? "May change at run time." : "Takes effect at start.",
                strrchr(key->name, '.') + 1);
        print_value(key, &config.settings, out);
        putc('\n', out);
    }
}

static void print_markdown_row(const struct config *compiled, const struct config_key *key, FILE *out)
{
    char range[CONFIG_TEXT_BYTES], value[CONFIG_TEXT_BYTES];
    config_key_range(key, range);
    config_key_write(key, &compiled->settings, value);
    fprintf(out, "| `%s` | %s | `%s` | %s", strrchr(key->name, '.') + 1, config_type_name(key->type),
            shown(value), range);
    if (key->advised_max) fprintf(out, "; advised %" PRId64 "..%" PRId64, key->advised_min, key->advised_max);
    fprintf(out, " | %s | %s |\n", key->when == CONFIG_HOT ? "yes" : "no", key->help);
}

void config_print_markdown(FILE *out)
{
    struct config compiled;
    write_compiled(&compiled);
    fputs(
        "# Configuration keys\n\n"
        "Written by `make docs` from base/config_keys.c; do not edit.\n\n"
        "Layers, the highest first: environment (`AGENC_` and the key in capitals, dots as underscores:\n"
        "`AGENC_SPECULATION_MAX_DEPTH`), `--set` and the admin API, files (the later file first), the "
        "preset\n"
        "of `speculation.mode`, what is compiled in. `agenc config show --sources` tells where a value came\n"
        "from, `agenc config validate` what is wrong with a file. Hot keys change without a restart.\n"
        "A share is written 0.1, a percentage 10.0; both are held as whole basis points, and a value finer\n"
        "than that is refused.\n\n"
        "Read and checked, but without effect in simulations, because they are the service's:\n"
        "`circuit_breaker.*`, `admin.*`, `workers.*`, `metrics.*`, `drain_timeout_ms`, "
        "`checkpoint_interval`,\n"
        "`rollback.max_cascade_size` and `rollback.max_latency_ms`.\n",
        out);
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        if (opens_section(i))
            fprintf(out,
                    "\n## `[%.*s]`\n\n| key | type | default | allowed | hot | meaning "
                    "|\n|---|---|---|---|---|---|\n",
                    (int)section_bytes(key), key->name);
        print_markdown_row(&compiled, key, out);
    }
}
