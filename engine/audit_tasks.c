/* engine/audit_tasks.c: one task: its fields, its machines' states together, what it adds to the sums. */
#include "engine/audit.h"

/* ---- ranges ---- */

static const struct range {
    const char *name;
    size_t offset;
    unsigned count;
} BYTES[] = {
#define BYTE(field, count)                                                                                   \
    {                                                                                                        \
#field, offsetof(struct task, field), (count)                                                        \
    }
    BYTE(status, TASK_STATUS_COUNT),      BYTE(clock, CLOCK_STOPPED + 1),
    BYTE(wait_reason, WAIT_REASON_COUNT), BYTE(reason, REASON_COUNT),
    BYTE(proof, PROOF_STATE_COUNT),       BYTE(commitment, COMMITMENT_STATE_COUNT),
    BYTE(branch, BRANCH_STATE_COUNT),     BYTE(claim, CLAIM_STATE_COUNT),
    BYTE(snapshot, SNAPSHOT_STATE_COUNT), BYTE(parent_count, LIMIT_PARENTS + 1),
};

bool audit_ranges(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    uint64_t before = audit->findings->count;
    for (size_t i = 0; i < sizeof BYTES / sizeof *BYTES; i++) {
        uint8_t value = ((const uint8_t *)task)[BYTES[i].offset];
        if (value >= BYTES[i].count) audit_task_finding(audit, FINDING_RANGE, slot, BYTES[i].name);
    }
    if (task->clock == CLOCK_COUNT) audit_task_finding(audit, FINDING_RANGE, slot, "clock");
    if (task->agent >= audit->engine->agent_count) audit_task_finding(audit, FINDING_RANGE, slot, "agent");
    if (task->seq >= audit->engine->seq_next) audit_task_finding(audit, FINDING_RANGE, slot, "seq");
    if (task->unconfirmed_parents > task->parent_count)
        audit_task_finding(audit, FINDING_RANGE, slot, "unconfirmed_parents");
    return audit->findings->count == before;
}

/* ---- states that go together ---- */

#define IN(state)  (1u << (state))
#define DEAD_PROOF (IN(PROOF_NONE) | IN(PROOF_CANCELLED) | IN(PROOF_FAILED) | IN(PROOF_TIMED_OUT))
#define HELD_CLAIM (IN(CLAIM_NONE) | IN(CLAIM_CLAIMED) | IN(CLAIM_COMPLETED))
#define OVER_CLAIM (IN(CLAIM_NONE) | IN(CLAIM_EXPIRED) | IN(CLAIM_COMPLETED) | IN(CLAIM_ABANDONED))

/* A task that ended before it started has no commitment. */
static const struct {
    uint32_t commitment, proof, claim;
} LEGAL[TASK_STATUS_COUNT] = {
    [TASK_PENDING] = {IN(COMMITMENT_NONE), IN(PROOF_NONE), HELD_CLAIM},
    [TASK_EXECUTING] = {IN(COMMITMENT_ACTIVE), IN(PROOF_NONE), HELD_CLAIM},
    [TASK_EXECUTED] = {IN(COMMITMENT_ACTIVE), IN(PROOF_NONE) | IN(PROOF_BLOCKED), HELD_CLAIM},
    [TASK_PROOF_PENDING] = {IN(COMMITMENT_ACTIVE),
                            IN(PROOF_QUEUED) | IN(PROOF_GENERATING) | IN(PROOF_BACKOFF), HELD_CLAIM},
    [TASK_AWAITING_ANCESTORS] = {IN(COMMITMENT_ACTIVE), IN(PROOF_AWAITING), HELD_CLAIM},
    [TASK_SUBMITTING] = {IN(COMMITMENT_ACTIVE), IN(PROOF_READY) | IN(PROOF_SUBMITTING) | IN(PROOF_RESENDING),
                         HELD_CLAIM},
    [TASK_CONFIRMING] = {IN(COMMITMENT_ACTIVE), IN(PROOF_SUBMITTED), HELD_CLAIM},
    [TASK_CONFIRMED] = {IN(COMMITMENT_CONFIRMED), IN(PROOF_CONFIRMED), IN(CLAIM_NONE) | IN(CLAIM_COMPLETED)},
    [TASK_FINALIZED] = {IN(COMMITMENT_FINALIZED), IN(PROOF_CONFIRMED), IN(CLAIM_NONE) | IN(CLAIM_COMPLETED)},
    [TASK_FAILED] = {IN(COMMITMENT_NONE) | IN(COMMITMENT_FAILED), DEAD_PROOF, OVER_CLAIM},
    [TASK_ROLLED_BACK] = {IN(COMMITMENT_ROLLED_BACK), DEAD_PROOF, OVER_CLAIM},
    [TASK_EXPIRED] = {IN(COMMITMENT_NONE) | IN(COMMITMENT_EXPIRED), DEAD_PROOF, OVER_CLAIM},
    [TASK_CANCELLED] = {IN(COMMITMENT_NONE) | IN(COMMITMENT_CANCELLED), DEAD_PROOF, OVER_CLAIM},
};

