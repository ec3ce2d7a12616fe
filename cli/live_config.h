/* cli/live_config.h: the keys out of GET /admin/config, which nests them as a file does. */
#pragma once
#include "base/config_keys.h"
#include "base/json.h"

struct live_key {
    const char *name, *source; /* borrowed */
    char value[CONFIG_TEXT_BYTES];
};

/* The next key that this program knows and the service has: start with *cursor 0; false after the last.
 * ERR_IO in *e, with a line, when the answer makes no sense. */
bool live_config_next(const struct json_node *root, uint32_t *cursor, struct live_key *out, err *e,
                      struct diag *diag);
