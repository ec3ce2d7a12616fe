/* tests/unit/test_shape.c: the shapes of jobs, their mean sizes, their grammar. */
#include "loadgen/shape.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(shape, .timeout = 20);

static struct shape parse(const char *text)
{
    struct shape shape;
    struct diag diag = {0};
    cr_assert(shape_parse(&shape, text, &diag) == OK, "%s", diag.text);
    return shape;
}

static struct depth deep(const char *text)
{
    struct depth depth;
    struct diag diag = {0};
    cr_assert(depth_parse(&depth, text, &diag) == OK, "%s", diag.text);
    return depth;
}

/* "1 1 2,3": the parents of all tasks but the first, from 1; depths behind a bar. */
static void is(const char *shape_text, const char *depth_text, const char *expected)
{
    struct shape shape = parse(shape_text);
    struct depth depth = deep(depth_text);
    struct rng rng = rng_keyed(1, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    struct job_shape job;
    char text[1024] = "";
    shape_draw(&shape, &depth, &draw, &job);
    for (uint32_t i = 1; i < job.count; i++)
        for (uint32_t p = 0; p < job.parent_counts[i]; p++)
            sprintf(text + strlen(text), "%s%d", p ? "," : " ", job.parents[i][p] + 1);
    strcat(text, " |");
    for (uint32_t i = 0; i < job.count; i++) sprintf(text + strlen(text), " %d", job.depths[i]);
    cr_assert(eq(str, text, (char *)expected));
    shape_close(&shape);
}

Test(shape, are_what_they_are_called)
{
    is("chain", "fixed:3", " 1 2 3 | 0 1 2 3");
    is("chain", "fixed:0", " | 0");
    is("tree", "fixed:2", " 1 1 2 2 3 3 | 0 1 1 2 2 2 2");
    is("fan:3", "fixed:9", " 1 1 1 | 0 1 1 1");
    is("diamond", "fixed:2", " 1 1 2,3 | 0 1 1 2");
    is("diamond", "fixed:1", " 1 2 | 0 1 2");
}

static void check_job(const struct job_shape *job)
{
    cr_assert(job->count >= 1 && job->count <= LIMIT_SHAPE_NODES);
    for (uint32_t i = 0; i < job->count; i++) {
        cr_assert(job->parent_counts[i] <= LIMIT_PARENTS);
        for (uint32_t p = 0; p < job->parent_counts[i]; p++) {
            cr_assert(job->parents[i][p] < i);
            cr_assert(p == 0 || job->parents[i][p] > job->parents[i][p - 1]);
        }
    }
}

Test(shape, have_the_mean_that_they_state)
{
    enum { JOBS = 100000 };
    static const char *TEXTS[] = {"chain",
                                  "tree",
                                  "fan:7",
                                  "diamond",
                                  "mix:root=.3,chain=.4,branch=.2,merge=.1",
                                  "mix:root=0.01,merge=.99"};
    static const char *DEPTHS[] = {"uniform:1-5", "geometric:.1", "uniform:0-40"};
    struct rng rng = rng_keyed(1, 0);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS * 3; i++) {
        struct shape shape = parse(TEXTS[i / 3]);
        struct depth depth = deep(DEPTHS[i % 3]);
        struct job_shape job;
        double sum = 0, squares = 0;
        for (uint32_t n = 0; n < JOBS; n++) {
            struct draw draw = draw_at(&rng, RNG_TEST, n, 0);
            shape_draw(&shape, &depth, &draw, &job);
            check_job(&job);
            sum += job.count, squares += (double)job.count * job.count;
        }
        double mean = sum / JOBS, error = sqrt((squares / JOBS - mean * mean) / JOBS);
        cr_assert(fabs(mean - shape_mean_tasks(&shape, &depth)) <= 4 * error + 1e-9, "%s: %g", TEXTS[i / 3],
                  mean);
        shape_close(&shape);
    }
}

Test(shape, chain_of_the_guide_has_four_tasks)
{
    struct shape shape = parse("chain");
    struct depth depth = deep("uniform:1-5");
    cr_assert(fabs(shape_mean_tasks(&shape, &depth) - 4) < 1e-12);
}

Test(shape, mix_keeps_its_shares)
{
    struct shape shape = parse("mix:root=.3,chain=.4,branch=.2,merge=.1");
    struct depth depth = deep("fixed:1");
    struct rng rng = rng_keyed(2, 0);
    struct job_shape job;
    double tasks = 0, merges = 0;
    for (uint32_t n = 0; n < 100000; n++) {
        struct draw draw = draw_at(&rng, RNG_TEST, n, 0);
        shape_draw(&shape, &depth, &draw, &job);
        for (uint32_t i = 2; i < job.count; i++) tasks++, merges += job.parent_counts[i] == 2;
    }
    cr_assert(fabs(merges / tasks - .1 / .7) < .005, "%g", merges / tasks);
}

