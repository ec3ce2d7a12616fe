/* daemon/serve.h: `agenc serve`: the service, its sockets and signals in one loop.
 *
 *   SIGTERM, SIGINT   stop admissions, drain for speculation.drain_timeout_ms at the most, seal the log, end;
 *                     a second one ends at once: what was acknowledged is on the disk
 *   SIGHUP            read the configuration files again
 *
 * Errors: those of service_open and http_server_open. */
#pragma once
#include "daemon/service.h"

struct serve_options {
    struct service_options service;
    const char *listen, *workers_listen; /* "127.0.0.1:9090"; workers_listen "" for none */
    const char *token;                   /* NULL: mutating routes refuse */
    bool is_quiet;                       /* nothing is printed when it is ready */
    FILE *out;                           /* where it says where it listens */
};

MUST_USE err serve(struct serve_options *options, struct diag *diag);
