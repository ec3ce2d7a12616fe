/* sim/disk.h: a modelled file that grows at its end, with a cache that a power failure takes away.
 *
 * What disk_sync has answered OK for is on the disk. A write that fails in its
 * middle is taken back. After a failed sync nobody knows what is there: the
 * file takes nothing more until it is opened again (as base/append.h).
 * Faults: every operation is an occasion.
 * Memory: ours, disk_close. Errors: ERR_IO; ERR_CONFLICT after a failed sync; ERR_NOMEM. */
#pragma once
#include "chaos/faults.h"

struct disk {
    struct faults *faults; /* NULL: none */
    unsigned char *bytes;
    size_t size, synced, capacity;
    int64_t met_ns;      /* of the last operation */
    uint32_t operations; /* at that moment */
    bool is_broken;
};

void disk_close(struct disk *disk); /* fine on a zeroed one */
MUST_USE err disk_append(struct disk *disk, int64_t now_ns, const void *bytes, size_t count);
/* *delay_ns: how long it took; also when it failed. */
MUST_USE err disk_sync(struct disk *disk, int64_t now_ns, int64_t *delay_ns);
/* The machine loses its memory: of what was not synced, so much is left as the faults say; all, without. */
void disk_crash(struct disk *disk, int64_t now_ns);
/* Opens it again and reads it whole: bytes[0 .. size). ERR_IO: not now. *was_flipped: a bit has turned over.
 */
MUST_USE err disk_open_again(struct disk *disk, int64_t now_ns, bool *was_flipped);
void disk_cut(struct disk *disk, size_t size); /* forgets what is behind it */
