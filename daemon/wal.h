/* daemon/wal.h: the write-ahead log as files: segments, written and synced by a thread of their own.
 *
 * One log (engine/journal.h), cut at record boundaries: the segment NNN.log begins with record NNN, so all of
 * them one after the other are the log again. A record that a later segment begins with takes the place of
 * whatever an earlier one holds from there on: after a sync that failed nobody knows what is on the disk, so
 * the writer never goes on behind it but begins another segment at the first record that was not synced.
 *
 * wal_write hands one piece over; it is on the disk when wal_poll says so. Whatever fails, nothing of the
 * piece counts: the same records may be given again.
 * Memory:  ours; a piece is borrowed until it was polled. Threads: the caller's, and one that writes.
 * Errors:  ERR_IO with the path and the reason; ERR_CONFLICT another process has the folder. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wal;

MUST_USE err wal_open(struct wal **out, const char *folder,
                      struct diag *diag); /* makes the folder, locks it */
void wal_close(struct wal *wal);          /* waits for a piece that is under way; NULL is fine */

/* ---- reading, before the first write ---- */

struct wal_bytes {
    unsigned char *bytes; /* free() */
    size_t size;
    uint64_t first_record; /* with which they begin */
    bool is_empty;         /* there is no segment at all */
};
/* The log from the segment that holds this record on; of a segment that the next one overrules, what stands
 * before. */
MUST_USE err wal_read(struct wal *wal, uint64_t record, struct wal_bytes *out, struct diag *diag);
/* Where in them this record begins; their size when it comes later. */
size_t wal_offset_of(const struct wal_bytes *read, uint64_t record);
uint64_t wal_first_record(const struct wal *wal); /* of the oldest segment */

/* ---- writing ---- */

/* Writing goes on with this record. `keep_bytes`: of the bytes that wal_read gave, those that are whole
 * records; what stands behind them is cut off. */
MUST_USE err wal_begin(struct wal *wal, uint64_t record, const struct wal_bytes *read, size_t keep_bytes,
                       struct diag *diag);

struct wal_piece {
    const void *bytes;
    size_t size;
    uint64_t first_record; /* of the piece */
    bool begins_segment;
    /* Faults of a drill: words of an error that the disk is made to answer, NULL for none; a delay. */
    const char *fault;
    int64_t delay_ns;
};
void wal_write(struct wal *wal, const struct wal_piece *piece); /* none may be under way */
int wal_fd(const struct wal *wal);                              /* readable when a piece is done */

struct wal_result {
    err error;
    char why[160];
    int64_t write_ns, sync_ns; /* how long it took */
};
bool wal_poll(struct wal *wal, struct wal_result *out); /* false: still under way, or nothing is */

uint64_t wal_segment_bytes(const struct wal *wal); /* of the present one */
uint64_t wal_bytes(const struct wal *wal);         /* of all */
uint32_t wal_segments(const struct wal *wal);

/* Removes segments of which every record comes before this one, the oldest first, while more than `kept`
 * remain. */
void wal_drop(struct wal *wal, uint64_t record, uint32_t kept);
