/* reports/change.h: before against after, a figure at a time.
 *
 * The tuning guide's table: by how many per cent a metric changed, whether that
 * is better, and what the sum of it is. The guide's own script divides with one
 * decimal before it scales and so prints 0 for -3.5 % (engine.md 8.13): here the
 * division comes last. Verdicts are of the figures as given; whether a
 * difference is more than noise is the comparison's business. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum change_verdict { CHANGE_NONE, CHANGE_BETTER, CHANGE_WORSE, CHANGE_UNKNOWN };
enum net_assessment { NET_NEUTRAL, NET_POSITIVE, NET_NEGATIVE };

struct change_metric {
    const char *name;
    bool is_higher_better;
};

/* NULL: not one of the guide's metrics. */
const struct change_metric *change_metric_find(const char *name);

/* To one decimal, halves away from zero; NAN when before is 0 or either is not a number. */
double change_percent(double before, double after);
/* Within half of the last printed decimal it is no change; CHANGE_UNKNOWN when there is no percentage. */
enum change_verdict change_verdict(const struct change_metric *metric, double before, double after);
/* More metrics better than worse, or the other way round. */
enum net_assessment change_net(const enum change_verdict *verdicts, uint32_t count);
const char *net_assessment_name(enum net_assessment net); /* "POSITIVE" */
