/* reports/plot.c: scripts in a private folder, one gnuplot a worker, images back. */
#include "reports/plot.h"
#include "base/assert.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

enum { PATH_BYTES = 512, IMAGE_BYTES_MAX = 1 << 24, ENVIRONMENT_MOST = 512, COMPLAINT_BYTES = 320 };

static const struct plot_color {
    const char *name, *color;
} COLORS[] = {
#define X(name, light, dark) {#name, light},
    PLOT_COLORS(X)
#undef X
};

/* In SVG a colour is a mark that plot_write_svg finds again: red 254, green 0, blue its number. */
enum { COLOR_COUNT = sizeof COLORS / sizeof *COLORS };

struct worker {
    FILE *script;
    pid_t process; /* 0: none */
};

struct plot_batch {
    char folder[PATH_BYTES];
    struct worker workers[PLOT_WORKERS_MOST];
    uint32_t worker_count, image_count;
    const volatile sig_atomic_t *stop; /* the caller's, or NULL */
    uint8_t forms[PLOT_IMAGES_MOST];   /* enum plot_form */
};

struct path {
    char text[PATH_BYTES + 32];
};

static struct path path_of(const struct plot_batch *batch, uint32_t number, const char *suffix)
{
    struct path path;
    snprintf(path.text, sizeof path.text, "%s/%u%s", batch->folder, number, suffix);
    return path;
}

static struct path image_path(const struct plot_batch *batch, uint32_t image)
{
    return path_of(batch, image, batch->forms[image] == PLOT_SVG ? ".svg" : ".png");
}

static err open_scripts(struct plot_batch *batch, struct diag *diag)
{
    for (uint32_t i = 0; i < batch->worker_count; i++) {
        batch->workers[i].script = fopen(path_of(batch, i, ".gp").text, "wxe");
        if (!batch->workers[i].script)
            return diag_fail(diag, ERR_IO, "%s: %s", path_of(batch, i, ".gp").text, strerror(errno));
    }
    return OK;
}

err plot_open(struct plot_batch **out, uint32_t workers, struct diag *diag)
{
    const char *parent = getenv("TMPDIR");
    struct plot_batch *batch = calloc(1, sizeof *batch);
    if (!batch) return diag_fail(diag, ERR_NOMEM, "out of memory for plots");
    batch->worker_count = workers < 1 ? 1 : workers > PLOT_WORKERS_MOST ? PLOT_WORKERS_MOST : workers;
    int size = snprintf(batch->folder, sizeof batch->folder, "%s/agenc-plot-XXXXXX",
                        parent && *parent ? parent : "/tmp");
    err e = OK;
    if (size >= PATH_BYTES || !mkdtemp(batch->folder)) {
        e = diag_fail(diag, ERR_IO, "%s: %s, TMPDIR must name a folder that can be written", batch->folder,
                      strerror(size >= PATH_BYTES ? ENAMETOOLONG : errno));
        free(batch);
        return e;
    }
    e = open_scripts(batch, diag);
    if (e != OK)
        plot_free(batch);
    else
        *out = batch;
    return e;
}

/* Only children of this batch, by their own ids. */
static void stop_worker(struct worker *worker)
{
    if (worker->process <= 0) return;
    kill(worker->process, SIGKILL);
    while (waitpid(worker->process, NULL, 0) < 0 && errno == EINTR) continue;
    worker->process = 0;
}

void plot_free(struct plot_batch *batch)
{
    if (!batch) return;
    for (uint32_t i = 0; i < batch->worker_count; i++) {
        stop_worker(&batch->workers[i]);
        if (batch->workers[i].script) fclose(batch->workers[i].script);
        unlink(path_of(batch, i, ".gp").text);
        unlink(path_of(batch, i, ".log").text);
    }
    for (uint32_t i = 0; i < batch->image_count; i++) unlink(image_path(batch, i).text);
    rmdir(batch->folder);
    free(batch);
}

FILE *plot_begin(struct plot_batch *batch, enum plot_form form, uint32_t *image_out)
{
    ASSERT(batch->image_count < PLOT_IMAGES_MOST);
    uint32_t image = batch->image_count++;
    FILE *script = batch->workers[image % batch->worker_count].script;
    batch->forms[image] = (uint8_t)form;
    *image_out = image;
    fputs("reset session\nset encoding utf8\n", script);
    if (form == PLOT_SVG)
        fprintf(script, "set term svg size %d,%d font 'sans-serif,12' noenhanced\n", PLOT_WIDTH, PLOT_HEIGHT);
    else
        fprintf(script, "set term pngcairo size %d,%d fontscale 2 linewidth 2 noenhanced\n", 2 * PLOT_WIDTH,
                2 * PLOT_HEIGHT);
    fprintf(script, "set output '%s'\n", strrchr(image_path(batch, image).text, '/') + 1);
    for (uint32_t i = 0; i < COLOR_COUNT; i++)
        if (form == PLOT_SVG)
            fprintf(script, "%s = '#fe00%02x'\n", COLORS[i].name, i);
        else
            fprintf(script, "%s = '%s'\n", COLORS[i].name, COLORS[i].color);
    return script;
}