static err parse_file(const char *content, struct shape *out, struct diag *diag)
{
    char path[] = "/tmp/agenc-shape-XXXXXX", text[64];
    FILE *file = fdopen(mkstemp(path), "w");
    fputs(content, file);
    fclose(file);
    snprintf(text, sizeof text, "trace:%s", path);
    err e = shape_parse(out, text, diag);
    unlink(path);
    return e;
}

Test(shape, trace_takes_one_job_a_line_in_turn)
{
    struct shape shape;
    struct depth depth = deep("fixed:1");
    struct diag diag = {0};
    struct draw draw = {0};
    struct job_shape job;
    cr_assert(parse_file("# two jobs\n- 1 1 2,3\n- -  1,2\n", &shape, &diag) == OK, "%s", diag.text);
    cr_assert(fabs(shape_mean_tasks(&shape, &depth) - 3.5) < 1e-12);
    draw.entity = 2;
    shape_draw(&shape, &depth, &draw, &job);
    cr_assert(job.count == 4 && job.parent_counts[3] == 2 && job.depths[3] == 2);
    draw.entity = 3;
    shape_draw(&shape, &depth, &draw, &job);
    cr_assert(job.count == 3 && job.parent_counts[1] == 0 && job.depths[2] == 1);
    shape_close(&shape);
}

Test(shape, trace_is_refused_with_its_line)
{
    static const struct {
        const char *content, *says;
        err code;
    } CASES[] = {{"", "has no jobs", ERR_SYNTAX},
                 {"1\n", "must be - (no parents)", ERR_SYNTAX},
                 {"- 1\n- 2\n", ":2: 2 is out of range; it must be a whole number in 1 .. 1", ERR_RANGE},
                 {"- 1 2,1\n", "parents must ascend", ERR_SYNTAX},
                 {"- x\n", "'x' is not a whole number", ERR_SYNTAX}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct shape shape;
        struct diag diag = {0};
        err e = parse_file(CASES[i].content, &shape, &diag);
        cr_expect(e == CASES[i].code && strstr(diag.text, CASES[i].says), "%s: %s", CASES[i].content,
                  diag.text);
    }
    char text[1024] = "-";
    for (int i = 0; i < LIMIT_SHAPE_NODES; i++) strcat(text, " 1");
    struct shape shape;
    struct diag diag = {0};
    cr_assert(eq(int, parse_file(text, &shape, &diag), ERR_LIMIT));
    strcpy(text, "-");
    for (int i = 0; i < LIMIT_PARENTS; i++) strcat(text, " -");
    strcat(text, " 1");
    for (int i = 2; i <= LIMIT_PARENTS + 1; i++) sprintf(text + strlen(text), ",%d", i);
    cr_assert(eq(int, parse_file(text, &shape, &diag), ERR_LIMIT));
}

Test(shape, malformed_ones_are_refused_with_what_would_be_right)
{
    static const struct {
        const char *text, *says;
        err code;
    } CASES[] = {
        {"ring", "none of chain, tree", ERR_SYNTAX},
        {"chain:5", "depths come from --depth-distribution", ERR_SYNTAX},
        {"fan", "must be fan:K", ERR_SYNTAX},
        {"fan:0", "1 .. 63", ERR_RANGE},
        {"fan:nan", "not a whole number", ERR_SYNTAX},
        {"mix:root=.3,chain=.4", "must sum to 1", ERR_RANGE},
        {"mix:root=.5,ring=.5", "none of root=SHARE,chain=SHARE", ERR_SYNTAX},
        {"mix:root=.5,root=.5", "given twice", ERR_SYNTAX},
        {"mix:chain=1", "at least 0.01", ERR_RANGE},
        {"mix:root=nan", "not a number", ERR_SYNTAX},
        {"mix", "none of root=SHARE", ERR_SYNTAX},
        {"trace", "must be trace:FILE", ERR_SYNTAX},
        {"trace:/no/such", "cannot read", ERR_IO},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct shape shape;
        struct diag diag = {0};
        err e = shape_parse(&shape, CASES[i].text, &diag);
        cr_expect(e == CASES[i].code && strstr(diag.text, CASES[i].says), "%s: %s: %s", CASES[i].text,
                  err_text(e), diag.text);
    }
}
