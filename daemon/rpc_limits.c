/* daemon/rpc_limits.c: a small table, searched from its hash. */
#include "daemon/rpc_limits.h"
#include "base/units.h"
#include <stddef.h>

enum { PROBES = 8 };

static struct limit_row *row_of(struct rpc_limits *limits, uint32_t address, int64_t now_ns)
{
    uint32_t at = (uint32_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    struct limit_row *oldest = NULL;
    for (uint32_t i = 0; i < PROBES; i++) {
        struct limit_row *row = &limits->rows[(at + i) % LIMIT_ADDRESSES];
        if (row->count && row->address == address) return row;
        if (!oldest || row->count == 0 || (oldest->count && row->began_ns < oldest->began_ns)) oldest = row;
    }
    *oldest = (struct limit_row){.address = address, .began_ns = now_ns};
    return oldest;
}

uint32_t rpc_limits_take(struct rpc_limits *limits, uint32_t address, int64_t now_ns)
{
    if (!limits->most) return 0;
    struct limit_row *row = row_of(limits, address, now_ns);
    int64_t window_ns = LIMIT_WINDOW_S * NS_PER_S;
    if (now_ns - row->began_ns >= window_ns)
        *row = (struct limit_row){.address = address, .began_ns = now_ns};
    if (row->count < limits->most) {
        row->count++;
        return 0;
    }
    return (uint32_t)((row->began_ns + window_ns - now_ns + NS_PER_S - 1) / NS_PER_S);
}
