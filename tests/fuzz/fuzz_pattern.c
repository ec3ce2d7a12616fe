/* tests/fuzz/fuzz_pattern.c: any text as a rate pattern, a depth, a shape; any bytes as the files they read.
 */
#include "base/limits.h"
#include "base/units.h"
#include "loadgen/depth.h"
#include "loadgen/pattern.h"
#include "loadgen/shape.h"
#include "tests/fuzz/fuzz.h"

static void parse_pattern(const char *text)
{
    struct diag diag = {0};
    struct pattern pattern;
    uint32_t piece = 0;
    const struct pattern_options options = {
        .text = text, .base_rate = 50, .tasks_per_job = 3, .duration_ns = NS_PER_MIN};
    err e = pattern_parse(&pattern, &options, &diag);
    fuzz_judge(e, &diag);
    if (e != OK) return;
    u128 work = pattern_work(&pattern);
    for (u128 at = 0; at < work && at < 8 * PATTERN_JOB_WORK; at += PATTERN_JOB_WORK) {
        int64_t at_ns = pattern_at(&pattern, at, &piece);
        ASSERT(at_ns >= 0 && at_ns <= options.duration_ns);
    }
    ASSERT(pattern_mean_rate(&pattern) >= 0);
    pattern_close(&pattern);
}

static void parse_depth(const char *text)
{
    struct diag diag = {0};
    struct depth depth;
    err e = depth_parse(&depth, text, &diag);
    fuzz_judge(e, &diag);
    if (e != OK) return;
    const struct rng rng = rng_keyed(1, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 1, 0);
    for (int i = 0; i < 8; i++) ASSERT(depth_draw(&depth, &draw) <= DEPTH_MAX);
}

static void draw_shape(const struct shape *shape)
{
    const struct rng rng = rng_keyed(1, 0);
    struct depth depth;
    struct job_shape job;
    err e = depth_parse(&depth, "uniform:0-63", NULL);
    ASSERT(e == OK);
    ASSERT(shape_mean_tasks(shape, &depth) >= 1);
    for (uint64_t i = 0; i < 8; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        shape_draw(shape, &depth, &draw, &job);
        ASSERT(job.count >= 1 && job.count <= LIMIT_SHAPE_NODES);
        for (uint32_t task = 0; task < job.count; task++)
            for (uint32_t p = 0; p < job.parent_counts[task]; p++) ASSERT(job.parents[task][p] < task);
    }
}

static void parse_shape(const char *text)
{
    struct diag diag = {0};
    struct shape shape;
    err e = shape_parse(&shape, text, &diag);
    fuzz_judge(e, &diag);
    if (e != OK) return;
    draw_shape(&shape);
    shape_close(&shape);
}

static void parse_all(const char *text)
{
    parse_pattern(text);
    parse_depth(text);
    parse_shape(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    char *text = fuzz_text(bytes, size_bytes), from_file[128];
    struct fuzz_file file = fuzz_file_open(bytes, size_bytes);
    bool names_file = strncmp(text, "trace:", 6) == 0 || strncmp(text, "empirical:", 10) == 0;
    if (!names_file) parse_all(text);
    snprintf(from_file, sizeof from_file, "trace:%s", file.path);
    parse_all(from_file);
    snprintf(from_file, sizeof from_file, "empirical:%s", file.path);
    parse_depth(from_file);
    fuzz_file_close(&file);
    free(text);
    return 0;
}
