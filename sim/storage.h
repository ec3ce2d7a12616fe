/* sim/storage.h: how long snapshots take. Restoring reads them back at 2,000 MB/s,
 * one after the other within a rollback; taking one is part of execution (semantics.md 7, 10). */
#pragma once
#include <stdint.h>

int64_t storage_restore_ns(uint64_t snapshot_bytes); /* rounded up; below NEVER_NS for any size */
