/* tests/fuzz/fuzz.h: what the targets share.
 *
 * A target is one function, LLVMFuzzerTestOneInput(bytes, size_bytes), for one
 * parser. Whatever the bytes: an error with a line in the diag, or a value that
 * can be used; never a crash, a leak or undefined behaviour. */
#pragma once
#include "base/assert.h"
#include "base/err.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

/* The bytes as a text of exactly that room, so that a read behind its end is seen; free(). */
static inline char *fuzz_text(const uint8_t *bytes, size_t size_bytes)
{
    char *text = malloc(size_bytes + 1);
    ASSERT(text);
    if (size_bytes) memcpy(text, bytes, size_bytes);
    text[size_bytes] = '\0';
    return text;
}

/* The bytes as a file in memory. */
struct fuzz_file {
    int descriptor;
    char path[64];
};

static inline struct fuzz_file fuzz_file_open(const uint8_t *bytes, size_t size_bytes)
{
    struct fuzz_file file = {.descriptor = memfd_create("fuzz.toml", 0)};
    ASSERT(file.descriptor >= 0);
    ssize_t written = write(file.descriptor, bytes, size_bytes);
    ASSERT(written == (ssize_t)size_bytes);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

static inline void fuzz_file_close(const struct fuzz_file *file)
{
    close(file->descriptor);
}

/* An error has its line; a success has none. */
static inline void fuzz_judge(err e, const struct diag *diag)
{
    ASSERT((e == OK) == (diag->text[0] == '\0'));
    ASSERT(strchr(diag->text, '\n') == NULL);
}
