/* daemon/serve.c: see the header. */
#include "daemon/serve.h"
#include "base/version.h"
#include "daemon/audit.h"
#include "daemon/http_server.h"
#include "daemon/metrics.h"
#include "daemon/profile.h"
#include "daemon/rpc_client.h"
#include "daemon/samples.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    END_S = 5, /* for answers that are under way when the service has stopped */
    LOG_BUFFER_BYTES = 1 << 18,
};

struct loop {
    struct live live;
    struct http_server *door, *workers;
    int poll, signals;
    bool is_over;
    int failure;    /* errno of a wait that failed; 0: none */
    int64_t end_ns; /* NEVER_NS: not yet near */
};

/* ---- signals ---- */

static err open_signals(struct loop *loop, struct diag *diag)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return loop->signals >= 0 ? OK : diag_fail(diag, ERR_IO, "signalfd: %s", strerror(errno));
}

static void say(const struct loop *loop, enum log_level level, const char *event_type, const char *msg,
                const char *reason)
{
    log_write(loop->live.log, &(struct log_record){.level = level,
                                                   .at_ns = service_now_ns(loop->live.service),
                                                   .part = "service",
                                                   .msg = msg,
                                                   .fields = {log_text("event_type", event_type),
                                                              log_text("reason", reason)}});
}

static void reload(struct loop *loop)
{
    struct diag diag = {0};
    struct config_notes notes = {0};
    err e = service_reload(loop->live.service, &notes, NULL, NULL, &diag);
    say(loop, e == OK ? LOG_INFO : LOG_ERROR, "system.config.changed",
        e == OK ? "configuration read again" : "configuration could not be read again; the old one stays",
        diag.text);
}

static void end_or_hurry(struct loop *loop)
{
    struct service_status status;
    service_status(loop->live.service, &status);
    if (status.is_stopping) {
        loop->is_over = true;
        return;
    }
    say(loop, LOG_INFO, "system.stopping", "stopping: no new work, speculation drains", "signal");
    service_stop(loop->live.service, service_config(loop->live.service)->settings.drain_timeout_ns);
}

static void hear_signals(struct loop *loop)
{
    struct signalfd_siginfo heard;
    while (read(loop->signals, &heard, sizeof heard) == sizeof heard) {
        if (heard.ssi_signo == SIGHUP)
            reload(loop);
        else
            end_or_hurry(loop);
    }
}

/* ---- the loop ---- */

static err watch(struct loop *loop, int fd, struct diag *diag)
{
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(loop->poll, EPOLL_CTL_ADD, fd, &event) == 0) return OK;
    return diag_fail(diag, ERR_IO, "epoll: %s", strerror(errno));
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Milliseconds, rounded up, so that nothing is looked at too early again and again. */
static int wait_ms(const struct loop *loop)
{
    int64_t next_ns = earlier(service_next_ns(loop->live.service), http_server_next_ns(loop->door));
    if (loop->workers) next_ns = earlier(next_ns, http_server_next_ns(loop->workers));
    next_ns = earlier(next_ns, samples_next_ns(loop->live.samples));
    next_ns = earlier(next_ns, loop->end_ns);
    int64_t left_ns = next_ns == NEVER_NS ? NS_PER_S : next_ns - rpc_client_now_ns();
    if (left_ns <= 0) return 0;
    return (int)(earlier(left_ns, NS_PER_S) / NS_PER_MS) + 1;
}

static void turn(struct loop *loop)
{
    struct epoll_event events[8];
    int count = epoll_wait(loop->poll, events, 8, wait_ms(loop));
    if (count < 0 && errno != EINTR) {
        loop->failure = errno;
        loop->is_over = true;
    }
    hear_signals(loop);
    http_server_turn(loop->door);
    if (loop->workers) http_server_turn(loop->workers);
    service_turn(loop->live.service);
    samples_turn(loop->live.samples, loop->live.metrics, loop->live.service);
    audit_flush(loop->live.audit);
    log_flush(loop->live.log);
    if (!service_is_stopped(loop->live.service)) return;
    if (loop->end_ns == NEVER_NS) {
        loop->end_ns = rpc_client_now_ns() + END_S * NS_PER_S;
        http_server_stop(loop->door);
        if (loop->workers) http_server_stop(loop->workers);
    }
    bool are_done = http_server_is_done(loop->door) && (!loop->workers || http_server_is_done(loop->workers));
    if (are_done || rpc_client_now_ns() >= loop->end_ns) loop->is_over = true;
}

/* ---- opening ---- */

static err open_doors(struct loop *loop, const struct serve_options *options, struct diag *diag)
{
    const struct http_server_options door = {.live = &loop->live, .listen = options->listen};
    const struct http_server_options workers = {
        .live = &loop->live, .listen = options->workers_listen, .is_workers = true};
    TRY(http_server_open(&loop->door, &door, diag));
    loop->live.door = loop->door;
    if (*options->workers_listen) TRY(http_server_open(&loop->workers, &workers, diag));
    TRY(watch(loop, http_server_fd(loop->door), diag));
    if (loop->workers) TRY(watch(loop, http_server_fd(loop->workers), diag));
    return OK;
}

