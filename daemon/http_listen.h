/* daemon/http_listen.h: "127.0.0.1:9090" as a socket.
 *
 * Host: an IPv4 address, an IPv6 address in brackets, or localhost (IPv4's). Names are not looked up. */
#pragma once
#include "base/err.h"
#include <stdint.h>

/* Non-blocking, close on exec. ERR_USAGE no address, ERR_IO with address and reason. */
MUST_USE err http_listen(const char *text, int *socket_out, uint16_t *port_out, struct diag *diag);
