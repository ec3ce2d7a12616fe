/* daemon/service_state.h: the service from inside. Private to daemon/service*.c.
 *
 * The way of an event: a source (service_order, a port's outcome in the calendar, a deadline) puts it into
 * `gathering`; when the log is idle that batch becomes `writing` and goes to the disk; when it is there
 * its events are stepped, their effects reach the ports (service_ports.c), which put outcomes into the
 * calendar. */
#pragma once
#include "base/dist.h"
#include "base/table.h"
#include "chaos/faults.h"
#include "daemon/prover_exec.h"
#include "daemon/rpc_port.h"
#include "daemon/service.h"
#include "daemon/wal.h"
#include "sim/calendar.h"
#include "sim/chain.h"
#include "sim/prover.h"
#include <signal.h>
#include <sys/types.h>

/* Kinds of a calendar's entry; the flag: it has met its faults, and only comes late. */
enum port_entry {
    PORT_EXECUTED,
    PORT_ABORTED,
    PORT_RESTORED,
    PORT_PROVED,
    PORT_WORKER_FREE,
    PORT_TX,
    PORT_KINDS,
    PORT_HAS_MET = 1 << 16
};

enum {
    ORDERS_MOST = 32768, /* that wait; beyond it clients are told to come back */
    EFFECTS_ROOM = 256,
    DRAIN_WAITERS_MOST = 64,
};

struct pending {
    struct event event;
    struct settings *settings; /* ours, of EVENT_SETTINGS */
    struct config *config;     /* ours: in force once it was stepped */
    size_t note_at, note_bytes;
    service_done *done;
    void *context;
    bool is_order; /* refused when the disk is not well; others wait */
};

struct batch {
    struct pending *items;
    uint32_t count, capacity;
    unsigned char *notes;
    size_t notes_used, notes_capacity;
};

/* What a port knows of a task, by its slot in the engine's table. */
struct live_task {
    uint64_t id;
    struct task_ref ref;
    int64_t started_ns, finish_ns; /* of its execution */
    int64_t asked_ns;              /* when a port was last asked for it */
    int64_t tx_sent_ns;
    uint64_t tx_slot;
    uint32_t execution, entry_count, proof_attempt, messages;
    uint32_t tx_name; /* attempt + 1 of the transaction that is out */
    uint8_t worker;
    bool is_running, has_invalid_proof, is_killed;
    struct occasion_transaction tx;
};

struct live_worker {
    uint32_t batch, jobs_wanted;
    int64_t finish_ns, proof_ns;
};

struct drain_waiter {
    service_done *done;
    void *context;
};

struct wall_anchor { /* of one moment */
    int64_t engine_ns, wall_ns;
    uint64_t scale_ppm;
};

struct child { /* a picture of the state at work: a snapshot, a check */
    pid_t pid;
    int pipe;
};

struct rebuild {
    struct recovery job;
    struct arena arena;
    struct wal_bytes log;
    struct findings findings;
    struct finding items[32];
    uint64_t number;
    uint64_t from_slot;
    bool is_wanted, is_running; /* wanted: as soon as nothing is on its way to the disk */
    struct batch events;        /* of the job's own, for the log */
    bool is_written;            /* they are on their way to the disk, or there */
    bool has_lost;              /* there was no memory for one of them */
};

struct service {
    struct service_options options;
    struct config config;
    struct config *started; /* as it was at the start, for reloads */
    struct arena arena;
    struct engine *engine;
    struct book *book;
    struct wal *wal;
    int poll; /* epoll */

    /* time */
    int64_t base_ns, base_real_ns; /* engine's and real, of the same moment */
    int64_t last_ns;               /* of the last event in the log */
    int64_t started_real_ns;
    struct wall_anchor *anchors; /* ours, in order; the last is of this start */
    uint32_t anchor_count;

    /* batches */
    struct batch gathering, writing;
    unsigned char *piece; /* what is on its way to the disk */
    size_t piece_capacity, piece_used;
    struct journal_chain chain, chain_before; /* behind the piece; before it */
    bool is_writing, begins_segment, has_tick, has_gc, piece_seals;
    uint32_t orders_waiting;
    uint64_t syncs;
    int64_t sync_last_ns, sync_most_ns;

    /* the disk */
    bool is_read_only;
    char read_only_why[160];
    int64_t retry_real_ns;

    /* the step under way */
    struct effects effects;
    struct effect effect_items[EFFECTS_ROOM];
    struct effect notes[SERVICE_NOTES_MOST];
    uint32_t note_count;
    int64_t step_ns;
    bool is_replaying;

    /* ports */
    struct rng rng;
    struct calendar *calendar;
    struct live_task *tasks;
    struct live_worker workers[LIMIT_PROOF_WORKERS];
    struct chain *chain_sim;
    struct chain_profile chain_profile;
    struct prover_profile prover;
    struct prover_exec *prover_exec;
    struct rpc_port *rpc;
    struct wallet *wallet;
    struct dist execution;
    int64_t chain_base_ns, gc_next_ns;
    uint64_t reverted[60]; /* by minute of the engine's clock */
    uint64_t confirmed_minute[2];
    int64_t minute;
    uint64_t confirmed_slot, finalized_slot; /* the newest that a node told */
    struct table deposited;                  /* agents that have had their first deposit */
    struct arena deposited_arena;

