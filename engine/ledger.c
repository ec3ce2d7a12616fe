/* engine/ledger.c: bonds. Whole lamports, exact, in 128 bits where shares multiply.
 *
 * Per agent: deposited + received = free + locked + slashed + withdrawn. Per run:
 * bonded = released + slashed + locked (semantics.md 18). Only a root cause is
 * slashed; victims get everything back and a share of the pool. */
#include "engine/state.h"

err agent_find_or_add(struct engine *engine, uint64_t id, uint32_t *index_out)
{
    if (table_find(&engine->agent_of_id, id, index_out)) return OK;
    if (engine->agent_count == engine->limits.agents) return ERR_LIMIT;
    err is_new = table_insert(&engine->agent_of_id, id, engine->agent_count);
    ASSERT(is_new == OK);
    struct agent *agent = &engine->agents[engine->agent_count];
    *agent = (struct agent){.id = id, .cooldown_until_ns = INT64_MIN, .payout_ns = NEVER_NS};
    for (int queue = 0; queue < AGENT_QUEUES; queue++) agent->wait_heads[queue] = NONE;
    *index_out = engine->agent_count++;
    return OK;
}

uint64_t bond_at_depth(const struct settings *settings, uint32_t depth)
{
    uint64_t base, extra, bond;
    if (settings->stake_formula == STAKE_EXPONENTIAL) {
        base = (uint64_t)settings->base_bond_lamports;
        return depth < 64 && u64_mul(base, UINT64_C(1) << depth, &bond) ? bond : UINT64_MAX;
    }
    base = (uint64_t)settings->min_stake_lamports;
    if (!u64_mul((uint64_t)settings->stake_per_depth_lamports, depth, &extra)) return UINT64_MAX;
    return u64_add(base, extra, &bond) ? bond : UINT64_MAX;
}

uint64_t bond_asked(const struct engine *engine, const struct task *task, uint32_t depth)
{
    return task->flags & TASK_BOND_GIVEN ? task->bond_lamports : bond_at_depth(&engine->settings, depth);
}

enum bond_state bond_state_of(const struct engine *engine, const struct agent *agent)
{
    if (engine->now_ns < agent->cooldown_until_ns) return BOND_COOLDOWN;
    if (agent->payout_ns != NEVER_NS && engine->now_ns < agent->payout_ns) return BOND_WITHDRAWING;
    return agent->free == 0 ? BOND_EXHAUSTED : BOND_ACTIVE;
}

err ledger_deposit(struct engine *engine, const struct event *event)
{
    uint32_t index;
    uint64_t lamports = event->u.deposit.lamports, all;
    /* All that was ever deposited fits 64 bits: whoever it goes to later, no balance and no sum overflows. */
    if (!u64_add(engine->stats.deposited_lamports, lamports, &all)) return ERR_RANGE;
    TRY(agent_find_or_add(engine, event->u.deposit.agent_id, &index));
    engine->agents[index].free += lamports;
    engine->agents[index].deposited += lamports;
    engine->stats.deposited_lamports = all;
    waiting_freed(engine, WAIT_STAKE_INSUFFICIENT, index);
    return OK;
}

enum { WITHDRAWAL_S = 3600 }; /* from the request to the payment (engine.md 1.5) */

/* The money leaves the agent's free balance at once, whenever it is paid out. */
err ledger_withdraw(struct engine *engine, const struct event *event)
{
    uint32_t index;
    uint64_t lamports = event->u.withdraw.lamports;
    if (!table_find(&engine->agent_of_id, event->u.withdraw.agent_id, &index)) return ERR_RANGE;
    struct agent *agent = &engine->agents[index];
    if (lamports == 0 || lamports > agent->free) return ERR_RANGE;
    if (!move_may(engine, MACHINE_BOND, bond_state_of(engine, agent), BOND_WITHDRAW)) return ERR_CONFLICT;
    if (event->u.withdraw.is_immediate && agent->locks > 0) return ERR_CONFLICT;
    agent->free -= lamports;
    agent->withdrawn += lamports;
    engine->stats.withdrawn_lamports += lamports;
    if (!event->u.withdraw.is_immediate) agent->payout_ns = ns_after(engine->now_ns, WITHDRAWAL_S * NS_PER_S);
    return OK;
}

