/* daemon/book_listen.c: what the book hears: events, effects and answers, in the order of the log. */
#include "daemon/book_own.h"
#include <stdlib.h>
#include <string.h>

/* ---- timelines ---- */

/* Full: the first half stays as it is, of the second the oldest goes. Without memory a step is lost. */
static void add_step(struct record *record, const struct book_step *step)
{
    struct book_task *task = &record->task;
    if (task->step_count == BOOK_TIMELINE_MOST) {
        memmove(&record->steps[BOOK_STEPS_HEAD], &record->steps[BOOK_STEPS_HEAD + 1],
                (BOOK_TIMELINE_MOST - BOOK_STEPS_HEAD - 1) * sizeof *step);
        task->step_count--;
        task->steps_lost++;
    } else if (task->step_count == record->step_capacity) {
        uint32_t capacity = record->step_capacity ? BOOK_TIMELINE_MOST : BOOK_STEPS_AT_FIRST;
        struct book_step *steps = realloc(record->steps, capacity * sizeof *steps);
        if (!steps) {
            task->steps_lost++;
            return;
        }
        record->steps = steps;
        record->step_capacity = capacity;
    }
    record->steps[task->step_count++] = *step;
}

/* ---- events ---- */

/* Named by the engine's reference; what it does not know any more is stale. */
static struct record *record_of_ref(const struct book *book, struct task_ref ref)
{
    uint32_t at = ref.slot < book->limits.tasks ? book->of_slot[ref.slot] : BOOK_NONE;
    if (at == BOOK_NONE || book->records[at].generation != ref.generation) return NULL;
    return &book->records[at];
}

/* Outcomes that no effect tells of. */
static bool is_step(enum event_kind kind)
{
    return kind == EVENT_PROOF_FAILED || kind == EVENT_TX_REFUSED || kind == EVENT_TX_DROPPED ||
           kind == EVENT_TX_REJECTED || kind == EVENT_REVERTED || kind == EVENT_CLAIM_RENEWED ||
           kind == EVENT_CANCEL || kind == EVENT_ROLLBACK || kind == EVENT_EXECUTION_FAILED ||
           kind == EVENT_PROOF_RETRY;
}

/* One that no note announced: it has the name that its number gives it. */
static struct record *enter_unannounced(struct book *book, const struct event_submit *submit)
{
    struct book_submission submission = {.id = submit->id, .parent_count = submit->parent_count};
    if (submit->id == 0 || submit->parent_count > LIMIT_PARENTS) return NULL;
    memcpy(submission.parents, submit->parents, sizeof submission.parents);
    memcpy(submission.edge_kinds, submit->edge_kinds, sizeof submission.edge_kinds);
    struct record *record;
    if (book_enter(book, &submission, &record) != OK) return NULL;
    record->task.agent_id = submit->agent_id;
    if (submit->id > book->last_noted) book->last_noted = submit->id;
    if (book->next_id <= submit->id) book->next_id = submit->id + 1;
    return record;
}

static void hear_submission(struct book *book, const struct event_submit *submit)
{
    struct record *record = book_by_id(book, submit->id);
    if (record && record->task.is_pruned) { /* a number that is used again */
        book_forget(book, record);
        record = NULL;
    }
    if (!record) record = enter_unannounced(book, submit);
    if (!record || record->task.at_ns[BOOK_SUBMITTED] != NEVER_NS) return;
    record->task.agent_id = submit->agent_id;
    record->task.at_ns[BOOK_SUBMITTED] = book->now_ns;
}

void book_event(struct book *book, const struct event *event)
{
    book->now_ns = event->now_ns;
    book->event = *event;
    if (event->kind == EVENT_SUBMIT) hear_submission(book, &event->u.submit);
    if (event->kind == EVENT_SETTINGS) book_settings(book, event->u.settings);
    if (!is_step(event->kind)) return;
    struct record *record = record_of_ref(book, event->task);
    if (!record) return;
    struct book_step step = {.at_ns = event->now_ns, .kind = (uint8_t)(EFFECT_KIND_COUNT + event->kind)};
    if (event->kind == EVENT_REVERTED) step.amount = event->u.level.slot;
    add_step(record, &step);
}

void book_settings(struct book *book, const struct settings *settings)
{
    book->cooldown_ns = settings->cooldown_ns;
    book->generator = (enum proof_generator)settings->generator;
}

/* A submission is known from its first effect on; when it had none, it was refused. */
void book_answer(struct book *book, const struct event *event, err answer)
{
    if (event->kind != EVENT_SUBMIT) return;
    struct record *record = book_by_id(book, event->u.submit.id);
    if (!record || !record->task.is_reserved || record->task.at_ns[BOOK_SUBMITTED] == NEVER_NS) return;
    if (answer != OK) book_forget(book, record);
}

/* ---- effects ---- */

static void admit(struct book *book, struct record *record)
{
    if (!record->task.is_reserved) return;
    record->task.is_reserved = false;
    book_enter_agent(book, record->task.agent_id, record->task.agent);
}

