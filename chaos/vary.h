/* chaos/vary.h: a schedule like another one, for searches that follow what has worked.
 *
 * One to four changes: a fault more (of the donor), one less, one moved, made longer, shorter, stronger or
 * weaker, or from the donor everything from some moment on or all faults of some injectors. What would not be
 * a schedule is not done.
 *
 * Memory: the result is the caller's, schedule_close. A function of its arguments. Errors: ERR_NOMEM,
 * ERR_LIMIT. */
#pragma once
#include "base/rng.h"
#include "chaos/schedule.h"

struct variation {
    const struct schedule *of, *donor;
    int64_t from_ns, until_ns; /* within which faults begin and end */
};

MUST_USE err schedule_vary(struct schedule *out, const struct variation *variation, struct draw *draw);
