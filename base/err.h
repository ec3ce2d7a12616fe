/* base/err.h: how functions fail, and how people are told.
 *
 * Three kinds of trouble, three answers: a bug is an ASSERT, the world is an
 * enum err that the caller must look at, and a person gets one line in a
 * struct diag: what is wrong, where, and what would be right.
 * Out-parameters are untouched when a function fails. */
#pragma once
#include <stddef.h>

/* code, exit status of the program (product.md 5), what it says by itself */
#define ERR_TABLE(X)                                                                                         \
    X(OK, 0, "success")                                                                                      \
    X(ERR_NOMEM, 1, "out of memory")                                                                         \
    X(ERR_LIMIT, 1, "a documented limit was hit")                                                            \
    X(ERR_STALE, 1, "the event no longer applies")                                                           \
    X(ERR_CONFLICT, 1, "not possible in the present state")                                                  \
    X(ERR_INTERRUPTED, 1, "interrupted")                                                                     \
    X(ERR_RANGE, 2, "value out of range")                                                                    \
    X(ERR_USAGE, 2, "usage")                                                                                 \
    X(ERR_SYNTAX, 2, "malformed input")                                                                      \
    X(ERR_IO, 3, "input/output error")

typedef enum err {
#define X(code, exit_status, text) code,
    ERR_TABLE(X)
#undef X
} err;

#define MUST_USE __attribute__((warn_unused_result))
#define TRY(call)                                                                                            \
    do {                                                                                                     \
        err try_ = (call);                                                                                   \
        if (try_ != OK) return try_;                                                                         \
    } while (0)

/* One line for a person. Start with an empty one; the first failure wins, so
 * that the line names the cause and not what followed from it. */
struct diag {
    char text[512];
};

/* Writes the line unless one is there already, control characters as '?'; returns `code`, for `return
 * diag_fail(...)`. NULL diag is fine. */
err diag_fail(struct diag *diag, err code, const char *format, ...) __attribute__((format(printf, 3, 4)));

void err_make_one_line(char *text); /* control characters become '?' */

const char *err_text(err code); /* the table's text */
int err_exit_status(err code);  /* the table's exit status */
