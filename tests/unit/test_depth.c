/* tests/unit/test_depth.c: the depth grammar, the shared cases of it, and that draws follow the stated
 * chances. */
#include "loadgen/depth.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(depth, .timeout = 20);

static struct depth parse(const char *text)
{
    struct depth depth;
    struct diag diag = {0};
    cr_assert(depth_parse(&depth, text, &diag) == OK, "%s", diag.text);
    return depth;
}

Test(depth, reads_the_shared_vectors)
{
    struct depth depth = parse("uniform:1-5");
    cr_assert(eq(int, depth.kind, DEPTH_UNIFORM));
    cr_assert(depth.least == 1 && depth.most == 5 && fabs(depth_mean(&depth) - 3) < 1e-12);
    depth = parse("fixed:8");
    cr_assert(eq(int, depth.kind, DEPTH_FIXED));
    cr_assert(depth.least == 8 && fabs(depth_mean(&depth) - 8) < 1e-12);
}

static void follows(const struct depth *depth)
{
    enum { DRAWS = 200000 };
    static uint32_t seen[DEPTH_MAX + 1];
    struct rng rng = rng_keyed(1, 0);
    double sum = 0;
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        seen[depth_draw(depth, &draw)]++;
    }
    for (uint32_t i = 0; i <= DEPTH_MAX; i++) {
        double chance = depth_chance(depth, i), sd = sqrt(chance * (1 - chance) * DRAWS);
        sum += chance;
        cr_assert(fabs(seen[i] - chance * DRAWS) <= 5 * sd + 1e-6, "%u: %u", i, seen[i]);
    }
    cr_assert(fabs(sum - 1) < 1e-12);
}

Test(depth, draws_follow_their_chances)
{
    static const char *TEXTS[] = {"uniform:1-5",   "uniform:0-63",   "fixed:0",
                                  "geometric:0.4", "geometric:0.03", "geometric:1"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct depth depth = parse(TEXTS[i]);
        follows(&depth);
    }
}

Test(depth, reads_what_was_observed)
{
    char path[] = "/tmp/agenc-depth-XXXXXX", text[64];
    FILE *file = fdopen(mkstemp(path), "w");
    fputs("1\n2 # comment\n\n2\n7\n", file);
    fclose(file);
    snprintf(text, sizeof text, "empirical:%s", path);
    struct depth depth = parse(text);
    cr_assert(fabs(depth_mean(&depth) - 3) < 1e-12);
    follows(&depth);
    unlink(path);
}

Test(depth, malformed_ones_are_refused_with_what_would_be_right)
{
    static const struct {
        const char *text, *says;
        err code;
    } CASES[] = {
        {"uniform:5-1", "must be uniform:1-5", ERR_RANGE},
        {"uniform:5", "must be uniform:LOW-HIGH", ERR_SYNTAX},
        {"uniform:1-nan", "'nan' is not a whole number", ERR_SYNTAX},
        {"uniform:1-64", "0 .. 63", ERR_RANGE},
        {"fixed:", "'' is not a whole number", ERR_SYNTAX},
        {"fixed:2.5", "whole number", ERR_RANGE},
        {"fixed:-1", "0 .. 63", ERR_RANGE},
        {"fixed:99999999999999999999", "0 .. 63", ERR_RANGE},
        {"geometric:0", "0.01 .. 1", ERR_RANGE},
        {"geometric:1.5", "0.01 .. 1", ERR_RANGE},
        {"geometric:inf", "is not a number", ERR_SYNTAX},
        {"empirical:/no/such/file", "cannot read", ERR_IO},
        {"empirical:/dev/null", "has no depths", ERR_SYNTAX},
        {"poisson:3", "none of uniform:LOW-HIGH", ERR_SYNTAX},
        {"fixed", "none of uniform:LOW-HIGH", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct depth depth;
        struct diag diag = {0};
        err e = depth_parse(&depth, CASES[i].text, &diag);
        cr_expect(e == CASES[i].code && strstr(diag.text, CASES[i].says), "%s: %s: %s", CASES[i].text,
                  err_text(e), diag.text);
    }
}
