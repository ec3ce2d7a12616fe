/* reports/likelihood.h: the maximum of a likelihood that has no closed form.
 *
 * Nelder and Mead's simplex (GSL multimin), begun anew from where it ended until
 * that gains nothing; errors from the observed information: the matrix of second
 * differences at the maximum, inverted. Each difference reaches to where the
 * likelihood has fallen by about a half, so that rounding has no say.
 * Errors: ERR_NOMEM. A maximum whose information cannot be inverted (a parameter
 * on its bound, or one that the data do not determine) has has_errors false. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { LIKELIHOOD_PARAMETERS = 8 };

/* -INFINITY where the parameters mean nothing. */
typedef double log_likelihood(const double *parameters, const void *context);

struct likelihood {
    log_likelihood *of;
    const void *context;
    uint32_t count;                                                   /* of parameters */
    double start[LIKELIHOOD_PARAMETERS], step[LIKELIHOOD_PARAMETERS]; /* step: about the error to expect */
};

struct likelihood_maximum {
    double at[LIKELIHOOD_PARAMETERS], error[LIKELIHOOD_PARAMETERS]; /* error: of one, standard */
    double log_likelihood;
    bool has_errors;
};

MUST_USE err likelihood_maximise(const struct likelihood *likelihood, struct likelihood_maximum *out);
