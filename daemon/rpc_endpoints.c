/* daemon/rpc_endpoints.c: circuits, penalties, slots. */
#include "daemon/rpc_endpoints.h"
#include "base/units.h"
#include <stdio.h>
#include <string.h>

enum {
    BACKOFF_FIRST_MS = 250,
    BACKOFF_DOUBLINGS = 7, /* 32 s */
    SMOOTHING = 8,         /* one eighth of each new value */
    FAULT_PENALTY_MS = 2000,
    SLACK_MS = 20, /* what is not worth a move */
};

/* -- the list -- */

static err check_url(const char *url, size_t size, struct diag *diag)
{
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    if (size >= ENDPOINT_URL_BYTES)
        return diag_fail(diag, ERR_USAGE, "an address has more than %d bytes", ENDPOINT_URL_BYTES - 1);
    if (!scheme || size <= scheme || url[scheme] == '/' || url[scheme] == ':')
        return diag_fail(diag, ERR_USAGE, "\"%.*s\" is not http://HOST[:PORT] or https://HOST", (int)size,
                         url);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)url[i] <= ' ' || (unsigned char)url[i] >= 127)
            return diag_fail(diag, ERR_USAGE, "\"%.*s\" has a character that addresses may not have",
                             (int)size, url);
    return OK;
}

static void name_endpoint(struct endpoint *endpoint)
{
    const char *host = strstr(endpoint->url, "://") + 3, *at = strrchr(host, '@');
    size_t scheme = (size_t)(host - endpoint->url);
    char name[ENDPOINT_NAME_BYTES];
    if (at && at < host + strcspn(host, "/?#")) host = at + 1;
    snprintf(name, sizeof name, "%.*s%.*s", (int)scheme, endpoint->url, (int)strcspn(host, "/?#"), host);
    memcpy(endpoint->name, name, sizeof name);
}

static err add_endpoint(struct endpoints *out, const char *url, size_t size, struct diag *diag)
{
    TRY(check_url(url, size, diag));
    if (out->count == ENDPOINTS_MOST)
        return diag_fail(diag, ERR_USAGE, "at most %d addresses", ENDPOINTS_MOST);
    struct endpoint *endpoint = &out->list[out->count];
    snprintf(endpoint->url, sizeof endpoint->url, "%.*s", (int)size, url);
    for (uint32_t i = 0; i < out->count; i++)
        if (strcmp(out->list[i].url, endpoint->url) == 0)
            return diag_fail(diag, ERR_USAGE, "\"%s\" stands there twice", endpoint->url);
    name_endpoint(endpoint);
    out->count++;
    return OK;
}

err endpoints_open(struct endpoints *out, const char *urls, uint64_t seed, struct diag *diag)
{
    *out = (struct endpoints){.rng = rng_keyed(seed, 0)};
    for (;;) {
        size_t size = strcspn(urls, ",");
        TRY(add_endpoint(out, urls, size, diag));
        if (!urls[size]) return OK;
        urls += size + 1;
    }
}

/* -- which -- */

bool endpoint_is_open(const struct endpoint *endpoint, int64_t now_ns)
{
    return now_ns < endpoint->open_until_ns;
}

static int64_t penalty_ns(const struct endpoint *endpoint)
{
    return endpoint->latency_ns + endpoint->faults_bps * (FAULT_PENALTY_MS * NS_PER_MS / (int64_t)BPS_ONE) +
           SLACK_MS * NS_PER_MS;
}

static bool may_ask(const struct endpoint *endpoint, int64_t now_ns)
{
    return !endpoint_is_open(endpoint, now_ns) && !endpoint->tried_ns;
}

bool endpoints_take(struct endpoints *endpoints, uint32_t index, int64_t now_ns)
{
    struct endpoint *endpoint = &endpoints->list[index];
    if (!may_ask(endpoint, now_ns)) return false;
    endpoint->tried_ns = endpoint->trips > 0 ? now_ns : 0;
    return true;
}

int endpoints_pick(struct endpoints *endpoints, int64_t now_ns)
{
    int64_t best_ns = NEVER_NS;
    for (uint32_t i = 0; i < endpoints->count; i++)
        if (may_ask(&endpoints->list[i], now_ns) && penalty_ns(&endpoints->list[i]) < best_ns)
            best_ns = penalty_ns(&endpoints->list[i]);
    if (best_ns == NEVER_NS) return ENDPOINT_NONE;
    uint32_t first = 0;
    while (!may_ask(&endpoints->list[first], now_ns) || penalty_ns(&endpoints->list[first]) > 2 * best_ns)
        first++;
    endpoints->failovers += first != endpoints->current && first > 0;
    endpoints->current = first;
    (void)endpoints_take(endpoints, first, now_ns);
    return (int)first;
}

int64_t endpoint_next_ns(const struct endpoint *endpoint)
{
    return endpoint->tried_ns ? NEVER_NS : endpoint->open_until_ns;
}

