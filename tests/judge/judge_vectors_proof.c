/* tests/judge/judge_vectors_proof.c: when proofs may be sent, how long they wait, how often tried. */
#include "base/patience.h"
#include "base/proof_time.h"
#include "tests/judge/judge_vectors.h"
#include <string.h>

/* ---- order of submission ---- */

/* What happens next in a world with given proof times and one confirmation latency. */
struct world {
    struct history history;
    int64_t ready_ms[HISTORY_TASKS + 1], sent_ms[HISTORY_TASKS + 1], confirmed_ms[HISTORY_TASKS + 1];
    int64_t latency_ms;
};

enum { NOT_YET = -1, STEPS_MOST = 4 * HISTORY_TASKS };

static void note_sent(struct world *world)
{
    const struct effect *effect;
    for (uint32_t n = 0; (effect = fixture_saw(world->history.fixture, EFFECT_SUBMIT, n)); n++)
        world->sent_ms[effect->task_id] = world->history.fixture->now_ns / NS_PER_MS;
}

static int64_t next_moment(const struct world *world)
{
    int64_t next_ms = INT64_MAX;
    for (uint32_t id = 1; id <= world->history.count; id++) {
        int64_t at_ms = INT64_MAX;
        if (world->ready_ms[id] != NOT_YET) at_ms = world->ready_ms[id];
        if (world->ready_ms[id] == NOT_YET && world->sent_ms[id] != NOT_YET &&
            world->confirmed_ms[id] == NOT_YET)
            at_ms = world->sent_ms[id] + world->latency_ms;
        if (at_ms < next_ms) next_ms = at_ms;
    }
    return next_ms;
}

/* Proofs and confirmations of this moment, in the order of the tasks. */
static bool live_through(struct world *world, int64_t now_ms)
{
    struct history *history = &world->history;
    history->fixture->now_ns = now_ms * NS_PER_MS;
    for (uint32_t id = 1; id <= history->count; id++) {
        if (world->ready_ms[id] == now_ms) {
            if (fixture_outcome(history->fixture, EVENT_PROOF_DONE, id) != OK) return false;
            world->ready_ms[id] = NOT_YET;
            note_sent(world);
        } else if (world->sent_ms[id] != NOT_YET && world->confirmed_ms[id] == NOT_YET &&
                   world->sent_ms[id] + world->latency_ms == now_ms) {
            if (fixture_outcome(history->fixture, EVENT_CONFIRMED, id) != OK) return false;
            world->confirmed_ms[id] = now_ms;
            note_sent(world);
        }
    }
    return true;
}

static void check_moments(struct judge *judge, struct entry *entry, const char *key,
                          const struct world *world, const int64_t *moments)
{
    struct json_node wanted = entry_object(entry, key), moment;
    const char *name = NULL;
    check_u64(judge, key, json_count(&wanted), world->history.count);
    while (json_next(&wanted, name, &name, &moment)) {
        uint64_t id = history_find(&world->history, name);
        check_i64(judge, moment.path, node_i64(&moment), id ? moments[id] : NOT_YET);
    }
}

static void read_ready(struct entry *entry, struct world *world)
{
    struct json_node ready = entry_object(entry, "proof_ready_at"), moment;
    const char *name = NULL;
    for (int id = 0; id <= HISTORY_TASKS; id++)
        world->ready_ms[id] = world->sent_ms[id] = world->confirmed_ms[id] = NOT_YET;
    while (json_next(&ready, name, &name, &moment)) {
        uint64_t id = history_find(&world->history, name);
        if (id == 0) input_refuse(&moment, "a task of the graph was expected");
        world->ready_ms[id] = (int64_t)node_u64(&moment);
    }
}

static void moments_case(struct judge *judge, struct entry *entry)
{
    struct graph graph;
    struct settings settings = judge_settings();
    struct world world = {.history = history_start(&settings, HISTORY_TASKS)};
    graph_read(entry, &graph);
    check_bool(judge, "submitted", true, history_submit_graph(&world.history, &graph, false));
    read_ready(entry, &world);
    world.latency_ms = entry_i64(entry, "confirm_latency");
    for (uint32_t id = 1; id <= world.history.count; id++)
        check_bool(judge, "executed", true, history_execute(&world.history, id, 0));
    int64_t now_ms;
    for (int step = 0; step < STEPS_MOST && (now_ms = next_moment(&world)) != INT64_MAX; step++)
        check_bool(judge, "outcomes taken", true, live_through(&world, now_ms));
    check_moments(judge, entry, "submit_at", &world, world.sent_ms);
    check_moments(judge, entry, "confirm_at", &world, world.confirmed_ms);
    history_end(&world.history);
}