void ledger_lock(struct engine *engine, uint32_t slot, uint64_t lamports)
{
    struct task *task = task_at(engine, slot);
    struct agent *agent = &engine->agents[task->agent];
    ASSERT(lamports <= agent->free);
    agent->locks++;
    agent->free -= lamports;
    agent->locked += lamports;
    task->bond_lamports = lamports;
    engine->stats.bonded_lamports += lamports;
    engine->stats.locked_lamports += lamports;
}

/* The work goes on either way; an agent that cannot bond it again takes on nothing new until it is over. */
void ledger_relock(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    struct agent *agent = &engine->agents[task->agent];
    task->flags |= TASK_COMMITTED;
    if (task->bond_lamports == 0) return;
    if (task->bond_lamports <= agent->free) {
        ledger_lock(engine, slot, task->bond_lamports);
        return;
    }
    task->bond_lamports = 0;
    task->flags |= TASK_UNCOVERED;
    agent->uncovered++;
    engine->stats.uncovered++;
}

static void end_uncovered(struct engine *engine, struct task *task)
{
    if (!(task->flags & TASK_UNCOVERED)) return;
    task->flags &= (uint16_t)~TASK_UNCOVERED;
    engine->agents[task->agent].uncovered--;
    engine->stats.uncovered--;
    waiting_freed(engine, WAIT_STAKE_INSUFFICIENT, task->agent);
}

/* Ends the commitment: `slashed` of its bond is lost, the rest goes back. */
static void settle(struct engine *engine, uint32_t slot, uint64_t slashed, uint64_t treasury)
{
    struct task *task = task_at(engine, slot);
    struct agent *agent = &engine->agents[task->agent];
    ASSERT(task->flags & TASK_COMMITTED);
    ASSERT(slashed <= task->bond_lamports);
    uint64_t released = task->bond_lamports - slashed;
    agent->locked -= task->bond_lamports;
    agent->free += released;
    agent->slashed += slashed;
    engine->stats.locked_lamports -= task->bond_lamports;
    engine->stats.released_lamports += released;
    engine->stats.slashed_lamports += slashed;
    engine->stats.treasury_lamports += treasury;
    task->flags &= (uint16_t)~TASK_COMMITTED;
    end_uncovered(engine, task);
    if (task->bond_lamports == 0) return;
    agent->locks--;
    struct effect *note = effect_push(engine, NOTE_SETTLED, slot);
    note->u.settled.released_lamports = released;
    note->u.settled.slashed_lamports = slashed;
    note->u.settled.treasury_lamports = treasury;
    waiting_freed(engine, WAIT_STAKE_INSUFFICIENT, task->agent);
    waiting_freed(engine, WAIT_STAKE_LIMIT, task->agent);
}

void ledger_release(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->flags & TASK_COMMITTED) settle(engine, slot, 0, 0);
}

/* Victims that share the pool: rolled back in this plan, and not the slashed agent's own. */
static bool shares_pool(const struct engine *engine, uint32_t root, uint32_t slot)
{
    const struct task *task = &engine->tasks[slot];
    return task->status == TASK_ROLLED_BACK && !(task->flags & TASK_ROOT) &&
           task->agent != engine->tasks[root].agent;
}

struct pool {
    uint64_t lamports, weight_sum, heads, shared; /* shared: floors handed out so far */
};

static uint64_t weight_of(const struct pool *pool, const struct task *task)
{
    /* Wasted compute counts in whole milliseconds; when all are 0 the shares are equal. */
    return pool->weight_sum ? (uint64_t)(task->compute_ns / NS_PER_MS) : 1;
}

static uint64_t floor_share(const struct pool *pool, uint64_t weight, uint64_t *remainder_out)
{
    uint64_t whole = pool->weight_sum ? pool->weight_sum : pool->heads;
    u128 product = (u128)pool->lamports * weight;
    *remainder_out = (uint64_t)(product % whole);
    return (uint64_t)(product / whole);
}

