/* reports/document.c: files, plots, and the way back when something fails. */
#include "reports/document.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "out/report.md" has its images in "out/report_files". */
static err name_images(struct document *document, struct diag *diag)
{
    const char *path = document->options.markdown_path;
    size_t size = strlen(path);
    if (size + 16 > DOCUMENT_PATH_BYTES)
        return diag_fail(diag, ERR_IO, "%.64s...: the path is too long", path);
    if (size > 3 && strcmp(path + size - 3, ".md") == 0) size -= 3;
    snprintf(document->image_folder, DOCUMENT_PATH_BYTES, "%.*s_files", (int)size, path);
    return OK;
}

/* The outputs are opened first: a folder that is missing is said before the work, not after it. */
err document_open(struct document *out, const struct document_options *options, struct diag *diag)
{
    *out = (struct document){.options = *options};
    if (options->html_path && file_is_same(options->markdown_path, options->html_path))
        return diag_fail(diag, ERR_USAGE, "--output and --html are the same file, %.256s; name two",
                         options->html_path);
    TRY(name_images(out, diag));
    TRY(file_begin(&out->markdown, options->markdown_path, diag));
    if (options->html_path) TRY(file_begin(&out->html, options->html_path, diag));
    out->grid = malloc(sizeof *out->grid);
    if (!out->grid) return diag_fail(diag, ERR_NOMEM, "out of memory for the report");
    return plot_open(&out->batch, options->workers, diag);
}

err document_add(struct document *document, const struct document_plot *plot, struct diag *diag)
{
    if (document->plot_count == DOCUMENT_PLOTS_MOST)
        return diag_fail(diag, ERR_LIMIT, "more than %d plots, a report takes no more", DOCUMENT_PLOTS_MOST);
    struct document_plot *plots =
        realloc(document->plots, (document->plot_count + 1) * sizeof *document->plots);
    if (!plots) return diag_fail(diag, ERR_NOMEM, "out of memory for plots");
    document->plots = plots;
    struct document_plot *added = &plots[document->plot_count++];
    *added = *plot;
    for (int form = PLOT_SVG; form <= PLOT_PNG; form++) {
        if (form == PLOT_SVG && !document->options.html_path) continue;
        FILE *script = plot_begin(document->batch, (enum plot_form)form, &added->image[form]);
        if (plot->write(script, plot->with) != OK)
            return diag_fail(diag, ERR_NOMEM, "out of memory for plots");
    }
    return OK;
}

struct image_path {
    char text[DOCUMENT_PATH_BYTES + DOCUMENT_NAME_BYTES + 8];
};

static struct image_path path_of(const char *folder, const struct document_plot *plot)
{
    struct image_path path;
    snprintf(path.text, sizeof path.text, "%s/%s.png", folder, plot->name);
    return path;
}

static err save(const struct document *document, const struct document_plot *plot, struct diag *diag)
{
    struct file_bytes bytes;
    TRY(plot_read(document->batch, plot->image[PLOT_PNG], &bytes, diag));
    err e = file_write(path_of(document->image_folder, plot).text, bytes.text, bytes.size_bytes, diag);
    free(bytes.text);
    return e;
}

static err save_images(struct document *document, struct diag *diag)
{
    const volatile sig_atomic_t *stop = document->options.stop;
    const char *folder = document->image_folder;
    document->has_made_folder = mkdir(folder, 0777) == 0;
    if (!document->has_made_folder && errno != EEXIST)
        return diag_fail(diag, ERR_IO, "%s: %s, the images of the report go there", folder, strerror(errno));
    for (uint32_t i = 0; i < document->plot_count; i++) {
        if (stop && *stop) return diag_fail(diag, ERR_INTERRUPTED, "interrupted");
        TRY(save(document, &document->plots[i], diag));
    }
    return OK;
}

/* The way back: removes the images and the folder when this call has made it. */
static void unsave_images(const struct document *document)
{
    if (!document->has_made_folder) return;
    for (uint32_t i = 0; i < document->plot_count; i++)
        unlink(path_of(document->image_folder, &document->plots[i]).text);
    rmdir(document->image_folder);
}

static err write_both(struct document *document,
                      err (*write_body)(const struct page *page, const void *context, struct diag *diag),
                      const void *context, struct diag *diag)
{
    struct page page = {&RENDER_MARKDOWN, document->markdown.stream, document->grid, document};
    TRY(write_body(&page, context, diag));
    TRY(save_images(document, diag));
    if (document->options.html_path) {
        page.renderer = &RENDER_HTML;
        page.out = document->html.stream;
        TRY(write_body(&page, context, diag));
        TRY(file_commit(&document->html, diag));
    }
    return file_commit(&document->markdown, diag);
}

err document_write(struct document *document,
                   err (*write_body)(const struct page *page, const void *context, struct diag *diag),
                   const void *context, struct diag *diag)
{
    TRY(plot_run(document->batch, document->options.stop, diag));
    err e = write_both(document, write_body, context, diag);
    if (e != OK) unsave_images(document);
    return e;
}

void document_close(struct document *document)
{
    plot_free(document->batch);
    file_abandon(&document->markdown);
    file_abandon(&document->html);
    free(document->plots);
    free(document->grid);
    *document = (struct document){0};
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

err page_plot(const struct page *page, uint32_t index, const struct figure *figure, struct diag *diag)
{
    if (!page->document) return OK;
    const struct document_plot *plot = &page->document->plots[index];
    struct image_path path = path_of(last_part(page->document->image_folder), plot);
    struct file_bytes svg = {0};
    char prefix[16];
    struct figure shown = *figure;
    snprintf(prefix, sizeof prefix, "p%u", index + 1);
    if (page->renderer->form == PLOT_SVG)
        TRY(plot_read(page->document->batch, plot->image[PLOT_SVG], &svg, diag));
    shown.svg = svg.text;
    shown.path = path.text;
    shown.prefix = prefix;
    page->renderer->figure(page->out, &shown);
    free(svg.text);
    return OK;
}
