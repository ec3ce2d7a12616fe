/* tests/judge/judge_vectors_breaker.c: when speculation is stopped, and when it is tried again. */
#include "tests/judge/judge_vectors.h"
#include <string.h>

enum { BATCH_MOST = 500, SECONDS_MOST = 3600 };

/* Breakers that the case is not about never trip. */
static struct settings quiet_breaker(void)
{
    struct settings settings = judge_settings();
    settings.breaker_consecutive = LIMIT_BREAKER_FAILURES;
    settings.breaker_rate_bps = (int64_t)BPS_ONE;
    settings.proof_timeout_ns = settings.confirmation_timeout_ns = 100000 * NS_PER_S;
    settings.rollback_max_cascade_size = 1000000;
    return settings;
}

static enum breaker_state state_of(struct history *history)
{
    return engine_breaker(history->fixture->engine).state;
}

/* The failure of whatever runs, by id; ids of any size. */
static bool fail(struct history *history, uint64_t id)
{
    struct event event = {.kind = EVENT_EXECUTION_FAILED};
    if (!engine_find(history->fixture->engine, id, &event.task)) return false;
    bool is_taken = fixture_send(history->fixture, &event) == OK;
    fixture_finish_rollbacks(history->fixture);
    return is_taken;
}

/* A parent and `count` tasks that are admitted speculatively below it. */
static bool admit_below(struct history *history, uint64_t *next_id, uint64_t count)
{
    uint64_t root = (*next_id)++;
    bool is_admitted = fixture_submit(history->fixture, root, PARENTS()) == OK;
    for (uint64_t i = 0; i < count && is_admitted; i++) {
        uint64_t id = (*next_id)++;
        is_admitted = fixture_submit(history->fixture, id, PARENTS(root)) == OK &&
                      fixture_status(history->fixture, id) == TASK_EXECUTING;
    }
    return is_admitted;
}

/* ---- rates ---- */

/* Every second, `all` tasks are admitted and `undone` of them rolled back. */
struct flow {
    uint64_t all, undone;
};

/* Seconds until the breaker is open, 0 when it never is. */
static int64_t opens_after_s(struct history *history, const struct flow *flow, int64_t most_s)
{
    uint64_t next_id = 1;
    for (int64_t second = 0; second <= most_s; second++) {
        if (!history_tick(history, second * NS_PER_S)) return 0;
        if (state_of(history) == BREAKER_OPEN) return second;
        uint64_t root = next_id;
        bool is_done = admit_below(history, &next_id, flow->undone) && fail(history, root) &&
                       admit_below(history, &next_id, flow->all - flow->undone);
        if (!is_done) return 0;
    }
    return 0;
}

static struct history begin_flow(const struct settings *settings, const struct flow *flow, int64_t seconds)
{
    struct settings roomy = *settings;
    uint64_t tasks = (flow->all + 2) * (uint64_t)(seconds + 2);
    roomy.max_parallel_branches = roomy.max_pending_operations = roomy.max_state_snapshots = (int64_t)tasks;
    roomy.max_memory_bytes = INT64_MAX / 20000;
    return history_start(&roomy, (uint32_t)tasks);
}

static void share_case(struct judge *judge, struct entry *entry)
{
    struct settings settings = quiet_breaker();
    struct flow flow = {entry_u64(entry, "executions"), entry_u64(entry, "misses")};
    if (flow.all == 0 || flow.all > BATCH_MOST || flow.undone > flow.all)
        input_refuse(&entry->node, "1 to 500 executions, and no more misses");
    settings.breaker_rate_bps = (int64_t)entry_u64(entry, "threshold_pct") * 100;
    settings.breaker_rate_min_tasks = (int64_t)flow.all;
    int64_t window_s = settings.breaker_rate_window_ns / NS_PER_S;
    struct history history = begin_flow(&settings, &flow, window_s + 2);
    int64_t opened_s = opens_after_s(&history, &flow, window_s + 2);
    check_bool(judge, "disabled", entry_bool(entry, "disabled"), opened_s != 0);
    struct breaker_view view = engine_breaker(history.fixture->engine);
    double rate = opened_s ? (double)view.value / 100
                           : 100.0 * (double)view.window_rolled_back / (double)view.window_admitted;
    check_number(judge, "rate", entry_number(entry, "rate"), rate, 0.01);
    history_end(&history);
}

