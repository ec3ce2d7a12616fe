/* base/file.h: whole files, written entirely or not at all.
 *
 * A result goes to a temporary name beside its target and takes the target's
 * place only when every byte is on the disk (flush, fsync, rename, fsync of
 * the folder); a reader sees the old file or the new one. Whatever fails, the
 * temporary is removed, the old file stands, and one line says why. A target
 * that is a device or a pipe (/dev/stdout) is written in place; a symbolic
 * link is followed, not replaced.
 *
 *   struct file_writer writer;
 *   TRY(file_begin(&writer, path, diag));
 *   fprintf(writer.stream, ...);             stream errors are kept for the commit
 *   return file_commit(&writer, diag);       or file_abandon(&writer)
 *
 * Errors: ERR_IO with the path and what to do about it; ERR_NOMEM; ERR_LIMIT a file to read is too large.
 * Threads: any number of writers; the last commit to a target wins. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct file_writer {
    FILE *stream;    /* ours */
    char *path;      /* ours; with links resolved */
    char *temporary; /* ours; NULL when written in place */
};

MUST_USE err file_begin(struct file_writer *out, const char *path, struct diag *diag);
MUST_USE err file_commit(struct file_writer *writer, struct diag *diag); /* closes the writer either way */
void file_abandon(struct file_writer *writer);                           /* fine on a closed or zeroed one */

/* Would both be written to the same place? Links are followed; a path need not exist yet. */
bool file_is_same(const char *a, const char *b);

MUST_USE err file_write(const char *path, const void *bytes, size_t size_bytes, struct diag *diag);

/* The whole file with a NUL behind it: text[size_bytes] == 0. */
struct file_bytes {
    char *text; /* ours: the reader frees it with free() */
    size_t size_bytes;
};
MUST_USE err file_read(const char *path, size_t size_bytes_max, struct file_bytes *out, struct diag *diag);
