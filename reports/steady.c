/* reports/steady.c: truncation, batches, stopping. */
#include "reports/steady.h"
#include "base/assert.h"
#include <math.h>

const uint32_t STEADY_LOOKS[] = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 1000, 0};

static double batch_mean(const double *values, uint32_t batch, uint32_t size)
{
    return stats_mean(values + (uint64_t)batch * size, size);
}

bool steady_find(struct steady *out, const double *values, uint32_t count)
{
    uint32_t batches = count / STEADY_BATCH, best = 0;
    double sum = 0, squares = 0, least = INFINITY;
    if (count < STEADY_VALUES_LEAST) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    double origin = stats_mean(values, count); /* squares of small numbers lose no digits */
    for (uint32_t batch = batches; batch-- > 0;) {
        double mean = batch_mean(values, batch, STEADY_BATCH) - origin, kept = batches - batch;
        sum += mean;
        squares += mean * mean;
        if (batch > batches / 2) continue;
        double error = fmax(0, squares - sum * sum / kept) / (kept * kept);
        if (error <= least) {
            least = error;
            best = batch;
        }
    }
    *out = (struct steady){best * STEADY_BATCH, best < batches / 2};
    return true;
}

double steady_effective(const double *values, uint32_t count, uint32_t batch)
{
    ASSERT(batch > 0);
    uint32_t batches = count / batch;
    if (batches < 2) return NAN;
    double sum = 0, squares = 0, origin = stats_mean(values, count);
    for (uint32_t i = 0; i < batches; i++) {
        double mean = batch_mean(values, i, batch) - origin;
        sum += mean;
        squares += mean * mean;
    }
    double between = (squares - sum * sum / batches) / (batches - 1), one = stats_deviation(values, count);
    if (one == 0) return count;
    return between > 0 ? fmin(count, count * one * one / (batch * between)) : count;
}

struct steady_look steady_look(const double *values, uint32_t count, double precision, double confidence)
{
    struct steady_look look = {.mean = stats_mean(values, count), .half_width = NAN};
    if (count < 2 || look.mean == 0) return look;
    double t = stats_t_quantile(0.5 + confidence / 2, count - 1);
    look.half_width = t * stats_deviation(values, count) / sqrt(count) / fabs(look.mean);
    look.is_narrow_enough = look.half_width <= precision;
    return look;
}
