/* tests/judge/judge_vectors_slash.c: what a failure costs its cause, and who gets it. */
#include "engine/state.h"
#include "tests/judge/judge_vectors.h"
#include <stdlib.h>
#include <string.h>

enum { ROOT_AGENT = 1, MEMBERS_MOST = 14 };

void slash_group(struct judge *judge, const struct json_node *node);

/* One task with its own agent: agent n has the n-th of them. */
static bool submit_bonded(struct history *history, uint64_t id, uint64_t parent, uint64_t bond)
{
    struct event event = fixture_submission(id, id, parent ? PARENTS(parent) : PARENTS());
    event.u.submit.bond_lamports = bond;
    return fixture_send(history->fixture, &event) == OK &&
           fixture_status(history->fixture, id) == TASK_EXECUTING;
}

static struct agent_view agent_of(struct history *history, uint64_t id)
{
    for (uint32_t i = 0; i < engine_agent_count(history->fixture->engine); i++) {
        struct agent_view view = engine_agent(history->fixture->engine, i);
        if (view.id == id) return view;
    }
    return (struct agent_view){.id = 0};
}

/* What came back of the bond; a share of somebody else's slash is not part of it. */
static uint64_t returned_to(struct history *history, uint64_t id, uint64_t bond)
{
    struct agent_view agent = agent_of(history, id);
    return agent.free - agent.received - (agent.deposited - bond);
}

static struct history begin_slash(uint32_t slash_bps)
{
    struct settings settings = judge_settings();
    settings.slash_bps = slash_bps;
    struct history history = history_start(&settings, 64);
    for (uint64_t agent = 5; agent <= MEMBERS_MOST; agent++)
        fixture_deposit(history.fixture, agent, (uint64_t)settings.max_stake_lamports);
    return history;
}

static bool reject_proof(struct history *history, uint64_t id)
{
    if (!history_send(history, id)) return false;
    bool is_taken = fixture_rejected(history->fixture, id, TX_PROOF_INVALID) == OK;
    fixture_finish_rollbacks(history->fixture);
    return is_taken;
}

static uint32_t slash_bps_of(struct entry *entry)
{
    return (uint32_t)entry_u64(entry, "slash_pct") * 100;
}

static void amount_case(struct judge *judge, struct entry *entry)
{
    uint64_t locked = entry_u64(entry, "locked");
    struct history history = begin_slash(slash_bps_of(entry));
    check_bool(judge, "bonded", true,
               submit_bonded(&history, 1, 0, locked) && submit_bonded(&history, 2, 1, 1));
    check_bool(judge, "rejected", true, reject_proof(&history, 1));
    check_u64(judge, "slashed", entry_u64(entry, "slashed"), agent_of(&history, 1).slashed);
    check_u64(judge, "treasury", entry_u64(entry, "treasury"),
              engine_statistics(history.fixture->engine)->treasury_lamports);
    check_u64(judge, "victim_pool", entry_u64(entry, "victim_pool"), agent_of(&history, 2).received);
    check_u64(judge, "returned", entry_u64(entry, "returned"), returned_to(&history, 1, locked));
    history_end(&history);
}

/* ---- a chain whose root fails ---- */

static uint32_t read_amounts(const struct json_node *object, const char **names, uint64_t *amounts)
{
    uint32_t count = 0;
    const char *key = NULL;
    struct json_node member;
    while (json_next(object, key, &key, &member)) {
        if (count == MEMBERS_MOST) input_refuse(object, "more members than this judge has agents");
        names[count] = key;
        amounts[count++] = node_u64(&member);
    }
    return count;
}

static uint64_t index_of(const char *const *names, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return count;
}

