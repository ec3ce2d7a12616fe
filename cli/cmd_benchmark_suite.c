/* cli/cmd_benchmark_suite.c: the tuning guide's five tests, one after the other for people, all at once for
 * the cores.
 *
 * Each test is a `benchmark speculation` with the options of its row; what the
 * suite was given (configuration, models, seeds) is handed on to every test. */
#include "base/assert.h"
#include "cli/bench_jobs.h"
#include "cli/command.h"
#include "cli/suite_report.h"
#include "reports/report.h"
#include "sim/pool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const HANDED_ON[] = {"config", "set",    "as-is",     "chain",      "fidelity",
                                        "path",   "prover", "execution", "agents",     "executors",
                                        "runs",   "seed",   "jobs",      "no-baseline"};

static const struct suite_test {
    const char *name, *title;
    const char *words[8];
} TESTS[] = {
    {"throughput",
     "throughput: 5 min at 100 tasks/s, depth 1 to 5",
     {"--duration", "5m", "--rate", "100", "--depth-distribution", "uniform:1-5"}},
    {"latency", "latency: 5 min at 50 tasks/s", {"--duration", "5m", "--rate", "50", "--measure-latency"}},
    {"deep_chain",
     "deep chains: 5 min at 20 tasks/s, depth 8",
     {"--duration", "5m", "--rate", "20", "--depth-distribution", "fixed:8"}},
    {"burst",
     "bursts: 10 min, ten times the rate for 30 s every 2 min",
     {"--duration", "10m", "--rate-pattern", "burst:10x:30s:every:2m"}},
    {"rollback",
     "rollback recovery: 5 min at 50 tasks/s, 10 % injected failures",
     {"--duration", "5m", "--rate", "50", "--inject-failures", "0.1"}},
};
enum {
    TEST_COUNT = sizeof TESTS / sizeof *TESTS,
    OWN_WORDS = 12, /* of a test's row, --output FILE and --quiet */
    WORDS_MOST = OWN_WORDS + 2 * FLAG_USES_MOST,
    PATH_BYTES = SUITE_PATH_BYTES,
    NAME_BYTES = 32, /* of a file in the folder */
};

static const struct flag FLAGS[] = {
    {.name = "output-dir",
     .value = "FOLDER",
     .type = FLAG_FOLDER,
     .is_required = true,
     .help = "where results and report go; made when missing"},
    {.name = "config", .value = "FILE", .type = FLAG_FILE, .help = "engine configuration (TOML)"},
    {.name = "set",
     .value = "KEY=VALUE",
     .type = FLAG_TEXT,
     .is_repeatable = true,
     .help = "set one configuration key, on top of the file"},
    {.name = "as-is",
     .type = FLAG_SWITCH,
     .help = "keep enabled and rollout as configured instead of on and 100%"},
    {.name = "chain",
     .value = "PROFILE",
     .type = FLAG_TEXT,
     .help = "as in benchmark speculation; so are the next ones"},
    {.name = "fidelity",
     .value = "HOW",
     .type = FLAG_TEXT,
     .help = "of the chain: empirical, mechanistic or fitted"},
    {.name = "path", .value = "CLASS", .type = FLAG_TEXT, .help = "staked, ordinary or unstaked"},
    {.name = "prover",
     .value = "PROFILE",
     .type = FLAG_TEXT,
     .help = "a profile of scenarios/prover, or a distribution"},
    {.name = "execution", .value = "DIST", .type = FLAG_TEXT, .help = "time of one task"},
    {.name = "agents",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = LIMIT_AGENTS,
     .help = "agents that jobs belong to"},
    {.name = "executors",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 100000,
     .help = "execution slots of an agent"},
    {.name = "runs",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = LIMIT_RUNS,
     .help = "replications of each test, 3 by default"},
    {.name = "seed", .value = "N", .type = FLAG_UNSIGNED, .help = "of every draw"},
    FLAG_JOBS,
    {.name = "no-baseline", .type = FLAG_SWITCH, .help = "skip the paired runs without speculation"},
    {.name = "no-report", .type = FLAG_SWITCH, .help = "results only, no report.md and report.html"},
    {0},
};

static bool is_handed_on(const char *name)
{
    for (size_t i = 0; i < sizeof HANDED_ON / sizeof *HANDED_ON; i++)
        if (strcmp(HANDED_ON[i], name) == 0) return true;
    return false;
}

struct suite {
    struct bench_jobs *jobs;
    struct bench_result *results[TEST_COUNT];
    char options[FLAG_USES_MOST][64]; /* "--config": those that are handed on */
    char paths[TEST_COUNT][PATH_BYTES];
};