/* Hits and misses as the engine counts them. */
static void counts_case(struct judge *judge, struct entry *entry)
{
    struct settings settings = quiet_breaker();
    uint64_t hits = entry_u64(entry, "hits"), misses = entry_u64(entry, "misses"), next_id = 1;
    uint64_t executions = entry_u64(entry, "executions"), confirmed = 0;
    if (hits + misses > 100 || hits + misses == 0) input_refuse(&entry->node, "1 to 100 hits and misses");
    struct history history = history_start(&settings, 256);
    bool is_done = admit_below(&history, &next_id, misses) && fail(&history, 1);
    uint64_t root = next_id;
    is_done = is_done && admit_below(&history, &next_id, hits);
    for (uint64_t id = root; id < next_id && is_done; id++) is_done = history_confirm(&history, id);
    check_bool(judge, "hits confirmed, misses failed", true, is_done);
    for (uint64_t id = 1; id < next_id; id++) {
        struct task_view view = fixture_view(history.fixture, id);
        confirmed += view.was_speculative && view.status == TASK_CONFIRMED;
    }
    const struct engine_stats *stats = engine_statistics(history.fixture->engine);
    double admitted = (double)stats->speculative_admissions;
    check_u64(judge, "executions", executions, stats->speculative_admissions);
    check_number(judge, "hit_rate", entry_number(entry, "hit_rate"), 100.0 * (double)confirmed / admitted,
                 0.01);
    check_number(judge, "rollback_rate", entry_number(entry, "rollback_rate"),
                 100.0 * (double)stats->rollbacks_by_reason[REASON_ANCESTOR_FAILED] / admitted, 0.01);
    history_end(&history);
}

/* ---- triggers ---- */

static void failures_trigger(struct judge *judge, struct entry *entry)
{
    struct settings settings = quiet_breaker();
    struct json_node moments = entry_array(entry, "failures_at_ms");
    settings.breaker_consecutive = entry_i64(entry, "threshold");
    settings.breaker_consecutive_window_ns = entry_i64(entry, "window_ms") * NS_PER_MS;
    settings.breaker_consecutive_cooldown_ns = entry_i64(entry, "cooldown_ms") * NS_PER_MS;
    struct history history = history_start(&settings, 2000);
    int64_t opened_ms = -1, half_open_ms = entry_i64(entry, "half_open_at_ms");
    for (size_t i = 0; i < json_count(&moments); i++) {
        struct json_node moment = json_item(&moments, i);
        int64_t at_ms = node_i64(&moment);
        bool is_done = history_tick(&history, at_ms * NS_PER_MS) &&
                       fixture_submit(history.fixture, i + 1, PARENTS()) == OK && fail(&history, i + 1);
        check_bool(judge, moment.path, true, is_done);
        if (opened_ms < 0 && state_of(&history) == BREAKER_OPEN) opened_ms = at_ms;
    }
    check_i64(judge, "opens_at_ms", entry_i64(entry, "opens_at_ms"), opened_ms);
    bool is_ticked = history_tick(&history, half_open_ms * NS_PER_MS - 1);
    check_bool(judge, "half_open_at_ms: not before", true, is_ticked && state_of(&history) == BREAKER_OPEN);
    is_ticked = history_tick(&history, half_open_ms * NS_PER_MS);
    check_bool(judge, "half_open_at_ms", true, is_ticked && state_of(&history) == BREAKER_HALF_OPEN);
    history_end(&history);
}

/* Above the limit, the first look after the first second sees it, and it must hold for the window. */
static void rate_trigger(struct judge *judge, struct entry *entry)
{
    struct settings settings = quiet_breaker();
    settings.breaker_rate_bps = entry_bps(entry, "rate_gt");
    settings.breaker_rate_window_ns = entry_i64(entry, "for_ms") * NS_PER_MS;
    settings.breaker_rate_cooldown_ns = entry_i64(entry, "cooldown_ms") * NS_PER_MS;
    int64_t for_s = settings.breaker_rate_window_ns / NS_PER_S;
    uint64_t at_limit = (uint64_t)settings.breaker_rate_bps * 20 / BPS_ONE;
    bool is_exact = at_limit * BPS_ONE == (uint64_t)settings.breaker_rate_bps * 20;
    if (for_s < 1 || for_s > SECONDS_MOST || !is_exact || at_limit >= 20)
        input_refuse(&entry->node, "a rate of whole twentieths below 1, over 1 s to 1 h");
    struct history history = begin_flow(&settings, &(struct flow){20, at_limit}, for_s + 3);
    check_i64(judge, "rate_gt: at the limit it stays closed", 0,
              opens_after_s(&history, &(struct flow){20, at_limit}, for_s + 3));
    history_end(&history);
    history = begin_flow(&settings, &(struct flow){20, at_limit + 1}, for_s + 3);
    int64_t opened_s = opens_after_s(&history, &(struct flow){20, at_limit + 1}, for_s + 3);
    check_i64(judge, "for_ms", for_s, opened_s - 1);
    int64_t retry_ns = opened_s * NS_PER_S + settings.breaker_rate_cooldown_ns;
    check_bool(judge, "cooldown_ms: not before", true,
               history_tick(&history, retry_ns - 1) && state_of(&history) == BREAKER_OPEN);
    check_bool(judge, "cooldown_ms", true,
               history_tick(&history, retry_ns) && state_of(&history) == BREAKER_HALF_OPEN);
    history_end(&history);
}

