/* tests/lib/shadow.h: the safety rules S01 to S17, judged from outside.
 *
 * The shadow sees what any driver sees: each event before it is stepped, the effects as they leave, the
 * engine's answer. From these it keeps a small picture of its own (parents, statuses, bonds, transactions)
 * and says which rule a step broke. It asks the engine for balances and for a few counts, to compare them;
 * never for the states it judges. It recomputes everything in the simplest way: histories of a few hundred
 * ids, tables of a few dozen tasks. */
#pragma once
#include "engine/engine.h"

enum { SHADOW_IDS = 1024 };

struct shadow_task {
    bool is_known, is_speculative, is_bonded, is_uncovered, is_undone, is_doomed, has_given_bond, is_on_chain,
        is_landed;
    uint8_t status, parent_count, edge_kinds[LIMIT_PARENTS];
    bool is_dropped[LIMIT_PARENTS];
    uint64_t parents[LIMIT_PARENTS];
    uint64_t undone_with; /* the root whose turns it was among */
    uint64_t seq, agent, bond_lamports, slashed_lamports;
    int64_t claim_expires_ns;
    uint32_t rollout_bucket, attempt, rolled_back, factor_bps, slot, generation;
};

struct shadow {
    struct shadow_task tasks[SHADOW_IDS];
    uint32_t known[SHADOW_IDS], known_count; /* ids that the engine holds */
    struct settings settings;                /* in force */
    bool is_draining;
    const struct event *event; /* the one that is stepped */
    uint64_t seq, deposited, withdrawn, released, slashed, treasury, bonded;
    uint64_t plans_before;
    const char *broken; /* the first rule that was: "S02 ..." */
    uint64_t broken_by; /* the task */
};

void shadow_begin(struct shadow *shadow, const struct settings *settings);
void shadow_event(struct shadow *shadow, const struct engine *engine, const struct event *event);
void shadow_effect(struct shadow *shadow, const struct effect *effect);
void shadow_after(struct shadow *shadow, const struct engine *engine, err answer);
