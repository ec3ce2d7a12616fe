/* daemon/audit.h: who changed what, and who tried: audit.log in the data folder, a JSON line a call.
 *
 * {"actor","after","at","before","code","method","path","peer","status"}: `before` and `after` as the handler
 * gave them. Calls that were refused for want of the right token are written
 * at most AUDIT_REFUSED_PER_S a second; the next line says how many were left out ("suppressed").
 * At AUDIT_BYTES_MOST the file becomes audit.log.1; AUDIT_KEPT old ones stay.
 * Lines are collected and written by audit_flush, once a turn of the loop. What the disk does not take is
 * counted in audit_lost and the service goes on: the event log holds every order anyway. Threads: none. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { AUDIT_REFUSED_PER_S = 10, AUDIT_BYTES_MOST = 64 << 20, AUDIT_KEPT = 4 };

struct audit;

struct audit_entry {
    const char *actor, *peer, *method, *path, *code, *before, *after; /* the last three may be NULL */
    int status;
    bool is_refused;
};

MUST_USE err audit_open(struct audit **out, const char *data_dir, struct diag *diag);
void audit_free(struct audit *audit); /* flushes; NULL is fine */
void audit_write(struct audit *audit, const struct audit_entry *entry);
void audit_flush(struct audit *audit);
uint64_t audit_lost(const struct audit *audit); /* lines */
