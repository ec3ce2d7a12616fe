/* daemon/book.h: what people call things: the names, payloads and histories behind the engine's numbers.
 *
 * The engine knows a task by a number and forgets it once it is over. The book keeps what a person
 * asks for: the id that the client chose, its agent's name, type, payload, when what happened, the
 * last rollbacks and slashes. It is a listener: everything in it follows from the notes, events and
 * effects of the log, in their order, so a replay writes the same book (but for what an image cut
 * short). It decides nothing.
 *
 * A submission is entered twice: reserved when its request is accepted (so that a second one with the
 * same name or idempotency key is seen), and for good when its note is heard with its event.
 * Memory:  ours. Live tasks are always held; of those that the engine pruned the last `kept_tasks`, of
 *          rollbacks and slashes the last `kept_incidents`. Texts are copied.
 * Errors:  ERR_NOMEM; ERR_LIMIT when `tasks` live ones are held, or an image needs more room; ERR_CONFLICT
 *          a note of an id or a name that is there; ERR_SYNTAX a note or image that is none; ERR_RANGE
 *          limits that make no book.
 * Threads: none. Times are the engine's, ns; NEVER_NS: not yet. */
#pragma once
#include "engine/codec.h"
#include <stdio.h>

enum {
    BOOK_NAME_BYTES = 129,  /* of a task: 8 to 128 characters, with the closing zero */
    BOOK_AGENT_BYTES = 65,  /* 1 to 64 */
    BOOK_TYPE_BYTES = 33,   /* 1 to 32 */
    BOOK_KEY_BYTES = 129,   /* of an idempotency key */
    BOOK_DIGEST_BYTES = 32, /* SHA-256 of a request's body */
    BOOK_NOTE_BYTES_MOST = 60000,
    BOOK_TIMELINE_MOST = 48, /* steps kept of one task: the first ones, and the last */
};

struct book;

struct book_limits {
    uint32_t tasks, kept_tasks, kept_incidents;
    uint32_t agents; /* whose names are kept; 0: LIMIT_AGENTS */
};
MUST_USE err book_open(struct book **out, const struct book_limits *limits);
void book_free(struct book *book); /* NULL is fine */

/* ---- submissions ---- */

/* Texts are borrowed for the call. */
struct book_submission {
    uint64_t id;      /* of the engine's task: book_next_id */
    const char *name; /* "" or NULL: "task-" and 16 hex digits of the id */
    const char *agent, *type;
    const char *payload;                     /* JSON, one line; NULL: null */
    const char *labels;                      /* a JSON object, one line; NULL: none */
    const char *trace_id;                    /* NULL: none */
    const char *key;                         /* idempotency key; NULL: none */
    unsigned char digest[BOOK_DIGEST_BYTES]; /* of the request, to tell the same from another */
    bool fails;                              /* payload {"fail": true}: its proof will be found wrong */
    int64_t compute_ns;                      /* how long it executes; 0: the service's own cost */
    int64_t priority;
    uint64_t retry_of; /* 0: none */
    uint32_t parent_count;
    uint64_t parents[LIMIT_PARENTS];
    uint8_t edge_kinds[LIMIT_PARENTS];
};

uint64_t book_next_id(struct book *book);  /* another one each time, from 1; never one that was in the log */
uint64_t book_agent_id(const char *agent); /* first 8 bytes of SHA-256, 0 becomes 1 */

enum book_reservation {
    BOOK_RESERVED,
    BOOK_SAME,       /* same idempotency key, same digest: *same_out is the task that it made */
    BOOK_UNDER_WAY,  /* as BOOK_SAME, but that one is not on the disk yet: ask again */
    BOOK_OTHER_BODY, /* same idempotency key, another digest */
    BOOK_NAME_TAKEN, /* *same_out: by this task */
    BOOK_FULL,
};
enum book_reservation book_reserve(struct book *book, const struct book_submission *submission,
                                   uint64_t *same_out);
void book_unreserve(struct book *book, uint64_t id); /* it came to nothing */

/* The note that goes to the log before the submission's event. ERR_LIMIT: too long. */
MUST_USE err book_note_write(struct codec_out *out, const struct book_submission *submission);

/* ---- listening, in the order of the log ---- */

MUST_USE err book_note(struct book *book, const void *bytes, size_t size_bytes);
/* What the engine was opened with; later ones come as events. Unheard, no cooldown of a slash is known, and
 * proofs are groth16. */
void book_settings(struct book *book, const struct settings *settings);
void book_event(struct book *book, const struct event *event); /* before it is stepped */
void book_effect(struct book *book, const struct effect *effect);
void book_answer(struct book *book, const struct event *event, err answer);

