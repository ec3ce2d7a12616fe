/* base/toml.h: TOML files as a stream of leaves, each with its place.
 *
 * toml++ parses (base/toml_shim.cpp, the one C++ file); this header is plain C.
 * `visit` is called once for each leaf, keyed by its dotted path
 * ("speculation.proof.queue_size"; array elements as "path[3]"), in file
 * order. An array without elements is itself a leaf, of type TOML_ARRAY.
 * A visit that returns other than OK stops the reading and is returned.
 *
 * Narrower than TOML, so that a path names one thing only and no input costs
 * more than its size: keys are letters, digits, _ and - (quoted or not), a
 * file has at most LIMIT_TOML_BYTES, keys at most LIMIT_TOML_KEY_PARTS parts,
 * values at most 64 levels; nan and inf are refused.
 * Memory: what a leaf points at is borrowed until the visit returns.
 * Errors: ERR_IO missing, unreadable or too large; ERR_SYNTAX and ERR_RANGE
 * with file:line:column; ERR_NOMEM. Columns count characters, from 1. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum toml_type { TOML_STRING, TOML_INTEGER, TOML_FLOAT, TOML_BOOLEAN, TOML_ARRAY, TOML_DATE };

struct toml_leaf {
    const char *file, *path;
    enum toml_type type;
    int line, column; /* of the value */
    int key_column;   /* of the last part of its key; an array element's own column */
    const char *text; /* TOML_STRING: the value; TOML_FLOAT: as written, underscores and all */
    int64_t integer;
    double number; /* finite */
    bool boolean;
};

typedef err toml_visit(const struct toml_leaf *leaf, struct diag *diag, void *context);

MUST_USE err toml_read_file(const char *path, toml_visit *visit, void *context, struct diag *diag);
MUST_USE err toml_read_text(const char *name, const char *text, toml_visit *visit, void *context,
                            struct diag *diag);

const char *toml_type_name(enum toml_type type); /* "an integer", for messages */
