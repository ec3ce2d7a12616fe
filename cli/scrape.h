/* cli/scrape.h: figures out of an exposition (GET /metrics), and what about them wants attention.
 *
 * Enough of Prometheus' text format for our own service: a sample a line, a name, labels, a value. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

/* The sum of all samples of this name whose labels hold `label` (`status="confirmed"`; NULL: any, "": those
 * without labels). False: there is none. */
bool scrape_sum(const char *text, const char *name, const char *label, double *out);
double scrape_value(const char *text, const char *name); /* without labels; NAN: there is none */

enum { CONDITION_TEXT_BYTES = 120 };

enum condition_level { CONDITION_INFO, CONDITION_WARNING, CONDITION_CRITICAL };

struct condition {
    enum condition_level level;
    char text[CONDITION_TEXT_BYTES]; /* "proof queue 96 % full (critical above 95 %)" */
};

/* The conditions of engine.md 5.4 that hold now, the worst first; at most `room` are written, all counted. */
unsigned conditions_find(const char *text, struct condition *out, unsigned room);
const char *condition_level_name(enum condition_level level);
