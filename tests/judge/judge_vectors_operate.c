/* tests/judge/judge_vectors_operate.c: what operators go by: incidents, rollouts, machines, smoke tests. */
#include "base/apportion.h"
#include "base/live_costs.h"
#include "base/prerequisite.h"
#include "base/rollout_plan.h"
#include "base/severity.h"
#include "base/status_word.h"
#include "sim/chain_accounts.h"
#include "tests/judge/judge_vectors.h"
#include <stddef.h>
#include <string.h>

/* ---- severity ---- */

static void rate_case(struct judge *judge, struct entry *entry)
{
    struct incident_signs signs = {.rollback_bps = entry_bps(entry, "rate")};
    struct json_node sev = entry_any(entry, "sev");
    const char *wanted = entry_has(entry, "sev") ? node_text(&sev) : "none"; /* null: no incident */
    check_text(judge, "sev", wanted, severity_name(severity_of(&signs)));
}

static void severity_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "rollback_rate_cases");
    judge_cases(judge, &cases, rate_case);
    case_begin(judge);
    struct incident_signs signs = {.is_auto_disabled = true};
    check_text(judge, "auto_disabled", entry_text(entry, "auto_disabled"),
               severity_name(severity_of(&signs)));
    signs = (struct incident_signs){.proof_capacity_bps = 9001};
    check_text(judge, "proof_capacity_gt_0.9", entry_text(entry, "proof_capacity_gt_0.9"),
               severity_name(severity_of(&signs)));
    signs.proof_capacity_bps = 9000;
    check_text(judge, "proof_capacity at 0.9", "none", severity_name(severity_of(&signs)));
    case_end(judge);
}

/* ---- rollout ---- */

static void decision_case(struct judge *judge, struct entry *entry)
{
    struct rollout_signs signs = {
        .rollback_bps = entry_has(entry, "rollback_rate") ? entry_bps(entry, "rollback_rate") : 0,
        .memory_growth_bps =
            entry_has(entry, "memory_growth_per_hour") ? entry_bps(entry, "memory_growth_per_hour") : 0,
        .proof_queue_bps = entry_has(entry, "proof_queue_ratio") ? entry_bps(entry, "proof_queue_ratio") : 0,
        .green_hours = entry_has(entry, "green_hours") ? (uint32_t)entry_u64(entry, "green_hours") : 0,
        .has_p1 = entry_has(entry, "p1") && entry_bool(entry, "p1"),
    };
    check_text(judge, "action", entry_text(entry, "action"), rollout_action_name(rollout_decide(&signs)));
}

static uint32_t phase_number; /* of the case under judgement */

static void phase_case(struct judge *judge, struct entry *entry)
{
    const struct rollout_phase none = {.name = ""};
    const struct rollout_phase *phase =
        phase_number < rollout_phase_count() ? rollout_phase_at(phase_number) : &none;
    phase_number++;
    check_text(judge, "name", entry_text(entry, "name"), phase->name);
    check_u64(judge, "pct", entry_u64(entry, "pct") * 100, phase->share_bps);
    entry_any(entry, "hours"); /* null: for good */
    check_u64(judge, "hours", entry_has(entry, "hours") ? entry_u64(entry, "hours") : 0, phase->hours);
    check_u64(judge, "max_rollback", entry_has(entry, "max_rollback") ? entry_bps(entry, "max_rollback") : 0,
              phase->rollback_most_bps);
}

static void rollout_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases"), phases = entry_array(entry, "phases");
    judge_cases(judge, &cases, decision_case);
    phase_number = 0;
    judge_cases(judge, &phases, phase_case);
    case_begin(judge);
    check_u64(judge, "phases", json_count(&phases), rollout_phase_count());
    case_end(judge);
}

/* ---- words and sums of the service ---- */

static void health_case(struct judge *judge, struct entry *entry, const char *key, bool is_enabled)
{
    struct json_node object = entry_object(entry, key);
    struct entry health = entry_open(judge, &object);
    struct config config;
    config_init(&config);
    case_begin(judge);
    check_text(judge, "status", entry_text(&health, "status"), health_word(HEALTH_HEALTHY));
    check_text(judge, "speculation", entry_text(&health, "speculation"),
               speculation_word(is_enabled ? SPECULATION_ENABLED : SPECULATION_DISABLED));
    if (is_enabled) /* the compiled rollout, in whole per cents as the field has it */
        check_i64(judge, "rollout", entry_i64(&health, "rollout"), config.settings.rollout_bps / 100);
    entry_close(&health);
    case_end(judge);
}

