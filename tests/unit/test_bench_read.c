/* tests/unit/test_bench_read.c: what is wrong with a result file is one clear line, whatever it is. */
#include "base/file.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
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
        {"latency_map", "\"bin_s\": 1", "\"bin_s\": 0", ERR_RANGE, "bin_s or lowest_bucket is none"},
        {"latency_map", "\"lowest_bucket\": 40", "\"lowest_bucket\": 95", ERR_RANGE,
         "beyond the last bucket"},
        {"latency_map", "[[", "[[4294967296, ", ERR_RANGE, "more tasks than a map counts"},
        {"latency_map", "[[", "[1, [", ERR_SYNTAX, "must be"},
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

static bool is_gone(const char *key, const char *const *gone)
{
    while (*gone && strcmp(*gone, key) != 0) gone++;
    return *gone;
}

/* The good file without these members, wherever they stand: what an earlier tool would have written. The
 * writer gives each member its line, and those that are objects end on one of the same indent. */
static char *without(const char *const *gone)
{
    char *out = malloc(good_bytes + 1), *at = out;
    for (const char *line = good, *next; *line; line = next) {
        size_t indent = strspn(line, " "), closing;
        char key[64] = "";
        next = strchr(line, '\n') + 1;
        sscanf(line + indent, "\"%63[a-z0-9_]\":", key);
        if (!is_gone(key, gone)) {
            at = (char *)memcpy(at, line, (size_t)(next - line)) + (next - line);
            continue;
        }
        closing = indent + (next[-2] == '{' && next[-3] == '[' ? 2 : 0); /* a list of objects */
        if (next[-2] == '{' || next[-2] == '[')
            for (bool is_end = false; !is_end; next = strchr(next, '\n') + 1)
                is_end = strspn(next, " ") == closing && strchr(next, '\n')[-1] != '{';
        size_t rest = strspn(next, " ");
        if (strchr("}]", next[rest]) && at[-2] == ',') *--at = 0, at[-1] = '\n';
    }
    *at = 0;
    return out;
}

static struct bench_result *read_without(const char *const *gone)
{
    struct bench_result *result = NULL;
    struct diag diag = {0};
    char *text = without(gone);
    cr_assert(eq(int, file_write(path, text, strlen(text), NULL), OK));
    cr_assert(eq(int, bench_read(&result, path, &diag), OK), "%s", diag.text);
    free(text);
    return result;
}

Test(bench_read, figures_that_an_earlier_tool_did_not_write_are_not_known)
{
    static const char *const GONE[] = {
        "p999", "breaker_open_share", "queue_depth", "circuit_open", "rollback_rate_interval", "recovery",
        NULL};
    struct bench_result *result = read_without(GONE);
    const struct run_metrics *views[] = {&result->summary, &result->per_run[1], &result->baseline[0]};
    for (int i = 0; i < 3; i++) {
        cr_expect(isnan(views[i]->latency[LATENCY_RESULT].quantile_ns[Q999]));
        cr_expect(isnan(views[i]->breaker_open_share) && isnan(views[i]->queue_depth_max));
        cr_expect(isnan(views[i]->latency[LATENCY_RECOVERY].max_ns));
        cr_expect(eq(u64, views[i]->latency[LATENCY_RECOVERY].count, 0));
        cr_expect(eq(u64, views[i]->histograms[LATENCY_RECOVERY].total_count, 0));
        cr_expect(eq(u64, views[i]->waits[WAIT_CIRCUIT_OPEN], 0));
        cr_expect(eq(u64, views[i]->latency[LATENCY_RESULT].count, FIXTURE_VALUES * (i ? 1 : 2)));
        cr_expect(isfinite(views[i]->latency[LATENCY_RESULT].quantile_ns[Q99]));
    }
    cr_expect(isnan(result->spread.rollback_rate_interval[0]));
    cr_expect(eq(int, bench_write(result, path, NULL), OK));
    bench_free(result);
}

Test(bench_read, what_figures_rest_on_is_not_optional)
{
    static const char *const KEYS[] = {"submitted", "per_run",      "cohort",    "stake",
                                       "seed",      "count",        "workload",  "series",
                                       "backlog",   "depth_counts", "histograms"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        const char *const gone[] = {KEYS[i], NULL};
        char *text = without(gone), line[64];
        snprintf(line, sizeof line, "%s: is missing", KEYS[i]);
        expect(text, strlen(text), ERR_SYNTAX, line);
        free(text);
    }
}

Test(bench_read, a_figure_of_the_wrong_type_is_refused)
{
    expect_edit("\n  \"summary\"",
                "\"breaker_open_share\": ", "\"breaker_open_share\": \"none\", \"x\": ", ERR_SYNTAX,
                "breaker_open_share: is a string");
    expect_edit("\n  \"summary\"", "\"memory_bytes\": {", "\"memory_bytes\": 7, \"x\": {", ERR_SYNTAX,
                "memory_bytes: is a number");
}

Test(bench_read, the_digest_is_that_of_the_file)
{
    static const char *const NONE[] = {NULL}, *const GONE[] = {"p999", NULL};
    struct bench_result *all = read_without(NONE), *less = read_without(GONE);
    unsigned char digest[SHA256_BYTES];
    char text[SHA256_HEX_BYTES];
    sha256_of(good, good_bytes, digest);
    sha256_hex(digest, text);
    cr_expect(eq(str, all->digest, text));
    cr_expect(ne(str, less->digest, text));
    bench_free(all);
    bench_free(less);
}
