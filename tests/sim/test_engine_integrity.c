/* tests/sim/test_engine_integrity.c: a right state has no findings; one that is wrong in one field has.
 *
 * Damage is done to the tables of a running history, looked for, and undone by putting all of the engine's
 * memory back. */
#include "engine/integrity.h"
#include "engine/state.h"
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(integrity, .timeout = 120);

enum { KEPT = 64, STEPS = 400, SEEDS = 300 };

static struct finding items[KEPT];

static struct findings check_with(const struct engine *engine, struct engine_check check)
{
    struct findings findings = {.items = items, .capacity = KEPT};
    check.scratch_bytes = engine_check_bytes(engine);
    check.scratch = malloc(check.scratch_bytes);
    cr_assert(eq(int, engine_check(engine, &check, &findings), OK));
    free(check.scratch);
    return findings;
}

static struct findings check(const struct engine *engine, enum check_level level)
{
    return check_with(engine, (struct engine_check){.level = level});
}

static void expect_none(const struct history *history, uint64_t seed, int step)
{
    for (int level = CHECK_NORMAL; level <= CHECK_FULL; level++) {
        struct findings findings = check(history->engine, (enum check_level)level);
        cr_assert(eq(u64, findings.count, 0), "seed %lu step %d, %s: %s of %s %u", (unsigned long)seed, step,
                  event_kind_name(history->event.kind), finding_name(items[0].kind), items[0].what,
                  items[0].index);
    }
}

Test(integrity, a_state_that_events_led_to_has_no_findings)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct history *history = history_new(seed);
        for (int step = 0; step < STEPS; step++) {
            history_step(history);
            expect_none(history, seed, step);
        }
        history_free(history);
    }
}

/* ---- damage ---- */

/* Does its damage to this task and says so; false: this task does not lend itself to it. */
typedef bool damage_task(struct engine *engine, uint32_t slot);

static bool is_free_to_run(const struct task *task)
{
    return is_live(task) && !(task->flags & TASK_IN_PLAN);
}

static struct edge *edge_above(struct engine *engine, const struct task *task)
{
    for (uint32_t index = task->in_head; index != NONE; index = engine->edges[index].next_in)
        if (!edge_is_dropped(&engine->edges[index])) return &engine->edges[index];
    return NULL;
}

static struct task *parent_of(struct engine *engine, const struct task *task)
{
    const struct edge *edge = edge_above(engine, task);
    return edge ? &engine->tasks[edge_parent(edge)] : NULL;
}

#define DAMAGE(name) static bool name(struct engine *engine, uint32_t slot)
#define TASK         struct task *task = &engine->tasks[slot]

DAMAGE(status_beyond_the_last)
{
    engine->tasks[slot].status = TASK_STATUS_COUNT;
    return true;
}

DAMAGE(id_of_nobody)
{
    engine->tasks[slot].id ^= UINT64_C(1) << 40;
    return true;
}

DAMAGE(parent_as_young_as_child)
{
    TASK;
    if (!parent_of(engine, task)) return false;
    parent_of(engine, task)->seq = task->seq;
    return true;
}

DAMAGE(edge_to_nowhere)
{
    TASK;
    if (!edge_above(engine, task)) return false;
    edge_above(engine, task)->parent_and_kind = EDGE_PARENT_MASK;
    return true;
}

DAMAGE(one_edge_more)
{
    engine->tasks[slot].out_count++;
    return true;
}

DAMAGE(one_level_deeper)
{
    TASK;
    task->depth_now++;
    return is_free_to_run(task);
}

DAMAGE(one_open_parent_less)
{
    TASK;
    if ((task->flags & TASK_DETACHED) || task->unconfirmed_parents == 0) return false;
    task->unconfirmed_parents--;
    return true;
}

DAMAGE(one_live_child_more)
{
    engine->tasks[slot].live_children++;
    return true;
}

DAMAGE(one_speculative_child_more)
{
    engine->tasks[slot].speculative_children++;
    return true;
}

DAMAGE(dead_parent)
{
    TASK;
    struct task *parent = parent_of(engine, task);
    if (!is_free_to_run(task) || !parent) return false;
    parent->status = TASK_FAILED;
    return true;
}