static void check_refunds(struct judge *judge, struct entry *entry, struct history *history,
                          const char *const *names, const uint64_t *bonds, uint32_t count)
{
    struct json_node refunds = entry_object(entry, "refunds"), refund;
    const char *name = NULL;
    uint64_t total = 0, received = 0;
    check_u64(judge, "refunds: tasks", json_count(&refunds), count);
    while (json_next(&refunds, name, &name, &refund)) {
        uint64_t at = index_of(names, count, name);
        check_u64(judge, refund.path, node_u64(&refund),
                  at < count ? returned_to(history, at + 1, bonds[at]) : UINT64_MAX);
    }
    for (uint32_t i = 0; i < count; i++) {
        total += returned_to(history, i + 1, bonds[i]);
        received += agent_of(history, i + 1).received;
    }
    check_u64(judge, "total_refund", entry_u64(entry, "total_refund"), total);
    check_u64(judge, "victim_pool", entry_u64(entry, "victim_pool"), received);
}

static void chain_case(struct judge *judge, struct entry *entry)
{
    const char *names[MEMBERS_MOST];
    uint64_t bonds[MEMBERS_MOST];
    struct json_node object = entry_object(entry, "bonds");
    uint32_t count = read_amounts(&object, names, bonds);
    uint64_t root = index_of(names, count, entry_text(entry, "root"));
    struct history history = begin_slash((uint32_t)judge_settings().slash_bps);
    bool is_bonded = true;
    for (uint32_t i = 0; i < count; i++) is_bonded = is_bonded && submit_bonded(&history, i + 1, i, bonds[i]);
    check_bool(judge, "bonded", true, is_bonded);
    for (uint32_t i = 0; i < root; i++)
        check_bool(judge, "confirmed", true, history_confirm(&history, i + 1));
    check_bool(judge, "root rejected", true, root < count && reject_proof(&history, root + 1));
    check_u64(judge, "slashed", entry_u64(entry, "slashed"), agent_of(&history, root + 1).slashed);
    check_u64(judge, "treasury", entry_u64(entry, "treasury"),
              engine_statistics(history.fixture->engine)->treasury_lamports);
    check_refunds(judge, entry, &history, names, bonds, count);
    history_end(&history);
}

/* ---- how a pool is shared ---- */

static void pool_case(struct judge *judge, struct entry *entry)
{
    const char *names[MEMBERS_MOST];
    uint64_t wasted_ms[MEMBERS_MOST];
    struct json_node object = entry_object(entry, "wasted_compute_ms");
    uint32_t count = read_amounts(&object, names, wasted_ms);
    uint64_t pool = entry_u64(entry, "pool");
    if (count == MEMBERS_MOST || pool > INT64_MAX / 128) input_refuse(&object, "too much for this judge");
    struct history history = begin_slash((uint32_t)BPS_ONE); /* all of it, half to the treasury */
    bool is_ready = submit_bonded(&history, 1, 0, 2 * pool);
    for (uint32_t i = 0; i < count; i++)
        is_ready = is_ready && submit_bonded(&history, i + 2, 1, 1) &&
                   history_execute(&history, i + 2, (int64_t)wasted_ms[i]);
    check_bool(judge, "executed", true, is_ready && reject_proof(&history, 1));
    struct json_node shares = entry_object(entry, "shares"), share;
    const char *name = NULL;
    check_u64(judge, "shares: tasks", json_count(&shares), count);
    while (json_next(&shares, name, &name, &share)) {
        uint64_t at = index_of(names, count, name);
        check_u64(judge, share.path, node_u64(&share),
                  at < count ? agent_of(&history, at + 2).received : UINT64_MAX);
    }
    history_end(&history);
}

static void lonely_case(struct judge *judge, struct entry *entry)
{
    struct json_node victims = entry_array(entry, "victims");
    struct history history = begin_slash(slash_bps_of(entry));
    check_u64(judge, "victims", json_count(&victims), 0);
    check_bool(judge, "bonded", true, submit_bonded(&history, 1, 0, entry_u64(entry, "locked")));
    check_bool(judge, "rejected", true, reject_proof(&history, 1));
    check_u64(judge, "treasury", entry_u64(entry, "treasury"),
              engine_statistics(history.fixture->engine)->treasury_lamports);
    history_end(&history);
}

/* ---- by reason ---- */

