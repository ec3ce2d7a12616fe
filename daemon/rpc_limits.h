/* daemon/rpc_limits.h: how much one address may ask for, as public endpoints ration it.
 *
 * So many requests in ten seconds; a window begins with the first of them. The
 * table is fixed: when it is full, the address whose window is oldest makes room. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { LIMIT_ADDRESSES = 1024, LIMIT_WINDOW_S = 10 };

struct limit_row {
    uint32_t address, count;
    int64_t began_ns;
};

struct rpc_limits {
    uint32_t most; /* requests in a window; 0: no limit */
    struct limit_row rows[LIMIT_ADDRESSES];
};

/* 0: go on. Else: so many seconds to wait (Retry-After). */
uint32_t rpc_limits_take(struct rpc_limits *limits, uint32_t address, int64_t now_ns);
