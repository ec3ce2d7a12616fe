/* tests/unit/test_bench_read.c: what is wrong with a result file is one clear line, whatever it is. */
#include "base/file.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static char *folder, *path, *good;
static size_t good_bytes;

static void set_up(void)
{
    struct bench_result *result = bench_fixture(2, true);
    struct file_bytes file;
    folder = fixture_folder();
    path = fixture_path(folder, "result.json");
    cr_assert(eq(int, bench_write(result, path, NULL), OK));
    cr_assert(eq(int, file_read(path, 1 << 26, &file, NULL), OK));
    good = file.text;
    good_bytes = file.size_bytes;
    bench_free(result);
}

static void tear_down(void)
{
    free(good);
    free(path);
    fixture_remove(folder);
}

TestSuite(bench_read, .init = set_up, .fini = tear_down, .timeout = 120);

static void expect(const char *text, size_t text_bytes, err error, const char *line)
{
    struct bench_result *result = NULL;
    struct diag diag = {0};
    cr_assert(eq(int, file_write(path, text, text_bytes, NULL), OK));
    err e = bench_read(&result, path, &diag);
    cr_assert(eq(int, e, error), "%d, want %d and \"%s\": %s", e, error, line, diag.text);
    cr_assert(strstr(diag.text, line) != NULL, "want \"%s\": %s", line, diag.text);
    cr_assert(strstr(diag.text, "result.json") != NULL, "%s", diag.text);
    cr_assert(strchr(diag.text, '\n') == NULL);
    cr_assert(result == NULL);
}

/* The good file with the first `from` behind `after` replaced. */
static void expect_edit(const char *after, const char *from, const char *to, err error, const char *line)
{
    char *start = strstr(good, after), *at = start ? strstr(start, from) : NULL;
    cr_assert(at != NULL, "%s .. %s", after, from);
    size_t before_bytes = (size_t)(at - good), size_bytes = good_bytes - strlen(from) + strlen(to);
    char *text = malloc(size_bytes + 1);
    memcpy(text, good, before_bytes);
    sprintf(text + before_bytes, "%s%s", to, at + strlen(from));
    expect(text, size_bytes, error, line);
    free(text);
}

