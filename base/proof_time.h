/* base/proof_time.h: how long a proof takes nine times out of ten, from the last hundred.
 *
 * Advisory: for claim buffers and tuning reports (engine.md 9, row 26). The
 * figure is the value at index floor(9n/10) of the n sorted times, the last one
 * at most; without any, a guess on the safe side. */
#pragma once
#include <stdint.h>

enum { PROOF_TIME_WINDOW = 100 };
#define PROOF_TIME_UNKNOWN_NS INT64_C(30000000000)

struct proof_time {
    int64_t times_ns[PROOF_TIME_WINDOW]; /* a ring */
    uint32_t count, next;
};

void proof_time_add(struct proof_time *seen, int64_t time_ns);
int64_t proof_time_p90_ns(const struct proof_time *seen);