/* All executed and proven; nothing confirmed. */
static bool prove_all(struct history *history)
{
    bool is_proven = true;
    for (uint32_t id = 1; id <= history->count; id++)
        is_proven = is_proven && history_execute(history, id, 1) && history_prove(history, id);
    return is_proven;
}

/* A ledger that says confirmed below something pending cannot come about: the engine has not sent such a
 * proof, and takes no confirmation for it. What is asked is whether a task below may be sent. */
static void ledger_case(struct judge *judge, struct entry *entry)
{
    struct graph graph;
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, HISTORY_TASKS);
    struct json_node ledger = entry_object(entry, "ledger"), may = entry_object(entry, "may_submit"), member;
    graph_read(entry, &graph);
    check_bool(judge, "proven", true, history_submit_graph(&history, &graph, false) && prove_all(&history));
    const char *name = NULL;
    while (json_next(&ledger, name, &name, &member)) {
        const char *state = node_text(&member);
        uint64_t id = history_find(&history, name);
        bool is_confirmed = strcmp(state, "confirmed") == 0;
        if (!is_confirmed && strcmp(state, "pending") != 0)
            input_refuse(&member, "expected pending or confirmed");
        if (id && is_confirmed && history_is_on_chain(&history, id))
            check_bool(judge, member.path, true, history_confirm(&history, id));
        else if (id && is_confirmed)
            check_bool(judge, member.path, false,
                       fixture_outcome(history.fixture, EVENT_CONFIRMED, id) == OK);
    }
    name = NULL;
    while (json_next(&may, name, &name, &member)) {
        uint64_t id = history_find(&history, name);
        check_bool(judge, member.path, node_bool(&member), id && history_is_on_chain(&history, id));
    }
    history_end(&history);
}

static bool is_listed(const struct json_node *names, const char *wanted)
{
    for (size_t i = 0; i < json_count(names); i++) {
        struct json_node name = json_item(names, i);
        if (strcmp(node_text(&name), wanted) == 0) return true;
    }
    return false;
}

/* "A,B": confirmed in that order; then those on the chain and not confirmed are the listed ones. */
static void after_one(struct judge *judge, const struct graph *graph, const char *confirmed,
                      const struct json_node *names)
{
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, HISTORY_TASKS);
    check_bool(judge, "proven", true, history_submit_graph(&history, graph, false) && prove_all(&history));
    for (const char *at = confirmed; *at;) {
        char name[64];
        size_t size = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name - 1), at);
        uint64_t id = history_find(&history, name);
        check_bool(judge, names->path, true, id && history_confirm(&history, id));
        at += size + (at[size] == ',');
    }
    for (uint32_t id = 1; id <= history.count; id++)
        check_bool(judge, names->path, is_listed(names, history.names[id]),
                   history_is_on_chain(&history, id));
    for (size_t i = 0; i < json_count(names); i++) {
        struct json_node name = json_item(names, i);
        check_bool(judge, name.path, true, history_find(&history, node_text(&name)) != 0);
    }
    history_end(&history);
}

static void after_case(struct judge *judge, struct entry *entry)
{
    struct graph graph;
    struct json_node after = entry_object(entry, "after_confirm"), names;
    graph_read(entry, &graph);
    const char *confirmed = NULL;
    while (json_next(&after, confirmed, &confirmed, &names)) {
        struct json_node list;
        struct diag diag = {0};
        if (json_get_array(&names, NULL, &list, &diag) != OK) input_refuse_diag(&names, &diag);
        after_one(judge, &graph, confirmed, &list);
    }
}

static void ordering_entry(struct judge *judge, struct entry *entry)
{
    case_begin(judge);
    if (entry_has(entry, "proof_ready_at"))
        moments_case(judge, entry);
    else if (entry_has(entry, "ledger"))
        ledger_case(judge, entry);
    else if (entry_has(entry, "after_confirm"))
        after_case(judge, entry);
    entry_close(entry);
    case_end(judge);
}