/* The command line of one test: its row's, then what the suite was given. */
static void test_words(struct suite *suite, uint32_t test, const struct args *args,
                       const char *words[WORDS_MOST + 1])
{
    int count = 0;
    for (int i = 0; TESTS[test].words[i]; i++) words[count++] = TESTS[test].words[i];
    words[count++] = "--output";
    words[count++] = suite->paths[test];
    /* All tests have one configuration: what there is to warn about is said once. */
    if (test > 0 || args_is_quiet(args)) words[count++] = "--quiet";
    for (uint32_t use = 0; use < args->use_count; use++) {
        const struct flag *flag = args->flags[args->uses[use].flag];
        if (!is_handed_on(flag->name)) continue;
        ASSERT(count + 2 <= WORDS_MOST);
        snprintf(suite->options[use], sizeof suite->options[use], "--%s", flag->name);
        words[count++] = suite->options[use];
        if (flag->type != FLAG_SWITCH) words[count++] = args->uses[use].text;
    }
    words[count] = NULL;
}

static err prepare_test(struct suite *suite, uint32_t test, const struct args *args, struct diag *diag)
{
    const char *words[WORDS_MOST + 1];
    snprintf(suite->paths[test], PATH_BYTES, "%s/%s.json", args_text(args, "output-dir"), TESTS[test].name);
    test_words(suite, test, args, words);
    return bench_jobs_add(suite->jobs, words, diag);
}

/* Makes the folder, not those above it. What stands in the way is said before the work, not after it. */
static err make_folder(const char *path, struct diag *diag)
{
    struct stat status;
    if (strlen(path) + NAME_BYTES > PATH_BYTES)
        return diag_fail(diag, ERR_USAGE, "--output-dir: want a path of at most %d bytes",
                         PATH_BYTES - NAME_BYTES);
    if (mkdir(path, 0777) == 0) return OK;
    int cause = errno;
    if (cause == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return OK;
    return diag_fail(diag, ERR_IO, "--output-dir %.256s: %s%s", path, strerror(cause),
                     cause == ENOENT ? "; the folder above it must exist" : ", want a folder or a new name");
}

/* What an interruption left of a test does not take the place of an earlier suite's result. */
static bool is_worth_writing(const struct suite *suite, uint32_t test)
{
    const struct bench_result *result = suite->results[test];
    return result && (!result->interrupted || access(suite->paths[test], F_OK) != 0);
}

static err write_results(const struct suite *suite, struct diag *diag)
{
    uint32_t whole = 0;
    for (uint32_t test = 0; test < TEST_COUNT; test++) {
        if (!is_worth_writing(suite, test)) continue;
        TRY(bench_write(suite->results[test], suite->paths[test], diag));
        whole += !suite->results[test]->interrupted;
    }
    if (whole == TEST_COUNT) return OK;
    return diag_fail(diag, ERR_INTERRUPTED, "interrupted: %u of %d tests are complete, no report was written",
                     whole, TEST_COUNT);
}

static err run_tests(struct suite *suite, const struct args *args, struct diag *diag)
{
    TRY(bench_jobs_open(&suite->jobs, args, diag));
    for (uint32_t test = 0; test < TEST_COUNT; test++) TRY(prepare_test(suite, test, args, diag));
    bench_announce(bench_jobs_request(suite->jobs, 0), bench_jobs_args(suite->jobs, 0));
    TRY(make_folder(args_text(args, "output-dir"), diag));
    TRY(bench_jobs_run(suite->jobs, "five tests", suite->results, diag));
    return write_results(suite, diag);
}

static err write_report(const struct args *args, struct diag *diag)
{
    const char *folder = args_text(args, "output-dir");
    char markdown[PATH_BYTES], html[PATH_BYTES];
    const struct report_options options = {
        .input_folder = folder,
        .markdown_path = markdown,
        .html_path = html,
        .terminal = args_is_quiet(args) ? NULL : args->out,
        .workers = pool_cores(),
    };
    struct report_outcome outcome;
    snprintf(markdown, sizeof markdown, "%s/report.md", folder);
    snprintf(html, sizeof html, "%s/report.html", folder);
    return report_create(&options, &outcome, diag);
}

static err run(struct args *args, struct diag *diag)
{
    struct suite *suite = calloc(1, sizeof *suite);
    if (!suite) return diag_fail(diag, ERR_NOMEM, "out of memory for the suite");
    err e = run_tests(suite, args, diag);
    if (e == OK) e = suite_write_states(args_text(args, "output-dir"), suite->results, TEST_COUNT, diag);
    for (uint32_t test = 0; test < TEST_COUNT; test++) bench_free(suite->results[test]);
    bench_jobs_close(suite->jobs);
    free(suite);
    if (e != OK || !args_switch(args, "no-report")) return e == OK ? write_report(args, diag) : e;
    if (!args_is_quiet(args)) fprintf(args->out, "results: %s\n", args_text(args, "output-dir"));
    return OK;
}

const struct command COMMAND_benchmark_suite = {
    .group = "benchmark",
    .name = "suite",
    .summary = "run the tuning guide's five tests and write the report",
    .flags = FLAGS,
    .description = "Throughput, latency, deep chains, bursts and rollback recovery, each with its paired\n"
                   "run without speculation, on all cores. Writes one result file a test, the state of the\n"
                   "engine before and after (pre_ and post_ status and metrics), report.md and report.html.",
    .examples = "agenc benchmark suite --output-dir out\n"
                "agenc benchmark suite --output-dir out/prod --config scenarios/config/prod.toml",
    .run = run,
};
