/* engine/journal.h: the event log, as bytes in memory. Files are the caller's (base/append.h).
 *
 * A log is a header, then one event after the other, and a seal wherever it was
 * closed in good order; between them notes of the driver's. The header holds what engine_init was given, so
 * that a log is all that a state can be rebuilt from. Log an event before it is stepped, whatever the engine
 * answers: refusals are counted, too.
 *
 * A record, little-endian:
 *
 *   length    u32  of the payload n, as n | ~n << 16: checks itself
 *   checksum  u32  CRC-32C over the checksum of the record before (0 at first), length, sequence, payload
 *   sequence  u64  0, 1, 2 ...
 *   payload        kind of record, then what it holds
 *
 * So a byte that changed is seen, and a record that was removed, repeated,
 * moved or taken from another log: it follows the wrong checksum. What a crash
 * leaves is told apart: bytes that stop inside a record, or zeros to the end,
 * are a torn tail, and everything before it is good. A log cut off between two
 * records reads as one that was not sealed.
 *
 * Memory:  the caller's; nothing is allocated.
 * Errors:  as in engine/codec.h; after an error a reader stays where it is.
 * Threads: none. Source: docs/decisions/013-recovery.md. */
#pragma once
#include "engine/codec.h"

enum {
    JOURNAL_VERSION = 1,
    JOURNAL_FRAME_BYTES = 16,
    JOURNAL_RECORD_BYTES_MOST = JOURNAL_FRAME_BYTES + 64 + CODEC_EVENT_BYTES_MOST,
    JOURNAL_NOTE_BYTES_MOST = 60000,
};

enum journal_kind { JOURNAL_HEADER = 1, JOURNAL_EVENT, JOURNAL_SEAL, JOURNAL_NOTE };

/* Where the chain of records stands. Zeroed at the start of a log; a reader's goes on as a writer's. */
struct journal_chain {
    uint64_t sequence; /* of the next record */
    uint32_t checksum; /* of the last one */
};

MUST_USE err journal_write_header(struct journal_chain *chain, struct codec_out *out,
                                  const struct engine_limits *limits, const struct settings *settings);
MUST_USE err journal_write_event(struct journal_chain *chain, struct codec_out *out,
                                 const struct event *event);
MUST_USE err journal_write_seal(struct journal_chain *chain, struct codec_out *out);
/* Bytes of the driver's own, which the engine never sees: they stand before the event that they belong to.
 * ERR_RANGE more than JOURNAL_NOTE_BYTES_MOST. */
MUST_USE err journal_write_note(struct journal_chain *chain, struct codec_out *out, const void *bytes,
                                size_t size_bytes);

#define JOURNAL_FAULTS(X)                                                                                    \
    X(JOURNAL_GOOD, "good")                                                                                  \
    X(JOURNAL_BAD_LENGTH, "the length is damaged")                                                           \
    X(JOURNAL_BAD_SEQUENCE, "another record was expected here")                                              \
    X(JOURNAL_BAD_CHECKSUM, "the checksum does not fit")                                                     \
    X(JOURNAL_BAD_RECORD, "what it holds has no meaning")                                                    \
    X(JOURNAL_BAD_VERSION, "another version wrote it")                                                       \
    X(JOURNAL_NO_HEADER, "it is not an event log")
#define NAME_(name, text) name,
enum journal_fault { JOURNAL_FAULTS(NAME_) JOURNAL_FAULT_COUNT };
#undef NAME_
const char *journal_fault_text(enum journal_fault fault);

/* The first thing that is wrong, and where. */
struct journal_diag {
    enum journal_fault fault;
    size_t offset;            /* of the record, in bytes */
    uint64_t record;          /* its number, from 0 */
    struct codec_fault field; /* JOURNAL_BAD_RECORD: which part; NULLs otherwise */
};

struct journal_reader {
    struct codec_in in; /* used: everything before it is good */
    struct journal_chain chain;
    struct engine_limits limits;
    struct settings initial; /* of engine_init */
    struct settings latest;  /* where the last EVENT_SETTINGS put its own */
    uint64_t events;
    bool is_sealed; /* the last record was a seal */
    /* Who hears notes, set by the caller once it is open; NULL: they are passed over. */
    void (*note)(void *context, const void *bytes, size_t size_bytes);
    void *note_context;
#ifdef AGENC_MUTANTS
    unsigned char guess[JOURNAL_RECORD_BYTES_MOST];
#endif
};

/* Reads the header. ERR_SYNTAX: no log, or its first record is damaged or torn. */
MUST_USE err journal_open(struct journal_reader *out, const void *bytes, size_t size,
                          struct journal_diag *diag);

/* Goes on in the middle: bytes that begin with the record behind this place of the chain, as a snapshot of
 * the state names it. */
struct journal_reader journal_continue(const void *bytes, size_t size, const struct journal_chain *chain,
                                       const struct engine_limits *limits);

enum journal_item { JOURNAL_ITEM_EVENT, JOURNAL_ITEM_END, JOURNAL_ITEM_TORN };
/* The next event. At the end: JOURNAL_ITEM_END, or TORN when an incomplete record follows; in.used says
 * where it begins. ERR_SYNTAX with the diag filled in: damage. */
MUST_USE err journal_next(struct journal_reader *reader, enum journal_item *item, struct event *event,
                          struct journal_diag *diag);
