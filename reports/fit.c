/* reports/fit.c: a row a family, then what is done with each. GSL for the special functions. */
#include "reports/fit.h"
#include "base/assert.h"
#include "base/sample.h"
#include "base/sort.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NEWTON_STEPS = 100 };

/* What all families take from a sample. */
struct sums {
    double count, mean, squares; /* squares: of differences from the mean */
    double log_mean, log_squares;
    double least;
};

static struct sums sums_of(const struct fit_sample *sample)
{
    struct sums sums = {.count = sample->count, .least = sample->values[0]};
    for (uint32_t i = 0; i < sample->count; i++) sums.mean += sample->values[i] / sums.count;
    for (uint32_t i = 0; i < sample->count; i++) sums.squares += pow(sample->values[i] - sums.mean, 2);
    if (sums.least <= 0) return sums;
    for (uint32_t i = 0; i < sample->count; i++) sums.log_mean += log(sample->values[i]) / sums.count;
    for (uint32_t i = 0; i < sample->count; i++)
        sums.log_squares += pow(log(sample->values[i]) - sums.log_mean, 2);
    return sums;
}

/* -- intervals -- */

#define TAIL ((1 - FIT_CONFIDENCE) / 2)

/* value * degrees / chi squared of so many degrees */
static struct interval chi_interval(double total, double degrees)
{
    return (struct interval){total / stats_chi_quantile(1 - TAIL, degrees),
                             total / stats_chi_quantile(TAIL, degrees)};
}

static struct interval root_of(struct interval interval)
{
    return (struct interval){sqrt(interval.low), sqrt(interval.high)};
}

static struct fit_estimate log_estimate(double value, double log_error)
{
    double factor = exp(stats_normal_quantile(1 - TAIL) * log_error);
    return (struct fit_estimate){value, {value / factor, value * factor}};
}

static struct fit_estimate mean_estimate(double mean, double squares, double count)
{
    double half = stats_t_quantile(1 - TAIL, count - 1) * sqrt(squares / (count - 1) / count);
    return (struct fit_estimate){mean, {mean - half, mean + half}};
}

static struct fit_estimate spread_estimate(double squares, double count)
{
    return (struct fit_estimate){sqrt(squares / count), root_of(chi_interval(squares, count - 1))};
}

/* -- estimates -- */

static void estimate_exponential(struct fit *fit, const struct sums *sums, const struct fit_sample *sample)
{
    (void)sample;
    double total = 2 * sums->count * sums->mean;
    fit->parameters[0] = (struct fit_estimate){sums->mean, chi_interval(total, 2 * sums->count)};
}

static void estimate_normal(struct fit *fit, const struct sums *sums, const struct fit_sample *sample)
{
    (void)sample;
    fit->parameters[0] = mean_estimate(sums->mean, sums->squares, sums->count);
    fit->parameters[1] = spread_estimate(sums->squares, sums->count);
}

static void estimate_lognormal(struct fit *fit, const struct sums *sums, const struct fit_sample *sample)
{
    (void)sample;
    struct fit_estimate mean = mean_estimate(sums->log_mean, sums->log_squares, sums->count);
    fit->parameters[0] =
        (struct fit_estimate){exp(mean.value), {exp(mean.interval.low), exp(mean.interval.high)}};
    fit->parameters[1] = spread_estimate(sums->log_squares, sums->count);
}

/* log(shape) - psi(shape) = log of the mean - mean of the logs, by Newton from Minka's start. */
static double gamma_shape(double gap)
{
    double shape = (3 - gap + sqrt((gap - 3) * (gap - 3) + 24 * gap)) / (12 * gap);
    for (int i = 0; i < NEWTON_STEPS; i++) {
        double slope = 1 / shape - gsl_sf_psi_1(shape), next;
        next = shape - (log(shape) - gsl_sf_psi(shape) - gap) / slope;
        if (next <= 0) next = shape / 2;
        if (fabs(next - shape) <= 1e-12 * shape) return next;
        shape = next;
    }
    return shape;
}

static void estimate_gamma(struct fit *fit, const struct sums *sums, const struct fit_sample *sample)
{
    (void)sample;
    double shape = gamma_shape(log(sums->mean) - sums->log_mean);
    double information = gsl_sf_psi_1(shape) - 1 / shape; /* of the shape; mean and shape are orthogonal */
    double shape_error = 1 / (shape * sqrt(sums->count * information));
    fit->parameters[0] = log_estimate(sums->mean, 1 / sqrt(sums->count * shape));
    fit->parameters[1] = log_estimate(1 / sqrt(shape), shape_error / 2);
}

