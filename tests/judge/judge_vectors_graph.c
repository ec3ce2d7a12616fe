/* tests/judge/judge_vectors_graph.c: depth, its limit, claims, branches. */
#include "tests/judge/judge_vectors.h"
#include <string.h>

/* ---- depth by confirmation ---- */

static void depth_entry(struct judge *judge, struct entry *entry)
{
    struct graph graph;
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, HISTORY_TASKS);
    struct json_node confirmed = entry_array(entry, "confirmed"), depths = entry_object(entry, "depth"),
                     depth;
    graph_read(entry, &graph);
    case_begin(judge);
    check_bool(judge, "submitted", true, history_submit_graph(&history, &graph, false));
    for (size_t i = 0; i < json_count(&confirmed); i++) {
        struct json_node name = json_item(&confirmed, i);
        uint64_t id = history_find(&history, node_text(&name));
        check_bool(judge, name.path, true, id && history_confirm(&history, id));
    }
    const char *name = NULL;
    check_u64(judge, "depth: tasks", json_count(&depths), graph.count);
    while (json_next(&depths, name, &name, &depth)) {
        uint64_t id = history_find(&history, name);
        check_u64(judge, depth.path, node_u64(&depth),
                  id ? fixture_view(history.fixture, id).depth_now : UINT64_MAX);
    }
    case_end(judge);
    history_end(&history);
}

/* ---- shapes of any size ---- */

enum { SHAPE_TASKS_MOST = 100000 };

static uint64_t depth_of_last(struct history *history, uint64_t tasks, bool is_fan)
{
    for (uint64_t id = 1; id <= tasks; id++) {
        const uint64_t parents[] = {is_fan && id > 1 ? 1 : id - 1, 0};
        if (fixture_submit(history->fixture, id, parents) != OK) return UINT64_MAX;
    }
    return fixture_view(history->fixture, tasks).depth_now;
}

static void chain_or_fan(struct judge *judge, struct entry *entry, const char *size_key,
                         const char *depth_key, bool is_fan)
{
    uint64_t tasks = entry_u64(entry, size_key) + is_fan;
    if (tasks == 0 || tasks > SHAPE_TASKS_MOST) input_refuse(&entry->node, "1 to 100,000 tasks");
    struct settings settings = judge_settings();
    settings.max_depth = settings.max_parallel_branches = SHAPE_TASKS_MOST;
    struct history history = history_start(&settings, (uint32_t)tasks + 1);
    check_u64(judge, depth_key, entry_u64(entry, depth_key), depth_of_last(&history, tasks, is_fan));
    history_end(&history);
}

static void topology(struct judge *judge, struct entry *entry)
{
    const char *name = entry_text(entry, "topology");
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, 8);
    struct fixture *fixture = history.fixture;
    if (strcmp(name, "diamond") != 0) case_fail(judge, "topology", "diamond", name);
    bool is_submitted =
        fixture_submit(fixture, 1, PARENTS()) == OK && fixture_submit(fixture, 2, PARENTS(1)) == OK &&
        fixture_submit(fixture, 3, PARENTS(1)) == OK && fixture_submit(fixture, 4, PARENTS(2, 3)) == OK;
    check_bool(judge, "submitted", true, is_submitted);
    check_u64(judge, "D", entry_u64(entry, "D"), fixture_view(fixture, 4).depth_now);
    history_end(&history);
}

static void static_entry(struct judge *judge, struct entry *entry)
{
    case_begin(judge);
    if (entry_has(entry, "chain_length"))
        chain_or_fan(judge, entry, "chain_length", "leaf_graph_depth", false);
    else if (entry_has(entry, "fanout"))
        chain_or_fan(judge, entry, "fanout", "child_depth", true);
    else if (entry_has(entry, "topology"))
        topology(judge, entry);
    entry_close(entry);
    case_end(judge);
}

/* ---- the limit of depth ---- */

/* By key or by mode, with every layer of the configuration in between. */
static int64_t max_depth_of(struct judge *judge, struct entry *entry)
{
    struct config config;
    char assignment[64];
    config_init(&config);
    if (entry_has(entry, "mode"))
        snprintf(assignment, sizeof assignment, "speculation.mode=%.30s", entry_text(entry, "mode"));
    else if (entry_has(entry, "max_depth"))
        snprintf(assignment, sizeof assignment, "speculation.max_depth=%d",
                 (int)entry_u64(entry, "max_depth"));
    else
        return config.settings.max_depth;
    check_bool(judge, assignment, true, config_set_text(&config, assignment, NULL, NULL) == OK);
    return config.settings.max_depth;
}

