/* chaos/log_check.h: the invariants, judged over a recorded event log.
 *
 * The log is stepped again into an engine of its own, whose effects and answers
 * the watch sees as it would have in the run. What ports reported (landings,
 * faults, crashes) is in no log: rules that need it are not judged, and what
 * must happen in time only when the caller says that nothing held it up.
 *
 * Memory:  none is kept.
 * Errors:  ERR_SYNTAX the log is damaged, with the record and its offset: *out is of the events before it;
 * ERR_RANGE limits that no engine has; ERR_NOMEM. A torn tail is no error, nor is a violation. Threads: none.
 */
#pragma once
#include "chaos/watch.h"

struct log_check {
    uint64_t events, refused;        /* refused: answered with an error */
    int64_t last_ns;                 /* of the last event */
    uint64_t good_bytes, torn_bytes; /* torn: behind the last whole record */
    bool is_sealed;
    uint64_t checks[INVARIANT_COUNT], violation_count;
    uint32_t margins_ppm[INVARIANT_COUNT];
    uint32_t kept;
    struct violation violations[WATCH_VIOLATIONS_KEPT];
};

MUST_USE err log_check_run(struct log_check *out, const void *log, size_t log_bytes, bool is_live_checked,
                           struct diag *diag);
