/* tests/unit/test_query.c: the ring keeps two hours and forgets; queries over it have the values worked out
 * by hand, and what is no query, or too much, is said. tests/interop/query.sh compares with a real
 * Prometheus. */
#include "daemon/query.h"
#include "base/json.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct samples *ring;
static struct diag diag;
static char *answer;

static void set_up(void)
{
    cr_assert(eq(int, samples_open(&ring, &(struct samples_options){.instance = "host:1"}), OK));
}
static void tear_down(void)
{
    samples_free(ring);
    free(answer);
}
TestSuite(query, .init = set_up, .fini = tear_down, .timeout = 20);

static err ask(const char *text, int64_t at_ms)
{
    size_t size;
    free(answer);
    diag = (struct diag){{0}};
    FILE *out = open_memstream(&answer, &size);
    err e = query_instant(ring, at_ms, text, out, &diag);
    fclose(out);
    return e;
}

static bool says(const char *part)
{
    return strstr(answer, part) != NULL;
}

/* So many rounds, 5 s apart from 1,000 s on; the counter has 10 more each time. */
static void fill(uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds; i++) {
        samples_begin(ring, 1000000 + 5000 * (int64_t)i);
        samples_add(ring, "work_total", "kind=\"a\"", 10.0 * i);
        samples_add(ring, "work_total", "kind=\"b \\\"x\\\" \\\\\"", 1);
    }
}

Test(query, a_vector_has_names_labels_and_values)
{
    fill(3);
    cr_assert(eq(int, ask("work_total{kind=\"a\"}", 1010500), OK));
    cr_assert(eq(str, answer,
                 "{\"data\":{\"result\":[{\"metric\":{\"__name__\":\"work_total\",\"kind\":\"a\"},\"value\":["
                 "1010.5,\"20\"]}],"
                 "\"resultType\":\"vector\"},\"status\":\"success\"}\n"));
    cr_assert(eq(int, ask("work_total{kind=\"b \\\"x\\\" \\\\\"}", 1010000), OK));
    cr_assert(says("\"kind\":\"b \\\"x\\\" \\\\\""));
}

Test(query, a_rate_goes_on_to_the_ends_of_its_range)
{
    fill(13); /* 1000 .. 1060 s: the counter has 120 */
    cr_assert(eq(int, ask("rate(work_total{kind=\"a\"}[1m])", 1060000), OK));
    cr_assert(says(",\"2\"]"));
    cr_assert(eq(int, ask("increase(work_total{kind=\"a\"}[1m])", 1063000), OK));
    cr_assert(says(",\"119.99999999999999\"]")); /* 110 in 55 s, 2 s and 3 s to the ends */
}

Test(query, what_the_last_round_lacks_is_over)
{
    fill(3);
    samples_begin(ring, 1015000);
    samples_add(ring, "work_total", "kind=\"a\"", 1);
    cr_assert(eq(int, ask("count(work_total)", 1016000), OK));
    cr_assert(says(",\"1\"]"));
    cr_assert(eq(int, ask("count(work_total)", 1014000), OK));
    cr_assert(says(",\"2\"]"));
}

Test(query, two_hours_are_kept)
{
    double value;
    fill(SAMPLES_KEPT + 100);
    cr_assert(eq(u32, samples_rounds(ring), SAMPLES_KEPT));
    cr_assert(eq(i64, samples_time_ms(ring, SAMPLES_KEPT - 1) - samples_time_ms(ring, 0), 7200000));
    cr_assert(samples_value(ring, 0, 0, &value) && value == 1000);
}

Test(query, series_beyond_the_capacity_are_counted_and_dead_ones_make_room)
{
    char labels[32];
    samples_begin(ring, 1000);
    for (int i = 0; i < SAMPLES_SERIES_MOST + 7; i++) {
        snprintf(labels, sizeof labels, "n=\"%d\"", i);
        samples_add(ring, "many", labels, i);
    }
    cr_assert(eq(u64, samples_lost(ring), 7));
    cr_assert(eq(u32, samples_series(ring), SAMPLES_SERIES_MOST));
    for (int64_t i = 1; i <= SAMPLES_KEPT; i++) samples_begin(ring, 1000 + i);
    samples_add(ring, "new", "", 42);
    cr_assert(eq(u64, samples_lost(ring), 7));
    cr_assert(eq(u32, samples_series(ring), 1));
    cr_assert(eq(int, ask("new", 1000 + SAMPLES_KEPT), OK));
    cr_assert(says("\"42\""));
}

