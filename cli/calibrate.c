/* cli/calibrate.c: tables in; what was found, the profile and the picture out. */
#include "cli/calibrate.h"
#include "daemon/prometheus.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

err calibrate_begin(const struct args *args, struct calibration *out, struct diag *diag)
{
    const char *output = args_text(args, "output");
    *out = (struct calibration){.resamples = (uint32_t)args_integer(args, "bootstrap"),
                                .seed = args_unsigned(args, "seed")};
    size_t size = output ? strlen(output) : 0;
    if (output && (size < 5 || strcmp(output + size - 5, ".toml") != 0))
        return diag_fail(diag, ERR_USAGE, "--output: %.256s must end in .toml, for commands to take it",
                         output);
    const char *date = args_text(args, "date");
    for (const char *at = date ? date : ""; *at; at++)
        if (iscntrl((unsigned char)*at))
            return diag_fail(diag, ERR_USAGE, "--date: must be one line of text");
    return OK;
}

/* -- in -- */

static void name_source(struct calibrate_source *source, const char *name, const struct csv_text *text)
{
    unsigned char digest[SHA256_BYTES];
    snprintf(source->name, sizeof source->name, "%s", name);
    err_make_one_line(source->name);
    sha256_of(text->bytes, text->size_bytes, digest);
    sha256_hex(digest, source->digest);
}

/* A table ends at an empty line, behind which another may begin. */
static size_t table_size(const char *bytes, size_t size_bytes, size_t *gap)
{
    for (size_t i = 0; i + 1 < size_bytes; i++) {
        if (bytes[i] != '\n') continue;
        *gap = bytes[i + 1] == '\n' ? 1 : i + 2 < size_bytes && memcmp(bytes + i + 1, "\r\n", 2) == 0 ? 2 : 0;
        if (*gap && i + 1 + *gap < size_bytes) return i + 1;
    }
    *gap = 0;
    return size_bytes;
}

static uint32_t lines_of(const char *bytes, size_t size_bytes)
{
    uint32_t lines = 0;
    for (size_t i = 0; i < size_bytes; i++) lines += bytes[i] == '\n';
    return lines;
}

static err take_table(struct calibrate_input *out, const struct csv_text *text, const struct csv_forms *forms,
                      struct diag *diag)
{
    if (out->count == CALIBRATE_TABLES)
        return diag_fail(diag, ERR_USAGE, "--from: at most %d tables", CALIBRATE_TABLES);
    struct csv_table *table = &out->sources[out->count].table;
    err e = csv_read(text, forms, table, diag);
    if (e != OK) return e == ERR_LIMIT ? ERR_IO : e;
    for (uint32_t i = 0; i < out->count; i++)
        if (out->sources[i].table.form == table->form)
            return diag_fail(diag, ERR_USAGE, "--from: two tables of %s; put them into one",
                             forms->forms[table->form].name);
    out->count++;
    return OK;
}

static err take_file(struct calibrate_input *out, const struct csv_text *file, const struct csv_forms *forms,
                     struct diag *diag)
{
    const char *slash = strrchr(file->name, '/');
    struct csv_text part = *file;
    size_t left = file->size_bytes, gap;
    do {
        part.size_bytes = table_size(part.bytes, left, &gap);
        if (out->count < CALIBRATE_TABLES)
            name_source(&out->sources[out->count], slash ? slash + 1 : file->name, file);
        TRY(take_table(out, &part, forms, diag));
        left -= part.size_bytes + gap;
        part.lines_before += lines_of(part.bytes, part.size_bytes + gap);
        part.bytes += part.size_bytes + gap;
    } while (left > 0);
    return OK;
}

static err read_files(struct calibrate_input *out, const struct args *args, const struct csv_forms *forms,
                      struct diag *diag)
{
    uint32_t cursor = 0;
    for (const char *path; (path = args_each(args, "from", &cursor));) {
        struct file_bytes bytes;
        TRY(file_read(path, CSV_BYTES_MOST, &bytes, diag));
        const struct csv_text text = {.name = path, .bytes = bytes.text, .size_bytes = bytes.size_bytes};
        err e = take_file(out, &text, forms, diag);
        free(bytes.text);
        TRY(e);
    }
    return OK;
}

