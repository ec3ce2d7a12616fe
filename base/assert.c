/* base/assert.c: where a broken claim ends. */
#include "base/assert.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local const struct assert_context *active;

void assert_set_context(const struct assert_context *context)
{
    active = context;
}

_Noreturn void assert_fail(const char *claim, const char *file, int line)
{
    if (active && active->escape) active->escape(active, claim, file, line);
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, claim);
    if (active)
        fprintf(stderr, "  seed %" PRIu64 ", virtual time %" PRId64 " ns\n", active->seed, active->now_ns);
    abort();
}
