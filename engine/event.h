/* engine/event.h: everything that reaches the engine, and everything that leaves it.
 *
 * Events carry their time; the engine has no clock of its own. Outcomes name
 * the attempt they answer, so that a late one is recognised and counted, not
 * believed. Randomness (backoff jitter) and digests arrive in the event.
 *
 * Effects are requests to ports (their outcomes come back as events, never
 * during the step) and notes for whoever watches. They leave in the order in
 * which they took place. */
#pragma once
#include "base/limits.h"
#include "base/settings.h"
#include "engine/types.h"

#define EVENT_KINDS(X)                                                                                       \
    X(EVENT_DEPOSIT, "deposit")                                                                              \
    X(EVENT_SUBMIT, "submit")                                                                                \
    X(EVENT_EXECUTED, "executed")                                                                            \
    X(EVENT_EXECUTION_FAILED, "execution_failed")                                                            \
    X(EVENT_ABORTED, "aborted")                                                                              \
    X(EVENT_RESTORED, "restored")                                                                            \
    X(EVENT_PROOF_DONE, "proof_done")                                                                        \
    X(EVENT_PROOF_FAILED, "proof_failed")                                                                    \
    X(EVENT_WORKER_FREE, "worker_free")                                                                      \
    X(EVENT_TX_ACCEPTED, "tx_accepted")                                                                      \
    X(EVENT_TX_REFUSED, "tx_refused")                                                                        \
    X(EVENT_TX_DROPPED, "tx_dropped")                                                                        \
    X(EVENT_TX_REJECTED, "tx_rejected")                                                                      \
    X(EVENT_CONFIRMED, "confirmed")                                                                          \
    X(EVENT_FINALIZED, "finalized")                                                                          \
    X(EVENT_CANCEL, "cancel")                                                                                \
    X(EVENT_SETTINGS, "settings")                                                                            \
    X(EVENT_TICK, "tick")                                                                                    \
    X(EVENT_GC, "gc")

#define EFFECT_KINDS(X)                                                                                      \
    X(EFFECT_EXECUTE, "execute")     /* executor: run this task */                                           \
    X(EFFECT_ABORT, "abort")         /* executor: stop; answer EVENT_ABORTED */                              \
    X(EFFECT_PROVE, "prove")         /* prover: one job of a worker's batch */                               \
    X(EFFECT_CANCEL_PROOF, "cancel") /* prover: the result is not wanted any more */                         \
    X(EFFECT_SUBMIT, "submit")       /* chain: send the proof */                                             \
    X(EFFECT_RESTORE, "restore")     /* storage: put the snapshot back; answer EVENT_RESTORED */             \
    X(NOTE_STATUS, "status")         /* a task changed its status */                                         \
    X(NOTE_WAIT, "wait")             /* a task began to wait for another reason (or WAIT_NONE: it ended) */  \
    X(NOTE_ADMITTED, "admitted")     /* a task starts, speculatively or not */                               \
    X(NOTE_PROOF_QUEUED, "proof_queued")                                                                     \
    X(NOTE_PROOF_READY, "proof_ready")                                                                       \
    X(NOTE_SETTLED, "settled") /* a bond is gone: released + slashed = bonded */                             \
    X(NOTE_ROLLBACK_BEGIN, "rollback_begin")                                                                 \
    X(NOTE_ROLLBACK_END, "rollback_end")                                                                     \
    X(NOTE_PRUNED, "pruned") /* the table forgot a finished task: its reference is stale now */              \
    X(NOTE_GC, "gc")

#define NAME_(name, text) name,
enum event_kind { EVENT_KINDS(NAME_) EVENT_KIND_COUNT };
enum effect_kind { EFFECT_KINDS(NAME_) EFFECT_KIND_COUNT };
#undef NAME_

const char *event_kind_name(enum event_kind kind);
const char *effect_kind_name(enum effect_kind kind);

enum { ROLLOUT_ALWAYS = UINT16_MAX };

struct event_submit {
    uint64_t id; /* new, not 0 */
    uint64_t agent_id;
    uint64_t snapshot_bytes;  /* of the state before execution */
    int64_t claim_expires_ns; /* NEVER_NS: no claim */
    uint32_t rollout_bucket;  /* 0 .. 9999, base/rollout.h; ROLLOUT_ALWAYS: selected at any percentage */
    uint32_t parent_count;
    uint64_t parents[LIMIT_PARENTS];
    uint8_t edge_kinds[LIMIT_PARENTS]; /* enum edge_kind */
};

/* Why a proof generation ended without a proof. */
enum proof_error { PROOF_ERROR_CONSTRAINT, PROOF_ERROR_TRANSIENT };

/* Why the chain turned a transaction down for good. */
enum tx_rejection {
    TX_PROOF_INVALID,  /* the verifier refused the proof: the agent's fault */
    TX_STATE_CONFLICT, /* the program refused for reasons outside the agent: factor 0 */
};

struct event {
    int64_t now_ns;
    enum event_kind kind;
    struct task_ref task; /* of outcomes and EVENT_CANCEL */
    uint32_t attempt;     /* of proof and transaction outcomes */
    uint32_t jitter;      /* 32 random bits: PROOF_FAILED, TX_REFUSED, TX_DROPPED */
    union {
        struct event_submit submit;
        struct {
            uint64_t agent_id, lamports;
        } deposit;
        struct {
            int64_t compute_ns;
        } executed; /* EXECUTED, EXECUTION_FAILED, ABORTED */
        struct {
            enum proof_error error;
        } proof;
        struct {
            uint32_t worker;
        } worker;
        struct {
            enum tx_rejection rejection;
        } tx;
        const struct settings *settings; /* EVENT_SETTINGS: borrowed for the step, copied */
    } u;
};

struct effect {
    enum effect_kind kind;
    struct task_ref task;
    uint64_t task_id;
    uint32_t agent; /* index, in the order in which agents became known */
    uint32_t attempt;
    union {
        struct {
            uint32_t worker, index, count;
        } prove;
        struct {
            uint64_t bytes;
        } restore;
        struct {
            enum task_status from, to;
            enum rollback_reason reason;
            bool was_speculative;
        } status;
        struct {
            enum wait_reason reason, before;
        } wait;
        struct {
            uint64_t bond_lamports, snapshot_bytes;
            uint32_t depth;
            bool is_speculative;
        } admitted;
        struct {
            uint64_t released_lamports, slashed_lamports, treasury_lamports;
        } settled;
        struct {
            enum rollback_reason reason;
            uint32_t size; /* tasks rolled back, roots excluded */
            int64_t began_ns;
            uint64_t slashed_lamports;
        } rollback;
        struct {
            uint64_t bytes_freed;
            uint32_t snapshots, tasks;
        } gc;
    } u;
};

/* Where a step puts its effects. `flush` is called when the buffer is full and
 * at the end of each step; it consumes items[0 .. count) and must not call the
 * engine. A cascade of any size thus needs no buffer of its size. */
struct effects {
    struct effect *items;
    uint32_t count, capacity;
    void *context;
    void (*flush)(struct effects *effects);
};
