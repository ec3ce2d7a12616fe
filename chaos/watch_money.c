/* chaos/watch_money.c: S04 stake is conserved, S09 bonds are sufficient, S10 slashes are exact, and of S13
 * that a bond is settled once.
 *
 * The books are kept here from deposits, admissions, settlements and reorgs
 * alone, shares of slashes included, and compared with the engine's after each
 * step, for the agents that the step touched. */
#include "chaos/watch_state.h"

typedef unsigned long long ull;

static struct watched_agent *agent_of(struct watch *watch, const struct record *record)
{
    picture_touch(watch, record->agent);
    return &watch->agents[record->agent];
}

/* ---- deposits and withdrawals: booked before the step, taken back when the engine refuses ---- */

static void see_deposit(struct watch *watch, uint64_t id, uint64_t lamports)
{
    uint64_t all;
    if (!u64_add(watch->counts.deposited, lamports, &all)) return;
    uint32_t index = picture_agent(watch, id);
    if (index == NO_RECORD) return;
    watch->agents[index].deposited += lamports;
    watch->agents[index].free += lamports;
    watch->counts.deposited = all;
    watch->moved_in = lamports;
    picture_touch(watch, index);
}

static void see_withdrawal(struct watch *watch, uint64_t id, uint64_t lamports)
{
    uint32_t index;
    if (!table_find(&watch->agent_of_id, id, &index)) return;
    picture_touch(watch, index);
    if (lamports > watch->agents[index].free) return;
    watch->agents[index].withdrawn += lamports;
    watch->agents[index].free -= lamports;
    watch->counts.withdrawn += lamports;
    watch->moved_out = lamports;
}

void money_event(struct watch *watch, const struct event *event)
{
    watch->moved_in = watch->moved_out = 0;
    if (event->kind == EVENT_DEPOSIT)
        see_deposit(watch, event->u.deposit.agent_id, event->u.deposit.lamports);
    if (event->kind == EVENT_WITHDRAW)
        see_withdrawal(watch, event->u.withdraw.agent_id, event->u.withdraw.lamports);
}

void money_answer(struct watch *watch, err answer)
{
    if (answer == OK || watch->touched_count == 0 || watch->moved_in + watch->moved_out == 0) return;
    struct watched_agent *agent = &watch->agents[watch->touched[0]];
    agent->deposited -= watch->moved_in;
    agent->withdrawn -= watch->moved_out;
    agent->free += watch->moved_out - watch->moved_in;
    watch->counts.deposited -= watch->moved_in;
    watch->counts.withdrawn -= watch->moved_out;
}

/* ---- S09 ---- */

static uint64_t bond_of_depth(const struct settings *settings, uint32_t depth)
{
    u128 linear = (u128)(uint64_t)settings->min_stake_lamports +
                  (u128)(uint64_t)settings->stake_per_depth_lamports * depth;
    u128 exponential = depth < 64 ? (u128)(uint64_t)settings->base_bond_lamports << depth : UINT64_MAX;
    u128 bond = settings->stake_formula == STAKE_EXPONENTIAL ? exponential : linear;
    return bond < UINT64_MAX ? (uint64_t)bond : UINT64_MAX;
}

static void judge_bond(struct watch *watch, uint32_t index, const struct effect *effect)
{
    const struct record *record = record_at(watch, index);
    bool is_speculative = effect->u.admitted.is_speculative;
    uint64_t bond = effect->u.admitted.bond_lamports, asked = record->bond_lamports;
    if (!(record->flags & RECORD_GIVEN_BOND))
        asked = bond_of_depth(&watch->settings, effect->u.admitted.depth);
    bool may_be_none = !is_speculative, may_be_some = is_speculative || watch->settings.bond_roots;
    bool is_right = (bond == 0 && may_be_none) || (bond == asked && may_be_some);
    JUDGE(watch, S09, index, is_right, "task %llu was bonded with %llu lamports at depth %u, asked are %llu",
          (ull)record->id, (ull)bond, effect->u.admitted.depth, (ull)asked);
}

static void judge_means(struct watch *watch, uint32_t index, uint64_t bond)
{
    const struct record *record = record_at(watch, index);
    const struct watched_agent *agent = agent_of(watch, record);
    JUDGE(watch, S09, index, bond <= agent->free, "task %llu locks %llu lamports, agent %llu has %llu free",
          (ull)record->id, (ull)bond, (ull)agent->id, (ull)agent->free);
    bool is_able = agent->uncovered == 0 && agent->cooldown_until_ns <= watch->now_ns;
    JUDGE(watch, S09, index, is_able, "task %llu is bonded while agent %llu is in cooldown or owes a bond",
          (ull)record->id, (ull)agent->id);
    uint64_t most = (uint64_t)watch->settings.max_stake_lamports;
    bool fits =
        agent->locks < (uint64_t)watch->settings.max_locks && bond <= most && agent->locked <= most - bond;
    JUDGE(watch, S09, index, fits,
          "agent %llu locks %llu lamports beside %llu in %u locks, its limit is %llu", (ull)agent->id,
          (ull)bond, (ull)agent->locked, agent->locks, (ull)most);
}

