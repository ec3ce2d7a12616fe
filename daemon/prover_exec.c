/* daemon/prover_exec.c: see the header. */
#include "daemon/prover_exec.h"
#include "base/escape.h"
#include "base/json.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

struct prover_process {
    pid_t pid;         /* 0: none */
    int input, output; /* ours; -1 closed */
    char *jobs;        /* what it still has to be given */
    size_t jobs_size, jobs_given;
    bool is_complete; /* all jobs are in `jobs` */
    bool is_full;     /* it takes no more now: its input is watched */
    struct open_job {
        uint64_t number;
        struct prover_tag tag;
    } open[LIMIT_BATCH]; /* that it has not answered */
    uint32_t open_count;
    char line[PROVER_LINE_BYTES];
    size_t line_size;
};

struct prover_exec {
    struct prover_exec_options options;
    char *command;
    int poll;
    struct prover_process workers[LIMIT_PROOF_WORKERS];
};

/* Asked once, of the shell itself: a typing error is told at the start and not by every task. */
err prover_exec_check(const char *command, struct diag *diag)
{
    char *line = NULL;
    size_t word = strcspn(command, " \t;|&<>(){}$`\"'\\");
    if (word == 0 || (command[word] && !strchr(" \t", command[word])))
        return OK; /* a little program: run it */
    if (asprintf(&line, "command -v '%.*s' >/dev/null 2>&1", (int)word, command) < 0) return ERR_NOMEM;
    int status = system(line);
    free(line);
    return status == 0
               ? OK
               : diag_fail(diag, ERR_USAGE, "--prover: there is no program \"%.*s\"", (int)word, command);
}

err prover_exec_open(struct prover_exec **out, const struct prover_exec_options *options)
{
    struct prover_exec *prover = calloc(1, sizeof *prover);
    if (!prover) return ERR_NOMEM;
    prover->options = *options;
    prover->command = strdup(options->command);
    prover->poll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < LIMIT_PROOF_WORKERS; i++) prover->workers[i].input = prover->workers[i].output = -1;
    if (!prover->command || prover->poll < 0) {
        prover_exec_free(prover);
        return ERR_NOMEM;
    }
    *out = prover;
    return OK;
}

static void close_end(int *end)
{
    if (*end >= 0) close(*end);
    *end = -1;
}

static void process_end(struct prover_process *process)
{
    close_end(&process->input);
    close_end(&process->output);
    if (process->pid > 0)
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    free(process->jobs);
    *process = (struct prover_process){.input = -1, .output = -1};
}

void prover_exec_free(struct prover_exec *prover)
{
    if (!prover) return;
    for (uint32_t i = 0; i < LIMIT_PROOF_WORKERS; i++) {
        if (prover->workers[i].pid > 0) kill(-prover->workers[i].pid, SIGKILL);
        process_end(&prover->workers[i]);
    }
    if (prover->poll >= 0) close(prover->poll);
    free(prover->command);
    free(prover);
}

/* ---- starting ---- */

static bool spawn(const struct prover_exec *prover, struct prover_process *process, int in[2], int out[2])
{
    posix_spawn_file_actions_t actions;
    sigset_t signals;
    posix_spawnattr_t group; /* of its own, so that what the shell starts ends with it */
    char shell[] = "/bin/sh", flag[] = "-c";
    char *words[] = {shell, flag, prover->command, NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawnattr_init(&group);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&group, &signals);
    sigaddset(&signals, SIGPIPE); /* which the service ignores */
    posix_spawnattr_setsigdefault(&group, &signals);
    posix_spawnattr_setflags(&group, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn(&process->pid, "/bin/sh", &actions, &group, words, environ);
    posix_spawnattr_destroy(&group);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) process->pid = 0;
    return !failed;
}

static err start(struct prover_exec *prover, uint32_t worker)
{
    struct prover_process *process = &prover->workers[worker];
    struct epoll_event watch = {.events = EPOLLIN};
    int in[2], out[2];
    if (process->pid > 0) { /* killed, and not gone yet: nobody waits for it any more */
        kill(-process->pid, SIGKILL);
        process_end(process);
    }
    if (pipe2(in, O_CLOEXEC) != 0) return ERR_IO;
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return ERR_IO;
    }
    bool is_started = spawn(prover, process, in, out);
    close(in[0]);
    close(out[1]);
    process->input = in[1];
    process->output = out[0];
    fcntl(process->input, F_SETFL, O_NONBLOCK);
    fcntl(process->output, F_SETFL, O_NONBLOCK);
    if (is_started && epoll_ctl(prover->poll, EPOLL_CTL_ADD, process->output, &watch) == 0) return OK;
    if (is_started) kill(-process->pid, SIGKILL);
    process_end(process);
    return ERR_IO;
}

/* Its input is watched while it takes no more. */
static void watch_input(const struct prover_exec *prover, struct prover_process *process, bool is_full)
{
    struct epoll_event watch = {.events = EPOLLOUT};
    if (is_full == process->is_full || process->input < 0) return;
    if (epoll_ctl(prover->poll, is_full ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, process->input, &watch) == 0)
        process->is_full = is_full;
}