int64_t endpoints_next_ns(const struct endpoints *endpoints)
{
    int64_t next_ns = NEVER_NS;
    for (uint32_t i = 0; i < endpoints->count; i++) {
        int64_t one_ns = endpoint_next_ns(&endpoints->list[i]);
        if (one_ns < next_ns) next_ns = one_ns;
    }
    return next_ns;
}

/* -- how it went -- */

static int64_t smoothed(int64_t old, int64_t new)
{
    return old + (new - old) / SMOOTHING;
}

/* From half to the whole of a delay that doubles with each fault. */
static int64_t backoff_ns(const struct endpoints *endpoints, uint32_t index, uint32_t trips)
{
    uint32_t doublings = trips - 1 < BACKOFF_DOUBLINGS ? trips - 1 : BACKOFF_DOUBLINGS;
    int64_t whole_ns = (int64_t)BACKOFF_FIRST_MS * NS_PER_MS << doublings;
    struct draw draw = draw_at(&endpoints->rng, RNG_BACKOFF, index, trips);
    return whole_ns / 2 + (int64_t)draw_below(&draw, (uint64_t)whole_ns / 2);
}

static void open_circuit(struct endpoints *endpoints, const struct endpoint_report *report)
{
    struct endpoint *endpoint = &endpoints->list[report->endpoint];
    int64_t wait_ns = backoff_ns(endpoints, report->endpoint, ++endpoint->trips);
    if (report->retry_after_ns > wait_ns) wait_ns = report->retry_after_ns;
    endpoint->opened_ns = report->now_ns;
    endpoint->open_until_ns = ns_after(report->now_ns, wait_ns);
}

void endpoints_report(struct endpoints *endpoints, const struct endpoint_report *report)
{
    struct endpoint *endpoint = &endpoints->list[report->endpoint];
    bool is_good = report->fault == FAULT_NONE;
    /* Else it was under way when the circuit opened. */
    bool is_news = report->began_ns >= endpoint->opened_ns;
    if (report->began_ns >= endpoint->tried_ns) endpoint->tried_ns = 0;
    endpoint->faults_bps = smoothed(endpoint->faults_bps, is_good ? 0 : (int64_t)BPS_ONE);
    if (!is_good) {
        endpoint->faults[report->fault]++;
        if (is_news || report->retry_after_ns) open_circuit(endpoints, report);
        return;
    }
    endpoint->answers++;
    int64_t took_ns = report->now_ns - report->began_ns;
    endpoint->latency_ns = endpoint->latency_ns ? smoothed(endpoint->latency_ns, took_ns) : took_ns;
    if (!is_news) return;
    endpoint->trips = 0;
    endpoint->open_until_ns = 0;
}

/* -- slots -- */

static bool is_beyond_any_chain(const struct endpoint *endpoint, uint64_t slot, int64_t now_ns)
{
    uint64_t passed_ms = (uint64_t)((now_ns - endpoint->slot_ns) / NS_PER_MS);
    return endpoint->slot && slot > endpoint->slot &&
           slot - endpoint->slot > (passed_ms + 10000) * ENDPOINT_SLOTS_IN_MS;
}

static bool is_behind_others(const struct endpoints *endpoints, uint64_t slot, int64_t now_ns)
{
    uint32_t ahead = 0, known = 0;
    for (uint32_t i = 0; i < endpoints->count; i++) {
        uint64_t other = endpoints->list[i].slot;
        if (!other || now_ns - endpoints->list[i].slot_ns > ENDPOINT_NEWS_S * NS_PER_S) continue;
        bool is_ahead = other > slot + ENDPOINT_SLOT_WINDOW && other - slot < ENDPOINT_LAG_MOST;
        ahead += is_ahead;
        known++;
    }
    return 2 * ahead >= known && ahead > 0; /* itself is among the known */
}

static bool goes_back(struct endpoint *endpoint, uint64_t slot, int64_t now_ns)
{
    if (slot + ENDPOINT_SLOT_WINDOW >= endpoint->slot) {
        endpoint->backwards_since_ns = 0;
        return false;
    }
    if (!endpoint->backwards_since_ns) endpoint->backwards_since_ns = now_ns;
    if (now_ns - endpoint->backwards_since_ns < ENDPOINT_BACKWARDS_MAX_S * NS_PER_S) return true;
    endpoint->slot = slot;
    endpoint->backwards_since_ns = 0;
    return false;
}

enum rpc_fault endpoints_slot(struct endpoints *endpoints, uint32_t index, uint64_t slot, int64_t now_ns)
{
    struct endpoint *endpoint = &endpoints->list[index];
    if (slot > ENDPOINT_SLOT_MOST || is_beyond_any_chain(endpoint, slot, now_ns)) return FAULT_AHEAD;
    if (goes_back(endpoint, slot, now_ns)) return FAULT_BACKWARDS;
    if (slot > endpoint->slot) {
        endpoint->slot = slot;
        endpoint->slot_ns = now_ns;
    }
    return is_behind_others(endpoints, slot, now_ns) ? FAULT_LAGS : FAULT_NONE;
}