static void boundary_entry(struct judge *judge, struct entry *entry)
{
    uint64_t depth = entry_u64(entry, "depth");
    if (depth > 1000) input_refuse(&entry->node, "deeper than this judge goes");
    case_begin(judge);
    struct settings settings = judge_settings();
    settings.max_depth = 2000;
    struct history history = history_start(&settings, (uint32_t)depth + 2);
    if (depth) check_u64(judge, "depth", depth - 1, depth_of_last(&history, depth, false));
    history.fixture->settings.max_depth = max_depth_of(judge, entry);
    check_bool(judge, "max_depth set", true, fixture_settings(history.fixture) == OK);
    const uint64_t parents[] = {depth, 0};
    check_bool(judge, "submitted", true, fixture_submit(history.fixture, depth + 1, parents) == OK);
    struct task_view view = fixture_view(history.fixture, depth + 1);
    check_u64(judge, "depth", depth, view.depth_now);
    if (entry_has(entry, "outcome")) {
        bool is_normal = view.status == TASK_EXECUTING && !view.was_speculative;
        check_text(judge, "outcome", entry_text(entry, "outcome"), is_normal ? "execute_normally" : "wait");
    } else {
        check_bool(judge, "admit", entry_bool(entry, "admit"), view.status == TASK_EXECUTING);
        bool waits_for_depth = view.waiting_for == WAIT_DEPTH_LIMIT;
        check_bool(judge, "waits for depth_limit", view.status == TASK_PENDING, waits_for_depth);
    }
    entry_close(entry);
    case_end(judge);
    history_end(&history);
}

/* ---- claims ---- */

static void claim_entry(struct judge *judge, struct entry *entry)
{
    struct settings settings = judge_settings();
    settings.claim_buffer_ns = entry_i64(entry, "claim_buffer_ms") * NS_PER_MS;
    struct history history = history_start(&settings, 8);
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = 2, .agent_id = 1, .parent_count = 1, .parents = {1}};
    event.u.submit.claim_expires_ns = entry_i64(entry, "remaining_ms") * NS_PER_MS;
    case_begin(judge);
    check_bool(judge, "submitted", true,
               fixture_submit(history.fixture, 1, PARENTS()) == OK &&
                   fixture_send(history.fixture, &event) == OK);
    struct task_view view = fixture_view(history.fixture, 2);
    bool admit = entry_bool(entry, "admit");
    check_bool(judge, "admit", admit, view.status == TASK_EXECUTING);
    check_bool(judge, "waits for claim_window", !admit, view.waiting_for == WAIT_CLAIM_WINDOW);
    case_end(judge);
    history_end(&history);
}

/* ---- branches ---- */

static void branch_entry(struct judge *judge, struct entry *entry)
{
    if (strcmp(entry_text(entry, "source"), "INT-LIM-004") == 0) {
        /* It counts first-level branches; the rule counts tips (semantics.md 22). */
        judge_nonnormative(judge, "INT-LIM-004");
        entry_object(entry, "roots_children");
        entry_u64(entry, "max_parallel_branches");
        return;
    }
    struct settings settings = judge_settings();
    uint64_t active = entry_u64(entry, "active");
    if (active > 200) input_refuse(&entry->node, "more branches than this judge opens");
    settings.max_parallel_branches = (int64_t)active;
    struct history history = history_start(&settings, 256);
    struct fixture *fixture = history.fixture;
    case_begin(judge);
    bool are_admitted = fixture_submit(fixture, 1, PARENTS()) == OK;
    for (uint64_t id = 2; id < active + 2; id++)
        are_admitted = are_admitted && fixture_submit(fixture, id, PARENTS(1)) == OK &&
                       fixture_status(fixture, id) == TASK_EXECUTING;
    check_bool(judge, "active admitted", true, are_admitted);
    check_u64(judge, "active", active, engine_agent(fixture->engine, 0).tips);
    fixture->settings.max_parallel_branches = entry_i64(entry, "max_parallel_branches");
    check_bool(judge, "limit set", true, fixture_settings(fixture) == OK);
    check_bool(judge, "submitted", true, fixture_submit(fixture, active + 2, PARENTS(1)) == OK);
    bool waits = fixture_waits_for(fixture, active + 2) == WAIT_BRANCH_LIMIT;
    check_text(judge, "new_branch", entry_text(entry, "new_branch"), waits ? "wait" : "admit");
    case_end(judge);
    history_end(&history);
}

#define GRAPH_GROUP(name, entry)                                                                             \
    static void name(struct judge *judge, const struct json_node *node)                                      \
    {                                                                                                        \
        judge_entries(judge, node, entry);                                                                   \
    }
GRAPH_GROUP(depth_group, depth_entry)
GRAPH_GROUP(static_group, static_entry)
GRAPH_GROUP(boundary_group, boundary_entry)
GRAPH_GROUP(claim_group, claim_entry)
GRAPH_GROUP(branch_group, branch_entry)

const struct group GRAPH_GROUPS[] = {
    {"depth", depth_group},
    {"depth_static_checks", static_group},
    {"admission_depth_boundary", boundary_group},
    {"claim_window", claim_group},
    {"branches", branch_group},
    {NULL, NULL},
};
