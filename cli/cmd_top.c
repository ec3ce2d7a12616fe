/* cli/cmd_top.c: a running service on a terminal, a frame a second. */
#include "cli/client.h"
#include "cli/interrupt.h"
#include "cli/top_frame.h"
#include "base/units.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const struct flag FLAGS[] = {
    {.name = "interval",
     .value = "1s",
     .type = FLAG_DURATION,
     .fallback = "1s",
     .help = "time between frames"},
    FLAG_URL,
    FLAG_PATIENCE,
    {0},
};
#define INTERVAL_LEAST_NS (100 * NS_PER_MS)

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Both answers of one moment. */
static err look(const struct args *args, struct top_view *out, struct diag *diag)
{
    *out = (struct top_view){.at_ns = clock_ns()};
    TRY(client_ask(args, &(struct client_request){.path = "/admin/status"}, &out->status, diag));
    err e =
        client_ask(args, &(struct client_request){.path = "/metrics", .is_text = true}, &out->metrics, diag);
    if (e != OK) client_reply_close(&out->status);
    return e;
}

static void close_view(struct top_view *view)
{
    client_reply_close(&view->status);
    client_reply_close(&view->metrics);
}

/* ---- the terminal ---- */

struct screen {
    struct termios before;
    bool is_raw, is_terminal;
};

/* Keys arrive one by one and unseen; the screen of before comes back at the end. */
static void screen_open(struct screen *screen, FILE *out)
{
    *screen = (struct screen){.is_terminal = isatty(fileno(out))};
    if (!screen->is_terminal) return;
    if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &screen->before) == 0) {
        struct termios raw = screen->before;
        raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
        screen->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    fputs("\033[?1049h\033[?25l", out);
}

static void screen_close(const struct screen *screen, FILE *out)
{
    if (screen->is_raw) tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
    if (screen->is_terminal) fputs("\033[?25h\033[?1049l", out);
    fflush(out);
}

static struct top_size size_of(FILE *out)
{
    struct winsize window;
    if (ioctl(fileno(out), TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0)
        return (struct top_size){window.ws_col, window.ws_row};
    return (struct top_size){UINT16_MAX, UINT16_MAX}; /* no terminal: nothing is cut */
}

/* True: somebody wants it to end. A changed size ends the wait as well. */
static bool wait_for_key(const struct screen *screen, int64_t span_ns, const volatile sig_atomic_t *stop,
                         FILE *out)
{
    struct top_size size = size_of(out);
    int64_t end_ns = clock_ns() + span_ns;
    while (!*stop && clock_ns() < end_ns) {
        struct pollfd key = {.fd = screen->is_raw ? STDIN_FILENO : -1, .events = POLLIN};
        char byte;
        if (poll(&key, 1, 100) > 0 && read(STDIN_FILENO, &byte, 1) == 1 && (byte == 'q' || byte == 'Q'))
            return true;
        struct top_size now = size_of(out);
        if (now.columns != size.columns || now.rows != size.rows) return false;
    }
    return *stop;
}

/* ---- frames ---- */

/* A screen of another size is drawn from nothing: what it held has moved. So is one that must not stay. */
static void prepare_screen(const struct screen *screen, bool is_cleared, FILE *out)
{
    if (screen->is_terminal) fputs(is_cleared ? "\033[H\033[2J" : "\033[H", out);
}

/* The service is away: nothing of the last frame stays, as nobody knows whether it still holds. */
static void show_gone(FILE *out, const struct top_view *before, const char *why)
{
    fprintf(out, "%.200s\nno answer for %lld s, trying again; q ends it\n", why,
            (long long)((clock_ns() - before->at_ns) / NS_PER_S));
}

static err show_frames(struct args *args, const struct screen *screen, const volatile sig_atomic_t *stop,
                       struct diag *diag)
{
    struct top_view before = {0}, now;
    struct top_size drawn = {0};
    bool was_gone = false;
    int64_t interval_ns = args_integer(args, "interval");
    err e = OK;
    for (bool is_over = false, is_first = true; !is_over; is_first = false) {
        struct diag why = {0};
        e = look(args, &now, &why);
        if (e != OK && is_first) {
            diag_fail(diag, e, "%s", why.text);
            break;
        }
        struct top_size size = size_of(args->out);
        bool is_other = size.columns != drawn.columns || size.rows != drawn.rows;
        prepare_screen(screen, is_other || e != OK || was_gone, args->out);
        if (e == OK)
            top_frame(args, &now, is_first ? NULL : &before, size, diag);
        else
            show_gone(args->out, &before, why.text);
        drawn = size;
        was_gone = e != OK;
        fflush(args->out);
        if (e == OK) close_view(&before);
        if (e == OK) before = now;
        e = OK;
        is_over = !screen->is_terminal ||
                  wait_for_key(screen, interval_ns > INTERVAL_LEAST_NS ? interval_ns : INTERVAL_LEAST_NS,
                               stop, args->out);
    }
    close_view(&before);
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct screen screen;
    const volatile sig_atomic_t *stop = interrupt_catch();
    screen_open(&screen, args->out);
    err e = show_frames(args, &screen, stop, diag);
    screen_close(&screen, args->out);
    interrupt_release();
    return e;
}

const struct command COMMAND_top = {
    .group = "top",
    .name = "",
    .summary = "watch a running service on the terminal",
    .flags = FLAGS,
    .description = "Rates, depths, queues, stake, the circuit breaker, and what wants attention, a frame a\n"
                   "second; q ends it. Where the output is no terminal it prints one frame.",
    .examples = "agenc top\nagenc top --url http://localhost:9090 --interval 5s\nagenc top > frame.txt",
    .run = run,
};
