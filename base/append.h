/* base/append.h: a file that grows at its end, for logs.
 *
 * What append_sync has answered OK for is on the disk. A write that fails in
 * its middle is taken back, so that the next one does not follow half a
 * record; where that fails too, and after any failed sync (the kernel may have
 * dropped the pages), the file takes nothing more. Reading is file_read's
 * (base/file.h).
 *
 * Errors:  ERR_IO with the path and the reason; ERR_CONFLICT after a failure that cannot be mended.
 * Threads: one writer a file. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { APPEND_PATH_BYTES = 256 };

struct append_file {
    int descriptor; /* ours; -1 when closed */
    uint64_t size_bytes;
    bool is_broken;
    char path[APPEND_PATH_BYTES];
};

/* Made, readable by its owner alone, when it is not there; otherwise its end is where writing goes on. */
MUST_USE err append_open(struct append_file *out, const char *path, struct diag *diag);
MUST_USE err append_write(struct append_file *file, const void *bytes, size_t size_bytes, struct diag *diag);
MUST_USE err append_sync(struct append_file *file, struct diag *diag);
/* Forgets everything behind `size_bytes`, for good: what a crash left of a record. */
MUST_USE err append_cut(struct append_file *file, uint64_t size_bytes, struct diag *diag);
void append_close(struct append_file *file); /* fine on a closed one; syncs nothing */
