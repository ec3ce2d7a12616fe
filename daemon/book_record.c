/* daemon/book_record.c: the records of the book: taken, found, forgotten. */
#include "base/assert.h"
#include "base/sha256.h"
#include "daemon/book_own.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- indexes ---- */

err book_index_init(struct book_index *out, struct arena *arena, uint32_t capacity)
{
    out->next = arena_array(arena, capacity, sizeof *out->next);
    return out->next ? table_init(&out->table, arena, capacity) : ERR_NOMEM;
}

/* FNV-1a; equal hashes are chained, so that nothing but speed depends on it. */
uint64_t book_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static void index_add(struct book_index *index, uint64_t hash, uint32_t record)
{
    uint32_t head = BOOK_NONE;
    if (table_find(&index->table, hash, &head)) table_remove(&index->table, hash);
    index->next[record] = head;
    err added = table_insert(&index->table, hash, record);
    ASSERT(added == OK);
}

static void index_remove(struct book_index *index, uint64_t hash, uint32_t record)
{
    uint32_t head = BOOK_NONE, after = index->next[record];
    bool is_there = table_find(&index->table, hash, &head);
    ASSERT(is_there);
    if (head != record) {
        while (index->next[head] != record) head = index->next[head];
        index->next[head] = after;
        return;
    }
    table_remove(&index->table, hash);
    if (after == BOOK_NONE) return;
    err added = table_insert(&index->table, hash, after);
    ASSERT(added == OK);
}

struct record *book_by_id(const struct book *book, uint64_t id)
{
    uint32_t at;
    return table_find(&book->by_id, id, &at) ? &book->records[at] : NULL;
}

struct record *book_by_name(const struct book *book, const char *name)
{
    uint32_t at = BOOK_NONE;
    table_find(&book->by_name.table, book_hash(name), &at);
    while (at != BOOK_NONE && strcmp(book->records[at].task.name, name) != 0) at = book->by_name.next[at];
    return at == BOOK_NONE ? NULL : &book->records[at];
}

struct record *book_by_key(const struct book *book, const char *key)
{
    uint32_t at = BOOK_NONE;
    table_find(&book->by_key.table, book_hash(key), &at);
    while (at != BOOK_NONE && strcmp(book->records[at].task.key, key) != 0) at = book->by_key.next[at];
    return at == BOOK_NONE ? NULL : &book->records[at];
}

/* ---- lists ---- */

static uint32_t place_of(const struct book *book, const struct record *record)
{
    return (uint32_t)(record - book->records);
}

/* Ids count upwards, so that its place is at the end, or near it. */
void book_link(struct book *book, struct record *record)
{
    uint32_t at = place_of(book, record), before = book->last;
    while (!book->is_loading && before != BOOK_NONE && book->records[before].task.id > record->task.id)
        before = book->records[before].before;
    uint32_t after = before == BOOK_NONE ? book->first : book->records[before].after;
    record->before = before;
    record->after = after;
    *(before == BOOK_NONE ? &book->first : &book->records[before].after) = at;
    *(after == BOOK_NONE ? &book->last : &book->records[after].before) = at;
}

static void unlink_record(struct book *book, const struct record *record)
{
    uint32_t before = record->before, after = record->after;
    *(before == BOOK_NONE ? &book->first : &book->records[before].after) = after;
    *(after == BOOK_NONE ? &book->last : &book->records[after].before) = before;
}

void book_append_pruned(struct book *book, struct record *record)
{
    uint32_t at = place_of(book, record), before = book->pruned_last;
    record->pruned_before = before;
    record->pruned_after = BOOK_NONE;
    *(before == BOOK_NONE ? &book->pruned_first : &book->records[before].pruned_after) = at;
    book->pruned_last = at;
    book->pruned++;
}

static void remove_pruned(struct book *book, const struct record *record)
{
    uint32_t before = record->pruned_before, after = record->pruned_after;
    *(before == BOOK_NONE ? &book->pruned_first : &book->records[before].pruned_after) = after;
    *(after == BOOK_NONE ? &book->pruned_last : &book->records[after].pruned_before) = before;
    book->pruned--;
}

/* ---- a record's life ---- */