/* As much of the jobs as it takes. */
static void give(const struct prover_exec *prover, struct prover_process *process)
{
    while (process->input >= 0 && process->jobs_given < process->jobs_size) {
        ssize_t size = write(process->input, process->jobs + process->jobs_given,
                             process->jobs_size - process->jobs_given);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) {
            watch_input(prover, process, true);
            return;
        }
        if (size < 0) close_end(&process->input); /* it does not read: its jobs fail when it ends */
        if (size > 0) process->jobs_given += (size_t)size;
    }
    watch_input(prover, process, false);
    if (process->is_complete) close_end(&process->input);
}

static err append_job(struct prover_process *process, const struct prover_job *job)
{
    char *line = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&line, &size);
    if (!text) return ERR_NOMEM;
    fputs("{\"task_id\":", text);
    escape_json(text, job->task);
    fprintf(text, ",\"proof_id\":%" PRIu64 ",\"proof_type\":\"%s\",\"payload\":%s}\n", job->number,
            job->proof_type, job->payload ? job->payload : "null");
    char *grown = fclose(text) == 0 ? realloc(process->jobs, process->jobs_size + size) : NULL;
    if (grown) {
        memcpy(grown + process->jobs_size, line, size);
        process->jobs = grown;
        process->jobs_size += size;
    }
    free(line);
    return grown ? OK : ERR_NOMEM;
}

err prover_exec_add(struct prover_exec *prover, uint32_t worker, const struct prover_job *job, bool is_first,
                    bool is_last)
{
    struct prover_process *process = &prover->workers[worker];
    if (is_first) TRY(start(prover, worker));
    if (process->pid == 0 || process->open_count == LIMIT_BATCH) return ERR_IO;
    TRY(append_job(process, job));
    process->open[process->open_count++] = (struct open_job){job->number, job->tag};
    process->is_complete = is_last;
    give(prover, process);
    return OK;
}

void prover_exec_kill(struct prover_exec *prover, uint32_t worker)
{
    struct prover_process *process = &prover->workers[worker];
    if (process->pid == 0) return;
    process->open_count = 0;
    kill(-process->pid, SIGKILL);
}

/* ---- hearing ---- */

static bool take_job(struct prover_process *process, uint64_t number, struct prover_tag *tag)
{
    for (uint32_t i = 0; i < process->open_count; i++) {
        if (process->open[i].number != number) continue;
        *tag = process->open[i].tag;
        process->open[i] = process->open[--process->open_count];
        return true;
    }
    return false;
}

static err read_verdict(const struct json_node *root, uint64_t *number, enum prover_verdict *verdict)
{
    bool is_ok;
    const char *error = "";
    TRY(json_get_u64(root, "proof_id", number, NULL));
    TRY(json_get_bool(root, "ok", &is_ok, NULL));
    if (!is_ok && json_has(root, "error")) TRY(json_get_text(root, "error", &error, NULL));
    *verdict = is_ok ? PROVER_OK : strcmp(error, "constraint") == 0 ? PROVER_CONSTRAINT : PROVER_TRANSIENT;
    return OK;
}

/* A line that is none of its own says nothing: its job fails when the process ends. */
static void hear_line(struct prover_exec *prover, uint32_t worker)
{
    struct json *json;
    struct prover_process *process = &prover->workers[worker];
    const struct json_text text = {.name = "prover", .text = process->line, .size_bytes = process->line_size};
    uint64_t number;
    enum prover_verdict verdict;
    struct prover_tag tag;
    if (json_read_text(&json, &text, NULL) != OK) return;
    const struct json_node root = json_root(json);
    if (read_verdict(&root, &number, &verdict) == OK && take_job(process, number, &tag))
        prover->options.heard(prover->options.context, &tag, verdict);
    json_free(json);
}

static void hear_bytes(struct prover_exec *prover, uint32_t worker, const char *bytes, size_t size)
{
    struct prover_process *process = &prover->workers[worker];
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            hear_line(prover, worker);
            process->line_size = 0;
        } else if (process->line_size < sizeof process->line) {
            process->line[process->line_size++] = bytes[i];
        }
    }
}

static void end(struct prover_exec *prover, uint32_t worker)
{
    struct prover_process *process = &prover->workers[worker];
    while (process->open_count > 0)
        prover->options.heard(prover->options.context, &process->open[--process->open_count].tag,
                              PROVER_TRANSIENT);
    kill(-process->pid, SIGKILL); /* it closed its output: it is over */
    process_end(process);
    prover->options.ended(prover->options.context, worker);
}

static void step(struct prover_exec *prover, uint32_t worker)
{
    char bytes[4096];
    struct prover_process *process = &prover->workers[worker];
    give(prover, process);
    for (;;) {
        ssize_t size = read(process->output, bytes, sizeof bytes);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) return;
        if (size <= 0) break;
        hear_bytes(prover, worker, bytes, (size_t)size);
    }
    end(prover, worker);
}

int prover_exec_fd(const struct prover_exec *prover)
{
    return prover->poll;
}

void prover_exec_step(struct prover_exec *prover)
{
    for (uint32_t i = 0; i < LIMIT_PROOF_WORKERS; i++)
        if (prover->workers[i].pid > 0) step(prover, i);
}
