/* reports/stats.c: sums over few values, GSL for the distributions. */
#include "reports/stats.h"
#include "base/assert.h"
#include "base/sort.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double stats_median(const double *values, uint32_t count)
{
    if (count == 0) return NAN;
    for (uint32_t i = 0; i < count; i++)
        if (isnan(values[i])) return NAN;
    double *sorted = malloc(count * sizeof *sorted);
    if (!sorted) return NAN;
    memcpy(sorted, values, count * sizeof *sorted);
    sort_doubles(sorted, count);
    double low = sorted[(count - 1) / 2], high = sorted[count / 2];
    free(sorted);
    return low + (high - low) / 2;
}

double stats_mean(const double *values, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) sum += values[i];
    return count > 0 ? sum / count : NAN;
}

double stats_deviation(const double *values, uint32_t count)
{
    if (count < 2) return NAN;
    double mean = stats_mean(values, count), squares = 0;
    for (uint32_t i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (count - 1));
}

double stats_cv(const double *values, uint32_t count)
{
    double mean = stats_mean(values, count);
    return mean == 0 ? NAN : stats_deviation(values, count) / fabs(mean);
}

double stats_normal_quantile(double share)
{
    ASSERT(share > 0 && share < 1);
    return gsl_cdf_ugaussian_Pinv(share);
}

double stats_t_quantile(double share, double freedom_degrees)
{
    ASSERT(share > 0 && share < 1);
    ASSERT(freedom_degrees > 0);
    return gsl_cdf_tdist_Pinv(share, freedom_degrees);
}

double stats_t_beyond(double tail, double freedom_degrees)
{
    ASSERT(tail > 0 && tail < 1);
    ASSERT(freedom_degrees > 0);
    return gsl_cdf_tdist_Qinv(tail, freedom_degrees);
}

double stats_chi_quantile(double share, double freedom_degrees)
{
    const double exact_most = 1000; /* GSL's inverse fails to converge for some beyond */
    ASSERT(share > 0 && share < 1);
    ASSERT(freedom_degrees > 0);
    if (freedom_degrees <= exact_most) return gsl_cdf_chisq_Pinv(share, freedom_degrees);
    double ninth = 2 / (9 * freedom_degrees);
    return freedom_degrees * pow(1 - ninth + stats_normal_quantile(share) * sqrt(ninth), 3);
}

double stats_normal_above(double value)
{
    return gsl_cdf_ugaussian_Q(value);
}

double stats_t_above(double value, double freedom_degrees)
{
    ASSERT(freedom_degrees > 0);
    return gsl_cdf_tdist_Q(value, freedom_degrees);
}

struct interval stats_wilson(uint64_t hits, uint64_t all, double confidence)
{
    ASSERT(hits <= all);
    if (all == 0) return (struct interval){NAN, NAN};
    double z = stats_normal_quantile(0.5 + confidence / 2), n = (double)all, share = (double)hits / n;
    double scale = 1 + z * z / n, middle = (share + z * z / (2 * n)) / scale;
    double half = z / scale * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    /* At the ends the limit is exact; rounding must not push it out of [0, 1]. */
    return (struct interval){hits == 0 ? 0 : middle - half, hits == all ? 1 : middle + half};
}

/* P(Binomial(count, quantile) < rank) */
static double chance_below(uint64_t rank, double quantile, uint64_t count)
{
    return rank == 0 ? 0 : gsl_cdf_binomial_P((unsigned int)(rank - 1), quantile, (unsigned int)count);
}

/* The least rank in 0 .. count + 1 with a chance below it that exceeds (or reaches) `chance`. */
static uint64_t least_rank(uint64_t count, double quantile, double chance, bool or_reaches)
{
    uint64_t low = 0, high = count + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        double below = chance_below(middle, quantile, count);
        if (below > chance || (or_reaches && below == chance))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

bool stats_quantile_ranks(uint64_t count, double quantile, double confidence, struct rank_interval *out)
{
    ASSERT(quantile > 0 && quantile < 1);
    double tail = (1 - confidence) / 2;
    if (count == 0 || count > UINT32_MAX) return false;
    uint64_t above = least_rank(count, quantile, tail, false); /* one beyond the lower limit */
    uint64_t high = least_rank(count, quantile, 1 - tail, true);
    if (above < 2 || high > count) return false;
    *out = (struct rank_interval){above - 1, high};
    return true;
}
