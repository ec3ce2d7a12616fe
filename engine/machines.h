/* engine/machines.h: the state machines of the engine, each one table (engine.md 1.2 to 1.5).
 *
 * A machine is a list of states, a list of moves, and a table that says where
 * a move leads. An empty cell refuses the move: the caller leaves everything
 * as it was and the refusal is counted. Names are what tests, findings of the
 * integrity check and documents call the states. */
#pragma once
#include "base/err.h"
#include "engine/types.h"

#define MACHINES(X)                                                                                          \
    X(MACHINE_TASK, "task")                                                                                  \
    X(MACHINE_COMMITMENT, "commitment")                                                                      \
    X(MACHINE_PROOF, "proof job")                                                                            \
    X(MACHINE_BOND, "bond account")                                                                          \
    X(MACHINE_BREAKER, "circuit breaker")                                                                    \
    X(MACHINE_BRANCH, "branch")                                                                              \
    X(MACHINE_SNAPSHOT, "snapshot")                                                                          \
    X(MACHINE_CLAIM, "claim")

/* The task's states are TASK_STATUSES of engine/types.h. */
#define TASK_MOVES(X)                                                                                        \
    X(MOVE_START, "start") /* admitted, speculatively or not */                                              \
    X(MOVE_EXECUTED, "executed")                                                                             \
    X(MOVE_PROOF_REQUESTED, "proof_requested")                                                               \
    X(MOVE_PROOF_CLEARED, "proof_cleared") /* an operator emptied the queue */                               \
    X(MOVE_PROOF_WAITS, "proof_waits")     /* proof ready, an ancestor unconfirmed */                        \
    X(MOVE_SUBMIT, "submit")               /* proof ready or released, or a transaction to be sent again */  \
    X(MOVE_TX_ACCEPTED, "tx_accepted")                                                                       \
    X(MOVE_CONFIRM, "confirm")                                                                               \
    X(MOVE_FINALIZE, "finalize")                                                                             \
    X(MOVE_REVERT, "revert") /* a reorg took its slot away: the next incarnation begins */                   \
    X(MOVE_RERUN, "rerun")   /* reverted, and the state that it left is gone */                              \
    X(MOVE_FAIL, "fail")                                                                                     \
    X(MOVE_EXPIRE, "expire")                                                                                 \
    X(MOVE_CANCEL, "cancel")                                                                                 \
    X(MOVE_ROLL_BACK, "roll_back")

#define COMMITMENT_STATES(X)                                                                                 \
    X(COMMITMENT_NONE, "none")                                                                               \
    X(COMMITMENT_CREATED, "created")                                                                         \
    X(COMMITMENT_BONDED, "bonded")                                                                           \
    X(COMMITMENT_ACTIVE, "active")                                                                           \
    X(COMMITMENT_CONFIRMED, "confirmed")                                                                     \
    X(COMMITMENT_FINALIZED, "finalized")                                                                     \
    X(COMMITMENT_FAILED, "failed")                                                                           \
    X(COMMITMENT_ROLLED_BACK, "rolled_back")                                                                 \
    X(COMMITMENT_EXPIRED, "expired")                                                                         \
    X(COMMITMENT_CANCELLED, "cancelled")
#define COMMITMENT_MOVES(X)                                                                                  \
    X(COMMIT_CREATE, "create")                                                                               \
    X(COMMIT_BOND, "bond")                                                                                   \
    X(COMMIT_ACTIVATE, "activate")                                                                           \
    X(COMMIT_CONFIRM, "confirm")                                                                             \
    X(COMMIT_FINALIZE, "finalize")                                                                           \
    X(COMMIT_REVERT, "revert")                                                                               \
    X(COMMIT_FAIL, "fail")                                                                                   \
    X(COMMIT_ROLL_BACK, "roll_back")                                                                         \
    X(COMMIT_EXPIRE, "expire")                                                                               \
    X(COMMIT_CANCEL, "cancel")

