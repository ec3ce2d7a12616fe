/* reports/calibrate_prover.c: times of batches as a mixture: a log-normal noise and up to two stretches of
 * it. */
#include "base/assert.h"
#include "reports/calibration.h"
#include "reports/likelihood.h"
#include <math.h>
#include <stdlib.h>

static const char *const OUTCOMES[] = {"valid", "invalid", NULL};
static const struct csv_column COLUMNS[PROVER_COLUMNS] = {
    [PROVER_MS] = {"proof_ms", CSV_NUMBER, true, false, NULL},
    [PROVER_BATCH] = {"batch_size", CSV_COUNT, false, false, NULL},
    [PROVER_VERIFY] = {"verify_ms", CSV_NUMBER, false, true, NULL},
    [PROVER_OUTCOME] = {"outcome", CSV_WORD, false, false, OUTCOMES},
};
static const struct csv_form FORM = {"proofs", COLUMNS, PROVER_COLUMNS};
const struct csv_forms CALIBRATE_PROVER_FORMS = {&FORM, 1};

enum { STRETCHES = 2, ROWS_LEAST = 30, ROWS_FITTED = 100000 };

struct batches {
    const double *ms, *sizes; /* sizes NULL: all 1 */
    uint32_t count, stretches;
    uint32_t stride; /* above 1: of very many rows, one in so many is fitted */
    double least_size, most_size;
    double unit; /* what unit and set-up are measured in, so that both are about 1 */
};

/* Somewhere in each stride, so that a cycle in the rows is not lost. */
static uint32_t place_of(const struct batches *batches, uint32_t i)
{
    return i * batches->stride + (i * UINT32_C(2654435761) >> 16) % batches->stride;
}

static double time_of(const struct batches *batches, uint32_t i)
{
    return batches->ms[place_of(batches, i)];
}

static double size_of(const struct batches *batches, uint32_t i)
{
    return batches->sizes ? batches->sizes[place_of(batches, i)] : 1;
}

/* -- the mixture -- */

/* Places of the parameters: unit, set-up when sizes differ, log sigma, then log chance and log factor of each
 * stretch. */
struct shape {
    double unit, setup, sigma, chances[STRETCHES], factors[STRETCHES];
};

static bool has_setup(const struct batches *batches)
{
    return batches->most_size > batches->least_size;
}

static struct shape shape_of(const struct batches *batches, const double *parameters)
{
    struct shape shape = {.unit = parameters[0]};
    uint32_t at = 1;
    if (has_setup(batches)) shape.setup = parameters[at++];
    shape.sigma = exp(parameters[at++]);
    for (uint32_t i = 0; i < batches->stretches; i++) {
        shape.chances[i] = exp(parameters[at++]);
        shape.factors[i] = parameters[at++]; /* its log */
    }
    return shape;
}

static bool is_sensible(const struct batches *batches, const struct shape *shape)
{
    double chances = 0;
    for (uint32_t i = 0; i < batches->stretches; i++) {
        chances += shape->chances[i];
        if (shape->factors[i] < 2 * shape->sigma || shape->factors[i] > log(100)) return false;
    }
    return chances < 0.5 && shape->sigma > 1e-6 && shape->sigma < 10 &&
           shape->setup + batches->least_size * shape->unit > 0 &&
           shape->setup + batches->most_size * shape->unit > 0;
}

static double batches_likelihood(const double *parameters, const void *context)
{
    const struct batches *batches = context;
    struct shape shape = shape_of(batches, parameters);
    if (!is_sensible(batches, &shape)) return -INFINITY;
    double sum = 0, plain = 1;
    for (uint32_t s = 0; s < batches->stretches; s++) plain -= shape.chances[s];
    for (uint32_t i = 0; i < batches->count; i++) {
        double median = (shape.setup + size_of(batches, i) * shape.unit) * batches->unit;
        double logarithm = log(time_of(batches, i) / median), z = logarithm / shape.sigma;
        double density = plain * exp(-z * z / 2);
        for (uint32_t s = 0; s < batches->stretches; s++) {
            z = (logarithm - shape.factors[s]) / shape.sigma;
            density += shape.chances[s] * exp(-z * z / 2);
        }
        sum += log(fmax(density, 1e-300)) - log(time_of(batches, i));
    }
    return sum - batches->count * (log(shape.sigma) + 0.91893853320467274178);
}

