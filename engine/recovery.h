/* engine/recovery.h: rebuild a state from its event log, in slices, as a service can run it beside its work.
 *
 * Phases: replay the whole log into a fresh engine; take back confirmations that are not believed, those
 * above the slot the order names; roll back speculative work that has no confirmed commitment
 * (invalid_state, nothing is slashed); check the result in full.
 * The running engine is not touched: the caller puts the rebuilt one in its place when the job is done.
 *
 * Nothing that was acknowledged is lost, whatever the slot: docs/decisions/013-recovery.md. Ports have
 * forgotten everything, so the job answers its own aborts and restores. Each event of its own is shown
 * to the watch: appended to the log behind `good_bytes`, they make it the rebuilt state's log.
 * Memory:  the order's arena, recovery_memory_bytes; nothing is allocated.
 * Errors:  ERR_CONFLICT a job is under way, or the running engine still speculates; ERR_SYNTAX the log is
 *          damaged (status.diag says where); ERR_NOMEM; ERR_RANGE limits that no engine has.
 * Threads: none. */
#pragma once
#include "engine/integrity.h"
#include "engine/replay.h"

#define RECOVERY_PHASES(X)                                                                                   \
    X(RECOVERY_IDLE, "idle")                                                                                 \
    X(RECOVERY_REPLAY, "replaying the log")                                                                  \
    X(RECOVERY_REVERT, "taking confirmations back")                                                          \
    X(RECOVERY_ROLL_BACK, "rolling back")                                                                    \
    X(RECOVERY_CHECK, "checking")                                                                            \
    X(RECOVERY_DONE, "done")                                                                                 \
    X(RECOVERY_FAILED, "failed")
#define NAME_(name, text) name,
enum recovery_phase { RECOVERY_PHASES(NAME_) RECOVERY_PHASE_COUNT };
#undef NAME_
const char *recovery_phase_name(enum recovery_phase phase);

/* Who hears what the job does by itself; either function may be NULL. */
struct recovery_watch {
    void *context;
    void (*event)(void *context, const struct event *event);
    void (*effect)(void *context, const struct effect *effect);
};

struct recovery_order {
    const struct engine *running; /* NULL: there is none, as after a crash */
    const void *log;              /* from its beginning; must stay until the job is over */
    size_t log_bytes;
    bool is_from_latest; /* believe every confirmation in the log */
    uint64_t from_slot;  /* otherwise: those up to this slot of the chain */
    int64_t now_ns;      /* of the job's own events, unless the log is later */
    struct arena *arena;
    struct recovery_watch watch;
    struct findings *findings; /* the caller's; filled by the last phase */
};

struct recovery_status {
    enum recovery_phase phase;
    uint32_t percent;
    uint64_t events, refused; /* replayed; of those, refused as they were the first time */
    uint64_t from_slot;       /* the one that was applied */
    uint64_t reverted;        /* confirmations taken back */
    uint64_t kept_final;      /* confirmed above the slot, but final: nothing takes them back */
    uint64_t to_roll_back, rolled_back;
    size_t good_bytes, torn_bytes; /* of the log; torn: an incomplete record at its end, left out */
    struct journal_diag diag;      /* where the log is damaged */
};

struct recovery {
    struct recovery_order order;
    struct recovery_status status;
    struct replay replay;
    uint64_t *confirmed_at; /* slot of the chain, by task */
    void *scratch;          /* of the check */
    uint64_t latest_slot;
    uint32_t cursor; /* next task to look at */
    bool has_ordered;
};

/* What the order's arena must hold for this log. ERR_SYNTAX: it is none. */
MUST_USE err recovery_memory_bytes(const void *log, size_t log_bytes, size_t *bytes_out,
                                   struct journal_diag *diag);

/* A zeroed job, or one that is over. */
MUST_USE err recovery_begin(struct recovery *job, const struct recovery_order *order);
/* Does at most `records` pieces of work: a record, a task or an answer each. Errors end the job. */
MUST_USE err recovery_advance(struct recovery *job, uint64_t records);
const struct recovery_status *recovery_status(const struct recovery *job);
/* The rebuilt engine, in the order's arena, once the job is done; NULL before, and when it failed. */
struct engine *recovery_engine(const struct recovery *job);
