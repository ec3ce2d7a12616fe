/* tests/model/model_undo.c: rollbacks and reorgs, from the records. */
#include "tests/model/model.h"

static bool is_in(struct m_task *const *set, uint32_t count, const struct m_task *task)
{
    for (uint32_t i = 0; i < count; i++)
        if (set[i] == task) return true;
    return false;
}

static void sort(struct m_task **tasks, uint32_t count,
                 bool (*before)(const struct m_task *, const struct m_task *))
{
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && before(tasks[j], tasks[j - 1]); j--) {
            struct m_task *swapped = tasks[j];
            tasks[j] = tasks[j - 1];
            tasks[j - 1] = swapped;
        }
}

static bool is_older(const struct m_task *a, const struct m_task *b)
{
    return a < b;
}

static uint32_t add_children(struct model *m, const struct m_task *of, struct m_task **found, uint32_t count)
{
    for (struct m_task *t = m->tasks; t < m->tasks + m->task_count; t++)
        if (m_is_child(t, of, false) && !t->is_finished && !is_in(found, count, t)) found[count++] = t;
    return count;
}

/* Not yet over, parents before children: level by level, or by age where paths join. */
uint32_t m_descendants(struct model *m, struct m_task *root, struct m_task **found)
{
    uint32_t count = add_children(m, root, found, 0);
    for (uint32_t done = 0; done < count; done++) count = add_children(m, found[done], found, count);
    bool has_joins = false;
    for (uint32_t i = 0; i < count; i++) has_joins |= found[i]->in.parent_count > 1;
    if (has_joins) sort(found, count, is_older);
    return count;
}

/* ---- what goes with a root ---- */

struct set {
    struct m_task *tasks[MODEL_TASKS];
    uint32_t count;
};

static void add(struct set *set, struct m_task *task)
{
    set->tasks[set->count++] = task;
}

static bool has(const struct set *set, const struct m_task *task)
{
    return is_in(set->tasks, set->count, task);
}

/* Who read the output of something undone goes; the edges of all others to it are cut. */
static void selective(struct model *m, struct m_task *root, struct set *region, struct set *spared)
{
    struct m_task *found[MODEL_TASKS];
    uint32_t count = m_descendants(m, root, found);
    for (uint32_t k = 0; k < count; k++) {
        struct m_task *t = found[k];
        bool reads = false;
        for (uint32_t i = 0; i < t->in.parent_count; i++) {
            const struct m_task *p = t->parents[i];
            bool is_member = p == root || has(region, p);
            reads |= is_member && !t->is_dropped[i] && t->in.edge_kinds[i] == EDGE_DATA;
        }
        if (reads) {
            add(region, t);
            continue;
        }
        for (uint32_t i = 0; i < t->in.parent_count; i++) {
            const struct m_task *p = t->parents[i];
            if (p == root || has(region, p)) t->is_dropped[i] = true;
        }
        if (!t->is_in_plan) add(spared, t);
    }
}

static bool is_checkpoint(const struct model *m, const struct m_task *task)
{
    if (!m_is_restorable(task)) return false;
    uint32_t level = task->depth_at_admission ? task->depth_at_admission - 1 : 0;
    return task->in.parent_count > 1 || level % (uint32_t)m->settings.checkpoint_interval == 0;
}

/* Up to the nearest checkpoint on each path, and everything below all that. */
static void back_to_checkpoint(struct model *m, struct m_task *root, struct set *region)
{
    struct set all = {.tasks = {root}, .count = 1};
    for (uint32_t done = 0; done < all.count; done++)
        for (uint32_t i = 0; i < all.tasks[done]->in.parent_count; i++) {
            struct m_task *p = all.tasks[done]->parents[i];
            if (all.tasks[done]->is_dropped[i] || has(&all, p) || !m_is_live(p) || p->is_in_plan ||
                is_checkpoint(m, p))
                continue;
            add(&all, p);
        }
    for (uint32_t done = 0; done < all.count; done++)
        all.count = add_children(m, all.tasks[done], all.tasks, all.count);
    sort(all.tasks, all.count, is_older);
    for (uint32_t i = 0; i < all.count; i++)
        if (all.tasks[i] != root) add(region, all.tasks[i]);
}

static bool is_running(const struct model *m, const struct m_task *root)
{
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++)
        if (m->running[i].root == root) return true;
    return false;
}

static bool plan_waits(const struct model *m, const struct m_task *task)
{
    return task->is_known && task->is_in_plan && task->plan_root == task && !is_running(m, task);
}

static void block(struct model *m, struct m_task *task, struct m_task *root)
{
    m_detach(m, task);
    if (task->snapshot == SNAPSHOT_LIVE) task->snapshot = SNAPSHOT_PINNED;
    task->is_in_plan = true;
    task->plan_root = root;
}

static bool is_undone_before(const struct m_task *a, const struct m_task *b)
{
    return a->depth != b->depth ? a->depth > b->depth : a > b;
}