/* Sums of x^k, x^k log x and x^k log^2 x, of x over the largest so that nothing overflows. */
static void power_sums(const struct fit_sample *sample, double shape, double out[3])
{
    double scale = sample->values[sample->count - 1];
    out[0] = out[1] = out[2] = 0;
    for (uint32_t i = 0; i < sample->count; i++) {
        double logarithm = log(sample->values[i] / scale), power = exp(shape * logarithm);
        out[0] += power;
        out[1] += power * logarithm;
        out[2] += power * logarithm * logarithm;
    }
}

static double weibull_shape(const struct sums *sums, const struct fit_sample *sample)
{
    double log_mean = sums->log_mean - log(sample->values[sample->count - 1]), power[3];
    double shape = 1.2825 / sqrt(sums->log_squares / sums->count); /* sd of a Gumbel: pi / sqrt(6) */
    for (int i = 0; i < NEWTON_STEPS; i++) {
        power_sums(sample, shape, power);
        double ratio = power[1] / power[0];
        double slope = power[2] / power[0] - ratio * ratio + 1 / (shape * shape), next;
        next = shape - (ratio - 1 / shape - log_mean) / slope;
        if (next <= 0) next = shape / 2;
        if (fabs(next - shape) <= 1e-12 * shape) return next;
        shape = next;
    }
    return shape;
}

static void estimate_weibull(struct fit *fit, const struct sums *sums, const struct fit_sample *sample)
{
    /* Of the inverse of Fisher's information: 1 + 6 (1 - Euler's gamma)^2 / pi^2, and 6 / pi^2. */
    const double scale_share = 1.108665, shape_share = 0.607927;
    double power[3], shape = weibull_shape(sums, sample);
    power_sums(sample, shape, power);
    double scale = sample->values[sample->count - 1] * pow(power[0] / sums->count, 1 / shape);
    fit->parameters[0] = log_estimate(scale, sqrt(scale_share / sums->count) / shape);
    fit->parameters[1] = log_estimate(shape, sqrt(shape_share / sums->count));
}

static void estimate_pareto(struct fit *fit, const struct sums *sums, const struct fit_sample *sample)
{
    (void)sample;
    double total = sums->count * (sums->log_mean - log(sums->least)), exponent = sums->count / total;
    double degrees = 2 * sums->count - 2;
    /* The least of n is itself Pareto, with the exponent n times as large. */
    double lowest = sums->least * pow(1 - FIT_CONFIDENCE, 1 / (sums->count * exponent));
    fit->parameters[0] = (struct fit_estimate){sums->least, {lowest, sums->least}};
    fit->parameters[1] = (struct fit_estimate){exponent,
                                               {stats_chi_quantile(TAIL, degrees) / (2 * total),
                                                stats_chi_quantile(1 - TAIL, degrees) / (2 * total)}};
}

/* -- the table -- */

typedef void estimator(struct fit *fit, const struct sums *sums, const struct fit_sample *sample);

static const struct family {
    const char *name, *parameters[FIT_PARAMETERS];
    uint32_t parameter_count;
    uint32_t times; /* bit i: parameter i has the unit of the sample */
    bool takes_zero;
    estimator *estimate;
} FAMILIES[FIT_FAMILIES] = {
    [FIT_EXPONENTIAL] = {"exponential", {"mean", NULL}, 1, 1, true, estimate_exponential},
    [FIT_NORMAL] = {"normal", {"mean", "deviation"}, 2, 3, true, estimate_normal},
    [FIT_LOGNORMAL] = {"lognormal", {"median", "sigma"}, 2, 1, false, estimate_lognormal},
    [FIT_GAMMA] = {"gamma", {"mean", "cv"}, 2, 1, false, estimate_gamma},
    [FIT_WEIBULL] = {"weibull", {"scale", "shape"}, 2, 1, false, estimate_weibull},
    [FIT_PARETO] = {"pareto", {"least", "exponent"}, 2, 1, false, estimate_pareto},
};

const char *fit_name(enum fit_family family)
{
    ASSERT(family < FIT_FAMILIES);
    return FAMILIES[family].name;
}

const char *fit_parameter_name(enum fit_family family, uint32_t index)
{
    ASSERT(family < FIT_FAMILIES && index < FAMILIES[family].parameter_count);
    return FAMILIES[family].parameters[index];
}

bool fit_is_time(enum fit_family family, uint32_t index)
{
    return FAMILIES[family].times >> index & 1;
}

/* -- functions of a fitted family -- */

