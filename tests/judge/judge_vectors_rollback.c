/* tests/judge/judge_vectors_rollback.c: who is undone, in which order, and who is not. */
#include "tests/judge/judge_vectors.h"
#include <string.h>

/* What a rollback did, gathered over its steps. */
struct undoing {
    uint64_t order[HISTORY_TASKS]; /* ids, by turn, roots included */
    uint32_t count;
};

static void gather(struct history *history, struct undoing *undoing)
{
    const struct effect *note;
    for (uint32_t n = 0; (note = fixture_saw(history->fixture, NOTE_UNDONE, n)); n++)
        if (undoing->count < HISTORY_TASKS) undoing->order[undoing->count++] = note->task_id;
}

/* Answers the ports one request at a time. */
static bool answer(struct history *history)
{
    const struct effect *request = fixture_saw(history->fixture, EFFECT_ABORT, 0);
    enum event_kind kind = request ? EVENT_ABORTED : EVENT_RESTORED;
    if (!request) request = fixture_saw(history->fixture, EFFECT_RESTORE, 0);
    if (!request) return false;
    struct event event = {.kind = kind, .task = request->task};
    return fixture_send(history->fixture, &event) == OK;
}

static void finish(struct history *history, struct undoing *undoing)
{
    gather(history, undoing);
    while (answer(history)) gather(history, undoing);
}

/* A failure of its execution, or of its proof when it has executed. */
static bool fail(struct history *history, uint64_t id, struct undoing *undoing)
{
    bool is_running = fixture_status(history->fixture, id) == TASK_EXECUTING;
    err e = is_running ? fixture_outcome(history->fixture, EVENT_EXECUTION_FAILED, id)
                       : fixture_proof_failed(history->fixture, id, PROOF_ERROR_CONSTRAINT);
    finish(history, undoing);
    return e == OK;
}

static void check_order(struct judge *judge, const struct json_node *expected, struct history *history,
                        const struct undoing *undoing)
{
    check_u64(judge, "order: tasks", json_count(expected), undoing->count);
    for (size_t i = 0; i < json_count(expected) && i < undoing->count; i++) {
        struct json_node name = json_item(expected, i);
        check_text(judge, name.path, node_text(&name), history->names[undoing->order[i]]);
    }
}

static bool is_undone(const struct undoing *undoing, uint64_t id)
{
    for (uint32_t i = 0; i < undoing->count; i++)
        if (undoing->order[i] == id) return true;
    return false;
}

/* Named tasks are alive or confirmed, and had no turn. */
static void check_alive(struct judge *judge, const struct json_node *names, struct history *history,
                        const struct undoing *undoing)
{
    for (size_t i = 0; i < json_count(names); i++) {
        struct json_node name = json_item(names, i);
        uint64_t id = history_find(history, node_text(&name));
        enum task_status status = fixture_status(history->fixture, id);
        bool is_alive = id && !is_undone(undoing, id) && status <= TASK_FINALIZED;
        check_bool(judge, name.path, true, is_alive);
    }
}

static void confirm_named(struct judge *judge, struct entry *entry, struct history *history)
{
    if (!entry_has(entry, "confirmed")) return;
    struct json_node names = entry_array(entry, "confirmed");
    for (size_t i = 0; i < json_count(&names); i++) {
        struct json_node name = json_item(&names, i);
        uint64_t id = history_find(history, node_text(&name));
        check_bool(judge, name.path, true, id && history_confirm(history, id));
    }
}

/* Everything that the order may look like: all tasks, each after what is below it. */
static bool is_topological(const struct json_node *order, const struct graph *graph)
{
    for (uint32_t task = 0; task < graph->count; task++) {
        size_t times = 0;
        for (size_t i = 0; i < json_count(order); i++) {
            struct json_node name = json_item(order, i);
            times += strcmp(node_text(&name), graph->names[task]) == 0;
        }
        if (times != 1) return false;
    }
    for (size_t i = 0; i < json_count(order); i++)
        for (size_t later = i + 1; later < json_count(order); later++) {
            struct json_node first = json_item(order, i), second = json_item(order, later);
            for (uint32_t e = 0; e < graph->edge_count; e++)
                if (strcmp(graph->names[graph->edges[e].parent], node_text(&first)) == 0 &&
                    strcmp(graph->names[graph->edges[e].child], node_text(&second)) == 0)
                    return false;
        }
    return true;
}

/* ---- policies ---- */

static const struct {
    const char *name;
    enum rollback_policy policy;
} POLICIES[] = {
    {"cascade", ROLLBACK_CASCADE}, {"selective", ROLLBACK_SELECTIVE}, {"checkpoint", ROLLBACK_CHECKPOINT}};