static void check_machines(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    bool is_blocked = is_live(task) && (task->flags & TASK_IN_PLAN);
    uint32_t proofs = is_blocked ? IN(PROOF_NONE) | IN(PROOF_CANCELLED) : LEGAL[task->status].proof;
    uint32_t claims = LEGAL[task->status].claim;
    if (!task_status_is_confirmed((enum task_status)task->status) && task->incarnation == 0)
        claims &= ~IN(CLAIM_COMPLETED);
    if (!(LEGAL[task->status].commitment & IN(task->commitment)))
        audit_task_finding(audit, FINDING_STATES, slot, "commitment");
    if (!(proofs & IN(task->proof))) audit_task_finding(audit, FINDING_STATES, slot, "proof");
    if (!(claims & IN(task->claim))) audit_task_finding(audit, FINDING_STATES, slot, "claim");
}

/* What is over is settled at once, but for a root cause: that one pays when its rollback is complete. */
static bool may_be_done(const struct task *task, bool is_done)
{
    if (is_live(task) || task->status == TASK_CONFIRMED) return !is_done;
    bool is_victim = task->status == TASK_FINALIZED || task->status == TASK_ROLLED_BACK;
    return is_done || (!is_victim && (task->flags & TASK_IN_PLAN) && (task->flags & TASK_ROOT));
}

static void check_flags(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    bool is_planned = task->flags & TASK_IN_PLAN, is_running = task->flags & TASK_RUNNING;
    bool ages = task->flags & TASK_AGING;
    if (!may_be_done(task, task->flags & TASK_DETACHED))
        audit_task_finding(audit, FINDING_STATES, slot, "detached");
    if (!is_planned && is_running != (task->status == TASK_EXECUTING))
        audit_task_finding(audit, FINDING_STATES, slot, "running");
    if (ages != (is_live(task) && task->status != TASK_PENDING && !is_planned))
        audit_task_finding(audit, FINDING_STATES, slot, "aging");
    if (is_planned && task_status_is_confirmed((enum task_status)task->status))
        audit_task_finding(audit, FINDING_STATES, slot, "in_plan");
}

/* ---- commitment ---- */

static void check_commitment(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    bool is_locked = task->flags & TASK_COMMITTED;
    bool is_settling = !(task->flags & TASK_DETACHED) && (task->flags & TASK_IN_PLAN);
    bool is_ended = task->commitment > COMMITMENT_ACTIVE;
    if (task->commitment == COMMITMENT_ACTIVE && !is_locked)
        audit_task_finding(audit, FINDING_COMMITMENT, slot, "lock");
    if (is_locked && (task->commitment == COMMITMENT_NONE || (is_ended && !is_settling)))
        audit_task_finding(audit, FINDING_SETTLEMENT, slot, "lock");
    bool may_be_uncovered = is_locked && task->bond_lamports == 0 && task->incarnation > 0;
    if ((task->flags & TASK_UNCOVERED) && !may_be_uncovered)
        audit_task_finding(audit, FINDING_COMMITMENT, slot, "uncovered");
}

/* ---- branch, snapshot ---- */

static void check_branch(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    bool has_children = task->speculative_children > 0, is_good;
    if (!(task->flags & TASK_SPECULATIVE))
        is_good = task->branch == BRANCH_NONE;
    else if (task_status_is_confirmed((enum task_status)task->status))
        is_good = task->branch == BRANCH_CLOSED;
    else if (!is_live(task))
        is_good = task->branch == BRANCH_ABANDONED;
    else if (has_children)
        is_good = task->branch == BRANCH_EXTENDED || task->branch == BRANCH_MERGED;
    else
        is_good = task->branch == BRANCH_OPEN;
    if (!is_good) audit_task_finding(audit, FINDING_BRANCH, slot, "branch");
}

static uint32_t legal_snapshots(const struct task *task)
{
    if (!(task->flags & TASK_SPECULATIVE)) return IN(SNAPSHOT_NONE);
    if (task->flags & TASK_DETACHED) return IN(SNAPSHOT_RELEASABLE) | IN(SNAPSHOT_COLLECTED);
    if (task->flags & TASK_IN_PLAN) return IN(SNAPSHOT_PINNED) | IN(SNAPSHOT_COLLECTED);
    if (task->status == TASK_CONFIRMED) return IN(SNAPSHOT_LIVE) | IN(SNAPSHOT_COLLECTED);
    return IN(SNAPSHOT_LIVE);
}

