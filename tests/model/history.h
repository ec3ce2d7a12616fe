/* tests/model/history.h: a random history: what comes next, given what was asked for so far. */
#pragma once
#include "base/rng.h"
#include "engine/event.h"

enum { HISTORY_IDS = 256, HISTORY_ASKED = 512 };

/* A request of the engine's that nobody has answered, or that will be answered once more. */
struct asked {
    enum effect_kind kind;
    struct task_ref task;
    uint64_t id;
    uint32_t attempt;
};

struct history {
    struct draw draw;
    struct settings settings, next;                       /* next: what EVENT_SETTINGS points at */
    uint32_t tasks_most, tasks, tables, agents, accepted; /* accepted: submissions that the engine took */
    bool is_stormy;                                       /* many reorgs and forced collections */
    uint64_t last_id, endowment, endowed;                 /* what the first agents are given to begin with */
    int64_t now_ns;
    struct task_ref refs[HISTORY_IDS]; /* by id: the last task of that id */
    uint32_t attempts[HISTORY_IDS];
    struct asked asked[HISTORY_ASKED];
    uint32_t asked_count;
};

/* `base`: the settings before the history makes them its own. */
void history_begin(struct history *history, const struct settings *base, uint64_t seed, uint64_t number,
                   uint32_t tasks_most);
/* deadline_ns: of the engine. Returns the id of the task meant, 0 when the event names none. */
uint64_t history_next(struct history *history, int64_t deadline_ns, struct event *event);
void history_effect(struct history *history, const struct effect *effect);