void book_default_name(uint64_t id, char out[BOOK_NAME_BYTES])
{
    snprintf(out, BOOK_NAME_BYTES, "task-%016llx", (unsigned long long)id);
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *keep_text(char **at, const char *text)
{
    if (!text) return NULL;
    size_t bytes = strlen(text) + 1;
    char *kept = memcpy(*at, text, bytes);
    *at += bytes;
    return kept;
}

/* Parents first: they are numbers, and the block is aligned. */
static err keep_texts(struct record *record, const struct book_submission *submission, const char *name)
{
    const char *texts[] = {name,
                           submission->agent ? submission->agent : "",
                           submission->type ? submission->type : "",
                           submission->payload ? submission->payload : "null",
                           submission->labels,
                           submission->trace_id,
                           submission->key};
    size_t parents = submission->parent_count, bytes = parents * (sizeof(uint64_t) + 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) bytes += text_bytes(texts[i]);
    unsigned char *block = malloc(bytes);
    if (!block) return ERR_NOMEM;
    struct book_task *task = &record->task;
    record->texts = block;
    task->parents = memcpy(block, submission->parents, parents * sizeof(uint64_t));
    task->edge_kinds = memcpy(block + parents * sizeof(uint64_t), submission->edge_kinds, parents);
    char *at = (char *)block + parents * (sizeof(uint64_t) + 1);
    const char **kept[] = {&task->name,   &task->agent,    &task->type, &task->payload,
                           &task->labels, &task->trace_id, &task->key};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *kept[i] = keep_text(&at, texts[i]);
    return OK;
}

static void describe(struct record *record, const struct book_submission *submission)
{
    *record = (struct record){.slot = BOOK_NONE};
    struct book_task *task = &record->task;
    task->id = submission->id;
    task->retry_of = submission->retry_of;
    task->fails = submission->fails;
    task->compute_ns = submission->compute_ns;
    task->priority = submission->priority;
    task->parent_count = submission->parent_count;
    task->is_reserved = true;
    task->reason = REASON_COUNT;
    for (int i = 0; i < BOOK_MOMENTS; i++) task->at_ns[i] = NEVER_NS;
    memcpy(record->digest, submission->digest, sizeof record->digest);
}

static struct record *take(struct book *book)
{
    if (book->free == BOOK_NONE) return &book->records[book->fresh++];
    struct record *record = &book->records[book->free];
    book->free = record->after;
    return record;
}

static void give_back(struct book *book, struct record *record)
{
    *record = (struct record){.after = book->free};
    book->free = place_of(book, record);
}

err book_enter(struct book *book, const struct book_submission *submission, struct record **out)
{
    if (book->live >= book->limits.tasks) return ERR_LIMIT;
    char name[BOOK_NAME_BYTES];
    bool is_named = submission->name && submission->name[0];
    if (!is_named) book_default_name(submission->id, name);
    struct record *record = take(book);
    describe(record, submission);
    if (keep_texts(record, submission, is_named ? submission->name : name) != OK) {
        give_back(book, record);
        return ERR_NOMEM;
    }
    record->task.agent_id = book_agent_id(record->task.agent);
    err added = table_insert(&book->by_id, submission->id, place_of(book, record));
    ASSERT(added == OK);
    index_add(&book->by_name, book_hash(record->task.name), place_of(book, record));
    if (record->task.key) index_add(&book->by_key, book_hash(record->task.key), place_of(book, record));
    book_link(book, record);
    book->live++;
    *out = record;
    return OK;
}

/* Its reference is stale from now on. */
static void lose_slot(struct book *book, struct record *record)
{
    if (record->slot == BOOK_NONE) return;
    if (book->of_slot[record->slot] == place_of(book, record)) book->of_slot[record->slot] = BOOK_NONE;
    record->slot = BOOK_NONE;
}

void book_forget(struct book *book, struct record *record)
{
    uint32_t at = place_of(book, record);
    table_remove(&book->by_id, record->task.id);
    index_remove(&book->by_name, book_hash(record->task.name), at);
    if (record->task.key) index_remove(&book->by_key, book_hash(record->task.key), at);
    lose_slot(book, record);
    unlink_record(book, record);
    if (record->task.is_pruned)
        remove_pruned(book, record);
    else
        book->live--;
    free(record->texts);
    free(record->steps);
    give_back(book, record);
}

void book_pruned(struct book *book, struct record *record)
{
    if (record->task.is_pruned) return;
    record->task.is_pruned = true;
    lose_slot(book, record);
    book->live--;
    book_append_pruned(book, record);
    if (book->pruned > book->limits.kept_tasks) book_forget(book, &book->records[book->pruned_first]);
}

/* ---- agents ---- */

uint64_t book_agent_id(const char *agent)
{
    unsigned char digest[SHA256_BYTES];
    sha256_of(agent, strlen(agent), digest);
    uint64_t id = 0;
    for (int i = 0; i < 8; i++) id = id << 8 | digest[i];
    return id ? id : 1;
}

void book_enter_agent(struct book *book, uint64_t id, const char *name)
{
    if (book->agent_count >= book->limits.agents || !name[0]) return;
    if (table_insert(&book->agent_of_id, id, book->agent_count) != OK) return; /* known */
    struct agent_name *agent = &book->agents[book->agent_count++];
    agent->id = id;
    snprintf(agent->text, sizeof agent->text, "%s", name);
}