static void check_snapshot(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    if (!(legal_snapshots(task) & IN(task->snapshot)))
        audit_task_finding(audit, FINDING_SNAPSHOT, slot, "snapshot");
}

/* ---- waiting, clocks ---- */

static bool stands_in_queue(enum wait_reason reason)
{
#define SCOPED_(name, text, scope) [name] = (scope) != QUEUE_NONE,
    static const bool STANDS[WAIT_REASON_COUNT] = {WAIT_REASONS(SCOPED_)};
    return STANDS[reason];
}

static void check_wait(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    bool waits = task->wait_reason != WAIT_NONE, is_queued = task->flags & TASK_IN_WAIT_QUEUE;
    if (waits != (task->status == TASK_PENDING && !(task->flags & TASK_IN_PLAN)))
        audit_task_finding(audit, FINDING_WAIT, slot, "wait_reason");
    if (is_queued != stands_in_queue((enum wait_reason)task->wait_reason))
        audit_task_finding(audit, FINDING_WAIT, slot, "queue");
}

static enum clock_kind clock_of(const struct task *task)
{
    if (task->flags & TASK_DETACHED) return CLOCK_FINAL;
    switch ((enum proof_state)task->proof) {
    case PROOF_GENERATING: return CLOCK_PROVING;
    case PROOF_AWAITING: return CLOCK_AWAITING;
    case PROOF_SUBMITTING:
    case PROOF_SUBMITTED: return CLOCK_CONFIRMING;
    default: return CLOCK_STOPPED;
    }
}

void audit_states(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    check_machines(audit, slot);
    check_flags(audit, slot);
    check_commitment(audit, slot);
    check_branch(audit, slot);
    check_snapshot(audit, slot);
    check_wait(audit, slot);
    audit_equal(audit, FINDING_CLOCK, slot, "clock", task->clock, clock_of(task));
}

/* ---- sums ---- */

static void count_agent(struct audit *audit, const struct task *task)
{
    struct agent_sum *sum = &audit->agents[task->agent];
    bool is_locked = task->flags & TASK_COMMITTED;
    if (is_locked && !u64_add(sum->locked, task->bond_lamports, &sum->locked)) sum->locked = UINT64_MAX;
    sum->locks += is_locked && task->bond_lamports > 0;
    sum->tips += task->branch == BRANCH_OPEN;
    sum->snapshots += holds_snapshot(task);
    sum->uncovered += (task->flags & TASK_UNCOVERED) != 0;
}

static void count_gauges(struct engine_stats *counted, const struct task *task)
{
    bool is_cached = task->flags & TASK_PROOF_CACHED, is_done = task->flags & TASK_DETACHED;
    counted->table_tasks++;
    counted->operations += is_live(task);
    counted->live_tasks += !is_done;
    counted->pending_operations += is_speculative_active(task);
    counted->speculative_active += is_speculative_active(task);
    counted->active_by_depth[depth_class(task->depth_now)] += is_speculative_active(task);
    counted->tips += task->branch == BRANCH_OPEN;
    counted->snapshots += holds_snapshot(task);
    counted->snapshot_bytes += holds_snapshot(task) ? task->snapshot_bytes : 0;
    counted->live_snapshot_bytes += is_restorable(task) ? task->snapshot_bytes : 0;
    counted->proof_cache_entries += is_cached;
    counted->live_proofs += is_cached && !is_done;
    counted->locked_lamports += task->flags & TASK_COMMITTED ? task->bond_lamports : 0;
    counted->proof_queue_depth += task->proof == PROOF_QUEUED;
    counted->proofs_generating += task->proof == PROOF_GENERATING;
    counted->awaiting += task->proof == PROOF_AWAITING;
    counted->submitting += task->status == TASK_SUBMITTING;
    counted->submissions_in_flight += task->proof == PROOF_SUBMITTING;
    counted->waiting += task->wait_reason != WAIT_NONE;
    counted->uncovered += (task->flags & TASK_UNCOVERED) != 0;
}

void audit_count(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    count_agent(audit, task);
    count_gauges(&audit->counted, task);
    audit->planned += (task->flags & TASK_IN_PLAN) != 0;
    audit->queued += (task->flags & TASK_IN_WAIT_QUEUE) != 0;
    audit->probes += (task->flags & TASK_PROBE) != 0;
    for (int list = 0; list < LISTS; list++)
        audit->members[list] += audit_belongs(audit, slot, (enum audit_list)list);
}