static err open_samples(struct loop *loop)
{
    char own[32], workers[32];
    snprintf(own, sizeof own, "127.0.0.1:%u", (unsigned)http_server_port(loop->door));
    if (loop->workers)
        snprintf(workers, sizeof workers, "127.0.0.1:%u", (unsigned)http_server_port(loop->workers));
    const struct samples_options options = {.instance = own,
                                            .workers_instance = loop->workers ? workers : NULL};
    return samples_open(&loop->live.samples, &options);
}

/* Lines go out once a turn: standard error has no buffer of its own, and a write for each word of each line
 * would take most of the time there is. */
static void collect_log(struct log *log, bool is_collected)
{
    static char buffer[LOG_BUFFER_BYTES];
    if (!log->sink) return;
    log_flush(log);
    (void)setvbuf(log->sink, is_collected ? buffer : NULL, is_collected ? _IOFBF : _IOLBF, sizeof buffer);
    log->is_collected = is_collected;
}

static err open_parts(struct loop *loop, struct serve_options *options, struct diag *diag)
{
    loop->live.log = options->service.log;
    collect_log(loop->live.log, true);
    loop->live.token = options->token;
    TRY(open_signals(loop, diag));
    loop->poll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->poll < 0) return diag_fail(diag, ERR_IO, "epoll: %s", strerror(errno));
    TRY(metrics_open(&loop->live.metrics));
    TRY(profile_open(&loop->live.profile));
    options->service.metrics = loop->live.metrics;
    TRY(service_open(&loop->live.service, &options->service, diag));
    TRY(audit_open(&loop->live.audit, options->service.data_dir, diag));
    TRY(open_doors(loop, options, diag));
    TRY(open_samples(loop));
    TRY(watch(loop, service_fd(loop->live.service), diag));
    return watch(loop, loop->signals, diag);
}

static void close_parts(struct loop *loop)
{
    http_server_free(loop->door);
    http_server_free(loop->workers);
    service_free(loop->live.service);
    audit_free(loop->live.audit);
    samples_free(loop->live.samples);
    metrics_free(loop->live.metrics);
    profile_free(loop->live.profile);
    collect_log(loop->live.log, false);
    if (loop->poll >= 0) close(loop->poll);
    if (loop->signals >= 0) close(loop->signals);
}

static void say_started(const struct loop *loop, const struct serve_options *options,
                        const struct service_status *status)
{
    const struct config *config = service_config(loop->live.service);
    log_write(
        loop->live.log,
        &(struct log_record){
            .level = LOG_INFO,
            .at_ns = service_now_ns(loop->live.service),
            .part = "service",
            .msg = "started",
            .fields = {log_text("event_type", "system.started"), log_text("version", version_number()),
                       log_text("config", config->file_count ? config->files[0] : ""),
                       log_text("data_dir", options->service.data_dir),
                       log_text("chain", options->service.chain), log_text("prover", options->service.prover),
                       log_flag("speculation_enabled", config->settings.enabled),
                       log_number("rollout_bps", config->settings.rollout_bps),
                       log_number("recovered_events", (int64_t)status->recovered_events),
                       log_number("recovery_ms", status->recovery_ns / NS_PER_MS)}});
}

static void announce(const struct loop *loop, const struct serve_options *options)
{
    struct service_status status;
    service_status(loop->live.service, &status);
    say_started(loop, options, &status);
    if (options->is_quiet) return;
    fprintf(options->out, "admin http://127.0.0.1:%u", (unsigned)http_server_port(loop->door));
    if (loop->workers)
        fprintf(options->out, " workers http://127.0.0.1:%u", (unsigned)http_server_port(loop->workers));
    fprintf(options->out, " data %s events %llu recovered in %lld ms%s\n", options->service.data_dir,
            (unsigned long long)status.recovered_events, (long long)(status.recovery_ns / NS_PER_MS),
            options->token ? "" : " (no token: mutating calls are refused)");
    fflush(options->out);
}

err serve(struct serve_options *options, struct diag *diag)
{
    struct loop loop = {.poll = -1, .signals = -1, .end_ns = NEVER_NS};
    err e = open_parts(&loop, options, diag);
    if (e == OK) {
        announce(&loop, options);
        while (!loop.is_over) turn(&loop);
        if (loop.failure) e = diag_fail(diag, ERR_IO, "epoll: %s", strerror(loop.failure));
        say(&loop, e == OK ? LOG_INFO : LOG_ERROR, "system.stopped", "stopped", e == OK ? "" : diag->text);
    }
    close_parts(&loop);
    return e;
}
