/* sim/storage.c: bytes over a constant bandwidth. */
#include "sim/storage.h"
#include "base/units.h"

enum { BYTES_PER_NS = 2 }; /* 2,000 MB/s */

int64_t storage_restore_ns(uint64_t snapshot_bytes)
{
    uint64_t span_ns = snapshot_bytes / BYTES_PER_NS + snapshot_bytes % BYTES_PER_NS;
    return span_ns < (uint64_t)NEVER_NS ? (int64_t)span_ns : NEVER_NS - 1;
}
