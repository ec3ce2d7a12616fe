/* tests/lib/shadow.c: see the header. The rules are those of the specification's invariants, by number. */
#include "tests/lib/shadow.h"
#include "base/assert.h"
#include <string.h>

static void broke(struct shadow *shadow, const char *rule, uint64_t id)
{
    if (shadow->broken) return;
    shadow->broken = rule;
    shadow->broken_by = id;
}

static struct shadow_task *task_of(struct shadow *shadow, uint64_t id)
{
    ASSERT(id < SHADOW_IDS);
    return &shadow->tasks[id];
}

#define FOR_EACH_KNOWN(shadow, id)                                                                           \
    for (uint32_t at = 0, id = 0; at < (shadow)->known_count && (id = (shadow)->known[at]) != 0; at++)

static void forget(struct shadow *shadow, uint64_t id)
{
    task_of(shadow, id)->is_known = false;
    for (uint32_t at = 0; at < shadow->known_count; at++)
        if (shadow->known[at] == id) shadow->known[at] = shadow->known[--shadow->known_count];
}

static bool is_confirmed(const struct shadow_task *task)
{
    return task->status == TASK_CONFIRMED || task->status == TASK_FINALIZED;
}

static bool is_over(const struct shadow_task *task)
{
    return task->status >= TASK_CONFIRMED;
}

static bool is_dead(const struct shadow_task *task)
{
    return task->status > TASK_FINALIZED;
}

static bool is_active(const struct shadow_task *task)
{
    return task->is_known && task->is_speculative && !is_over(task);
}

/* ---- the graph ---- */

/* S08: 0 without unconfirmed parents, else one more than the deepest of them. */
static uint32_t depth_of(struct shadow *shadow, uint64_t id)
{
    const struct shadow_task *task = task_of(shadow, id);
    uint32_t depth = 0;
    for (int i = 0; i < task->parent_count; i++) {
        if (task->is_dropped[i] || is_confirmed(task_of(shadow, task->parents[i]))) continue;
        uint32_t above = 1 + depth_of(shadow, task->parents[i]);
        if (above > depth) depth = above;
    }
    return depth;
}

/* S01: what lives below something dead is blocked. It may be the victim of another rollback, whose turn comes
 * later: until then nothing may be done with it. */
static void doom_children(struct shadow *shadow, uint64_t parent)
{
    FOR_EACH_KNOWN(shadow, id)
    {
        struct shadow_task *child = &shadow->tasks[id];
        if (!child->is_known || is_over(child)) continue;
        for (int i = 0; i < child->parent_count; i++)
            if (child->parents[i] == parent && !child->is_dropped[i]) child->is_doomed = true;
    }
}

static bool has_active_child(struct shadow *shadow, uint64_t parent)
{
    FOR_EACH_KNOWN(shadow, id)
    {
        const struct shadow_task *child = &shadow->tasks[id];
        if (!is_active(child)) continue;
        for (int i = 0; i < child->parent_count; i++)
            if (child->parents[i] == parent) return true;
    }
    return false;
}

/* S16: active speculative tasks without an active child; of one agent, or 0: of all. */
static uint64_t tips(struct shadow *shadow, uint64_t agent)
{
    uint64_t count = 0;
    FOR_EACH_KNOWN(shadow, id)
    {
        const struct shadow_task *task = &shadow->tasks[id];
        bool counts = is_active(task) && (agent == 0 || task->agent == agent);
        if (counts && !has_active_child(shadow, id)) count++;
    }
    return count;
}

/* In order of submission, the live tasks that read what the root or a reader of it wrote. */
static void mark_readers(struct shadow *shadow, uint64_t root, bool *is_member)
{
    is_member[root] = true;
    for (bool has_grown = true; has_grown;) {
        has_grown = false;
        FOR_EACH_KNOWN(shadow, id)
        {
            const struct shadow_task *task = &shadow->tasks[id];
            if (!task->is_known || is_over(task) || is_member[id]) continue;
            for (int i = 0; i < task->parent_count && !is_member[id]; i++)
                if (!task->is_dropped[i] && task->edge_kinds[i] == EDGE_DATA && is_member[task->parents[i]])
                    is_member[id] = has_grown = true;
        }
    }
}