static int64_t policy_of(struct entry *entry)
{
    const char *name = entry_text(entry, "policy");
    for (size_t i = 0; i < sizeof POLICIES / sizeof *POLICIES; i++)
        if (strcmp(POLICIES[i].name, name) == 0) return POLICIES[i].policy;
    struct json_node node = entry_any(entry, "policy");
    input_refuse(&node, "expected cascade, selective or checkpoint");
}

/* Checkpoints stand at every `interval`-th level from the first speculative one on; the vector names who has
 * one. Levels of a chain are places in its order. */
static int64_t interval_of(struct judge *judge, struct entry *entry, const struct graph *graph)
{
    struct json_node names = entry_array(entry, "checkpoints");
    bool has[HISTORY_TASKS] = {false};
    uint64_t found = 0;
    int64_t interval = HISTORY_TASKS; /* one checkpoint only: at the first level */
    for (uint32_t place = 0; place < graph->count; place++)
        for (size_t i = 0; i < json_count(&names); i++) {
            struct json_node name = json_item(&names, i);
            bool is_here = strcmp(node_text(&name), graph->names[graph->order[place]]) == 0;
            has[place] = has[place] || is_here;
            found += is_here;
        }
    check_u64(judge, "checkpoints: tasks", json_count(&names), found);
    for (uint32_t place = graph->count; place-- > 2;)
        if (has[place]) interval = place - 1;
    for (uint32_t place = 0; place < graph->count; place++)
        check_bool(judge, "checkpoints: every so many levels", place > 0 && (place - 1) % interval == 0,
                   has[place]);
    return interval;
}

/* The nearest task above what was undone that is alive and keeps its snapshot. */
static uint64_t resume_point(struct history *history, const struct graph *graph,
                             const struct undoing *undoing)
{
    for (uint32_t e = graph->edge_count; e-- > 0;) {
        uint64_t parent = history_find(history, graph->names[graph->edges[e].parent]);
        uint64_t child = history_find(history, graph->names[graph->edges[e].child]);
        struct task_view view = fixture_view(history->fixture, parent);
        bool is_held = view.snapshot == SNAPSHOT_LIVE || view.snapshot == SNAPSHOT_PINNED;
        if (is_undone(undoing, child) && !is_undone(undoing, parent) && is_held) return parent;
    }
    return 0;
}

/* ---- one root ---- */

static void check_survivors(struct judge *judge, struct entry *entry, struct history *history,
                            const struct graph *graph, const struct undoing *undoing)
{
    static const char *const KEYS[] = {"untouched", "survive"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if (!entry_has(entry, KEYS[i])) continue;
        struct json_node names = entry_array(entry, KEYS[i]);
        check_alive(judge, &names, history, undoing);
    }
    if (entry_has(entry, "also_valid_topologically")) {
        struct json_node other = entry_array(entry, "also_valid_topologically");
        check_bool(judge, "also_valid_topologically", true, is_topological(&other, graph));
    }
    entry_words(entry, "tie_rule"); /* the order shows it */
    if (!entry_has(entry, "resume_from")) return;
    uint64_t resumed = resume_point(history, graph, undoing);
    check_text(judge, "resume_from", entry_text(entry, "resume_from"),
               resumed ? history->names[resumed] : "nowhere");
}

static void order_case(struct judge *judge, struct entry *entry)
{
    struct graph graph;
    struct undoing undoing = {.count = 0};
    struct settings settings = judge_settings();
    graph_read(entry, &graph);
    if (entry_has(entry, "policy")) settings.rollback_policy = policy_of(entry);
    if (entry_has(entry, "checkpoints")) settings.checkpoint_interval = interval_of(judge, entry, &graph);
    struct history history = history_start(&settings, HISTORY_TASKS);
    check_bool(judge, "submitted", true, history_submit_graph(&history, &graph, false));
    confirm_named(judge, entry, &history);
    uint64_t root = history_find(&history, entry_text(entry, "root"));
    check_bool(judge, "root fails", true, root && fail(&history, root, &undoing));
    struct json_node order = entry_array(entry, "order");
    check_order(judge, &order, &history, &undoing);
    check_survivors(judge, entry, &history, &graph, &undoing);
    history_end(&history);
}

/* ---- two roots at once ---- */

static void check_each_once(struct judge *judge, const struct json_node *names, struct history *history,
                            const struct undoing *undoing)
{
    check_u64(judge, "each_once: tasks", json_count(names), undoing->count);
    for (size_t i = 0; i < json_count(names); i++) {
        struct json_node name = json_item(names, i);
        uint64_t id = history_find(history, node_text(&name)), turns = 0;
        for (uint32_t turn = 0; turn < undoing->count; turn++) turns += undoing->order[turn] == id;
        check_u64(judge, name.path, 1, turns);
    }
}