/* Task 1 stands above task 2, whose bond is at stake; each has its own agent. */
enum { PARENT = 1, TARGET = 2 };

static bool fail_by_proof(struct history *history)
{
    return history_confirm(history, PARENT) && reject_proof(history, TARGET);
}

static bool fail_by_state(struct history *history)
{
    bool is_taken = fixture_outcome(history->fixture, EVENT_EXECUTION_FAILED, TARGET) == OK;
    fixture_finish_rollbacks(history->fixture);
    return is_taken;
}

static bool fail_by_proof_time(struct history *history)
{
    history->fixture->settings.proof_max_retries = 1;
    return fixture_settings(history->fixture) == OK && history_execute(history, TARGET, 100) &&
           history_tick(history, history->fixture->settings.proof_timeout_ns + 1);
}

static bool fail_by_claim(struct history *history)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit.id = 3;
    event.u.submit.agent_id = TARGET; /* the same agent: its other bond stays locked */
    event.u.submit.bond_lamports = fixture_view(history->fixture, TARGET).bond_lamports;
    event.u.submit.claim_expires_ns = 10 * NS_PER_S; /* long before its commitment expires */
    return history_cancel(history, TARGET) && fixture_send(history->fixture, &event) == OK &&
           history_tick(history, 10 * NS_PER_S + 1);
}

static bool fail_by_age(struct history *history)
{
    const struct settings *settings = &history->fixture->settings;
    int64_t twice_ns = 2 * settings->confirmation_timeout_ns;
    int64_t proven_ns = settings->proof_timeout_ns + settings->confirmation_timeout_ns;
    return history_confirm(history, PARENT) &&
           history_tick(history, (twice_ns > proven_ns ? twice_ns : proven_ns) + 1);
}

static bool fail_by_confirmation_time(struct history *history)
{
    return history_confirm(history, PARENT) && history_send(history, TARGET) &&
           history_tick(history, history->fixture->settings.confirmation_timeout_ns + 1);
}

static bool fail_by_ancestor(struct history *history)
{
    return reject_proof(history, PARENT);
}

static bool fail_by_reorg(struct history *history)
{
    return history_confirm(history, PARENT) && history_confirm(history, TARGET) &&
           fixture_outcome(history->fixture, EVENT_REVERTED, TARGET) == OK &&
           history_tick(history, history->fixture->settings.confirmation_timeout_ns + 1);
}

static bool fail_by_hand(struct history *history)
{
    return history_cancel(history, TARGET);
}

static bool fail_by_emergency(struct history *history)
{
    struct event event = {.kind = EVENT_EMERGENCY};
    event.u.emergency.action = EMERGENCY_DISABLE;
    event.u.emergency.is_forced = true;
    bool is_taken = fixture_send(history->fixture, &event) == OK;
    fixture_finish_rollbacks(history->fixture);
    return is_taken;
}

static const struct way {
    enum rollback_reason reason;
    bool (*fail)(
        struct history *history); /* NULL: nothing undoes a task for this reason, a denial comes first */
} WAYS[] = {
    {REASON_PROOF_FAILED, fail_by_proof},
    {REASON_INVALID_STATE, fail_by_state},
    {REASON_PROOF_TIMEOUT, fail_by_proof_time},
    {REASON_CLAIM_EXPIRED, fail_by_claim},
    {REASON_COMMITMENT_EXPIRED, fail_by_age},
    {REASON_CONFIRMATION_TIMEOUT, fail_by_confirmation_time},
    {REASON_ANCESTOR_FAILED, fail_by_ancestor},
    {REASON_CHAIN_REORG, fail_by_reorg},
    {REASON_STAKE_INSUFFICIENT, NULL},
    {REASON_MANUAL, fail_by_hand},
    {REASON_EMERGENCY_SHUTDOWN, fail_by_emergency},
};

static const struct way *way_of(const char *name)
{
    for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++)
        if (strcmp(rollback_reason_name(WAYS[i].reason), name) == 0) return &WAYS[i];
    return NULL;
}

