/* base/assert.h: the check that is never compiled out.
 *
 * ASSERT states what must hold if the program itself is right. A failure is a
 * bug: it prints the claim, the place and the context (seed and virtual time,
 * set by the driver) and aborts. The condition must have no side effects.
 * Input from the world is never asserted: that is what enum err is for. */
#pragma once
#include <stdint.h>

/* What a failing ASSERT prints beside its claim. One per thread, borrowed. Whoever tries thousands of runs
 * may have the claim instead, and go on with the next one: `escape` does not return (longjmp), and what the
 * run held is looked at no more, but to free it. */
struct assert_context {
    uint64_t seed;
    int64_t now_ns;
    void (*escape)(const struct assert_context *context, const char *claim, const char *file,
                   int line); /* or NULL */
    void *holder;             /* of the escape */
};

void assert_set_context(const struct assert_context *context); /* NULL clears */
_Noreturn void assert_fail(const char *claim, const char *file, int line);

#define ASSERT(claim) ((claim) ? (void)0 : assert_fail(#claim, __FILE__, __LINE__))