/* A selective rollback spares whoever read nothing of it: those edges count no more. */
static void drop_spared_edges(struct shadow *shadow, uint64_t root)
{
    static bool is_member[SHADOW_IDS];
    memset(is_member, 0, sizeof is_member);
    mark_readers(shadow, root, is_member);
    FOR_EACH_KNOWN(shadow, id)
    {
        struct shadow_task *task = &shadow->tasks[id];
        if (!task->is_known || is_over(task) || is_member[id]) continue;
        for (int i = 0; i < task->parent_count; i++)
            if (is_member[task->parents[i]]) task->is_dropped[i] = true;
    }
}

/* ---- S11, S06, S12 ---- */

/* Its own table, as the watch has its own: a judge that asked another for the rules would share its mistakes.
 */
#define IN(status) (1u << (status))
#define ENDS       (IN(TASK_FAILED) | IN(TASK_EXPIRED) | IN(TASK_CANCELLED))
#define UNDONE     (ENDS | IN(TASK_ROLLED_BACK))

static const uint32_t NEXT[TASK_STATUS_COUNT] = {
    [TASK_PENDING] = IN(TASK_EXECUTING) | ENDS,
    [TASK_EXECUTING] = IN(TASK_EXECUTED) | UNDONE,
    [TASK_EXECUTED] = IN(TASK_PROOF_PENDING) | UNDONE,
    [TASK_PROOF_PENDING] =
        IN(TASK_AWAITING_ANCESTORS) | IN(TASK_SUBMITTING) | IN(TASK_EXECUTED) | UNDONE, /* cleared */
    [TASK_AWAITING_ANCESTORS] = IN(TASK_SUBMITTING) | UNDONE,
    [TASK_SUBMITTING] = IN(TASK_CONFIRMING) | IN(TASK_AWAITING_ANCESTORS) | UNDONE,
    [TASK_CONFIRMING] =
        IN(TASK_CONFIRMED) | IN(TASK_SUBMITTING) | IN(TASK_AWAITING_ANCESTORS) | IN(TASK_EXECUTING) | UNDONE,
    [TASK_CONFIRMED] = IN(TASK_FINALIZED) | IN(TASK_CONFIRMING),
};

static void see_confirmation(struct shadow *shadow, const struct effect *effect, struct shadow_task *task)
{
    const struct event *event = shadow->event;
    bool is_report = event->kind == EVENT_FINALIZED ||
                     (event->kind == EVENT_CONFIRMED && shadow->settings.gate_level == GATE_CONFIRMED);
    bool is_of_it = event->task.slot == effect->task.slot &&
                    event->task.generation == effect->task.generation && event->attempt == task->attempt;
    if (!is_report || !is_of_it || !task->is_on_chain)
        broke(shadow, "S12 confirmed without a report", effect->task_id);
    if (task->is_landed) broke(shadow, "S13 landed twice", effect->task_id);
    task->is_landed = true;
}

static void see_reopening(struct shadow *shadow, const struct effect *effect, struct shadow_task *task)
{
    if (shadow->event->kind != EVENT_REVERTED) broke(shadow, "S06 reopened without a reorg", effect->task_id);
    task->is_landed = task->is_on_chain = false;
    task->is_bonded = task->bond_lamports > 0; /* or uncovered: known after the step */
}

static void see_undone(struct shadow *shadow, const struct effect *effect, struct shadow_task *task)
{
    if (effect->u.status.to != TASK_ROLLED_BACK) return;
    if (task->rolled_back++) broke(shadow, "S03 rolled back twice", effect->task_id);
    doom_children(shadow, effect->task_id);
}

