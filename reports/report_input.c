/* reports/report_input.c: result files of a folder and its subfolders, in the order of the report. */
#include "base/file.h"
#include "reports/report.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The tuning guide's suite, in its order. */
static const struct kind {
    const char *name, *title, *question;
} KINDS[] = {
    {"throughput", "Throughput", "Does the engine keep up with a steady, mixed load?"},
    {"latency", "Latency", "How long does an agent wait for a result at half that load?"},
    {"deep_chain", "Deep chains", "What happens to chains deeper than speculation may go?"},
    {"burst", "Burst traffic", "Does the system absorb tenfold bursts, and how soon is it itself again?"},
    {"rollback", "Rollback recovery", "What do injected failures cost, and how fast is the clean-up?"},
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS, PATH_BYTES = 4096, NAMES_MOST = 4096 };

static uint32_t rank_of(const char *name)
{
    uint32_t rank = 0;
    while (rank < KIND_COUNT && strcmp(KINDS[rank].name, name) != 0) rank++;
    return rank;
}

static void name_test(struct report_test *test)
{
    const char *own = test->rank < KIND_COUNT ? KINDS[test->rank].title : test->result->name;
    test->question = test->rank < KIND_COUNT ? KINDS[test->rank].question : NULL;
    if (*test->group)
        snprintf(test->title, sizeof test->title, "%.60s (%.60s)", own, test->group);
    else
        snprintf(test->title, sizeof test->title, "%.120s", own);
}

/* Names of files that no shell or address has trouble with; a number where letters were lost. */
static void name_files(struct report_test *test, uint32_t index)
{
    char wanted[REPORT_TITLE_BYTES];
    bool is_changed = false;
    snprintf(wanted, sizeof wanted, "%.40s%s%.40s", test->group, *test->group ? "-" : "", test->result->name);
    for (char *at = wanted; *at; at++) {
        if (isalnum((unsigned char)*at) || *at == '-' || *at == '_') continue;
        *at = '-';
        is_changed = true;
    }
    if (is_changed || strlen(test->group) > 40 || strlen(test->result->name) > 40)
        snprintf(test->file_name, sizeof test->file_name, "%.100s-%u", wanted, index + 1);
    else
        snprintf(test->file_name, sizeof test->file_name, "%s", wanted);
}

err report_inputs_add(struct report_inputs *inputs, const char *group, struct bench_result *result,
                      struct diag *diag)
{
    char *copy = strdup(group);
    struct report_test *tests = realloc(inputs->tests, (inputs->count + 1) * sizeof *tests);
    if (tests) inputs->tests = tests;
    if (!tests || !copy || inputs->count == REPORT_TESTS_MOST) {
        free(copy);
        bench_free(result);
        if (inputs->count == REPORT_TESTS_MOST)
            return diag_fail(diag, ERR_LIMIT, "more than %d results, a report takes no more",
                             REPORT_TESTS_MOST);
        return diag_fail(diag, ERR_NOMEM, "out of memory for results");
    }
    struct report_test *test = &tests[inputs->count++];
    *test = (struct report_test){.group = copy, .result = result, .rank = rank_of(result->name)};
    inputs->has_groups = inputs->has_groups || *group;
    name_test(test);
    return OK;
}

static int compare_tests(const void *left, const void *right)
{
    const struct report_test *a = left, *b = right;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    int order = strcmp(a->result->name, b->result->name);
    return order ? order : strcmp(a->group, b->group);
}

void report_inputs_sort(struct report_inputs *inputs)
{
    if (inputs->count > 1) qsort(inputs->tests, inputs->count, sizeof *inputs->tests, compare_tests);
    for (uint32_t i = 0; i < inputs->count; i++) name_files(&inputs->tests[i], i);
}

void report_inputs_keep(struct report_inputs *inputs, uint32_t index)
{
    struct report_test kept = inputs->tests[index];
    for (uint32_t i = 0; i < inputs->count; i++) {
        if (i == index) continue;
        bench_free(inputs->tests[i].result);
        free(inputs->tests[i].group);
    }
    inputs->tests[0] = kept;
    inputs->count = 1;
}

