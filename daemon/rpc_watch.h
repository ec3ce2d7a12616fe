/* daemon/rpc_watch.h: what one view of a signature says, given the views before it. Pure.
 *
 * A view is a status and the slot of the bank that it was read from. Nodes are
 * not equally far, so a view from behind the newest one proves nothing; see
 * daemon/rpc_port.h for what is believed when. */
#pragma once
#include "daemon/rpc_call.h"

struct watch {
    enum rpc_level level; /* the highest seen since the last loss */
    bool has_failed;
    uint64_t slot;         /* of its block; 0: none */
    uint64_t seen_context; /* the newest view that had it */
    uint64_t gone_slot;    /* the blockhash was too old there; 0: not known */
    uint32_t misses;
    char error[CALL_NAME_BYTES];
};

enum { WATCH_MISSES_CONFIRMED = 2 };

struct watch_view {
    const struct rpc_status *status;
    uint64_t context_slot;
    bool has_history; /* old blocks were searched too */
};

struct watch_news {
    enum rpc_level lost;     /* not NONE: it was so far, and is lost */
    uint64_t lost_slot;      /* where it had been */
    enum rpc_level from, to; /* every level above `from` up to `to` is news */
    bool has_expired;
};

struct watch_news watch_see(struct watch *watch, const struct watch_view *view);
