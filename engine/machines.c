/* engine/machines.c: the tables. An empty cell refuses the move; a state without a row lets nothing out.
 *
 * Source: engine.md 1.2 to 1.5; finality and reversal: semantics.md 15. */
#include "engine/machines.h"

#define TO(state) ((state) + 1) /* 0 is "no such move" */

/* What can happen to any task that is not terminal. */
#define ENDS                                                                                                 \
    [MOVE_FAIL] = TO(TASK_FAILED), [MOVE_EXPIRE] = TO(TASK_EXPIRED), [MOVE_CANCEL] = TO(TASK_CANCELLED)
#define UNDONE [MOVE_ROLL_BACK] = TO(TASK_ROLLED_BACK)

static const unsigned char TASK[TASK_STATUS_COUNT][MOVE_COUNT] = {
    /* A task that never started has nothing to roll back: it is cancelled. */
    [TASK_PENDING] = {[MOVE_START] = TO(TASK_EXECUTING), ENDS},
    [TASK_EXECUTING] = {[MOVE_EXECUTED] = TO(TASK_EXECUTED), ENDS, UNDONE},
    [TASK_EXECUTED] = {[MOVE_PROOF_REQUESTED] = TO(TASK_PROOF_PENDING), ENDS, UNDONE},
    [TASK_PROOF_PENDING] = {[MOVE_PROOF_WAITS] = TO(TASK_AWAITING_ANCESTORS),
                            [MOVE_PROOF_CLEARED] = TO(TASK_EXECUTED),
                            [MOVE_SUBMIT] = TO(TASK_SUBMITTING),
                            ENDS,
                            UNDONE},
    /* Safety lives here: only MOVE_SUBMIT leads on, and deferral.c makes it when no ancestor is open. */
    [TASK_AWAITING_ANCESTORS] = {[MOVE_SUBMIT] = TO(TASK_SUBMITTING), ENDS, UNDONE},
    /* Back to waiting when a reorg reopens an ancestor. */
    [TASK_SUBMITTING] = {[MOVE_TX_ACCEPTED] = TO(TASK_CONFIRMING),
                         [MOVE_PROOF_WAITS] = TO(TASK_AWAITING_ANCESTORS),
                         ENDS,
                         UNDONE},
    [TASK_CONFIRMING] = {[MOVE_SUBMIT] = TO(TASK_SUBMITTING),
                         [MOVE_CONFIRM] = TO(TASK_CONFIRMED),
                         [MOVE_PROOF_WAITS] = TO(TASK_AWAITING_ANCESTORS),
                         [MOVE_RERUN] = TO(TASK_EXECUTING),
                         ENDS,
                         UNDONE},
    [TASK_CONFIRMED] = {[MOVE_FINALIZE] = TO(TASK_FINALIZED), [MOVE_REVERT] = TO(TASK_CONFIRMING)},
};

#define COMMITMENT_ENDS                                                                                      \
    [COMMIT_FAIL] = TO(COMMITMENT_FAILED), [COMMIT_ROLL_BACK] = TO(COMMITMENT_ROLLED_BACK),                  \
    [COMMIT_EXPIRE] = TO(COMMITMENT_EXPIRED), [COMMIT_CANCEL] = TO(COMMITMENT_CANCELLED)

static const unsigned char COMMITMENT[COMMITMENT_STATE_COUNT][COMMITMENT_MOVE_COUNT] = {
    [COMMITMENT_NONE] = {[COMMIT_CREATE] = TO(COMMITMENT_CREATED)},
    /* Work with no unconfirmed parent is active without a bond (semantics.md 11). */
    [COMMITMENT_CREATED] = {[COMMIT_BOND] = TO(COMMITMENT_BONDED), [COMMIT_ACTIVATE] = TO(COMMITMENT_ACTIVE)},
    [COMMITMENT_BONDED] = {[COMMIT_ACTIVATE] = TO(COMMITMENT_ACTIVE)},
    [COMMITMENT_ACTIVE] = {[COMMIT_CONFIRM] = TO(COMMITMENT_CONFIRMED), COMMITMENT_ENDS},
    [COMMITMENT_CONFIRMED] =
        {[COMMIT_FINALIZE] = TO(COMMITMENT_FINALIZED), [COMMIT_REVERT] = TO(COMMITMENT_ACTIVE)},
};

