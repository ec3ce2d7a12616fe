/* daemon/service.h: the engine on the real clock: one thread, every event on the disk before it is stepped.
 *
 * Events come from people (orders), from ports (executors, prover, chain) and from timers. They are
 * collected into a batch; the batch is written to the log and synced by a thread of its own, while the
 * next one is collected; then its events are stepped in order, their effects go to the ports, and whoever
 * ordered is answered. So whatever has been answered survives a SIGKILL, and the state in memory is never
 * ahead of the disk.
 *
 * When the log cannot be written the service is read-only: orders are refused (ERR_IO), what ports say
 * waits, reading goes on, and it tries again each second until the disk is well.
 *
 * Time: the engine's, ns from 0, in order; the service's clock runs time_scale times as fast as
 * CLOCK_MONOTONIC, and stands still while the service is down. The wall clock is shown and never used.
 * Threads: one, besides the one that syncs. Errors: as stated at each function. */
#pragma once
#include "base/config.h"
#include "base/log.h"
#include "daemon/book.h"
#include "engine/recovery.h"

struct service;
struct metrics; /* daemon/metrics.h */

struct service_options {
    const struct config *config; /* copied */
    const char *data_dir;
    const char *chain, *prover,
        *execution; /* "sim:NAME", "rpc:URL[,URL]"; "sim:NAME", "exec:CMD"; a distribution */
    const char *chain_folder, *prover_folder; /* of profiles */
    const char *wallet; /* key file that pays at real nodes; NULL: a fresh one, and an airdrop */
    uint64_t seed;
    uint32_t agents;               /* that it can know */
    uint64_t agent_stake_lamports; /* of an agent that was never heard of; 0: it must deposit first */
    uint64_t time_scale_ppm;
    uint64_t segment_bytes; /* of the log, before the next one is begun with a snapshot; 0: the default */
    uint32_t segments_kept; /* 0: all */
    struct log *log;
    struct metrics *metrics; /* NULL: nobody counts */
    bool has_chaos;          /* faults may be armed */
};

/* Opens the folder (alone: a lock file), recovers what is there, asks the ports again.
 * ERR_CONFLICT another process has it; ERR_SYNTAX the log is damaged; ERR_IO; ERR_NOMEM. */
MUST_USE err service_open(struct service **out, const struct service_options *options, struct diag *diag);
void service_free(struct service *service); /* NULL is fine; what is not on the disk is gone */

/* ---- the loop around it ---- */

int service_fd(const struct service *service);          /* an epoll: readable when service_turn has work */
int64_t service_next_ns(const struct service *service); /* of CLOCK_MONOTONIC; NEVER_NS: only the fd */
void service_turn(struct service *service);

/* Stops admissions and rolls nothing back; over when nothing speculative is left, at the latest after
 * `most_ns` of the real clock: then service_is_stopped. The log is sealed, a snapshot written. */
void service_stop(struct service *service, int64_t most_ns);
bool service_is_stopped(const struct service *service);

/* ---- orders ---- */

enum { SERVICE_NOTES_MOST = 8 };

/* What came of an order, once it was on the disk and stepped. */
struct service_outcome {
    err error; /* as engine_step; ERR_IO it could not be written, ERR_CONFLICT the service is rebuilding */
    enum refusal refusal; /* of a submission that was refused */
    int64_t at_ns;        /* of the engine's clock */
    const struct effect
        *notes; /* NOTE_REPORT, NOTE_DRAINED, NOTE_GC, NOTE_BREAKER, NOTE_ROLLBACK_BEGIN of the step */
    uint32_t note_count;
};
typedef void service_done(void *context, const struct service_outcome *outcome);

struct service_order {
    struct event event;                       /* its time is set by the service; settings are copied */
    const struct book_submission *submission; /* of EVENT_SUBMIT: reserved by the caller; copied */
    service_done *done;                       /* called once if the order was taken; NULL: nobody waits */
    void *context;
};
/* OK: taken, `done` will be called. ERR_IO read-only; ERR_CONFLICT stopping (submissions) or rebuilding;
 * ERR_LIMIT too many wait. */
MUST_USE err service_order(struct service *service, const struct service_order *order);

