/* reports/report_figures.c: every plot of every test, in one go. */
#include "base/assert.h"
#include "reports/report.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static err draw(struct report_figures *figures, const struct report_inputs *inputs, uint32_t test,
                uint32_t index)
{
    const struct bench_result *result = inputs->tests[test].result;
    const struct chart *chart = chart_at(index);
    struct report_image *image = &figures->images[test][index];
    for (int form = PLOT_SVG; form <= PLOT_PNG; form++) {
        if (!figures->has_form[form]) continue;
        FILE *script = plot_begin(figures->batch, (enum plot_form)form, &image->image[form]);
        TRY(chart_write(script, chart, result));
    }
    return OK;
}

err report_figures_draw(struct report_figures *figures, const struct report_inputs *inputs, uint32_t workers,
                        struct diag *diag)
{
    ASSERT(chart_count() <= REPORT_CHARTS_MOST);
    err e = plot_open(&figures->batch, workers, diag);
    for (uint32_t test = 0; test < inputs->count && e == OK; test++)
        for (uint32_t index = 0; index < chart_count() && e == OK; index++) {
            e = draw(figures, inputs, test, index);
            if (e != OK) diag_fail(diag, e, "out of memory for plots");
        }
    return e == OK ? plot_run(figures->batch, figures->stop, diag) : e;
}

void report_figures_close(struct report_figures *figures)
{
    plot_free(figures->batch);
    figures->batch = NULL;
}

static err save(const struct report_figures *figures, uint32_t image, const char *path, struct diag *diag)
{
    struct file_bytes bytes;
    TRY(plot_read(figures->batch, image, &bytes, diag));
    err e = file_write(path, bytes.text, bytes.size_bytes, diag);
    free(bytes.text);
    return e;
}

struct image_path {
    char text[PATH_BYTES];
};

static struct image_path path_of(const char *folder, const struct report_test *test,
                                 const struct chart *chart)
{
    struct image_path path;
    snprintf(path.text, sizeof path.text, "%s/%s-%s.png", folder, test->file_name, chart->name);
    return path;
}

err report_figures_save(struct report_figures *figures, const struct report_inputs *inputs,
                        const char *folder, struct diag *diag)
{
    figures->has_made_folder = mkdir(folder, 0777) == 0;
    if (!figures->has_made_folder && errno != EEXIST)
        return diag_fail(diag, ERR_IO, "%s: %s, the images of the report go there", folder, strerror(errno));
    for (uint32_t test = 0; test < inputs->count; test++)
        for (uint32_t index = 0; index < chart_count(); index++) {
            const struct image_path path = path_of(folder, &inputs->tests[test], chart_at(index));
            if (figures->stop && *figures->stop) return diag_fail(diag, ERR_INTERRUPTED, "interrupted");
            TRY(save(figures, figures->images[test][index].image[PLOT_PNG], path.text, diag));
        }
    return OK;
}

void report_figures_unsave(const struct report_figures *figures, const struct report_inputs *inputs,
                           const char *folder)
{
    if (!figures->has_made_folder) return;
    for (uint32_t test = 0; test < inputs->count; test++)
        for (uint32_t index = 0; index < chart_count(); index++)
            unlink(path_of(folder, &inputs->tests[test], chart_at(index)).text);
    rmdir(folder);
}
