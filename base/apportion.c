/* base/apportion.c: floors first, then one more to the largest remainders. */
#include "base/apportion.h"
#include "base/assert.h"
#include "base/units.h"

static uint32_t largest(const uint64_t *remainders, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++)
        if (remainders[i] > remainders[best]) best = i;
    return best;
}

void apportion(uint64_t whole, const uint64_t *weights, uint32_t count, uint64_t *parts_out)
{
    uint64_t remainders[APPORTION_PARTS_MOST], sum = 0, given = 0;
    ASSERT(count <= APPORTION_PARTS_MOST);
    for (uint32_t i = 0; i < count; i++) {
        parts_out[i] = 0;
        bool fits = u64_add(sum, weights[i], &sum);
        ASSERT(fits);
    }
    if (sum == 0) return;
    for (uint32_t i = 0; i < count; i++) {
        u128 product = (u128)whole * weights[i];
        parts_out[i] = (uint64_t)(product / sum);
        remainders[i] = (uint64_t)(product % sum);
        given += parts_out[i];
    }
    for (; given < whole; given++) {
        uint32_t taker = largest(remainders, count);
        parts_out[taker]++;
        remainders[taker] = 0;
    }
}
