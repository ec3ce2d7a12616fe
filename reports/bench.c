/* reports/bench.c: the memory of a result, and what is written into it by name. */
#include "reports/bench_own.h"
#include "base/arena.h"
#include "base/assert.h"
#include "reports/run_fields.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECTION_PAIRS = 256,
    /* A command line of 2 MiB fits, in command and in workload; pages that stay untouched cost nothing. */
    TEXT_BYTES = 1 << 23,
};

err bench_open_room(struct bench_result **out, uint32_t runs, bool has_baseline, size_t text_bytes)
{
    struct bench_result *result = calloc(1, sizeof *result);
    if (!result) return ERR_NOMEM;
    result->runs = runs;
    result->texts = calloc(1, sizeof *result->texts);
    result->per_run = calloc(runs ? runs : 1, sizeof *result->per_run);
    if (has_baseline) result->baseline = calloc(runs ? runs : 1, sizeof *result->baseline);
    bool has_all = result->texts && result->per_run && (result->baseline || !has_baseline);
    if (!has_all || arena_open(result->texts, text_bytes) != OK) {
        bench_free(result);
        return ERR_NOMEM;
    }
    *out = result;
    return OK;
}

err bench_open(struct bench_result **out, uint32_t runs, bool has_baseline)
{
    return bench_open_room(out, runs, has_baseline, TEXT_BYTES);
}

void bench_free(struct bench_result *result)
{
    if (!result) return;
    for (uint32_t run = 0; run < result->runs; run++) {
        if (result->per_run) run_metrics_close(&result->per_run[run]);
        if (result->baseline) run_metrics_close(&result->baseline[run]);
    }
    run_metrics_close(&result->summary);
    run_metrics_close(&result->baseline_summary);
    free(result->per_run);
    free(result->baseline);
    if (result->texts) arena_close(result->texts);
    free(result->texts);
    free(result);
}

const char *bench_text(struct bench_result *result, const char *text)
{
    size_t size_bytes = strlen(text) + 1;
    char *copy = arena_array(result->texts, size_bytes, 1);
    ASSERT(copy);
    memcpy(copy, text, size_bytes);
    return copy;
}

void bench_name_after(struct bench_result *result, const char *path)
{
    static const char *const SUFFIXES[] = {".json", ".toml"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t size_bytes = strlen(name);
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        size_t suffix_bytes = strlen(SUFFIXES[i]);
        bool has_it = size_bytes > suffix_bytes && strcmp(name + size_bytes - suffix_bytes, SUFFIXES[i]) == 0;
        if (has_it) size_bytes -= suffix_bytes;
    }
    char *copy = arena_array(result->texts, size_bytes + 1, 1);
    ASSERT(copy);
    memcpy(copy, name, size_bytes); /* the arena's bytes are 0 */
    result->name = copy;
}

/* Sections stay sorted: what is put in any order is written in one. A name that is there is replaced. */
static struct bench_pair *put(struct bench_result *result, struct bench_section *section, const char *name)
{
    if (!section->pairs) {
        section->pairs = arena_array(result->texts, SECTION_PAIRS, sizeof *section->pairs);
        ASSERT(section->pairs);
        section->capacity = SECTION_PAIRS;
    }
    uint32_t at = 0;
    while (at < section->count && strcmp(section->pairs[at].name, name) < 0) at++;
    struct bench_pair *pair = &section->pairs[at];
    if (at < section->count && strcmp(pair->name, name) == 0) return pair;
    ASSERT(section->count < section->capacity);
    memmove(pair + 1, pair, (section->count - at) * sizeof *pair);
    section->count++;
    *pair = (struct bench_pair){.name = bench_text(result, name)};
    return pair;
}

void bench_put_text(struct bench_result *result, struct bench_section *section, const char *name,
                    const char *text)
{
    struct bench_pair *pair = put(result, section, name);
    pair->kind = BENCH_TEXT;
    pair->text = bench_text(result, text);
}

void bench_put_integer(struct bench_result *result, struct bench_section *section, const char *name,
                       int64_t integer)
{
    struct bench_pair *pair = put(result, section, name);
    pair->kind = BENCH_INTEGER;
    pair->integer = integer;
    pair->number = (double)integer; /* so that who wants a number need not ask which */
}

void bench_put_number(struct bench_result *result, struct bench_section *section, const char *name,
                      double number)
{
    struct bench_pair *pair = put(result, section, name);
    pair->kind = BENCH_NUMBER;
    pair->number = number;
}

void bench_put_boolean(struct bench_result *result, struct bench_section *section, const char *name,
                       bool value)
{
    struct bench_pair *pair = put(result, section, name);
    pair->kind = BENCH_BOOLEAN;
    pair->integer = value;
}

const struct bench_pair *bench_get(const struct bench_section *section, const char *name)
{
    for (uint32_t i = 0; i < section->count; i++)
        if (strcmp(section->pairs[i].name, name) == 0) return &section->pairs[i];
    return NULL;
}

double bench_number(const struct bench_section *section, const char *name)
{
    const struct bench_pair *pair = bench_get(section, name);
    bool is_number = pair && (pair->kind == BENCH_NUMBER || pair->kind == BENCH_INTEGER);
    return is_number ? pair->number : NAN;
}

double bench_pooled_rollback_rate(const struct run_metrics *summary)
{
    if (summary->cohort_speculative == 0) return NAN;
    return (double)summary->cohort_rolled_back / (double)summary->cohort_speculative;
}

bool bench_metric(const struct bench_result *result, const char *name, double *out)
{
    struct run_metric metric;
    if (!run_metric_find(&result->summary, name, &metric)) return false;
    *out = metric.value;
    return true;
}
