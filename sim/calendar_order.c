/* sim/calendar_order.c: heap and sort over (at_ns, key). */
#include "sim/calendar_order.h"
#include <string.h>

enum { ARITY = 4, PIECE = 16 };

void calendar_heap_push(struct calendar_entry *heap, uint64_t count, const struct calendar_entry *entry)
{
    uint64_t hole = count;
    struct calendar_entry rising = *entry;
    while (hole > 0) {
        uint64_t parent = (hole - 1) / ARITY;
        if (!calendar_before(&rising, &heap[parent])) break;
        heap[hole] = heap[parent];
        hole = parent;
    }
    heap[hole] = rising;
}

static uint64_t least_child(const struct calendar_entry *heap, uint64_t first, uint64_t count)
{
    uint64_t end = first + ARITY < count ? first + ARITY : count;
    uint64_t least = first;
    for (uint64_t child = first + 1; child < end; child++)
        least = calendar_before(&heap[child], &heap[least]) ? child : least;
    return least;
}

void calendar_heap_pop(struct calendar_entry *heap, uint64_t count)
{
    uint64_t left = count - 1, hole = 0;
    struct calendar_entry sinking = heap[left];
    for (uint64_t first = 1; first < left; first = hole * ARITY + 1) {
        uint64_t child = least_child(heap, first, left);
        if (!calendar_before(&heap[child], &sinking)) break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = sinking;
}

static void sort_piece(struct calendar_entry *entries, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        struct calendar_entry moving = entries[i];
        u128 rank = calendar_rank(&moving);
        uint64_t hole = i;
        for (; hole > 0 && rank < calendar_rank(&entries[hole - 1]); hole--)
            entries[hole] = entries[hole - 1];
        entries[hole] = moving;
    }
}

/* Merges [first, middle) and [middle, end) of `from` into the same range of `to`. */
static void merge(const struct calendar_entry *from, struct calendar_entry *to, const uint64_t range[3])
{
    uint64_t left = range[0], middle = range[1], right = middle, end = range[2], out = left;
    if (right == end || !calendar_before(&from[right], &from[middle - 1])) {
        memcpy(to + left, from + left, (end - left) * sizeof *to);
        return;
    }
    while (left < middle && right < end) {
        bool takes_right = calendar_before(&from[right], &from[left]);
        to[out++] = from[takes_right ? right : left];
        right += takes_right;
        left += !takes_right;
    }
    memcpy(to + out, from + left, (middle - left) * sizeof *to);
    memcpy(to + out + (middle - left), from + right, (end - right) * sizeof *to);
}

struct calendar_entry *calendar_sort(struct calendar_entry *entries, struct calendar_entry *scratch,
                                     uint64_t count)
{
    for (uint64_t first = 0; first < count; first += PIECE)
        sort_piece(entries + first, count - first < PIECE ? count - first : PIECE);
    struct calendar_entry *from = entries, *to = scratch;
    for (uint64_t width = PIECE; width < count; width *= 2) {
        for (uint64_t first = 0; first < count; first += 2 * width) {
            uint64_t middle = first + width < count ? first + width : count;
            uint64_t end = middle + width < count ? middle + width : count;
            merge(from, to, (const uint64_t[3]){first, middle, end});
        }
        struct calendar_entry *sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}