void report_inputs_close(struct report_inputs *inputs)
{
    for (uint32_t i = 0; i < inputs->count; i++) {
        bench_free(inputs->tests[i].result);
        free(inputs->tests[i].group);
    }
    free(inputs->tests);
    *inputs = (struct report_inputs){0};
}

static bool is_result_name(const char *name)
{
    size_t size = strlen(name);
    return *name != '.' && size > 5 && strcmp(name + size - 5, ".json") == 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

/* The report must not take the place of what it is made from. */
static err refuse_one(const char *output, const char *path, struct diag *diag)
{
    if (!output || !file_is_same(output, path)) return OK;
    return diag_fail(diag, ERR_USAGE, "%s would overwrite the result %s, name another file", output, path);
}

static err refuse_output(const struct report_inputs *inputs, const char *path, struct diag *diag)
{
    const struct report_options *options = inputs->options;
    TRY(refuse_one(options->markdown_path, path, diag));
    TRY(refuse_one(options->html_path, path, diag));
    for (const char *const *other = options->other_outputs; other && *other; other++)
        TRY(refuse_one(*other, path, diag));
    return OK;
}

/* A pipe would wait for a writer forever, and a device has no end. */
static err check_regular(const char *path, const struct stat *status, struct diag *diag)
{
    if (S_ISREG(status->st_mode)) return OK;
    return diag_fail(diag, ERR_IO, "%s: is %s, no regular file; keep it out of a folder of results", path,
                     S_ISFIFO(status->st_mode)   ? "a pipe"
                     : S_ISSOCK(status->st_mode) ? "a socket"
                                                 : "a device");
}

static void drop_samples(struct bench_result *result)
{
    struct run_metrics *arms[] = {result->per_run, result->baseline};
    for (int arm = 0; arm < 2; arm++)
        for (uint32_t run = 0; arms[arm] && run < result->runs; run++)
            run_metrics_drop_samples(&arms[arm][run]);
    run_metrics_drop_samples(&result->summary);
    run_metrics_drop_samples(&result->baseline_summary);
}

static err read_result(struct report_inputs *inputs, const char *path, const char *group, struct diag *diag)
{
    struct bench_result *result;
    struct stat status;
    if (stat(path, &status) != 0) return diag_fail(diag, ERR_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode)) return OK; /* a subfolder, whatever its name */
    TRY(check_regular(path, &status, diag));
    TRY(refuse_output(inputs, path, diag));
    TRY(bench_read(&result, path, diag));
    if (inputs->options->is_figures_only) drop_samples(result);
    return report_inputs_add(inputs, group, result, diag);
}

struct folder {
    struct dirent **entries;
    int count;
};

static err open_folder(struct folder *out, const char *path, struct diag *diag)
{
    out->count = scandir(path, &out->entries, is_visible, by_name);
    if (out->count >= 0) return OK;
    return diag_fail(diag, errno == ENOMEM ? ERR_NOMEM : ERR_IO, "%s: %s, want a folder of result files",
                     path, strerror(errno));
}

static void close_folder(struct folder *folder)
{
    for (int i = 0; i < folder->count; i++) free(folder->entries[i]);
    free(folder->entries);
}

static err read_files(struct report_inputs *inputs, const char *path, const char *group, struct diag *diag)
{
    struct folder folder;
    char file[PATH_BYTES];
    TRY(open_folder(&folder, path, diag));
    err e = OK;
    for (int i = 0; i < folder.count && e == OK; i++) {
        if (!is_result_name(folder.entries[i]->d_name)) continue;
        if (inputs->options->stop && *inputs->options->stop) {
            e = diag_fail(diag, ERR_INTERRUPTED, "interrupted");
            break;
        }
        snprintf(file, sizeof file, "%s/%s", path, folder.entries[i]->d_name);
        e = read_result(inputs, file, group, diag);
    }
    close_folder(&folder);
    return e;
}

