/* reports/gate.h: from where on a change is a regression, unless a policy says otherwise.
 *
 * Latency more than 10 % up, throughput more than 5 % down, memory more than
 * 20 % up (engine.md 6.1, GATE). The limit itself is allowed. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct gate_limit {
    const char *metric;
    bool is_higher_better;
    uint32_t tolerance_percent;
};

uint32_t gate_limit_count(void);
const struct gate_limit *gate_limit_find(const char *metric); /* NULL: no default for it */
bool gate_regressed(const struct gate_limit *limit, double base, double now);
