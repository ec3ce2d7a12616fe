/* base/severity.h: how bad an incident is, from what is seen.
 *
 * A table of signs, each with the level from which it counts; the most severe
 * that applies wins (incident response runbook; engine.md 5.6). Shares are
 * basis points. Impact that no program sees (a workaround, business hours)
 * moves the level by one and stays with the people on duty. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* In order of urgency; the text is what people write. */
#define SEVERITIES(X)                                                                                        \
    X(SEVERITY_NONE, "none")                                                                                 \
    X(SEVERITY_P4, "P4")                                                                                     \
    X(SEVERITY_P3, "P3")                                                                                     \
    X(SEVERITY_P2, "P2")                                                                                     \
    X(SEVERITY_P1, "P1")

#define NAME_(name, text) name,
enum severity { SEVERITIES(NAME_) SEVERITY_COUNT };
#undef NAME_

struct incident_signs {
    uint32_t rollback_bps;       /* of speculative tasks */
    uint32_t proof_capacity_bps; /* of the proof queue or the workers, whichever is fuller */
    bool is_auto_disabled;       /* the breaker opened */
    bool is_corrupt;             /* the integrity check found something */
};

enum severity severity_of(const struct incident_signs *signs);
const char *severity_name(enum severity severity);