static void slash_for(struct judge *judge, const struct way *way, uint64_t locked,
                      const struct json_node *expected)
{
    struct history history = begin_slash((uint32_t)judge_settings().slash_bps);
    check_bool(judge, "bonded", true,
               submit_bonded(&history, PARENT, 0, 1) && submit_bonded(&history, TARGET, PARENT, locked));
    check_bool(judge, expected->path, true, way->fail(&history));
    const struct engine_stats *stats = engine_statistics(history.fixture->engine);
    bool is_victim = way->reason == REASON_ANCESTOR_FAILED;
    uint64_t times = (is_victim ? stats->rollbacks_by_reason : stats->rollback_events)[way->reason];
    check_bool(judge, rollback_reason_name(way->reason), true, times > 0);
    check_u64(judge, expected->path, node_u64(expected), agent_of(&history, TARGET).slashed);
    history_end(&history);
}

static void reason_case(struct judge *judge, struct entry *entry)
{
    uint64_t locked = entry_u64(entry, "locked");
    struct json_node reasons = entry_object(entry, "by_reason"), slashed;
    const char *name = NULL;
    while (json_next(&reasons, name, &name, &slashed)) {
        const struct way *way = way_of(name);
        struct settings settings = judge_settings();
        if (!way)
            case_fail(judge, slashed.path, "a reason", "a reason that is not known");
        else if (way->fail)
            slash_for(judge, way, locked, &slashed);
        else
            check_u64(judge, slashed.path, node_u64(&slashed),
                      slash_amount(&settings, locked, (uint32_t)settings.reason_factor_bps[way->reason]));
    }
}

/* ---- cooldown ---- */

static bool is_allowed_at(int64_t slash_ms, int64_t cooldown_ms, int64_t at_ms)
{
    struct settings settings = judge_settings();
    settings.cooldown_ns = cooldown_ms * NS_PER_MS;
    struct history history = history_start(&settings, 64);
    history.fixture->now_ns = slash_ms * NS_PER_MS;
    bool is_allowed = submit_bonded(&history, 1, 0, 1000000) && reject_proof(&history, 1);
    history.fixture->now_ns = at_ms * NS_PER_MS;
    is_allowed = is_allowed && submit_bonded(&history, 2, 0, 1); /* somebody else's parent */
    is_allowed = is_allowed && fixture_submit_for(history.fixture, 3, ROOT_AGENT, PARENTS(2)) == OK;
    is_allowed = is_allowed && fixture_status(history.fixture, 3) == TASK_EXECUTING;
    history_end(&history);
    return is_allowed;
}

static void cooldown_case(struct judge *judge, struct entry *entry)
{
    int64_t slash_ms = entry_i64(entry, "slash_at"), cooldown_ms = entry_i64(entry, "cooldown_ms");
    struct json_node moments = entry_object(entry, "allowed_at"), allowed;
    const char *moment = NULL;
    while (json_next(&moments, moment, &moment, &allowed)) {
        char *end;
        long at_ms = strtol(moment, &end, 10);
        if (*end || at_ms < slash_ms) input_refuse(&allowed, "expected a time in ms after the slash");
        check_bool(judge, allowed.path, node_bool(&allowed), is_allowed_at(slash_ms, cooldown_ms, at_ms));
    }
}

/* ---- which is which ---- */

static const struct shape SHAPES[] = {
    {"bonds", chain_case},      {"wasted_compute_ms", pool_case}, {"victims", lonely_case},
    {"by_reason", reason_case}, {"slash_at", cooldown_case},      {NULL, NULL},
};

static void slash_entry(struct judge *judge, struct entry *entry)
{
    if (entry_has(entry, "cases")) {
        struct json_node cases = entry_array(entry, "cases");
        judge_cases(judge, &cases, amount_case);
        return;
    }
    judge_shape(judge, entry, SHAPES);
}

void slash_group(struct judge *judge, const struct json_node *node)
{
    judge_entries(judge, node, slash_entry);
}