/* True when `a` comes before `b` for an odd lamport: larger remainder, then lower task id. */
static bool remainder_first(const struct engine *engine, const struct pool *pool, uint32_t a, uint32_t b)
{
    const struct task *left = &engine->tasks[a], *right = &engine->tasks[b];
    uint64_t left_rest, right_rest;
    floor_share(pool, weight_of(pool, left), &left_rest);
    floor_share(pool, weight_of(pool, right), &right_rest);
    if (left_rest != right_rest) return left_rest > right_rest;
    return left->id < right->id;
}

static void sort_by_remainder(const struct engine *engine, const struct pool *pool, uint32_t *slots,
                              uint32_t count)
{
    /* Shell sort: in place, no recursion, total order by task id. */
    for (uint32_t gap = count / 2; gap > 0; gap /= 2)
        for (uint32_t i = gap; i < count; i++) {
            uint32_t moved = slots[i], at = i;
            for (; at >= gap && remainder_first(engine, pool, moved, slots[at - gap]); at -= gap)
                slots[at] = slots[at - gap];
            slots[at] = moved;
        }
}

/* Largest remainder method over the victims of `root`; returns what found no taker. */
static uint64_t share_pool(struct engine *engine, uint32_t root, uint32_t plan_root, uint64_t lamports)
{
    struct pool pool = {.lamports = lamports};
    uint32_t *victims = engine->scratch;
    for (uint32_t slot = task_at(engine, plan_root)->plan.head; slot != NONE;
         slot = task_at(engine, slot)->plan.next) {
        if (!shares_pool(engine, root, slot)) continue;
        victims[pool.heads++] = slot;
        pool.weight_sum += (uint64_t)(task_at(engine, slot)->compute_ns / NS_PER_MS);
    }
    if (pool.heads == 0 || lamports == 0) return lamports;
    uint64_t rest;
    for (uint32_t i = 0; i < pool.heads; i++) {
        struct task *victim = task_at(engine, victims[i]);
        uint64_t share = floor_share(&pool, weight_of(&pool, victim), &rest);
        engine->agents[victim->agent].free += share;
        engine->agents[victim->agent].received += share;
        pool.shared += share;
        waiting_freed(engine, WAIT_STAKE_INSUFFICIENT, victim->agent);
    }
    sort_by_remainder(engine, &pool, victims, (uint32_t)pool.heads);
    for (uint32_t i = 0; pool.shared < lamports; i++, pool.shared++) {
        struct agent *agent = &engine->agents[task_at(engine, victims[i])->agent];
        agent->free++;
        agent->received++;
    }
    return 0;
}

/* One floor: bond x slash x factor / 10^8, in 128 bits. */
uint64_t slash_amount(const struct settings *settings, uint64_t bond_lamports, uint32_t factor_bps)
{
    u128 product = (u128)bond_lamports * (uint64_t)settings->slash_bps;
    product *= factor_bps;
    if (MUTANT(2)) product += BPS_ONE * BPS_ONE - 1;
    return (uint64_t)(product / (BPS_ONE * BPS_ONE));
}

uint64_t ledger_settle_root(struct engine *engine, uint32_t slot, uint32_t plan_root)
{
    struct task *task = task_at(engine, slot);
    if (!(task->flags & TASK_COMMITTED)) return 0;
    const struct settings *settings = &engine->settings;
    uint64_t slashed = slash_amount(settings, task->bond_lamports, task->factor_bps);
    uint64_t treasury = bps_of(slashed, (uint64_t)settings->treasury_bps);
    treasury += share_pool(engine, slot, plan_root, slashed - treasury);
    settle(engine, slot, slashed, treasury);
    if (slashed == 0) return 0;
    engine->stats.slash_events[task->reason]++;
    struct agent *agent = &engine->agents[task->agent];
    agent->cooldown_until_ns = ns_after(engine->now_ns, settings->cooldown_ns);
    heap_set(&engine->deadlines, deadline_handle(engine, DEADLINE_COOLDOWN, task->agent),
             agent->cooldown_until_ns);
    return slashed;
}