#define WITHDRAWN [PROVE_CANCEL] = TO(PROOF_CANCELLED)

static const unsigned char PROOF[PROOF_STATE_COUNT][PROOF_MOVE_COUNT] = {
    [PROOF_NONE] = {[PROVE_ENQUEUE] = TO(PROOF_QUEUED), [PROVE_BLOCK] = TO(PROOF_BLOCKED)},
    [PROOF_BLOCKED] = {[PROVE_ENQUEUE] = TO(PROOF_QUEUED), WITHDRAWN},
    [PROOF_QUEUED] = {[PROVE_START] = TO(PROOF_GENERATING), [PROVE_CLEAR] = TO(PROOF_NONE), WITHDRAWN},
    [PROOF_GENERATING] = {[PROVE_FINISH] = TO(PROOF_GENERATED),
                          [PROVE_RETRY] = TO(PROOF_BACKOFF),
                          [PROVE_ENQUEUE] = TO(PROOF_QUEUED),
                          [PROVE_FAIL] = TO(PROOF_FAILED),
                          [PROVE_TIME_OUT] = TO(PROOF_TIMED_OUT),
                          WITHDRAWN},
    [PROOF_BACKOFF] = {[PROVE_ENQUEUE] = TO(PROOF_QUEUED), WITHDRAWN},
    [PROOF_GENERATED] = {[PROVE_DEFER] = TO(PROOF_AWAITING), [PROVE_RELEASE] = TO(PROOF_READY), WITHDRAWN},
    [PROOF_AWAITING] = {[PROVE_RELEASE] = TO(PROOF_READY), WITHDRAWN},
    [PROOF_READY] = {[PROVE_SEND] = TO(PROOF_SUBMITTING), [PROVE_DEFER] = TO(PROOF_AWAITING), WITHDRAWN},
    [PROOF_SUBMITTING] = {[PROVE_ACCEPT] = TO(PROOF_SUBMITTED),
                          [PROVE_DROP] = TO(PROOF_RESENDING),
                          [PROVE_DEFER] = TO(PROOF_AWAITING),
                          [PROVE_RELEASE] = TO(PROOF_READY),
                          [PROVE_FAIL] = TO(PROOF_FAILED),
                          WITHDRAWN},
    [PROOF_RESENDING] = {[PROVE_RELEASE] = TO(PROOF_READY), [PROVE_DEFER] = TO(PROOF_AWAITING), WITHDRAWN},
    [PROOF_SUBMITTED] = {[PROVE_CONFIRM] = TO(PROOF_CONFIRMED),
                         [PROVE_DROP] = TO(PROOF_RESENDING),
                         [PROVE_DEFER] = TO(PROOF_AWAITING),
                         [PROVE_RELEASE] = TO(PROOF_READY),
                         [PROVE_FAIL] = TO(PROOF_FAILED),
                         WITHDRAWN},
    /* Left only by a reorg. */
    [PROOF_CONFIRMED] = {[PROVE_RELEASE] = TO(PROOF_READY),
                         [PROVE_DEFER] = TO(PROOF_AWAITING),
                         [PROVE_RERUN] = TO(PROOF_NONE)},
};

#define ALWAYS_POSSIBLE(state)                                                                               \
    [BOND_DEPOSIT] = TO(state), [BOND_RELOCK] = TO(state), [BOND_RELEASE] = TO(state),                       \
    [BOND_SLASH] = TO(BOND_COOLDOWN)

/* The state is computed anew from the balances: the table says what may be asked. */
static const unsigned char BOND[BOND_STATE_COUNT][BOND_MOVE_COUNT] = {
    [BOND_ACTIVE] =
        {[BOND_LOCK] = TO(BOND_ACTIVE), [BOND_WITHDRAW] = TO(BOND_WITHDRAWING), ALWAYS_POSSIBLE(BOND_ACTIVE)},
    [BOND_EXHAUSTED] = {ALWAYS_POSSIBLE(BOND_ACTIVE)},
    [BOND_COOLDOWN] = {ALWAYS_POSSIBLE(BOND_COOLDOWN)},
    [BOND_WITHDRAWING] = {[BOND_LOCK] = TO(BOND_WITHDRAWING), ALWAYS_POSSIBLE(BOND_WITHDRAWING)},
};

