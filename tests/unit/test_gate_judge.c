/* tests/unit/test_gate_judge.c: what may pass, what may not, and when the gate must not say. */
#include "reports/gate_export.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bench_result *before, *after;
static struct report_inputs inputs[2];
static struct comparison comparison;
static struct gate_policy policy;
static struct gate_verdict verdict;
static struct diag diag;

static void begin(uint32_t runs)
{
    diag.text[0] = '\0';
    before = bench_fixture(runs, false);
    after = bench_fixture(runs, false);
    for (uint32_t run = 0; run < after->runs; run++) after->per_run[run].trajectory_hash += 1000;
    memset(inputs, 0, sizeof inputs);
    gate_policy_default(&policy);
}

static void judge(void)
{
    cr_assert(eq(int, report_inputs_add(&inputs[0], "", before, &diag), OK));
    cr_assert(eq(int, report_inputs_add(&inputs[1], "", after, &diag), OK));
    cr_assert(eq(int, comparison_make(&comparison, &inputs[0], &inputs[1], &diag), OK), "%s", diag.text);
    const struct gate_question question = {&comparison, &policy, policy.alpha};
    cr_assert(eq(int, gate_judge(&verdict, &question), OK));
}

static void end(void)
{
    gate_verdict_free(&verdict);
    comparison_free(&comparison);
    for (int side = 0; side < 2; side++) report_inputs_close(&inputs[side]);
}

static void scale_p99(double factor, double noise)
{
    for (uint32_t run = 0; run < after->runs; run++)
        after->per_run[run].latency[LATENCY_RESULT].quantile_ns[Q99] *=
            factor * (1 + (run % 2 ? noise : -noise));
}

static const struct gate_finding *finding_of(const char *metric)
{
    for (uint32_t i = 0; i < verdict.count; i++)
        if (strcmp(verdict.findings[i].rule->metric->name, metric) == 0) return &verdict.findings[i];
    return NULL;
}

Test(gate_judge, the_same_runs_pass_however_few)
{
    begin(2);
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_PASS));
    cr_expect(eq(u32, verdict.count, 5));
    end();
}

Test(gate_judge, worse_within_the_tolerance_passes_even_when_it_is_certain)
{
    begin(10);
    scale_p99(1.09, 0.001);
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_PASS));
    end();
}

Test(gate_judge, worse_than_the_tolerance_is_regressed)
{
    begin(10);
    scale_p99(1.12, 0.001);
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_REGRESSED));
    cr_expect(eq(int, finding_of("result.p99")->outcome, GATE_REGRESSED));
    cr_expect(eq(int, finding_of("result.p50")->outcome, GATE_PASS));
    end();
}

Test(gate_judge, throughput_may_fall_by_its_tolerance_and_rise_by_anything)
{
    static const struct {
        double factor;
        enum gate_outcome outcome;
    } CASES[] = {{0.96, GATE_PASS}, {0.94, GATE_REGRESSED}, {2, GATE_PASS}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        begin(10);
        for (uint32_t run = 0; run < 10; run++) after->per_run[run].throughput *= CASES[i].factor;
        judge();
        cr_expect(eq(int, verdict.outcome, CASES[i].outcome), "factor %g", CASES[i].factor);
        end();
    }
}

Test(gate_judge, what_noise_hides_is_inconclusive_neither_passed_nor_regressed)
{
    begin(10);
    scale_p99(1.06, 0.2);
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_INCONCLUSIVE));
    end();
}

Test(gate_judge, five_pairs_are_too_few)
{
    begin(5);
    scale_p99(3, 0);
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_INCONCLUSIVE));
    cr_expect(strstr(finding_of("result.p99")->why, "6 pairs") != NULL);
    end();
}

Test(gate_judge, a_metric_without_values_makes_the_verdict_void)
{
    begin(10);
    after->per_run[3].latency[LATENCY_CONFIRMED].quantile_ns[Q99] = NAN;
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_VOID));
    end();
}

Test(gate_judge, a_regression_outweighs_what_is_void)
{
    begin(10);
    after->per_run[3].latency[LATENCY_CONFIRMED].quantile_ns[Q99] = NAN;
    scale_p99(2, 0);
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_REGRESSED));
    end();
}

Test(gate_judge, unpaired_arms_of_another_machine_never_block)
{
    for (int is_same = 0; is_same < 2; is_same++) {
        begin(10);
        after->seed = 43;
        scale_p99(2, 0);
        if (!is_same) bench_put_text(after, &after->environment, "system", "Plan 9");
        judge();
        cr_expect(eq(int, verdict.outcome, is_same ? GATE_REGRESSED : GATE_INCONCLUSIVE));
        end();
    }
}

