/* daemon/metrics_agents.h: operations by agent and type, with as many label values as Prometheus can bear.
 *
 * METRICS_AGENTS agents have a seat, and METRICS_TYPES types a name; everybody else is "other". Who is not
 * seated is counted in a sketch (Metwally's space saving, 64 counters, which never counts too little); once
 * it says that somebody has been twice as busy as the idlest seated agent, they change places. What "other"
 * counts is the engine's total without what the seats say, so the sum is always the engine's own, also after
 * a restart. Memory: fixed. */
#pragma once
#include "daemon/metrics.h"

enum {
    METRICS_TYPES = 6, /* the first ones seen; the rest is "other" */
    METRICS_SKETCH = 64,
};

/* In the order of the exposition. */
#define OPERATION_STATUSES(X)                                                                                \
    X(OPERATION_PENDING, "pending")                                                                          \
    X(OPERATION_CONFIRMED, "confirmed")                                                                      \
    X(OPERATION_ROLLED_BACK, "rolled_back")                                                                  \
    X(OPERATION_FAILED, "failed")                                                                            \
    X(OPERATION_CANCELLED, "cancelled")                                                                      \
    X(OPERATION_EXPIRED, "expired")
#define NAME_(name, text) name,
enum operation_status { OPERATION_STATUSES(NAME_) OPERATION_STATUS_COUNT };
#undef NAME_
const char *operation_status_name(enum operation_status status);

struct metrics_seat {
    uint64_t agent_id; /* 0: free */
    char name[BOOK_AGENT_BYTES];
    uint32_t index; /* the engine's, in the order in which agents became known */
    uint64_t total; /* operations counted here */
    uint64_t counts[METRICS_TYPES + 1][OPERATION_STATUS_COUNT]; /* the last type is "other" */
};

struct metrics_agents {
    struct metrics_seat seats[METRICS_AGENTS];
    char types[METRICS_TYPES][BOOK_TYPE_BYTES];
    uint32_t type_count;
    struct {
        uint64_t agent_id, count;
    } sketch[METRICS_SKETCH];
};

struct metrics_operation {
    uint64_t agent_id;
    uint32_t agent_index;
    const char *agent, *type;
    enum operation_status status;
};
void metrics_agents_count(struct metrics_agents *agents, const struct metrics_operation *operation);
const char *metrics_agents_type(const struct metrics_agents *agents,
                                uint32_t index); /* METRICS_TYPES: "other" */