static const struct {
    enum task_status to;
    enum book_moment moment;
} MOMENTS[] = {
    {TASK_EXECUTED, BOOK_EXECUTED}, {TASK_CONFIRMED, BOOK_CONFIRMED}, {TASK_FINALIZED, BOOK_FINALIZED},
    {TASK_FAILED, BOOK_ENDED},      {TASK_ROLLED_BACK, BOOK_ENDED},   {TASK_CANCELLED, BOOK_ENDED},
    {TASK_EXPIRED, BOOK_ENDED},
};

/* The reference under which events name this task from now on. */
static void note_ref(struct book *book, struct record *record, struct task_ref ref)
{
    if (record->slot != BOOK_NONE || ref.slot >= book->limits.tasks) return;
    record->slot = ref.slot;
    record->generation = ref.generation;
    book->of_slot[ref.slot] = (uint32_t)(record - book->records);
}

static void status_changed(struct book *book, struct record *record, const struct effect *effect,
                           struct book_step *step)
{
    struct book_task *task = &record->task;
    enum task_status from = effect->u.status.from, to = effect->u.status.to;
    *step = (struct book_step){.at_ns = book->now_ns,
                               .kind = NOTE_STATUS,
                               .from = (uint8_t)from,
                               .to = (uint8_t)to,
                               .reason = (uint8_t)effect->u.status.reason};
    task->status = to;
    task->was_speculative = effect->u.status.was_speculative;
    if (to > TASK_FINALIZED) task->reason = effect->u.status.reason;
    if (to == TASK_ROLLED_BACK) book_rolled_back(book, record);
    if (task_status_is_confirmed(from) && !task_status_is_terminal(to)) {
        task->at_ns[BOOK_CONFIRMED] = task->at_ns[BOOK_FINALIZED] = NEVER_NS;
        task->released_lamports = 0; /* bonded once more */
    }
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++)
        if (MOMENTS[i].to == to) task->at_ns[MOMENTS[i].moment] = book->now_ns;
    bool is_own = book->event.task.slot == effect->task.slot;
    if (to == TASK_EXECUTED && book->event.kind == EVENT_EXECUTED && is_own)
        task->output_digest = book->event.u.executed.output_digest;
    bool is_level = book->event.kind == EVENT_CONFIRMED || book->event.kind == EVENT_FINALIZED;
    if (task_status_is_confirmed(to) && is_level && is_own)
        task->slot = step->amount = book->event.u.level.slot;
}

/* What a kind of effect leaves in the task; its step is added afterwards. */
static void apply(struct book *book, struct record *record, const struct effect *effect,
                  struct book_step *step)
{
    struct book_task *task = &record->task;
    switch (effect->kind) {
    case NOTE_STATUS: status_changed(book, record, effect, step); break;
    case NOTE_WAIT:
        task->waiting_for = effect->u.wait.reason;
        step->from = (uint8_t)effect->u.wait.before;
        step->to = (uint8_t)effect->u.wait.reason;
        break;
    case NOTE_ADMITTED:
        task->at_ns[BOOK_ADMITTED] = book->now_ns;
        task->bond_lamports = effect->u.admitted.bond_lamports;
        task->snapshot_bytes = effect->u.admitted.snapshot_bytes;
        task->was_speculative = effect->u.admitted.is_speculative;
        step->amount = task->depth_at_admission = effect->u.admitted.depth;
        break;
    case NOTE_PROOF_QUEUED: task->at_ns[BOOK_PROOF_QUEUED] = book->now_ns; break;
    case EFFECT_PROVE:
        task->at_ns[BOOK_PROVING] = book->now_ns;
        task->proof_attempts++;
        step->amount = task->worker = effect->u.prove.worker;
        break;
    case NOTE_PROOF_READY:
        task->at_ns[BOOK_PROOF_READY] = book->now_ns;
        task->generator = book->generator;
        break;
    case EFFECT_SUBMIT: task->at_ns[BOOK_SENT] = book->now_ns; break;
    case NOTE_SETTLED:
        book_settled(book, record, effect);
        step->amount = effect->u.settled.slashed_lamports ? effect->u.settled.slashed_lamports
                                                          : effect->u.settled.released_lamports;
        break;
    case NOTE_ROLLBACK_BEGIN:
    case NOTE_ROLLBACK_END:
        effect->kind == NOTE_ROLLBACK_BEGIN ? book_rollback_begin(book, record, effect)
                                            : book_rollback_end(book, record, effect);
        step->amount = effect->u.rollback.size;
        step->reason = (uint8_t)effect->u.rollback.reason;
        break;
    case NOTE_UNDONE: book_rollback_undone(book, record, effect); break;
    default: break;
    }
}

void book_effect(struct book *book, const struct effect *effect)
{
    bool is_of_task = effect->kind <= NOTE_ROLLBACK_END || effect->kind == NOTE_PRUNED;
    struct record *record = is_of_task ? book_by_id(book, effect->task_id) : NULL;
    if (!record) return;
    if (effect->kind == NOTE_PRUNED) {
        book_pruned(book, record);
        return;
    }
    admit(book, record);
    note_ref(book, record, effect->task);
    struct book_step step = {
        .at_ns = book->now_ns, .kind = (uint8_t)effect->kind, .reason = (uint8_t)REASON_COUNT};
    apply(book, record, effect, &step);
    if (effect->kind != EFFECT_EXECUTE) add_step(record, &step);
}