static void see_status(struct shadow *shadow, const struct effect *effect)
{
    struct shadow_task *task = task_of(shadow, effect->task_id);
    enum task_status from = effect->u.status.from, to = effect->u.status.to;
    if (from == to) return; /* it is known now: pending */
    if (from != task->status || !(NEXT[from] & IN(to)))
        broke(shadow, "S11 illegal transition", effect->task_id);
    if (task->is_doomed && !(UNDONE & IN(to))) broke(shadow, "S01 went on below a failure", effect->task_id);
    if (from == TASK_FINALIZED) broke(shadow, "S06 left finality", effect->task_id);
    task->status = (uint8_t)to;
    if (to == TASK_CONFIRMED) see_confirmation(shadow, effect, task);
    if (from == TASK_CONFIRMED && to == TASK_CONFIRMING) see_reopening(shadow, effect, task);
    bool has_reason = effect->u.status.reason < REASON_COUNT; /* a liar may leave it out */
    if ((to == TASK_FAILED || to == TASK_EXPIRED) && has_reason)
        task->factor_bps = (uint32_t)shadow->settings.reason_factor_bps[effect->u.status.reason];
    see_undone(shadow, effect, task);
}

/* ---- S08, S09, S15, S16, S17: what may be admitted ---- */

static uint64_t bond_of_depth(const struct settings *settings, uint32_t depth)
{
    u128 linear = (u128)(uint64_t)settings->min_stake_lamports +
                  (u128)(uint64_t)settings->stake_per_depth_lamports * depth;
    u128 exponential = (u128)(uint64_t)settings->base_bond_lamports << depth;
    return (uint64_t)(settings->stake_formula == STAKE_EXPONENTIAL ? exponential : linear);
}

static void see_edges(struct shadow *shadow, uint64_t id, bool is_speculative)
{
    const struct shadow_task *task = task_of(shadow, id);
    bool has_open = false;
    for (int i = 0; i < task->parent_count; i++) {
        const struct shadow_task *parent = task_of(shadow, task->parents[i]);
        if (task->is_dropped[i]) continue;
        if (is_dead(parent)) broke(shadow, "S01 admitted below a dead parent", id);
        bool is_open = !is_confirmed(parent);
        has_open = has_open || is_open;
        if (is_open && !shadow->settings.cross_agent_speculation && parent->agent != task->agent)
            broke(shadow, "S16 read another agent's state", id);
    }
    if (has_open != is_speculative) broke(shadow, "S01 speculative or not", id);
}

static void see_limits(struct shadow *shadow, const struct effect *effect)
{
    const struct settings *settings = &shadow->settings;
    struct shadow_task *task = task_of(shadow, effect->task_id);
    bool by_agent = settings->branch_scope == SCOPE_AGENT;
    uint64_t scope = by_agent ? task->agent : 0, before = tips(shadow, scope);
    uint64_t limit = settings->parallel_speculation ? (uint64_t)settings->max_parallel_branches : 1;
    task->is_speculative = true;
    task->status = TASK_EXECUTING; /* its note comes in a moment, or has */
    uint64_t after = tips(shadow, scope);
    if (after > limit && after > before) broke(shadow, "S16 too many branches", effect->task_id);
    if (effect->u.admitted.depth > settings->max_depth) broke(shadow, "S08 too deep", effect->task_id);
    bool is_late = task->claim_expires_ns != NEVER_NS &&
                   task->claim_expires_ns - shadow->event->now_ns <= settings->claim_buffer_ns;
    if (is_late) broke(shadow, "S15 claim too short", effect->task_id);
    bool is_selected = task->rollout_bucket == ROLLOUT_ALWAYS || task->rollout_bucket < settings->rollout_bps;
    if (!settings->enabled || shadow->is_draining || !is_selected)
        broke(shadow, "S17 admitted while off", effect->task_id);
}

static void see_admitted(struct shadow *shadow, const struct effect *effect)
{
    struct shadow_task *task = task_of(shadow, effect->task_id);
    uint64_t bond = effect->u.admitted.bond_lamports;
    bool is_speculative = effect->u.admitted.is_speculative;
    see_edges(shadow, effect->task_id, is_speculative);
    if (effect->u.admitted.depth != depth_of(shadow, effect->task_id))
        broke(shadow, "S08 wrong depth", effect->task_id);
    uint64_t asked = task->has_given_bond ? task->bond_lamports
                                          : bond_of_depth(&shadow->settings, effect->u.admitted.depth);
    if (is_speculative ? bond != asked : bond != 0 && bond != asked)
        broke(shadow, "S09 wrong bond", effect->task_id);
    if (is_speculative) see_limits(shadow, effect);
    task->bond_lamports = bond;
    task->is_bonded = bond > 0;
    shadow->bonded += bond;
}

