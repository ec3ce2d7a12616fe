/* base/units.h: the units of the house, and arithmetic that cannot wrap in silence.
 *
 * Time is int64_t nanoseconds (292 years), money is uint64_t lamports, shares
 * are whole basis points (1/10,000), memory is bytes. A variable's name ends
 * in its unit: timeout_ns, bond_lamports, drop_bps, snapshot_bytes. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US  INT64_C(1000)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_S   INT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_H   (60 * NS_PER_MIN)
#define NS_PER_DAY (24 * NS_PER_H)
#define NEVER_NS   INT64_MAX

#define BPS_ONE         UINT64_C(10000) /* 100 % */
#define LAMPORTS_IN_SOL UINT64_C(1000000000)
#define KIB             UINT64_C(1024)
#define MIB             (UINT64_C(1024) * KIB)

__extension__ typedef unsigned __int128 u128; /* products of money and shares */

/* False, and *out untouched, when the result would not fit. */
static inline bool u64_add(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}

static inline bool u64_mul(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

static inline bool i64_mul(int64_t a, int64_t b, int64_t *out)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

/* at + span, NEVER_NS when it does not fit: a deadline too far away never comes. */
static inline int64_t ns_after(int64_t at_ns, int64_t span_ns)
{
    int64_t sum;
    return __builtin_add_overflow(at_ns, span_ns, &sum) ? NEVER_NS : sum;
}

/* floor(amount * share / 10,000), in 128 bits. */
static inline uint64_t bps_of(uint64_t amount, uint64_t share_bps)
{
    return (uint64_t)((u128)amount * share_bps / BPS_ONE);
}
