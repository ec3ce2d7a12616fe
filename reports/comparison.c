/* reports/comparison.c: from pairs of runs to estimates, p values and verdicts. */
#include "reports/comparison.h"
#include "reports/signflip.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rows of one role, over all tests. */
struct family {
    struct comparison_row *rows[FAMILY_MOST];
    uint32_t count;
    bool is_joint;
    uint32_t pairs;
    double p[FAMILY_MOST], family_p[FAMILY_MOST];
};

static bool is_tested(const struct comparison_row *row)
{
    return !comparison_has_none(row) && !row->is_identical;
}

static void gather(struct family *family, struct comparison *comparison, bool is_primary)
{
    *family = (struct family){.is_joint = true};
    for (uint32_t i = 0; i < comparison->count; i++) {
        struct comparison_test *test = &comparison->tests[i];
        for (uint32_t j = 0; j < comparison_metric_count(); j++) {
            struct comparison_row *row = &test->rows[j];
            if (row->metric->is_primary != is_primary || !is_tested(row)) continue;
            if (family->count == 0) family->pairs = test->pairs;
            family->is_joint = family->is_joint && test->is_paired && test->pairs == family->pairs;
            family->rows[family->count++] = row;
        }
    }
    family->is_joint = family->is_joint && family->pairs > 1;
}

/* All choices of signs at once, for measures of equally many pairs. */
static err flip(struct family *family, uint32_t first, uint32_t count, bool *is_exact)
{
    struct signflip_answer answer;
    uint32_t pairs = family->pairs;
    double *differences = malloc((size_t)count * pairs * sizeof *differences);
    if (!differences) return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        memcpy(differences + (size_t)i * pairs, family->rows[first + i]->differences,
               pairs * sizeof *differences);
    const struct signflip_question question = {differences, count, pairs, COMPARISON_CONFIDENCE,
                                               COMPARISON_SEED};
    err e = signflip(&answer, &question);
    free(differences);
    if (e != OK) return e;
    for (uint32_t i = 0; i < count; i++) {
        family->rows[first + i]->p = answer.p[i];
        family->family_p[first + i] = answer.family_p[i];
    }
    *is_exact = answer.is_exact;
    return OK;
}

/* Each by itself, where tests differ in their pairs. */
static err flip_each(struct family *family, bool *is_exact)
{
    for (uint32_t i = 0; i < family->count; i++) {
        struct comparison_row *row = family->rows[i];
        family->pairs = row->pairs;
        if (row->pairs > 1) TRY(flip(family, i, 1, is_exact));
    }
    return OK;
}

static err test_family(struct comparison *comparison, bool is_primary)
{
    struct family family;
    bool is_exact = true;
    gather(&family, comparison, is_primary);
    if (family.count == 0) return OK;
    TRY(family.is_joint ? flip(&family, 0, family.count, &is_exact) : flip_each(&family, &is_exact));
    for (uint32_t i = 0; i < family.count; i++) family.p[i] = family.rows[i]->p;
    if (!is_primary)
        family_benjamini_hochberg(family.p, family.count, family.family_p);
    else if (!family.is_joint)
        family_holm(family.p, family.count, family.family_p);
    for (uint32_t i = 0; i < family.count; i++) family.rows[i]->adjusted_p = family.family_p[i];
    if (is_primary) comparison->is_joint = family.is_joint;
    comparison->is_exact = is_exact && (is_primary || comparison->is_exact);
    return OK;
}

static bool is_within_margin(const struct comparison_row *row)
{
    double most = fmax(fabs(row->median_before), fabs(row->median_after)) * COMPARISON_MARGIN;
    struct interval margin = {-most, most};
    if (row->is_ratio) margin = (struct interval){log(1 - COMPARISON_MARGIN), log(1 + COMPARISON_MARGIN)};
    return row->limits.low >= margin.low && row->limits.high <= margin.high;
}

static enum comparison_verdict verdict_of(const struct comparison_row *row,
                                          const struct comparison_test *test)
{
    bool is_lower = row->mean < 0;
    bool is_enough = test->before_runs >= SIGNFLIP_PAIRS_LEAST && test->after_runs >= SIGNFLIP_PAIRS_LEAST;
    if (comparison_has_none(row)) return row->verdict;
    if (row->is_identical) return VERDICT_SAME;
    if (!is_enough) return VERDICT_INCONCLUSIVE;
    if (is_within_margin(row)) return VERDICT_SAME;
    if (!(row->adjusted_p < 1 - COMPARISON_CONFIDENCE)) return VERDICT_INCONCLUSIVE;
    if (row->metric->sense == NEITHER_IS_BETTER) return VERDICT_CHANGED;
    return is_lower == (row->metric->sense == LOWER_IS_BETTER) ? VERDICT_BETTER : VERDICT_WORSE;
}

