/* base/severity.c: a sign a row, the most severe first. */
#include "base/severity.h"
#include <stddef.h>

enum sign { SIGN_ROLLBACK, SIGN_PROOF_CAPACITY, SIGN_AUTO_DISABLED, SIGN_CORRUPT };

/* A sign applies from `least` on; a yes is 1. The runbook's bands meet at their lower ends, but for the
 * highest, which it opens with "more than". */
static const struct row {
    enum severity severity;
    enum sign sign;
    uint32_t least;
} ROWS[] = {
    {SEVERITY_P1, SIGN_CORRUPT, 1},           {SEVERITY_P1, SIGN_ROLLBACK, 5001},
    {SEVERITY_P2, SIGN_ROLLBACK, 2500},       {SEVERITY_P2, SIGN_AUTO_DISABLED, 1},
    {SEVERITY_P2, SIGN_PROOF_CAPACITY, 9001}, {SEVERITY_P3, SIGN_ROLLBACK, 1000},
};

static uint32_t value_of(const struct incident_signs *signs, enum sign sign)
{
    switch (sign) {
    case SIGN_ROLLBACK: return signs->rollback_bps;
    case SIGN_PROOF_CAPACITY: return signs->proof_capacity_bps;
    case SIGN_AUTO_DISABLED: return signs->is_auto_disabled;
    case SIGN_CORRUPT: return signs->is_corrupt;
    }
    return 0;
}

enum severity severity_of(const struct incident_signs *signs)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (value_of(signs, ROWS[i].sign) >= ROWS[i].least) return ROWS[i].severity;
    return SEVERITY_NONE;
}

#define TEXT_(name, text) [name] = text,
static const char *const NAMES[] = {SEVERITIES(TEXT_)};

const char *severity_name(enum severity severity)
{
    return NAMES[severity];
}