static void memory_case(struct judge *judge, struct entry *entry)
{
    static const char *const PARTS[] = {"state_snapshots_mb", "pending_operations_mb", "proof_cache_mb",
                                        "other_mb"};
    struct json_node object = entry_object(entry, "memory_stats");
    struct entry stats = entry_open(judge, &object);
    uint64_t bytes[4], mb[4], total_bytes = 0, sum = 0;
    case_begin(judge);
    /* Half a megabyte more in each: rounding each by itself would not sum to the total any more. */
    for (size_t i = 0; i < 4; i++) total_bytes += bytes[i] = entry_u64(&stats, PARTS[i]) * MIB;
    apportion(total_bytes / MIB, bytes, 4, mb);
    for (size_t i = 0; i < 4; i++) check_u64(judge, PARTS[i], entry_u64(&stats, PARTS[i]), mb[i]);
    check_u64(judge, "total_mb", entry_u64(&stats, "total_mb"), total_bytes / MIB);
    check_bool(judge, "limit_mb", true, entry_u64(&stats, "limit_mb") >= entry_u64(&stats, "total_mb"));
    for (size_t i = 0; i < 4; i++) bytes[i] += MIB / 2;
    apportion((total_bytes + 2 * MIB) / MIB, bytes, 4, mb);
    for (size_t i = 0; i < 4; i++) sum += mb[i];
    check_bool(judge, "parts_sum_to_total", entry_bool(&stats, "parts_sum_to_total"),
               sum == (total_bytes + 2 * MIB) / MIB);
    entry_close(&stats);
    case_end(judge);
}

static bool is_reason(const char *name)
{
    for (int reason = 0; reason < REASON_COUNT; reason++)
        if (strcmp(rollback_reason_name((enum rollback_reason)reason), name) == 0) return true;
    return false;
}

/* The example shows percentages as counts: ours are counts that sum to the total, and give those percentages.
 */
static void reasons_case(struct judge *judge, struct entry *entry)
{
    struct json_node object = entry_object(entry, "rollback_stats_seed_example"), member;
    struct entry stats = entry_open(judge, &object);
    struct json_node by_reason = entry_object(&stats, "by_reason");
    uint64_t shares[REASON_COUNT], counts[REASON_COUNT], percent[REASON_COUNT], sum = 0, share_sum = 0;
    uint64_t total = entry_u64(&stats, "total_rollbacks_1h");
    const char *name = NULL;
    uint32_t count = 0;
    case_begin(judge);
    while (json_next(&by_reason, name, &name, &member)) {
        check_bool(judge, member.path, true, is_reason(name));
        if (count == REASON_COUNT) input_refuse(&by_reason, "more reasons than there are");
        share_sum += shares[count++] = node_u64(&member);
    }
    check_u64(judge, "by_reason_sum", entry_u64(&stats, "by_reason_sum"), share_sum);
    apportion(total, shares, count, counts);
    apportion(share_sum, counts, count, percent);
    for (uint32_t i = 0; i < count; i++) {
        sum += counts[i];
        check_u64(judge, "by_reason", shares[i], percent[i]);
    }
    check_u64(judge, "total_rollbacks_1h", total, sum);
    entry_close(&stats);
    case_end(judge);
}

/* Words that an answer may carry in a state, and the search that must not find anything in it. */
static const struct forbidden {
    const char *where;
    int health, integrity, recovery; /* the word that is left out because it is the other state's; -1: none */
} FORBIDDEN[] = {
    {"/health when not healthy", HEALTH_HEALTHY, -1, -1},
    {"/admin/integrity-check when clean", -1, INTEGRITY_CORRUPTED, -1},
    {"/admin/recovery/status when finished", -1, -1, REBUILD_IN_PROGRESS},
};

static void check_unfound(struct judge *judge, const struct json_node *member, const char *word,
                          bool is_other)
{
    bool is_found = strstr(word, node_text(member)) != NULL;
    check_bool(judge, member->path, is_other, is_found);
}

static void search_words(struct judge *judge, const struct forbidden *row, const struct json_node *member)
{
    for (int i = 0; row->health >= 0 && i < HEALTH_WORD_COUNT; i++)
        check_unfound(judge, member, health_word((enum health_word)i), i == row->health);
    for (int i = 0; row->integrity >= 0 && i < INTEGRITY_WORD_COUNT; i++)
        check_unfound(judge, member, integrity_word((enum integrity_word)i), i == row->integrity);
    for (int i = 0; row->recovery >= 0 && i < RECOVERY_WORD_COUNT; i++)
        check_unfound(judge, member, recovery_word((enum recovery_word)i), i == row->recovery);
}