/* From an executed task to its proof on chain. */
#define PROOF_STATES(X)                                                                                      \
    X(PROOF_NONE, "none")                                                                                    \
    X(PROOF_BLOCKED, "blocked") /* the queue was full: enters as soon as there is room */                    \
    X(PROOF_QUEUED, "queued")                                                                                \
    X(PROOF_GENERATING, "generating")                                                                        \
    X(PROOF_BACKOFF, "backoff") /* a transient error: generated again after a while */                       \
    X(PROOF_GENERATED, "generated")                                                                          \
    X(PROOF_AWAITING, "awaiting_ancestors")                                                                  \
    X(PROOF_READY, "ready")                                                                                  \
    X(PROOF_SUBMITTING, "submitting") /* handed to the RPC: holds a submission slot */                       \
    X(PROOF_RESENDING, "resending")   /* refused or dropped: sent again after a while */                     \
    X(PROOF_SUBMITTED, "submitted")                                                                          \
    X(PROOF_CONFIRMED, "confirmed")                                                                          \
    X(PROOF_FAILED, "failed")                                                                                \
    X(PROOF_TIMED_OUT, "timed_out")                                                                          \
    X(PROOF_CANCELLED, "cancelled")
#define PROOF_MOVES(X)                                                                                       \
    X(PROVE_BLOCK, "block")                                                                                  \
    X(PROVE_ENQUEUE, "enqueue")                                                                              \
    X(PROVE_CLEAR, "clear") /* an operator emptied the queue */                                              \
    X(PROVE_START, "start")                                                                                  \
    X(PROVE_RETRY, "retry") /* a transient error, attempts left */                                           \
    X(PROVE_FINISH, "finish")                                                                                \
    X(PROVE_DEFER, "defer")     /* an ancestor is unconfirmed, or is so again */                             \
    X(PROVE_RELEASE, "release") /* no ancestor is open */                                                    \
    X(PROVE_SEND, "send")                                                                                    \
    X(PROVE_ACCEPT, "accept")                                                                                \
    X(PROVE_DROP, "drop")                                                                                    \
    X(PROVE_CONFIRM, "confirm")                                                                              \
    X(PROVE_RERUN, "rerun")                                                                                  \
    X(PROVE_FAIL, "fail")                                                                                    \
    X(PROVE_TIME_OUT, "time_out")                                                                            \
    X(PROVE_CANCEL, "cancel")

/* Derived from the balances, never stored (engine.md 1.5). */
#define BOND_STATES(X)                                                                                       \
    X(BOND_ACTIVE, "active")                                                                                 \
    X(BOND_EXHAUSTED, "exhausted")                                                                           \
    X(BOND_COOLDOWN, "cooldown")                                                                             \
    X(BOND_WITHDRAWING, "withdrawing")
#define BOND_MOVES(X)                                                                                        \
    X(BOND_DEPOSIT, "deposit")                                                                               \
    X(BOND_LOCK, "lock")                                                                                     \
    X(BOND_RELOCK, "relock") /* of work that a reorg reopened */                                             \
    X(BOND_RELEASE, "release")                                                                               \
    X(BOND_SLASH, "slash")                                                                                   \
    X(BOND_WITHDRAW, "withdraw")

/* The numbers are those of the gauge (engine.md 1.5). */
#define BREAKER_STATES(X)                                                                                    \
    X(BREAKER_CLOSED, "closed")                                                                              \
    X(BREAKER_HALF_OPEN, "half_open")                                                                        \
    X(BREAKER_OPEN, "open")
#define BREAKER_MOVES(X)                                                                                     \
    X(BREAK_TRIP, "trip")                                                                                    \
    X(BREAK_RECOVER, "recover") /* cooldown over and the recovery condition true */                          \
    X(BREAK_PROBES_PASS, "probes_pass")                                                                      \
    X(BREAK_PROBE_FAILS, "probe_fails")                                                                      \
    X(BREAK_RESET, "reset")                                                                                  \
    X(BREAK_FORCE, "force")

/* A branch is named by the task at its tip. */
#define BRANCH_STATES(X)                                                                                     \
    X(BRANCH_NONE, "none")                                                                                   \
    X(BRANCH_OPEN, "open")         /* this task is the tip */                                                \
    X(BRANCH_EXTENDED, "extended") /* a child is */                                                          \
    X(BRANCH_MERGED, "merged")     /* a child that joins it with another branch is */                        \
    X(BRANCH_CLOSED, "closed")                                                                               \
    X(BRANCH_ABANDONED, "abandoned")
#define BRANCH_MOVES(X)                                                                                      \
    X(BRANCHES_OPEN, "open")                                                                                 \
    X(BRANCHES_PASS, "pass") /* a task that re-enters below an active child */                               \
    X(BRANCHES_EXTEND, "extend")                                                                             \
    X(BRANCHES_MERGE, "merge")                                                                               \
    X(BRANCHES_RETURN, "return") /* the last child left: the tip is here again */                            \
    X(BRANCHES_CLOSE, "close")                                                                               \
    X(BRANCHES_ABANDON, "abandon")

