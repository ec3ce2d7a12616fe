/* tests/judge/judge_vectors_stake.c: bonds, their limits, slashes and who gets them. */
#include "tests/judge/judge_vectors.h"
#include <stdio.h>
#include <string.h>

/* ---- bonds by depth ---- */

/* A chain of depth + 1 tasks, none confirmed; the last one's bond. UINT64_MAX: not admitted. */
static uint64_t bond_of_chain(const struct settings *settings, uint64_t depth)
{
    if (depth > 1000) return UINT64_MAX;
    struct history history = history_start(settings, (uint32_t)depth + 2);
    uint64_t bond = UINT64_MAX;
    for (uint64_t id = 1; id <= depth + 1; id++) {
        const uint64_t parents[] = {id - 1, 0};
        if (fixture_submit(history.fixture, id, parents) != OK) break;
    }
    struct task_view view = fixture_view(history.fixture, depth + 1);
    if (view.status == TASK_EXECUTING && view.depth_at_admission == depth) bond = view.bond_lamports;
    history_end(&history);
    return bond;
}

static struct settings linear(uint64_t min_stake, uint64_t per_depth)
{
    struct settings settings = judge_settings();
    settings.stake_formula = STAKE_LINEAR;
    settings.min_stake_lamports = (int64_t)min_stake;
    settings.stake_per_depth_lamports = (int64_t)per_depth;
    return settings;
}

static struct settings exponential(uint64_t base_bond)
{
    struct settings settings = judge_settings();
    settings.stake_formula = STAKE_EXPONENTIAL;
    settings.base_bond_lamports = (int64_t)base_bond;
    return settings;
}

static struct settings bond_settings; /* of the entry whose cases are judged */

static void bond_case(struct judge *judge, struct entry *entry)
{
    uint64_t depth = entry_u64(entry, "depth");
    check_u64(judge, "bond", entry_u64(entry, "bond"), bond_of_chain(&bond_settings, depth));
}

static void linear_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases");
    bond_settings = linear(entry_u64(entry, "min_stake"), entry_u64(entry, "stake_per_depth"));
    judge_cases(judge, &cases, bond_case);
}

/* The deepest allowed depth is one that the key takes, and one more waits for its ancestors. */
static void reject_case(struct judge *judge, uint64_t most)
{
    struct settings settings = bond_settings;
    struct config config;
    char assignment[64];
    config_init(&config);
    snprintf(assignment, sizeof assignment, "speculation.max_depth=%llu", (unsigned long long)most);
    case_begin(judge);
    check_bool(judge, "reject_depth_over: the key takes it", true,
               config_set_text(&config, assignment, NULL, NULL) == OK);
    snprintf(assignment, sizeof assignment, "speculation.max_depth=%llu", (unsigned long long)most + 1);
    check_bool(judge, "reject_depth_over: the key takes one more", false,
               config_set_text(&config, assignment, NULL, NULL) == OK);
    settings.max_depth = config.settings.max_depth;
    check_bool(judge, "reject_depth_over: admitted at it", true,
               bond_of_chain(&settings, most) != UINT64_MAX);
    check_bool(judge, "reject_depth_over: admitted beyond", false,
               bond_of_chain(&settings, most + 1) != UINT64_MAX);
    case_end(judge);
}

static void exponential_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases");
    bond_settings = exponential(entry_u64(entry, "base_bond"));
    judge_cases(judge, &cases, bond_case);
    if (entry_has(entry, "reject_depth_over")) reject_case(judge, entry_u64(entry, "reject_depth_over"));
}

/* A formula that was not adopted: nothing to hold ours against. */
static void never_normative(struct judge *judge, struct entry *entry)
{
    case_begin(judge);
    case_fail(judge, "status", "nonnormative", entry_text(entry, "status"));
    case_end(judge);
}

/* ---- limits ---- */

enum { SUBJECT = 1, OTHERS = 14 };

/* What stands above the subject's tasks belongs to others, each with few of them. */
struct limit_run {
    struct history history;
    uint64_t next_id, first_admitted, first_ancestors;
};

/* A chain of `depth` tasks by others, then the subject's. Its id. */
static uint64_t submit_at_depth(struct limit_run *run, uint64_t depth)
{
    uint64_t parent = 0;
    for (uint64_t i = 0; i <= depth; i++) {
        const uint64_t parents[] = {parent, 0};
        parent = run->next_id++;
        uint64_t agent = i == depth ? SUBJECT : SUBJECT + 1 + parent % OTHERS;
        err e = fixture_submit_for(run->history.fixture, parent, agent, parents);
        if (e != OK) return 0;
    }
    return parent;
}

static uint64_t locked_by_subject(struct limit_run *run)
{
    return engine_agent(run->history.fixture->engine, 0).locked;
}

