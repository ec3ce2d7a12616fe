/* engine/lifecycle.h: which status may follow which (engine.md 1.2), as one table. */
#pragma once
#include "base/err.h"
#include "engine/types.h"

enum task_move {
    MOVE_START, /* admitted, speculatively or not */
    MOVE_EXECUTED,
    MOVE_PROOF_REQUESTED,
    MOVE_PROOF_WAITS, /* proof ready, an ancestor unconfirmed */
    MOVE_SUBMIT,      /* proof ready or released, or a transaction to be sent again */
    MOVE_TX_ACCEPTED,
    MOVE_CONFIRM,
    MOVE_FINALIZE,
    MOVE_FAIL,
    MOVE_EXPIRE,
    MOVE_CANCEL,
    MOVE_ROLL_BACK,
    MOVE_COUNT,
};

/* ERR_STALE, and *status untouched, when the table has no such move. */
MUST_USE err lifecycle_move(enum task_status *status, enum task_move move);
