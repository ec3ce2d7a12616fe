/* engine/lifecycle.c: the life of a task.
 *
 * An empty cell refuses the move: a late or duplicate event that gets this far
 * is counted and changes nothing. FINALIZED has no row: nothing leaves it.
 * Source: engine.md 1.2; finality and reversal: semantics.md 15. */
#include "engine/lifecycle.h"

#define TO(status) ((status) + 1) /* 0 is "no such move" */

/* What can happen to any task that is not terminal. */
#define ENDS                                                                                                 \
    [MOVE_FAIL] = TO(TASK_FAILED), [MOVE_EXPIRE] = TO(TASK_EXPIRED), [MOVE_CANCEL] = TO(TASK_CANCELLED)
#define UNDONE [MOVE_ROLL_BACK] = TO(TASK_ROLLED_BACK)

static const unsigned char TABLE[TASK_STATUS_COUNT][MOVE_COUNT] = {
    /* A task that never started has nothing to roll back: it is cancelled. */
    [TASK_PENDING] = {[MOVE_START] = TO(TASK_EXECUTING), ENDS},
    [TASK_EXECUTING] = {[MOVE_EXECUTED] = TO(TASK_EXECUTED), ENDS, UNDONE},
    [TASK_EXECUTED] = {[MOVE_PROOF_REQUESTED] = TO(TASK_PROOF_PENDING), ENDS, UNDONE},
    [TASK_PROOF_PENDING] =
        {[MOVE_PROOF_WAITS] = TO(TASK_AWAITING_ANCESTORS), [MOVE_SUBMIT] = TO(TASK_SUBMITTING), ENDS, UNDONE},
    /* Safety lives here: only MOVE_SUBMIT leads on, and deferral.c makes it when no ancestor is open. */
    [TASK_AWAITING_ANCESTORS] = {[MOVE_SUBMIT] = TO(TASK_SUBMITTING), ENDS, UNDONE},
    [TASK_SUBMITTING] = {[MOVE_TX_ACCEPTED] = TO(TASK_CONFIRMING), ENDS, UNDONE},
    [TASK_CONFIRMING] =
        {[MOVE_SUBMIT] = TO(TASK_SUBMITTING), [MOVE_CONFIRM] = TO(TASK_CONFIRMED), ENDS, UNDONE},
    [TASK_CONFIRMED] = {[MOVE_FINALIZE] = TO(TASK_FINALIZED)},
};

err lifecycle_move(enum task_status *status, enum task_move move)
{
    unsigned next = TABLE[*status][move];
    if (!next) return ERR_STALE;
    *status = (enum task_status)(next - 1);
    return OK;
}
