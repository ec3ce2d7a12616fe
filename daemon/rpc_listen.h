/* daemon/rpc_listen.h: two ports side by side: web3.js looks for the WebSocket on the one after HTTP's.
 *
 * Errors: ERR_IO with address, port and reason; the first listener may stay open, its owner closes it. */
#pragma once
#include "base/err.h"
#include <stdint.h>

/* `address` is IPv4; wanted 0: any free pair. *got is the first port. */
MUST_USE err rpc_listen(const char *address, uint16_t wanted, int listeners[2], uint16_t *got,
                        struct diag *diag);
