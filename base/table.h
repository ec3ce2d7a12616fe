/* base/table.h: u64 -> u32, in place, at constant cost.
 *
 * Open addressing with linear probing in an arena of the caller's; two slots in
 * three are used when it is full, whatever its capacity. Removal shifts the
 * rest of the run back, so a table that has seen a billion keys is as fast as
 * a new one. Any key and any value may be stored, 0 too.
 *
 * Nothing depends on addresses or on time, and the table cannot be iterated:
 * the order of slots must never reach a result.
 * Errors:  ERR_NOMEM arena too small; ERR_LIMIT full; ERR_RANGE key there already.
 * Threads: none. Source: Knuth, TAOCP 3, 6.4, algorithms L and R. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { TABLE_CAPACITY_MAX = 1 << 28 };

struct table_slot {
    uint64_t key;
    uint32_t value;
    uint32_t used; /* 0 or 1; a whole word, so that no byte of a slot is padding */
};

struct table {
    struct table_slot *slots; /* the arena's */
    uint32_t slot_count, count, capacity;
};

/* What table_init takes from an arena; capacity 1 .. TABLE_CAPACITY_MAX. */
size_t table_bytes(uint32_t capacity);
MUST_USE err table_init(struct table *out, struct arena *arena, uint32_t capacity);
bool table_find(const struct table *table, uint64_t key, uint32_t *value_out); /* value_out may be NULL */
MUST_USE err table_insert(struct table *table, uint64_t key, uint32_t value);
bool table_remove(struct table *table, uint64_t key); /* false: was not there */