static void lock_bond(struct watch *watch, struct record *record, uint64_t bond)
{
    struct watched_agent *agent = agent_of(watch, record);
    record->bond_lamports = bond;
    record->flags |= RECORD_BONDED;
    agent->free -= bond;
    agent->locked += bond;
    agent->locks++;
    watch->counts.bonded += bond;
    watch->counts.locked += bond;
}

void money_admitted(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    uint64_t bond = effect->u.admitted.bond_lamports;
    judge_bond(watch, index, effect);
    if (bond || effect->u.admitted.is_speculative) judge_means(watch, index, bond);
    record->bond_lamports = 0;
    if (bond) lock_bond(watch, record, bond);
}

/* ---- statuses ---- */

/* The share of the slash that a failure costs: nothing where the agent could not help it. */
static uint32_t factor_of(const struct watch *watch, enum rollback_reason reason)
{
    const struct event *event = watch->event;
    bool is_faultless = event->kind == EVENT_CLEAR_QUEUE || event->kind == EVENT_EXECUTED ||
                        (event->kind == EVENT_TX_REJECTED && event->u.tx.rejection != TX_PROOF_INVALID);
    if (is_faultless || (unsigned)reason >= REASON_COUNT) return 0;
    return (uint32_t)watch->settings.reason_factor_bps[reason];
}

static void reopen(struct watch *watch, struct record *record)
{
    struct watched_agent *agent = agent_of(watch, record);
    if (record->bond_lamports == 0) return;
    if (record->bond_lamports <= agent->free) {
        lock_bond(watch, record, record->bond_lamports);
        return;
    }
    record->bond_lamports = 0;
    record->flags |= RECORD_UNCOVERED;
    agent->uncovered++;
    watch->counts.uncovered++;
}

static void end_uncovered(struct watch *watch, struct record *record)
{
    if (!(record->flags & RECORD_UNCOVERED)) return;
    record->flags &= ~(uint32_t)RECORD_UNCOVERED;
    agent_of(watch, record)->uncovered--;
    watch->counts.uncovered--;
}

void money_status(struct watch *watch, uint32_t index, enum task_status from, enum rollback_reason reason)
{
    struct record *record = record_at(watch, index);
    if (from == TASK_CONFIRMED && record->status == TASK_CONFIRMING) reopen(watch, record);
    if (record->status == TASK_FAILED || record->status == TASK_EXPIRED)
        record->factor_bps = factor_of(watch, reason);
    bool is_settled_now = record_is_over(record) && !task_status_is_terminal(from) &&
                          (record_is_confirmed(record) || !(record->flags & RECORD_ROOT)) &&
                          record->status != TASK_FAILED && record->status != TASK_EXPIRED;
    bool is_root_soon = record->status == TASK_CANCELLED && reason != REASON_ANCESTOR_FAILED;
    if (is_settled_now && !is_root_soon) end_uncovered(watch, record);
    if (record->status == TASK_CONFIRMED && (record->flags & RECORD_BONDED)) watch->confirmed_bonded++;
}

/* ---- S10: a slash and its shares ---- */

static uint64_t weight_of(const struct record *record, bool is_even)
{
    return is_even ? 1 : (uint64_t)(record->wasted_ns / NS_PER_MS);
}

/* Rolled back beside `root`, by no fault of its own, and not the slashed agent's. */
static bool is_victim(const struct record *victim, const struct record *root)
{
    return victim->status == TASK_ROLLED_BACK && !(victim->flags & RECORD_ROOT) &&
           victim->agent != root->agent;
}

struct pool {
    uint64_t lamports, whole; /* whole: all weights together, or heads when nothing was wasted */
    bool is_even;
};

static bool comes_first(struct watch *watch, const struct pool *pool, uint32_t a, uint32_t b)
{
    const struct record *left = record_at(watch, a), *right = record_at(watch, b);
    uint64_t left_rest = (uint64_t)((u128)pool->lamports * weight_of(left, pool->is_even) % pool->whole);
    uint64_t right_rest = (uint64_t)((u128)pool->lamports * weight_of(right, pool->is_even) % pool->whole);
    return left_rest != right_rest ? left_rest > right_rest : left->id < right->id;
}

