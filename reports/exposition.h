/* reports/exposition.h: the engine's counters as Prometheus text, under the runbooks' names (engine.md 4.1).
 *
 * One table of rows drives the text; the engine only counts. A labelled family
 * has a series for every known label from the start, 0 or not, so that a rate
 * exists before the first event. Write errors stay in the stream. */
#pragma once
#include "base/settings.h"
#include "engine/engine.h"
#include <stdio.h>

struct exposition {
    const struct engine_stats *stats;
    struct engine_memory memory;
    const struct settings *settings;
};

void exposition_write(const struct exposition *exposition, FILE *out);
/* The same state for people: what `agenc admin status` shows. */
void exposition_write_status(const struct exposition *exposition, FILE *out);