Test(bench_read, fields_are_checked_one_by_one)
{
    static const struct {
        const char *after, *from, *to;
        err error;
        const char *line;
    } CASES[] = {
        {"", "agenc.bench/1", "agenc.bench/2", ERR_SYNTAX, "schema is \"agenc.bench/2\", must be"},
        {"", "\"schema\"", "\"scheme\"", ERR_SYNTAX, "\"schema\" is missing"},
        {"\n  \"runs\"", "2", "3", ERR_RANGE, "has not as many elements"},
        {"\n  \"runs\"", "2", "1000000", ERR_RANGE, "runs is more than 1000"},
        {"\n  \"runs\"", "2", "-2", ERR_RANGE, "runs: is negative"},
        {"\n  \"seed\"", "42", "\"x\"", ERR_SYNTAX, "seed: is a string"},
        {"\n  \"seed\"", "42", "4.5", ERR_SYNTAX, "seed: is a number, must be a whole number"},
        {"\n  \"agents\"", "50", "99999999", ERR_RANGE, "agents is more than"},
        {"\n  \"duration_s\"", "300", "-1", ERR_RANGE, "duration_s is not in"},
        {"\n  \"duration_s\"", "300", "1e300", ERR_RANGE, "duration_s is not in"},
        {"\n  \"warmup_s\"", "60", "301", ERR_RANGE, "warmup_s is longer"},
        {"\n  \"wall_seconds\"", "1.5", "NaN", ERR_SYNTAX, "not valid JSON"},
        {"\n  \"wall_seconds\"", "1.5", "1e999", ERR_SYNTAX, "not valid JSON"},
        {"\n  \"wall_seconds\"", "1.5", "true", ERR_SYNTAX, "wall_seconds: is a boolean"},
        {"\n  \"trajectory_hash\"", "\": \"", "\": \"g", ERR_SYNTAX, "sixteen hex digits"},
        {"\n  \"tool\"", "\"version\"", "\"verzion\"", ERR_SYNTAX, "tool.version: is missing"},
        {"\n  \"command\"", "\"benchmark\"", "7", ERR_SYNTAX, "command[0]: is a number"},
        {"\n  \"chain\"", "\"mainnet\"", "[1]", ERR_SYNTAX, "chain.profile: must be a text, a number"},
        {"\n  \"config\"", "{", "[], \"x\": {", ERR_SYNTAX, "config: is an array"},
        {"\n  \"targets\"", "< 1 s", "< soon", ERR_SYNTAX, "targets[1]"},
        {"\n  \"targets\"", "result.p50", "result.p51", ERR_SYNTAX, "no metric result.p51"},
        {"\n  \"targets\"", "true", "1", ERR_SYNTAX, "targets[0].pass: is a number"},
        {"\n  \"summary\"", "\"batch_size_mean\": ", "\"batch_size_mean\": -", ERR_RANGE,
         "summary: batch_size_mean is negative"},
        {"\n  \"summary\"", "\"cooldown_share\": ", "\"cooldown_share\": 7", ERR_RANGE,
         "cooldown_share is a share"},
        {"\n  \"summary\"", "\"median\"", "\"mode\"", ERR_SYNTAX, "median: is missing"},
        {"\n  \"summary\"", "\"unfinished\": ", "\"unfinished\": 9", ERR_RANGE,
         "tasks.submitted is not the sum"},
        {"\n  \"summary\"", "\"speculative\": 2000", "\"speculative\": 20", ERR_RANGE,
         "cohort.rolled_back is more"},
        {"\n  \"summary\"", "\"slashed_lamports\": ", "\"slashed_lamports\": 9", ERR_RANGE, "stake: bonded"},
        {"\n  \"summary\"", "\"pooled\"", "\"spooled\"", ERR_SYNTAX, "pooled: is missing"},
        {"\n  \"per_run\"", "\"count\": 4", "\"count\": 5", ERR_RANGE, "does not match latency_ms"},
        {"\n  \"per_run\"", "\"mean\": 5", "\"mean\": 7777", ERR_RANGE, "does not match latency_ms"},
        {"\n  \"per_run\"", "\"min\": 1", "\"min\": 7", ERR_RANGE, "does not match latency_ms"},
        {"\n  \"per_run\"", "\"p999\": ", "\"p999\": 1e20, \"x\": ", ERR_RANGE, "beyond the 104 days"},
        {"\n  \"per_run\"", "\"result\": \"HIST", "\"result\": \"MIST", ERR_SYNTAX, "histograms: result: "},
        {"\n  \"per_run\"", "\"offered\": [", "\"offered\": [1, ", ERR_SYNTAX, "not as long as the other"},
        {"\n  \"per_run\"", "\"depth_counts\": [", "\"depth_counts\": [1, ", ERR_SYNTAX,
         "one element for each depth"},
        {"\n  \"per_run\"", "\"seed\"", "\"agents\": 1, \"agents\"", ERR_SYNTAX, "not valid JSON"},
        {"\"baseline\"", "\"per_run\"", "\"runs\"", ERR_SYNTAX, "baseline.per_run: is missing"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        expect_edit(CASES[i].after, CASES[i].from, CASES[i].to, CASES[i].error, CASES[i].line);
}

/* A max below its slot would send a search for quantiles past the end. */
Test(bench_read, extremes_lie_in_the_slots_that_hold_them)
{
    char *latency = strstr(strstr(good, "\n  \"per_run\""), "\"latency_ms\"");
    char *max = strstr(latency, "\"max\": "), text[64];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(max, "\n"), max);
    expect_edit("\n  \"per_run\"", text, "\"max\": 1e-300,", ERR_RANGE, "does not match latency_ms");
    expect_edit("\n  \"per_run\"", text, "\"max\": 3600001,", ERR_RANGE, "does not match latency_ms");
}

Test(bench_read, a_file_cut_anywhere_is_refused)
{
    for (size_t i = 0; i < 60; i++) expect(good, (good_bytes - 2) * i / 59, ERR_SYNTAX, "");
}

Test(bench_read, deep_nesting_is_refused)
{
    size_t depth = 1000000;
    char *text = malloc(depth + 1);
    memset(text, '[', depth);
    expect(text, depth, ERR_SYNTAX, "nested deeper");
    free(text);
}

Test(bench_read, other_json_is_refused)
{
    expect("[]", 2, ERR_SYNTAX, "");
    expect("{}", 2, ERR_SYNTAX, "\"schema\" is missing");
    expect("7", 1, ERR_SYNTAX, "");
    expect("", 0, ERR_SYNTAX, "");
}

Test(bench_read, sections_have_limits)
{
    char text[9000] = "{", *at = text + 1;
    for (int i = 0; i < 300; i++) at += sprintf(at, "\"key %d\": %d, ", i, i);
    expect_edit("\n  \"workload\"", "{", text, ERR_LIMIT, "entries, at most 256");
    memset(text, 'k', sizeof text);
    sprintf(text + 200, "\": 1, ");
    memcpy(text, "{\"", 2);
    expect_edit("\n  \"workload\"", "{", text, ERR_LIMIT, "more than 127 bytes");
}

Test(bench_read, a_missing_file_is_an_input_error)
{
    struct bench_result *result;
    struct diag diag = {0};
    cr_assert(eq(int, bench_read(&result, "/nowhere/a.json", &diag), ERR_IO));
    cr_assert(strstr(diag.text, "/nowhere/a.json") != NULL);
}

Test(bench_read, the_name_is_that_of_the_file)
{
    struct bench_result *result;
    cr_assert(eq(int, bench_read(&result, path, NULL), OK));
    cr_assert(eq(str, (char *)result->name, "result"));
    cr_assert(eq(u32, result->runs, 2));
    cr_assert(eq(u64, result->per_run[1].histograms[LATENCY_PROOF].total_count, FIXTURE_VALUES));
    cr_assert(eq(int, result->targets[1].sense, TARGET_AT_MOST));
    cr_assert(eq(int, bench_summarise(result), OK));
    bench_free(result);
}
