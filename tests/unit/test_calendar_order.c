/* tests/unit/test_calendar_order.c: the heap and the sort, for every small size and some large ones. */
#include "sim/calendar_order.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

TestSuite(calendar_order, .timeout = 20);

/* Few distinct times, so that keys decide; keys are a permutation. */
static void fill(struct calendar_entry *entries, uint32_t count, uint32_t times)
{
    for (uint32_t i = 0; i < count; i++)
        entries[i] =
            (struct calendar_entry){.at_ns = (i * 7919u + 13) % times, .key = (i * 2654435761u) & 0xffffffff};
}

static void is_sorted(const struct calendar_entry *entries, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) cr_assert(calendar_before(&entries[i - 1], &entries[i]), "%u", i);
}

Test(calendar_order, sorts_every_size)
{
    for (uint32_t count = 0; count < 300; count++) {
        struct calendar_entry entries[300], scratch[300];
        fill(entries, count, 1 + count % 17);
        is_sorted(calendar_sort(entries, scratch, count), count);
    }
}

Test(calendar_order, sorts_many_ties_and_sorted_and_reversed_input)
{
    enum { COUNT = 200000 };
    struct calendar_entry *entries = calloc(COUNT, sizeof *entries),
                          *scratch = calloc(COUNT, sizeof *scratch);
    fill(entries, COUNT, 1);
    struct calendar_entry *sorted = calendar_sort(entries, scratch, COUNT);
    is_sorted(sorted, COUNT);
    sorted = calendar_sort(sorted, sorted == entries ? scratch : entries, COUNT);
    is_sorted(sorted, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) sorted[i] = (struct calendar_entry){.at_ns = COUNT - i};
    is_sorted(calendar_sort(sorted, sorted == entries ? scratch : entries, COUNT), COUNT);
    free(entries);
    free(scratch);
}

Test(calendar_order, heap_gives_back_in_order)
{
    for (uint32_t count = 1; count < 300; count++) {
        struct calendar_entry entries[300], heap[300], popped[300];
        fill(entries, count, 1 + count % 17);
        for (uint32_t i = 0; i < count; i++) calendar_heap_push(heap, i, &entries[i]);
        for (uint32_t i = 0; i < count; i++) {
            popped[i] = heap[0];
            calendar_heap_pop(heap, count - i);
        }
        is_sorted(popped, count);
    }
}