/* Odd lamports go to the largest remainders: that many are moved to the front. */
static void select_first(struct watch *watch, const struct pool *pool, uint32_t count, uint64_t wanted)
{
    for (uint64_t at = 0; at < wanted && at < count; at++)
        for (uint32_t other = (uint32_t)at + 1; other < count; other++) {
            uint32_t *victims = watch->scratch, first = victims[at];
            if (!comes_first(watch, pool, victims[other], first)) continue;
            victims[at] = victims[other];
            victims[other] = first;
        }
}

static void give(struct watch *watch, uint32_t victim, uint64_t lamports)
{
    struct watched_agent *agent = agent_of(watch, record_at(watch, victim));
    agent->free += lamports;
    agent->received += lamports;
}

/* What is left over, for the treasury. */
static uint64_t share(struct watch *watch, const struct record *root, uint64_t lamports)
{
    struct pool pool = {.lamports = lamports};
    uint32_t count = 0;
    uint32_t at = root->plan_owner == NO_RECORD ? NO_RECORD : record_at(watch, root->plan_owner)->plan_head;
    for (; at != NO_RECORD && count < watch->record_room; at = record_at(watch, at)->plan_next)
        if (is_victim(record_at(watch, at), root)) watch->scratch[count++] = at;
    if (count == 0 || lamports == 0) return lamports;
    for (uint32_t i = 0; i < count; i++) pool.whole += weight_of(record_at(watch, watch->scratch[i]), false);
    pool.is_even = pool.whole == 0;
    if (pool.is_even) pool.whole = count;
    uint64_t given = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t weight = weight_of(record_at(watch, watch->scratch[i]), pool.is_even);
        uint64_t part = (uint64_t)((u128)lamports * weight / pool.whole);
        give(watch, watch->scratch[i], part);
        given += part;
    }
    select_first(watch, &pool, count, lamports - given);
    for (uint32_t i = 0; given < lamports && i < count; i++, given++) give(watch, watch->scratch[i], 1);
    return lamports - given;
}

static void judge_slash(struct watch *watch, uint32_t index, uint64_t slashed, uint64_t treasury)
{
    struct record *record = record_at(watch, index);
    uint32_t factor_bps = record->factor_bps == UINT32_MAX ? 0 : record->factor_bps;
    u128 product = (u128)record->bond_lamports * (uint64_t)watch->settings.slash_bps * factor_bps;
    uint64_t right = (uint64_t)(product / (BPS_ONE * BPS_ONE));
    JUDGE(watch, S10, index, slashed == right, "task %llu lost %llu of %llu lamports, its fault costs %llu",
          (ull)record->id, (ull)slashed, (ull)record->bond_lamports, (ull)right);
    bool may_lose = (record->flags & RECORD_ROOT) && status_is_dead(record->status);
    JUDGE(watch, S10, index, slashed == 0 || may_lose, "task %llu lost %llu lamports without being a cause",
          (ull)record->id, (ull)slashed);
    if (slashed == 0) {
        JUDGE(watch, S10, index, treasury == 0, "the treasury got %llu lamports of no slash", (ull)treasury);
        return;
    }
    uint64_t kept = bps_of(slashed, (uint64_t)watch->settings.treasury_bps);
    uint64_t right_treasury = kept + share(watch, record, slashed - kept);
    JUDGE(watch, S10, index, treasury == right_treasury,
          "the treasury got %llu lamports of %llu, due are %llu", (ull)treasury, (ull)slashed,
          (ull)right_treasury);
    agent_of(watch, record)->cooldown_until_ns = ns_after(watch->now_ns, watch->settings.cooldown_ns);
}

void money_settled(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    struct watched_agent *agent = agent_of(watch, record);
    uint64_t released = effect->u.settled.released_lamports, slashed = effect->u.settled.slashed_lamports;
    JUDGE(watch, S13, index, record->flags & RECORD_BONDED, "the bond of task %llu was settled twice",
          (ull)record->id);
    JUDGE(watch, S04, index, released + slashed == record->bond_lamports,
          "task %llu: bonded %llu but released %llu + slashed %llu", (ull)record->id,
          (ull)record->bond_lamports, (ull)released, (ull)slashed);
    judge_slash(watch, index, slashed, effect->u.settled.treasury_lamports);
    if (record->status == TASK_CONFIRMED && (record->flags & RECORD_BONDED)) watch->confirmed_bonded--;
    record->flags &= ~(uint32_t)RECORD_BONDED;
    record->slashed_lamports = slashed;
    agent->locked -= record->bond_lamports;
    agent->locks--;
    agent->free += released;
    agent->slashed += slashed;
    watch->counts.released += released;
    watch->counts.slashed += slashed;
    watch->counts.treasury += effect->u.settled.treasury_lamports;
    watch->counts.locked -= record->bond_lamports;
}