DAMAGE(open_parent_of_a_sent_proof)
{
    TASK;
    struct task *parent = parent_of(engine, task);
    if (task->status != TASK_CONFIRMING || (task->flags & TASK_IN_PLAN) || !parent) return false;
    parent->status = TASK_EXECUTED;
    return true;
}

DAMAGE(parent_not_final)
{
    TASK;
    struct task *parent = parent_of(engine, task);
    if (task->status != TASK_FINALIZED || !parent || parent->status != TASK_FINALIZED) return false;
    parent->status = TASK_CONFIRMED;
    return true;
}

DAMAGE(proof_of_another_status)
{
    TASK;
    if (task->status != TASK_EXECUTING) return false;
    task->proof = PROOF_SUBMITTED;
    return true;
}

DAMAGE(lost_lock)
{
    TASK;
    if (task->commitment != COMMITMENT_ACTIVE) return false;
    task->flags &= (uint16_t)~TASK_COMMITTED;
    return true;
}

DAMAGE(settled_twice)
{
    TASK;
    if (task->commitment != COMMITMENT_FINALIZED && task->commitment != COMMITMENT_ROLLED_BACK) return false;
    task->flags |= TASK_COMMITTED;
    return true;
}

DAMAGE(branch_closed_too_early)
{
    TASK;
    if (!is_speculative_active(task)) return false;
    task->branch = BRANCH_CLOSED;
    return true;
}

DAMAGE(snapshot_gone)
{
    TASK;
    if (!is_speculative_active(task) || task->snapshot != SNAPSHOT_LIVE) return false;
    task->snapshot = SNAPSHOT_COLLECTED;
    return true;
}

DAMAGE(waits_for_nothing)
{
    TASK;
    if (task->wait_reason == WAIT_NONE) return false;
    task->wait_reason = WAIT_NONE;
    return true;
}

DAMAGE(stopped_clock)
{
    TASK;
    if (task->clock == CLOCK_STOPPED) return false;
    task->clock = CLOCK_STOPPED;
    return true;
}

DAMAGE(locked_lamport_more)
{
    struct agent *agent = &engine->agents[engine->tasks[slot].agent];
    if (agent->free == 0) return false;
    agent->free--;
    agent->locked++;
    return true;
}

DAMAGE(free_lamport_more)
{
    engine->agents[engine->tasks[slot].agent].free++;
    return true;
}

DAMAGE(tip_more)
{
    engine->agents[engine->tasks[slot].agent].tips++;
    return true;
}

DAMAGE(treasury_lamport_more)
{
    (void)slot;
    engine->stats.treasury_lamports++;
    return true;
}

DAMAGE(operation_more)
{
    (void)slot;
    engine->stats.operations++;
    return true;
}

DAMAGE(link_back_to_itself)
{
    TASK;
    if (!(task->flags & TASK_AGING)) return false;
    task->links[LINK_AGE].prev = slot;
    return true;
}

DAMAGE(list_without_a_member)
{
    TASK;
    if (task->proof != PROOF_QUEUED) return false;
    engine->proof_queue = (struct list){NONE, NONE, 0};
    return true;
}

DAMAGE(waiter_without_a_queue)
{
    TASK;
    if (!(task->flags & TASK_IN_WAIT_QUEUE)) return false;
    task->wait.child = slot;
    return true;
}

DAMAGE(claim_longer_than_its_deadline)
{
    TASK;
    bool is_claimed = task->claim == CLAIM_CLAIMED && is_free_to_run(task);
    bool waits =
        (task->flags & TASK_IN_WAIT_QUEUE) || task->proof == PROOF_BACKOFF || task->proof == PROOF_RESENDING;
    if (!is_claimed || waits || task->claim_expires_ns == NEVER_NS) return false;
    task->claim_expires_ns++;
    return true;
}

DAMAGE(plan_cut_short)
{
    TASK;
    if (!(task->flags & TASK_IN_PLAN) || task->plan.next == NONE) return false;
    task->plan.next = NONE;
    return true;
}

DAMAGE(free_slots_forgotten)
{
    (void)slot;
    if (engine->free_task == NONE) return false;
    engine->free_task = NONE;
    return true;
}

DAMAGE(admission_more)
{
    (void)slot;
    engine->breaker.admitted++;
    return true;
}

