/* daemon/profile_own.h: what sampling leaves and writing takes. */
#pragma once
#include "daemon/profile.h"

struct profile_sample {
    uint32_t depth;
    uintptr_t frames[PROFILE_DEPTH_MOST]; /* the innermost first */
};

struct profile {
    struct profile_sample *samples;
    uint32_t capacity;
    uint32_t taken;                    /* atomically; may be more than fitted */
    int64_t began_ns, end_ns, wall_ns; /* CLOCK_MONOTONIC; Unix */
    bool was_started;
};

/* The name of the function at this address, from the program's own table of symbols or its libraries'; NULL:
 * unknown. Borrowed until the next call. */
struct profile_symbols;
MUST_USE err profile_symbols_open(struct profile_symbols **out);
void profile_symbols_free(struct profile_symbols *symbols);
const char *profile_symbol(const struct profile_symbols *symbols, uintptr_t address);
