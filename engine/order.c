/* engine/order.c: sorts slots by submission, by their turn in a rollback, or by the age of their proofs.
 *
 * Keys of at most 32 bits are sorted by counting, eleven bits a pass, their
 * slots with them, so that a cascade of a million costs a hundred times what
 * one of ten thousand does. Keys are unique: a submission number belongs to
 * one task. Where a key needs more bits (numbers that lie 2^32 apart, or times
 * of proofs) a heap sort does the same more slowly. */
#include "engine/state.h"
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, FEW = 48, KEY_BITS_MOST = 32 };

static bool is_before(const struct task *a, const struct task *b, enum slot_order order)
{
    if (order == ORDER_SUBMISSION) return a->seq < b->seq;
    if (order == ORDER_PROOF_READY) {
        int64_t a_ns = proof_ready_ns(a), b_ns = proof_ready_ns(b);
        return a_ns != b_ns ? a_ns < b_ns : a->seq < b->seq;
    }
    if (a->depth_now != b->depth_now) return a->depth_now > b->depth_now;
    return a->seq > b->seq;
}

static void sift_down(const struct engine *engine, uint32_t *slots, uint32_t at, uint32_t count,
                      enum slot_order order)
{
    const struct task *tasks = engine->tasks;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) return;
        if (child + 1 < count && is_before(&tasks[slots[child]], &tasks[slots[child + 1]], order)) child++;
        if (!is_before(&tasks[slots[at]], &tasks[slots[child]], order)) return;
        uint32_t swapped = slots[at];
        slots[at] = slots[child];
        slots[child] = swapped;
        at = child;
    }
}

static void heap_sort(const struct engine *engine, uint32_t *slots, uint32_t count, enum slot_order order)
{
    for (uint32_t at = count / 2; at-- > 0;) sift_down(engine, slots, at, count, order);
    for (uint32_t end = count; end-- > 1;) {
        uint32_t largest = slots[0];
        slots[0] = slots[end];
        slots[end] = largest;
        sift_down(engine, slots, 0, end, order);
    }
}

static uint32_t bits_of(uint64_t value)
{
    return 64 - (uint32_t)__builtin_clzll(value | 1);
}

/* The keys of these slots; returns the bits of the largest, 0 when one is too long. */
static uint32_t make_keys(struct engine *engine, const uint32_t *slots, uint32_t count, enum slot_order order)
{
    uint64_t least = UINT64_MAX, most = 0;
    uint32_t depth = 0;
    if (order == ORDER_PROOF_READY) return 0; /* nanoseconds */
    for (uint32_t i = 0; i < count; i++) {
        const struct task *task = &engine->tasks[slots[i]];
        if (task->seq < least) least = task->seq;
        if (task->seq > most) most = task->seq;
        if (task->depth_now > depth) depth = task->depth_now;
    }
    uint32_t seq_bits = bits_of(most - least), bits = seq_bits;
    if (order == ORDER_UNDOING) bits += bits_of(depth);
    if (bits > KEY_BITS_MOST) return 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct task *task = &engine->tasks[slots[i]];
        uint64_t key = order == ORDER_SUBMISSION
                           ? task->seq - least
                           : (uint64_t)(depth - task->depth_now) << seq_bits | (most - task->seq);
        engine->sort_keys[i] = (uint32_t)key;
    }
    return bits;
}

static void insertion_sort(uint32_t *keys, uint32_t *slots, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        uint32_t key = keys[i], slot = slots[i], at = i;
        for (; at > 0 && keys[at - 1] > key; at--) {
            keys[at] = keys[at - 1];
            slots[at] = slots[at - 1];
        }
        keys[at] = key;
        slots[at] = slot;
    }
}

struct columns {
    uint32_t *keys, *slots;
};

/* One pass by the digit that begins at `shift`. */
static void count_digit(struct columns from, struct columns to, uint32_t count, uint32_t shift)
{
    uint32_t starts[DIGITS];
    memset(starts, 0, sizeof starts);
    for (uint32_t i = 0; i < count; i++) starts[from.keys[i] >> shift & (DIGITS - 1)]++;
    for (uint32_t digit = 0, sum = 0; digit < DIGITS; digit++) {
        uint32_t held = starts[digit];
        starts[digit] = sum;
        sum += held;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = starts[from.keys[i] >> shift & (DIGITS - 1)]++;
        to.keys[at] = from.keys[i];
        to.slots[at] = from.slots[i];
    }
}

void slots_sort(struct engine *engine, uint32_t *slots, uint32_t count, enum slot_order order)
{
    if (count < 2) return;
    uint32_t bits = make_keys(engine, slots, count, order);
    if (bits == 0) {
        heap_sort(engine, slots, count, order);
        return;
    }
    if (count <= FEW) {
        insertion_sort(engine->sort_keys, slots, count);
        return;
    }
    struct columns from = {engine->sort_keys, slots};
    struct columns to = {engine->sort_keys + engine->limits.tasks, engine->sort_spare};
    for (uint32_t done = 0; done < bits; done += DIGIT_BITS) {
        count_digit(from, to, count, done);
        struct columns swapped = from;
        from = to;
        to = swapped;
    }
    if (from.slots != slots) memcpy(slots, from.slots, count * sizeof *slots);
}
