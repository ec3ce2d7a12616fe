/* reports/sequential.c: a random walk between two walls. */
#include "reports/sequential.h"
#include "base/assert.h"
#include "reports/stats.h"
#include <math.h>
#include <string.h>

enum { GRID = 161 }; /* odd, for Simpson's rule */

/* The density of the sum, of those walks that have not met a wall. */
struct walk {
    double at[GRID], density[GRID];
    double step;
};

static double normal_density(double x, double variance)
{
    const double two_pi = 6.283185307179586;
    return exp(-x * x / (2 * variance)) / sqrt(two_pi * variance);
}

static double weight(uint32_t i, double step)
{
    if (i == 0 || i == GRID - 1) return step / 3;
    return i % 2 ? 4 * step / 3 : 2 * step / 3;
}

static void begin(struct walk *walk, double wall, double variance)
{
    walk->step = 2 * wall / (GRID - 1);
    for (uint32_t i = 0; i < GRID; i++) {
        walk->at[i] = -wall + i * walk->step;
        walk->density[i] = normal_density(walk->at[i], variance);
    }
}

static void advance(struct walk *walk, double variance)
{
    double next[GRID] = {0};
    for (uint32_t i = 0; i < GRID; i++)
        for (uint32_t j = 0; j < GRID; j++)
            next[i] += weight(j, walk->step) * walk->density[j] *
                       normal_density(walk->at[i] - walk->at[j], variance);
    memcpy(walk->density, next, sizeof next);
}

/* The chance to meet a wall at some look; time is in shares of the last look's. */
static double chance_of(double wall, const uint32_t *pairs, uint32_t count)
{
    struct walk walk;
    double inside = 0, last = pairs[count - 1];
    begin(&walk, wall, pairs[0] / last);
    for (uint32_t k = 1; k < count; k++) advance(&walk, (pairs[k] - pairs[k - 1]) / last);
    for (uint32_t i = 0; i < GRID; i++) inside += weight(i, walk.step) * walk.density[i];
    return 1 - inside;
}

void sequential_plan(const uint32_t *pairs, uint32_t count, double alpha, double *alphas)
{
    ASSERT(count > 0 && count <= SEQUENTIAL_LOOKS_MOST && alpha > 0 && alpha < 1);
    double near = 0.01, far = 8;
    for (int i = 0; i < 36; i++) {
        double middle = (near + far) / 2;
        if (chance_of(middle, pairs, count) > alpha)
            near = middle;
        else
            far = middle;
    }
    for (uint32_t k = 0; k < count; k++)
        alphas[k] = 2 * stats_normal_above(far * sqrt((double)pairs[count - 1] / pairs[k]));
}