/* ---- S10, S13: money ---- */

static void see_settled(struct shadow *shadow, const struct effect *effect)
{
    struct shadow_task *task = task_of(shadow, effect->task_id);
    uint64_t slashed = effect->u.settled.slashed_lamports, released = effect->u.settled.released_lamports;
    uint32_t factor_bps = task->factor_bps == UINT32_MAX ? 0 : task->factor_bps;
    u128 most = (u128)task->bond_lamports * (uint64_t)shadow->settings.slash_bps * factor_bps;
    if (!task->is_bonded) broke(shadow, "S13 settled twice", effect->task_id);
    if (released + slashed != task->bond_lamports)
        broke(shadow, "S04 bond not settled whole", effect->task_id);
    if (slashed && slashed != (uint64_t)(most / (BPS_ONE * BPS_ONE)))
        broke(shadow, "S10 wrong slash", effect->task_id);
    if (slashed && !is_dead(task)) broke(shadow, "S10 slashed without fault", effect->task_id);
    task->is_bonded = false;
    task->slashed_lamports = slashed;
    shadow->released += released;
    shadow->slashed += slashed;
    shadow->treasury += effect->u.settled.treasury_lamports;
}

/* ---- rollbacks ---- */

static void see_rollback_begin(struct shadow *shadow, const struct effect *effect)
{
    struct shadow_task *task = task_of(shadow, effect->task_id);
    if (task->factor_bps == UINT32_MAX) task->factor_bps = 0; /* ordered: never slashed */
    task->slashed_lamports = 0;
    if (shadow->settings.rollback_policy == ROLLBACK_SELECTIVE) drop_spared_edges(shadow, effect->task_id);
}

static void see_rollback_end(struct shadow *shadow, const struct effect *effect)
{
    const struct shadow_task *task = task_of(shadow, effect->task_id);
    if (effect->u.rollback.slashed_lamports != task->slashed_lamports)
        broke(shadow, "S10 the rollback's slash is not its root's", effect->task_id);
    if (!is_dead(task)) broke(shadow, "S01 a rollback whose root lives", effect->task_id);
    doom_children(shadow, effect->task_id);
}

/* S07: within a rollback, whoever is below has had its turn. */
static void see_turn(struct shadow *shadow, const struct effect *effect)
{
    struct shadow_task *task = task_of(shadow, effect->task_id);
    if (task->is_undone) broke(shadow, "S14 in two plans", effect->task_id);
    task->is_undone = true;
    task->undone_with = effect->u.undone.root_id;
    for (int i = 0; i < task->parent_count; i++) {
        const struct shadow_task *parent = task_of(shadow, task->parents[i]);
        if (!task->is_dropped[i] && parent->is_undone && parent->undone_with == task->undone_with)
            broke(shadow, "S07 undone after what is above it", effect->task_id);
    }
}

static void see_submission(struct shadow *shadow, const struct effect *effect)
{
    struct shadow_task *task = task_of(shadow, effect->task_id);
    if (task->is_doomed) broke(shadow, "S01 sent below a failure", effect->task_id);
    for (int i = 0; i < task->parent_count; i++)
        if (!task->is_dropped[i] && !is_confirmed(task_of(shadow, task->parents[i])))
            broke(shadow, "S02 sent before an ancestor was confirmed", effect->task_id);
    task->attempt = effect->attempt;
    task->is_on_chain = true;
}

static void see_work(struct shadow *shadow, const struct effect *effect)
{
    const struct shadow_task *task = task_of(shadow, effect->task_id);
    if (task->is_doomed || is_over(task)) broke(shadow, "S01 work below a failure", effect->task_id);
}

