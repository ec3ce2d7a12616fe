/* reports/family.c: adjusted p values, in order of p. */
#include "reports/family.h"
#include "base/assert.h"
#include <math.h>

struct ranked {
    uint32_t order[FAMILY_MOST], count; /* those that are tests, least p first */
};

static struct ranked rank_tests(const double *p, uint32_t count)
{
    struct ranked ranked = {.count = 0};
    ASSERT(count <= FAMILY_MOST);
    for (uint32_t i = 0; i < count; i++) {
        if (isnan(p[i])) continue;
        uint32_t at = ranked.count++;
        for (; at > 0 && p[ranked.order[at - 1]] > p[i]; at--) ranked.order[at] = ranked.order[at - 1];
        ranked.order[at] = i;
    }
    return ranked;
}

void family_holm(const double *p, uint32_t count, double *adjusted)
{
    const struct ranked ranked = rank_tests(p, count);
    double least = 0;
    for (uint32_t i = 0; i < count; i++) adjusted[i] = p[i];
    for (uint32_t rank = 0; rank < ranked.count; rank++) {
        double *value = &adjusted[ranked.order[rank]];
        *value = fmin(1, fmax(least, *value * (ranked.count - rank)));
        least = *value;
    }
}

void family_benjamini_hochberg(const double *p, uint32_t count, double *adjusted)
{
    const struct ranked ranked = rank_tests(p, count);
    double most = 1;
    for (uint32_t i = 0; i < count; i++) adjusted[i] = p[i];
    for (uint32_t rank = ranked.count; rank-- > 0;) {
        double *value = &adjusted[ranked.order[rank]];
        *value = fmin(most, *value * ranked.count / (rank + 1));
        most = *value;
    }
}
