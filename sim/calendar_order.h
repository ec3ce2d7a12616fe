/* sim/calendar_order.h: private to the calendar: the order, a heap and a sort.
 *
 * The heap is 4-ary (children of one parent share two cache lines). It holds
 * what came too late for the sorted run, and everything while the calendar is
 * small. The sort is a bottom-up merge sort over insertion-sorted pieces: no
 * recursion, no worst case, and cheap on entries that are nearly in order. */
#pragma once
#include "sim/calendar.h"
#include "base/units.h"

static inline u128 calendar_rank(const struct calendar_entry *entry)
{
    return (u128)(uint64_t)entry->at_ns << 64 | entry->key;
}

static inline bool calendar_before(const struct calendar_entry *a, const struct calendar_entry *b)
{
    return calendar_rank(a) < calendar_rank(b);
}

void calendar_heap_push(struct calendar_entry *heap, uint64_t count, const struct calendar_entry *entry);
void calendar_heap_pop(struct calendar_entry *heap, uint64_t count); /* drops heap[0] of count > 0 */

/* Sorts entries; scratch has room for count. Returns where the result stands: one of the two. */
struct calendar_entry *calendar_sort(struct calendar_entry *entries, struct calendar_entry *scratch,
                                     uint64_t count);
