/* cli/cmd_task_wait.c: until a task is confirmed, or never will be. */
#include "cli/client.h"
#include "cli/interrupt.h"
#include "base/units.h"
#include <string.h>
#include <time.h>

#define POLL_NS (200 * NS_PER_MS)

static const struct flag FLAGS[] = {
    {.name = "timeout",
     .value = "S",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 1000000,
     .fallback = "60",
     .help = "how long to wait, in seconds"},
    CLIENT_FLAGS,
    {0},
};

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0) words++;
    return *words != NULL;
}

/* One look. *is_over: it is confirmed (exit 0) or never will be (exit 1). */
static err look(struct args *args, const char *path, bool *is_over, struct diag *diag)
{
    static const char *const LOST[] = {"failed", "rolled_back", "cancelled", "expired", NULL};
    struct client_reply reply;
    const char *status = NULL;
    TRY(client_ask(args, &(struct client_request){.path = path}, &reply, diag));
    struct json_node root = json_root(reply.json);
    err e = json_get_text(&root, "status", &status, diag);
    bool is_lost = e == OK && is_one_of(status, LOST);
    *is_over = e == OK && (is_lost || strcmp(status, "confirmed") == 0);
    args->exit_status = is_lost ? STATUS_FAILED : STATUS_GOOD;
    if (*is_over && args_wants_json(args)) client_print(args, &reply);
    if (*is_over && !args_wants_json(args)) fprintf(args->out, "%s %s\n", args->operands[0], status);
    client_reply_close(&reply);
    return e == OK ? OK : ERR_IO;
}

/* A service that is away after it had answered once is waited for: it may be on its way back. */
static err wait_for(struct args *args, const char *path, const volatile sig_atomic_t *stop, struct diag *diag)
{
    int64_t end_ns = clock_ns() + args_integer(args, "timeout") * NS_PER_S;
    bool is_over = false, was_there = false;
    while (!*stop) {
        struct diag why = {0};
        err e = look(args, path, &is_over, &why);
        bool is_late = clock_ns() >= end_ns;
        if (e != OK && (e != ERR_IO || !was_there || is_late)) return diag_fail(diag, e, "%s", why.text);
        if (is_over) return OK;
        was_there = was_there || e == OK;
        if (is_late) break;
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
    }
    if (*stop) return ERR_INTERRUPTED;
    args->exit_status = STATUS_TIMED_OUT;
    fprintf(args->log, "agenc: task wait: %s is not confirmed after %s s\n", args->operands[0],
            args_text(args, "timeout"));
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES];
    TRY(client_path(path, "/admin/tasks/%s", args->operands[0], diag));
    const volatile sig_atomic_t *stop = interrupt_catch();
    err e = wait_for(args, path, stop, diag);
    interrupt_release();
    return e;
}

const struct command COMMAND_task_wait = {
    .group = "task",
    .name = "wait",
    .summary = "wait until a task is confirmed",
    .operands = "ID",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Ends with 0 when it is confirmed, with 1 when it never will be (failed, rolled back,\n"
                   "cancelled, expired), with 124 when the time is over.",
    .examples = "agenc task wait my-task-1 --timeout 60 && echo confirmed",
    .exits = {STATUS_TIMED_OUT},
    .run = run,
};
