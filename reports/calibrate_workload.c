/* reports/calibrate_workload.c: rate, arrival process, execution times, depths. */
#include "reports/calibration.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

static const struct csv_column COLUMNS[WORK_COLUMNS] = {
    [WORK_ARRIVAL] = {"arrival_ms", CSV_NUMBER, true, false, NULL},
    [WORK_EXECUTION] = {"execution_ms", CSV_NUMBER, false, false, NULL},
    [WORK_DEPTH] = {"depth", CSV_COUNT, false, false, NULL},
};
static const struct csv_column EXECUTIONS[] = {{"execution_ms", CSV_NUMBER, true, false, NULL}};
enum { FORM_JOBS, FORM_EXECUTIONS, FORM_COUNT };
static const struct csv_form FORMS[FORM_COUNT] = {
    [FORM_JOBS] = {"jobs", COLUMNS, WORK_COLUMNS}, [FORM_EXECUTIONS] = {"executions", EXECUTIONS, 1}};
const struct csv_forms CALIBRATE_WORKLOAD_FORMS = {FORMS, FORM_COUNT};

enum { ROWS_LEAST = 30, DEPTH_MOST = 63 };

/* -- depths -- */

struct depths {
    double count, mean, deviation;
    double least, most;
};

static err depths_of(const struct csv_table *table, struct depths *out, struct diag *diag)
{
    const double *values = table->values[WORK_DEPTH];
    uint32_t count = table->row_count;
    *out = (struct depths){.count = count, .least = DBL_MAX};
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] > DEPTH_MOST) return csv_refuse_row(table, i, diag, "depth is above %d", DEPTH_MOST);
        out->mean += values[i];
        out->least = fmin(out->least, values[i]);
        out->most = fmax(out->most, values[i]);
    }
    out->mean /= count;
    out->deviation = stats_deviation(values, count);
    return OK;
}

/* -- arrivals -- */

static err gaps_of(const struct csv_table *table, double *gaps, struct diag *diag)
{
    const double *at_ms = table->values[WORK_ARRIVAL];
    uint32_t count = table->row_count;
    for (uint32_t i = 1; i < count; i++) {
        gaps[i - 1] = at_ms[i] - at_ms[i - 1];
        if (gaps[i - 1] < 0)
            return csv_refuse_row(table, i, diag, "arrival_ms goes back; rows must be in order of arrival");
    }
    if (at_ms[count - 1] <= at_ms[0])
        return diag_fail(diag, ERR_RANGE, "all rows arrive at one time; a rate needs a span");
    return OK;
}

static void add_process(struct calibration *out, const struct calibration_quantity *quantity)
{
    const struct fit *gamma = &quantity->fits[FIT_GAMMA], *best = &quantity->fits[FIT_EXPONENTIAL];
    struct calibration_key *key;
    if (quantity->used == FIT_FAMILIES) {
        key = calibration_add(out, "benchmark.arrivals", "all gaps are equal", (struct fit_estimate){0});
        snprintf(key->text, sizeof key->text, "\"constant\"");
        key->is_whole = true;
        return;
    }
    bool is_gamma = gamma->is_possible && gamma->aic < best->aic;
    struct fit_estimate cv = is_gamma ? gamma->parameters[1] : (struct fit_estimate){1, {1, 1}};
    key = calibration_add(out, "benchmark.arrivals",
                          is_gamma ? "gamma gaps; interval of the CV" : "exponential gaps", cv);
    if (is_gamma)
        snprintf(key->text, sizeof key->text, "\"gamma:%.4g\"", cv.value);
    else
        snprintf(key->text, sizeof key->text, "\"poisson\"");
}

static err read_arrivals(struct calibration *out, const struct csv_table *table, const struct depths *depths,
                         struct diag *diag)
{
    const double *at_ms = table->values[WORK_ARRIVAL];
    uint32_t gap_count = table->row_count - 1;
    double *gaps = malloc(gap_count * sizeof *gaps);
    if (!gaps) return diag_fail(diag, ERR_NOMEM, "out of memory for arrivals");
    err e = gaps_of(table, gaps, diag);
    const struct calibration_sample sample = {"gap between arrivals", "ms", gaps, gap_count,
                                              1u << FIT_EXPONENTIAL | 1u << FIT_GAMMA};
    if (e == OK) e = calibration_measure(out, &sample, diag);
    double cv = stats_cv(gaps, gap_count);
    free(gaps);
    TRY(e);
    add_process(out, &out->quantities[out->quantity_count - 1]);
    double tasks = 1 + depths->mean,
           rate = gap_count * tasks * 1000 / (at_ms[table->row_count - 1] - at_ms[0]);
    double factor = exp(stats_normal_quantile(0.5 + FIT_CONFIDENCE / 2) *
                        hypot(cv, depths->deviation / tasks) / sqrt(gap_count));
    struct calibration_key *key =
        calibration_add(out, "benchmark.rate", "tasks a second, over the whole span",
                        (struct fit_estimate){rate, {rate / factor, rate * factor}});
    snprintf(key->text, sizeof key->text, "%.6f", rate);
    return OK;
}

