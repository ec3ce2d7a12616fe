/* reports/exposition.h: the engine's state for people, as `agenc admin status` shows it. For Prometheus:
 * daemon/metrics.h. Write errors stay in the stream. */
#pragma once
#include "base/settings.h"
#include "engine/engine.h"
#include <stdio.h>

struct exposition {
    const struct engine_stats *stats;
    struct engine_memory memory;
    const struct settings *settings;
};

void exposition_write_status(const struct exposition *exposition, FILE *out);
