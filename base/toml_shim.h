/* base/toml_shim.h: what base/toml.c asks of the C++ side. For base/toml.c only.
 *
 * The text must have passed the depth scan of toml.c: toml++ frees nested
 * tables by recursion. No exception leaves toml_shim_read. */
#pragma once
#include "base/toml.h"
#include <stddef.h>

struct toml_source {
    const char *name, *text;
    size_t size_bytes;
};

struct toml_visitor {
    toml_visit *visit;
    void *context;
};

MUST_USE err toml_shim_read(const struct toml_source *source, const struct toml_visitor *visitor,
                            struct diag *diag);