static double log_density(const struct fit *fit, double x)
{
    double a = fit->parameters[0].value, b = fit->parameters[1].value, z;
    const double log_root = 0.91893853320467274178; /* log sqrt(2 pi) */
    switch (fit->family) {
    case FIT_EXPONENTIAL: return -log(a) - x / a;
    case FIT_NORMAL: z = (x - a) / b; return -log(b) - log_root - z * z / 2;
    case FIT_LOGNORMAL: z = log(x / a) / b; return -log(b * x) - log_root - z * z / 2;
    case FIT_GAMMA: {
        double shape = 1 / (b * b), scale = a / shape;
        return (shape - 1) * log(x) - x / scale - lgamma(shape) - shape * log(scale);
    }
    case FIT_WEIBULL: z = log(x / a); return log(b / a) + (b - 1) * z - exp(b * z);
    case FIT_PARETO: return log(b) + b * log(a) - (b + 1) * log(x);
    case FIT_FAMILIES: break;
    }
    return NAN;
}

double fit_log_likelihood(const struct fit *fit, const struct fit_sample *sample)
{
    double sum = 0;
    for (uint32_t i = 0; i < sample->count; i++) sum += log_density(fit, sample->values[i]);
    return sum;
}

static double share_at(const struct fit *fit, double x, bool is_above)
{
    double a = fit->parameters[0].value, b = fit->parameters[1].value, shape = 1 / (b * b);
    switch (fit->family) {
    case FIT_EXPONENTIAL: return is_above ? gsl_cdf_exponential_Q(x, a) : gsl_cdf_exponential_P(x, a);
    case FIT_NORMAL: return is_above ? gsl_cdf_gaussian_Q(x - a, b) : gsl_cdf_gaussian_P(x - a, b);
    case FIT_LOGNORMAL:
        return is_above ? gsl_cdf_lognormal_Q(x, log(a), b) : gsl_cdf_lognormal_P(x, log(a), b);
    case FIT_GAMMA:
        return is_above ? gsl_cdf_gamma_Q(x, shape, a / shape) : gsl_cdf_gamma_P(x, shape, a / shape);
    case FIT_WEIBULL: return is_above ? gsl_cdf_weibull_Q(x, a, b) : gsl_cdf_weibull_P(x, a, b);
    case FIT_PARETO: return is_above ? gsl_cdf_pareto_Q(x, b, a) : gsl_cdf_pareto_P(x, b, a);
    case FIT_FAMILIES: break;
    }
    return NAN;
}

double fit_cdf(const struct fit *fit, double value)
{
    return share_at(fit, value, false);
}

double fit_quantile(const struct fit *fit, double share)
{
    double a = fit->parameters[0].value, b = fit->parameters[1].value, shape = 1 / (b * b);
    ASSERT(share > 0 && share < 1);
    switch (fit->family) {
    case FIT_EXPONENTIAL: return gsl_cdf_exponential_Pinv(share, a);
    case FIT_NORMAL: return a + gsl_cdf_gaussian_Pinv(share, b);
    case FIT_LOGNORMAL: return gsl_cdf_lognormal_Pinv(share, log(a), b);
    case FIT_GAMMA: return a / shape / 2 * stats_chi_quantile(share, 2 * shape);
    case FIT_WEIBULL: return gsl_cdf_weibull_Pinv(share, a, b);
    case FIT_PARETO: return gsl_cdf_pareto_Pinv(share, b, a);
    case FIT_FAMILIES: break;
    }
    return NAN;
}

/* -- distance from the sample -- */

static double kolmogorov(const struct fit *fit, const struct fit_sample *sample)
{
    double most = 0, count = sample->count;
    for (uint32_t i = 0; i < sample->count; i++) {
        double share = fit_cdf(fit, sample->values[i]);
        most = fmax(most, fmax((i + 1) / count - share, share - i / count));
    }
    return most;
}

static double anderson(const struct fit *fit, const struct fit_sample *sample)
{
    const double least = 1e-300; /* a value outside of the support is very bad, not infinitely so */
    double sum = 0, count = sample->count;
    for (uint32_t i = 0; i < sample->count; i++) {
        double value = sample->values[i], rank = 2.0 * i + 1;
        sum += rank * log(fmax(share_at(fit, value, false), least));
        sum += (2 * count - rank) * log(fmax(share_at(fit, value, true), least));
    }
    return -count - sum / count;
}

/* -- fitting -- */

double *fit_sorted(const double *values, uint32_t count)
{
    double *sorted = malloc((count ? count : 1) * sizeof *sorted);
    if (!sorted) return NULL;
    if (count) memcpy(sorted, values, count * sizeof *sorted);
    sort_doubles(sorted, count);
    return sorted;
}

