/* cli/sweep.c: from --sweep to table, CSV and pages. */
#include "cli/sweep.h"
#include "base/file.h"
#include "cli/bench_args.h"
#include "cli/folder.h"
#include "cli/interrupt.h"
#include "cli/points.h"
#include "reports/response_page.h"
#include "sim/pool.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINT_NAME_BYTES = 32 };

/* They belong to the sweep, or to a single result. */
static const char *const LEFT_OUT[] = {"sweep",        "sweep-points", "sweep-dir",       "output",
                                       "hlog",         "trace",        "measure-latency", "precision",
                                       "precision-of", "jobs",         "quiet",           NULL};
static const char *const SINGLE[] = {"output", "hlog", "trace", "precision", NULL};

/* Options that are no setting of a benchmark, and why. */
static const struct {
    const char *name, *why;
} NO_FACTORS[] = {
    {"seed", "points share their seeds, so that they can be held against each other"},
    {"runs", "points share their runs, so that they can be held against each other"},
    {"set", "name the configuration key itself"},
    {"precision", "points have the same number of runs"},
    {"precision-of", "points have the same number of runs"},
    {"output", "--sweep-dir keeps all results"},
    {"hlog", "--sweep-dir keeps all results"},
    {"trace", "--sweep-dir keeps all results"},
    {"jobs", "that changes no result"},
    {"sweep", "a sweep is no setting"},
    {"sweep-points", "a sweep is no setting"},
    {"sweep-dir", "a sweep is no setting"},
    {"quiet", "that changes no result"},
    {"help", "that changes no result"},
    {"measure-latency", "that changes no result"},
};

bool sweep_is_wanted(const struct args *args)
{
    return args_given(args, "sweep");
}

struct sweep {
    const struct args *args;
    const char *folder; /* NULL: no files */
    struct design design;
    struct response response;
};

/* --set speculation.max_depth=3 beside a sweep of that key. */
static err refuse_set(const struct args *args, const char *key, struct diag *diag)
{
    uint32_t cursor = 0;
    size_t size = strlen(key);
    const char *text;
    while ((text = args_each(args, "set", &cursor)))
        if (strncmp(text, key, size) == 0 && text[size] == '=')
            return diag_fail(diag, ERR_USAGE, "%.96s is given twice, with --set and --sweep", key);
    return OK;
}

static err check_key(const struct args *args, const char *key, struct diag *diag)
{
    for (size_t i = 0; i < sizeof NO_FACTORS / sizeof *NO_FACTORS; i++)
        if (strcmp(NO_FACTORS[i].name, key) == 0)
            return diag_fail(diag, ERR_USAGE, "--sweep %s: %s", key, NO_FACTORS[i].why);
    for (const struct flag *flag = BENCHMARK_FLAGS; flag->name; flag++)
        if (flag->type == FLAG_SWITCH && strcmp(flag->name, key) == 0)
            return diag_fail(diag, ERR_USAGE,
                             "--sweep %s: a switch has no values; sweep once with --%s and once without", key,
                             key);
    return refuse_set(args, key, diag);
}

static err add_factor(struct sweep *sweep, const char *text, struct diag *diag)
{
    struct diag why = {0};
    if (design_add_factor(&sweep->design, text, &why) != OK)
        return diag_fail(diag, ERR_USAGE, "--sweep %s", why.text);
    return check_key(sweep->args, sweep->design.factors[sweep->design.factor_count - 1].key, diag);
}

static err read_design(struct sweep *sweep, struct diag *diag)
{
    const struct args *args = sweep->args;
    uint32_t cursor = 0, points = 0;
    const char *text;
    for (const char *const *name = SINGLE; *name; name++)
        if (args_given(args, *name))
            return diag_fail(diag, ERR_USAGE,
                             "--sweep and --%s: that is of one benchmark; --sweep-dir keeps all results",
                             *name);
    struct diag why = {0};
    while ((text = args_each(args, "sweep", &cursor))) TRY(add_factor(sweep, text, diag));
    if (args_given(args, "sweep-points")) points = (uint32_t)args_integer(args, "sweep-points");
    if (design_lay_out(&sweep->design, points, args_unsigned(args, "seed"), &why) == OK) return OK;
    return diag_fail(diag, ERR_USAGE, "--sweep: %s: --sweep-points N", why.text);
}

static void point_name(uint32_t point, char out[POINT_NAME_BYTES])
{
    snprintf(out, POINT_NAME_BYTES, "point-%03" PRIu32 ".json", point + 1);
}