/* Seen by nobody but the log: nothing else is computed from it before its rollback. */
DAMAGE(other_compute)
{
    engine->tasks[slot].compute_ns++;
    return true;
}

static damage_task *const DAMAGES[FINDING_KIND_COUNT] = {
    [FINDING_RANGE] = status_beyond_the_last,
    [FINDING_IDENTITY] = id_of_nobody,
    [FINDING_CYCLE] = parent_as_young_as_child,
    [FINDING_DANGLING_EDGE] = edge_to_nowhere,
    [FINDING_EDGES] = one_edge_more,
    [FINDING_DEPTH] = one_level_deeper,
    [FINDING_UNCONFIRMED_PARENTS] = one_open_parent_less,
    [FINDING_LIVE_CHILDREN] = one_live_child_more,
    [FINDING_SPECULATIVE_CHILDREN] = one_speculative_child_more,
    [FINDING_ORPHAN] = dead_parent,
    [FINDING_EARLY_PROOF] = open_parent_of_a_sent_proof,
    [FINDING_EARLY_FINALITY] = parent_not_final,
    [FINDING_STATES] = proof_of_another_status,
    [FINDING_COMMITMENT] = lost_lock,
    [FINDING_SETTLEMENT] = settled_twice,
    [FINDING_BRANCH] = branch_closed_too_early,
    [FINDING_SNAPSHOT] = snapshot_gone,
    [FINDING_WAIT] = waits_for_nothing,
    [FINDING_CLOCK] = stopped_clock,
    [FINDING_AGENT_LOCKED] = locked_lamport_more,
    [FINDING_AGENT_MONEY] = free_lamport_more,
    [FINDING_AGENT_COUNT] = tip_more,
    [FINDING_MONEY] = treasury_lamport_more,
    [FINDING_COUNT] = operation_more,
    [FINDING_LIST] = link_back_to_itself,
    [FINDING_MEMBERSHIP] = list_without_a_member,
    [FINDING_WAIT_QUEUE] = waiter_without_a_queue,
    [FINDING_DEADLINE] = claim_longer_than_its_deadline,
    [FINDING_PLAN] = plan_cut_short,
    [FINDING_FREE_LIST] = free_slots_forgotten,
    [FINDING_BREAKER] = admission_more,
};

static bool has_finding(const struct findings *findings, enum finding_kind kind)
{
    for (uint32_t i = 0; i < findings->kept; i++)
        if (items[i].kind == kind) return true;
    return false;
}

struct backup {
    unsigned char *bytes;
    size_t size;
};

static struct backup back_up(const struct history *history)
{
    struct backup backup = {.size = history->arena.size_bytes};
    backup.bytes = malloc(backup.size);
    memcpy(backup.bytes, history->arena.block, backup.size);
    return backup;
}

/* Tries the damage on every task; true when it was done and seen at least once. It must be seen whenever
 * it was done. */
static bool damage_is_seen(struct history *history, enum finding_kind kind)
{
    struct engine *engine = history->engine;
    struct backup backup = back_up(history);
    uint32_t done = 0, slots = engine->fresh_task;
    for (uint32_t slot = 0; slot < slots; slot++) {
        if (!(engine->tasks[slot].flags & TASK_USED)) continue;
        bool is_done = DAMAGES[kind](engine, slot);
        struct findings findings = check(engine, CHECK_FULL);
        memcpy(history->arena.block, backup.bytes, backup.size);
        if (is_done) cr_assert(has_finding(&findings, kind), "%s of task %u", finding_name(kind), slot);
        done += is_done;
    }
    free(backup.bytes);
    return done > 0;
}

Test(integrity, every_kind_of_damage_is_found_by_its_name)
{
    for (int kind = 0; kind < FINDING_LOG; kind++) {
        int seen = 0;
        cr_assert(DAMAGES[kind] != NULL, "%s", finding_name((enum finding_kind)kind));
        for (uint64_t seed = 1; seed <= SEEDS && seen < 3; seed++) {
            struct history *history = history_new(seed);
            for (int step = 0; step < STEPS && seen < 3; step++) {
                history_step(history);
                if (step % 7 == 0) seen += damage_is_seen(history, (enum finding_kind)kind);
            }
            history_free(history);
        }
        cr_assert(ge(int, seen, 3), "%s was never reached", finding_name((enum finding_kind)kind));
    }
}

