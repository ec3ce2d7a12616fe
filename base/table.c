/* base/table.c: linear probing with backward-shift removal. */
#include "base/table.h"
#include "base/assert.h"

/* splitmix64's finalizer: keys that count upwards must not form one long run. Its upper half, as a fraction
 * of 2^32, says where in the table: no division, and no power of two needed. */
static uint32_t home_of(const struct table *table, uint64_t key)
{
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((key ^ (key >> 31)) >> 32) * table->slot_count >> 32);
}

static uint32_t next_of(const struct table *table, uint32_t at)
{
    return at + 1 == table->slot_count ? 0 : at + 1;
}

/* Slots from one place to another, going forwards. */
static uint32_t distance(const struct table *table, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : to + table->slot_count - from;
}

static uint32_t slots_for(uint32_t capacity)
{
    ASSERT(capacity > 0 && capacity <= TABLE_CAPACITY_MAX);
    return capacity + capacity / 2 + 2;
}

size_t table_bytes(uint32_t capacity)
{
    return arena_array_bytes(slots_for(capacity), sizeof(struct table_slot));
}

err table_init(struct table *out, struct arena *arena, uint32_t capacity)
{
    uint32_t slot_count = slots_for(capacity);
    struct table_slot *slots = arena_array(arena, slot_count, sizeof *slots);
    if (!slots) return ERR_NOMEM;
    *out = (struct table){.slots = slots, .slot_count = slot_count, .capacity = capacity};
    return OK;
}

/* The key's slot, or the free one where it would go. Ends: a third of the slots is always free. */
static uint32_t probe(const struct table *table, uint64_t key)
{
    uint32_t at = home_of(table, key);
    while (table->slots[at].used && table->slots[at].key != key) at = next_of(table, at);
    return at;
}

bool table_find(const struct table *table, uint64_t key, uint32_t *value_out)
{
    const struct table_slot *slot = &table->slots[probe(table, key)];
    if (!slot->used) return false;
    if (value_out) *value_out = slot->value;
    return true;
}

err table_insert(struct table *table, uint64_t key, uint32_t value)
{
    struct table_slot *slot = &table->slots[probe(table, key)];
    if (slot->used) return ERR_RANGE;
    if (table->count == table->capacity) return ERR_LIMIT;
    *slot = (struct table_slot){.key = key, .value = value, .used = 1};
    table->count++;
    return OK;
}

bool table_remove(struct table *table, uint64_t key)
{
    uint32_t hole = probe(table, key);
    if (!table->slots[hole].used) return false;
    for (uint32_t at = next_of(table, hole); table->slots[at].used; at = next_of(table, at)) {
        /* An entry may move back to the hole unless its home lies behind the hole. */
        uint32_t from_home = distance(table, home_of(table, table->slots[at].key), at);
        uint32_t from_hole = distance(table, hole, at);
        if (from_home < from_hole) continue;
        table->slots[hole] = table->slots[at];
        hole = at;
    }
    table->slots[hole] = (struct table_slot){0};
    table->count--;
    return true;
}