static void admit_step(struct judge *judge, struct limit_run *run, struct entry *step)
{
    struct fixture *fixture = run->history.fixture;
    uint64_t depth = entry_u64(step, "depth"), bond = entry_u64(step, "bond");
    bool accept = entry_bool(step, "accept");
    if (depth > 30 || run->next_id > 200) input_refuse(&step->node, "deeper, or more, than this judge goes");
    uint64_t id = submit_at_depth(run, depth);
    struct task_view view = fixture_view(fixture, id);
    check_bool(judge, "accept", accept, view.status == TASK_EXECUTING);
    if (view.status == TASK_EXECUTING) {
        check_u64(judge, "bond", bond, view.bond_lamports);
        if (!run->first_admitted) {
            run->first_admitted = id;
            run->first_ancestors = depth;
        }
        return;
    }
    struct settings unlimited = run->history.fixture->settings;
    unlimited.max_stake_lamports = judge_settings().max_stake_lamports;
    check_u64(judge, "bond", bond, bond_of_chain(&unlimited, depth));
    check_text(judge, "reason", accept ? "" : entry_text(step, "reason"), wait_reason_name(view.waiting_for));
    /* The document's caller turns away; ours would wait, and be served by the next release. */
    check_bool(judge, "refused task given up", true, history_cancel(&run->history, id));
}

static void confirm_step(struct judge *judge, struct limit_run *run)
{
    bool is_confirmed = run->first_admitted != 0;
    for (uint64_t i = run->first_ancestors + 1; is_confirmed && i-- > 0;)
        is_confirmed = history_confirm(&run->history, run->first_admitted - i);
    check_bool(judge, "confirm_first", true, is_confirmed);
}

static struct limit_run limit_run;

static void limit_step(struct judge *judge, struct entry *step)
{
    const char *op = entry_text(step, "op");
    if (strcmp(op, "admit") == 0)
        admit_step(judge, &limit_run, step);
    else if (strcmp(op, "confirm_first") == 0)
        confirm_step(judge, &limit_run);
    else
        case_fail(judge, "op", "admit or confirm_first", op);
    check_u64(judge, "total_after", entry_u64(step, "total_after"), locked_by_subject(&limit_run));
}

/* Several active bonds are one sum. */
static void total_case(struct judge *judge, struct entry *entry)
{
    struct json_node bonds = entry_array(entry, "active_bonds");
    struct settings settings = judge_settings();
    struct history history = history_start(&settings, HISTORY_TASKS);
    case_begin(judge);
    for (size_t i = 0; i < json_count(&bonds) && i < HISTORY_TASKS; i++) {
        struct json_node bond = json_item(&bonds, i);
        struct event event = {.kind = EVENT_SUBMIT};
        event.u.submit.id = i + 1;
        event.u.submit.agent_id = 1;
        event.u.submit.bond_lamports = node_u64(&bond);
        event.u.submit.claim_expires_ns = NEVER_NS;
        check_bool(judge, "submitted", true, fixture_send(history.fixture, &event) == OK);
    }
    check_u64(judge, "total", entry_u64(entry, "total"), engine_agent(history.fixture->engine, 0).locked);
    case_end(judge);
    history_end(&history);
}

static void limit_entry(struct judge *judge, struct entry *entry)
{
    if (entry_has(entry, "active_bonds")) {
        total_case(judge, entry);
        return;
    }
    struct settings settings = entry_has(entry, "base_bond") ? exponential(entry_u64(entry, "base_bond"))
                                                             : linear(entry_u64(entry, "min_stake"),
                                                                      entry_u64(entry, "stake_per_depth"));
    settings.max_stake_lamports = entry_i64(entry, "max_stake");
    struct json_node steps = entry_array(entry, "steps");
    limit_run = (struct limit_run){.history = history_start(&settings, 256), .next_id = 1};
    /* The limit is of what is locked; nobody here is short of money, whoever stands above. */
    for (uint64_t agent = SUBJECT; agent <= SUBJECT + OTHERS; agent++)
        fixture_deposit(limit_run.history.fixture, agent, UINT64_C(1) << 60);
    judge_cases(judge, &steps, limit_step);
    history_end(&limit_run.history);
}

#define STAKE_GROUP(name, entry)                                                                             \
    static void name(struct judge *judge, const struct json_node *node)                                      \
    {                                                                                                        \
        judge_entries(judge, node, entry);                                                                   \
    }
STAKE_GROUP(stake_linear, linear_entry)
STAKE_GROUP(stake_exponential, exponential_entry)
STAKE_GROUP(stake_multiplier, never_normative)
STAKE_GROUP(stake_limits, limit_entry)

void slash_group(struct judge *judge, const struct json_node *node); /* judge_vectors_slash.c */

const struct group STAKE_GROUPS[] = {
    {"stake_linear", stake_linear},
    {"stake_exponential_compat", stake_exponential},
    {"stake_multiplier_1_5", stake_multiplier},
    {"stake_limits", stake_limits},
    {"slash", slash_group},
    {NULL, NULL},
};
