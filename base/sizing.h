/* base/sizing.h: how large limits should be for a load: the tuning guide's formulas, in whole numbers.
 *
 * Source: engine.md 2.13. They advise; configurations may deviate. Rates are
 * in millionths of a task a second, so that 0.5/s is exact. Results are not
 * clamped to what the keys allow; sizing_clamp does that for one value. */
#pragma once
#include <stdint.h>

struct sizing_load {
    int64_t rate_millionths; /* peak tasks a second */
    int64_t proof_time_ns;   /* mean time of one proof */
    int64_t confirmation_timeout_ns;
    int64_t depth, branches;
    int64_t state_mb, proof_cache_mb;
    int64_t pending; /* operations that memory must hold; 0: what the load gives */
};

struct sizing {
    int64_t pending;         /* rate x timeout x 2, rounded up */
    int64_t gc_interval_ms;  /* a quarter of the timeout, at least 5 s */
    int64_t queue_size;      /* rate x proof time x 3, rounded up */
    int64_t snapshots;       /* depth x branches x 2.5, rounded up */
    int64_t memory_base_kb;  /* branches x state + pending x 1 KB + cache; 1 MB is 1,000 KB here, as in the
                                guide */
    int64_t memory_mb;       /* base and a fifth, rounded down as the guide does */
    int64_t memory_round_mb; /* the next power of two */
};

struct sizing sizing_of(const struct sizing_load *load);
int64_t sizing_confirmation_timeout_ns(int64_t p99_ns);    /* twice what was seen */
int64_t sizing_clamp(int64_t value, const char *key_name); /* to the key's range */
