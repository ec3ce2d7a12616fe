/* sim/chain_survey.h: what a chain profile means: its slots and the fate of transactions, seen in a run.
 *
 * Slots are walked from the first; transactions are sent evenly over the time of
 * those slots, each at a random instant of its share, and followed however long
 * they take. Quantiles are nearest ranks of all values.
 * Memory: chain_survey_close. Errors: ERR_RANGE a profile without slots; those of the chain. */
#pragma once
#include "sim/chain.h"
#include <stdio.h>

#define CHAIN_QUANTITIES(X)                                                                                  \
    X(CHAIN_SLOT, "slot") /* start to end */                                                                 \
    X(CHAIN_PROCESSED, "slot start to processed")                                                            \
    X(CHAIN_CONFIRM, "processed to confirmed")                                                               \
    X(CHAIN_CONFIRMED, "slot start to confirmed")                                                            \
    X(CHAIN_FINALIZED, "slot start to finalized")                                                            \
    X(CHAIN_SENT_CONFIRMED, "sent to confirmed") /* as the sender hears of it */                             \
    X(CHAIN_SENT_FINALIZED, "sent to finalized")
enum chain_quantity {
#define NAME_(name, text) name,
    CHAIN_QUANTITIES(NAME_)
#undef NAME_
        CHAIN_QUANTITY_COUNT
};
const char *chain_quantity_name(enum chain_quantity quantity);

enum { CHAIN_FORKS_TOLD = 5 }; /* 1, 2, 3, 4, more */

struct chain_survey {
    uint32_t slots, blocks, skipped, abandoned, transactions, landed, expired, refused;
    uint32_t forks[CHAIN_FORKS_TOLD]; /* by the blocks that they lost */
    uint32_t halts, dropped;          /* halts, and the blocks that their restarts dropped */
    int64_t span_ns, halted_ns;
    struct chain_values {
        int64_t *ns; /* sorted */
        uint32_t count;
    } values[CHAIN_QUANTITY_COUNT];
    uint32_t *slots_to_land; /* sorted; of those that landed */
};

struct chain_survey_order {
    const struct chain_profile *profile;
    enum chain_path path;
    uint64_t seed;
    uint32_t slots, transactions; /* of all runs */
    uint32_t runs;                /* with this seed and the next ones; 0: one */
    FILE *samples;                /* CSV: a row a slot, then a row a transaction; NULL: none */
};

MUST_USE err chain_survey(struct chain_survey *out, const struct chain_survey_order *order,
                          struct diag *diag);
void chain_survey_close(struct chain_survey *survey); /* fine on a zeroed one */

/* Nearest rank; NEVER_NS when nothing was seen. 0 <= share <= 1. */
int64_t chain_survey_quantile_ns(const struct chain_survey *survey, enum chain_quantity quantity,
                                 double share);
