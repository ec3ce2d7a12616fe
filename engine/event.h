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
#include "engine/machines.h"

/* Logs and trajectory hashes hold these numbers: a new kind goes to the end. */
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
    X(EVENT_REVERTED, "reverted") /* a reorg took a confirmed transaction's slot away */                     \
    X(EVENT_CLAIM_RENEWED, "claim_renewed")                                                                  \
    X(EVENT_WITHDRAW, "withdraw")                                                                            \
    /* operators */                                                                                          \
    X(EVENT_CANCEL, "cancel")                                                                                \
    X(EVENT_ROLLBACK, "rollback")             /* one task and what the policy takes with it */               \
    X(EVENT_FORCE_ROLLBACK, "force_rollback") /* everything speculative */                                   \
    X(EVENT_DRAIN, "drain")                                                                                  \
    X(EVENT_EMERGENCY, "emergency")                                                                          \
    X(EVENT_TIMEOUT_STALE, "timeout_stale")                                                                  \
    X(EVENT_CLEAR_QUEUE, "clear_queue")                                                                      \
    X(EVENT_PROOF_RETRY, "proof_retry")                                                                      \
    X(EVENT_SNAPSHOTS_CLEAR, "snapshots_clear")                                                              \
    X(EVENT_STAKE_RECOVER, "stake_recover")                                                                  \
    X(EVENT_BREAKER_RESET, "breaker_reset")                                                                  \
    X(EVENT_BREAKER_ENABLE, "breaker_enable")                                                                \
    X(EVENT_SETTINGS, "settings")                                                                            \
    X(EVENT_TICK, "tick")                                                                                    \
    X(EVENT_GC, "gc")                                                                                        \
    X(EVENT_RESUME, "resume") /* after a restart: the ports are asked again */

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
    X(NOTE_UNDONE, "undone") /* a task had its turn in a rollback */                                         \
    X(NOTE_ROLLBACK_END, "rollback_end")                                                                     \
    X(NOTE_BREAKER, "breaker")                                                                               \
    X(NOTE_DRAINED, "drained")                                                                               \
    X(NOTE_REPORT, "report") /* what an operator's event did */                                              \
    X(NOTE_PRUNED, "pruned") /* the table forgot a finished task: its reference is stale now */              \
    X(NOTE_GC, "gc")

#define NAME_(name, text) name,
enum event_kind { EVENT_KINDS(NAME_) EVENT_KIND_COUNT };
enum effect_kind { EFFECT_KINDS(NAME_) EFFECT_KIND_COUNT };
#undef NAME_

const char *event_kind_name(enum event_kind kind);
const char *effect_kind_name(enum effect_kind kind);

enum { ROLLOUT_ALWAYS = UINT16_MAX };

/* Times run from 0 to here, 146 years: what an event starts ends before the numbers do. */
#define EVENT_LAST_NS (INT64_MAX / 2)

struct event_submit {
    uint64_t id; /* new, not 0 */
    uint64_t agent_id;
    uint64_t snapshot_bytes;  /* of the state before execution */
    uint64_t bond_lamports;   /* 0: by the formula, at the depth of admission */
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

/* What EVENT_EMERGENCY does: turn speculation off (the engine's own setting, until the next
 * EVENT_SETTINGS) or only stop admissions; with force, roll back what is left, at once or when the drain
 * timeout is over. */
enum emergency_action { EMERGENCY_DISABLE, EMERGENCY_DRAIN };

struct event {
    int64_t now_ns;
    enum event_kind kind;
    struct task_ref task; /* of outcomes and EVENT_CANCEL */
    uint32_t attempt;     /* of proof and transaction outcomes: as in the effect that they answer */
    uint32_t jitter;      /* 32 random bits: PROOF_FAILED, TX_REFUSED, TX_DROPPED */
    union {
        struct event_submit submit;
        struct {
            uint64_t agent_id, lamports;
        } deposit;
        struct {
            uint64_t agent_id, lamports;
            bool is_immediate; /* only without active locks; otherwise paid out an hour later */
        } withdraw;
        struct {
            int64_t compute_ns;
            uint64_t output_digest; /* of EVENT_EXECUTED: what descendants read */
        } executed;                 /* EXECUTED, EXECUTION_FAILED, ABORTED */
        struct {
            uint64_t slot; /* of the chain, for the log; the engine decides nothing by it */
        } level;           /* CONFIRMED, FINALIZED, REVERTED */
        struct {
            int64_t expires_ns;
        } claim;
        struct {
            enum rollback_reason reason;
        } rollback; /* ROLLBACK, FORCE_ROLLBACK: never slashed */
        struct {
            int64_t timeout_ns; /* NEVER_NS: as long as it takes */
            bool is_forced;     /* at the timeout, roll back what is left */
        } drain;
        struct {
            enum emergency_action action;
            bool is_forced;
        } emergency;
        struct {
            int64_t older_than_ns;
        } stale;
        struct {
            bool is_dropped; /* the tasks fail, without a slash; otherwise they queue again */
        } clear;
        struct {
            int64_t older_than_ns;
            bool is_dry_run, includes_live; /* live: those tasks are rolled back, not restored */
        } snapshots;
        struct {
            uint64_t agent_id; /* 0: of every agent */
        } recover;
        struct {
            bool is_forced; /* before the cooldown is over */
        } enable;
        struct {
            bool is_forced; /* also snapshots of confirmed tasks that are not final yet */
        } gc;
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
            enum task_status before; /* what the task was when it was blocked */
            uint64_t root_id;
            int64_t wasted_ns;
        } undone;
        struct {
            enum breaker_state from, to;
            enum breaker_trigger trigger;
            uint64_t value, threshold; /* in the trigger's unit */
            int64_t retry_ns;          /* when it may recover; NEVER_NS: when its condition ends */
        } breaker;
        struct {
            uint64_t remaining; /* speculative tasks when the timeout came; 0: drained */
        } drained;
        struct {
            enum event_kind event;
            uint64_t count;  /* rolled back (roots included), timed out, cleared, released, recovered */
            uint64_t amount; /* bytes or lamports, or tasks put back into the queue */
        } report;
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
