/* engine/recovery.c: one phase after the other, each a function that does one piece of its work. */
#include "engine/recovery.h"
#include "engine/state.h"

/* What the check's scratch takes at the most. */
enum { CHECK_BYTES_AN_AGENT = 4 * sizeof(uint64_t) };

#define TEXT_(name, text) [name] = text,
static const char *const PHASE_NAMES[] = {RECOVERY_PHASES(TEXT_)};

const char *recovery_phase_name(enum recovery_phase phase)
{
    return PHASE_NAMES[phase];
}

static struct engine *engine_of(const struct recovery *job)
{
    return job->replay.engine;
}

/* ---- replay ---- */

static void note_confirmation(void *context, const struct event *event, err answer)
{
    struct recovery *job = context;
    bool is_level = event->kind == EVENT_CONFIRMED || event->kind == EVENT_FINALIZED;
    if (!is_level || answer != OK) return;
    job->confirmed_at[event->task.slot] = event->u.level.slot;
    if (event->u.level.slot > job->latest_slot) job->latest_slot = event->u.level.slot;
}

static err replay_piece(struct recovery *job, bool *is_over)
{
    struct recovery_status *status = &job->status;
    const struct replay_listener listener = {.context = job, .answer = note_confirmation};
    TRY(replay_step(&job->replay, &status->diag, &listener));
    status->events = job->replay.reader.events;
    status->refused = job->replay.refused;
    status->good_bytes = job->replay.reader.in.used;
    *is_over = job->replay.is_over;
    if (!*is_over) return OK;
    status->torn_bytes = job->order.log_bytes - status->good_bytes;
    status->from_slot = job->order.is_from_latest ? job->latest_slot : job->order.from_slot;
    return OK;
}

/* ---- the job's own events ---- */

static void hear(struct effects *effects)
{
    const struct recovery_watch *watch = effects->context;
    for (uint32_t i = 0; i < effects->count; i++)
        if (watch->effect) watch->effect(watch->context, &effects->items[i]);
    effects->count = 0;
}

/* What the job sends is never refused: it looks before it sends. */
static void send(struct recovery *job, struct event event)
{
    struct effect buffer[4];
    struct effects effects = {.items = buffer, .capacity = 4, .context = &job->order.watch, .flush = hear};
    int64_t latest_ns = engine_of(job)->now_ns;
    event.now_ns = job->order.now_ns > latest_ns ? job->order.now_ns : latest_ns;
    if (job->order.watch.event) job->order.watch.event(job->order.watch.context, &event);
    err e = engine_step(engine_of(job), &event, &effects);
    ASSERT(e == OK);
}

/* Nothing new may be admitted on what is about to be rolled back. */
static void turn_speculation_off(struct recovery *job)
{
    struct settings settings = engine_of(job)->settings;
    if (!settings.enabled) return;
    settings.enabled = 0;
    send(job, (struct event){.kind = EVENT_SETTINGS, .u.settings = &settings});
}

/* ---- confirmations ---- */

static void revert(struct recovery *job, uint32_t slot)
{
    const struct task *task = task_at(engine_of(job), slot);
    struct event event = {.kind = EVENT_REVERTED,
                          .task = ref_of(engine_of(job), slot),
                          .attempt = attempt_name(task, task->tx_attempt)};
    event.u.level.slot = job->confirmed_at[slot];
    job->status.reverted++;
    send(job, event);
}

/* One task. What was confirmed on top of a transaction that is not believed goes with it. */
static err revert_piece(struct recovery *job, bool *is_over)
{
    const struct engine *engine = engine_of(job);
    if (job->cursor == 0) turn_speculation_off(job);
    *is_over = job->cursor >= engine->fresh_task;
    if (*is_over) return OK;
    uint32_t slot = job->cursor++;
    const struct task *task = &engine->tasks[slot];
    if (!(task->flags & TASK_USED) || job->confirmed_at[slot] <= job->status.from_slot) return OK;
    if (task->status == TASK_CONFIRMED) revert(job, slot);
    if (task->status == TASK_FINALIZED) job->status.kept_final++;
    return OK;
}

/* ---- rollback ---- */

/* The ports that a plan waits for are gone: nothing runs any more, and the watch has seen what to restore. */
static bool answer_a_port(struct recovery *job)
{
    struct engine *engine = engine_of(job);
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++) {
        const struct running_plan *plan = &engine->running[i];
        if (plan->root == NONE) continue;
        struct event event = {.kind = plan->stage == PLAN_ABORTING ? EVENT_ABORTED : EVENT_RESTORED,
                              .task = ref_of(engine, plan->task)};
        send(job, event);
        return true;
    }
    return false;
}

