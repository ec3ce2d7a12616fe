/* engine/mutant.c: bugs that are planted on purpose, by their numbers in chaos/mutants.h. Empty but in the
 * build that looks for them. */
#include "engine/mutant.h"
#include "engine/replay.h"
#include "engine/state.h"
#include <string.h>

#ifdef AGENC_MUTANTS
/* 3: a cascade follows each dependent from its last parent only, and forgets who is reached by another path.
 */
uint32_t mutant_skip_second_paths(struct engine *engine, uint32_t root, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = engine->scratch[i];
        uint32_t parent = edge_parent(&engine->edges[task_at(engine, slot)->in_head]);
        bool is_reached = parent == root || task_at(engine, parent)->visited == engine->visit_mark;
        if (is_reached)
            engine->scratch[kept++] = slot;
        else
            task_at(engine, slot)->visited = 0;
    }
    return kept;
}

/* 4: of those whose turns come, the first and the last before the root change places.
 * 24: half of them are forgotten, as if there had been no memory for more. */
uint32_t mutant_spoil_plan(struct engine *engine, uint32_t taken)
{
    uint32_t *turns = engine->scratch, first = turns[0];
    if (taken < 3) return taken;
    if (MUTANT(4)) {
        turns[0] = turns[taken - 2];
        turns[taken - 2] = first;
        return taken;
    }
    turns[taken / 2] = turns[taken - 1];
    return taken / 2 + 1;
}

static err revert_now(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    const struct event event = {.kind = EVENT_REVERTED,
                                .task = ref_of(engine, slot),
                                .attempt = attempt_name(task, task->tx_attempt)};
    return on_reverted(engine, &event);
}

/* 5: a failure that comes late takes a confirmed task down. */
err mutant_believe_late_failure(struct engine *engine, uint32_t slot)
{
    TRY(revert_now(engine, slot));
    rollback_root(engine, slot, MOVE_FAIL, REASON_PROOF_FAILED);
    return OK;
}

/* 6: a confirmation that comes twice returns the bond twice. */
void mutant_release_twice(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    if (task->bond_lamports == 0) return;
    engine->agents[task->agent].free += task->bond_lamports;
    engine->stats.released_lamports += task->bond_lamports;
    effect_push(engine, NOTE_SETTLED, slot)->u.settled.released_lamports = task->bond_lamports;
}

/* 12: the crash came between the record and the lock of the bond, and the lock is not made again. */
void mutant_lose_lock(struct engine *engine)
{
    struct task *last = NULL;
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        struct task *task = task_at(engine, slot);
        bool is_new = (task->flags & TASK_USED) && (task->flags & TASK_COMMITTED) &&
                      task->bond_lamports > 0 && task->since_ns == engine->now_ns;
        if (is_new && (!last || task->seq > last->seq)) last = task;
    }
    if (!last) return;
    struct agent *agent = &engine->agents[last->agent];
    agent->locks--;
    agent->locked -= last->bond_lamports;
    agent->free += last->bond_lamports;
    engine->stats.locked_lamports -= last->bond_lamports;
    engine->stats.bonded_lamports -= last->bond_lamports;
    last->bond_lamports = 0;
}

/* 15: whoever replays a log applies its last record twice. */
void mutant_keep_last(struct replay *replay, const struct event *event)
{
    replay->last = *event;
}

static void forget(struct effects *effects)
{
    effects->count = 0;
}

void mutant_repeat_last(struct replay *replay)
{
    struct effect items[4];
    struct effects effects = {.items = items, .capacity = 4, .flush = forget};
    bool has_one = replay->reader.events > 0;
    if (has_one) replay->refused += engine_step(replay->engine, &replay->last, &effects) != OK;
}

/* 16: asked again after a crash, a rollback begins anew, and whoever had a turn is rolled back once more. */
void mutant_repeat_turns(struct engine *engine, uint32_t root, uint32_t until)
{
    for (uint32_t slot = task_at(engine, root)->plan.head; slot != until;
         slot = task_at(engine, slot)->plan.next) {
        if (slot == NONE || task_at(engine, slot)->status != TASK_ROLLED_BACK) return;
        struct effect *note = effect_push(engine, NOTE_STATUS, slot);
        note->u.status.from = note->u.status.to = TASK_ROLLED_BACK;
        note->u.status.reason = REASON_ANCESTOR_FAILED;
        engine->stats.rollbacks_by_reason[REASON_ANCESTOR_FAILED]++;
    }
}

/* 17: turned off in an emergency, the engine returns what had been slashed. */
void mutant_return_slashed(struct engine *engine)
{
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        const struct task *task = task_at(engine, slot);
        bool was_slashed = (task->flags & TASK_USED) && (task->flags & TASK_ROOT) && !is_live(task) &&
                           !(task->flags & (TASK_COMMITTED | TASK_IN_PLAN));
        uint64_t lamports = slash_amount(&engine->settings, task->bond_lamports, task->factor_bps);
        if (!was_slashed || lamports == 0) continue;
        engine->agents[task->agent].free += lamports;
        engine->stats.released_lamports += lamports;
    }
}

/* 18: a drain whose time is over forces back what was confirmed meanwhile. */
void mutant_force_back_confirmed(struct engine *engine)
{
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        const struct task *task = task_at(engine, slot);
        bool is_confirmed =
            (task->flags & TASK_USED) && (task->flags & TASK_SPECULATIVE) && task->status == TASK_CONFIRMED;
        if (!is_confirmed) continue;
        err e = revert_now(engine, slot);
        ASSERT(e == OK);
        return;
    }
}

/* 14: a record that was cut off is believed, with zeros for what is missing. */
bool mutant_complete_record(const struct journal_reader *reader, const struct codec_in *in, uint32_t length,
                            struct codec_in *out)
{
    unsigned char *guess = (unsigned char *)(uintptr_t)reader->guess;
    memset(guess, 0, sizeof reader->guess);
    memcpy(guess, in->bytes + in->used, in->size - in->used);
    *out = (struct codec_in){.bytes = guess, .size = length};
    return true;
}

/* 23: a submission that comes again is taken at its word about its parents, with no look for a cycle. */
bool mutant_reparent(struct engine *engine, const struct event_submit *submit)
{
    uint32_t slot, parent;
    if (!table_find(&engine->task_of_id, submit->id, &slot)) return false;
    const struct task *task = task_at(engine, slot);
    bool is_open = task->status == TASK_PENDING && !(task->flags & TASK_IN_PLAN);
    if (!is_open || submit->parent_count != 1 || graph_edges_left(engine) == 0) return false;
    if (!table_find(&engine->task_of_id, submit->parents[0], &parent) || parent == slot) return false;
    /* The edge that closes the cycle is counted, not followed: no step would ever end. */
    struct event_submit closing = *submit;
    closing.edge_kinds[0] = EDGE_DROPPED;
    graph_add(engine, slot, &closing, &parent);
    return true;
}
#endif
