/* tests/unit/test_report.c: a folder of results becomes two documents, or one line says why not. */
#include "reports/report.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has(const char *where, const char *part)
{
    return strstr(where, part) != NULL;
}

static bool lacks(const char *where, const char *part)
{
    return strstr(where, part) == NULL;
}

static char *folder, *markdown, *html;
static struct diag diag;
static struct report_outcome outcome;

static void set_up(void)
{
    folder = fixture_folder();
    markdown = fixture_path(folder, "report.md");
    html = fixture_path(folder, "report.html");
    diag.text[0] = '\0';
}

static void tear_down(void)
{
    char command[1024];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert(eq(int, system(command), 0));
    free(folder);
    free(markdown);
    free(html);
}

TestSuite(report, .init = set_up, .fini = tear_down, .timeout = 60);

/* A test is named as its file. */
static void add(const char *path)
{
    struct bench_result *result = bench_fixture(3, true);
    char *file = fixture_path(folder, path);
    cr_assert(eq(int, bench_write(result, file, &diag), OK), "%s", diag.text);
    bench_free(result);
    free(file);
}

static volatile sig_atomic_t stop;

static err create(void)
{
    return report_create(&(struct report_options){.input_folder = folder,
                                                  .markdown_path = markdown,
                                                  .html_path = html,
                                                  .workers = 2,
                                                  .stop = &stop},
                         &outcome, &diag);
}

static char *read_file(const char *path)
{
    struct file_bytes bytes;
    cr_assert(eq(int, file_read(path, 1 << 24, &bytes, &diag), OK), "%s", diag.text);
    return bytes.text;
}

static void expect_order(const char *text, const char *first, const char *second)
{
    const char *a = strstr(text, first), *b = strstr(text, second);
    cr_assert(a != NULL && b != NULL && a < b, "%s before %s", first, second);
}

