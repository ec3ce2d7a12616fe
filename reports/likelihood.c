/* reports/likelihood.c: simplex, second differences, inverse. */
#include "reports/likelihood.h"
#include "base/assert.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <math.h>

enum { STEPS_MOST = 2000, ROUNDS_MOST = 5, REACH_TRIALS = 40 };
#define SIZE_LEAST 1e-4 /* of the steps */

/* The simplex works in steps around the start, so that one size fits all parameters. */
struct scaled {
    const struct likelihood *likelihood;
    double origin[LIKELIHOOD_PARAMETERS];
};

static double value_at(const struct scaled *scaled, const double *steps)
{
    double parameters[LIKELIHOOD_PARAMETERS];
    for (uint32_t i = 0; i < scaled->likelihood->count; i++)
        parameters[i] = scaled->origin[i] + steps[i] * scaled->likelihood->step[i];
    return scaled->likelihood->of(parameters, scaled->likelihood->context);
}

static double minus_at(const gsl_vector *steps, void *context)
{
    double value = value_at(context, steps->data);
    return isfinite(value) ? -value : 1e300;
}

static double descend(gsl_multimin_fminimizer *minimizer, struct scaled *scaled, gsl_vector *size)
{
    gsl_vector *zero = gsl_multimin_fminimizer_x(minimizer);
    gsl_multimin_function function = {minus_at, scaled->likelihood->count, scaled};
    gsl_vector_set_zero(zero);
    gsl_vector_set_all(size, 1);
    gsl_multimin_fminimizer_set(minimizer, &function, zero, size);
    for (int i = 0; i < STEPS_MOST; i++) {
        if (gsl_multimin_fminimizer_iterate(minimizer) != GSL_SUCCESS) break;
        if (gsl_multimin_fminimizer_size(minimizer) < SIZE_LEAST) break;
    }
    for (uint32_t i = 0; i < scaled->likelihood->count; i++)
        scaled->origin[i] +=
            scaled->likelihood->step[i] * gsl_vector_get(gsl_multimin_fminimizer_x(minimizer), i);
    return -gsl_multimin_fminimizer_minimum(minimizer);
}

static err climb(struct scaled *scaled, double *best)
{
    uint32_t count = scaled->likelihood->count;
    gsl_multimin_fminimizer *minimizer =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, count);
    gsl_vector *size = gsl_vector_alloc(count);
    bool has_room = minimizer && size;
    *best = -INFINITY;
    for (int i = 0; has_room && i < ROUNDS_MOST; i++) {
        double before = *best;
        *best = descend(minimizer, scaled, size);
        if (*best - before < 1e-3) break;
    }
    if (minimizer) gsl_multimin_fminimizer_free(minimizer);
    if (size) gsl_vector_free(size);
    return has_room ? OK : ERR_NOMEM;
}

/* In steps: how far one parameter goes until the likelihood has fallen by 0.1 to 1. */
static double reach_of(const struct scaled *scaled, uint32_t index, double best)
{
    double reach = 1;
    for (int i = 0; i < REACH_TRIALS; i++) {
        double up[LIKELIHOOD_PARAMETERS] = {0}, down[LIKELIHOOD_PARAMETERS] = {0};
        up[index] = reach;
        down[index] = -reach;
        double fall = best - fmin(value_at(scaled, up), value_at(scaled, down));
        if (fall > 1)
            reach *= 0.6;
        else if (fall < 0.1)
            reach *= 1.7;
        else
            return reach;
    }
    return reach;
}

static double second_difference(const struct scaled *scaled, const double *reach, uint32_t i, uint32_t j,
                                double best)
{
    double sum = 0, sign_i, sign_j;
    if (i == j) {
        double up[LIKELIHOOD_PARAMETERS] = {0}, down[LIKELIHOOD_PARAMETERS] = {0};
        up[i] = reach[i];
        down[i] = -reach[i];
        return -(value_at(scaled, up) + value_at(scaled, down) - 2 * best) / (reach[i] * reach[i]);
    }
    for (int corner = 0; corner < 4; corner++) {
        double at[LIKELIHOOD_PARAMETERS] = {0};
        sign_i = corner & 1 ? 1 : -1;
        sign_j = corner & 2 ? 1 : -1;
        at[i] = sign_i * reach[i] / 2;
        at[j] = sign_j * reach[j] / 2;
        sum += sign_i * sign_j * value_at(scaled, at);
    }
    return -sum / (reach[i] * reach[j]);
}

static err find_errors(const struct scaled *scaled, struct likelihood_maximum *out)
{
    uint32_t count = scaled->likelihood->count;
    double reach[LIKELIHOOD_PARAMETERS];
    gsl_matrix *information = gsl_matrix_alloc(count, count);
    if (!information) return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++) reach[i] = reach_of(scaled, i, out->log_likelihood);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j <= i; j++) {
            double value = second_difference(scaled, reach, i, j, out->log_likelihood);
            gsl_matrix_set(information, i, j, value);
            gsl_matrix_set(information, j, i, value);
        }
    gsl_error_handler_t *before = gsl_set_error_handler_off(); /* not positive: told by the status */
    out->has_errors = gsl_linalg_cholesky_decomp1(information) == GSL_SUCCESS &&
                      gsl_linalg_cholesky_invert(information) == GSL_SUCCESS;
    gsl_set_error_handler(before);
    for (uint32_t i = 0; i < count && out->has_errors; i++) {
        out->error[i] = sqrt(gsl_matrix_get(information, i, i)) * scaled->likelihood->step[i];
        out->has_errors = isfinite(out->error[i]);
    }
    gsl_matrix_free(information);
    return OK;
}

err likelihood_maximise(const struct likelihood *likelihood, struct likelihood_maximum *out)
{
    struct scaled scaled = {.likelihood = likelihood};
    struct likelihood_maximum maximum = {0};
    ASSERT(likelihood->count >= 1 && likelihood->count <= LIKELIHOOD_PARAMETERS);
    for (uint32_t i = 0; i < likelihood->count; i++) scaled.origin[i] = likelihood->start[i];
    TRY(climb(&scaled, &maximum.log_likelihood));
    for (uint32_t i = 0; i < likelihood->count; i++) maximum.at[i] = scaled.origin[i];
    TRY(find_errors(&scaled, &maximum));
    *out = maximum;
    return OK;
}
