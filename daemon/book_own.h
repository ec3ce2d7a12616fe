/* daemon/book_own.h: the book's own structures, shared by daemon/book*.c and nobody else.
 *
 * A record a task, in one array that never moves; who looks one up by id, by
 * name or by idempotency key goes through a hash index. Records stand in a list
 * in order of id, the pruned ones in a second one in the order of their
 * pruning: the first of that is forgotten when there are too many.
 * Texts and steps of a record are one allocation each, made with a submission
 * and at its sixteenth step; an event costs none otherwise. */
#pragma once
#include "base/table.h"
#include "daemon/book.h"

enum { BOOK_NONE = UINT32_MAX, BOOK_STEPS_AT_FIRST = 16, BOOK_STEPS_HEAD = BOOK_TIMELINE_MOST / 2 };

struct record {
    struct book_task task; /* steps and texts: ours */
    unsigned char *texts;  /* what name, payload ... and the parents point into */
    struct book_step *steps;
    uint32_t step_capacity;
    uint32_t before, after;               /* in order of id; after: also the list of free ones */
    uint32_t pruned_before, pruned_after; /* in order of pruning */
    uint32_t generation, slot;            /* the engine's reference */
    bool is_root;                         /* of the rollback that it names */
    unsigned char digest[BOOK_DIGEST_BYTES];
};

/* Several records may have the same hash: they are chained. */
struct book_index {
    struct table table;
    uint32_t *next;
};

struct rollback {
    struct book_rollback told; /* undone: ours, below */
    struct book_undone undone[BOOK_UNDONE_MOST];
};

struct agent_name {
    uint64_t id;
    char text[BOOK_AGENT_BYTES];
};

struct book {
    struct book_limits limits;
    struct arena arena; /* of the tables and arrays below */
    uint64_t next_id, last_noted;
    int64_t now_ns, cooldown_ns;
    enum proof_generator generator;
    struct event event; /* the one that is stepped */
    struct record *records;
    bool is_loading;                              /* an image: whatever comes is linked at the end */
    uint32_t capacity, fresh, free, live, pruned; /* live: reserved ones included */
    uint32_t first, last;                         /* in order of id */
    uint32_t pruned_first, pruned_last;
    struct table by_id;
    struct book_index by_name, by_key;
    uint32_t *of_slot; /* the record of an engine's slot */
    struct table agent_of_id;
    struct agent_name *agents;
    uint32_t agent_count;
    struct rollback *rollbacks; /* rings: number n stands at n % kept_incidents */
    struct book_slash *slashes;
    uint64_t rollback_count, slash_count; /* ever */
    uint64_t rollback_first, slash_first; /* nothing before these is known: an image held no more */
};

/* ---- daemon/book_record.c ---- */

MUST_USE err book_index_init(struct book_index *out, struct arena *arena, uint32_t capacity);
uint64_t book_hash(const char *text);
struct record *book_by_id(const struct book *book, uint64_t id); /* NULL: unknown */
struct record *book_by_name(const struct book *book, const char *name);
struct record *book_by_key(const struct book *book, const char *key);

/* The record of a submission, texts copied, entered everywhere. ERR_LIMIT, ERR_NOMEM. */
MUST_USE err book_enter(struct book *book, const struct book_submission *submission, struct record **out);
void book_forget(struct book *book, struct record *record);
void book_pruned(struct book *book, struct record *record); /* the engine forgot it: the oldest such goes */
void book_link(struct book *book, struct record *record);   /* into the list in order of id */
void book_append_pruned(struct book *book, struct record *record);
void book_default_name(uint64_t id, char out[BOOK_NAME_BYTES]);
void book_enter_agent(struct book *book, uint64_t id, const char *name);

/* ---- daemon/book_incident.c ---- */

void book_rollback_begin(struct book *book, struct record *root, const struct effect *effect);
void book_rollback_undone(struct book *book, struct record *record, const struct effect *effect);
void book_rolled_back(struct book *book, const struct record *record);
void book_rollback_end(struct book *book, struct record *root, const struct effect *effect);
void book_settled(struct book *book, struct record *record, const struct effect *effect);
