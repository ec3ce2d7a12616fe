/* base/patience.h: what follows from the confirmation timeout.
 *
 * A proof that waits is reported before it is given up, and no operation may be
 * pending for longer than two timeouts (engine.md 6.2 L01, section 7; the clock
 * of both: semantics.md 13). */
#pragma once
#include "base/units.h"

enum {
    PATIENCE_WARN_BPS = 9000,  /* of the timeout: time to say so */
    PATIENCE_AGE_TIMEOUTS = 2, /* timeouts that an operation may be pending */
};

static inline int64_t patience_warn_ns(int64_t timeout_ns)
{
    return (int64_t)bps_of((uint64_t)timeout_ns, PATIENCE_WARN_BPS);
}

static inline int64_t patience_age_ns(int64_t timeout_ns)
{
    int64_t age_ns;
    return i64_mul(timeout_ns, PATIENCE_AGE_TIMEOUTS, &age_ns) ? age_ns : NEVER_NS;
}