/* -- where to begin -- */

/* Median time of the batches of one size; NAN when there are none. */
static err median_of_size(const struct batches *batches, double size, double *out)
{
    double *values = malloc(batches->count * sizeof *values);
    if (!values) return ERR_NOMEM;
    uint32_t count = 0;
    for (uint32_t i = 0; i < batches->count; i++)
        if (size_of(batches, i) == size) values[count++] = time_of(batches, i);
    *out = stats_median(values, count);
    free(values);
    return OK;
}

struct beginning {
    double unit, setup, sigma;
};

/* Half of the residuals lie within 1.349 sigma around the median, whatever the stretches do. */
static err begin_sigma(const struct batches *batches, struct beginning *out)
{
    double *residuals = malloc(batches->count * sizeof *residuals);
    if (!residuals) return ERR_NOMEM;
    for (uint32_t i = 0; i < batches->count; i++)
        residuals[i] = log(time_of(batches, i) / (out->setup + size_of(batches, i) * out->unit));
    double *sorted = fit_sorted(residuals, batches->count);
    free(residuals);
    if (!sorted) return ERR_NOMEM;
    out->sigma = (sorted[batches->count * 3 / 4] - sorted[batches->count / 4]) / 1.349;
    if (!(out->sigma > 1e-5)) out->sigma = 1e-5;
    free(sorted);
    return OK;
}

static err begin(const struct batches *batches, struct beginning *out)
{
    double least, most;
    TRY(median_of_size(batches, batches->least_size, &least));
    TRY(median_of_size(batches, batches->most_size, &most));
    *out = (struct beginning){.unit = least / batches->least_size};
    if (has_setup(batches)) {
        double slope = (most - least) / (batches->most_size - batches->least_size);
        out->unit = fmax(slope, least / batches->least_size / 100);
        out->setup = fmax(0, least - batches->least_size * out->unit);
    }
    return begin_sigma(batches, out);
}

static void start_search(const struct batches *batches, const struct beginning *beginning,
                         const struct calibrate_prover_base *base, struct likelihood *out)
{
    double root = sqrt(batches->count), rows = batches->count;
    *out = (struct likelihood){.of = batches_likelihood, .context = batches};
    out->start[0] = beginning->unit / batches->unit;
    out->step[out->count++] = 3 * beginning->sigma / root;
    if (has_setup(batches)) {
        out->start[out->count] = beginning->setup / batches->unit;
        out->step[out->count++] = 3 * beginning->sigma * batches->most_size / root;
    }
    out->start[out->count] = log(beginning->sigma);
    out->step[out->count++] = 1 / root;
    for (uint32_t i = 0; i < batches->stretches; i++) {
        double chance = base->stretch_chances[i] > 0 ? base->stretch_chances[i] : i ? 0.005 : 0.03;
        double factor = base->stretch_factors[i] > 1 ? base->stretch_factors[i] : i ? 3 : 1.5;
        out->start[out->count] = log(chance);
        out->step[out->count++] = 1 / sqrt(fmax(rows * chance, 2));
        out->start[out->count] = fmax(log(factor), 2.5 * beginning->sigma);
        out->step[out->count++] = beginning->sigma / sqrt(fmax(rows * chance, 2));
    }
}

/* -- what comes out -- */

struct answer {
    struct likelihood_maximum maximum;
    uint32_t stretches;
    double aic;
};

