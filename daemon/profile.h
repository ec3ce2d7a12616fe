/* daemon/profile.h: where the processor's time goes: samples of the call stack, as pprof reads them.
 *
 * A timer of the process's own CPU time interrupts it PROFILE_HZ times a second of it; the handler notes the
 * stack in memory that was had before. The result is a gzip'd profile.proto with the names of functions, so
 * that `go tool pprof profile.pb.gz` needs no binary. One profile at a time; the last one stays until the
 * next. Errors: ERR_CONFLICT one runs; ERR_NOMEM; ERR_RANGE. Threads: all are sampled; the functions are the
 * loop's. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { PROFILE_HZ = 99, PROFILE_SECONDS_MOST = 600, PROFILE_DEPTH_MOST = 64 };

struct profile;

MUST_USE err profile_open(struct profile **out);
void profile_free(struct profile *profile); /* NULL is fine */

MUST_USE err profile_start(struct profile *profile, int64_t seconds);

enum profile_state { PROFILE_NONE, PROFILE_RUNNING, PROFILE_DONE };
enum profile_state profile_state(const struct profile *profile);
int64_t profile_left_ns(const struct profile *profile); /* while it runs */

/* The result, of a profile that is done: gzip. */
MUST_USE err profile_write(const struct profile *profile, FILE *out);
