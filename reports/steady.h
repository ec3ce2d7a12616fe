/* reports/steady.h: where a series becomes steady, and how much its values tell.
 *
 * Warm-up: MSER-5. The series is cut into means of five; of all beginnings up to
 * half of them, the one is dropped after which the standard error of the rest is
 * least. A least at that half means: not steady, the run is too short.
 * Effective values: n gamma(0) / (b Var(means of batches of b)): how many
 * independent values carry as much as these.
 * Stopping: replicate until the interval is narrow enough, looked at only when
 * the number of runs is one of STEADY_LOOKS: looking after every run would stop
 * at lucky ones.
 * Source: statistics.md 4.4; White 1997; Law, "Simulation Modeling and Analysis". */
#pragma once
#include "reports/stats.h"

enum { STEADY_BATCH = 5, STEADY_VALUES_LEAST = 20 };

struct steady {
    uint32_t dropped; /* values of the warm-up, a multiple of STEADY_BATCH */
    bool is_steady;
};

/* False: fewer than STEADY_VALUES_LEAST values, or one that is not finite. */
bool steady_find(struct steady *out, const double *values, uint32_t count);

/* Of `count` values in batches of `batch`; NAN with fewer than two batches; count when they are all equal. */
double steady_effective(const double *values, uint32_t count, uint32_t batch);

/* Runs after which the precision is looked at, in order; 0 at the end. */
extern const uint32_t STEADY_LOOKS[];

struct steady_look {
    double mean;           /* of the values */
    double half_width;     /* of the interval, relative to the mean; NAN: cannot be told */
    bool is_narrow_enough; /* at most the precision */
};
/* The interval of the mean: Student's t at `confidence`. precision: relative, above 0. */
struct steady_look steady_look(const double *values, uint32_t count, double precision, double confidence);