static bool estimate(struct fit *out, enum fit_family family, const struct fit_sample *sample)
{
    const struct family *row = &FAMILIES[family];
    *out = (struct fit){.family = family, .parameter_count = row->parameter_count, .aic = INFINITY};
    if (sample->count < FIT_ROWS_LEAST) return false;
    if (sample->values[0] >= sample->values[sample->count - 1]) return false;
    if (!row->takes_zero && sample->values[0] <= 0) return false;
    struct sums sums = sums_of(sample);
    row->estimate(out, &sums, sample);
    for (uint32_t i = 0; i < row->parameter_count; i++)
        if (!isfinite(out->parameters[i].value)) return false;
    return out->is_possible = true;
}

void fit_family(struct fit *out, enum fit_family family, const struct fit_sample *sample)
{
    ASSERT(family < FIT_FAMILIES);
    gsl_set_error_handler_off(); /* what GSL cannot give is NAN, not the end of the program */
    if (!estimate(out, family, sample)) return;
    out->log_likelihood = fit_log_likelihood(out, sample);
    out->aic = 2.0 * out->parameter_count - 2 * out->log_likelihood;
    out->ks = kolmogorov(out, sample);
    out->ad = anderson(out, sample);
}

enum fit_family fit_all(struct fit out[FIT_FAMILIES], uint32_t allowed, const struct fit_sample *sample)
{
    enum fit_family best = FIT_FAMILIES;
    for (int family = 0; family < FIT_FAMILIES; family++) {
        fit_family(&out[family], (enum fit_family)family, sample);
        if (!out[family].is_possible || !(allowed >> family & 1)) continue;
        if (best == FIT_FAMILIES || out[family].aic < out[best].aic) best = (enum fit_family)family;
    }
    return best;
}

/* -- bootstrap -- */

static double draw_value(const struct fit *fit, struct draw *draw)
{
    double a = fit->parameters[0].value, b = fit->parameters[1].value;
    switch (fit->family) {
    case FIT_EXPONENTIAL: return a * sample_exponential(draw);
    case FIT_NORMAL: return a + b * sample_normal(draw);
    case FIT_LOGNORMAL: return a * sample_lognormal(draw, b);
    case FIT_GAMMA: return a * b * b * sample_gamma(draw, 1 / (b * b));
    case FIT_WEIBULL: return a * pow(sample_exponential(draw), 1 / b);
    case FIT_PARETO: return a * sample_pareto(draw, b);
    case FIT_FAMILIES: break;
    }
    return NAN;
}

struct counts {
    uint32_t resamples, ks_beyond, ad_beyond;
};

static void resample(const struct fit_question *question, const struct fit *seen, double *values,
                     struct counts *counts, const struct fit_sample *tested)
{
    struct rng rng = rng_keyed(question->seed, 0);
    for (uint32_t i = 0; i < tested->count; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, (uint64_t)counts->resamples << 32 | i, 0);
        values[i] = draw_value(question->fit, &draw);
    }
    sort_doubles(values, tested->count);
    const struct fit_sample drawn = {values, tested->count};
    struct fit fit;
    counts->resamples++;
    if (!estimate(&fit, question->fit->family, &drawn)) return;
    counts->ks_beyond += kolmogorov(&fit, &drawn) >= seen->ks;
    counts->ad_beyond += anderson(&fit, &drawn) >= seen->ad;
}

/* `count` values at random, none twice, still sorted. */
static void thin(const struct fit_sample *sample, double *out, uint32_t count, uint64_t seed)
{
    struct rng rng = rng_keyed(seed, 1);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    uint32_t taken = 0;
    for (uint32_t i = 0; taken < count; i++)
        if (draw_below(&draw, sample->count - i) < count - taken) out[taken++] = sample->values[i];
}

err fit_goodness(struct fit_test *out, const struct fit_question *question, const struct fit_sample *sample)
{
    uint32_t rows = sample->count < FIT_ROWS_TESTED ? sample->count : FIT_ROWS_TESTED;
    *out = (struct fit_test){.ks_p = NAN, .ad_p = NAN, .rows = rows, .resamples = question->resamples};
    if (!question->resamples || !question->fit->is_possible) return OK;
    double *values = malloc(2 * rows * sizeof *values);
    if (!values) return ERR_NOMEM;
    const struct fit_sample tested = {values + rows, rows};
    struct fit seen;
    struct counts counts = {0};
    thin(sample, values + rows, rows, question->seed);
    fit_family(&seen, question->fit->family, &tested);
    while (counts.resamples < question->resamples) resample(question, &seen, values, &counts, &tested);
    out->ks_p = (counts.ks_beyond + 1.0) / (question->resamples + 1.0);
    out->ad_p = (counts.ad_beyond + 1.0) / (question->resamples + 1.0);
    free(values);
    return OK;
}
