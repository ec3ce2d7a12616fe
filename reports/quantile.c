/* reports/quantile.c: weights from GSL's beta distribution. */
#include "reports/quantile.h"
#include "base/assert.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

static double smooth(const struct histogram *histogram, double share)
{
    double n = (double)histogram->total_count, a = share * (n + 1), b = (1 - share) * (n + 1);
    /* The weights' spread: farther than this from the quantile they are 0 to the last bit. */
    double reach = 9 * sqrt(share * (1 - share) / n) + 40 / n, below = 0, sum = 0;
    uint64_t seen = 0;
    for (uint32_t slot = 0; slot < histogram->count_slots && seen < histogram->total_count; slot++) {
        if (histogram->counts[slot] == 0) continue;
        seen += histogram->counts[slot];
        double place = (double)seen / n;
        if (place < share - reach) continue;
        double up_to = place > share + reach ? 1 : gsl_cdf_beta_P(place, a, b);
        double middle = ((double)histogram_lowest_of(slot) + (double)histogram_highest_of(slot)) / 2;
        sum += middle * (up_to - below);
        below = up_to;
        if (up_to >= 1) break;
    }
    return sum;
}

double quantile_of(const struct histogram *histogram, double share)
{
    const double smooth_share_most = 0.99;
    ASSERT(share > 0 && share < 1);
    if (histogram->total_count == 0) return NAN;
    if (share <= smooth_share_most && histogram->total_count < QUANTILE_SMOOTH_MOST)
        return smooth(histogram, share);
    return (double)histogram_at_rank(histogram, histogram_rank(share, histogram->total_count));
}