static void make_plan(struct model *m, struct m_task *root, struct set *spared)
{
    struct set region = {.count = 0}, absorbed = {.count = 0};
    if (m->settings.rollback_policy == ROLLBACK_SELECTIVE)
        selective(m, root, &region, spared);
    else if (m->settings.rollback_policy == ROLLBACK_CHECKPOINT)
        back_to_checkpoint(m, root, &region);
    else
        region.count = m_descendants(m, root, region.tasks);
    /* Plans in the region that have not begun are taken over whole. */
    for (uint32_t i = 0, reached = region.count; i < reached; i++) {
        struct m_task *t = region.tasks[i];
        if (!plan_waits(m, t)) continue;
        add(&absorbed, t);
        for (uint32_t k = 0; k < t->plan_count; k++)
            if (!has(&region, t->plan[k])) add(&region, t->plan[k]);
    }
    root->plan_size = 0;
    block(m, root, root);
    root->plan_count = 0;
    for (uint32_t i = 0; i < region.count; i++) {
        struct m_task *t = region.tasks[i];
        if (t == root) continue;
        if (t->is_in_plan) {
            if (!has(&absorbed, t->plan_root)) continue;
        } else {
            if (!m_is_live(t)) continue;
            if (t->status != TASK_PENDING) root->plan_size++;
            block(m, t, root);
        }
        root->plan[root->plan_count++] = t;
    }
    for (uint32_t i = 0; i < root->plan_count; i++) root->plan[i]->plan_root = root;
    root->plan[root->plan_count++] = root;
    sort(root->plan, root->plan_count, is_undone_before);
    root->queue_stamp = ++m->stamp;
}

static void note(struct model *m, enum effect_kind kind, const struct m_task *root, uint64_t slashed)
{
    struct effect *effect = m_emit(m, kind, root);
    effect->u.rollback.reason = root->reason;
    effect->u.rollback.size = root->plan_size;
    effect->u.rollback.began_ns = root->clock_ns;
    effect->u.rollback.slashed_lamports = slashed;
}

static void begin(struct model *m, struct m_task *root, uint32_t factor_bps)
{
    struct set spared = {.count = 0};
    root->is_root = true;
    root->factor_bps = factor_bps;
    m->rollback_events[root->reason]++;
    if (root->is_speculative) m->rollbacks_by_reason[root->reason]++;
    make_plan(m, root, &spared);
    root->clock_ns = m->now_ns;
    note(m, NOTE_ROLLBACK_BEGIN, root, 0);
    m_breaker_cascade(m, root->plan_size);
    m_depths(m);
    for (uint32_t i = 0; i < spared.count; i++) {
        struct m_task *t = spared.tasks[i];
        if (!m_is_live(t) || t->is_in_plan) continue;
        m_progress(m, t);
        m_recheck_edges(m, t);
    }
}

static bool is_order(enum rollback_reason reason)
{
    return reason == REASON_MANUAL || reason == REASON_EMERGENCY_SHUTDOWN;
}

uint32_t m_factor(const struct model *m, enum rollback_reason reason)
{
    return (uint32_t)m->settings.reason_factor_bps[reason];
}

void m_fail(struct model *m, struct m_task *root, enum task_status to, enum rollback_reason reason,
            uint32_t factor_bps)
{
    root->reason = reason;
    m_detach(m, root);
    m_status(m, root, to, reason);
    if (!is_order(reason)) {
        if (root->is_speculative) m_breaker_rolled_back(m);
        m_breaker_failure(m);
    }
    begin(m, root, factor_bps);
}

void m_order(struct model *m, struct m_task *root, enum rollback_reason reason)
{
    root->reason = reason;
    if (root->status == TASK_PENDING) {
        m_detach(m, root);
        m_status(m, root, TASK_CANCELLED, reason);
    }
    begin(m, root, 0);
}

/* ---- turns ---- */

static void undo(struct model *m, struct m_task *task)
{
    bool was_pending = task->status == TASK_PENDING;
    task->reason = REASON_ANCESTOR_FAILED;
    m_status(m, task, was_pending ? TASK_CANCELLED : TASK_ROLLED_BACK, REASON_ANCESTOR_FAILED);
    if (!was_pending) {
        m->rollbacks_by_reason[REASON_ANCESTOR_FAILED]++;
        if (!is_order(task->plan_root->reason)) m_breaker_rolled_back(m);
    }
    m_settle(m, task, 0, 0);
    m_finish(m, task);
}

static void settle_root(struct model *m, struct m_task *task, struct m_task *plan_root)
{
    if (m_is_live(task)) m_status(m, task, TASK_ROLLED_BACK, task->reason);
    uint64_t slashed = m_settle_root(m, task, plan_root);
    note(m, NOTE_ROLLBACK_END, task, slashed);
    m_finish(m, task);
}

static void complete(struct model *m, struct m_task *root)
{
    for (uint32_t i = 0; i < root->plan_count; i++)
        if (root->plan[i] != root && root->plan[i]->is_root) settle_root(m, root->plan[i], root);
    settle_root(m, root, root);
    for (uint32_t i = 0; i < root->plan_count; i++) root->plan[i]->is_in_plan = false;
}

