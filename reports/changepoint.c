/* reports/changepoint.c: splits by energy distance.
 *
 * Q of a split = 2 m n / (m + n)^2 x (mean distance between the sides - half the
 * mean distance within each), in the form that compares all splits of a segment
 * in one sweep over the matrix of distances. */
#include "reports/changepoint.h"
#include "base/assert.h"
#include "base/rng.h"
#include "reports/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct segment {
    uint32_t from, until;
};

struct work {
    const struct changepoint_series *series;
    struct segment open[CHANGEPOINT_VALUES_MOST]; /* not looked at yet */
    uint32_t open_count;
    double *values, *shuffled; /* of a segment */
    uint32_t looks;
};

struct split {
    uint32_t index;
    double q;
};

/* As a value moves from the right side to the left, the three sums change by its distances alone. */
static struct split best_split(const double *values, uint32_t count)
{
    struct split best = {0, -INFINITY};
    double within_left = 0, within_right = 0, between = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count; j++) within_right += fabs(values[i] - values[j]);
    for (uint32_t cut = 1; cut < count; cut++) {
        double to_left = 0, to_right = 0, moved = values[cut - 1];
        for (uint32_t i = 0; i + 1 < cut; i++) to_left += fabs(moved - values[i]);
        for (uint32_t i = cut; i < count; i++) to_right += fabs(moved - values[i]);
        within_left += to_left;
        within_right -= to_right;
        between += to_right - to_left;
        double m = cut, n = count - cut;
        if (cut < CHANGEPOINT_SEGMENT_LEAST || count - cut < CHANGEPOINT_SEGMENT_LEAST) continue;
        double energy =
            2 * between / (m * n) - 2 * within_left / (m * (m - 1)) - 2 * within_right / (n * (n - 1));
        double q = m * n / (m + n) * energy;
        if (q > best.q) best = (struct split){cut, q};
    }
    return best;
}

/* The segment's blocks in another order; the first block begins anywhere, so that cuts are not always the
 * same. */
static void shuffle_blocks(double *out, const double *values, uint32_t count, struct draw *draw)
{
    uint32_t order[CHANGEPOINT_VALUES_MOST / CHANGEPOINT_BLOCK + 2];
    uint32_t lead = (uint32_t)draw_below(draw, CHANGEPOINT_BLOCK), blocks = 0, at = 0;
    for (uint32_t from = 0; from < count + lead; from += CHANGEPOINT_BLOCK) order[blocks++] = from;
    for (uint32_t i = blocks; i > 1; i--) {
        uint32_t other = (uint32_t)draw_below(draw, i), kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
    for (uint32_t block = 0; block < blocks; block++)
        for (uint32_t i = order[block]; i < order[block] + CHANGEPOINT_BLOCK; i++)
            if (i >= lead && i - lead < count) out[at++] = values[i - lead];
    ASSERT(at == count);
}

static double chance_of(struct work *work, uint32_t count, double q)
{
    const struct rng rng = rng_keyed(work->series->seed, work->looks++);
    uint32_t hits = 1;
    for (uint32_t shuffle = 0; shuffle < CHANGEPOINT_SHUFFLES; shuffle++) {
        struct draw draw = draw_at(&rng, RNG_RESAMPLE, shuffle, 0);
        shuffle_blocks(work->shuffled, work->values, count, &draw);
        hits += best_split(work->shuffled, count).q >= q;
        /* What is clearly no change needs no more shuffles. */
        if (hits > 3 * work->series->alpha * (CHANGEPOINT_SHUFFLES + 1)) break;
    }
    return (double)hits / (CHANGEPOINT_SHUFFLES + 1);
}

/* The share of comparisons that the side with more wins decides, ties half. */
static double superiority(const double *values, uint32_t cut, uint32_t count)
{
    double above = 0;
    for (uint32_t i = 0; i < cut; i++)
        for (uint32_t j = cut; j < count; j++)
            above += values[j] > values[i] ? 1 : values[j] == values[i] ? 0.5 : 0;
    above /= (double)cut * (count - cut);
    return above > 0.5 ? above : 1 - above;
}

static void add_point(struct changepoint_list *out, uint32_t index, double p)
{
    uint32_t at = out->count++;
    for (; at > 0 && out->points[at - 1].index > index; at--) out->points[at] = out->points[at - 1];
    out->points[at] = (struct changepoint){.index = index, .p = p};
}

static void look_at(struct work *work, struct changepoint_list *out, struct segment segment)
{
    uint32_t count = segment.until - segment.from;
    if (count < 2 * CHANGEPOINT_SEGMENT_LEAST || out->count == CHANGEPOINT_MOST) return;
    memcpy(work->values, work->series->values + segment.from, count * sizeof *work->values);
    struct split split = best_split(work->values, count);
    if (superiority(work->values, split.index, count) < CHANGEPOINT_SUPERIORITY) return;
    double p = chance_of(work, count, split.q);
    if (p > work->series->alpha) return;
    uint32_t index = segment.from + split.index;
    add_point(out, index, p);
    work->open[work->open_count++] = (struct segment){segment.from, index};
    work->open[work->open_count++] = (struct segment){index, segment.until};
}

static void fill_levels(struct changepoint_list *list, const struct changepoint_series *series)
{
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t from = i > 0 ? list->points[i - 1].index : 0, index = list->points[i].index;
        uint32_t until = i + 1 < list->count ? list->points[i + 1].index : series->count;
        list->points[i].before = stats_median(series->values + from, index - from);
        list->points[i].after = stats_median(series->values + index, until - index);
    }
}

err changepoint_find(struct changepoint_list *out, const struct changepoint_series *series)
{
    if (series->count > CHANGEPOINT_VALUES_MOST) return ERR_LIMIT;
    struct work *work = calloc(1, sizeof *work);
    if (!work) return ERR_NOMEM;
    work->series = series;
    work->values = malloc((series->count + 1) * sizeof *work->values);
    work->shuffled = malloc((series->count + 1) * sizeof *work->shuffled);
    err e = work->values && work->shuffled ? OK : ERR_NOMEM;
    if (e == OK) {
        out->count = 0;
        work->open[work->open_count++] = (struct segment){0, series->count};
        while (work->open_count > 0) look_at(work, out, work->open[--work->open_count]);
        fill_levels(out, series);
    }
    free(work->values);
    free(work->shuffled);
    free(work);
    return e;
}
