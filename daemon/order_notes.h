/* daemon/order_notes.h: what came of an order, from the notes of its step and the book. */
#pragma once
#include "daemon/exchange.h"

/* The first note of this kind; NULL: none. */
const struct effect *order_note(const struct service_outcome *outcome, enum effect_kind kind);

struct order_report {
    uint64_t count, amount;
};
struct order_report order_report(const struct service_outcome *outcome); /* zeros without NOTE_REPORT */

enum { ORDER_ROLLBACKS_MOST = 256 };
/* The rollbacks for this reason that began at this time or since, the newest first; the tasks in them, roots
 * included; lamports that they gave back until now; whether some are not over. */
struct order_rollbacks {
    uint64_t numbers[ORDER_ROLLBACKS_MOST];
    uint32_t kept;
    uint64_t tasks, released_lamports;
    bool are_running;
};
struct order_rollbacks order_rollbacks(const struct service *service, int64_t since_ns,
                                       enum rollback_reason reason);

/* Fills in the event's task by its name. False: answered, 404 unknown or 409 over and forgotten. */
bool order_about_task(struct exchange *exchange, const char *name, struct event *event);