    /* faults */
    struct schedule *schedule;
    struct faults *faults;
    int64_t arm_base_ns; /* when the schedule's time began */
    int64_t patience_ns; /* when ports are asked again for what was lost; 0: nothing was */
    int64_t crashed_ns[CHAOS_TARGET_COUNT], down_until_ns[CHAOS_TARGET_COUNT];
    uint32_t scrapes, disk_ops, steps;

    /* longer work */
    struct child snapshot, check;
    integrity_done *check_done;
    void *check_context;
    bool is_full_check;
    uint64_t chain_checked; /* records that are in the state which is checked */
    uint64_t snapshots;
    struct rebuild rebuild;
    struct drain_waiter drain_waiters[DRAIN_WAITERS_MOST];
    uint32_t drain_waiter_count;

    /* the end */
    bool is_ready, is_stopping, is_sealed, is_stopped, is_late, wants_seal, has_last_snapshot;
    int64_t stop_real_ns;
    uint64_t recovered_events;
    struct settings start_settings, last_settings; /* of the log: of the last start; the last ones */
    bool has_start;
    int64_t recovery_ns;
};

int64_t service_real_ns(void); /* CLOCK_MONOTONIC */
/* When the engine's clock shows this, by the real one; NEVER_NS stays. */
int64_t service_real_of(const struct service *service, int64_t at_ns);

/* service_batch.c */
MUST_USE err batch_add(struct batch *batch, const struct pending *item, const void *note, size_t note_bytes);
void batch_free(struct batch *batch);
/* Of ports and timers: no room means ERR_NOMEM, and the port is asked again. */
void service_gather(struct service *service, const struct event *event);
void service_write(struct service *service); /* hands a batch over when the log is idle */
MUST_USE err service_write_stepped(struct service *service,
                                   struct batch *events); /* what was stepped already, elsewhere */
void service_written(struct service *service);            /* when the log has answered: steps, answers */
void service_step_event(struct service *service, const struct event *event, struct service_outcome *out);

/* service_ports.c */
MUST_USE err live_ports_open(struct service *service, struct diag *diag);
void live_ports_close(struct service *service);
void live_ports_perform(struct service *service, const struct effect *effect);
void live_ports_deliver(struct service *service, int64_t now_ns); /* outcomes that are due become events */
int64_t live_ports_next_ns(struct service *service);              /* of the engine's clock */
void live_ports_occupy(struct service *service, uint32_t worker, int64_t until_ns);
void live_ports_schedule(struct service *service, int64_t at_ns, uint32_t kind, uint32_t slot,
                         uint32_t argument);
struct live_task *live_ports_task(struct service *service, const struct effect *effect);

/* service_chain.c */
MUST_USE err chain_port_open(struct service *service, struct diag *diag);
void chain_port_close(struct service *service);
void chain_port_submit(struct service *service, const struct effect *effect);
void chain_port_answer(struct service *service, const struct calendar_entry *entry);
uint64_t chain_port_slot(const struct service *service, int64_t at_ns);

/* service.c */
MUST_USE err service_open_book(struct service *service);

/* service_wall.c */
MUST_USE err wall_open(struct service *service, struct diag *diag);

/* service_recover.c */
MUST_USE err service_recover(struct service *service, struct diag *diag);
void service_flush(struct effects *effects);
void service_listen(struct service *service, const struct event *event); /* before it is stepped */

/* service_snapshot.c */
void snapshot_sweep(const struct service *service); /* removes what a crash left of one */
void snapshot_begin(struct service *service);       /* between two steps, in a child */
void snapshot_hear(struct service *service);        /* when the child has ended */
MUST_USE err snapshot_load(struct service *service, struct journal_chain *chain,
                           bool *is_sealed);      /* ERR_STALE: none can be used */
bool child_has_spoken(const struct child *child); /* or has ended */
MUST_USE err child_start(struct service *service, struct child *child,
                         void (*work)(struct service *, int out));
void child_kill(struct service *service, struct child *child); /* and its end */
void child_end(struct service *service, struct child *child);

/* service_jobs.c */
void jobs_hear_check(struct service *service);
void jobs_turn(struct service *service);    /* a slice of a rebuild */
void jobs_give_up(struct service *service); /* the service stops */
void jobs_close(struct service *service);

/* service_faults.c: no-ops while nothing is armed */
void faults_turn(struct service *service, int64_t now_ns);
int64_t faults_wake_ns(const struct service *service);
bool faults_hear_effect(struct service *service,
                        const struct effect *effect); /* false: the request is lost */
bool faults_hear_answer(struct service *service, const struct calendar_entry *entry, enum chaos_target link);
int64_t faults_of_proof(struct service *service, const struct effect *effect, int64_t duration_ns);
void faults_of_transaction(struct service *service, const struct effect *effect,
                           struct occasion_transaction *tx);
void faults_of_submission(struct service *service, struct event *event);
/* What a write of so many bytes and its sync meet: the words of the system's error, NULL when none; a delay.
 */
const char *faults_of_disk(struct service *service, uint64_t bytes, int64_t *delay_ns);
bool faults_crash_here(struct service *service); /* before this event is stepped */

/* service_say.c */
void say_effect(struct service *service, const struct effect *effect);
void say_disk(struct service *service, const char *why); /* NULL: it is well again */
void say(struct service *service, enum log_level level, const char *event_type, const char *msg,
         const struct log_field *more);
