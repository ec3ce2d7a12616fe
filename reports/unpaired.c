/* reports/unpaired.c: ranks, medians of differences, Welch. */
#include "reports/unpaired.h"
#include "base/assert.h"
#include "base/sort.h"
#include "reports/paired.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How often a value of `after` exceeds one of `before`, ties half: the rank sum's U. */
struct wins {
    double above;
    double tie_cubes; /* sum of t^3 - t over groups of t equal values */
    bool has_ties;
};

static err count_wins(struct wins *out, const struct unpaired_sample *sample)
{
    uint32_t count = sample->before_count + sample->after_count;
    double *pooled = malloc(count * sizeof *pooled);
    if (!pooled) return ERR_NOMEM;
    *out = (struct wins){0};
    for (uint32_t i = 0; i < sample->after_count; i++)
        for (uint32_t j = 0; j < sample->before_count; j++)
            out->above += sample->after[i] > sample->before[j]    ? 1
                          : sample->after[i] == sample->before[j] ? 0.5
                                                                  : 0;
    memcpy(pooled, sample->before, sample->before_count * sizeof *pooled);
    memcpy(pooled + sample->before_count, sample->after, sample->after_count * sizeof *pooled);
    sort_doubles(pooled, count);
    for (uint32_t from = 0, until; from < count; from = until) {
        for (until = from + 1; until < count && pooled[until] == pooled[from];) until++;
        double size = until - from;
        out->tie_cubes += size * size * size - size;
        out->has_ties = out->has_ties || until - from > 1;
    }
    free(pooled);
    return OK;
}

enum { WINS_MOST = UNPAIRED_EXACT_MOST * UNPAIRED_EXACT_MOST / 4 + 1 };

/* chances[u]: that of exactly u wins when both arms are alike. With `a` against `b` values, the largest of
 * all is of the first arm with the chance a / (a + b), and then wins b times. */
static void win_chances(uint32_t before, uint32_t after, double chances[WINS_MOST])
{
    static const size_t ROW = WINS_MOST;
    double rows[UNPAIRED_EXACT_MOST + 1][WINS_MOST] = {{0}};
    for (uint32_t b = 0; b <= before; b++) rows[b][0] = 1; /* none of `after` yet */
    for (uint32_t a = 1; a <= after; a++)
        for (uint32_t b = 1; b <= before; b++) {
            double mine = (double)a / (a + b);
            for (uint32_t u = a * b + 1; u-- > 0;)
                rows[b][u] = (u >= b ? mine * rows[b][u - b] : 0) + (1 - mine) * rows[b - 1][u];
        }
    memcpy(chances, rows[before], ROW * sizeof *chances);
}

/* P(U <= wins) */
static double chance_up_to(const double chances[WINS_MOST], uint32_t wins)
{
    double sum = 0;
    for (uint32_t u = 0; u <= wins; u++) sum += chances[u];
    return sum;
}

static double exact_p(const double chances[WINS_MOST], const struct unpaired *out, double above)
{
    double pairs = (double)out->before * out->after, lesser = above < pairs - above ? above : pairs - above;
    double p = 2 * chance_up_to(chances, (uint32_t)lesser);
    return p < 1 ? p : 1;
}

static double normal_deviation(const struct unpaired *out, double tie_cubes)
{
    double n = out->before, m = out->after, all = n + m;
    return sqrt(n * m / 12 * (all + 1 - tie_cubes / (all * (all - 1))));
}

static double normal_p(const struct unpaired *out, const struct wins *wins)
{
    double middle = (double)out->before * out->after / 2, deviation = normal_deviation(out, wins->tie_cubes);
    double apart = fabs(wins->above - middle) - 0.5;
    if (deviation == 0 || apart <= 0) return 1;
    return 2 * stats_normal_above(apart / deviation);
}

/* The least number of wins that is not in the lower tail; 0: no limit at this confidence. */
static uint64_t limit_rank(const struct unpaired *out, const double *chances, double tail)
{
    if (!chances) {
        double middle = (double)out->before * out->after / 2;
        double rank = middle + stats_normal_quantile(tail) * normal_deviation(out, 0);
        return rank > 0 ? (uint64_t)rank : 0;
    }
    double below = 0;
    for (uint32_t u = 0; u < WINS_MOST; u++) {
        below += chances[u];
        if (below >= tail) return u;
    }
    return 0;
}

static err estimate_shift(struct unpaired *out, const struct unpaired_sample *sample, const double *chances)
{
    size_t count = (size_t)sample->before_count * sample->after_count, at = 0;
    double *differences = malloc(count * sizeof *differences);
    if (!differences) return ERR_NOMEM;
    for (uint32_t i = 0; i < sample->after_count; i++)
        for (uint32_t j = 0; j < sample->before_count; j++)
            differences[at++] = sample->after[i] - sample->before[j];
    sort_doubles(differences, count);
    out->shift = (differences[(count - 1) / 2] + differences[count / 2]) / 2;
    uint64_t rank = limit_rank(out, chances, (1 - sample->confidence) / 2);
    if (rank > 0) out->shift_limits = (struct interval){differences[rank - 1], differences[count - rank]};
    free(differences);
    return OK;
}

static void estimate_means(struct unpaired *out, const struct unpaired_sample *sample)
{
    double s = stats_deviation(sample->before, out->before), r = stats_deviation(sample->after, out->after);
    double v = s * s / out->before, w = r * r / out->after, error = sqrt(v + w);
    out->difference = stats_mean(sample->after, out->after) - stats_mean(sample->before, out->before);
    if (out->before < 2 || out->after < 2) return;
    out->error = error;
    out->degrees = out->before + out->after - 2;
    if (error == 0) {
        out->difference_limits = (struct interval){out->difference, out->difference};
        out->t_p = out->difference == 0 ? 1 : 0;
        out->detectable = 0;
        return;
    }
    double degrees = (v + w) * (v + w) / (v * v / (out->before - 1) + w * w / (out->after - 1));
    out->degrees = degrees;
    double t = stats_t_quantile(0.5 + sample->confidence / 2, degrees);
    out->difference_limits = (struct interval){out->difference - t * error, out->difference + t * error};
    out->t_p = 2 * stats_t_above(fabs(out->difference) / error, degrees);
    out->detectable = (t + stats_t_quantile(PAIRED_POWER, degrees)) * error;
}

err unpaired_compare(struct unpaired *out, const struct unpaired_sample *sample)
{
    struct wins wins;
    double chances[WINS_MOST];
    ASSERT(sample->before_count > 0 && sample->before_count <= UNPAIRED_VALUES_MOST);
    ASSERT(sample->after_count > 0 && sample->after_count <= UNPAIRED_VALUES_MOST);
    *out = (struct unpaired){.before = sample->before_count,
                             .after = sample->after_count,
                             .difference_limits = {NAN, NAN},
                             .shift_limits = {NAN, NAN},
                             .t_p = NAN,
                             .error = NAN,
                             .degrees = NAN,
                             .detectable = INFINITY};
    TRY(count_wins(&wins, sample));
    out->is_exact = !wins.has_ties && out->before + out->after <= UNPAIRED_EXACT_MOST;
    if (out->is_exact) win_chances(out->before, out->after, chances);
    out->rank_p = out->is_exact ? exact_p(chances, out, wins.above) : normal_p(out, &wins);
    out->superiority = 1 - wins.above / ((double)out->before * out->after);
    estimate_means(out, sample);
    return estimate_shift(out, sample, out->is_exact ? chances : NULL);
}