static void see_pruned(struct shadow *shadow, const struct effect *effect)
{
    forget(shadow, effect->task_id);
    FOR_EACH_KNOWN(shadow, id)
    for (int i = 0; i < shadow->tasks[id].parent_count; i++)
        if (shadow->tasks[id].parents[i] == effect->task_id) shadow->tasks[id].is_dropped[i] = true;
}

void shadow_effect(struct shadow *shadow, const struct effect *effect)
{
    switch (effect->kind) {
    case NOTE_STATUS: see_status(shadow, effect); break;
    case NOTE_ADMITTED: see_admitted(shadow, effect); break;
    case NOTE_SETTLED: see_settled(shadow, effect); break;
    case NOTE_ROLLBACK_BEGIN: see_rollback_begin(shadow, effect); break;
    case NOTE_ROLLBACK_END: see_rollback_end(shadow, effect); break;
    case NOTE_UNDONE: see_turn(shadow, effect); break;
    case NOTE_PRUNED: see_pruned(shadow, effect); break;
    case NOTE_DRAINED: shadow->is_draining = false; break;
    case EFFECT_EXECUTE:
    case EFFECT_PROVE: see_work(shadow, effect); break;
    case EFFECT_SUBMIT: see_submission(shadow, effect); break;
    default: break;
    }
}

/* ---- events ---- */

void shadow_begin(struct shadow *shadow, const struct settings *settings)
{
    memset(shadow, 0, sizeof *shadow);
    shadow->settings = *settings;
}

/* Kept if the engine accepts it: shadow_after. */
static void see_submit(struct shadow *shadow, const struct event_submit *submit)
{
    if (submit->id == 0 || submit->id >= SHADOW_IDS || submit->parent_count > LIMIT_PARENTS) return;
    struct shadow_task *task = task_of(shadow, submit->id);
    if (task->is_known) return;
    shadow->known[shadow->known_count++] = (uint32_t)submit->id;
    *task = (struct shadow_task){.is_known = true,
                                 .parent_count = (uint8_t)submit->parent_count,
                                 .agent = submit->agent_id,
                                 .bond_lamports = submit->bond_lamports,
                                 .has_given_bond = submit->bond_lamports > 0,
                                 .claim_expires_ns = submit->claim_expires_ns,
                                 .rollout_bucket = submit->rollout_bucket,
                                 .factor_bps = UINT32_MAX,
                                 .seq = ++shadow->seq};
    for (uint32_t i = 0; i < submit->parent_count; i++) {
        task->parents[i] = submit->parents[i] < SHADOW_IDS ? submit->parents[i] : 0;
        task->edge_kinds[i] = submit->edge_kinds[i];
    }
}

/* The id of the task that an event names, 0 when the engine knows none. */
static uint64_t id_of(const struct engine *engine, const struct event *event)
{
    struct task_view view;
    return engine_task(engine, event->task, &view) == OK ? view.id : 0;
}

void shadow_event(struct shadow *shadow, const struct engine *engine, const struct event *event)
{
    shadow->event = event;
    shadow->plans_before = engine_statistics(engine)->plans_running;
    if (event->kind == EVENT_SUBMIT) see_submit(shadow, &event->u.submit);
    if (event->kind == EVENT_SETTINGS) shadow->settings = *event->u.settings;
    if (event->kind == EVENT_EMERGENCY) {
        if (event->u.emergency.action == EMERGENCY_DISABLE) shadow->settings.enabled = 0;
        shadow->is_draining = true;
    }
    if (event->kind == EVENT_DRAIN && event->u.drain.timeout_ns >= 0) shadow->is_draining = true;
    uint64_t id = event->kind == EVENT_CLAIM_RENEWED ? id_of(engine, event) : 0;
    struct shadow_task *task = task_of(shadow, id);
    bool is_longer =
        id && task->claim_expires_ns != NEVER_NS && event->u.claim.expires_ns > task->claim_expires_ns;
    if (is_longer && !is_over(task)) task->claim_expires_ns = event->u.claim.expires_ns;
}

