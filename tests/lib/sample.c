/* tests/lib/sample.c: sort and look. */
#include "tests/lib/sample.h"
#include "base/sort.h"
#include <criterion/criterion.h>
#include <stdlib.h>

struct sample sample_open(uint32_t room)
{
    return (struct sample){.values_ns = calloc(room, sizeof(int64_t)), .room = room};
}

void sample_close(struct sample *sample)
{
    free(sample->values_ns);
}

void sample_add(struct sample *sample, int64_t value_ns)
{
    cr_assert(sample->count < sample->room);
    sample->values_ns[sample->count++] = value_ns;
}

double sample_ms_at(struct sample *sample, double quantile)
{
    sort_i64(sample->values_ns, sample->count);
    return (double)sample->values_ns[(uint32_t)(quantile * (sample->count - 1))] / 1e6;
}

double sample_mean_ms(const struct sample *sample)
{
    double sum = 0;
    for (uint32_t i = 0; i < sample->count; i++) sum += (double)sample->values_ns[i];
    return sum / sample->count / 1e6;
}

void expect_near(const char *what, double value, double target, double tolerance)
{
    cr_expect(value >= target - tolerance && value <= target + tolerance, "%s: %g is not %g +- %g", what,
              value, target, tolerance);
}
