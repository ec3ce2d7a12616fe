/* engine/compare.h: are two engines in the same state, to the last field?
 *
 * Everything that a later event can see is compared: tasks, edges, agents, lists, deadlines, plans, breaker,
 * statistics, settings. The marks of past traversals are not: they decide nothing.
 * Memory: none. Threads: none; both engines must stand still. */
#pragma once
#include "engine/engine.h"

struct difference {
    const char *what; /* "task.depth_now" */
    uint32_t index;   /* of the task, edge, agent, counter */
};

/* True when they differ; out says where first. */
bool engine_compare(const struct engine *a, const struct engine *b, struct difference *out);
