/* reports/fit.h: which distribution a sample comes from: families fitted by maximum likelihood.
 *
 * Parameters are those of base/dist.h's grammar where it has the family:
 *   exponential  mean                      normal   mean, deviation
 *   lognormal    median, sigma of the log  gamma    mean, cv (sd over mean)
 *   weibull      scale, shape              pareto   least, exponent
 * Closed forms where there are any; the shapes of gamma and Weibull by Newton's
 * method on their own equation. AIC = 2 parameters - 2 log likelihood.
 * Intervals hold the parameter with a chance of 95 %. Exact: exponential (chi
 * squared), normal and lognormal (Student's t, chi squared), Pareto. From the
 * information at the estimate, on the scale of logs: gamma and Weibull.
 * Goodness of fit: Kolmogorov-Smirnov's D, Anderson-Darling's A squared over the
 * whole sample; their p by parametric bootstrap, each resample fitted anew, since
 * tables for known parameters would say too much in favour of fitted ones. Of more
 * than FIT_ROWS_TESTED values, so many at random are tested.
 * Draws are keyed by a seed: same sample and seed, same p.
 * Source: statistics.md; Johnson, Kotz, Balakrishnan, "Continuous Univariate
 * Distributions", 1994; Stephens, "EDF statistics", JASA 1974; Akaike 1974.
 * Threads: none needed, nothing is shared. */
#pragma once
#include "base/err.h"
#include "reports/stats.h"
#include <stdbool.h>
#include <stdint.h>

enum fit_family {
    FIT_EXPONENTIAL,
    FIT_NORMAL,
    FIT_LOGNORMAL,
    FIT_GAMMA,
    FIT_WEIBULL,
    FIT_PARETO,
    FIT_FAMILIES,
};

enum {
    FIT_PARAMETERS = 2,
    FIT_ROWS_LEAST = 8, /* below, nothing is fitted */
    FIT_ROWS_TESTED = 2000,
};

#define FIT_CONFIDENCE 0.95

/* Sorted, finite, not negative. */
struct fit_sample {
    const double *values;
    uint32_t count;
};

struct fit_estimate {
    double value;
    struct interval interval;
};

struct fit {
    enum fit_family family;
    bool is_possible; /* false: too few values, all equal, or a 0 where the family has none */
    uint32_t parameter_count;
    struct fit_estimate parameters[FIT_PARAMETERS];
    double log_likelihood, aic;
    double ks, ad;
};

struct fit_test {
    double ks_p, ad_p; /* NAN: not tested */
    uint32_t rows, resamples;
};

/* A sorted copy, to be freed by the caller; NULL: out of memory. */
double *fit_sorted(const double *values, uint32_t count);

void fit_family(struct fit *out, enum fit_family family, const struct fit_sample *sample);
/* All families. Returns the least AIC among `allowed` (bit 1 << family); FIT_FAMILIES when none is possible.
 */
enum fit_family fit_all(struct fit out[FIT_FAMILIES], uint32_t allowed, const struct fit_sample *sample);
struct fit_question {
    const struct fit *fit;
    uint32_t resamples; /* 0: not tested */
    uint64_t seed;
};
MUST_USE err fit_goodness(struct fit_test *out, const struct fit_question *question,
                          const struct fit_sample *sample);

double fit_log_likelihood(const struct fit *fit, const struct fit_sample *sample);
double fit_cdf(const struct fit *fit, double value);
double fit_quantile(const struct fit *fit, double share); /* 0 < share < 1 */
const char *fit_name(enum fit_family family);
const char *fit_parameter_name(enum fit_family family, uint32_t index);
bool fit_is_time(enum fit_family family, uint32_t index); /* has the unit of the sample */
