/* daemon/book.c: the book itself: opened, freed, asked. */
#include "base/assert.h"
#include "daemon/book_own.h"
#include <stdlib.h>

/* ---- its memory ---- */

static size_t memory_bytes(const struct book_limits *limits, uint32_t capacity)
{
    return arena_array_bytes(capacity, sizeof(struct record)) + 3 * table_bytes(capacity) +
           2 * arena_array_bytes(capacity, sizeof(uint32_t)) +
           arena_array_bytes(limits->tasks, sizeof(uint32_t)) + table_bytes(limits->agents) +
           arena_array_bytes(limits->agents, sizeof(struct agent_name)) +
           arena_array_bytes(limits->kept_incidents, sizeof(struct rollback)) +
           arena_array_bytes(limits->kept_incidents, sizeof(struct book_slash));
}

static err take_arrays(struct book *book)
{
    struct arena *arena = &book->arena;
    const struct book_limits *limits = &book->limits;
    TRY(arena_open(arena, memory_bytes(limits, book->capacity)));
    book->records = arena_array(arena, book->capacity, sizeof *book->records);
    book->of_slot = arena_array(arena, limits->tasks, sizeof *book->of_slot);
    book->agents = arena_array(arena, limits->agents, sizeof *book->agents);
    book->rollbacks = arena_array(arena, limits->kept_incidents, sizeof *book->rollbacks);
    book->slashes = arena_array(arena, limits->kept_incidents, sizeof *book->slashes);
    TRY(table_init(&book->by_id, arena, book->capacity));
    TRY(book_index_init(&book->by_name, arena, book->capacity));
    TRY(book_index_init(&book->by_key, arena, book->capacity));
    return table_init(&book->agent_of_id, arena, limits->agents);
}

err book_open(struct book **out, const struct book_limits *limits)
{
    uint64_t capacity = (uint64_t)limits->tasks + limits->kept_tasks;
    if (limits->tasks == 0 || limits->kept_incidents == 0 || capacity > TABLE_CAPACITY_MAX) return ERR_RANGE;
    struct book *book = calloc(1, sizeof *book);
    if (!book) return ERR_NOMEM;
    *book = (struct book){.limits = *limits,
                          .capacity = (uint32_t)capacity,
                          .cooldown_ns = NEVER_NS,
                          .next_id = 1,
                          .rollback_first = 1,
                          .slash_first = 1,
                          .free = BOOK_NONE,
                          .first = BOOK_NONE,
                          .last = BOOK_NONE,
                          .pruned_first = BOOK_NONE,
                          .pruned_last = BOOK_NONE};
    if (book->limits.agents == 0) book->limits.agents = LIMIT_AGENTS;
    if (take_arrays(book) != OK) {
        book_free(book);
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < limits->tasks; i++) book->of_slot[i] = BOOK_NONE;
    *out = book;
    return OK;
}

void book_free(struct book *book)
{
    if (!book) return;
    for (uint32_t i = 0; i < book->fresh; i++) {
        free(book->records[i].texts);
        free(book->records[i].steps);
    }
    arena_close(&book->arena);
    free(book);
}

/* ---- asking ---- */

static bool tell(const struct record *record, struct book_task *out)
{
    if (!record || record->task.is_reserved) return false;
    *out = record->task;
    out->steps = record->steps;
    return true;
}

bool book_find(const struct book *book, uint64_t id, struct book_task *out)
{
    return tell(book_by_id(book, id), out);
}

bool book_find_name(const struct book *book, const char *name, struct book_task *out)
{
    return tell(book_by_name(book, name), out);
}

const char *book_name(const struct book *book, uint64_t id)
{
    const struct record *record = book_by_id(book, id);
    return record && !record->task.is_reserved ? record->task.name : NULL;
}

/* The record behind the cursor; when that one has gone meanwhile, the list is walked. */
static uint32_t behind(const struct book *book, uint64_t cursor)
{
    const struct record *record = cursor ? book_by_id(book, cursor) : NULL;
    if (record) return record->after;
    uint32_t at = book->first;
    while (at != BOOK_NONE && book->records[at].task.id <= cursor) at = book->records[at].after;
    return at;
}

static uint32_t ahead_of(const struct book *book, uint64_t cursor)
{
    const struct record *record = cursor ? book_by_id(book, cursor) : NULL;
    if (record) return record->before;
    uint32_t at = book->last;
    while (cursor && at != BOOK_NONE && book->records[at].task.id >= cursor) at = book->records[at].before;
    return at;
}

bool book_each(const struct book *book, uint64_t *cursor, struct book_task *out)
{
    uint32_t at = behind(book, *cursor);
    while (at != BOOK_NONE && !tell(&book->records[at], out)) at = book->records[at].after;
    if (at != BOOK_NONE) *cursor = out->id;
    return at != BOOK_NONE;
}

bool book_each_newest(const struct book *book, uint64_t *cursor, struct book_task *out)
{
    uint32_t at = ahead_of(book, *cursor);
    while (at != BOOK_NONE && !tell(&book->records[at], out)) at = book->records[at].before;
    if (at != BOOK_NONE) *cursor = out->id;
    return at != BOOK_NONE;
}

const char *book_agent_name(const struct book *book, uint64_t agent_id)
{
    uint32_t at;
    return table_find(&book->agent_of_id, agent_id, &at) ? book->agents[at].text : NULL;
}

/* Somebody may have taken the name that a number would give. */
uint64_t book_next_id(struct book *book)
{
    char name[BOOK_NAME_BYTES];
    do book_default_name(book->next_id++, name);
    while (book_by_name(book, name));
    return book->next_id - 1;
}
