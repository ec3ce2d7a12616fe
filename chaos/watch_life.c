/* chaos/watch_life.c: S03 rolled back once, S06 final is final, S11 legal transitions, S12 no false
 * confirmation, of S13 that a transaction lands once, S24 no task is lost. */
#include "chaos/watch_state.h"

typedef unsigned long long ull;

/* ---- S11: written anew, not read from the engine's tables ---- */

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

static void judge_move(struct watch *watch, uint32_t index, enum task_status from, enum task_status to)
{
    const struct record *record = record_at(watch, index);
    bool is_legal = from == record->status && (NEXT[from] & IN(to));
    JUDGE(watch, S11, index, is_legal, "task %llu went from %s to %s, it was %s", (ull)record->id,
          task_status_name(from), task_status_name(to), task_status_name((enum task_status)record->status));
    JUDGE(watch, S06, index, record->status != TASK_FINALIZED, "task %llu left finality: %s", (ull)record->id,
          task_status_name(to));
    bool is_way_out = record->status != TASK_CONFIRMED || to == TASK_FINALIZED ||
                      (to == TASK_CONFIRMING && watch->event->kind == EVENT_REVERTED);
    JUDGE(watch, S06, index, is_way_out, "task %llu left confirmed for %s without a reorg", (ull)record->id,
          task_status_name(to));
}

/* ---- S12, S13 ---- */

static void judge_confirmation(struct watch *watch, uint32_t index)
{
    const struct record *record = record_at(watch, index);
    const struct event *event = watch->event;
    bool is_level = event->kind == EVENT_FINALIZED ||
                    (event->kind == EVENT_CONFIRMED && watch->settings.gate_level == GATE_CONFIRMED);
    JUDGE(watch, S12, index, is_level, "task %llu is confirmed by %s", (ull)record->id,
          event_kind_name(event->kind));
    bool is_of_it = picture_of_ref(watch, event->task) == index && event->attempt == record->attempt &&
                    (record->flags & RECORD_ON_CHAIN);
    JUDGE(watch, S12, index, is_of_it, "task %llu is confirmed by a report of another transaction",
          (ull)record->id);
    if (watch->has_chain)
        JUDGE(watch, S12, index, record->flags & (RECORD_LANDED | RECORD_TAKEN),
              "task %llu is confirmed, the chain has nothing", (ull)record->id);
}

void life_sent(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    bool is_again = watch->event->kind == EVENT_RESUME, is_out = record->flags & RECORD_ON_CHAIN;
    bool is_same = is_out && effect->attempt == record->attempt;
    JUDGE(watch, S13, index, is_again || !is_same, "attempt %u of task %llu was sent twice", effect->attempt,
          (ull)record->id);
    bool is_name_kept = !is_again || !is_out || is_same || !(record->flags & RECORD_BOUND);
    JUDGE(watch, S13, index, is_name_kept, "task %llu is asked for again as attempt %u, attempt %u is out",
          (ull)record->id, effect->attempt, record->attempt);
    if (!is_same) record->sent_ns = watch->now_ns; /* the clock of one that is asked for again goes on */
    record->attempt = effect->attempt;
    record->flags |= RECORD_ON_CHAIN | RECORD_SENT;
}

void watch_landed(struct watch *watch, int64_t now_ns, uint64_t task, uint32_t attempt, uint64_t slot)
{
    uint32_t index = picture_find(watch, task);
    watch->has_chain = true;
    watch->now_ns = later(watch->now_ns, now_ns);
    if (index == NO_RECORD) return;
    struct record *record = record_at(watch, index);
    bool is_again = (record->flags & RECORD_LANDED) && attempt >> 8 == record->landed >> 8;
    JUDGE(watch, S13, index, !is_again,
          "task %llu landed twice, with attempts %u and %u, the last in slot %llu", (ull)task, record->landed,
          attempt, (ull)slot);
    record->flags = (record->flags & ~(uint32_t)RECORD_TAKEN) | RECORD_LANDED;
    record->landed = attempt;
}

void watch_unlanded(struct watch *watch, int64_t now_ns, uint64_t task)
{
    uint32_t index = picture_find(watch, task);
    watch->now_ns = later(watch->now_ns, now_ns);
    if (index == NO_RECORD) return;
    struct record *record = record_at(watch, index);
    record->flags = (record->flags & ~(uint32_t)RECORD_LANDED) | RECORD_TAKEN;
}

/* The engine is told: from now on it must know. */
void life_reverted(struct watch *watch, const struct event *event)
{
    uint32_t index = picture_of_ref(watch, event->task);
    if (index != NO_RECORD) record_at(watch, index)->flags &= ~(uint32_t)RECORD_TAKEN;
}

/* ---- S03 ---- */