static void roots_case(struct judge *judge, struct entry *entry)
{
    struct graph graph;
    struct undoing undoing = {.count = 0};
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, HISTORY_TASKS);
    struct json_node roots = entry_array(entry, "roots_same_instant"),
                     names = entry_array(entry, "each_once");
    graph_read(entry, &graph);
    check_bool(judge, "submitted", true, history_submit_graph(&history, &graph, false));
    for (size_t i = 0; i < json_count(&roots); i++) {
        struct json_node name = json_item(&roots, i);
        uint64_t id = history_find(&history, node_text(&name));
        /* The ports answer only after all have failed: the second comes while the first is undone. */
        check_bool(judge, name.path, true,
                   id && fixture_outcome(history.fixture, EVENT_EXECUTION_FAILED, id) == OK);
        gather(&history, &undoing);
    }
    for (uint64_t id = 1; id <= history.count; id++) { /* whoever was asked, in whatever step */
        struct event event = {.kind = EVENT_ABORTED};
        if (!engine_find(history.fixture->engine, id, &event.task)) continue;
        if (fixture_send(history.fixture, &event) == OK) finish(&history, &undoing);
    }
    check_each_once(judge, &names, &history, &undoing);
    history_end(&history);
}

/* ---- stake at risk ---- */

static bool submit_bonded(struct history *history, uint64_t id, const uint64_t *parents, uint64_t bond)
{
    struct event event = fixture_submission(id, 1, parents);
    event.u.submit.bond_lamports = bond;
    return fixture_send(history->fixture, &event) == OK;
}

/* Bonds of everyone undone but the root: what the engine gives back, because victims lose nothing. */
static void check_at_risk(struct judge *judge, struct entry *entry, struct history *history, uint64_t root)
{
    struct undoing undoing = {.count = 0};
    uint64_t at_risk = 0, victims = 0;
    const struct engine_stats *stats = engine_statistics(history->fixture->engine);
    check_bool(judge, "root fails", true, fail(history, root, &undoing));
    for (uint32_t i = 0; i < undoing.count; i++) {
        if (undoing.order[i] == root) continue;
        at_risk += fixture_view(history->fixture, undoing.order[i]).bond_lamports;
        victims++;
    }
    check_u64(judge, "stake_at_risk_excluding_root", entry_u64(entry, "stake_at_risk_excluding_root"),
              at_risk);
    if (entry_has(entry, "rolled_back_excluding_root"))
        check_u64(judge, "rolled_back_excluding_root", entry_u64(entry, "rolled_back_excluding_root"),
                  victims);
    check_u64(judge, "left locked", 0, stats->locked_lamports);
}

static void stakes_case(struct judge *judge, struct entry *entry)
{
    struct graph graph;
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, HISTORY_TASKS);
    struct json_node stakes = entry_object(entry, "stakes");
    graph_read(entry, &graph);
    check_u64(judge, "stakes: tasks", json_count(&stakes), graph.count);
    for (uint32_t i = 0; i < graph.count; i++) {
        uint64_t parents[LIMIT_PARENTS + 1] = {0}, bond = 0;
        uint32_t count = 0;
        const char *name = graph.names[graph.order[i]];
        struct diag diag = {0};
        if (json_get_u64(&stakes, name, &bond, &diag) != OK) input_refuse_diag(&stakes, &diag);
        for (uint32_t e = 0; e < graph.edge_count && count < LIMIT_PARENTS; e++)
            if (graph.edges[e].child == graph.order[i])
                parents[count++] = history_find(&history, graph.names[graph.edges[e].parent]);
        check_bool(judge, name, true, submit_bonded(&history, history_id(&history, name), parents, bond));
    }
    uint64_t root = history_find(&history, entry_text(entry, "root"));
    check_bool(judge, "root", true, root != 0);
    if (root) check_at_risk(judge, entry, &history, root);
    history_end(&history);
}

static void star_case(struct judge *judge, struct entry *entry)
{
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, 256);
    struct json_node stakes = entry_array(entry, "star_children_stakes");
    if (json_count(&stakes) > 200) input_refuse(&stakes, "more children than this judge has room for");
    check_bool(judge, "root", true, submit_bonded(&history, 1, PARENTS(), 1000));
    for (size_t i = 0; i < json_count(&stakes); i++) {
        struct json_node stake = json_item(&stakes, i);
        check_bool(judge, stake.path, true, submit_bonded(&history, i + 2, PARENTS(1), node_u64(&stake)));
    }
    check_at_risk(judge, entry, &history, 1);
    history_end(&history);
}

/* ---- which is which ---- */

static const struct shape SHAPES[] = {
    {"order", order_case},
    {"roots_same_instant", roots_case},
    {"stakes", stakes_case},
    {"star_children_stakes", star_case},
    {NULL, NULL},
};

static void rollback_entry(struct judge *judge, struct entry *entry)
{
    judge_shape(judge, entry, SHAPES);
}

static void rollback_group(struct judge *judge, const struct json_node *node)
{
    judge_entries(judge, node, rollback_entry);
}

const struct group ROLLBACK_GROUPS[] = {{"rollback_order", rollback_group}, {NULL, NULL}};