Test(query, numbers_are_written_without_an_exponent)
{
    ask("1e21", 0);
    cr_assert(says("\"result\":[0,\"1000000000000000000000\"],\"resultType\":\"scalar\""));
    ask("1.5e-7", 0);
    cr_assert(says("\"0.00000015\""));
    ask("-1/0", 0);
    cr_assert(says("\"-Inf\""));
}

Test(query, each_failure_has_its_status_and_its_words)
{
    static const struct {
        const char *text;
        int status;
        const char *words;
    } CASES[] = {
        {"sum(", 400, "1:5: parse error: unexpected end"},
        {"work_total{", 400, "the name of a label is missing"},
        {"rate(work_total)", 400, "a range like name[5m] is wanted here"},
        {"wrok(work_total)", 400, "unknown function"},
        {"", 400, "unexpected end"},
        {"1 == 1", 400, "bool"},
        {"{}", 400, "a selector needs a name"},
        {"work_total offset 5m", 501, "offset is not supported here"},
        {"topk(1, work_total)", 501, "topk is not supported here"},
        {"work_total + {kind=~\".+\"}", 200, ""},
    };
    fill(2);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_assert(eq(int, query_status(ask(CASES[i].text, 1005000)), CASES[i].status), "%s", CASES[i].text);
        cr_assert(strstr(diag.text, CASES[i].words) != NULL, "%s: %s", CASES[i].text, diag.text);
        cr_assert(says(CASES[i].status == 200 ? "\"status\":\"success\"" : "\"status\":\"error\""));
    }
}

Test(query, depth_length_and_cost_are_bounded)
{
    char text[QUERY_TEXT_MOST + 2];
    memset(text, '(', sizeof text - 1);
    text[1000] = '\0';
    cr_assert(eq(int, query_status(ask(text, 0)), 400));
    memset(text, '1', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_assert(eq(int, query_status(ask(text, 0)), 400));
    samples_begin(ring, 1000);
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "n=\"%d\"", i);
        samples_add(ring, "many", text, i);
    }
    const struct query_span span = {0, 10999000, 1000};
    size_t size;
    free(answer);
    FILE *out = open_memstream(&answer, &size);
    cr_assert(eq(int, query_range(ring, &span, "many * many", out, &diag), ERR_LIMIT));
    fclose(out);
    cr_assert(says("\"errorType\":\"execution\""));
}

Test(query, a_range_has_a_value_each_step_and_bad_ones_are_refused)
{
    static const struct query_span SPANS[] = {{5, 1, 1}, {1, 5, 0}, {0, 11000, 1}};
    size_t size;
    fill(3);
    for (int i = -1; i < 3; i++) {
        const struct query_span good = {1000000, 1010000, 5000};
        free(answer);
        FILE *out = open_memstream(&answer, &size);
        err e = query_range(ring, i < 0 ? &good : &SPANS[i], "sum(work_total)", out, &diag);
        fclose(out);
        cr_assert(eq(int, e, i < 0 ? OK : ERR_SYNTAX));
        if (i < 0) cr_assert(says("\"values\":[[1000,\"1\"],[1005,\"11\"],[1010,\"21\"]]"));
    }
}

Test(query, times_and_steps_are_read_as_prometheus_does)
{
    int64_t ms;
    cr_assert(query_time_parse("1700000000.25", &ms, &diag) == OK && ms == 1700000000250);
    cr_assert(query_time_parse("2023-11-14T22:13:20.5Z", &ms, &diag) == OK && ms == 1700000000500);
    cr_assert(query_step_parse("15", &ms, &diag) == OK && ms == 15000);
    cr_assert(query_step_parse("1m", &ms, &diag) == OK && ms == 60000);
    static const char *const BAD[] = {"", "now", "nan", "1e30", "2023-11-14", "5x"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        cr_assert(eq(int, query_time_parse(BAD[i], &ms, &diag), ERR_SYNTAX));
    static const char *const BAD_STEPS[] = {"", "0", "-1", "5x", "s", "nan", "0.0001ms"};
    for (size_t i = 0; i < sizeof BAD_STEPS / sizeof *BAD_STEPS; i++)
        cr_assert(eq(int, query_step_parse(BAD_STEPS[i], &ms, &diag), ERR_SYNTAX), "%s", BAD_STEPS[i]);
}

Test(query, targets_name_the_job_that_the_runbook_selects)
{
    size_t size;
    FILE *out = open_memstream(&answer, &size);
    samples_write_targets(ring, out);
    fclose(out);
    cr_assert(says("\"health\":\"up\",\"labels\":{\"instance\":\"host:1\",\"job\":\"agenc\"}"));
    cr_assert(says("\"status\":\"success\""));
}
