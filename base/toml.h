/* base/toml.h: TOML files as a stream of leaves, each with its place.
 *
 * toml++ parses (base/toml_shim.cpp, the one C++ file); this header is plain C.
 * toml_read_file calls `visit` once for each leaf, keyed by its dotted path
 * ("speculation.proof.queue_size"; array elements as "path[3]"), in file
 * order. A visit that returns other than OK stops the reading and is returned.
 * Errors: ERR_IO file missing or unreadable; ERR_SYNTAX with file:line:column. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum toml_type { TOML_STRING, TOML_INTEGER, TOML_FLOAT, TOML_BOOLEAN, TOML_OTHER };

struct toml_leaf {
    const char *file, *path;
    enum toml_type type;
    int line, column;
    const char *text;   /* TOML_STRING: the value; TOML_FLOAT: as written, when it is plain decimal */
    int64_t integer;
    double number;      /* finite */
    bool boolean;
};

typedef err toml_visit(const struct toml_leaf *leaf, struct diag *diag, void *context);

MUST_USE err toml_read_file(const char *path, toml_visit *visit, void *context, struct diag *diag);
MUST_USE err toml_read_text(const char *name, const char *text, toml_visit *visit, void *context,
                            struct diag *diag);