static void forbidden_case(struct judge *judge, struct entry *entry)
{
    struct json_node object = entry_object(entry, "forbidden_substrings"), member;
    const char *where = NULL;
    case_begin(judge);
    while (json_next(&object, where, &where, &member)) {
        size_t row = 0;
        while (row < sizeof FORBIDDEN / sizeof *FORBIDDEN && strcmp(FORBIDDEN[row].where, where) != 0) row++;
        if (row == sizeof FORBIDDEN / sizeof *FORBIDDEN)
            case_fail(judge, member.path, "an answer with words", "an answer that is not known");
        else
            search_words(judge, &FORBIDDEN[row], &member);
    }
    case_end(judge);
}

static void http_entry(struct judge *judge, struct entry *entry)
{
    health_case(judge, entry, "health_disabled", false);
    health_case(judge, entry, "health_enabled", true);
    memory_case(judge, entry);
    reasons_case(judge, entry);
    forbidden_case(judge, entry);
}

/* ---- machines ---- */

static void prerequisite_entry(struct judge *judge, struct entry *entry)
{
    struct json_node object = entry_object(entry, "sample");
    struct entry sample = entry_open(judge, &object);
    struct machine_measures measures;
    case_begin(judge);
    for (uint32_t i = 0; i < prerequisite_count(); i++)
        check_i64(judge, prerequisite_at(i)->field, entry_i64(entry, prerequisite_at(i)->field),
                  prerequisite_at(i)->limit);
    case_end(judge);
    case_begin(judge);
#define READ_(field, label, unit, limit, is_most) measures.field = entry_i64(&sample, #field);
    PREREQUISITES(READ_)
#undef READ_
    check_bool(judge, "pass", entry_bool(&sample, "pass"), prerequisites_hold(&measures));
    entry_close(&sample);
    case_end(judge);
}

/* ---- smoke tests ---- */

/* A parent and its child under the live service's costs; the child comes a moment after the parent. */
struct smoke {
    struct history history;
    int64_t proof_ns;
};

static struct smoke begin_smoke(int64_t proof_ns)
{
    struct config config;
    config_init(&config);
    struct settings settings = config.settings; /* as shipped, but on */
    settings.enabled = 1;
    struct smoke smoke = {.history = history_start(&settings, 4), .proof_ns = proof_ns};
    return smoke;
}

static bool at(struct smoke *smoke, int64_t now_ns)
{
    return history_tick(&smoke->history, now_ns);
}

/* Confirmed parent and child: when. The child is submitted when the parent has its result. */
static bool run_smoke(struct smoke *smoke, int64_t *parent_ns, int64_t *child_ns)
{
    struct fixture *fixture = smoke->history.fixture;
    int64_t executed_ns = LIVE_EXECUTION_NS, child_executed_ns = 2 * LIVE_EXECUTION_NS;
    int64_t proven_ns = executed_ns + smoke->proof_ns, child_proven_ns = child_executed_ns + smoke->proof_ns;
    *parent_ns = proven_ns + LIVE_CONFIRMATION_NS;
    int64_t sent_ns = child_proven_ns > *parent_ns ? child_proven_ns : *parent_ns;
    *child_ns = sent_ns + LIVE_CONFIRMATION_NS;
    bool is_good =
        fixture_submit(fixture, 1, PARENTS()) == OK && fixture_submit(fixture, 2, PARENTS(1)) == OK;
    is_good = is_good && at(smoke, executed_ns) && history_execute(&smoke->history, 1, 500);
    is_good = is_good && fixture_view(fixture, 2).was_speculative; /* what the first smoke test looks for */
    is_good = is_good && at(smoke, child_executed_ns) && history_execute(&smoke->history, 2, 500);
    is_good = is_good && at(smoke, proven_ns) && history_prove(&smoke->history, 1);
    is_good = is_good && at(smoke, child_proven_ns) && history_prove(&smoke->history, 2);
    is_good = is_good && at(smoke, *parent_ns) && history_confirm(&smoke->history, 1);
    is_good = is_good && at(smoke, *child_ns) && history_confirm(&smoke->history, 2);
    return is_good;
}

/* The parent's proof fails; when its child is rolled back, -1 when it is not. */
static int64_t fail_smoke(struct smoke *smoke)
{
    struct fixture *fixture = smoke->history.fixture;
    int64_t failed_ns = LIVE_EXECUTION_NS + smoke->proof_ns;
    bool is_good =
        fixture_submit(fixture, 1, PARENTS()) == OK && fixture_submit(fixture, 2, PARENTS(1)) == OK;
    is_good = is_good && at(smoke, LIVE_EXECUTION_NS) && history_execute(&smoke->history, 1, 500);
    is_good = is_good && at(smoke, 2 * LIVE_EXECUTION_NS) && history_execute(&smoke->history, 2, 500);
    is_good =
        is_good && at(smoke, failed_ns) && fixture_proof_failed(fixture, 1, PROOF_ERROR_CONSTRAINT) == OK;
    fixture_finish_rollbacks(fixture);
    return is_good && fixture_status(fixture, 2) == TASK_ROLLED_BACK ? failed_ns : -1;
}