Test(gate_judge, more_metrics_ask_for_more_certainty)
{
    double p[2];
    for (int many = 0; many < 2; many++) {
        begin(10);
        if (!many) policy.rules[0] = policy.rules[2], policy.rule_count = 1; /* result.p99 alone */
        scale_p99(1.2, 0.1);
        for (uint32_t run = 0; run < 10; run++) {
            after->per_run[run].throughput *= 1 + (run % 2 ? 0.01 : -0.01);
            after->per_run[run].memory_per_active_task *= 1 + (run % 3 ? 0.01 : -0.01);
        }
        judge();
        p[many] = finding_of("result.p99")->p;
        end();
    }
    cr_expect(gt(dbl, p[1], 2 * p[0]));
}

/* --- the policy --- */

static err read_policy(const char *text)
{
    char path[] = "/tmp/agenc-policy-XXXXXX";
    int file = mkstemp(path);
    cr_assert(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    diag.text[0] = '\0';
    err e = gate_policy_read(&policy, path, &diag);
    unlink(path);
    return e;
}

Test(gate_policy, a_file_replaces_what_it_names_and_leaves_the_rest)
{
    cr_assert(eq(int, read_policy("[gate]\nlooks = [8, 16]\n[tolerance]\nrollback_rate = \"12.5%\"\n"), OK),
              "%s", diag.text);
    cr_expect(eq(u32, policy.look_count, 2));
    cr_expect(eq(u32, policy.looks[1], 16));
    cr_expect(eq(u32, policy.rule_count, 1));
    cr_expect(ieee_ulp_eq(dbl, policy.rules[0].tolerance, 0.125, 4));
    cr_expect(ieee_ulp_eq(dbl, policy.alpha, 0.05, 0));
}

Test(gate_policy, what_makes_no_sense_is_named_with_its_place)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"[tolerance]\nresult.p98 = \"10%\"\n", ":2:8: result.p98 is no metric"},
        {"[tolerance]\nresult.p99 = 10\n", "\"10%\""},
        {"[tolerance]\nresult.p99 = \"-3%\"\n", "\"10%\""},
        {"[tolerance]\ndepth_mean = \"10%\"\n", "no better side of its own"},
        {"[direction]\nresult.p99 = \"up\"\n", "\"lower\" or \"higher\""},
        {"[gate]\nfamily = \"max\"\n", "\"holm\""},
        {"[gate]\nlooks = [20, 10]\n", "ascending"},
        {"[gate]\nlooks = [3]\n", "6 to 1000"},
        {"[gate]\nalpha = 2\n", "0.0001 to 0.5"},
        {"[gate]\nbeta = 0.1\n", "not known here"},
        {"[gate]\nlooks = []\n", "[10, 20, 30]"},
        {"gate = 3\n", "not known here"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_expect(ne(int, read_policy(CASES[i].text), OK), "%s", CASES[i].text);
        cr_expect(strstr(diag.text, CASES[i].want) != NULL, "%s", diag.text);
    }
}

Test(gate_policy, the_policy_says_which_side_is_better_and_whether_metrics_are_a_family)
{
    cr_assert(eq(int,
                 read_policy("[direction]\ndepth_mean = \"higher\"\n[tolerance]\ndepth_mean = \"10%\"\n"
                             "[gate]\nfamily = \"each\"\n"),
                 OK),
              "%s", diag.text);
    cr_expect(eq(int, policy.rules[0].sense, HIGHER_IS_BETTER));
    cr_expect(eq(int, policy.family, GATE_EACH));
    const struct gate_policy read = policy;
    begin(10);
    policy = read;
    for (uint32_t run = 0; run < 10; run++) after->per_run[run].depth_mean *= 0.8;
    judge();
    cr_expect(eq(int, verdict.outcome, GATE_REGRESSED));
    end();
}

/* --- the words of others --- */

static char *written(void (*write)(FILE *out, const struct gate_verdict *verdict))
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    write(out, &verdict);
    fclose(out);
    return text;
}

Test(gate_export, annotations_escape_what_would_end_them_and_stop_at_ten)
{
    begin(10);
    before->name = bench_text(before, "a:b,c%");
    scale_p99(3, 0);
    judge();
    char *text = written(gate_write_github);
    cr_expect(strstr(text, "::error title=a%3Ab%2Cc%25 regressed::result.p99 +200.0 %25") == text, "%s",
              text);
    cr_expect(eq(int, text[strlen(text) - 1], '\n'));
    free(text);
    end();
}

Test(gate_export, junit_has_a_failure_for_what_regressed_and_names_stay_text)
{
    begin(10);
    before->name = bench_text(before, "<&\">");
    scale_p99(3, 0);
    judge();
    char *text = written(gate_write_junit);
    cr_expect(strstr(text, "failures=\"1\"") != NULL);
    cr_expect(strstr(text, "<failure message=\"result.p99 ") != NULL);
    cr_expect(strstr(text, "&lt;&amp;&quot;&gt;") != NULL, "%s", text);
    free(text);
    end();
}