static const unsigned char BREAKER[BREAKER_STATE_COUNT][BREAKER_MOVE_COUNT] = {
    [BREAKER_CLOSED] = {[BREAK_TRIP] = TO(BREAKER_OPEN)},
    [BREAKER_OPEN] = {[BREAK_RECOVER] = TO(BREAKER_HALF_OPEN),
                      [BREAK_RESET] = TO(BREAKER_CLOSED),
                      [BREAK_FORCE] = TO(BREAKER_CLOSED)},
    [BREAKER_HALF_OPEN] = {[BREAK_PROBES_PASS] = TO(BREAKER_CLOSED),
                           [BREAK_PROBE_FAILS] = TO(BREAKER_OPEN),
                           [BREAK_TRIP] = TO(BREAKER_OPEN),
                           [BREAK_RESET] = TO(BREAKER_CLOSED),
                           [BREAK_FORCE] = TO(BREAKER_CLOSED)},
};

#define BRANCH_ENDS [BRANCHES_CLOSE] = TO(BRANCH_CLOSED), [BRANCHES_ABANDON] = TO(BRANCH_ABANDONED)

static const unsigned char BRANCH[BRANCH_STATE_COUNT][BRANCH_MOVE_COUNT] = {
    [BRANCH_NONE] = {[BRANCHES_OPEN] = TO(BRANCH_OPEN)},
    [BRANCH_OPEN] =
        {[BRANCHES_EXTEND] = TO(BRANCH_EXTENDED), [BRANCHES_MERGE] = TO(BRANCH_MERGED), BRANCH_ENDS},
    [BRANCH_EXTENDED] = {[BRANCHES_RETURN] = TO(BRANCH_OPEN), BRANCH_ENDS},
    [BRANCH_MERGED] = {[BRANCHES_RETURN] = TO(BRANCH_OPEN), BRANCH_ENDS},
    /* Reopened by a reorg. */
    [BRANCH_CLOSED] = {[BRANCHES_OPEN] = TO(BRANCH_OPEN), [BRANCHES_PASS] = TO(BRANCH_EXTENDED)},
};

static const unsigned char SNAPSHOT[SNAPSHOT_STATE_COUNT][SNAPSHOT_MOVE_COUNT] = {
    [SNAPSHOT_NONE] = {[SNAP_TAKE] = TO(SNAPSHOT_LIVE)},
    [SNAPSHOT_LIVE] = {[SNAP_PIN] = TO(SNAPSHOT_PINNED),
                       [SNAP_RELEASE] = TO(SNAPSHOT_RELEASABLE),
                       [SNAP_DROP] = TO(SNAPSHOT_COLLECTED)},
    [SNAPSHOT_PINNED] = {[SNAP_RELEASE] = TO(SNAPSHOT_RELEASABLE)},
    [SNAPSHOT_RELEASABLE] = {[SNAP_COLLECT] = TO(SNAPSHOT_COLLECTED)},
    /* A task that is run again after a reorg has its state taken again. */
    [SNAPSHOT_COLLECTED] = {[SNAP_TAKE] = TO(SNAPSHOT_LIVE)},
};

static const unsigned char CLAIM[CLAIM_STATE_COUNT][CLAIM_MOVE_COUNT] = {
    [CLAIM_NONE] = {[CLAIM_TAKE] = TO(CLAIM_CLAIMED)},
    [CLAIM_CLAIMED] = {[CLAIM_RENEW] = TO(CLAIM_CLAIMED),
                       [CLAIM_EXPIRE] = TO(CLAIM_EXPIRED),
                       [CLAIM_COMPLETE] = TO(CLAIM_COMPLETED),
                       [CLAIM_ABANDON] = TO(CLAIM_ABANDONED)},
};

