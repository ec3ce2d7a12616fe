/* tests/unit/test_run_fields.c: the table is in order and complete; values are printed for people. */
#include "reports/run_fields.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

TestSuite(run_fields, .timeout = 10);

Test(run_fields, paths_and_lists_are_sorted)
{
    for (uint32_t i = 1; i < run_field_count(); i++)
        cr_assert(lt(int, strcmp(run_field_at(i - 1)->path, run_field_at(i)->path), 0));
    for (uint32_t i = 1; i < run_list_count(); i++)
        cr_assert(lt(int, strcmp(run_list_at(i - 1)->path, run_list_at(i)->path), 0));
}

Test(run_fields, no_two_rows_share_a_place)
{
    for (uint32_t i = 0; i < run_field_count(); i++)
        for (uint32_t j = 0; j < i; j++) cr_assert(ne(sz, run_field_at(i)->offset, run_field_at(j)->offset));
}

Test(run_fields, every_metric_finds_its_own_value)
{
    for (uint32_t i = 0; i < run_field_count(); i++) {
        const struct run_field *field = run_field_at(i);
        struct run_metrics metrics = {0};
        struct run_metric found;
        if (!field->metric) continue;
        if (field->kind == FIELD_COUNT)
            *run_counter(&metrics, field->offset) = 7;
        else
            *run_number(&metrics, field->offset) = 7;
        cr_assert(run_metric_find(&metrics, field->metric, &found));
        cr_assert(epsilon_eq(dbl, found.value, 7, 0));
    }
}

Test(run_fields, latencies_are_found_by_kind_and_quantile)
{
    struct run_metrics metrics = {0};
    struct run_metric found;
    metrics.latency[LATENCY_FINALIZED].quantile_ns[Q999] = 3e9;
    metrics.latency[LATENCY_PROOF].mean_ns = 2e6;
    cr_assert(run_metric_find(&metrics, "finalized.p999", &found));
    cr_assert(epsilon_eq(dbl, found.value, 3, 1e-12));
    cr_assert(run_metric_find(&metrics, "proof.mean", &found));
    cr_assert(epsilon_eq(dbl, found.value, 0.002, 1e-12));
    static const char *const WRONG[] = {"", ".", "proof", "proof.", "proofs.p50", "proof.p5", "pro.p50"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        cr_assert(not(run_metric_find(&metrics, WRONG[i], &found)), "%s", WRONG[i]);
}

Test(run_fields, nearest_names_cover_latencies_and_figures)
{
    char room[64];
    cr_assert(eq(str, (char *)run_metric_nearest("result.p9", room), "result.p90"));
    cr_assert(eq(str, (char *)run_metric_nearest("throughput_shar", room), "throughput_share"));
    cr_assert(eq(str, (char *)run_metric_nearest("memory_maen", room), "memory_mean"));
    cr_assert(run_metric_nearest("zzzzzzzz", room) == NULL);
}

Test(run_fields, values_have_three_digits_and_a_unit)
{
    static const struct {
        double value;
        enum metric_unit unit;
        const char *text;
    } CASES[] = {
        {0.61623, UNIT_SECONDS, "616 ms"}, {3.5999, UNIT_SECONDS, "3.60 s"},
        {119.9, UNIT_SECONDS, "120 s"},    {120, UNIT_SECONDS, "2.00 min"},
        {7200, UNIT_SECONDS, "2.00 h"},    {0, UNIT_SECONDS, "0 ms"},
        {0.0312, UNIT_SHARE, "3.12 %"},    {1, UNIT_SHARE, "100 %"},
        {7.9e9, UNIT_BYTES, "7.36 GB"},    {512, UNIT_BYTES, "512 B"},
        {1.2, UNIT_RATIO, "1.20x"},        {49.94, UNIT_PER_SECOND, "49.9/s"},
        {99.97, UNIT_COUNT, "100"},        {3, UNIT_COUNT, "3"},
        {0.25, UNIT_COUNT, "0.25"},        {123456, UNIT_COUNT, "123456"},
        {NAN, UNIT_SHARE, "n/a"},          {INFINITY, UNIT_RATIO, "n/a"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[METRIC_TEXT_BYTES];
        metric_write(text, CASES[i].value, CASES[i].unit);
        cr_assert(eq(str, text, (char *)CASES[i].text));
    }
}