/* True: waits for a port. */
static bool asks(struct model *m, uint32_t r, struct m_task *task)
{
    enum m_stage stage = m->running[r].stage;
    if (stage == M_IDLE && task->is_running) {
        m->running[r].stage = M_ABORTING;
        m->running[r].due_ns = m_after(m->now_ns, m->settings.rollback_grace_ns);
        m_emit(m, EFFECT_ABORT, task);
        return true;
    }
    if (stage != M_RESTORING && m_is_restorable(task)) {
        m->running[r].stage = M_RESTORING;
        m->running[r].due_ns = m_after(m->now_ns, m->settings.rollback_timeout_ns);
        m_emit(m, EFFECT_RESTORE, task)->u.restore.bytes = task->in.snapshot_bytes;
        return true;
    }
    return false;
}

void m_carry_on(struct model *m, uint32_t r)
{
    struct m_task *root = m->running[r].root;
    m->running[r].due_ns = NEVER_NS;
    for (; m->running[r].turn < root->plan_count; m->running[r].turn++) {
        struct m_task *task = root->plan[m->running[r].turn];
        if (asks(m, r, task)) return;
        m->running[r].stage = M_IDLE;
        struct effect *effect = m_emit(m, NOTE_UNDONE, task);
        effect->u.undone.before = task->status;
        effect->u.undone.root_id = root->in.id;
        effect->u.undone.wasted_ns = task->compute_ns;
        if (!task->is_root) undo(m, task);
    }
    complete(m, root);
    m->running[r].root = NULL;
}

void m_start_plans(struct model *m)
{
    for (;;) {
        struct m_task *first = NULL;
        for (struct m_task *t = m->tasks; t < m->tasks + m->task_count; t++)
            if (plan_waits(m, t) && (!first || t->queue_stamp < first->queue_stamp)) first = t;
        uint32_t place = LIMIT_RUNNING_PLANS, running = 0;
        for (uint32_t r = LIMIT_RUNNING_PLANS; r-- > 0;) {
            running += m->running[r].root != NULL;
            if (!m->running[r].root) place = r;
        }
        if (!first || running >= m->settings.rollback_max_concurrent) return;
        m->running[place].root = first;
        m->running[place].turn = 0;
        m->running[place].stage = M_IDLE;
        m_carry_on(m, place);
    }
}

err m_stage_done(struct model *m, struct m_task *task, enum m_stage stage)
{
    for (uint32_t r = 0; r < LIMIT_RUNNING_PLANS; r++) {
        struct m_task *root = m->running[r].root;
        if (!root || root->plan[m->running[r].turn] != task || m->running[r].stage != stage) continue;
        m_carry_on(m, r);
        return OK;
    }
    return ERR_STALE;
}

/* ---- reorgs ---- */

static void reopen(struct model *m, struct m_task *task)
{
    /* What it extends is counted before it is active again. */
    if (task->is_speculative) m_extend_tips(m, task);
    m_status(m, task, TASK_CONFIRMING, REASON_CHAIN_REORG);
    m->reverts++;
    task->is_committed = true;
    if (task->bond == 0) return;
    uint64_t bond = task->bond;
    task->bond = 0;
    if (bond <= model_free(m, task->agent))
        m_lock(m, task, bond);
    else
        task->is_uncovered = true;
}

static bool take_back(struct model *m, struct m_task *task)
{
    bool is_on_chain = task->proof >= PROOF_READY && task->proof <= PROOF_CONFIRMED;
    if (task->is_in_plan || !is_on_chain || task->status == TASK_FINALIZED) return false;
    if (!m_is_live(task) && task->status != TASK_CONFIRMED) return false;
    m_leave_chain(task);
    task->clock = M_STOPPED;
    task->incarnation++;
    task->tx_attempt = 0;
    if (task->status == TASK_CONFIRMED) reopen(m, task);
    return true;
}

static void take_place(struct model *m, struct m_task *task)
{
    if (!task->is_aging) {
        task->is_aging = true;
        task->since_ns = m->now_ns;
        task->age_stamp = ++m->stamp;
    }
    if (task->proof != PROOF_CONFIRMED || task->snapshot != SNAPSHOT_COLLECTED) {
        m_place(m, task);
        return;
    }
    task->proof = PROOF_NONE;
    task->proof_attempt = task->proof_tries = 0;
    task->is_running = true;
    m_take_snapshot(m, task);
    m_status(m, task, TASK_EXECUTING, REASON_COUNT);
    m_emit(m, EFFECT_EXECUTE, task);
}

void m_revert(struct model *m, struct m_task *task)
{
    struct m_task *sweep[MODEL_TASKS];
    bool is_taken[MODEL_TASKS];
    sweep[0] = task;
    uint32_t count = 1 + m_descendants(m, task, sweep + 1);
    for (uint32_t i = count; i-- > 0;) is_taken[i] = take_back(m, sweep[i]);
    m_depths(m);
    for (uint32_t i = 0; i < count; i++)
        if (is_taken[i]) take_place(m, sweep[i]);
}
