/* daemon/rpc_endpoints.h: several nodes that should say the same: which to ask now, and which to leave alone.
 *
 * Each endpoint has a circuit: a fault opens it for a while that doubles with
 * every further one and has a keyed jitter, or for what the server asked
 * (Retry-After). When that is over one call tries it; its answer closes the
 * circuit. Among those with a closed circuit the first of the list is asked,
 * unless another has less than half its penalty (latency, share of faults).
 * Slots tell lag: an endpoint whose slots go back further than forks do, or
 * that is far behind most others, is left alone; one whose slots jump where no
 * chain can be is not believed. Pure: time comes with each call. Threads: one. */
#pragma once
#include "base/rng.h"
#include "daemon/rpc_call.h"

enum {
    ENDPOINTS_MOST = 8,
    ENDPOINT_URL_BYTES = 512,
    ENDPOINT_NAME_BYTES = 128,
    ENDPOINT_SLOT_WINDOW = 64,     /* slots that forks, caches and load balancers may take back */
    ENDPOINT_LAG_MOST = 1 << 20,   /* beyond, two endpoints disagree, and nobody can tell who is right */
    ENDPOINT_NEWS_S = 10,          /* older slots of another endpoint prove no lag */
    ENDPOINT_SLOTS_IN_MS = 10,     /* no chain is faster */
    ENDPOINT_BACKWARDS_MAX_S = 60, /* of slots that stay back: then the cluster restarted from there */
};
#define ENDPOINT_SLOT_MOST (UINT64_C(1) << 40) /* thousands of years */

struct endpoint {
    char url[ENDPOINT_URL_BYTES];
    char name[ENDPOINT_NAME_BYTES]; /* scheme, host and port: paths and queries may hold keys */
    uint32_t trips;                 /* faults since the last good answer */
    int64_t tried_ns;               /* the one call after a fault began then and is under way; 0: none */
    int64_t opened_ns, open_until_ns;
    int64_t latency_ns; /* smoothed; 0: none yet */
    int64_t faults_bps; /* share of faults, smoothed */
    uint64_t slot;      /* the greatest seen; 0: none */
    int64_t slot_ns, backwards_since_ns;
    uint64_t answers, faults[RPC_FAULTS];
};

struct endpoints {
    struct endpoint list[ENDPOINTS_MOST];
    uint32_t count, current;
    uint64_t failovers;
    struct rng rng;
};

/* "http://host:port[,…]", each with http or https, none twice. */
MUST_USE err endpoints_open(struct endpoints *out, const char *urls, uint64_t seed, struct diag *diag);

enum { ENDPOINT_NONE = -1 };
/* Which to ask now, or ENDPOINT_NONE. The caller asks it, and reports. */
int endpoints_pick(struct endpoints *endpoints, int64_t now_ns);
/* The same for one that was chosen for another reason; false: leave it alone. */
bool endpoints_take(struct endpoints *endpoints, uint32_t endpoint, int64_t now_ns);
bool endpoint_is_open(const struct endpoint *endpoint, int64_t now_ns);
int64_t endpoint_next_ns(const struct endpoint *endpoint); /* when it may be asked; NEVER_NS: it is tried */
int64_t endpoints_next_ns(const struct endpoints *endpoints); /* when the first circuit allows a call */

struct endpoint_report {
    uint32_t endpoint;
    int64_t began_ns, now_ns;
    enum rpc_fault fault;
    int64_t retry_after_ns; /* 0: none asked for */
};
void endpoints_report(struct endpoints *endpoints, const struct endpoint_report *report);

/* Believes a slot of a good answer, or says what is wrong with it. */
enum rpc_fault endpoints_slot(struct endpoints *endpoints, uint32_t endpoint, uint64_t slot, int64_t now_ns);
