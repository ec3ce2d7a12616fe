/* engine/replay.h: a log, stepped again into an engine of its own.
 *
 * The engine is a function of its events and nothing else, so the state that
 * comes out is the state that was, in every field. Effects are not sent again,
 * but a listener may hear them. Answers that were errors are errors again.
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
#ifdef AGENC_MUTANTS
    struct event last;
#endif
};

MUST_USE err replay_begin(struct replay *out, struct arena *arena, const void *log, size_t log_bytes,
                          struct journal_diag *diag);
/* Who hears what is stepped again; any function may be NULL. */
struct replay_listener {
    void *context;
    void (*event)(void *context, const struct event *event); /* before it is stepped */
    void (*effect)(void *context, const struct effect *effect);
    void (*answer)(void *context, const struct event *event, err answer); /* afterwards */
};

/* One record; NULL listener is fine. */
MUST_USE err replay_step(struct replay *replay, struct journal_diag *diag,
                         const struct replay_listener *listener);