/* ---- totals ---- */

static bool is_named(const struct findings *findings, const char *what)
{
    for (uint32_t i = 0; i < findings->kept; i++)
        if (strcmp(items[i].what, what) == 0) return true;
    return false;
}

#define T(field)                                                                                             \
    {                                                                                                        \
#field, offsetof(struct engine_stats, field)                                                         \
    }
#define ROWS_                                                                                                \
    T(table_tasks), T(operations), T(pending_operations), T(speculative_active), T(tips), T(live_tasks),     \
        T(live_snapshot_bytes), T(live_proofs), T(snapshots), T(snapshot_bytes), T(proof_cache_entries),     \
        T(locked_lamports), T(proof_queue_depth), T(proofs_generating), T(awaiting), T(submitting),          \
        T(submissions_in_flight), T(waiting), T(uncovered), T(edges), T(plans_waiting), T(plans_running)

Test(integrity, every_gauge_that_is_wrong_is_found_by_its_name)
{
    static const struct {
        const char *name;
        size_t offset;
    } ROWS[] = {ROWS_};
    struct history *history = history_new(5);
    for (int step = 0; step < STEPS; step++) history_step(history);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        uint64_t *gauge = (uint64_t *)(void *)((char *)&history->engine->stats + ROWS[i].offset);
        ++*gauge;
        struct findings findings = check(history->engine, CHECK_FULL);
        cr_expect(is_named(&findings, ROWS[i].name), "%s", ROWS[i].name);
        --*gauge;
    }
    history_free(history);
}

Test(integrity, every_sum_of_money_that_is_wrong_is_found)
{
    struct history *history = history_new(5);
    for (int step = 0; step < STEPS; step++) history_step(history);
    struct engine_stats *stats = &history->engine->stats;
    uint64_t *const SUMS[] = {&stats->deposited_lamports, &stats->withdrawn_lamports,
                              &stats->slashed_lamports,   &stats->bonded_lamports,
                              &stats->released_lamports,  &stats->treasury_lamports};
    for (size_t i = 0; i < sizeof SUMS / sizeof *SUMS; i++) {
        ++*SUMS[i];
        struct findings findings = check(history->engine, CHECK_NORMAL);
        cr_expect(gt(u64, findings.count, 0), "sum %zu", i);
        --*SUMS[i];
    }
    history_free(history);
}

/* Each task and agent once, each edge from both of its ends. */
Test(integrity, what_was_looked_at_is_counted)
{
    struct history *history = history_new(5);
    for (int step = 0; step < STEPS; step++) history_step(history);
    const struct engine_stats *stats = engine_statistics(history->engine);
    struct findings findings = check(history->engine, CHECK_FULL);
    uint64_t records = stats->table_tasks + engine_agent_count(history->engine);
    cr_assert(gt(u64, stats->edges, 5));
    cr_assert(ge(u64, findings.checked, records + stats->edges));
    cr_assert(le(u64, findings.checked, records + 2 * stats->edges));
    history_free(history);
}

/* ---- the log ---- */

static struct findings check_log(const struct history *history, const unsigned char *log, size_t size)
{
    struct arena arena;
    cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&history->limits)), OK));
    struct findings findings = check_with(
        history->engine,
        (struct engine_check){.level = CHECK_FULL, .log = log, .log_bytes = size, .replica = &arena});
    arena_close(&arena);
    return findings;
}

Test(integrity, the_log_leads_to_the_state)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct history *history = history_new(seed);
        for (int step = 0; step < STEPS; step++) history_step(history);
        struct findings findings = check_log(history, history->log.bytes, history->log.used);
        cr_assert(eq(u64, findings.count, 0), "seed %lu: %s", (unsigned long)seed, items[0].what);
        history_free(history);
    }
}

