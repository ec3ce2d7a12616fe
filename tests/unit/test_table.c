/* tests/unit/test_table.c: a table agrees with a plain array under a hundred thousand random operations. */
#include "base/table.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { CAPACITY = 512, KEYS = 1024, STEPS = 100000 };

static struct arena arena;
static struct table table;

static void set_up(void)
{
    cr_assert(eq(int, arena_open(&arena, table_bytes(CAPACITY)), OK));
    cr_assert(eq(int, table_init(&table, &arena, CAPACITY), OK));
}

static void tear_down(void)
{
    arena_close(&arena);
}

TestSuite(table, .init = set_up, .fini = tear_down, .timeout = 10);

Test(table, bytes_are_exactly_what_init_takes)
{
    cr_assert(eq(sz, arena.used_bytes, table_bytes(CAPACITY)));
    struct table second;
    cr_assert(eq(int, table_init(&second, &arena, 1), ERR_NOMEM));
}

Test(table, zero_is_a_key_like_any_other)
{
    uint32_t value = 7;
    cr_assert(not(table_find(&table, 0, &value)));
    cr_assert(eq(u32, value, 7));
    cr_assert(eq(int, table_insert(&table, 0, 0), OK));
    cr_assert(table_find(&table, 0, &value));
    cr_assert(eq(u32, value, 0));
    cr_assert(table_find(&table, 0, NULL));
    cr_assert(eq(int, table_insert(&table, UINT64_MAX, UINT32_MAX), OK));
    cr_assert(table_find(&table, UINT64_MAX, &value));
    cr_assert(eq(u32, value, UINT32_MAX));
}

Test(table, duplicates_and_overflow_are_refused)
{
    for (uint64_t key = 0; key < CAPACITY; key++) cr_assert(eq(int, table_insert(&table, key, 1), OK));
    cr_assert(eq(int, table_insert(&table, CAPACITY, 1), ERR_LIMIT));
    cr_assert(eq(int, table_insert(&table, 3, 2), ERR_RANGE));
    uint32_t value = 0;
    cr_assert(table_find(&table, 3, &value));
    cr_assert(eq(u32, value, 1), "a refused insert changes nothing");
    cr_assert(table_remove(&table, 3));
    cr_assert(not(table_remove(&table, 3)));
    cr_assert(eq(int, table_insert(&table, CAPACITY, 1), OK));
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* `held[k]` is 0 or the value + 1 of key k. */
static void step(uint32_t *held, uint32_t *count, uint64_t *state)
{
    uint64_t key = next_random(state) % KEYS;
    uint32_t value = (uint32_t)next_random(state) & 0xffff, found = 0;
    if (next_random(state) % 2) {
        err want = held[key] ? ERR_RANGE : *count == CAPACITY ? ERR_LIMIT : OK;
        cr_assert(eq(int, table_insert(&table, key << 40, value), want));
        if (want != OK) return;
        held[key] = value + 1;
        ++*count;
    } else {
        cr_assert(eq(int, table_remove(&table, key << 40), held[key] != 0));
        *count -= held[key] != 0;
        held[key] = 0;
    }
    key = next_random(state) % KEYS;
    cr_assert(eq(int, table_find(&table, key << 40, &found), held[key] != 0));
    if (held[key]) cr_assert(eq(u32, found + 1, held[key]));
}

Test(table, agrees_with_an_array_under_random_use)
{
    static uint32_t held[KEYS];
    uint32_t count = 0;
    uint64_t state = 42;
    for (int i = 0; i < STEPS; i++) step(held, &count, &state);
    cr_assert(eq(u32, table.count, count));
    uint32_t used = 0;
    for (uint32_t i = 0; i < table.slot_count; i++) used += table.slots[i].used;
    cr_assert(eq(u32, used, count), "removal leaves no debris");
    for (uint64_t key = 0; key < KEYS; key++)
        cr_assert(eq(int, table_find(&table, key << 40, NULL), held[key] != 0));
}