#define SNAPSHOT_STATES(X)                                                                                   \
    X(SNAPSHOT_NONE, "none")                                                                                 \
    X(SNAPSHOT_LIVE, "live")                                                                                 \
    X(SNAPSHOT_PINNED, "pinned") /* a rollback needs it */                                                   \
    X(SNAPSHOT_RELEASABLE, "releasable")                                                                     \
    X(SNAPSHOT_COLLECTED, "collected")
#define SNAPSHOT_MOVES(X)                                                                                    \
    X(SNAP_TAKE, "take")                                                                                     \
    X(SNAP_PIN, "pin")                                                                                       \
    X(SNAP_RELEASE, "release")                                                                               \
    X(SNAP_COLLECT, "collect")                                                                               \
    X(SNAP_DROP, "drop") /* forced: the task can not be restored any more */

#define CLAIM_STATES(X)                                                                                      \
    X(CLAIM_NONE, "unclaimed")                                                                               \
    X(CLAIM_CLAIMED, "claimed")                                                                              \
    X(CLAIM_EXPIRED, "expired")                                                                              \
    X(CLAIM_COMPLETED, "completed")                                                                          \
    X(CLAIM_ABANDONED, "abandoned")
#define CLAIM_MOVES(X)                                                                                       \
    X(CLAIM_TAKE, "take")                                                                                    \
    X(CLAIM_RENEW, "renew")                                                                                  \
    X(CLAIM_EXPIRE, "expire")                                                                                \
    X(CLAIM_COMPLETE, "complete")                                                                            \
    X(CLAIM_ABANDON, "abandon")

#define NAME_(name, text) name,
enum machine { MACHINES(NAME_) MACHINE_COUNT };
enum task_move { TASK_MOVES(NAME_) MOVE_COUNT };
enum commitment_state { COMMITMENT_STATES(NAME_) COMMITMENT_STATE_COUNT };
enum commitment_move { COMMITMENT_MOVES(NAME_) COMMITMENT_MOVE_COUNT };
enum proof_state { PROOF_STATES(NAME_) PROOF_STATE_COUNT };
enum proof_move { PROOF_MOVES(NAME_) PROOF_MOVE_COUNT };
enum bond_state { BOND_STATES(NAME_) BOND_STATE_COUNT };
enum bond_move { BOND_MOVES(NAME_) BOND_MOVE_COUNT };
enum breaker_state { BREAKER_STATES(NAME_) BREAKER_STATE_COUNT };
enum breaker_move { BREAKER_MOVES(NAME_) BREAKER_MOVE_COUNT };
enum branch_state { BRANCH_STATES(NAME_) BRANCH_STATE_COUNT };
enum branch_move { BRANCH_MOVES(NAME_) BRANCH_MOVE_COUNT };
enum snapshot_state { SNAPSHOT_STATES(NAME_) SNAPSHOT_STATE_COUNT };
enum snapshot_move { SNAPSHOT_MOVES(NAME_) SNAPSHOT_MOVE_COUNT };
enum claim_state { CLAIM_STATES(NAME_) CLAIM_STATE_COUNT };
enum claim_move { CLAIM_MOVES(NAME_) CLAIM_MOVE_COUNT };
#undef NAME_

/* A table as rows of `moves` cells: 0 refuses, otherwise one more than the next state. */
struct machine_table {
    const unsigned char *cells;
    unsigned states, moves;
};
extern const struct machine_table MACHINE_TABLES[MACHINE_COUNT];

static inline unsigned machine_cell(enum machine machine, unsigned state, unsigned move)
{
    return MACHINE_TABLES[machine].cells[state * MACHINE_TABLES[machine].moves + move];
}

static inline bool machine_allows(enum machine machine, unsigned state, unsigned move)
{
    return machine_cell(machine, state, move) != 0;
}

/* ERR_STALE, and *state untouched, when the machine's table has no such move. */
MUST_USE static inline err machine_move(enum machine machine, uint8_t *state, unsigned move)
{
    unsigned next = machine_cell(machine, *state, move);
    if (!next) return ERR_STALE;
    *state = (uint8_t)(next - 1);
    return OK;
}

const char *machine_name(enum machine machine);
const char *machine_state_name(enum machine machine, unsigned state);
const char *machine_move_name(enum machine machine, unsigned move);
unsigned machine_state_count(enum machine machine);
unsigned machine_move_count(enum machine machine);
