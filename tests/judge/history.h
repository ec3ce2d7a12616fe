/* tests/judge/history.h: whole-engine histories of tasks with names.
 *
 * A step that the engine refuses is told to the caller, never asserted: a
 * vector that is wrong must fail as a case, not end the program. Tasks have the
 * ids 1, 2, ... in the order in which their names are met. */
#pragma once
#include "tests/judge/judge.h"
#include "tests/lib/engine_fixture.h"

enum { HISTORY_TASKS = 128, HISTORY_EDGES = 256 };

struct history {
    struct fixture *fixture;
    const char *names[HISTORY_TASKS + 1]; /* by id */
    uint32_t count;
};

/* Speculation on, roots bonded, children admitted as soon as their parents run, limits that never bind. */
struct settings judge_settings(void);

struct history history_start(const struct settings *settings, uint32_t tasks);
void history_end(struct history *history);

uint64_t history_id(struct history *history, const char *name); /* the next one when it is new; 0: full */
uint64_t history_find(const struct history *history, const char *name); /* 0: unknown */

/* The ports answer as soon as they are asked. False: the engine did not take a step that was needed. */
bool history_execute(struct history *history, uint64_t id, int64_t compute_ms);
bool history_prove(struct history *history, uint64_t id);   /* executed already */
bool history_send(struct history *history, uint64_t id);    /* to the chain: executes and proves first */
bool history_confirm(struct history *history, uint64_t id); /* from any state that can get there */
bool history_cancel(struct history *history, uint64_t id);
bool history_tick(struct history *history, int64_t now_ns);     /* false: time would run back */
bool history_is_on_chain(struct history *history, uint64_t id); /* submitted and not confirmed */

struct graph_edge {
    uint32_t parent, child; /* indices of names */
    enum edge_kind kind;
};

/* A graph of names. Order: parents first, otherwise as the names appear. */
struct graph {
    const char *names[HISTORY_TASKS];
    struct graph_edge edges[HISTORY_EDGES];
    uint32_t order[HISTORY_TASKS];
    uint32_t count, edge_count;
};

/* "edges": [["A", "B"], ["A", "C", "order"]]; a cycle, or too large a graph, is bad input. */
void graph_read(struct entry *entry, struct graph *out);
uint32_t graph_index(struct graph *graph, const char *name); /* added when it is new */
/* Submits every task: all by agent 1, or by agents 1 to 4 in turn. */
bool history_submit_graph(struct history *history, const struct graph *graph, bool has_own_agents);