/* ---- time-outs ---- */

/* A proof waits for its ancestor from time 0 on. */
static bool times_out(int64_t timeout_ms, int64_t waited_ms)
{
    struct settings settings = judge_settings();
    settings.confirmation_timeout_ns = timeout_ms * NS_PER_MS;
    settings.proof_timeout_ns = 1000 * NS_PER_S * 1000;
    struct history history = history_start(&settings, 8);
    bool is_waiting = fixture_submit(history.fixture, 1, PARENTS()) == OK &&
                      fixture_submit(history.fixture, 2, PARENTS(1)) == OK &&
                      history_execute(&history, 2, 1) && history_prove(&history, 2) &&
                      fixture_status(history.fixture, 2) == TASK_AWAITING_ANCESTORS;
    bool is_over = is_waiting && history_tick(&history, waited_ms * NS_PER_MS) &&
                   fixture_status(history.fixture, 2) == TASK_FAILED;
    history_end(&history);
    return is_over;
}

static void timeout_entry(struct judge *judge, struct entry *entry)
{
    case_begin(judge);
    if (entry_has(entry, "waited_ms")) {
        int64_t timeout_ms = entry_i64(entry, "confirmation_timeout_ms"),
                waited_ms = entry_i64(entry, "waited_ms");
        check_bool(judge, "timed_out", entry_bool(entry, "timed_out"), times_out(timeout_ms, waited_ms));
    } else if (entry_has(entry, "warn_at_ms")) {
        int64_t timeout_ns = entry_i64(entry, "timeout_ms") * NS_PER_MS;
        check_u64(judge, "warn_fraction", entry_bps(entry, "warn_fraction"), PATIENCE_WARN_BPS);
        check_i64(judge, "warn_at_ms", entry_i64(entry, "warn_at_ms"),
                  patience_warn_ns(timeout_ns) / NS_PER_MS);
    } else if (entry_has(entry, "max_pending_age_ms")) {
        int64_t timeout_ns = entry_i64(entry, "confirmation_timeout_ms") * NS_PER_MS;
        check_i64(judge, "max_pending_age_ms", entry_i64(entry, "max_pending_age_ms"),
                  patience_age_ns(timeout_ns) / NS_PER_MS);
    }
    entry_close(entry);
    case_end(judge);
}

/* ---- retries ---- */

static struct settings retry_settings;

/* Fails a proof `attempt` times with this jitter; the wait before the next try, -1 when there is none. */
static int64_t delay_after(uint64_t attempt, uint32_t jitter)
{
    struct history history = history_start(&retry_settings, 4);
    bool is_running = fixture_submit(history.fixture, 1, PARENTS()) == OK && history_execute(&history, 1, 1);
    int64_t delay_ns = -1;
    for (uint64_t failed = 0; is_running && failed < attempt; failed++) {
        struct event event = {.kind = EVENT_PROOF_FAILED, .jitter = jitter};
        event.u.proof.error = PROOF_ERROR_TRANSIENT;
        event.attempt = history.fixture->proof_attempt[1];
        is_running = engine_find(history.fixture->engine, 1, &event.task) &&
                     fixture_send(history.fixture, &event) == OK &&
                     fixture_status(history.fixture, 1) == TASK_PROOF_PENDING;
        delay_ns = is_running ? engine_deadline_ns(history.fixture->engine) - history.fixture->now_ns : -1;
        if (!is_running || failed + 1 == attempt) break;
        is_running = history_tick(&history, history.fixture->now_ns + delay_ns);
        for (uint32_t worker = 0; worker < LIMIT_PROOF_WORKERS; worker++) {
            err e = fixture_worker_free(history.fixture, worker);
            (void)e; /* most are idle; the one that is not takes the proof again */
        }
    }
    history_end(&history);
    return delay_ns;
}

/* The delay lies in [0, ceiling): the largest draw comes within a part in 2^32 of it, the smallest is 0. */
static void check_ceiling(struct judge *judge, const char *field, int64_t ceiling_ms, uint64_t attempt)
{
    int64_t ceiling_ns = ceiling_ms * NS_PER_MS, most_ns = delay_after(attempt, UINT32_MAX);
    check_i64(judge, field, ceiling_ms, (most_ns + (ceiling_ns >> 32) + 1) / NS_PER_MS);
    check_bool(judge, "below the ceiling", true, most_ns < ceiling_ns);
    check_i64(judge, "smallest delay", 0, delay_after(attempt, 0));
}