/* Links to folders are not followed: they may lead back, and count results twice. */
static bool is_folder(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The inner folder's results would be missed in silence: counts them. */
static uint32_t count_results(const char *path)
{
    struct folder folder;
    uint32_t count = 0;
    if (open_folder(&folder, path, NULL) != OK) return 0;
    for (int i = 0; i < folder.count; i++) count += is_result_name(folder.entries[i]->d_name);
    close_folder(&folder);
    return count;
}

static void warn_of_deeper(const struct report_inputs *inputs, const char *path)
{
    struct folder folder;
    char inner[PATH_BYTES];
    if (!inputs->options->log || open_folder(&folder, path, NULL) != OK) return;
    for (int i = 0; i < folder.count; i++) {
        int size = snprintf(inner, sizeof inner, "%s/%s", path, folder.entries[i]->d_name);
        uint32_t count = size < PATH_BYTES && is_folder(inner) ? count_results(inner) : 0;
        if (count)
            fprintf(inputs->options->log,
                    "warning: %s: %u file%s (*.json) not read, only one level of subfolders is\n", inner,
                    count, count == 1 ? "" : "s");
    }
    close_folder(&folder);
}

static err read_subfolders(struct report_inputs *inputs, const char *path, struct diag *diag)
{
    struct folder folder;
    char inner[PATH_BYTES];
    TRY(open_folder(&folder, path, diag));
    err e = OK;
    for (int i = 0; i < folder.count && e == OK; i++) {
        snprintf(inner, sizeof inner, "%s/%s", path, folder.entries[i]->d_name);
        if (!is_folder(inner)) continue;
        e = read_files(inputs, inner, folder.entries[i]->d_name, diag);
        if (e == OK) warn_of_deeper(inputs, inner);
    }
    close_folder(&folder);
    return e;
}

static err read_one_file(struct report_inputs *out, const struct report_options *options, struct diag *diag)
{
    struct report_inputs inputs = {.options = options};
    err e = read_result(&inputs, options->input_folder, "", diag);
    if (e != OK) {
        report_inputs_close(&inputs);
        return e;
    }
    report_inputs_sort(&inputs);
    *out = inputs;
    return OK;
}

err report_inputs_read(struct report_inputs *out, const struct report_options *options, struct diag *diag)
{
    struct report_inputs inputs = {.options = options};
    const char *folder = options->input_folder;
    err e = strlen(folder) + NAMES_MOST / 8 < PATH_BYTES
                ? OK
                : diag_fail(diag, ERR_IO, "%.64s...: the path is too long", folder);
    if (e == OK) e = read_files(&inputs, folder, "", diag);
    if (e == OK) e = read_subfolders(&inputs, folder, diag);
    if (e == OK && inputs.count == 0)
        e = diag_fail(diag, ERR_IO,
                      "%s: no result file (*.json), `agenc benchmark speculation --output %s/latency.json` "
                      "makes one",
                      folder, folder);
    if (e != OK) {
        report_inputs_close(&inputs);
        return e;
    }
    report_inputs_sort(&inputs);
    *out = inputs;
    return OK;
}

err report_inputs_read_path(struct report_inputs *out, const struct report_options *options,
                            struct diag *diag)
{
    struct stat status;
    if (stat(options->input_folder, &status) != 0)
        return diag_fail(diag, ERR_IO, "%s: %s, want a result file or a folder of them",
                         options->input_folder, strerror(errno));
    return S_ISDIR(status.st_mode) ? report_inputs_read(out, options, diag)
                                   : read_one_file(out, options, diag);
}

struct report_outcome report_judge(const struct report_inputs *inputs)
{
    struct report_outcome outcome = {.tests = inputs->count};
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct bench_result *result = inputs->tests[i].result;
        uint32_t missed = 0;
        if (bench_is_empty(result)) {
            outcome.tests_empty++;
            continue;
        }
        for (uint32_t j = 0; j < result->target_count; j++) missed += !result->targets[j].pass;
        outcome.targets += result->target_count;
        outcome.targets_missed += missed;
        outcome.tests_missed += missed > 0;
    }
    return outcome;
}
