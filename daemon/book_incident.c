/* daemon/book_incident.c: rollbacks and slashes, the last ones in rings. */
#include "daemon/book_own.h"

/* NULL: never was, or not kept any more. */
static struct rollback *rollback_of(const struct book *book, uint64_t number)
{
    bool is_kept = number >= book->rollback_first && number <= book->rollback_count &&
                   book->rollback_count - number < book->limits.kept_incidents;
    return is_kept ? &book->rollbacks[number % book->limits.kept_incidents] : NULL;
}

void book_rollback_begin(struct book *book, struct record *root, const struct effect *effect)
{
    uint64_t number = ++book->rollback_count;
    root->task.rollback = number;
    root->is_root = true;
    struct rollback *rollback = &book->rollbacks[number % book->limits.kept_incidents];
    rollback->told = (struct book_rollback){.number = number,
                                            .root_id = root->task.id,
                                            .agent_id = root->task.agent_id,
                                            .reason = effect->u.rollback.reason,
                                            .size = effect->u.rollback.size,
                                            .is_root_speculative = root->task.was_speculative,
                                            .began_ns = book->now_ns,
                                            .ended_ns = NEVER_NS,
                                            .depth_most = root->task.depth_at_admission};
}

void book_rollback_undone(struct book *book, struct record *record, const struct effect *effect)
{
    const struct record *root = book_by_id(book, effect->u.undone.root_id);
    struct rollback *rollback = root ? rollback_of(book, root->task.rollback) : NULL;
    if (!record->is_root && root) record->task.rollback = root->task.rollback;
    if (!rollback) return;
    struct book_rollback *told = &rollback->told;
    told->wasted_ns += effect->u.undone.wasted_ns;
    if (record->task.depth_at_admission > told->depth_most)
        told->depth_most = record->task.depth_at_admission;
    if (record->is_root || told->undone_kept >= BOOK_UNDONE_MOST) return;
    rollback->undone[told->undone_kept++] = (struct book_undone){
        .id = record->task.id, .before = effect->u.undone.before, .wasted_ns = effect->u.undone.wasted_ns};
}

void book_rolled_back(struct book *book, const struct record *record)
{
    struct rollback *rollback = record->is_root ? NULL : rollback_of(book, record->task.rollback);
    if (rollback) rollback->told.victims++;
}

void book_rollback_end(struct book *book, struct record *root, const struct effect *effect)
{
    struct rollback *rollback = rollback_of(book, root->task.rollback);
    if (!rollback) return;
    if (effect->u.rollback.size > rollback->told.size) rollback->told.size = effect->u.rollback.size;
    rollback->told.ended_ns = book->now_ns;
}

static void add_slash(struct book *book, const struct record *record, const struct effect *effect)
{
    uint64_t number = ++book->slash_count;
    uint64_t released = effect->u.settled.released_lamports, slashed = effect->u.settled.slashed_lamports;
    book->slashes[number % book->limits.kept_incidents] =
        (struct book_slash){.number = number,
                            .task_id = record->task.id,
                            .agent_id = record->task.agent_id,
                            .rollback = record->task.rollback,
                            .reason = record->task.reason,
                            .bond_lamports = released + slashed,
                            .amount_lamports = slashed,
                            .treasury_lamports = effect->u.settled.treasury_lamports,
                            .returned_lamports = released,
                            .at_ns = book->now_ns,
                            .cooldown_until_ns = ns_after(book->now_ns, book->cooldown_ns)};
}

void book_settled(struct book *book, struct record *record, const struct effect *effect)
{
    uint64_t released = effect->u.settled.released_lamports, slashed = effect->u.settled.slashed_lamports;
    record->task.released_lamports += released;
    record->task.slashed_lamports += slashed;
    if (slashed > 0) add_slash(book, record, effect);
    struct rollback *rollback = rollback_of(book, record->task.rollback);
    if (!rollback || rollback->told.ended_ns != NEVER_NS) return;
    rollback->told.released_lamports += released;
    rollback->told.slashed_lamports += slashed;
    if (rollback->told.undone_kept == 0) return;
    /* A victim's bond is settled right after its turn. */
    struct book_undone *last = &rollback->undone[rollback->told.undone_kept - 1];
    if (last->id != record->task.id) return;
    last->released_lamports = released;
    last->slashed_lamports = slashed;
}

bool book_rollback(const struct book *book, uint32_t index, struct book_rollback *out)
{
    const struct rollback *rollback =
        index < book->rollback_count ? rollback_of(book, book->rollback_count - index) : NULL;
    if (!rollback) return false;
    *out = rollback->told;
    out->undone = rollback->undone;
    return true;
}

bool book_slash(const struct book *book, uint32_t index, struct book_slash *out)
{
    if (index >= book->slash_count || index >= book->limits.kept_incidents) return false;
    if (book->slash_count - index < book->slash_first) return false;
    *out = book->slashes[(book->slash_count - index) % book->limits.kept_incidents];
    return true;
}