Test(report, tests_of_the_suite_come_first_in_its_order)
{
    add("another.json");
    add("rollback.json");
    add("throughput.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    cr_assert(eq(u32, outcome.tests, 3));
    char *text = read_file(markdown);
    expect_order(text, "\n## Throughput\n", "\n## Rollback recovery\n");
    expect_order(text, "\n## Rollback recovery\n", "\n## another\n");
    free(text);
}

Test(report, the_page_stands_alone)
{
    add("latency.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    char *page = read_file(html);
    cr_assert(lacks(page, "http") && lacks(page, " src=") && lacks(page, "<script"));
    for (const char *at = page; (at = strstr(at, "href=\"")); at += 6) cr_assert(at[6] == '#', "%.40s", at);
    cr_assert(has(page, "<svg") && has(page, "role=\"img\" aria-label=\"Plot: "));
    free(page);
}

Test(report, the_same_results_give_the_same_bytes)
{
    add("latency.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    char *first_markdown = read_file(markdown), *first_page = read_file(html);
    cr_assert(eq(int, create(), OK));
    char *second_markdown = read_file(markdown), *second_page = read_file(html);
    cr_assert(eq(str, first_markdown, second_markdown));
    cr_assert(strcmp(first_page, second_page) == 0);
    free(first_markdown);
    free(second_markdown);
    free(first_page);
    free(second_page);
}

Test(report, every_image_that_is_named_is_there)
{
    add("latency.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    char *text = read_file(markdown);
    uint32_t images = 0;
    for (const char *at = text; (at = strstr(at, "<img src=\"")); images++) {
        char name[256], *path;
        struct stat status;
        cr_assert(eq(int, sscanf(at += 10, "%255[^\"]", name), 1));
        path = fixture_path(folder, name);
        cr_assert(stat(path, &status) == 0 && status.st_size > 1000, "%s", path);
        free(path);
    }
    cr_assert(eq(u32, images, chart_count()));
    free(text);
}

Test(report, names_from_files_are_never_markup)
{
    add("<script>alert('1')|**x**.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    char *page = read_file(html), *text = read_file(markdown);
    /* The command to reproduce it stands in a fence, quoted for a shell. */
    cr_assert(lacks(page, "<script") && has(page, "&lt;script&gt;"));
    cr_assert(lacks(text, "<script>alert('1')") && has(text, "&lt;script&gt;alert"));
    free(page);
    free(text);
}

Test(report, folders_stand_side_by_side)
{
    char *inner = fixture_path(folder, "prod");
    cr_assert(eq(int, mkdir(inner, 0700), 0));
    free(inner);
    inner = fixture_path(folder, "low");
    cr_assert(eq(int, mkdir(inner, 0700), 0));
    free(inner);
    add("prod/latency.json");
    add("low/latency.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    char *text = read_file(markdown);
    expect_order(text, "| [Latency (low)](#latency-low) |", "| [Latency (prod)](#latency-prod) |");
    free(text);
}

static void expect_failure(err want, const char *part)
{
    cr_assert(eq(int, create(), want), "%s", diag.text);
    cr_assert(has(diag.text, part), "%s", diag.text);
    cr_assert(lacks(diag.text, "\n"));
    struct stat status;
    cr_assert(stat(markdown, &status) != 0 && stat(html, &status) != 0, "nothing is left behind");
}

Test(report, a_folder_without_results_is_refused)
{
    expect_failure(ERR_IO, "no result file");
}

Test(report, a_file_that_is_no_result_is_named)
{
    add("latency.json");
    char *path = fixture_path(folder, "foreign.json");
    cr_assert(eq(int, file_write(path, "{\"a\": 1}\n", 9, &diag), OK));
    cr_assert(create() != OK);
    cr_assert(has(diag.text, "foreign.json: is no agenc result"), "%s", diag.text);
    diag.text[0] = '\0';
    cr_assert(eq(int, file_write(path, "{\"schema\": \"agenc.bench/1\", ", 27, &diag), OK));
    expect_failure(ERR_SYNTAX, "foreign.json");
    free(path);
}

Test(report, an_output_folder_that_is_missing_is_named)
{
    add("latency.json");
    free(markdown);
    markdown = fixture_path(folder, "missing/report.md");
    expect_failure(ERR_IO, "missing/report.md");
}

Test(report, without_gnuplot_there_is_one_line_and_no_document)
{
    add("latency.json");
    setenv("PATH", folder, 1);
    cr_assert(eq(int, create(), ERR_IO));
    setenv("PATH", "/usr/bin:/bin", 1);
    cr_assert(has(diag.text, "gnuplot: not found"), "%s", diag.text);
    struct stat status;
    cr_assert(stat(markdown, &status) != 0 && stat(html, &status) != 0);
}

Test(report, numbers_are_for_people)
{
    cr_assert(eq(str, report_count(0).text, "0"));
    cr_assert(eq(str, report_count(999).text, "999"));
    cr_assert(eq(str, report_count(1234567).text, "1,234,567"));
    cr_assert(eq(str, report_sol(0).text, "0"));
    cr_assert(eq(str, report_sol(1000000).text, "0.001"));
    cr_assert(eq(str, report_sol(UINT64_MAX).text, "18,446,744,073.709551615"));
}

Test(report, outputs_must_not_take_the_place_of_one_another_or_of_a_result)
{
    add("latency.json");
    free(html);
    html = fixture_path(folder, "./report.md");
    expect_failure(ERR_USAGE, "--output and --html are the same file");
    free(html);
    html = fixture_path(folder, "report.html");
    free(markdown);
    markdown = fixture_path(folder, "./latency.json");
    diag.text[0] = '\0';
    cr_assert(eq(int, create(), ERR_USAGE));
    cr_assert(has(diag.text, "would overwrite the result") && lacks(diag.text, "\n"), "%s", diag.text);
}

Test(report, a_pipe_is_refused_instead_of_waited_for)
{
    add("latency.json");
    char *path = fixture_path(folder, "pipe.json");
    cr_assert(eq(int, mkfifo(path, 0600), 0));
    expect_failure(ERR_IO, "pipe.json: is a pipe");
    free(path);
}

Test(report, a_link_to_a_folder_is_not_followed)
{
    add("latency.json");
    char *path = fixture_path(folder, "loop");
    cr_assert(eq(int, symlink(".", path), 0));
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    cr_assert(eq(u32, outcome.tests, 1));
    free(path);
}

Test(report, results_that_lie_too_deep_are_warned_of)
{
    static const char *const FOLDERS[] = {"a", "a/b"};
    char *text;
    size_t size;
    for (size_t i = 0; i < 2; i++) {
        char *path = fixture_path(folder, FOLDERS[i]);
        cr_assert(eq(int, mkdir(path, 0700), 0));
        free(path);
    }
    add("a/latency.json");
    add("a/b/latency.json");
    FILE *log = open_memstream(&text, &size);
    cr_assert(eq(int,
                 report_create(
                     &(struct report_options){
                         .input_folder = folder, .markdown_path = markdown, .log = log, .workers = 2},
                     &outcome, &diag),
                 OK));
    fclose(log);
    cr_assert(has(text, "warning: ") && has(text, "/a/b: 1 file"), "%s", text);
    cr_assert(eq(u32, outcome.tests, 1));
    free(text);
}

Test(report, an_interrupted_report_leaves_nothing)
{
    add("latency.json");
    stop = 1;
    expect_failure(ERR_INTERRUPTED, "interrupted");
    stop = 0;
}

Test(report, a_page_that_cannot_be_written_takes_its_images_along)
{
    struct stat status;
    add("latency.json");
    free(html);
    html = strdup("/dev/full");
    cr_assert(eq(int, create(), ERR_IO));
    char *images = fixture_path(folder, "report_files");
    cr_assert(stat(images, &status) != 0 && stat(markdown, &status) != 0);
    free(images);
}

/* A result with its own changes, as the test "latency". */
static void add_changed(void (*change)(struct bench_result *result))
{
    struct bench_result *result = bench_fixture(3, true);
    char *file = fixture_path(folder, "latency.json");
    change(result);
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(eq(int, bench_write(result, file, &diag), OK), "%s", diag.text);
    bench_free(result);
    free(file);
}

static void empty(struct bench_result *result)
{
    for (uint32_t run = 0; run < result->runs; run++) result->per_run[run].cohort_submitted = 0;
}

Test(report, a_test_without_data_is_neither_passed_nor_missed)
{
    add_changed(empty);
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    cr_assert(eq(u32, outcome.tests_empty, 1));
    cr_assert(eq(u32, outcome.targets, 0));
    char *text = read_file(markdown);
    cr_assert(has(text, "> **MISS** Nothing was measured.") && has(text, "| **no data ✗** | n/a |"), "%s",
              text);
    free(text);
}

static void inject(struct bench_result *result)
{
    bench_put_number(result, &result->workload, "inject_failures", 0.1);
    result->target_count = 2;
}

Test(report, values_that_are_not_judged_are_explained)
{
    add("throughput.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    char *text = read_file(markdown);
    cr_assert(lacks(text, "Values without a mark"));
    free(text);
    add_changed(inject);
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    text = read_file(markdown);
    cr_assert(has(text, "Values without a mark, in tests with injected failures"));
    free(text);
}

Test(report, an_interval_stands_beside_the_figure_it_is_of)
{
    add("latency.json");
    cr_assert(eq(int, create(), OK), "%s", diag.text);
    char *text = read_file(markdown);
    cr_assert(has(text, "| 505 ms (496 ms – 514 ms) |"));
    cr_assert(has(text, "| 4.10 % (3.45 % – 4.87 %) |"));
    free(text);
}