/* ---- rollbacks ---- */

void money_rollback_begins(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    if (record->factor_bps == UINT32_MAX) record->factor_bps = 0; /* ordered: never slashed */
    record->slashed_lamports = 0;
}

void money_rollback_ends(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *root = record_at(watch, index);
    JUDGE(watch, S10, index, effect->u.rollback.slashed_lamports == root->slashed_lamports,
          "the rollback of task %llu says %llu lamports were slashed, it lost %llu", (ull)root->id,
          (ull)effect->u.rollback.slashed_lamports, (ull)root->slashed_lamports);
    end_uncovered(watch, root);
    uint32_t left = watch->record_room, next;
    for (uint32_t at = root->plan_head; at != NO_RECORD && left-- > 0; at = next) {
        struct record *member = record_at(watch, at);
        next = member->plan_next;
        member->plan_next = NO_RECORD;
        bool is_settled = record_is_over(member) && !(member->flags & RECORD_BONDED);
        JUDGE(watch, S04, at, is_settled,
              "the rollback of task %llu ends, task %llu is %s with %llu lamports", (ull)root->id,
              (ull)member->id, task_status_name((enum task_status)member->status),
              (ull)(member->flags & RECORD_BONDED ? member->bond_lamports : 0));
    }
    root->plan_head = NO_RECORD;
}

/* ---- S04: the engine's books ---- */

static void compare_agent(struct watch *watch, const struct engine *engine, uint32_t index)
{
    const struct watched_agent *own = &watch->agents[index];
    bool is_there = index < engine_agent_count(engine);
    struct agent_view theirs = {0};
    if (is_there) theirs = engine_agent(engine, index);
    JUDGE(watch, S04, NO_RECORD, is_there && theirs.id == own->id, "agent %llu is not in the engine's books",
          (ull)own->id);
    if (!is_there) return;
    bool is_even = theirs.free == own->free && theirs.locked == own->locked &&
                   theirs.deposited == own->deposited && theirs.withdrawn == own->withdrawn &&
                   theirs.received == own->received && theirs.slashed == own->slashed;
    JUDGE(watch, S04, NO_RECORD, is_even,
          "agent %llu: %llu free, %llu locked, %llu received, %llu slashed; by the events %llu, %llu, %llu, "
          "%llu",
          (ull)own->id, (ull)theirs.free, (ull)theirs.locked, (ull)theirs.received, (ull)theirs.slashed,
          (ull)own->free, (ull)own->locked, (ull)own->received, (ull)own->slashed);
    u128 came = (u128)theirs.deposited + theirs.received;
    u128 went = (u128)theirs.free + theirs.locked + theirs.withdrawn + theirs.slashed;
    JUDGE(watch, S04, NO_RECORD, came == went, "agent %llu: %llu lamports came, %llu are there", (ull)own->id,
          (ull)came, (ull)went);
}

void money_compare(struct watch *watch, const struct engine *engine)
{
    JUDGE(watch, S04, NO_RECORD, watch->confirmed_bonded == 0, "%llu confirmed tasks keep their bonds",
          (ull)watch->confirmed_bonded);
    const struct engine_stats *stats = engine_statistics(engine);
    const struct watched_counts *own = &watch->counts;
    if (watch->touched_count > TOUCHED_MOST)
        for (uint32_t i = 0; i < watch->agent_count; i++) compare_agent(watch, engine, i);
    else
        for (uint32_t i = 0; i < watch->touched_count; i++) compare_agent(watch, engine, watch->touched[i]);
    bool is_even = stats->bonded_lamports == own->bonded && stats->released_lamports == own->released &&
                   stats->slashed_lamports == own->slashed && stats->locked_lamports == own->locked &&
                   stats->treasury_lamports == own->treasury && stats->deposited_lamports == own->deposited &&
                   stats->withdrawn_lamports == own->withdrawn;
    JUDGE(watch, S04, NO_RECORD, is_even,
          "bonded %llu, released %llu, slashed %llu, locked %llu; by the events %llu, %llu, %llu, %llu",
          (ull)stats->bonded_lamports, (ull)stats->released_lamports, (ull)stats->slashed_lamports,
          (ull)stats->locked_lamports, (ull)own->bonded, (ull)own->released, (ull)own->slashed,
          (ull)own->locked);
}
