/* tests/judge/history.c: named tasks over the engine fixture. */
#include "tests/judge/history.h"
#include <string.h>

struct settings judge_settings(void)
{
    struct settings settings = settings_for_tests();
    settings.bond_roots = 1;
    settings.require_parent_output = 0;
    settings.max_depth = 2000;
    settings.max_parallel_branches = 2000;
    settings.max_state_snapshots = 100000;
    settings.cross_agent_speculation = 1;
    settings.cooldown_ns = 0;
    settings.max_locks = 100000;
    settings.max_stake_lamports = INT64_MAX / 64; /* what four agents deposit still fits */
    settings.worker_threads = LIMIT_PROOF_WORKERS;
    settings.batch_size = 1;
    return settings;
}

struct history history_start(const struct settings *settings, uint32_t tasks)
{
    struct history history = {.fixture = fixture_new()};
    history.fixture->settings = *settings;
    fixture_start(history.fixture, tasks);
    return history;
}

void history_end(struct history *history)
{
    fixture_free(history->fixture);
    history->fixture = NULL;
}

uint64_t history_find(const struct history *history, const char *name)
{
    for (uint32_t id = 1; id <= history->count; id++)
        if (strcmp(history->names[id], name) == 0) return id;
    return 0;
}

uint64_t history_id(struct history *history, const char *name)
{
    uint64_t id = history_find(history, name);
    if (id || history->count == HISTORY_TASKS) return id;
    history->names[++history->count] = name;
    return history->count;
}

static bool is_known(struct history *history, uint64_t id)
{
    return fixture_status(history->fixture, id) != TASK_STATUS_COUNT;
}

static void free_workers(struct history *history)
{
    for (uint32_t worker = 0; worker < LIMIT_PROOF_WORKERS; worker++) {
        err e = fixture_worker_free(history->fixture, worker);
        (void)e; /* most of them are idle */
    }
}

bool history_execute(struct history *history, uint64_t id, int64_t compute_ms)
{
    return is_known(history, id) && fixture_executed(history->fixture, id, compute_ms) == OK;
}

bool history_prove(struct history *history, uint64_t id)
{
    if (!is_known(history, id)) return false;
    bool is_proven = fixture_outcome(history->fixture, EVENT_PROOF_DONE, id) == OK;
    free_workers(history);
    return is_proven;
}

bool history_send(struct history *history, uint64_t id)
{
    if (fixture_status(history->fixture, id) == TASK_EXECUTING && !history_execute(history, id, 100))
        return false;
    if (fixture_status(history->fixture, id) == TASK_PROOF_PENDING && !history_prove(history, id))
        return false;
    if (fixture_status(history->fixture, id) == TASK_SUBMITTING &&
        fixture_outcome(history->fixture, EVENT_TX_ACCEPTED, id) != OK)
        return false;
    return fixture_status(history->fixture, id) == TASK_CONFIRMING;
}

bool history_confirm(struct history *history, uint64_t id)
{
    return history_send(history, id) && fixture_outcome(history->fixture, EVENT_CONFIRMED, id) == OK &&
           fixture_status(history->fixture, id) == TASK_CONFIRMED;
}

bool history_cancel(struct history *history, uint64_t id)
{
    if (!is_known(history, id) || fixture_outcome(history->fixture, EVENT_CANCEL, id) != OK) return false;
    fixture_finish_rollbacks(history->fixture);
    return true;
}

bool history_tick(struct history *history, int64_t now_ns)
{
    if (now_ns < history->fixture->now_ns) return false;
    history->fixture->now_ns = now_ns;
    struct event event = {.kind = EVENT_TICK};
    bool is_taken = fixture_send(history->fixture, &event) == OK;
    fixture_finish_rollbacks(history->fixture);
    return is_taken;
}

bool history_is_on_chain(struct history *history, uint64_t id)
{
    enum task_status status = fixture_status(history->fixture, id);
    return status == TASK_SUBMITTING || status == TASK_CONFIRMING;
}

/* ---- graphs ---- */

uint32_t graph_index(struct graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->count; i++)
        if (strcmp(graph->names[i], name) == 0) return i;
    if (graph->count < HISTORY_TASKS) graph->names[graph->count] = name;
    return graph->count++;
}

static enum edge_kind edge_kind_of(const struct json_node *node)
{
    static const char *const NAMES[] = {"data", "order", "resource"};
    const char *name = node_text(node);
    for (int kind = 0; kind < EDGE_KIND_COUNT; kind++)
        if (strcmp(NAMES[kind], name) == 0) return (enum edge_kind)kind;
    input_refuse(node, "expected data, order or resource");
}

static void read_edge(const struct json_node *node, struct graph *graph)
{
    struct json_node pair;
    struct diag diag = {0};
    if (json_get_array(node, NULL, &pair, &diag) != OK) input_refuse_diag(node, &diag);
    size_t size = json_count(&pair);
    if (size < 2 || size > 3) input_refuse(node, "expected [parent, child] or [parent, child, kind]");
    struct json_node parent = json_item(&pair, 0), child = json_item(&pair, 1);
    struct graph_edge *edge = &graph->edges[graph->edge_count++];
    edge->parent = graph_index(graph, node_text(&parent));
    edge->child = graph_index(graph, node_text(&child));
    if (graph->count > HISTORY_TASKS) input_refuse(node, "too many tasks in one graph");
    edge->kind = EDGE_DATA;
    if (size == 3) {
        struct json_node kind = json_item(&pair, 2);
        edge->kind = edge_kind_of(&kind);
    }
}

static bool parents_are_placed(const struct graph *graph, uint32_t index, const bool *placed)
{
    for (uint32_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].child == index && !placed[graph->edges[i].parent]) return false;
    return true;
}

static void put_in_order(struct graph *graph, const struct json_node *node)
{
    bool placed[HISTORY_TASKS] = {false};
    for (uint32_t done = 0; done < graph->count; done++) {
        uint32_t next = 0;
        while (next < graph->count && (placed[next] || !parents_are_placed(graph, next, placed))) next++;
        if (next == graph->count) input_refuse(node, "a cycle");
        placed[next] = true;
        graph->order[done] = next;
    }
}

void graph_read(struct entry *entry, struct graph *out)
{
    struct json_node edges = entry_array(entry, "edges");
    *out = (struct graph){.count = 0};
    for (size_t i = 0; i < json_count(&edges); i++) {
        struct json_node item = json_item(&edges, i);
        if (out->edge_count == HISTORY_EDGES) input_refuse(&item, "too many edges in one graph");
        read_edge(&item, out);
    }
    put_in_order(out, &edges);
}

bool history_submit_graph(struct history *history, const struct graph *graph, bool has_own_agents)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        uint32_t index = graph->order[i];
        struct event event = {.kind = EVENT_SUBMIT};
        struct event_submit *submit = &event.u.submit;
        submit->id = history_id(history, graph->names[index]);
        submit->agent_id = has_own_agents ? i % 4 + 1 : 1;
        submit->snapshot_bytes = MIB;
        submit->claim_expires_ns = NEVER_NS;
        for (uint32_t e = 0; e < graph->edge_count; e++) {
            if (graph->edges[e].child != index) continue;
            if (submit->parent_count == LIMIT_PARENTS) return false;
            submit->edge_kinds[submit->parent_count] = (uint8_t)graph->edges[e].kind;
            submit->parents[submit->parent_count++] =
                history_find(history, graph->names[graph->edges[e].parent]);
        }
        if (fixture_send(history->fixture, &event) != OK) return false;
    }
    return true;
}
