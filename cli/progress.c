/* cli/progress.c */
#include "cli/progress.h"
#include "base/units.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 30 };
#define REDRAW_NS (NS_PER_S / 10)

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void progress_begin(struct progress *out, const struct args *args, const char *label, uint64_t total)
{
    bool is_shown = !args_is_quiet(args) && isatty(fileno(args->log));
    *out = (struct progress){.out = is_shown ? args->log : NULL, .label = label, .total = total ? total : 1};
}

void progress_write(const struct progress *progress, uint64_t done, char out[PROGRESS_TEXT_BYTES])
{
    char bar[BAR_CELLS + 1];
    u128 reached = done < progress->total ? done : progress->total;
    int cells = (int)(reached * BAR_CELLS / progress->total);
    memset(bar, '.', BAR_CELLS);
    memset(bar, '#', (size_t)cells);
    bar[BAR_CELLS] = '\0';
    snprintf(out, PROGRESS_TEXT_BYTES, "%.40s [%s] %3d %%", progress->label, bar,
             (int)(reached * 100 / progress->total));
}

void progress_show(struct progress *progress, uint64_t done)
{
    char text[PROGRESS_TEXT_BYTES];
    if (!progress->out) return;
    int64_t now = now_ns();
    if (progress->drawn_ns && now - progress->drawn_ns < REDRAW_NS) return;
    progress->drawn_ns = now;
    progress_write(progress, done, text);
    fprintf(progress->out, "\r%s\033[K", text);
    fflush(progress->out);
}

void progress_end(struct progress *progress)
{
    if (!progress->out || !progress->drawn_ns) return;
    fputs("\r\033[K", progress->out);
    fflush(progress->out);
}