Test(integrity, a_log_that_is_damaged_torn_or_of_another_state_is_found)
{
    struct history *history = history_new(3);
    for (int step = 0; step < STEPS; step++) history_step(history);
    struct findings findings = check_log(history, history->log.bytes, history->log.used - 3);
    cr_assert(has_finding(&findings, FINDING_LOG_TORN));
    history->log.bytes[history->log.used / 2] ^= 4;
    findings = check_log(history, history->log.bytes, history->log.used);
    cr_assert(has_finding(&findings, FINDING_LOG));
    history->log.bytes[history->log.used / 2] ^= 4;
    uint32_t slot = 0;
    while (!(history->engine->tasks[slot].flags & TASK_USED)) slot++;
    cr_assert(other_compute(history->engine, slot));
    findings = check_log(history, history->log.bytes, history->log.used);
    cr_assert(eq(u64, findings.count, 1));
    cr_assert(eq(int, items[0].kind, FINDING_LOG_STATE));
    cr_assert(eq(str, (char *)items[0].what, "task.compute_ns"));
    history_free(history);
}

/* ---- whatever the damage ---- */

static void scribble(struct history *history)
{
    struct engine *engine = history->engine;
    const struct {
        void *at;
        size_t size;
    } AREAS[] = {
        {engine->tasks, engine->limits.tasks * sizeof *engine->tasks},
        {engine->edges, engine->limits.edges * sizeof *engine->edges},
        {engine->agents, engine->limits.agents * sizeof *engine->agents},
        {engine->deadlines.heap, engine->deadlines.handle_count * sizeof *engine->deadlines.heap},
        {engine->deadlines.position, engine->deadlines.handle_count * sizeof *engine->deadlines.position},
        {&engine->clocks, sizeof engine->clocks},
        {&engine->wait_heads, sizeof engine->wait_heads},
        {&engine->running, sizeof engine->running},
        {&engine->fresh_task, sizeof engine->fresh_task},
        {&engine->agent_count, sizeof engine->agent_count},
        {&engine->free_task, 2 * sizeof engine->free_task},
        {&engine->stats, sizeof engine->stats},
    };
    static const uint32_t WORDS[] = {0, 1, 7, 31, NONE, NONE - 1, 0x80000000u};
    uint64_t drawn = draw_u64(&history->draw);
    size_t area = drawn % (sizeof AREAS / sizeof *AREAS), words = AREAS[area].size / sizeof(uint32_t);
    if (words == 0) return;
    uint32_t word = drawn >> 60 ? WORDS[drawn >> 8 & 7 ? (drawn >> 8) % 7 : 0] : (uint32_t)(drawn >> 16);
    memcpy((char *)AREAS[area].at + 4 * ((drawn >> 24) % words), &word, sizeof word);
}

Test(integrity, damage_of_any_kind_is_survived)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct history *history = history_new(seed);
        for (int step = 0; step < 200; step++) history_step(history);
        struct backup backup = back_up(history);
        for (int round = 0; round < 100; round++) {
            for (int words = 0; words <= round % 5; words++) scribble(history);
            (void)check(history->engine, CHECK_FULL);
            (void)check(history->engine, CHECK_NORMAL);
            memcpy(history->arena.block, backup.bytes, backup.size);
        }
        free(backup.bytes);
        history_free(history);
    }
}

Test(integrity, findings_beyond_the_buffer_are_counted)
{
    struct history *history = history_new(1);
    for (int step = 0; step < 100; step++) history_step(history);
    history->engine->stats.operations += 5;
    history->engine->stats.tips += 5;
    struct finding one;
    struct findings findings = {.items = &one, .capacity = 1};
    uint64_t scratch[1024];
    struct engine_check order = {.scratch = scratch, .scratch_bytes = sizeof scratch};
    cr_assert(eq(int, engine_check(history->engine, &order, &findings), OK));
    cr_assert(eq(u32, findings.kept, 1));
    cr_assert(gt(u64, findings.count, 1));
    order.scratch_bytes = 0;
    cr_assert(eq(int, engine_check(history->engine, &order, &findings), ERR_NOMEM));
    history_free(history);
}

Test(integrity, every_finding_has_a_name_a_text_and_a_severity)
{
    for (int kind = 0; kind < FINDING_KIND_COUNT; kind++) {
        cr_assert(eq(int, strncmp(finding_name((enum finding_kind)kind), "FINDING_", 8), 0));
        cr_assert(gt(sz, strlen(finding_text((enum finding_kind)kind)), 10));
        cr_assert(le(int, finding_severity((enum finding_kind)kind), SEVERITY_CRITICAL));
    }
}