/* ---- memory ---- */

enum { MEMORY_BYTES = 1000000000 };

/* A root and two speculative tasks with these snapshots; the second is dropped when told. */
static struct history begin_memory(const struct settings *settings, uint64_t kept_bytes,
                                   uint64_t dropped_bytes)
{
    struct history history = history_start(settings, 16);
    struct event event = {.kind = EVENT_SUBMIT};
    err e = fixture_submit(history.fixture, 1, PARENTS());
    for (uint64_t id = 2; id <= 3 && e == OK; id++) {
        event.u.submit =
            (struct event_submit){.id = id, .agent_id = 1, .parent_count = 1, .parents = {id - 1}};
        event.u.submit.claim_expires_ns = NEVER_NS;
        event.u.submit.snapshot_bytes = id == 2 ? kept_bytes : dropped_bytes;
        e = fixture_send(history.fixture, &event);
    }
    return history;
}

/* What is accounted besides the snapshots, with two tasks below the root or with one. */
static uint64_t overhead_of(const struct settings *settings, bool is_dropped)
{
    struct history history = begin_memory(settings, 0, 0);
    if (is_dropped && !history_cancel(&history, 3)) return UINT64_MAX;
    uint64_t bytes = engine_memory_usage(history.fixture->engine).total;
    history_end(&history);
    return bytes;
}

static enum breaker_state state_with(const struct settings *settings, uint64_t kept_bytes,
                                     uint64_t total_bytes)
{
    struct history history =
        begin_memory(settings, kept_bytes, total_bytes - overhead_of(settings, false) - kept_bytes);
    enum breaker_state state = state_of(&history);
    history_end(&history);
    return state;
}

/* Opened by far too much; then so much is left. */
static enum breaker_state state_after(const struct settings *settings, uint64_t left_bytes)
{
    uint64_t kept_bytes = left_bytes - overhead_of(settings, true);
    struct history history =
        begin_memory(settings, kept_bytes, MEMORY_BYTES - overhead_of(settings, false) - kept_bytes);
    bool is_dropped = state_of(&history) == BREAKER_OPEN && history_cancel(&history, 3);
    struct event event = {.kind = EVENT_GC};
    is_dropped = is_dropped && fixture_send(history.fixture, &event) == OK &&
                 engine_memory_usage(history.fixture->engine).total == left_bytes;
    enum breaker_state state = is_dropped ? state_of(&history) : BREAKER_CLOSED;
    history_end(&history);
    return state;
}

static void memory_trigger(struct judge *judge, struct entry *entry)
{
    struct settings settings = quiet_breaker();
    settings.max_memory_bytes = MEMORY_BYTES;
    settings.breaker_memory_open_bps = entry_bps(entry, "open_gt");
    settings.breaker_memory_close_bps = entry_bps(entry, "close_lt");
    uint64_t open_at = bps_of(MEMORY_BYTES, (uint64_t)settings.breaker_memory_open_bps);
    uint64_t close_at = bps_of(MEMORY_BYTES, (uint64_t)settings.breaker_memory_close_bps);
    if (close_at < 100000 || open_at >= MEMORY_BYTES || open_at < 100000)
        input_refuse(&entry->node, "shares between 0 and 1 were expected");
    uint64_t half = open_at / 2;
    check_i64(judge, "open_gt: at it", BREAKER_CLOSED, state_with(&settings, half, open_at));
    check_i64(judge, "open_gt: above it", BREAKER_OPEN, state_with(&settings, half, open_at + 1));
    check_i64(judge, "close_lt: at it", BREAKER_OPEN, state_after(&settings, close_at));
    check_i64(judge, "close_lt: below it", BREAKER_HALF_OPEN, state_after(&settings, close_at - 1));
}