/* Waits until nothing speculative is left, or for most_ns (NEVER_NS: as long as it takes). `done` hears
 * NOTE_DRAINED as its note. The order itself is EVENT_DRAIN; this is for whoever waits for its end. */
MUST_USE err service_wait_drained(struct service *service, service_done *done, void *context);
void service_forget(struct service *service, void *context); /* whoever waited with this context is gone */

/* Changes of configuration: all or nothing, as config_set_hot; in force once `done` was called. */
MUST_USE err service_configure(struct service *service, const struct config_update *update,
                               struct config_notes *notes, service_done *done, void *context,
                               struct diag *diag);
/* Files and environment read again (SIGHUP, POST /admin/config/reload). */
MUST_USE err service_reload(struct service *service, struct config_notes *notes, service_done *done,
                            void *context, struct diag *diag);

/* ---- reading ---- */

const struct engine *service_engine(const struct service *service);
const struct book *service_book(const struct service *service);
struct book *service_book_writable(struct service *service); /* for reservations */
const struct config *service_config(const struct service *service);
int64_t service_now_ns(const struct service *service); /* of the engine's clock */
/* RFC 3339, UTC, milliseconds: when this was by the wall clock; "" for NEVER_NS. */
enum { SERVICE_TIME_BYTES = 32 };
void service_time_text(const struct service *service, int64_t at_ns, char out[SERVICE_TIME_BYTES]);

struct service_status {
    bool is_ready, is_stopping, is_read_only, is_rebuilding;
    char read_only_why[160];
    int64_t uptime_ns; /* of the real clock */
    uint64_t time_scale_ppm;
    uint64_t records, log_bytes, segments, snapshots; /* of the log; snapshots written since the start */
    uint64_t syncs, sync_last_ns, sync_most_ns;       /* durations */
    uint64_t recovered_events;                        /* at the start */
    int64_t recovery_ns;                              /* how long that took, real */
    uint64_t orders_waiting, answers_waiting;
};
void service_status(const struct service *service, struct service_status *out);

struct chain_view {
    const char *kind; /* "sim" or "rpc" */
    const char *name; /* profile or address */
    bool is_connected;
    uint64_t slot, confirmed_slot, finalized_slot, in_flight;
    uint64_t reverted_1h, skip_ppm;
    int64_t rpc_latency_ns; /* of the last answer */
    double tps;             /* transactions of ours confirmed a second, over the last minute */
};
void service_chain(const struct service *service, struct chain_view *out);

/* ---- longer work ---- */

/* In a child process, on a picture of the state: `done` hears of it in findings. ERR_CONFLICT one runs. */
struct integrity_answer {
    err error;
    bool is_full;
    uint64_t count, checked; /* findings in all; things looked at */
    uint32_t kept;
    struct {
        enum finding_kind kind;
        uint64_t id, found, expected;
        uint32_t index;
        char what[32];
    } items[32];
};
typedef void integrity_done(void *context, const struct integrity_answer *answer);
MUST_USE err service_check(struct service *service, bool is_full, integrity_done *done, void *context);

/* Rebuilds the state from the log, in slices. from_slot: UINT64_MAX is "latest_confirmed".
 * ERR_CONFLICT one runs, or speculation is on, or the log's beginning was dropped. */
MUST_USE err service_rebuild(struct service *service, uint64_t from_slot, uint64_t *job_out,
                             struct diag *diag);
const struct recovery_status *service_rebuild_status(const struct service *service, uint64_t *job_out);

/* Faults of a schedule (chaos/schedule.h), armed from now on; ERR_CONFLICT without has_chaos or when a
 * schedule is armed already. ERR_USAGE names an injector that the live service has no place for. */
struct schedule;
MUST_USE err service_arm(struct service *service, const struct schedule *schedule, uint64_t seed,
                         struct diag *diag);
/* Must this scrape go unanswered (ops.scrape_gap)? */
bool service_skips_scrape(struct service *service);
void service_disarm(struct service *service);
/* How often each has fired, INJECTOR_COUNT counts; false: nothing is armed. */
bool service_faults(const struct service *service, uint64_t fired[], uint32_t *armed_out);
