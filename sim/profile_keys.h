/* sim/profile_keys.h: the parameters of a model, from a TOML file, by a table.
 *
 * One row a parameter: what it is called, what it may be, where it goes. A file
 * must give every required row once and nothing else, so that a model's numbers
 * all stand in its file, beside their source.
 * Errors: those of toml.h; ERR_SYNTAX unknown key (the nearest is named, or all sections), wrong
 * type or missing key; ERR_RANGE value outside the row's bounds. */
#pragma once
#include "base/err.h"
#include "base/units.h"
#include <stddef.h>
#include <stdint.h>

enum profile_unit {
    PROFILE_MS,     /* written in milliseconds, stored as int64_t nanoseconds */
    PROFILE_COUNT,  /* a whole number, stored as int64_t */
    PROFILE_NUMBER, /* stored as double; chances are numbers in 0 .. 1 */
    PROFILE_NAME,   /* stored as char[PROFILE_NAME_BYTES] */
};

enum { PROFILE_NAME_BYTES = 64, PROFILE_KEYS_MAX = 127 }; /* one bit a row, and one more than all */

struct profile_key {
    const char *path; /* "slot.target_ms" */
    enum profile_unit unit;
    uint32_t elements; /* 0: a single value; else an array of exactly so many */
    size_t offset;
    double min, max; /* as written */
};

struct profile_table {
    const struct profile_key *keys;
    uint32_t count; /* at most PROFILE_KEYS_MAX */
};

struct profile_file {
    const char *path;
    const struct profile_table *table;
    const char *text; /* instead of what the file holds; NULL: read it */
    u128 given;       /* which rows the file has: bit i; whole arrays only */
};

/* Fills `out` (zeroed by the caller) and file->given. */
MUST_USE err profile_read(struct profile_file *file, void *out, struct diag *diag);

/* One parameter from "key=value", as in a file; names need no quotes. Errors as there, with "--set" for the
 * file. */
MUST_USE err profile_set(const struct profile_table *table, void *out, const char *assignment,
                         struct diag *diag);

/* ERR_SYNTAX naming the first row of `wanted` that was not given. */
MUST_USE err profile_require(const struct profile_file *file, u128 wanted, struct diag *diag);

/* The file of a model: `name` itself when it ends in .toml, else FOLDER/NAME.toml.
 * ERR_USAGE: no such file (the nearest name is given), a path that does not end in .toml, or one beyond
 * PROFILE_PATH_BYTES. */
enum { PROFILE_PATH_BYTES = 512 };
struct profile_place {
    const char *what, *folder, *name; /* what: "chain", for messages */
};
MUST_USE err profile_path(const struct profile_place *place, char out[PROFILE_PATH_BYTES], struct diag *diag);
