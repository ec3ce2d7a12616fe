/* base/prerequisite.h: what a machine must have before speculation is deployed on it.
 *
 * A table of measures with their limit (deployment runbook; engine.md 5.3). The
 * two checks without a figure, the prover's program and the funded accounts, are
 * the caller's. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* field, label, unit, limit, whether the limit is the most that is allowed (else the least) */
#define PREREQUISITES(X)                                                                                     \
    X(memory_mb, "Memory", "MB", 8192, false)                                                                \
    X(cpu, "CPU cores", "", 4, false)                                                                        \
    X(disk_gb, "Disk space", "GB", 100, false)                                                               \
    X(rpc_ms, "Solana RPC", "ms", 200, true)

struct machine_measures {
#define FIELD_(field, label, unit, limit, is_most) int64_t field;
    PREREQUISITES(FIELD_)
#undef FIELD_
};

struct prerequisite {
    const char *field, *label, *unit;
    int64_t limit;
    bool is_most; /* the limit itself is too slow: the runbook asks for less */
};

uint32_t prerequisite_count(void);
const struct prerequisite *prerequisite_at(uint32_t index); /* index < count */
bool prerequisite_holds(uint32_t index, const struct machine_measures *measures);
bool prerequisites_hold(const struct machine_measures *measures);
