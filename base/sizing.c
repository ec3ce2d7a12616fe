/* base/sizing.c: products in 128 bits, cut to int64_t at the end. */
#include "base/sizing.h"
#include "base/config_keys.h"
#include "base/units.h"

enum { KB_PER_MB = 1000, GC_LEAST_MS = 5000 };

static int64_t cut(u128 value)
{
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* rate x span x times, rounded up. */
static int64_t arrivals(int64_t rate_millionths, int64_t span_ns, uint32_t times)
{
    const u128 unit = (u128)1000000 * NS_PER_S;
    return cut(((u128)rate_millionths * (u128)span_ns * times + unit - 1) / unit);
}

static int64_t next_power_of_two(int64_t value)
{
    int64_t power = 1;
    while (power < value && power <= INT64_MAX / 2) power *= 2;
    return power;
}

struct sizing sizing_of(const struct sizing_load *load)
{
    struct sizing sizing = {
        .pending = arrivals(load->rate_millionths, load->confirmation_timeout_ns, 2),
        .gc_interval_ms = load->confirmation_timeout_ns / NS_PER_MS / 4,
        .queue_size = arrivals(load->rate_millionths, load->proof_time_ns, 3),
        .snapshots = cut(((u128)load->depth * (u128)load->branches * 5 + 1) / 2),
    };
    int64_t pending = load->pending ? load->pending : sizing.pending;
    u128 base_kb = ((u128)load->branches * (u128)load->state_mb + (u128)load->proof_cache_mb) * KB_PER_MB +
                   (u128)pending;
    if (sizing.gc_interval_ms < GC_LEAST_MS) sizing.gc_interval_ms = GC_LEAST_MS;
    sizing.memory_base_kb = cut(base_kb);
    sizing.memory_mb = cut(base_kb * 12 / 10 / KB_PER_MB);
    sizing.memory_round_mb = next_power_of_two(sizing.memory_mb);
    return sizing;
}

int64_t sizing_confirmation_timeout_ns(int64_t p99_ns)
{
    int64_t twice;
    return i64_mul(p99_ns, 2, &twice) ? twice : INT64_MAX;
}

int64_t sizing_clamp(int64_t value, const char *key_name)
{
    const struct config_key *key = config_key_find(key_name);
    if (value < key->min) return key->min;
    return value > key->max ? key->max : value;
}
