/* engine/replay.h: a log, stepped again into an engine of its own.
 *
 * The engine is a function of its events and nothing else, so the state that
 * comes out is the state that was, in every field. Effects are not sent again:
 * nobody listens. Answers that were errors are errors again.
 *
 * Memory:  the engine in the caller's arena, engine_memory_bytes for the limits of the log.
 * Errors:  ERR_SYNTAX with the diag: the log is damaged; ERR_NOMEM; ERR_RANGE limits that no engine has.
 * Threads: none. */
#pragma once
#include "engine/journal.h"

struct replay {
    struct journal_reader reader;
    struct engine *engine;
    bool is_over, is_torn;
    uint64_t refused; /* events that the engine answered with an error */
};

MUST_USE err replay_begin(struct replay *out, struct arena *arena, const void *log, size_t log_bytes,
                          struct journal_diag *diag);
/* One record; NULL `seen` is fine, otherwise it sees each event with the engine's answer. */
MUST_USE err replay_step(struct replay *replay, struct journal_diag *diag,
                         void (*seen)(void *context, const struct event *event, err answer), void *context);
