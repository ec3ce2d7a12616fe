/* daemon/rpc_listen.h: two ports side by side: web3.js looks for the WebSocket on the one after HTTP's.
 *
 * A process has only so many descriptors. When they are out, a connection would stay in the queue and wake
 * the loop for ever; so one is kept in hand to take such a connection and close it. Errors: ERR_IO with
 * address, port and reason; the first listener may stay open, its owner closes it. */
#pragma once
#include "base/err.h"
#include <stdint.h>

/* `address` is IPv4; wanted 0: any free pair. *got is the first port. */
MUST_USE err rpc_listen(const char *address, uint16_t wanted, int listeners[2], uint16_t *got,
                        struct diag *diag);

void rpc_descriptors_raise(void); /* as many as the system lets this process have */

/* The next connection; -1: none is waiting. *spare is the descriptor in hand, -1 before the first call;
 * *refused counts connections that found none. */
struct rpc_caller {
    uint32_t address;
    int socket;
};
struct rpc_caller rpc_accept(int listener, int *spare, uint64_t *refused);