/* ---- asking ---- */

enum book_moment {
    BOOK_SUBMITTED,
    BOOK_ADMITTED,
    BOOK_EXECUTED,
    BOOK_PROOF_QUEUED,
    BOOK_PROVING,
    BOOK_PROOF_READY,
    BOOK_SENT, /* the proof's transaction */
    BOOK_CONFIRMED,
    BOOK_FINALIZED,
    BOOK_ENDED, /* failed, rolled back, cancelled, expired */
    BOOK_MOMENTS
};

struct book_step { /* of a timeline */
    int64_t at_ns;
    uint8_t kind; /* enum effect_kind or, from EFFECT_KIND_COUNT on, EFFECT_KIND_COUNT + enum event_kind */
    uint8_t from, to; /* NOTE_STATUS: enum task_status; NOTE_WAIT: enum wait_reason; NOTE_BREAKER … else 0 */
    uint8_t reason;   /* enum rollback_reason, where there is one */
    uint64_t amount;  /* lamports settled, depth admitted, slot confirmed …; else 0 */
};

struct book_task {
    uint64_t id, retry_of, rollback; /* rollback: its number in the book, 0: none */
    const char *name, *agent, *type, *payload, *labels, *trace_id, *key;
    uint64_t agent_id;
    bool fails, is_reserved, is_pruned; /* pruned: the engine does not know it any more */
    bool was_speculative;
    enum task_status status;
    enum wait_reason waiting_for;
    enum rollback_reason reason; /* of its end, when it did not confirm; REASON_COUNT: none */
    int64_t compute_ns, priority;
    uint32_t parent_count, depth_at_admission, proof_attempts, worker;
    const uint64_t *parents;
    const uint8_t *edge_kinds;
    uint64_t bond_lamports, released_lamports, slashed_lamports, snapshot_bytes, slot;
    uint64_t output_digest;         /* of what it computed; 0: not executed */
    enum proof_generator generator; /* of its last proof, as it was configured then */
    int64_t at_ns[BOOK_MOMENTS];
    const struct book_step *steps;
    uint32_t step_count, steps_lost; /* lost: between the first ones and the last */
};

/* False: no such task. Borrowed until the next call that listens. Reserved ones are not found. */
bool book_find(const struct book *book, uint64_t id, struct book_task *out);
bool book_find_name(const struct book *book, const char *name, struct book_task *out);
const char *book_name(const struct book *book, uint64_t id); /* NULL: unknown */

/* Each task that is held, in order of id or the newest first: start with *cursor 0; false after the last. */
bool book_each(const struct book *book, uint64_t *cursor, struct book_task *out);
bool book_each_newest(const struct book *book, uint64_t *cursor, struct book_task *out);

const char *book_agent_name(const struct book *book, uint64_t agent_id); /* NULL: unknown */

struct book_undone {
    uint64_t id;
    enum task_status before;
    int64_t wasted_ns;
    uint64_t released_lamports, slashed_lamports;
};

struct book_rollback {
    uint64_t number; /* from 1, in order of their beginning */
    uint64_t root_id, agent_id;
    enum rollback_reason reason;
    uint32_t size;              /* tasks undone, roots excluded */
    uint32_t victims;           /* of these: rolled back; the others had not begun and were cancelled */
    bool is_root_speculative;   /* the root counts as rolled back as well (semantics.md 30) */
    int64_t began_ns, ended_ns; /* ended NEVER_NS: runs */
    uint64_t released_lamports, slashed_lamports;
    int64_t wasted_ns;
    const struct book_undone *undone; /* the first BOOK_UNDONE_MOST of them */
    uint32_t undone_kept, depth_most;
};
enum { BOOK_UNDONE_MOST = 64 };

struct book_slash {
    uint64_t number, task_id, agent_id, rollback;
    enum rollback_reason reason;
    uint64_t bond_lamports, amount_lamports, treasury_lamports, returned_lamports;
    int64_t at_ns, cooldown_until_ns;
};

/* The newest first: index 0 is the last one; false beyond the oldest that is kept. */
bool book_rollback(const struct book *book, uint32_t index, struct book_rollback *out);
bool book_slash(const struct book *book, uint32_t index, struct book_slash *out);

/* ---- images, for snapshots ---- */

MUST_USE err book_save(const struct book *book, FILE *out); /* errors stay in the stream as well */
MUST_USE err book_load(struct book *book, FILE *in);        /* into one that was just opened */