static void check_smoke(struct judge *judge, struct entry *entry, int64_t proof_ns)
{
    int64_t parent_ns = 0, child_ns = 0;
    struct smoke smoke = begin_smoke(proof_ns);
    check_bool(judge, "parent and child confirmed", true, run_smoke(&smoke, &parent_ns, &child_ns));
    history_end(&smoke.history);
    int64_t open_ns = entry_i64(entry, "parent_unconfirmed_at_ms_after_child_submit") * NS_PER_MS;
    check_bool(judge, "parent_unconfirmed_at_ms_after_child_submit", true,
               parent_ns > LIVE_EXECUTION_NS + open_ns);
    check_bool(judge, "parent_confirmed_by_ms", true,
               parent_ns <= entry_i64(entry, "parent_confirmed_by_ms") * NS_PER_MS);
    check_bool(judge, "child_confirmed_within_ms_of_parent", true,
               child_ns - parent_ns <= entry_i64(entry, "child_confirmed_within_ms_of_parent") * NS_PER_MS);
    check_bool(judge, "proof_by_ms", true,
               LIVE_EXECUTION_NS + proof_ns <= entry_i64(entry, "proof_by_ms") * NS_PER_MS);
    smoke = begin_smoke(proof_ns);
    int64_t undone_ns = fail_smoke(&smoke);
    history_end(&smoke.history);
    check_bool(judge, "failing_parent_child_rolled_back_by_ms", true,
               undone_ns >= 0 &&
                   undone_ns <= entry_i64(entry, "failing_parent_child_rolled_back_by_ms") * NS_PER_MS);
}

static void smoke_entry(struct judge *judge, struct entry *entry)
{
    int64_t spread_ns = (int64_t)bps_of((uint64_t)LIVE_PROOF_NS, LIVE_PROOF_SPREAD_BPS);
    case_begin(judge);
    check_smoke(judge, entry, LIVE_PROOF_NS - spread_ns);
    check_smoke(judge, entry, LIVE_PROOF_NS);
    check_smoke(judge, entry, LIVE_PROOF_NS + spread_ns);
    case_end(judge);
}

/* ---- accounts ---- */

static const struct chain_account *account_of(const char *name)
{
    for (uint32_t i = 0; i < chain_account_count(); i++)
        if (strcmp(chain_account_at(i)->name, name) == 0) return chain_account_at(i);
    return NULL;
}

static void accounts_entry(struct judge *judge, struct entry *entry)
{
    struct json_node accounts = entry_object(entry, "doc_vs_sum"), member;
    const char *name = NULL;
    case_begin(judge);
    while (json_next(&accounts, name, &name, &member)) {
        const struct chain_account *account = account_of(name);
        struct json_node pair;
        struct diag diag = {0};
        if (json_get_array(&member, NULL, &pair, &diag) != OK) input_refuse_diag(&member, &diag);
        if (json_count(&pair) != 2) input_refuse(&member, "expected [stated, summed]");
        struct json_node stated = json_item(&pair, 0), summed = json_item(&pair, 1);
        check_u64(judge, stated.path, node_u64(&stated), account ? account->stated_bytes : 0);
        check_u64(judge, summed.path, node_u64(&summed), account ? chain_account_bytes(account) : 0);
    }
    check_u64(judge, "doc_vs_sum: accounts", json_count(&accounts), chain_account_count());
    case_end(judge);
}

#define OPERATE_GROUP(name, entry)                                                                           \
    static void name(struct judge *judge, const struct json_node *node)                                      \
    {                                                                                                        \
        judge_entries(judge, node, entry);                                                                   \
    }
OPERATE_GROUP(severity_group, severity_entry)
OPERATE_GROUP(rollout_group, rollout_entry)
OPERATE_GROUP(http_group, http_entry)
OPERATE_GROUP(prerequisite_group, prerequisite_entry)
OPERATE_GROUP(smoke_group, smoke_entry)
OPERATE_GROUP(accounts_group, accounts_entry)

const struct group OPERATE_GROUPS[] = {
    {"severity", severity_group},
    {"rollout_decision", rollout_group},
    {"http_examples", http_group},
    {"prerequisite_minimums", prerequisite_group},
    {"smoke_timing_constraints", smoke_group},
    {"chain_accounts", accounts_group},
    {NULL, NULL},
};