static void judge_rollback(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    JUDGE(watch, S03, index, record->rolled_back == 0, "task %llu was rolled back %u times before",
          (ull)record->id, record->rolled_back);
    record->rolled_back++;
}

static void see_reopening(struct watch *watch, struct record *record)
{
    record->flags &= ~(uint32_t)RECORD_ON_CHAIN;
    watch->counts.reverts++;
    watch->counts.live++;
}

/* ---- a move, seen by everyone ---- */

static void count_move(struct watch *watch, uint32_t index, enum task_status from)
{
    const struct record *record = record_at(watch, index);
    struct watched_counts *counts = &watch->counts;
    counts->by_status[from]--;
    counts->by_status[record->status]++;
    if (!record_is_over(record)) return;
    counts->ended[record->status]++;
    if (!task_status_is_terminal(from)) counts->live--;
}

static void judge_end(struct watch *watch, uint32_t index, enum rollback_reason reason)
{
    const struct record *record = record_at(watch, index);
    if (!status_is_dead(record->status)) return;
    JUDGE(watch, S24, index, (unsigned)reason < REASON_COUNT, "task %llu is %s without a reason",
          (ull)record->id, task_status_name((enum task_status)record->status));
    bool is_victim = record->status == TASK_ROLLED_BACK && !(record->flags & RECORD_ROOT);
    if (is_victim) watch->counts.rollbacks_by_reason[REASON_ANCESTOR_FAILED]++;
}

/* The note of a task that is known from now on says from and to alike. */
void life_status(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    enum task_status noted = effect->u.status.from, to = effect->u.status.to;
    enum rollback_reason reason = effect->u.status.reason;
    bool is_birth = noted == to && to == TASK_PENDING && watch->submitted == index;
    if (is_birth || (unsigned)to >= TASK_STATUS_COUNT || (unsigned)noted >= TASK_STATUS_COUNT) return;
    enum task_status from = (enum task_status)record->status;
    bool is_void = to == TASK_AWAITING_ANCESTORS || to == TASK_SUBMITTING || to == TASK_EXECUTING;
    if (is_void) record->flags &= ~(uint32_t)RECORD_ON_CHAIN;
    if (is_void && to != TASK_SUBMITTING) record->flags &= ~(uint32_t)RECORD_SENT;
    picture_leave_queues(watch, record);
    record->from = (uint8_t)from;
    record->reason = (uint8_t)reason;
    judge_move(watch, index, noted, to);
    record->status = (uint8_t)to;
    if (to == TASK_CONFIRMED) judge_confirmation(watch, index);
    if (to == TASK_FINALIZED)
        JUDGE(watch, S12, index, watch->event->kind == EVENT_FINALIZED, "task %llu is finalized by %s",
              (ull)record->id, event_kind_name(watch->event->kind));
    if (from == TASK_CONFIRMED && to == TASK_CONFIRMING) see_reopening(watch, record);
    if (to == TASK_ROLLED_BACK) judge_rollback(watch, index);
    if (from == TASK_PROOF_PENDING && to == TASK_EXECUTED) picture_await(watch, index); /* cleared */
    judge_end(watch, index, reason);
    count_move(watch, index, from);
    graph_status(watch, index, from);
    money_status(watch, index, from, reason);
    time_status(watch, index, from, reason);
}

/* ---- S24 ---- */

void life_waits(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    uint8_t before = record->wait_reason, now = (uint8_t)effect->u.wait.reason;
    if (now >= WAIT_REASON_COUNT) return;
    struct watched_agent *agent = &watch->agents[record->agent];
    JUDGE(watch, S24, index, effect->u.wait.before == before, "task %llu waited for %s, not for %s",
          (ull)record->id, wait_reason_name((enum wait_reason)before),
          wait_reason_name(effect->u.wait.before));
    if (before != WAIT_NONE) watch->counts.waiting_by[before]--;
    if (now != WAIT_NONE) watch->counts.waiting_by[now]++;
    if (now != WAIT_NONE) watch->counts.waits[now]++;
    watch->counts.waiting += (uint64_t)(before == WAIT_NONE) - (uint64_t)(now == WAIT_NONE);
    agent->branch_waiters += (uint32_t)(now == WAIT_BRANCH_LIMIT) - (uint32_t)(before == WAIT_BRANCH_LIMIT);
    if (now == WAIT_BRANCH_LIMIT) picture_touch(watch, record->agent);
    record->wait_reason = now;
    if (now == WAIT_NONE) picture_await(watch, index);
}

static void judge_branch_waiters(struct watch *watch, uint32_t index, uint64_t limit)
{
    const struct watched_agent *agent = &watch->agents[index];
    JUDGE(watch, S24, NO_RECORD, agent->branch_waiters == 0 || agent->tips >= limit,
          "%u tasks of agent %llu wait for a branch, it has %u of %llu", agent->branch_waiters,
          (ull)agent->id, agent->tips, (ull)limit);
}

