/* tests/lib/history.h: a random life of one engine, with ports that answer sooner, later, twice or never.
 *
 * Every event that there is takes part, reorgs, operators and nonsense included,
 * under limits so small that all of them are met. Each event is logged before
 * it is stepped. A history is a function of its seed. */
#pragma once
#include "base/rng.h"
#include "chaos/watch.h"
#include "engine/journal.h"
#include "tests/lib/engine_fixture.h"
#include "tests/lib/shadow.h"

enum { HISTORY_REQUESTS = 256, HISTORY_LOG_BYTES = 1 << 20 };

struct history_request {
    enum effect_kind kind;
    struct task_ref task;
    uint32_t attempt;
    int stage; /* of a transaction: sent, accepted, confirmed */
};

struct history {
    struct settings settings;
    struct engine_limits limits;
    struct arena arena;
    struct engine *engine;
    struct effects effects;
    struct effect buffer[3];
    struct draw draw;
    int64_t now_ns;
    uint64_t next_id, slot;
    struct history_request open[HISTORY_REQUESTS];
    uint32_t open_count;
    struct event event; /* the last one, and what the engine said */
    err answer;
    struct shadow *shadow; /* NULL: nobody watches */
    struct watch *watch;   /* beside the shadow; ours */
    /* Changes what the two are shown of an effect, or (false) hides it; NULL: they see what happens. */
    bool (*spoil)(void *context, struct effect *effect);
    void *spoil_context;
    struct codec_out log;
    struct journal_chain chain;
    unsigned char log_bytes[HISTORY_LOG_BYTES];
};

struct history *history_new(uint64_t seed);
/* The shadow is begun anew, and a watch of chaos/watch.h beside it. */
struct history *history_watched(uint64_t seed, struct shadow *shadow);
void history_free(struct history *history);
void history_step(struct history *history);
/* An event of the caller's, logged and stepped like the others. */
err history_send(struct history *history, struct event event);