static struct fit_estimate around(double value, double error, bool is_log)
{
    double half = stats_normal_quantile(0.5 + FIT_CONFIDENCE / 2) * error;
    if (is_log) return (struct fit_estimate){exp(value), {exp(value - half), exp(value + half)}};
    return (struct fit_estimate){value, {value - half, value + half}};
}

static struct fit_estimate scaled(struct fit_estimate estimate, double scale)
{
    return (struct fit_estimate){fmax(0, estimate.value * scale),
                                 {fmax(0, estimate.interval.low * scale), estimate.interval.high * scale}};
}

static const struct fit_estimate EXACTLY_NONE = {0, {0, 0}}, EXACTLY_ONE = {1, {1, 1}};

static void add_stretches(struct calibration *out, const struct answer *answer, uint32_t at, const char *how)
{
    const struct likelihood_maximum *maximum = &answer->maximum;
    struct fit_estimate chances[STRETCHES] = {EXACTLY_NONE, EXACTLY_NONE};
    struct fit_estimate factors[STRETCHES] = {EXACTLY_ONE, EXACTLY_ONE};
    for (uint32_t i = 0; i < answer->stretches; i++, at += 2) {
        chances[i] = around(maximum->at[at], maximum->error[at], true);
        factors[i] = around(maximum->at[at + 1], maximum->error[at + 1], true);
    }
    bool is_turned = answer->stretches == STRETCHES && factors[0].value > factors[1].value;
    struct calibration_key *row = calibration_add(out, "noise.stretch_chances", how, chances[is_turned]);
    row->elements = STRETCHES;
    row->values[1] = chances[!is_turned];
    row = calibration_add(out, "noise.stretch_factors", how, factors[is_turned]);
    row->elements = STRETCHES;
    row->values[1] = factors[!is_turned];
}

static void add_answer(struct calibration *out, const struct batches *batches, const struct answer *answer)
{
    const struct likelihood_maximum *maximum = &answer->maximum;
    char how[CALIBRATION_HOW_BYTES];
    uint32_t at = 1;
    snprintf(how, sizeof how, "log-normal with %u stretches, %u rows", answer->stretches, batches->count);
    struct fit_estimate setup = EXACTLY_NONE;
    if (has_setup(batches)) {
        setup = scaled(around(maximum->at[at], maximum->error[at], false), batches->unit);
        at++;
    }
    calibration_add(out, "batch.setup_ms", has_setup(batches) ? how : "all batches have one size", setup);
    calibration_add(out, "batch.unit_ms", how,
                    scaled(around(maximum->at[0], maximum->error[0], false), batches->unit));
    calibration_add(out, "noise.sigma", how, around(maximum->at[at], maximum->error[at], true));
    add_stretches(out, answer, at + 1, how);
}

static err search(struct batches *batches, const struct calibrate_prover_base *base, struct answer *best)
{
    struct beginning beginning;
    TRY(begin(batches, &beginning));
    batches->unit = beginning.unit;
    best->aic = INFINITY;
    for (batches->stretches = 0; batches->stretches <= STRETCHES; batches->stretches++) {
        struct likelihood likelihood;
        struct answer answer = {.stretches = batches->stretches};
        start_search(batches, &beginning, base, &likelihood);
        TRY(likelihood_maximise(&likelihood, &answer.maximum));
        answer.aic = 2.0 * likelihood.count - 2 * answer.maximum.log_likelihood;
        if (answer.maximum.has_errors && answer.aic < best->aic) *best = answer;
    }
    return OK;
}

/* The noise alone: times over the medians that were found. */
static err measure_noise(struct calibration *out, const struct batches *batches, struct diag *diag)
{
    double setup = calibration_find(out, "batch.setup_ms")->values[0].value,
           unit = calibration_find(out, "batch.unit_ms")->values[0].value;
    double *relative = malloc(batches->count * sizeof *relative);
    if (!relative) return diag_fail(diag, ERR_NOMEM, "out of memory for proofs");
    bool is_one = !has_setup(batches) && batches->least_size == 1;
    for (uint32_t i = 0; i < batches->count; i++)
        relative[i] =
            is_one ? time_of(batches, i) : time_of(batches, i) / (setup + size_of(batches, i) * unit);
    const struct calibration_sample sample = {is_one ? "proof_ms" : "proof_ms over its median",
                                              is_one ? "ms" : "", relative, batches->count,
                                              1u << FIT_LOGNORMAL};
    err e = calibration_measure(out, &sample, diag);
    free(relative);
    return e;
}