static void ceiling_case(struct judge *judge, struct entry *entry)
{
    uint64_t attempt = entry_u64(entry, "attempt");
    if (attempt == 0 || attempt > 200) input_refuse(&entry->node, "attempts count from 1 to 200");
    check_ceiling(judge, "delay_ceiling", entry_i64(entry, "delay_ceiling"), attempt);
}

static void check_defaults(struct judge *judge, struct entry *entry)
{
    struct settings compiled = judge_settings();
    case_begin(judge);
    check_i64(judge, "base_ms", entry_i64(entry, "base_ms"), compiled.retry_delay_ns / NS_PER_MS);
    check_number(judge, "multiplier", entry_number(entry, "multiplier"),
                 (double)compiled.retry_multiplier_bps / 10000, 1e-9);
    check_i64(judge, "cap_ms", entry_i64(entry, "cap_ms"), compiled.retry_cap_ns / NS_PER_MS);
    check_i64(judge, "max_attempts", entry_i64(entry, "max_attempts"), compiled.proof_max_retries);
    entry_words(entry, "jitter"); /* each ceiling is checked with the smallest and the largest draw */
    retry_settings = compiled;
    retry_settings.confirmation_timeout_ns = NS_PER_DAY; /* commitments outlive all tries */
    bool has_next = delay_after((uint64_t)compiled.proof_max_retries - 1, 0) >= 0;
    check_bool(judge, "the last attempt but one is followed by another", true, has_next);
    bool has_more = delay_after((uint64_t)compiled.proof_max_retries, 0) >= 0;
    check_bool(judge, "the last attempt is followed by another", false, has_more);
    case_end(judge);
}

static void retry_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "delay_formula_cases");
    struct json_node delays = entry_array(entry, "uncapped_delay_before_retry");
    check_defaults(judge, entry);
    case_begin(judge);
    for (size_t i = 0; i < json_count(&delays); i++) {
        struct json_node delay = json_item(&delays, i);
        check_ceiling(judge, delay.path, node_i64(&delay), i + 1);
    }
    case_end(judge);
    retry_settings.proof_max_retries = 1000; /* the formula goes on where the compiled attempts end */
    judge_cases(judge, &cases, ceiling_case);
}

/* ---- how long proofs take ---- */

static void p90_case(struct judge *judge, struct entry *entry)
{
    struct json_node samples = entry_array(entry, "samples");
    struct proof_time seen = {.count = 0};
    for (size_t i = 0; i < json_count(&samples); i++) {
        struct json_node sample = json_item(&samples, i);
        proof_time_add(&seen, node_i64(&sample) * NS_PER_MS);
    }
    check_i64(judge, "p90", entry_i64(entry, "p90"), proof_time_p90_ns(&seen) / NS_PER_MS);
}

static void p90_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases");
    struct proof_time none = {.count = 0};
    case_begin(judge);
    check_u64(judge, "window", entry_u64(entry, "window"), PROOF_TIME_WINDOW);
    check_i64(judge, "empty_default_ms", entry_i64(entry, "empty_default_ms"),
              proof_time_p90_ns(&none) / NS_PER_MS);
    entry_words(entry, "rule");
    case_end(judge);
    judge_cases(judge, &cases, p90_case);
}

#define PROOF_GROUP(name, entry)                                                                             \
    static void name(struct judge *judge, const struct json_node *node)                                      \
    {                                                                                                        \
        judge_entries(judge, node, entry);                                                                   \
    }
PROOF_GROUP(ordering_group, ordering_entry)
PROOF_GROUP(timeout_group, timeout_entry)
PROOF_GROUP(retry_group, retry_entry)
PROOF_GROUP(p90_group, p90_entry)

const struct group PROOF_GROUPS[] = {
    {"proof_ordering", ordering_group},
    {"timeouts", timeout_group},
    {"retry_backoff", retry_group},
    {"proof_time_p90_estimator", p90_group},
    {NULL, NULL},
};
