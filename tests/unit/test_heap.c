/* tests/unit/test_heap.c: the top is the smallest (key, handle), whatever was set, moved or removed. */
#include "base/heap.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { HANDLES = 200, STEPS = 50000 };

static struct arena arena;
static struct deadline_heap heap;

static void set_up(void)
{
    cr_assert(eq(int, arena_open(&arena, heap_bytes(HANDLES)), OK));
    cr_assert(eq(int, heap_init(&heap, &arena, HANDLES), OK));
}

static void tear_down(void)
{
    arena_close(&arena);
}

TestSuite(heap, .init = set_up, .fini = tear_down, .timeout = 10);

Test(heap, bytes_are_exactly_what_init_takes)
{
    cr_assert(eq(sz, arena.used_bytes, heap_bytes(HANDLES)));
    struct deadline_heap second;
    cr_assert(eq(int, heap_init(&second, &arena, 1), ERR_NOMEM));
}

Test(heap, empty_has_no_top)
{
    uint32_t handle = 9;
    int64_t key = 9;
    cr_assert(not(heap_top(&heap, &handle, &key)));
    cr_assert(not(heap_remove(&heap, 0)));
    cr_assert(not(heap_find(&heap, 0, &key)));
    cr_assert(eq(u32, handle, 9));
    cr_assert(eq(i64, key, 9));
}

Test(heap, ties_fall_to_the_smaller_handle)
{
    for (uint32_t i = 0; i < HANDLES; i++) heap_set(&heap, (i * 77) % HANDLES, 5);
    for (uint32_t i = 0; i < HANDLES; i++) {
        uint32_t handle;
        int64_t key;
        cr_assert(heap_top(&heap, &handle, &key));
        cr_assert(eq(u32, handle, i));
        cr_assert(heap_remove(&heap, handle));
    }
    cr_assert(eq(u32, heap.count, 0));
}

static void expect_order(void)
{
    for (uint32_t at = 0; at < heap.count; at++) {
        uint32_t handle = heap.heap[at], above = heap.heap[at ? (at - 1) / 2 : 0];
        int64_t key = heap.key_of_handle[handle], key_above = heap.key_of_handle[above];
        cr_assert(eq(u32, heap.position[handle], at + 1));
        cr_assert(key_above < key || (key_above == key && above <= handle));
    }
}

/* The same rule by looking at every handle; HANDLES when none has a deadline. */
static uint32_t slow_top(const bool *is_set, const int64_t *keys)
{
    uint32_t best = HANDLES;
    for (uint32_t i = 0; i < HANDLES; i++)
        if (is_set[i] && (best == HANDLES || keys[i] < keys[best])) best = i;
    return best;
}

Test(heap, agrees_with_a_scan_under_random_use)
{
    static bool is_set[HANDLES];
    static int64_t keys[HANDLES];
    uint64_t state = 7;
    for (int i = 0; i < STEPS; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t handle = (uint32_t)(state >> 33) % HANDLES, top;
        int64_t key = (int64_t)(state >> 40) % 64 - 32, found;
        if (state >> 63) {
            heap_set(&heap, handle, key);
            keys[handle] = key;
        } else {
            cr_assert(eq(int, heap_remove(&heap, handle), is_set[handle]));
        }
        is_set[handle] = state >> 63;
        cr_assert(eq(int, heap_find(&heap, handle, &found), is_set[handle]));
        expect_order();
        uint32_t want = slow_top(is_set, keys);
        cr_assert(eq(int, heap_top(&heap, &top, &found), want < HANDLES));
        if (want == HANDLES) continue;
        cr_assert(eq(u32, top, want));
        cr_assert(eq(i64, found, keys[want]));
    }
}
