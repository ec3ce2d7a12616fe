/* engine/types.h: the words of the engine (engine.md 1.2, 2.1, 4.3).
 *
 * Enumerations are lists of (name, text): the text is what operators read in
 * JSON, metrics and logs, so it is written once, here. */
#pragma once
#include "base/units.h"
#include <stdbool.h>
#include <stdint.h>

/* A task in the engine's table. A stale generation is an error, never another task. */
struct task_ref {
    uint32_t slot, generation;
};

/* FINALIZED is shown to people as "confirmed"; it is a state of its own because nothing leaves it. */
#define TASK_STATUSES(X)                                                                                     \
    X(TASK_PENDING, "pending")                                                                               \
    X(TASK_EXECUTING, "executing")                                                                           \
    X(TASK_EXECUTED, "executed")                                                                             \
    X(TASK_PROOF_PENDING, "proof_pending")                                                                   \
    X(TASK_AWAITING_ANCESTORS, "awaiting_ancestors")                                                         \
    X(TASK_SUBMITTING, "submitting")                                                                         \
    X(TASK_CONFIRMING, "confirming")                                                                         \
    X(TASK_CONFIRMED, "confirmed")                                                                           \
    X(TASK_FINALIZED, "confirmed")                                                                           \
    X(TASK_FAILED, "failed")                                                                                 \
    X(TASK_ROLLED_BACK, "rolled_back")                                                                       \
    X(TASK_CANCELLED, "cancelled")                                                                           \
    X(TASK_EXPIRED, "expired")

/* Why an operation was undone. The order is that of settings.reason_factor_bps. */
#define ROLLBACK_REASONS(X)                                                                                  \
    X(REASON_PROOF_FAILED, "proof_failed")                                                                   \
    X(REASON_INVALID_STATE, "invalid_state")                                                                 \
    X(REASON_PROOF_TIMEOUT, "proof_timeout")                                                                 \
    X(REASON_CLAIM_EXPIRED, "claim_expired")                                                                 \
    X(REASON_COMMITMENT_EXPIRED, "commitment_expired")                                                       \
    X(REASON_CONFIRMATION_TIMEOUT, "confirmation_timeout")                                                   \
    X(REASON_ANCESTOR_FAILED, "ancestor_failed")                                                             \
    X(REASON_CHAIN_REORG, "chain_reorg")                                                                     \
    X(REASON_STAKE_INSUFFICIENT, "stake_insufficient")                                                       \
    X(REASON_MANUAL, "manual")                                                                               \
    X(REASON_EMERGENCY_SHUTDOWN, "emergency_shutdown")

/* Why a task waits: the soft denials of admission, in the order in which they are checked.
 * Scope says whose queue a waiter stands in; a task that waits for its own parents only stands in none. */
#define WAIT_REASONS(X)                                                                                      \
    X(WAIT_NONE, "none", QUEUE_NONE)                                                                         \
    X(WAIT_DISABLED, "disabled", QUEUE_ENGINE)                                                               \
    X(WAIT_CIRCUIT_OPEN, "circuit_open", QUEUE_ENGINE)                                                       \
    X(WAIT_ROLLOUT_EXCLUDED, "rollout_excluded", QUEUE_ENGINE)                                               \
    X(WAIT_PARENT_OUTPUT, "parent_output_pending", QUEUE_NONE)                                               \
    X(WAIT_DEPENDENCY_TYPE, "dependency_type_not_speculatable", QUEUE_ENGINE)                                \
    X(WAIT_CROSS_AGENT, "cross_agent_disabled", QUEUE_ENGINE)                                                \
    X(WAIT_DEPTH_LIMIT, "depth_limit", QUEUE_ENGINE)                                                         \
    X(WAIT_BRANCH_LIMIT, "branch_limit", QUEUE_SCOPED)                                                       \
    X(WAIT_AGENT_COOLDOWN, "agent_cooldown", QUEUE_AGENT)                                                    \
    X(WAIT_STAKE_INSUFFICIENT, "stake_insufficient", QUEUE_AGENT)                                            \
    X(WAIT_STAKE_LIMIT, "stake_limit", QUEUE_AGENT)                                                          \
    X(WAIT_CLAIM_WINDOW, "claim_window", QUEUE_ENGINE)                                                       \
    X(WAIT_PENDING_LIMIT, "pending_limit", QUEUE_ENGINE)                                                     \
    X(WAIT_SNAPSHOT_LIMIT, "snapshot_limit", QUEUE_SCOPED)                                                   \
    X(WAIT_MEMORY_LIMIT, "memory_limit", QUEUE_ENGINE)                                                       \
    X(WAIT_PROOF_BACKPRESSURE, "proof_backpressure", QUEUE_ENGINE)

/* Why the circuit breaker opened (engine.md 2.11), and the unit of what it saw. */
#define BREAKER_TRIGGERS(X)                                                                                  \
    X(TRIGGER_NONE, "none", "")                                                                              \
    X(TRIGGER_CONSECUTIVE_FAILURES, "consecutive_failures", "failures")                                      \
    X(TRIGGER_ROLLBACK_RATE, "rollback_rate", "basis points")                                                \
    X(TRIGGER_MEMORY, "memory", "basis points")                                                              \
    X(TRIGGER_PROOF_QUEUE, "proof_queue", "basis points")                                                    \
    X(TRIGGER_CASCADE_SIZE, "cascade_size", "tasks")                                                         \
    X(TRIGGER_PROBE_FAILED, "probe_failed", "tasks")

/* Why a submission was refused outright: nothing was stored. */
#define REFUSALS(X)                                                                                          \
    X(REFUSED_NOT, "accepted")                                                                               \
    X(REFUSED_DUPLICATE_TASK, "duplicate_task")                                                              \
    X(REFUSED_PARENT_NOT_FOUND, "parent_not_found")                                                          \
    X(REFUSED_CYCLE_DETECTED, "cycle_detected")                                                              \
    X(REFUSED_TOO_MANY_PARENTS, "too_many_parents")                                                          \
    X(REFUSED_TABLE_FULL, "table_full")

#define NAME_(name, text)         name,
#define NAME3_(name, text, scope) name,
enum task_status { TASK_STATUSES(NAME_) TASK_STATUS_COUNT };
enum rollback_reason { ROLLBACK_REASONS(NAME_) REASON_COUNT };
enum wait_scope {
    QUEUE_NONE,
    QUEUE_AGENT,
    QUEUE_ENGINE,
    QUEUE_SCOPED /* as speculation.branch_scope says */
};
enum wait_reason { WAIT_REASONS(NAME3_) WAIT_REASON_COUNT };
enum refusal { REFUSALS(NAME_) REFUSAL_COUNT };
enum breaker_trigger { BREAKER_TRIGGERS(NAME3_) TRIGGER_COUNT };
#undef NAME_
#undef NAME3_

enum edge_kind { EDGE_DATA, EDGE_ORDER, EDGE_RESOURCE, EDGE_KIND_COUNT };

const char *task_status_name(enum task_status status);
const char *rollback_reason_name(enum rollback_reason reason);
const char *wait_reason_name(enum wait_reason reason);
const char *refusal_name(enum refusal refusal);
const char *breaker_trigger_name(enum breaker_trigger trigger);

/* Confirmed at the gate, or final as well: for its children this is one and the same. */
static inline bool task_status_is_confirmed(enum task_status status)
{
    return status == TASK_CONFIRMED || status == TASK_FINALIZED;
}

/* Terminal for cascade, cancel, claims and counting (semantics.md 15). */
static inline bool task_status_is_terminal(enum task_status status)
{
    return status >= TASK_CONFIRMED;
}
