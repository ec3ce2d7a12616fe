/* sim/trajectory.h: one number for everything that happened.
 *
 * Two runs are the same run exactly when their trajectories agree: the hash
 * takes each event's fields, as integers and in order (never the bytes of a
 * struct, whose padding and byte order are the machine's business).
 * One multiplication and one shift on the critical path: always on. */
#pragma once
#include "sim/calendar.h"
#include <stdint.h>

struct trajectory {
    uint64_t hash, event_count;
};

static inline struct trajectory trajectory_begin(uint64_t seed)
{
    return (struct trajectory){.hash = seed ^ UINT64_C(0x6a09e667f3bcc909)};
}

/* Any four words that describe one event. */
static inline void trajectory_add(struct trajectory *trajectory, uint64_t a, uint64_t b, uint64_t c,
                                  uint64_t d)
{
    /* Odd constants (fractional parts of square roots of 3, 5, 7, 11); the
     * multiplications are independent of the running hash, so they overlap. */
    uint64_t event = a * UINT64_C(0xbb67ae8584caa73b);
    event ^= (b + (event >> 31)) * UINT64_C(0x3c6ef372fe94f82b);
    event ^= (c + (event >> 29)) * UINT64_C(0xa54ff53a5f1d36f1);
    event ^= (d + (event >> 33)) * UINT64_C(0x510e527fade682d1);
    trajectory->hash = (trajectory->hash ^ event) * UINT64_C(0x9b05688c2b3e6c1f);
    trajectory->hash ^= trajectory->hash >> 32;
    trajectory->event_count++;
}

static inline void trajectory_event(struct trajectory *trajectory, const struct calendar_entry *entry)
{
    trajectory_add(trajectory, (uint64_t)entry->at_ns, entry->key,
                   (uint64_t)entry->generation << 32 | entry->subject,
                   (uint64_t)entry->argument << 32 | entry->kind);
}
