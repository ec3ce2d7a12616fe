/* cli/suite_report.c: four small files that the runbooks' comparison scripts read. */
#include "cli/suite_report.h"
#include "base/file.h"
#include "daemon/metrics.h"
#include "reports/exposition.h"

/* What the engine of a simulation counts; other names of the same would only be longer. */
static void write_metrics(const struct exposition *exposition, FILE *out)
{
    struct settings settings = *exposition->settings;
    settings.metrics_aliases = 0;
    const struct metrics_view view = {
        .stats = exposition->stats, .memory = exposition->memory, .settings = &settings};
    metrics_view_write(&view, out, false);
}

static const struct state_file {
    const char *name;
    void (*write)(const struct exposition *exposition, FILE *out);
    bool is_after;
} FILES[] = {
    {"pre_status.txt", exposition_write_status, false},
    {"pre_metrics.txt", write_metrics, false},
    {"post_status.txt", exposition_write_status, true},
    {"post_metrics.txt", write_metrics, true},
};

static err write_state(const char *folder, const struct state_file *file, const struct bench_result *result,
                       struct diag *diag)
{
    char path[SUITE_PATH_BYTES];
    struct file_writer writer;
    const struct exposition exposition = {
        .stats = file->is_after ? &result->after : &result->before,
        .memory = file->is_after ? result->memory_after : (struct engine_memory){0},
        .settings = &result->settings,
    };
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    TRY(file_begin(&writer, path, diag));
    fprintf(writer.stream, "# test %s, first run, %s\n", result->name,
            file->is_after ? "when its last task arrived" : "before its first task");
    file->write(&exposition, writer.stream);
    return file_commit(&writer, diag);
}

err suite_write_states(const char *folder, struct bench_result *const *results, uint32_t count,
                       struct diag *diag)
{
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        TRY(write_state(folder, &FILES[i], results[FILES[i].is_after ? count - 1 : 0], diag));
    return OK;
}