static err estimate_test(struct comparison_test *test)
{
    for (uint32_t j = 0; j < comparison_metric_count(); j++)
        TRY(comparison_row_open(&test->rows[j], test, comparison_metric_at(j)));
    return comparison_shift_make(test);
}

static bool has_same_bits(double left, double right)
{
    return memcmp(&left, &right, sizeof left) == 0 || (isnan(left) && isnan(right));
}

/* In every run, those without a value too. */
static bool is_same(const struct comparison_row *row, const struct comparison_test *test)
{
    bool is_same = test->is_paired;
    for (uint32_t i = 0; i < test->pairs && is_same; i++)
        is_same = has_same_bits(row->before[i], row->after[i]);
    return is_same;
}

static void judge(struct comparison *comparison)
{
    comparison->is_identical = true;
    for (uint32_t i = 0; i < comparison->count; i++) {
        struct comparison_test *test = &comparison->tests[i];
        for (uint32_t j = 0; j < comparison_metric_count(); j++) {
            struct comparison_row *row = &test->rows[j];
            row->verdict = verdict_of(row, test);
            comparison->is_identical = comparison->is_identical && is_same(row, test);
        }
    }
}

static err estimate(struct comparison *comparison)
{
    for (uint32_t i = 0; i < comparison->count; i++) TRY(estimate_test(&comparison->tests[i]));
    TRY(test_family(comparison, true));
    TRY(test_family(comparison, false));
    judge(comparison);
    return OK;
}

err comparison_make(struct comparison *out, const struct report_inputs *before,
                    const struct report_inputs *after, struct diag *diag)
{
    *out = (struct comparison){0};
    err e = comparison_match(out, before, after, diag);
    if (e == OK && (e = estimate(out)) != OK) diag_fail(diag, e, "out of memory for the comparison");
    if (e != OK) comparison_free(out);
    return e;
}

void comparison_free(struct comparison *comparison)
{
    for (uint32_t i = 0; i < comparison->count; i++) {
        struct comparison_test *test = &comparison->tests[i];
        for (uint32_t j = 0; j < comparison_metric_count(); j++) {
            free(test->rows[j].before);
            free(test->rows[j].after);
            free(test->rows[j].differences);
        }
    }
    free(comparison->tests);
    free(comparison->changes);
    *comparison = (struct comparison){0};
}

bool comparison_has_none(const struct comparison_row *row)
{
    return row->verdict == VERDICT_NO_VALUES || row->verdict == VERDICT_LOST;
}

double comparison_effect(const struct comparison_row *row, double on_scale)
{
    return row->is_ratio ? expm1(on_scale) : on_scale;
}

uint32_t comparison_count(const struct comparison *comparison, enum comparison_verdict verdict)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < comparison->count; i++)
        for (uint32_t j = 0; j < comparison_metric_count(); j++) {
            const struct comparison_row *row = &comparison->tests[i].rows[j];
            count += row->metric->is_primary && row->verdict == verdict;
        }
    return count;
}

uint32_t comparison_runs_for(const struct comparison *comparison, double effect)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < comparison->count; i++)
        for (uint32_t j = 0; j < comparison_metric_count(); j++) {
            const struct comparison_row *row = &comparison->tests[i].rows[j];
            if (!row->metric->is_primary || row->verdict != VERDICT_INCONCLUSIVE || isnan(row->deviation))
                continue;
            double on_scale = row->is_ratio ? log1p(effect) : effect * fabs(row->median_before);
            if (!(on_scale > 0)) continue;
            uint32_t runs = paired_pairs_for(row->deviation, on_scale, COMPARISON_CONFIDENCE);
            if (runs < SIGNFLIP_PAIRS_LEAST) runs = SIGNFLIP_PAIRS_LEAST;
            if (runs > most) most = runs;
        }
    return most;
}

const struct bench_target *comparison_target_like(const struct bench_result *result,
                                                  const struct bench_target *target)
{
    for (uint32_t i = 0; i < result->target_count; i++)
        if (strcmp(result->targets[i].name, target->name) == 0 &&
            strcmp(result->targets[i].target, target->target) == 0)
            return &result->targets[i];
    return NULL;
}

uint32_t comparison_targets_lost(const struct comparison *comparison)
{
    uint32_t lost = 0;
    for (uint32_t i = 0; i < comparison->count; i++)
        for (uint32_t j = 0; j < comparison->tests[i].before->target_count; j++) {
            const struct bench_target *before = &comparison->tests[i].before->targets[j];
            const struct bench_target *after = comparison_target_like(comparison->tests[i].after, before);
            lost += after && before->pass && !after->pass;
        }
    return lost;
}

uint32_t comparison_figures(const struct comparison *comparison)
{
    uint32_t figures = 0;
    for (uint32_t i = 0; i < comparison_metric_count(); i++) figures += comparison_metric_at(i)->is_primary;
    return figures * comparison->count;
}
