/* cli/points.c: levels become words. */
#include "cli/points.h"
#include "base/assert.h"
#include "cli/commands.h"
#include <string.h>

enum { CHUNK = 8, WORDS_MOST = 2 * FLAG_USES_MOST, WORD_BYTES = 2 * DESIGN_TEXT_BYTES + 4 };

static bool is_among(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

static bool is_option(const char *key)
{
    for (const struct flag *flag = BENCHMARK_FLAGS; flag->name; flag++)
        if (strcmp(flag->name, key) == 0) return true;
    return false;
}

struct words {
    char made[WORDS_MOST][WORD_BYTES];
    const char *list[WORDS_MOST + 1];
    uint32_t made_count, count;
};

static void add(struct words *words, const char *word)
{
    ASSERT(words->count < WORDS_MOST);
    words->list[words->count++] = word;
    words->list[words->count] = NULL;
}

static char *make(struct words *words)
{
    ASSERT(words->made_count < WORDS_MOST);
    return words->made[words->made_count++];
}

static void add_given(struct words *words, const struct points *points)
{
    for (uint32_t use = 0; use < points->args->use_count; use++) {
        const struct flag *flag = points->args->flags[points->args->uses[use].flag];
        if (is_among(points->left_out, flag->name)) continue;
        char *option = make(words);
        snprintf(option, WORD_BYTES, "--%s", flag->name);
        add(words, option);
        if (flag->type != FLAG_SWITCH) add(words, points->args->uses[use].text);
    }
}

static void add_levels(struct words *words, const struct points *points, uint32_t point)
{
    const struct design *design = points->design;
    for (uint32_t i = 0; i < design->factor_count; i++) {
        const struct design_factor *factor = &design->factors[i];
        const char *level = factor->levels[design->points[point][i]];
        char *word = make(words);
        if (is_option(factor->key)) {
            snprintf(word, WORD_BYTES, "--%s", factor->key);
            add(words, word);
            add(words, level);
        } else {
            add(words, "--set");
            snprintf(word, WORD_BYTES, "%s=%s", factor->key, level);
            add(words, word);
        }
    }
}

static err add_job(struct bench_jobs *jobs, const struct points *points, uint32_t point, struct diag *diag)
{
    struct words words = {0};
    add_given(&words, points);
    add_levels(&words, points, point);
    for (const char *const *own = points->own; *own; own++) add(&words, *own);
    return bench_jobs_add(jobs, words.list, diag);
}

err points_config(const struct points *points, struct config *out, struct diag *diag)
{
    struct words words = {0};
    struct bench_jobs *jobs = NULL;
    add_given(&words, points);
    for (const char *const *own = points->own; *own; own++) add(&words, *own);
    TRY(bench_jobs_open(&jobs, points->args, diag));
    err e = bench_jobs_add(jobs, words.list, diag);
    if (e == OK && out) *out = bench_jobs_request(jobs, 0)->config;
    bench_jobs_close(jobs);
    return e;
}

/* What is wrong with all points is no fault of their levels. */
static err blame(const struct points *points, uint32_t point, const struct diag *why, err e,
                 struct diag *diag)
{
    struct diag common = {0};
    char name[DESIGN_NAME_BYTES];
    if (points_config(points, NULL, &common) != OK && strcmp(common.text, why->text) == 0)
        return diag_fail(diag, e, "%s", why->text);
    design_name(points->design, point, name);
    return diag_fail(diag, e, "%s %.160s: %s", points->option, name, why->text);
}

err points_check(const struct points *points, struct diag *diag)
{
    for (uint32_t point = 0; point < points->design->point_count; point++) {
        struct bench_jobs *jobs = NULL;
        struct diag why = {0};
        TRY(bench_jobs_open(&jobs, points->args, diag));
        err e = add_job(jobs, points, point, &why);
        bench_jobs_close(jobs);
        if (e != OK) return blame(points, point, &why, e, diag);
    }
    return OK;
}

/* So many points as are run at once, and who takes their results. */
struct chunk {
    const struct points *points;
    points_take *take;
    void *context;
    uint32_t indices[CHUNK], count;
};

static err hand_over(const struct chunk *chunk, struct bench_result **results, struct diag *diag)
{
    err e = OK;
    for (uint32_t i = 0; i < chunk->count; i++) {
        bool is_whole = results[i] && !results[i]->interrupted;
        if (e == OK && !is_whole) e = diag_fail(diag, ERR_INTERRUPTED, "interrupted");
        if (e == OK)
            e = chunk->take(chunk->context, chunk->indices[i], results[i], diag);
        else
            bench_free(results[i]);
    }
    return e;
}

static err run_chunk(const struct chunk *chunk, struct diag *diag)
{
    const struct points *points = chunk->points;
    struct bench_jobs *jobs = NULL;
    struct bench_result *results[CHUNK] = {0};
    char label[64];
    snprintf(label, sizeof label, "%.40s %u/%u", points->label, chunk->indices[0] + 1,
             points->design->point_count);
    err e = bench_jobs_open(&jobs, points->args, diag);
    for (uint32_t i = 0; i < chunk->count && e == OK; i++) e = add_job(jobs, points, chunk->indices[i], diag);
    if (e == OK) e = bench_jobs_run(jobs, label, results, diag);
    bench_jobs_close(jobs);
    return e == OK ? hand_over(chunk, results, diag) : e;
}

err points_run(const struct points *points, points_take *take, void *context, struct diag *diag)
{
    struct chunk chunk = {points, take, context, {0}, 0};
    for (uint32_t point = 0; point < points->design->point_count; point++) {
        if (!points->is_wanted || points->is_wanted[point]) chunk.indices[chunk.count++] = point;
        bool is_last = point + 1 == points->design->point_count;
        if (chunk.count < CHUNK && !(is_last && chunk.count > 0)) continue;
        TRY(run_chunk(&chunk, diag));
        chunk.count = 0;
    }
    return OK;
}
