/* reports/gate_judge.c: intervals against tolerances. */
#include "reports/gate_judge.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *gate_outcome_name(enum gate_outcome outcome)
{
    static const char *const NAMES[] = {"pass", "inconclusive", "void", "regressed"};
    return NAMES[outcome];
}

/* Above 0 is worse. */
static double sign_of(const struct gate_finding *finding)
{
    return finding->rule->sense == HIGHER_IS_BETTER ? -1 : 1;
}

/* A share of worsening on the row's scale: throughput may fall to 1 - share, latency rise to 1 + share. */
static double on_scale(const struct gate_finding *finding, double share)
{
    const struct comparison_row *row = finding->row;
    if (!row->is_ratio) return share * fabs(row->median_before);
    return sign_of(finding) > 0 ? log1p(share) : -log1p(-fmin(share, 0.999));
}

static double half_width(const struct gate_finding *finding, double alpha)
{
    const struct comparison_row *row = finding->row;
    if (row->is_identical) return 0;
    return row->degrees > 0 ? stats_t_beyond(alpha / 2, row->degrees) * row->error : NAN;
}

static bool is_same_machine(const struct comparison_test *test)
{
    const struct bench_section *before = &test->before->environment, *after = &test->after->environment;
    bool is_same = before->count == after->count;
    for (uint32_t i = 0; i < before->count && is_same; i++)
        is_same = strcmp(report_value(&before->pairs[i]).text,
                         report_value(bench_get(after, before->pairs[i].name)).text) == 0;
    return is_same;
}

static enum gate_outcome settle(struct gate_finding *finding, enum gate_outcome outcome, const char *why)
{
    snprintf(finding->why, sizeof finding->why, "%s", why);
    return outcome;
}

/* What can be said before any chance is computed. */
static bool is_settled(struct gate_finding *finding)
{
    const struct comparison_row *row = finding->row;
    const struct comparison_test *test = finding->test;
    if (comparison_has_none(row))
        finding->outcome =
            settle(finding, GATE_VOID, "some run has no value: too few tasks, or none finished");
    else if (row->is_identical)
        finding->outcome = settle(finding, GATE_PASS, "the same in every run");
    else if (test->is_paired && test->pairs < SIGNFLIP_PAIRS_LEAST)
        finding->outcome = settle(finding, GATE_INCONCLUSIVE, "need >= 6 pairs of runs");
    else if (!test->is_paired &&
             (test->before_runs < SIGNFLIP_PAIRS_LEAST || test->after_runs < SIGNFLIP_PAIRS_LEAST))
        finding->outcome = settle(finding, GATE_INCONCLUSIVE, "need >= 6 runs on each side");
    else
        return false;
    return true;
}

/* The chance that a true worsening of `least` shows as much as this. */
static double regression_p(const struct gate_finding *finding, double least)
{
    const struct comparison_row *row = finding->row;
    double beyond = sign_of(finding) * row->mean - on_scale(finding, least);
    if (!(row->error > 0)) return beyond > 0 ? 0 : 1;
    return stats_t_above(beyond / row->error, row->degrees);
}

static void measure(struct gate_finding *finding, double alpha)
{
    const struct comparison_row *row = finding->row;
    double half = half_width(finding, alpha);
    finding->effect = comparison_effect(row, row->mean);
    finding->low = comparison_effect(row, row->mean - half);
    finding->high = comparison_effect(row, row->mean + half);
}

static void decide(struct gate_finding *finding, double alpha)
{
    const struct comparison_row *row = finding->row;
    double worse = sign_of(finding) * row->mean, tolerance = on_scale(finding, finding->rule->tolerance);
    if (worse + half_width(finding, alpha) < tolerance)
        finding->outcome = settle(finding, GATE_PASS, "within the tolerance");
    else if (!(worse > tolerance) || !(finding->p < alpha / 2))
        finding->outcome = settle(finding, GATE_INCONCLUSIVE, "too few runs to tell it from the tolerance");
    else if (!finding->test->is_paired && !is_same_machine(finding->test))
        finding->outcome = settle(finding, GATE_INCONCLUSIVE, "worse, but unpaired and from another machine");
    else
        finding->outcome = settle(finding, GATE_REGRESSED, "worse than the tolerance");
}

static const struct comparison_row *row_of(const struct comparison_test *test, const struct gate_rule *rule)
{
    const struct comparison_row *row = test->rows;
    while (row->metric != rule->metric) row++;
    return row;
}

static void adjust(struct gate_verdict *verdict, const struct gate_policy *policy, const bool *is_open)
{
    double p[FAMILY_MOST];
    for (uint32_t i = 0; i < verdict->count; i++)
        p[i] = is_open[i] ? regression_p(&verdict->findings[i], policy->least) : NAN;
    if (policy->family == GATE_HOLM) family_holm(p, verdict->count, p);
    for (uint32_t i = 0; i < verdict->count; i++) verdict->findings[i].p = p[i];
}

static void fill(struct gate_verdict *verdict, const struct gate_question *question)
{
    const struct comparison *comparison = question->comparison;
    bool is_open[FAMILY_MOST] = {false};
    verdict->fewest_pairs = UINT32_MAX;
    for (uint32_t i = 0; i < comparison->count; i++) {
        const struct comparison_test *test = &comparison->tests[i];
        if (test->is_paired && test->pairs < verdict->fewest_pairs) verdict->fewest_pairs = test->pairs;
        for (uint32_t j = 0; j < question->policy->rule_count; j++) {
            struct gate_finding *finding = &verdict->findings[verdict->count];
            const struct gate_rule *rule = &question->policy->rules[j];
            *finding = (struct gate_finding){.test = test, .row = row_of(test, rule), .rule = rule};
            measure(finding, question->alpha);
            is_open[verdict->count++] = !is_settled(finding);
        }
    }
    adjust(verdict, question->policy, is_open);
    for (uint32_t i = 0; i < verdict->count; i++) {
        if (is_open[i]) decide(&verdict->findings[i], question->alpha);
        if (verdict->findings[i].outcome > verdict->outcome) verdict->outcome = verdict->findings[i].outcome;
    }
}

err gate_judge(struct gate_verdict *out, const struct gate_question *question)
{
    *out = (struct gate_verdict){.alpha = question->alpha};
    out->findings = calloc(FAMILY_MOST, sizeof *out->findings);
    if (!out->findings) return ERR_NOMEM;
    fill(out, question);
    uint32_t gone = question->comparison->left_out_before;
    if (gone == 0) return OK;
    snprintf(out->void_why, sizeof out->void_why, "%u test%s of the baseline %s not in the candidate", gone,
             gone == 1 ? "" : "s", gone == 1 ? "is" : "are");
    if (out->outcome < GATE_VOID) out->outcome = GATE_VOID;
    return OK;
}

void gate_verdict_free(struct gate_verdict *verdict)
{
    free(verdict->findings);
    *verdict = (struct gate_verdict){0};
}