static err read_verify(struct calibration *out, const struct csv_table *table, struct diag *diag)
{
    if (!table->values[PROVER_VERIFY]) return OK;
    double *values = malloc(table->row_count * sizeof *values);
    if (!values) return diag_fail(diag, ERR_NOMEM, "out of memory for verifications");
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->row_count; i++)
        if (!isnan(table->values[PROVER_VERIFY][i])) values[count++] = table->values[PROVER_VERIFY][i];
    const struct calibration_sample sample = {"verify_ms", "ms", values, count, 1u << FIT_LOGNORMAL};
    err e = calibration_measure(out, &sample, diag);
    free(values);
    TRY(e);
    const struct calibration_quantity *quantity = &out->quantities[out->quantity_count - 1];
    if (quantity->used == FIT_FAMILIES) return OK;
    const struct fit *fit = &quantity->fits[FIT_LOGNORMAL];
    calibration_add(out, "verify.ms", "log-normal", fit->parameters[0]);
    calibration_add(out, "verify.sigma", "log-normal", fit->parameters[1]);
    return OK;
}

static err take_batches(struct batches *out, const struct csv_table *table, struct diag *diag)
{
    *out = (struct batches){.ms = table->values[PROVER_MS],
                            .sizes = table->values[PROVER_BATCH],
                            .count = table->row_count,
                            .stride = 1,
                            .least_size = 1e15};
    if (table->row_count < ROWS_LEAST)
        return diag_fail(diag, ERR_RANGE, "%u rows say too little about a prover, at least %d are needed",
                         table->row_count, ROWS_LEAST);
    for (uint32_t i = 0; i < out->count; i++)
        if (time_of(out, i) <= 0 || size_of(out, i) < 1)
            return csv_refuse_row(table, i, diag, "proof_ms must be above 0 and batch_size at least 1");
    out->stride = (out->count + ROWS_FITTED - 1) / ROWS_FITTED;
    out->count /= out->stride;
    out->least_size = 1e15;
    out->most_size = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        out->least_size = fmin(out->least_size, size_of(out, i));
        out->most_size = fmax(out->most_size, size_of(out, i));
    }
    return OK;
}

err calibrate_prover(struct calibration *out, const struct csv_table *table,
                     const struct calibrate_prover_base *base, struct diag *diag)
{
    struct batches batches;
    struct answer answer = {0};
    TRY(take_batches(&batches, table, diag));
    if (search(&batches, base, &answer) != OK) return diag_fail(diag, ERR_NOMEM, "out of memory for proofs");
    if (isinf(answer.aic))
        return diag_fail(diag, ERR_RANGE, "proof_ms has no spread that a log-normal noise could have");
    add_answer(out, &batches, &answer);
    if (batches.stride > 1)
        calibration_note(out, "proof_ms: one row in %u is fitted, %u in all", batches.stride, batches.count);
    if (answer.stretches)
        calibration_note(out, "proof_ms: the families are of all rows; the keys' log-normal is of those that "
                              "were not stretched");
    TRY(measure_noise(out, &batches, diag));
    TRY(read_verify(out, table, diag));
    if (!table->values[PROVER_OUTCOME]) return OK;
    uint64_t invalid = 0;
    for (uint32_t i = 0; i < table->row_count; i++) invalid += table->values[PROVER_OUTCOME][i] > 0;
    calibration_add(out, "organic.invalid_chance", "share of rows",
                    calibration_share(invalid, table->row_count));
    return OK;
}
