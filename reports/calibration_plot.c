/* reports/calibration_plot.c: quantiles of a sample over those of the family it was given. */
#include "base/file.h"
#include "reports/calibration.h"
#include "reports/plot.h"
#include <stdlib.h>

enum { POINTS_MOST = 400 };

static const char COMMANDS[] = "set border 3 lc rgb soft lw 1\n"
                               "set tics nomirror out scale 0.5 textcolor rgb soft\n"
                               "set grid lc rgb grid lt 1 dt solid lw 1\n"
                               "set key top left Left reverse textcolor rgb soft\n"
                               "set xlabel 'quantile of the fitted family' textcolor rgb soft\n"
                               "set ylabel 'quantile of the data' textcolor rgb soft\n"
                               "set lmargin 11\n"
                               "set rmargin 3\n"
                               "plot $line u 1:1 w l lc rgb other lw 1.5 t 'equal', "
                               "$points u 1:2 w p pt 7 ps 0.35 lc rgb main t 'data'\n";

static void write_script(const struct calibration_quantity *quantity, FILE *script)
{
    const struct fit *fit = &quantity->fits[quantity->used];
    uint32_t points = quantity->count < POINTS_MOST ? quantity->count : POINTS_MOST;
    fputs("$points << EOD\n", script);
    for (uint32_t i = 0; i < points; i++) {
        uint32_t rank = (uint32_t)((i + 0.5) * quantity->count / points);
        double share = (rank + 0.5) / quantity->count;
        fprintf(script, "%.9g %.9g\n", fit_quantile(fit, share), quantity->sorted[rank]);
    }
    fprintf(script, "EOD\n$line << EOD\n%.9g\n%.9g\nEOD\n", quantity->sorted[0],
            quantity->sorted[quantity->count - 1]);
    fputs(COMMANDS, script);
}

/* A file of its own needs the colours that a page of reports brings along, and a ground. */
static void write_file(FILE *out, const struct calibration_quantity *quantity, const char *drawing)
{
    char label[256];
    snprintf(label, sizeof label, "Q-Q plot of %s against %s", quantity->name, fit_name(quantity->used));
    const struct plot_svg svg = {.svg = drawing, .prefix = "qq", .label = label};
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\">\n<title>%s</title>\n<style>svg{",
            PLOT_WIDTH, PLOT_HEIGHT, label);
#define X(name, light, dark) fputs("--" #name ":" light ";", out);
    PLOT_COLORS(X)
#undef X
    fputs("}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
    plot_write_svg(out, &svg);
    fputs("</svg>\n", out);
}

static err draw(const struct calibration_quantity *quantity, struct file_bytes *out, struct diag *diag)
{
    struct plot_batch *batch;
    uint32_t image;
    TRY(plot_open(&batch, 1, diag));
    write_script(quantity, plot_begin(batch, PLOT_SVG, &image));
    err e = plot_run(batch, NULL, diag);
    if (e == OK) e = plot_read(batch, image, out, diag);
    plot_free(batch);
    return e;
}

err calibration_plot(const struct calibration_quantity *quantity, const char *path, struct diag *diag)
{
    struct file_bytes drawing;
    struct file_writer writer;
    if (quantity->used == FIT_FAMILIES)
        return diag_fail(diag, ERR_RANGE, "%s: no family fits, there is nothing to draw", quantity->name);
    TRY(draw(quantity, &drawing, diag));
    err e = file_begin(&writer, path, diag);
    if (e == OK) {
        write_file(writer.stream, quantity, drawing.text);
        e = file_commit(&writer, diag);
    }
    free(drawing.text);
    return e;
}