/* -- execution -- */

/* As base/dist.h reads it. */
static void write_distribution(char *out, size_t room, const struct fit *fit)
{
    double a = fit->parameters[0].value, b = fit->parameters[1].value;
    const char *name = fit_name(fit->family);
    if (fit->parameter_count == 1)
        snprintf(out, room, "\"%s:%.0fus\"", name, fmax(1, a * 1000));
    else if (fit_is_time(fit->family, 1))
        snprintf(out, room, "\"%s:%.0fus:%.0fus\"", name, fmax(1, a * 1000), fmax(1, b * 1000));
    else
        snprintf(out, room, "\"%s:%.0fus:%.4g\"", name, fmax(1, a * 1000), b);
}

static err read_execution(struct calibration *out, const struct csv_table *table, const double *values,
                          struct diag *diag)
{
    if (!values) return OK;
    const struct calibration_sample sample = {"execution_ms", "ms", values, table->row_count,
                                              1u << FIT_EXPONENTIAL | 1u << FIT_NORMAL | 1u << FIT_LOGNORMAL |
                                                  1u << FIT_GAMMA | 1u << FIT_PARETO};
    TRY(calibration_measure(out, &sample, diag));
    const struct calibration_quantity *quantity = &out->quantities[out->quantity_count - 1];
    struct calibration_key *key;
    if (quantity->used == FIT_FAMILIES) {
        double all_ms = values[0];
        key = calibration_add(out, "benchmark.execution", "all are equal", (struct fit_estimate){0});
        snprintf(key->text, sizeof key->text, "\"fixed:%.0fus\"", all_ms * 1000);
        key->is_whole = true;
        return OK;
    }
    const struct fit *fit = &quantity->fits[quantity->used];
    key = calibration_add(out, "benchmark.execution", "intervals of its parameters", fit->parameters[0]);
    key->elements = fit->parameter_count;
    key->values[1] = fit->parameters[1];
    write_distribution(key->text, sizeof key->text, fit);
    return OK;
}

/* -- depths as a distribution -- */

/* p (1 - p)^(D - 1): the chance is 1 over the mean; its interval by Wilson, trials being the sum of depths.
 */
static void add_depth(struct calibration *out, const struct depths *depths)
{
    double chance = 1 / depths->mean, total = round(depths->count * depths->mean);
    bool can_be_geometric = depths->least >= 1 && depths->mean > 1;
    double geometric = !can_be_geometric
                           ? INFINITY
                           : 2 - 2 * depths->count * (log(chance) + (depths->mean - 1) * log1p(-chance));
    double uniform = 4 + 2 * depths->count * log(depths->most - depths->least + 1);
    bool is_geometric = geometric < uniform && depths->least < depths->most;
    struct fit_estimate value = {depths->least, {depths->least, depths->most}};
    if (is_geometric) value = calibration_share((uint64_t)depths->count, (uint64_t)total);
    char how[CALIBRATION_HOW_BYTES];
    snprintf(how, sizeof how, "AIC geometric %.1f, uniform %.1f", geometric, uniform);
    struct calibration_key *key = calibration_add(out, "benchmark.depth-distribution", how, value);
    if (is_geometric)
        snprintf(key->text, sizeof key->text, "\"geometric:%.6g\"", value.value);
    else if (depths->least < depths->most)
        snprintf(key->text, sizeof key->text, "\"uniform:%.0f-%.0f\"", depths->least, depths->most);
    else
        snprintf(key->text, sizeof key->text, "\"fixed:%.0f\"", depths->least);
    key->is_whole = !is_geometric;
}

err calibrate_workload(struct calibration *out, const struct csv_table *table, struct diag *diag)
{
    struct depths depths = {.count = table->row_count};
    if (table->row_count < ROWS_LEAST)
        return diag_fail(diag, ERR_RANGE, "%u rows say too little about a workload, at least %d are needed",
                         table->row_count, ROWS_LEAST);
    if (table->form == FORM_EXECUTIONS) return read_execution(out, table, table->values[0], diag);
    if (table->values[WORK_DEPTH]) TRY(depths_of(table, &depths, diag));
    TRY(read_arrivals(out, table, &depths, diag));
    TRY(read_execution(out, table, table->values[WORK_EXECUTION], diag));
    add_depth(out, &depths);
    if (!table->values[WORK_DEPTH]) calibration_note(out, "no column depth: each row is a job of one task");
    return OK;
}