#define TEXT_(name, text)   [name] = text,
#define STATUS_(name, text) [name] = #name,
static const char *const TASK_NAMES[] = {TASK_STATUSES(STATUS_)};
static const char *const TASK_MOVE_NAMES[] = {TASK_MOVES(TEXT_)};
static const char *const COMMITMENT_NAMES[] = {COMMITMENT_STATES(TEXT_)};
static const char *const COMMITMENT_MOVE_NAMES[] = {COMMITMENT_MOVES(TEXT_)};
static const char *const PROOF_NAMES[] = {PROOF_STATES(TEXT_)};
static const char *const PROOF_MOVE_NAMES[] = {PROOF_MOVES(TEXT_)};
static const char *const BOND_NAMES[] = {BOND_STATES(TEXT_)};
static const char *const BOND_MOVE_NAMES[] = {BOND_MOVES(TEXT_)};
static const char *const BREAKER_NAMES[] = {BREAKER_STATES(TEXT_)};
static const char *const BREAKER_MOVE_NAMES[] = {BREAKER_MOVES(TEXT_)};
static const char *const BRANCH_NAMES[] = {BRANCH_STATES(TEXT_)};
static const char *const BRANCH_MOVE_NAMES[] = {BRANCH_MOVES(TEXT_)};
static const char *const SNAPSHOT_NAMES[] = {SNAPSHOT_STATES(TEXT_)};
static const char *const SNAPSHOT_MOVE_NAMES[] = {SNAPSHOT_MOVES(TEXT_)};
static const char *const CLAIM_NAMES[] = {CLAIM_STATES(TEXT_)};
static const char *const CLAIM_MOVE_NAMES[] = {CLAIM_MOVES(TEXT_)};
static const char *const MACHINE_NAMES[] = {MACHINES(TEXT_)};

const struct machine_table MACHINE_TABLES[MACHINE_COUNT] = {
    [MACHINE_TASK] = {&TASK[0][0], TASK_STATUS_COUNT, MOVE_COUNT},
    [MACHINE_COMMITMENT] = {&COMMITMENT[0][0], COMMITMENT_STATE_COUNT, COMMITMENT_MOVE_COUNT},
    [MACHINE_PROOF] = {&PROOF[0][0], PROOF_STATE_COUNT, PROOF_MOVE_COUNT},
    [MACHINE_BOND] = {&BOND[0][0], BOND_STATE_COUNT, BOND_MOVE_COUNT},
    [MACHINE_BREAKER] = {&BREAKER[0][0], BREAKER_STATE_COUNT, BREAKER_MOVE_COUNT},
    [MACHINE_BRANCH] = {&BRANCH[0][0], BRANCH_STATE_COUNT, BRANCH_MOVE_COUNT},
    [MACHINE_SNAPSHOT] = {&SNAPSHOT[0][0], SNAPSHOT_STATE_COUNT, SNAPSHOT_MOVE_COUNT},
    [MACHINE_CLAIM] = {&CLAIM[0][0], CLAIM_STATE_COUNT, CLAIM_MOVE_COUNT},
};

static const struct {
    const char *const *states, *const *moves;
} NAMES[MACHINE_COUNT] = {
    [MACHINE_TASK] = {TASK_NAMES, TASK_MOVE_NAMES},
    [MACHINE_COMMITMENT] = {COMMITMENT_NAMES, COMMITMENT_MOVE_NAMES},
    [MACHINE_PROOF] = {PROOF_NAMES, PROOF_MOVE_NAMES},
    [MACHINE_BOND] = {BOND_NAMES, BOND_MOVE_NAMES},
    [MACHINE_BREAKER] = {BREAKER_NAMES, BREAKER_MOVE_NAMES},
    [MACHINE_BRANCH] = {BRANCH_NAMES, BRANCH_MOVE_NAMES},
    [MACHINE_SNAPSHOT] = {SNAPSHOT_NAMES, SNAPSHOT_MOVE_NAMES},
    [MACHINE_CLAIM] = {CLAIM_NAMES, CLAIM_MOVE_NAMES},
};

const char *machine_name(enum machine machine)
{
    return MACHINE_NAMES[machine];
}

const char *machine_state_name(enum machine machine, unsigned state)
{
    return NAMES[machine].states[state];
}

const char *machine_move_name(enum machine machine, unsigned move)
{
    return NAMES[machine].moves[move];
}

unsigned machine_state_count(enum machine machine)
{
    return MACHINE_TABLES[machine].states;
}

unsigned machine_move_count(enum machine machine)
{
    return MACHINE_TABLES[machine].moves;
}