/* The caller's environment, but numbers with a point: LC_ALL=C. */
static void copy_environment(char *out[ENVIRONMENT_MOST])
{
    static char locale[] = "LC_ALL=C";
    uint32_t count = 0;
    for (char **variable = environ; *variable && count < ENVIRONMENT_MOST - 2; variable++)
        if (strncmp(*variable, "LC_ALL=", 7) != 0) out[count++] = *variable;
    out[count++] = locale;
    out[count] = NULL;
}

/* gnuplot runs in the folder, with its complaints in N.log; -d: no start-up files of the user's. A group of
 * its own: the keyboard's signals are for us, who end it. */
static err start_worker(struct plot_batch *batch, uint32_t number, struct diag *diag)
{
    struct worker *worker = &batch->workers[number];
    char *environment[ENVIRONMENT_MOST], script[32];
    char *const words[] = {"gnuplot", "-d", script, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    snprintf(script, sizeof script, "%u.gp", number);
    copy_environment(environment);
    if (posix_spawn_file_actions_init(&actions) != 0) return diag_fail(diag, ERR_NOMEM, "out of memory");
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, path_of(batch, number, ".log").text,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addchdir_np(&actions, batch->folder);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    int error = posix_spawnp(&worker->process, words[0], &actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) return OK;
    worker->process = 0;
    return diag_fail(diag, ERR_IO, "gnuplot: %s, plots need it in PATH (Debian: apt-get install gnuplot-nox)",
                     error == ENOENT ? "not found" : strerror(error));
}

/* The last line that is not empty: gnuplot echoes the command first. */
static void last_line(const char *text, char out[COMPLAINT_BYTES])
{
    size_t end = strlen(text);
    while (end > 0 && strchr("\n\r\t ", text[end - 1])) end--;
    size_t begin = end;
    while (begin > 0 && text[begin - 1] != '\n') begin--;
    snprintf(out, COMPLAINT_BYTES, "%.*s", (int)(end - begin), text + begin);
}

static err refuse_worker(const struct plot_batch *batch, uint32_t number, int status, struct diag *diag)
{
    struct file_bytes log = {0};
    char complaint[COMPLAINT_BYTES] = "";
    if (file_read(path_of(batch, number, ".log").text, 1 << 20, &log, NULL) == OK)
        last_line(log.text, complaint);
    free(log.text);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return diag_fail(diag, ERR_IO, "gnuplot: cannot be run");
    if (WIFSIGNALED(status)) return diag_fail(diag, ERR_IO, "gnuplot: ended by signal %d", WTERMSIG(status));
    return diag_fail(diag, ERR_IO, "gnuplot: failed with status %d: %s", WEXITSTATUS(status),
                     *complaint ? complaint : "it gave no reason");
}

static int64_t seconds_since_boot(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static err await_worker(struct plot_batch *batch, uint32_t number, int64_t deadline_s, struct diag *diag)
{
    static const struct timespec NAP = {.tv_nsec = 2000000};
    struct worker *worker = &batch->workers[number];
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(worker->process, &status, WNOHANG)) == 0) {
        if (batch->stop && *batch->stop) return diag_fail(diag, ERR_INTERRUPTED, "interrupted");
        if (seconds_since_boot() > deadline_s)
            return diag_fail(diag, ERR_IO, "gnuplot: not done after %d s, stopped", PLOT_TIME_MAX_S);
        nanosleep(&NAP, NULL);
    }
    worker->process = 0;
    if (ended < 0) return diag_fail(diag, ERR_IO, "gnuplot: %s", strerror(errno));
    return status == 0 ? OK : refuse_worker(batch, number, status, diag);
}

err plot_run(struct plot_batch *batch, const volatile sig_atomic_t *stop, struct diag *diag)
{
    batch->stop = stop;
    int64_t deadline_s = seconds_since_boot() + PLOT_TIME_MAX_S;
    err e = OK;
    for (uint32_t i = 0; i < batch->worker_count && e == OK; i++) {
        struct worker *worker = &batch->workers[i];
        bool is_bad = ferror(worker->script);
        is_bad = fclose(worker->script) != 0 || is_bad;
        worker->script = NULL;
        if (is_bad)
            e = diag_fail(diag, ERR_IO, "%s: could not be written, is the disk full?", batch->folder);
        else if (i < batch->image_count)
            e = start_worker(batch, i, diag);
    }
    for (uint32_t i = 0; i < batch->worker_count && e == OK; i++)
        if (batch->workers[i].process) e = await_worker(batch, i, deadline_s, diag);
    return e;
}

err plot_read(const struct plot_batch *batch, uint32_t image, struct file_bytes *out, struct diag *diag)
{
    ASSERT(image < batch->image_count);
    return file_read(image_path(batch, image).text, IMAGE_BYTES_MAX, out, diag);
}