static err take(void *context, uint32_t point, struct bench_result *result, struct diag *diag)
{
    struct sweep *sweep = context;
    char path[FOLDER_PATH_BYTES], name[POINT_NAME_BYTES];
    err e = OK;
    if (!sweep->response.values) e = response_open(&sweep->response, &sweep->design, result->runs);
    if (e != OK) diag_fail(diag, e, "out of memory for the sweep");
    if (e == OK) response_take(&sweep->response, point, result);
    if (e == OK && sweep->folder) {
        point_name(point, name);
        e = folder_path(sweep->folder, name, path, diag);
        if (e == OK) bench_name_after(result, path);
        if (e == OK) e = bench_write(result, path, diag);
    }
    bench_free(result);
    return e;
}

static err write_csv(const struct sweep *sweep, struct diag *diag)
{
    struct file_writer writer;
    char path[FOLDER_PATH_BYTES];
    TRY(folder_path(sweep->folder, "sweep.csv", path, diag));
    TRY(file_begin(&writer, path, diag));
    response_write_csv(writer.stream, &sweep->response);
    return file_commit(&writer, diag);
}

static err write_document(const struct sweep *sweep, struct document *document, struct diag *diag)
{
    char markdown[FOLDER_PATH_BYTES], html[FOLDER_PATH_BYTES], load[256];
    TRY(folder_path(sweep->folder, "sweep.md", markdown, diag));
    TRY(folder_path(sweep->folder, "sweep.html", html, diag));
    snprintf(load, sizeof load, "%" PRIu32 " points, %" PRIu32 " runs of %s each from seed %" PRIu64 ".",
             sweep->design.point_count, sweep->response.runs, args_text(sweep->args, "duration"),
             args_unsigned(sweep->args, "seed"));
    const struct response_paper paper = {&sweep->response, "Speculation sweep", load};
    const struct document_options options = {markdown, html, pool_cores(), interrupt_catch()};
    err e = document_open(document, &options, diag);
    if (e == OK) e = response_add_plots(document, &sweep->response, diag);
    if (e == OK) e = document_write(document, response_write_page, &paper, diag);
    interrupt_release();
    return e;
}

static err write_files(const struct sweep *sweep, struct diag *diag)
{
    struct document document = {0};
    TRY(write_csv(sweep, diag));
    err e = write_document(sweep, &document, diag);
    document_close(&document);
    return e;
}

static err tell(const struct sweep *sweep, struct diag *diag)
{
    struct grid *grid = malloc(sizeof *grid);
    if (!grid) return diag_fail(diag, ERR_NOMEM, "out of memory for the sweep");
    const struct page page = {.renderer = &RENDER_TEXT, .out = sweep->args->out, .grid = grid};
    response_write_table(&page, &sweep->response);
    if (sweep->folder)
        fprintf(sweep->args->out, "\nsweep: %s/sweep.md, sweep.html, sweep.csv, point-*.json\n",
                sweep->folder);
    free(grid);
    return OK;
}

/* Results of an earlier sweep with more points would pass for this one's. */
static void clear_earlier(const struct sweep *sweep)
{
    uint32_t cleared = 0;
    for (uint32_t point = sweep->design.point_count; point < DESIGN_POINTS_MOST; point++) {
        char name[POINT_NAME_BYTES];
        point_name(point, name);
        cleared += folder_clear(sweep->folder, (const char *const[]){name, NULL});
    }
    char images[FOLDER_PATH_BYTES];
    if (folder_path(sweep->folder, "sweep_files", images, NULL) == OK) folder_clear_images(images);
    if (cleared && !args_is_quiet(sweep->args))
        fprintf(sweep->args->log, "%s: %" PRIu32 " results of an earlier, larger sweep removed\n",
                sweep->folder, cleared);
}

static err run_all(struct sweep *sweep, struct diag *diag)
{
    static const char *const OWN[] = {"--quiet", NULL};
    const struct points points = {sweep->args, LEFT_OUT, OWN, &sweep->design, "sweeping", "--sweep", NULL};
    TRY(read_design(sweep, diag));
    TRY(points_check(&points, diag));
    bool is_ours = false;
    if (sweep->folder) TRY(folder_open(sweep->folder, "--sweep-dir", &is_ours, diag));
    if (sweep->folder) clear_earlier(sweep);
    err e = points_run(&points, take, sweep, diag);
    if (e != OK && is_ours) rmdir(sweep->folder); /* stays with results in it */
    if (e != OK) return e;
    if (sweep->folder) TRY(write_files(sweep, diag));
    return tell(sweep, diag);
}

err sweep_run(struct args *args, struct diag *diag)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep) return diag_fail(diag, ERR_NOMEM, "out of memory for the sweep");
    sweep->args = args;
    sweep->folder = args_text(args, "sweep-dir");
    err e = run_all(sweep, diag);
    response_close(&sweep->response);
    free(sweep);
    return e;
}
