/* sim/disk.c: see the header. */
#include "sim/disk.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 1 << 16 };

void disk_close(struct disk *disk)
{
    free(disk->bytes);
    *disk = (struct disk){0};
}

static struct occasion_disk meet(struct disk *disk, int64_t now_ns, enum disk_op op, size_t bytes)
{
    /* Named by its time, so that what else is written before it does not matter. */
    if (now_ns != disk->met_ns) disk->operations = 0;
    disk->met_ns = now_ns;
    uint64_t microseconds = (uint64_t)now_ns / 1000;
    struct occasion occasion = {
        .kind = OCCASION_DISK, .entity = microseconds << 2 | op, .ordinal = disk->operations++};
    occasion.u.disk = (struct occasion_disk){.op = op,
                                             .size_bytes = disk->size,
                                             .unsynced_bytes = disk->size - disk->synced,
                                             .bytes = bytes,
                                             .flipped_bit = DISK_NO_BIT,
                                             .surviving_bytes = disk->size - disk->synced};
    faults_meet(disk->faults, now_ns, &occasion);
    return occasion.u.disk;
}

static err reserve(struct disk *disk, size_t more)
{
    if (disk->size + more <= disk->capacity) return OK;
    size_t capacity = disk->capacity ? disk->capacity : FIRST_BYTES;
    while (capacity < disk->size + more) capacity *= 2;
    unsigned char *bytes = realloc(disk->bytes, capacity);
    if (!bytes) return ERR_NOMEM;
    disk->bytes = bytes;
    disk->capacity = capacity;
    return OK;
}

/* An interrupted call has done nothing and is made again; the bound is the caller's patience. */
static struct occasion_disk meet_uninterrupted(struct disk *disk, int64_t now_ns, enum disk_op op,
                                               size_t bytes)
{
    enum { TRIES = 8 };
    struct occasion_disk turn = meet(disk, now_ns, op, bytes);
    for (int i = 1; i < TRIES && turn.error == DISK_INTERRUPTED; i++) turn = meet(disk, now_ns, op, bytes);
    return turn;
}

err disk_append(struct disk *disk, int64_t now_ns, const void *bytes, size_t count)
{
    if (disk->is_broken) return ERR_CONFLICT;
    struct occasion_disk turn = meet_uninterrupted(disk, now_ns, DISK_APPEND, count);
    if (turn.error != DISK_OK) return ERR_IO; /* whatever was written is taken back */
    TRY(reserve(disk, count));
    size_t at = turn.is_misdirected && disk->synced >= count ? disk->synced - count : disk->size;
    memcpy(disk->bytes + at, bytes, count);
    if (at != disk->size) memset(disk->bytes + disk->size, 0, count);
    disk->size += count;
    return OK;
}

err disk_sync(struct disk *disk, int64_t now_ns, int64_t *delay_ns)
{
    if (disk->is_broken) return ERR_CONFLICT;
    struct occasion_disk turn = meet_uninterrupted(disk, now_ns, DISK_SYNC, 0);
    *delay_ns = turn.delay_ns;
    if (turn.error == DISK_OK) {
        disk->synced = disk->size;
        return OK;
    }
    disk->is_broken = true;
    if (turn.loses_pages) disk->size = disk->synced;
    return ERR_IO;
}

void disk_crash(struct disk *disk, int64_t now_ns)
{
    struct occasion_disk turn = meet(disk, now_ns, DISK_CRASH, 0);
    size_t survive =
        turn.surviving_bytes < disk->size - disk->synced ? turn.surviving_bytes : disk->size - disk->synced;
    disk->size = disk->synced + survive;
}

err disk_open_again(struct disk *disk, int64_t now_ns, bool *was_flipped)
{
    struct occasion_disk turn = meet_uninterrupted(disk, now_ns, DISK_READ, 0);
    if (turn.error != DISK_OK) return ERR_IO;
    *was_flipped = turn.flipped_bit != DISK_NO_BIT;
    if (*was_flipped) disk->bytes[turn.flipped_bit / 8] ^= (unsigned char)(1u << turn.flipped_bit % 8);
    disk->synced = disk->size;
    disk->is_broken = false;
    return OK;
}

void disk_cut(struct disk *disk, size_t size)
{
    if (size < disk->size) disk->size = size;
    if (disk->synced > disk->size) disk->synced = disk->size;
}
