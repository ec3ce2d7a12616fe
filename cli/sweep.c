/* cli/sweep.c: from --sweep to table, CSV and pages. */
#include "cli/sweep.h"
#include "base/file.h"
#include "cli/interrupt.h"
#include "cli/points.h"
#include "reports/response_page.h"
#include "sim/pool.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096 };

/* They belong to the sweep, or to a single result. */
static const char *const LEFT_OUT[] = {"sweep",        "sweep-points", "sweep-dir",       "output",
                                       "hlog",         "trace",        "measure-latency", "precision",
                                       "precision-of", "jobs",         "quiet",           NULL};
static const char *const SINGLE[] = {"output", "hlog", "trace", "precision", NULL};

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
    while ((text = args_each(args, "sweep", &cursor))) TRY(design_add_factor(&sweep->design, text, diag));
    if (args_given(args, "sweep-points")) points = (uint32_t)args_integer(args, "sweep-points");
    return design_lay_out(&sweep->design, points, args_unsigned(args, "seed"), diag);
}

static err path_in(const struct sweep *sweep, const char *name, char out[PATH_BYTES], struct diag *diag)
{
    if (snprintf(out, PATH_BYTES, "%s/%s", sweep->folder, name) < PATH_BYTES) return OK;
    return diag_fail(diag, ERR_IO, "%.64s...: the path is too long", sweep->folder);
}

static err take(void *context, uint32_t point, struct bench_result *result, struct diag *diag)
{
    struct sweep *sweep = context;
    char path[PATH_BYTES], name[32];
    err e = OK;
    if (!sweep->response.values) e = response_open(&sweep->response, &sweep->design, result->runs);
    if (e != OK) diag_fail(diag, e, "out of memory for the sweep");
    if (e == OK) response_take(&sweep->response, point, result);
    if (e == OK && sweep->folder) {
        snprintf(name, sizeof name, "point-%03" PRIu32 ".json", point + 1);
        e = path_in(sweep, name, path, diag);
        if (e == OK) bench_name_after(result, path);
        if (e == OK) e = bench_write(result, path, diag);
    }
    bench_free(result);
    return e;
}

static err write_csv(const struct sweep *sweep, struct diag *diag)
{
    struct file_writer writer;
    char path[PATH_BYTES];
    TRY(path_in(sweep, "sweep.csv", path, diag));
    TRY(file_begin(&writer, path, diag));
    response_write_csv(writer.stream, &sweep->response);
    return file_commit(&writer, diag);
}

static err write_document(const struct sweep *sweep, struct document *document, struct diag *diag)
{
    char markdown[PATH_BYTES], html[PATH_BYTES], load[256];
    TRY(path_in(sweep, "sweep.md", markdown, diag));
    TRY(path_in(sweep, "sweep.html", html, diag));
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

static err open_folder(const struct sweep *sweep, struct diag *diag)
{
    if (!sweep->folder || mkdir(sweep->folder, 0777) == 0 || errno == EEXIST) return OK;
    return diag_fail(diag, ERR_IO, "--sweep-dir %.256s: %s", sweep->folder, strerror(errno));
}

static err run_all(struct sweep *sweep, struct diag *diag)
{
    static const char *const OWN[] = {"--quiet", NULL};
    const struct points points = {sweep->args, LEFT_OUT, OWN, &sweep->design, "sweeping"};
    TRY(read_design(sweep, diag));
    TRY(points_check(&points, NULL, diag));
    TRY(open_folder(sweep, diag));
    TRY(points_run(&points, NULL, take, sweep, diag));
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
