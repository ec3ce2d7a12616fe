/* engine/proof.c: one FIFO queue, parallel workers, batches (engine.md 2.7).
 *
 * A free worker takes what is queued up to the batch size, and with a batch
 * timeout may wait that long for a full one. When the queue is full an
 * executed task is not lost: it stands in the back-pressure list and enters
 * as soon as there is room, before any new admission. */
#include "engine/state.h"

static void enqueue(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    move_must(MACHINE_PROOF, &task->proof, PROVE_ENQUEUE);
    task->clock_ns = engine->now_ns; /* for the batch timeout; no clock runs in the queue */
    list_append(engine, &engine->proof_queue, LINK_QUEUE, slot);
    engine->stats.proof_queue_depth = engine->proof_queue.count;
}

static bool queue_has_room(const struct engine *engine)
{
    return engine->proof_queue.count < (uint32_t)engine->settings.queue_size;
}

static void admit_to_queue(struct engine *engine, uint32_t slot)
{
    task_advance(engine, slot, MOVE_PROOF_REQUESTED, REASON_COUNT);
    effect_push(engine, NOTE_PROOF_QUEUED, slot);
    enqueue(engine, slot);
}

void proof_request(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    ASSERT(task->status == TASK_EXECUTED && task->proof == PROOF_NONE);
    if (!engine->settings.optimistic_proofs && task->unconfirmed_parents > 0) return;
    if (queue_has_room(engine)) {
        admit_to_queue(engine, slot);
        return;
    }
    move_must(MACHINE_PROOF, &task->proof, PROVE_BLOCK);
    list_append(engine, &engine->proof_blocked, LINK_QUEUE, slot);
    engine->stats.queue_full++;
}

static void refill_queue(struct engine *engine)
{
    while (engine->proof_blocked.head != NONE && queue_has_room(engine)) {
        uint32_t slot = engine->proof_blocked.head;
        list_remove(engine, &engine->proof_blocked, LINK_QUEUE, slot);
        admit_to_queue(engine, slot);
    }
    if (queue_has_room(engine)) waiting_freed(engine, WAIT_PROOF_BACKPRESSURE, 0);
}

static bool batch_is_due(const struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    if (engine->proof_queue.head == NONE) return false;
    if (settings->batch_timeout_ns == 0) return true;
    if (engine->proof_queue.count >= (uint32_t)settings->batch_size) return true;
    return ns_after(engine->tasks[engine->proof_queue.head].clock_ns, settings->batch_timeout_ns) <=
           engine->now_ns;
}

static void start_batch(struct engine *engine, uint32_t worker)
{
    uint32_t batch = (uint32_t)engine->settings.batch_size;
    uint32_t count = engine->proof_queue.count < batch ? engine->proof_queue.count : batch;
    engine->worker_busy[worker] = 1;
    engine->stats.workers_busy = ++engine->workers_busy;
    engine->stats.batches++;
    engine->stats.batched_proofs += count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = engine->proof_queue.head;
        struct task *task = task_at(engine, slot);
        list_remove(engine, &engine->proof_queue, LINK_QUEUE, slot);
        move_must(MACHINE_PROOF, &task->proof, PROVE_START);
        engine->stats.proofs_generating++;
        clock_start(engine, slot, CLOCK_PROVING);
        struct effect *effect = effect_push(engine, EFFECT_PROVE, slot);
        effect->attempt = attempt_name(task, task->proof_attempt);
        effect->u.prove.worker = worker;
        effect->u.prove.index = i;
        effect->u.prove.count = count;
    }
    engine->stats.proof_queue_depth = engine->proof_queue.count;
}

void proof_dispatch(struct engine *engine)
{
    refill_queue(engine); /* an emptied or a longer queue has room, too */
    uint32_t workers = (uint32_t)engine->settings.worker_threads;
    for (uint32_t worker = 0; worker < workers && batch_is_due(engine); worker++) {
        if (engine->worker_busy[worker]) continue;
        start_batch(engine, worker);
        refill_queue(engine);
    }
}

static void generation_ended(struct engine *engine, uint32_t slot)
{
    clock_stop(engine, slot);
    engine->stats.proofs_generating--;
}

