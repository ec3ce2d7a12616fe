/* chaos/disk.c: what a disk does to the log. A sync that failed has written nothing for sure. */
#include "chaos/schedule.h"

enum eio_param { EIO_OP, EIO_NTH };

static bool is_write(const struct occasion_disk *disk)
{
    return disk->error == DISK_OK && (disk->op == DISK_APPEND || disk->op == DISK_SYNC);
}

/* The write that meets the end of the space is a short one; those after it write nothing. */
bool meet_DISK_ENOSPC(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    uint64_t room = (uint64_t)turn->fault->params[0];
    if (disk->op != DISK_APPEND || disk->error != DISK_OK) return false;
    uint64_t left = room > turn->state->bytes ? room - turn->state->bytes : 0;
    turn->state->bytes += disk->bytes < left ? disk->bytes : left;
    if (disk->bytes <= left) return false;
    disk->bytes = left;
    disk->error = DISK_NO_SPACE;
    return true;
}

bool meet_DISK_EIO(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    static const enum disk_op OPS[] = {DISK_APPEND, DISK_SYNC, DISK_READ}; /* in the order of the words */
    if (disk->op != OPS[turn->fault->params[EIO_OP]] || disk->error != DISK_OK) return false;
    if (++turn->state->seen % (uint64_t)turn->fault->params[EIO_NTH] != 0) return false;
    disk->error = DISK_IO_ERROR;
    disk->bytes = 0;
    return true;
}

/* The kernel forgets the pages that it could not write, and the next sync finds nothing to complain of. */
bool meet_DISK_FSYNC_FAIL(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    if (disk->op != DISK_SYNC || disk->error != DISK_OK) return false;
    if (++turn->state->seen % (uint64_t)turn->fault->params[0] != 0) return false;
    disk->error = DISK_IO_ERROR;
    disk->loses_pages = true;
    return true;
}

/* Power goes while sectors are written: some whole ones of what was not synced are there. */
bool meet_DISK_TORN(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    uint64_t sector = (uint64_t)turn->fault->params[0];
    if (disk->op != DISK_CRASH || disk->unsynced_bytes == 0) return false;
    uint64_t keeps = draw_below(turn->draw, disk->unsynced_bytes + 1);
    disk->surviving_bytes = sector > 1 && keeps > sector ? keeps - keeps % sector : keeps;
    return true;
}

bool meet_DISK_LOSE_UNSYNCED(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    (void)turn;
    if (disk->op != DISK_CRASH || disk->unsynced_bytes == 0) return false;
    disk->surviving_bytes = 0;
    return true;
}

bool meet_DISK_MISDIRECT(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    (void)turn;
    if (disk->op != DISK_APPEND || disk->error != DISK_OK) return false;
    return disk->is_misdirected = true;
}

/* A bit of what is stored turns over while the service is down. */
bool meet_DISK_BITFLIP(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    if (disk->op != DISK_READ || disk->size_bytes == 0) return false;
    disk->flipped_bit = draw_below(turn->draw, disk->size_bytes * 8);
    return true;
}

bool meet_DISK_SLOW(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    if (disk->op != DISK_SYNC) return false;
    disk->delay_ns += turn->fault->params[0];
    return true;
}

bool meet_DISK_ROFS(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    (void)turn;
    if (!is_write(disk)) return false;
    disk->error = DISK_READ_ONLY;
    disk->bytes = 0;
    return true;
}