static err read_server(struct calibrate_input *out, const struct args *args, const struct csv_forms *forms,
                       struct diag *diag)
{
    static const char *const WANTED[] = {"query", "column", "start", "end"};
    for (size_t i = 0; i < sizeof WANTED / sizeof *WANTED; i++)
        if (!args_text(args, WANTED[i]))
            return diag_fail(diag, ERR_USAGE, "--%s is missing: --prometheus needs it", WANTED[i]);
    const struct prometheus_range range = {
        .url = args_text(args, "prometheus"),
        .query = args_text(args, "query"),
        .column = args_text(args, "column"),
        .start = args_text(args, "start"),
        .end = args_text(args, "end"),
        .step = args_text(args, "step"),
    };
    char *csv, name[CALIBRATE_SOURCE_BYTES];
    TRY(prometheus_fetch(&csv, &range, diag));
    const struct csv_text text = {.name = "prometheus", .bytes = csv, .size_bytes = strlen(csv)};
    snprintf(name, sizeof name, "Prometheus, %.160s, %.24s .. %.24s", range.query, range.start, range.end);
    name_source(&out->sources[0], name, &text);
    err e = csv_read(&text, forms, &out->sources[0].table, diag);
    free(csv);
    out->count = e == OK;
    return e;
}

err calibrate_read(struct calibrate_input *out, const struct args *args, const struct csv_forms *forms,
                   struct diag *diag)
{
    struct calibrate_input *input = out;
    bool has_server = args_given(args, "prometheus");
    *out = (struct calibrate_input){0};
    if (args_given(args, "from") == has_server)
        return diag_fail(diag, ERR_USAGE, "give one of --from FILE and --prometheus URL");
    err e = has_server ? read_server(input, args, forms, diag) : read_files(input, args, forms, diag);
    if (e != OK) calibrate_close(input);
    return e;
}

void calibrate_close(struct calibrate_input *input)
{
    for (uint32_t i = 0; i < CALIBRATE_TABLES; i++) csv_close(&input->sources[i].table);
    input->count = 0;
}

/* -- out -- */

static void write_origin(const struct args *args, const struct calibrate_input *input,
                         const struct calibrate_result *result, FILE *out)
{
    const char *date = args_text(args, "date");
    fputs("# Calibrated by `agenc calibrate`; every key says whether it was fitted or kept.\n#\n", out);
    for (uint32_t i = 0; i < input->count; i++)
        fprintf(out, "# source: %s, %u rows, SHA-256 %s\n", input->sources[i].name,
                input->sources[i].table.row_count, input->sources[i].digest);
    if (date) fprintf(out, "# date: %s\n", date);
    if (*result->base_text) fprintf(out, "# base: %s\n", result->base_text);
    for (uint32_t i = 0; i < result->calibration.quantity_count; i++) {
        const struct calibration_quantity *quantity = &result->calibration.quantities[i];
        if (quantity->used == FIT_FAMILIES) continue;
        fprintf(out, "# %s: %s, %u rows, AIC %.1f, KS p %.3f, AD p %.3f\n", quantity->name,
                fit_name(quantity->used), quantity->count, quantity->fits[quantity->used].aic,
                quantity->test.ks_p, quantity->test.ad_p);
    }
    for (uint32_t i = 0; i < result->calibration.note_count; i++)
        fprintf(out, "# note: %s\n", result->calibration.notes[i]);
    putc('\n', out);
}

/* What commands would not take does not become a file. */
static err check_text(const struct calibrate_result *result, const char *path, const char *text,
                      struct diag *diag)
{
    struct diag why = {0};
    if (!result->check) return OK;
    err e = result->check(path, text, &why);
    return e == OK ? OK : diag_fail(diag, e, "the data are beyond what a profile may hold: %.440s", why.text);
}

static err write_profile(const struct args *args, const struct calibrate_input *input,
                         const struct calibrate_result *result, struct diag *diag)
{
    const struct calibration_rewriting how = {result->base ? result->base : "", result->dropped};
    const char *path = args_text(args, "output");
    char *text = NULL;
    size_t size_bytes;
    FILE *out = open_memstream(&text, &size_bytes);
    if (!out) return diag_fail(diag, ERR_NOMEM, "out of memory for a profile");
    write_origin(args, input, result, out);
    calibration_rewrite(&result->calibration, &how, out);
    bool is_whole = !ferror(out);
    if (fclose(out) != 0 || !is_whole) {
        free(text);
        return diag_fail(diag, ERR_NOMEM, "out of memory for a profile");
    }
    err e = check_text(result, path, text, diag);
    if (e == OK) e = file_write(path, text, size_bytes, diag);
    free(text);
    return e;
}

err calibrate_finish(const struct args *args, const struct calibrate_input *input,
                     struct calibrate_result *result, struct diag *diag)
{
    const struct calibration *calibration = &result->calibration;
    const char *plot = args_text(args, "plot");
    calibration_print(calibration, args->out);
    if (plot && calibration->quantity_count == 0)
        return diag_fail(diag, ERR_RANGE, "--plot: nothing here has a distribution to draw");
    if (plot) TRY(calibration_plot(&calibration->quantities[0], plot, diag));
    return args_text(args, "output") ? write_profile(args, input, result, diag) : OK;
}