/* The generation, if one runs, is of no use to anyone. */
static void abandon_generation(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    struct effect *effect = effect_push(engine, EFFECT_CANCEL_PROOF, slot);
    effect->attempt = attempt_name(task, task->proof_attempt);
    generation_ended(engine, slot);
}

void proof_detach(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    switch ((enum proof_state)task->proof) {
    case PROOF_BLOCKED: list_remove(engine, &engine->proof_blocked, LINK_QUEUE, slot); break;
    case PROOF_QUEUED:
        list_remove(engine, &engine->proof_queue, LINK_QUEUE, slot);
        engine->stats.proof_queue_depth = engine->proof_queue.count;
        refill_queue(engine);
        break;
    case PROOF_GENERATING: abandon_generation(engine, slot); break;
    case PROOF_BACKOFF: task_deadline_set(engine, slot, NEVER_NS); break;
    default: return; /* no generation to withdraw */
    }
    move_must(MACHINE_PROOF, &task->proof, PROVE_CANCEL);
}

void proof_done(struct engine *engine, uint32_t slot)
{
    generation_ended(engine, slot);
    engine->stats.proofs_ready++;
    move_must(MACHINE_PROOF, &task_at(engine, slot)->proof, PROVE_FINISH);
    task_at(engine, slot)->proof_ready[0] = (uint32_t)(uint64_t)engine->now_ns;
    task_at(engine, slot)->proof_ready[1] = (uint32_t)((uint64_t)engine->now_ns >> 32);
    proof_cache_add(engine, slot);
    effect_push(engine, NOTE_PROOF_READY, slot);
    deferral_place(engine, slot);
}

void proof_requeue(struct engine *engine, uint32_t slot)
{
    engine->stats.proof_retries++;
    enqueue(engine, slot);
}

void proof_fail(struct engine *engine, uint32_t slot)
{
    engine->stats.proof_failures++;
    generation_ended(engine, slot);
    move_must(MACHINE_PROOF, &task_at(engine, slot)->proof, PROVE_FAIL);
    rollback_root(engine, slot, MOVE_FAIL, REASON_PROOF_FAILED);
}

void proof_fail_attempt(struct engine *engine, uint32_t slot, bool is_timeout, uint32_t jitter)
{
    struct task *task = task_at(engine, slot);
    if (is_timeout) {
        engine->stats.proof_timeouts++;
        abandon_generation(engine, slot);
    } else {
        engine->stats.proof_failures++;
        generation_ended(engine, slot);
    }
    task->proof_attempt++;
    if (++task->proof_tries >= engine->settings.proof_max_retries) {
        move_must(MACHINE_PROOF, &task->proof, is_timeout ? PROVE_TIME_OUT : PROVE_FAIL);
        rollback_root(engine, slot, MOVE_FAIL, is_timeout ? REASON_PROOF_TIMEOUT : REASON_PROOF_FAILED);
    } else if (is_timeout) {
        proof_requeue(engine, slot);
    } else {
        move_must(MACHINE_PROOF, &task->proof, PROVE_RETRY);
        backoff_start(engine, slot, task->proof_tries, jitter);
    }
}

void proof_restart(struct engine *engine, uint32_t slot)
{
    generation_ended(engine, slot);
    task_at(engine, slot)->proof_attempt++;
    enqueue(engine, slot);
}

uint32_t proof_clear_queue(struct engine *engine, uint32_t *slots)
{
    uint32_t count = 0;
    while (engine->proof_queue.head != NONE) {
        uint32_t slot = engine->proof_queue.head;
        list_remove(engine, &engine->proof_queue, LINK_QUEUE, slot);
        move_must(MACHINE_PROOF, &task_at(engine, slot)->proof, PROVE_CLEAR);
        task_advance(engine, slot, MOVE_PROOF_CLEARED, REASON_COUNT);
        slots[count++] = slot;
    }
    engine->stats.proof_queue_depth = 0;
    return count;
}

/* An operator need not wait for the backoff, and gives all attempts anew. */
err proof_retry_now(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (task->proof != PROOF_BACKOFF) return ERR_CONFLICT;
    task_deadline_set(engine, slot, NEVER_NS);
    task->proof_tries = 0;
    proof_requeue(engine, slot);
    return OK;
}