/* ---- proof queue ---- */

enum { QUEUE_SIZE = 100 };

/* One worker, held by the first proof; then so many proofs queue. */
static struct history begin_queue(const struct settings *settings, uint64_t queued)
{
    struct history history = history_start(settings, 2 * QUEUE_SIZE);
    for (uint64_t id = 1; id <= queued + 1; id++) {
        err e = fixture_submit(history.fixture, id, PARENTS());
        if (e != OK || !history_execute(&history, id, 1)) break;
    }
    return history;
}

static enum breaker_state queue_state_at(const struct settings *settings, uint64_t queued, int64_t at_ns)
{
    struct history history = begin_queue(settings, queued);
    bool is_ticked = history_tick(&history, at_ns);
    enum breaker_state state = is_ticked ? state_of(&history) : BREAKER_STATE_COUNT;
    history_end(&history);
    return state;
}

/* Opened by a full queue; then proofs are made until so many are left. */
static enum breaker_state queue_state_after(const struct settings *settings, uint64_t left)
{
    struct history history = begin_queue(settings, QUEUE_SIZE);
    bool is_done =
        history_tick(&history, settings->breaker_queue_window_ns) && state_of(&history) == BREAKER_OPEN;
    const struct engine_stats *stats = engine_statistics(history.fixture->engine);
    for (uint64_t id = 1; is_done && stats->proof_queue_depth > left; id++)
        is_done = history_prove(&history, id);
    enum breaker_state state = is_done ? state_of(&history) : BREAKER_STATE_COUNT;
    history_end(&history);
    return state;
}

static void queue_trigger(struct judge *judge, struct entry *entry)
{
    struct settings settings = quiet_breaker();
    uint64_t open = entry_bps(entry, "open_gt") / 100, close = entry_bps(entry, "close_lt") / 100;
    int64_t for_ns = entry_i64(entry, "for_ms") * NS_PER_MS;
    settings.worker_threads = 1;
    settings.queue_size = QUEUE_SIZE;
    settings.breaker_queue_open_bps = (int64_t)open * 100;
    settings.breaker_queue_close_bps = (int64_t)close * 100;
    settings.breaker_queue_window_ns = for_ns;
    if (open >= QUEUE_SIZE || close < 1 || close > open)
        input_refuse(&entry->node, "whole per cents, 0 < close <= open < 100");
    check_i64(judge, "open_gt: at it", BREAKER_CLOSED, queue_state_at(&settings, open, 2 * for_ns));
    check_i64(judge, "for_ms: not before", BREAKER_CLOSED, queue_state_at(&settings, open + 1, for_ns - 1));
    check_i64(judge, "for_ms", BREAKER_OPEN, queue_state_at(&settings, open + 1, for_ns));
    check_i64(judge, "close_lt: at it", BREAKER_OPEN, queue_state_after(&settings, close));
    check_i64(judge, "close_lt: below it", BREAKER_HALF_OPEN, queue_state_after(&settings, close - 1));
}

/* ---- which is which ---- */

static const struct trigger {
    const char *name;
    void (*run)(struct judge *judge, struct entry *entry);
} TRIGGERS[] = {
    {"consecutive_failures", failures_trigger},
    {"rollback_rate", rate_trigger},
    {"memory", memory_trigger},
    {"proof_queue", queue_trigger},
};

static void trigger_case(struct judge *judge, struct entry *entry)
{
    const char *name = entry_text(entry, "trigger");
    for (size_t i = 0; i < sizeof TRIGGERS / sizeof *TRIGGERS; i++)
        if (strcmp(TRIGGERS[i].name, name) == 0) {
            TRIGGERS[i].run(judge, entry);
            return;
        }
    case_fail(judge, "trigger", "a trigger", name);
}

static void breaker_entry(struct judge *judge, struct entry *entry)
{
    case_begin(judge);
    if (entry_has(entry, "trigger"))
        trigger_case(judge, entry);
    else if (entry_has(entry, "threshold_pct"))
        share_case(judge, entry);
    else if (entry_has(entry, "hit_rate"))
        counts_case(judge, entry);
    entry_close(entry);
    case_end(judge);
}

static void breaker_group(struct judge *judge, const struct json_node *node)
{
    judge_entries(judge, node, breaker_entry);
}

const struct group BREAKER_GROUPS[] = {{"breaker_and_rates", breaker_group}, {NULL, NULL}};