static err roll_back_piece(struct recovery *job, bool *is_over)
{
    const struct engine *engine = engine_of(job);
    if (!job->has_ordered) {
        job->has_ordered = true;
        job->status.to_roll_back = engine->stats.speculative_active;
        struct event event = {.kind = EVENT_FORCE_ROLLBACK};
        event.u.rollback.reason = REASON_INVALID_STATE;
        send(job, event);
    } else {
        *is_over = !answer_a_port(job);
    }
    job->status.rolled_back = job->status.to_roll_back - engine->stats.speculative_active;
    return OK;
}

/* ---- check ---- */

static err check_piece(struct recovery *job, bool *is_over)
{
    const struct engine_check check = {
        .level = CHECK_FULL, .scratch = job->scratch, .scratch_bytes = engine_check_bytes(engine_of(job))};
    *is_over = true;
    TRY(engine_check(engine_of(job), &check, job->order.findings));
    return job->order.findings->count ? ERR_CONFLICT : OK;
}

/* ---- the job ---- */

/* One piece of a phase. Percentages: where it begins. */
static const struct {
    err (*piece)(struct recovery *job, bool *is_over);
    uint32_t percent;
} PHASES[RECOVERY_PHASE_COUNT] = {
    [RECOVERY_REPLAY] = {replay_piece, 0},
    [RECOVERY_REVERT] = {revert_piece, 80},
    [RECOVERY_ROLL_BACK] = {roll_back_piece, 85},
    [RECOVERY_CHECK] = {check_piece, 95},
    [RECOVERY_DONE] = {NULL, 100},
};

static uint32_t share(uint64_t done, uint64_t all, uint32_t percent)
{
    return all ? (uint32_t)((u128)done * percent / all) : percent;
}

static uint32_t percent_of(const struct recovery *job)
{
    const struct recovery_status *status = &job->status;
    uint32_t begun = PHASES[status->phase].percent;
    switch (status->phase) {
    case RECOVERY_REPLAY: return share(status->good_bytes, job->order.log_bytes, 80);
    case RECOVERY_REVERT: return begun + share(job->cursor, engine_of(job)->fresh_task, 5);
    case RECOVERY_ROLL_BACK:
        return begun + (job->has_ordered ? share(status->rolled_back, status->to_roll_back, 10) : 0);
    default: return begun;
    }
}

err recovery_memory_bytes(const void *log, size_t log_bytes, size_t *bytes_out, struct journal_diag *diag)
{
    struct journal_reader reader;
    TRY(journal_open(&reader, log, log_bytes, diag));
    *bytes_out = engine_memory_bytes(&reader.limits) +
                 arena_array_bytes(reader.limits.tasks, sizeof(uint64_t)) +
                 arena_array_bytes(reader.limits.agents, CHECK_BYTES_AN_AGENT);
    return OK;
}

static err take_memory(struct recovery *job)
{
    const struct engine *engine = engine_of(job);
    job->confirmed_at = arena_array(job->order.arena, engine->limits.tasks, sizeof *job->confirmed_at);
    job->scratch = arena_array(job->order.arena, engine->limits.agents, CHECK_BYTES_AN_AGENT);
    ASSERT(engine_check_bytes(engine) <= (size_t)engine->limits.agents * CHECK_BYTES_AN_AGENT);
    return job->confirmed_at && job->scratch ? OK : ERR_NOMEM;
}

err recovery_begin(struct recovery *job, const struct recovery_order *order)
{
    bool is_under_way = job->status.phase > RECOVERY_IDLE && job->status.phase < RECOVERY_DONE;
    if (is_under_way || (order->running && order->running->settings.enabled)) return ERR_CONFLICT;
    struct recovery fresh = {.order = *order, .status.phase = RECOVERY_REPLAY};
    err e = replay_begin(&fresh.replay, order->arena, order->log, order->log_bytes, &fresh.status.diag);
    if (e == OK) e = take_memory(&fresh);
    if (e != OK) fresh.status.phase = RECOVERY_FAILED;
    *job = fresh;
    return e;
}

err recovery_advance(struct recovery *job, uint64_t records)
{
    struct recovery_status *status = &job->status;
    for (; records > 0 && status->phase > RECOVERY_IDLE && status->phase < RECOVERY_DONE; records--) {
        bool is_over = false;
        err e = PHASES[status->phase].piece(job, &is_over);
        if (e != OK) {
            status->phase = RECOVERY_FAILED;
            return e;
        }
        if (is_over) status->phase++;
    }
    if (status->phase != RECOVERY_FAILED) status->percent = percent_of(job);
    return OK;
}

const struct recovery_status *recovery_status(const struct recovery *job)
{
    return &job->status;
}

struct engine *recovery_engine(const struct recovery *job)
{
    return job->status.phase == RECOVERY_DONE ? engine_of(job) : NULL;
}