/* S05: parents are older than their child. */
static void check_parents(struct shadow *shadow, uint64_t id)
{
    const struct shadow_task *task = task_of(shadow, id);
    for (int i = 0; i < task->parent_count; i++) {
        const struct shadow_task *parent = task_of(shadow, task->parents[i]);
        if (!parent->is_known || parent->seq >= task->seq)
            broke(shadow, "S05 a parent that is not older", id);
    }
}

static void judge_submit(struct shadow *shadow, const struct engine *engine, err answer)
{
    const struct event_submit *submit = &shadow->event->u.submit;
    struct task_ref ref;
    if (submit->id == 0 || submit->id >= SHADOW_IDS) return;
    if (answer == OK) check_parents(shadow, submit->id);
    if (answer != OK && !engine_find(engine, submit->id, &ref)) forget(shadow, submit->id);
}

/* S04, to the lamport: each agent's, and all of them together. */
static void check_agent(struct shadow *shadow, const struct agent_view *agent)
{
    uint64_t locked = 0;
    u128 came = (u128)agent->deposited + agent->received;
    if (came != (u128)agent->free + agent->locked + agent->slashed + agent->withdrawn)
        broke(shadow, "S04 an agent's lamports", agent->id);
    FOR_EACH_KNOWN(shadow, id)
    if (shadow->tasks[id].is_bonded && shadow->tasks[id].agent == agent->id)
        locked += shadow->tasks[id].bond_lamports;
    if (locked != agent->locked) broke(shadow, "S04 locked lamports", agent->id);
}

static void check_money(struct shadow *shadow, const struct engine *engine)
{
    u128 received = 0, deposited = 0, withdrawn = 0, kept = 0;
    for (uint32_t i = 0; i < engine_agent_count(engine); i++) {
        struct agent_view agent = engine_agent(engine, i);
        check_agent(shadow, &agent);
        received += agent.received;
        deposited += agent.deposited;
        withdrawn += agent.withdrawn;
        kept += (u128)agent.free + agent.locked + agent.withdrawn;
    }
    if ((uint64_t)received + shadow->treasury != shadow->slashed) broke(shadow, "S04 slashed lamports", 0);
    if ((uint64_t)deposited != (uint64_t)kept + shadow->treasury) broke(shadow, "S04 all lamports", 0);
    if ((uint64_t)deposited != shadow->deposited) broke(shadow, "S04 deposited lamports", 0);
    if ((uint64_t)withdrawn != shadow->withdrawn) broke(shadow, "S04 withdrawn lamports", 0);
}

/* Which reopened tasks the agent could bond again is the one thing that only the engine can say. */
static void see_uncovered(struct shadow *shadow, const struct engine *engine)
{
    if (shadow->event->kind != EVENT_REVERTED) return;
    FOR_EACH_KNOWN(shadow, id)
    {
        struct shadow_task *task = &shadow->tasks[id];
        struct task_ref ref;
        struct task_view view;
        if (!task->is_known || !task->is_bonded || !engine_find(engine, id, &ref)) continue;
        if (engine_task(engine, ref, &view) != OK || !view.is_uncovered) continue;
        task->is_bonded = false;
        task->bond_lamports = 0;
    }
}

void shadow_after(struct shadow *shadow, const struct engine *engine, err answer)
{
    const struct event *event = shadow->event;
    const struct engine_stats *stats = engine_statistics(engine);
    if (event->kind == EVENT_SUBMIT) judge_submit(shadow, engine, answer);
    if (event->kind == EVENT_DEPOSIT && answer == OK) shadow->deposited += event->u.deposit.lamports;
    if (event->kind == EVENT_WITHDRAW && answer == OK) shadow->withdrawn += event->u.withdraw.lamports;
    see_uncovered(shadow, engine);
    check_money(shadow, engine);
    uint64_t most = (uint64_t)shadow->settings.rollback_max_concurrent;
    if (stats->plans_running > most && stats->plans_running > shadow->plans_before)
        broke(shadow, "S14 too many rollbacks at a time", 0);
}
