/* reports/calibration.h: what measurements say about a profile: keys with their values and intervals.
 *
 * A calibration is a list of keys as they stand in a profile file, each with what
 * the data gave for it; of quantities, each with every family that was tried; and
 * of notes for the reader. calibration_rewrite puts the keys into the text of a
 * base profile and says of every key whether it was fitted or kept.
 * Prover: a batch of k proofs takes (setup + k * unit) times a log-normal noise,
 * stretched now and then (sim/prover.h); fitted as that mixture.
 * Chain: slots and transactions as `agenc chain describe --samples` writes them.
 * Workload: arrivals, execution times, depths.
 * Memory: ours, until calibration_close. Errors: ERR_NOMEM; ERR_RANGE, ERR_LIMIT
 * with a line that says what the data lack. Threads: none needed. */
#pragma once
#include "base/csv.h"
#include "reports/fit.h"
#include <stdio.h>

enum {
    CALIBRATION_KEYS = 24,
    CALIBRATION_QUANTITIES = 6,
    CALIBRATION_NOTES = 8,
    CALIBRATION_KEY_BYTES = 48,
    CALIBRATION_HOW_BYTES = 80,
    CALIBRATION_NOTE_BYTES = 240,
    CALIBRATION_ELEMENTS = 5,
};

struct calibration_key {
    char key[CALIBRATION_KEY_BYTES]; /* "slot.factor" */
    char how[CALIBRATION_HOW_BYTES]; /* "log-normal, 1000 rows" */
    char text[64];                   /* what stands in the file; "": the values below */
    uint32_t elements;               /* 0: a single value */
    bool is_whole;                   /* a whole number, without an interval */
    struct fit_estimate values[CALIBRATION_ELEMENTS];
};

struct calibration_quantity {
    const char *name, *unit;
    double *sorted; /* ours */
    uint32_t count;
    uint32_t expressible; /* bits of families that the profile has a place for */
    struct fit fits[FIT_FAMILIES];
    enum fit_family best, used; /* least AIC of all, of the expressible; FIT_FAMILIES: none */
    struct fit_test test;       /* of `used` */
};

struct calibration {
    struct calibration_key keys[CALIBRATION_KEYS];
    struct calibration_quantity quantities[CALIBRATION_QUANTITIES];
    char notes[CALIBRATION_NOTES][CALIBRATION_NOTE_BYTES];
    uint32_t key_count, quantity_count, note_count;
    bool has_lost;
    struct fit_estimate lost; /* share of blocks that were abandoned, when slots were read */
    uint32_t resamples;       /* of the tests; set before */
    uint64_t seed;
};

void calibration_close(struct calibration *calibration);
const struct calibration_key *calibration_find(const struct calibration *calibration, const char *key);

/* -- for those who calibrate -- */
void calibration_note(struct calibration *calibration, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct calibration_key *calibration_add(struct calibration *calibration, const char *key, const char *how,
                                        struct fit_estimate value);
/* Copies and sorts the values. */
struct calibration_sample {
    const char *name, *unit;
    const double *values;
    uint32_t count, expressible;
};
MUST_USE err calibration_measure(struct calibration *calibration, const struct calibration_sample *sample,
                                 struct diag *diag);
struct fit_estimate calibration_share(uint64_t hits, uint64_t all); /* Wilson's interval */

/* -- prover -- */
enum calibrate_prover_column { PROVER_MS, PROVER_BATCH, PROVER_VERIFY, PROVER_OUTCOME, PROVER_COLUMNS };
extern const struct csv_forms CALIBRATE_PROVER_FORMS;
struct calibrate_prover_base {
    double stretch_chances[2], stretch_factors[2]; /* where the search begins */
};
MUST_USE err calibrate_prover(struct calibration *out, const struct csv_table *table,
                              const struct calibrate_prover_base *base, struct diag *diag);

/* -- chain -- */
enum calibrate_slot_column {
    SLOT_NUMBER,
    SLOT_START,
    SLOT_END,
    SLOT_FROZEN,
    SLOT_CONFIRMED,
    SLOT_FINALIZED,
    SLOT_STATE,
    SLOT_COLUMNS
};
enum calibrate_transaction_column {
    SENT_AT,
    SENT_OUTCOME,
    SENT_PROCESSED,
    SENT_CONFIRMED,
    SENT_FINALIZED,
    SENT_SLOTS,
    SENT_COLUMNS
};
enum calibrate_slot_state { CALIBRATE_BLOCK, CALIBRATE_SKIPPED, CALIBRATE_ABANDONED };
enum calibrate_outcome { CALIBRATE_LANDED, CALIBRATE_REFUSED, CALIBRATE_EXPIRED };
extern const struct csv_forms CALIBRATE_CHAIN_FORMS; /* 0 slots, 1 transactions, 2 confirm_ms alone */

struct calibrate_chain_base {
    double target_ms, factor, same_leader; /* same_leader: chance that two windows have one */
    double late_least_ms, tick_ms, retry_ms;
    double propagation_min_ms, propagation_max_ms, replay_ms, replay_sigma;
    const char *path; /* "staked" */
    double accept_ms, accept_sigma, forward_ms, forward_sigma;
    bool is_pushed, has_weights;
};
/* Times of a row stand in the order in which things happen: ERR_RANGE when one is before one on its left.
 * Empty ones have not happened. */
MUST_USE err calibrate_times_check(const struct csv_table *table, uint32_t row, struct diag *diag);
MUST_USE err calibrate_slots(struct calibration *out, const struct csv_table *table,
                             const struct calibrate_chain_base *base, struct diag *diag);
MUST_USE err calibrate_transactions(struct calibration *out, const struct csv_table *table,
                                    const struct calibrate_chain_base *base, struct diag *diag);

MUST_USE err calibrate_confirmations(struct calibration *out, const struct csv_table *table,
                                     struct diag *diag);

/* -- workload -- */
enum calibrate_workload_column { WORK_ARRIVAL, WORK_EXECUTION, WORK_DEPTH, WORK_COLUMNS };
extern const struct csv_forms CALIBRATE_WORKLOAD_FORMS; /* 0 jobs, 1 execution_ms alone */
MUST_USE err calibrate_workload(struct calibration *out, const struct csv_table *table, struct diag *diag);

/* -- out -- */
void calibration_print(const struct calibration *calibration, FILE *out);
/* `base`: the text of a TOML profile, one key a line. Sections in `dropped` ("law,cold") are left out. Keys
 * that the base has no line for are written first, by section. */
struct calibration_rewriting {
    const char *base, *dropped;
};
void calibration_rewrite(const struct calibration *calibration, const struct calibration_rewriting *rewriting,
                         FILE *out);
/* A Q-Q plot of a quantity as a file of SVG; needs gnuplot. */
MUST_USE err calibration_plot(const struct calibration_quantity *quantity, const char *path,
                              struct diag *diag);