/* Nobody waits for a branch while there is one. */
static void judge_branches(struct watch *watch)
{
    const struct settings *settings = &watch->settings;
    if (watch->counts.waiting_by[WAIT_BRANCH_LIMIT] == 0) return;
    uint64_t limit = settings->parallel_speculation ? (uint64_t)settings->max_parallel_branches : 1;
    if (settings->branch_scope != SCOPE_AGENT) {
        JUDGE(watch, S24, NO_RECORD, watch->counts.tips >= limit,
              "%llu tasks wait for a branch, %llu of %llu are taken",
              (ull)watch->counts.waiting_by[WAIT_BRANCH_LIMIT], (ull)watch->counts.tips, (ull)limit);
        return;
    }
    bool all = watch->touched_count > TOUCHED_MOST || watch->settings_changed;
    uint32_t count = all ? watch->agent_count : watch->touched_count;
    for (uint32_t i = 0; i < count; i++) judge_branch_waiters(watch, all ? i : watch->touched[i], limit);
}

static void judge_waiters(struct watch *watch)
{
    const struct watched_counts *counts = &watch->counts;
    if (counts->waiting == 0) return;
    bool is_off = !watch->settings.enabled || counts->draining;
    JUDGE(watch, S24, NO_RECORD, is_off || counts->waiting_by[WAIT_DISABLED] == 0,
          "%llu tasks wait for speculation to be on, which it is", (ull)counts->waiting_by[WAIT_DISABLED]);
    bool is_closed = counts->breaker == BREAKER_CLOSED;
    JUDGE(watch, S24, NO_RECORD, !is_closed || counts->waiting_by[WAIT_CIRCUIT_OPEN] == 0,
          "%llu tasks wait for the breaker, which is closed", (ull)counts->waiting_by[WAIT_CIRCUIT_OPEN]);
    bool is_full = counts->active >= (uint64_t)watch->settings.max_pending_operations;
    JUDGE(watch, S24, NO_RECORD, is_full || counts->waiting_by[WAIT_PENDING_LIMIT] == 0,
          "%llu tasks wait for room among %llu operations of %lld",
          (ull)counts->waiting_by[WAIT_PENDING_LIMIT], (ull)counts->active,
          (long long)watch->settings.max_pending_operations);
    judge_branches(watch);
}

/* Whoever stopped waiting in this step started, or is blocked by a rollback; whoever an operator dropped from
 * the queue has ended. */
static void judge_released(struct watch *watch)
{
    const struct event *event = watch->event;
    uint32_t count = watch->pending_count < PENDING_MOST ? watch->pending_count : PENDING_MOST;
    bool are_dropped = event->kind == EVENT_CLEAR_QUEUE && event->u.clear.is_dropped;
    for (uint32_t i = 0; i < count; i++) {
        const struct record *record = record_at(watch, watch->pending[i]);
        bool is_free = (record->flags & RECORD_BOUND) && !(record->flags & (RECORD_DOOMED | RECORD_LOOSE));
        bool is_idle = is_free && record->status == TASK_PENDING && record->wait_reason == WAIT_NONE;
        JUDGE(watch, S24, watch->pending[i], !is_idle, "task %llu neither runs nor waits", (ull)record->id);
        bool is_forgotten = is_free && are_dropped && record->status == TASK_EXECUTED;
        JUDGE(watch, S24, watch->pending[i], !is_forgotten,
              "task %llu was dropped from the queue and lives on", (ull)record->id);
    }
}

void life_step_ends(struct watch *watch, const struct engine *engine)
{
    judge_waiters(watch);
    judge_released(watch);
    if (!engine) return;
    uint64_t held = engine_statistics(engine)->table_tasks;
    JUDGE(watch, S24, NO_RECORD, held == watch->counts.tasks, "the table holds %llu tasks, accepted are %llu",
          (ull)held, (ull)watch->counts.tasks);
}

/* Everything that is still remembered has a status, and what runs is what was counted. */
void life_finish(struct watch *watch)
{
    uint64_t live = 0, all = 0;
    for (int status = 0; status < TASK_STATUS_COUNT; status++) {
        all += watch->counts.by_status[status];
        if (!task_status_is_terminal((enum task_status)status)) live += watch->counts.by_status[status];
    }
    JUDGE(watch, S24, NO_RECORD, all == watch->counts.tasks && live == watch->counts.live,
          "%llu tasks, of them %llu run; counted were %llu and %llu", (ull)all, (ull)live,
          (ull)watch->counts.tasks, (ull)watch->counts.live);
}
