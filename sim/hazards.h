/* sim/hazards.h: what chaos adds to a run: faults at its ports, a log on a disk, crashes, a watch.
 *
 * A run without hazards has none of this: sim->hazards is NULL, and each hook
 * costs one comparison. Private to sim/.
 *
 * Messages: an answer that a port gives is an entry of the calendar; when its
 * time has come it leaves the port, and faults decide whether and when it
 * arrives. What was lost is asked for again after the driver's patience, by
 * EVENT_RESUME. Requests can be lost, not delayed: the engine sees round trips.
 *
 * Durability: each event is in the log, synced, before it is stepped, so that
 * no effect leaves that a recovery would not know of. Events that cannot be
 * written wait in order. A failed sync ends the process: what the disk holds is
 * only known after reading it again. */
#pragma once
#include "chaos/coverage.h"
#include "chaos/watch.h"
#include "engine/journal.h"
#include "sim/disk.h"
#include "sim/state.h"

struct hazards_options {
    const struct schedule *schedule;
    struct watch *watch;       /* NULL: nobody judges */
    struct coverage *coverage; /* NULL */
    const bool *dropped;       /* by task id; NULL: none */
    uint32_t tasks_most;       /* 0: all */
    int64_t heal_ns, until_ns; /* until_ns 0: to the end */
    struct codec_out *log;     /* the whole log, at the end; NULL */
    uint64_t fingerprint;      /* the run is over at the first violation that has it; 0: it goes on */
    void (*seen)(void *context, const struct event *event, uint64_t digest);
    void (*noted)(void *context, int64_t now_ns, const struct effect *effect);
    void *context;
};

/* What happened, for the caller. */
struct hazards_outcome {
    struct fault_counts counts[INJECTOR_COUNT];
    uint64_t crashes, crashes_in_recovery;
    int64_t healed_ns;
    bool is_lost;     /* the log is damaged beyond repair */
    char broken[160]; /* a claim of the program that did not hold, or that no time went by; empty: none */
};

struct hazard_task {
    int64_t asked_ns;
    struct occasion_transaction tx; /* of tx_name - 1, when not 0 */
    uint32_t tx_name, landed_name;  /* attempt + 1 */
    bool has_invalid_proof;         /* the last one: the chain will turn it down */
    uint32_t messages, batch;
    uint32_t void_name; /* attempt + 1 that a reorg took away: it does not come back */
    int64_t tx_sent_ns, landed_ns;
};

struct hazard_worker {
    uint32_t killed_batch, messages;
    int64_t asked_ns;
};

struct landing {
    uint32_t task, attempt;
    int64_t at_ns, final_ns;
};

struct held_event {
    struct event event;
    uint64_t subject, argument;
};

#define HAZARD_SCRAPE_NS (15 * NS_PER_S)

enum { LANDINGS_KEPT = 64, HELD_EVENTS_MOST = 1 << 16 };

struct hazards {
    struct hazards_options options;
    struct hazards_outcome outcome;
    struct faults *faults;
    struct hazard_task *tasks;
    struct hazard_worker workers[LIMIT_PROOF_WORKERS];
    struct settings settings; /* as flips and operators have made them */
    int64_t down_until_ns[CHAOS_TARGET_COUNT], crashed_ns[CHAOS_TARGET_COUNT];
    int64_t stalled_ns;             /* since then nothing was stepped that should have been; NEVER_NS */
    int64_t busy_until_ns;          /* the disk is slow: until then nothing is answered */
    int64_t moment_ns, patience_ns; /* when the entries come that are out; NEVER_NS: none */
    uint64_t entries;
    bool is_batch_lost, is_healed, is_over;
    int64_t instant_ns; /* the last one, and what has happened in it */
    uint32_t in_instant;
    uint64_t judged; /* violations that have been looked at */
    /* the chain */
    struct landing landings[LANDINGS_KEPT];
    uint32_t landing_count;
    uint64_t crowd_root; /* app.huge_fanout's one task; 0: none yet */
    uint64_t cycle_end;  /* app.cycle_submit: below this one, once it is there, its parent is sent again */
    /* the process */
    bool is_durable, is_down, is_doomed; /* is_doomed: it ends at the next event */
    int64_t doom_ns;                     /* and is there again so much later */
    uint64_t doom_draw;                  /* where in it: random bits of the fault's own */
    uint32_t recovery_cut;               /* records after which the next recovery crashes; 0: it does not */
    struct disk disk;
    struct journal_chain chain;
    unsigned char written[JOURNAL_RECORD_BYTES_MOST]; /* the record that was handed to the disk last */
    size_t written_bytes;
    uint64_t stepped, allocations, requests, scrapes;
    struct held_event *held;
    uint32_t held_count, held_done, held_capacity; /* held_done: stepped, not yet taken out */
};

/* hazards.c */
MUST_USE err hazards_open(struct sim *sim, const struct hazards_options *options);
void hazards_close(struct sim *sim); /* fine without hazards */
void hazards_set_out(struct sim *sim);
void hazards_schedule_moment(struct sim *sim);
/* Its port has done it: does the answer arrive now? False: never, or later by an entry of its own. */
bool hazards_receive(struct sim *sim, enum chaos_target link, const struct calendar_entry *entry);
bool hazards_fails_execution(const struct sim *sim, uint32_t task);
void hazards_renew(struct sim *sim, uint32_t task);
void hazards_lose(struct sim *sim);
void hazards_schedule(struct sim *sim, int64_t at_ns, enum calendar_class class, enum entry_kind kind,
                      uint32_t subject, uint32_t argument);
bool hazards_may_allocate(struct sim *sim);
bool hazards_may_tick(const struct sim *sim);

/* Around a step: whoever watches. */
int64_t hazards_wall_ns(struct sim *sim);
void hazards_before_step(struct sim *sim, const struct event *event);
void hazards_after_step(struct sim *sim, const struct event *event, err answer);
/* An effect leaves: the watch sees it. False: it is a request that never reaches its port. */
bool hazards_hear(struct sim *sim, const struct effect *effect);
bool hazards_are_over(const struct sim *sim); /* healed, up, nothing held */
void hazards_finish(struct sim *sim, struct hazards_outcome *out);

/* Where a broken claim ends: in hazards_guard, whose caller then closes the run. */
void hazards_guard(struct sim *sim, void (*go)(struct sim *sim));
bool hazards_is_stuck(struct sim *sim); /* more and more happens, and no time goes by */

/* hazard_ports.c: proofs, transactions, submissions */
int64_t hazards_proof(struct sim *sim, const struct effect *effect, int64_t duration_ns);
bool hazards_kills_proof(const struct sim *sim, uint32_t task);
void hazards_transaction(struct sim *sim, const struct effect *effect, struct occasion_transaction *tx);
bool hazards_is_taken_away(const struct sim *sim, uint64_t task);
bool hazards_is_asked_again(struct sim *sim, const struct effect *effect, struct occasion_transaction *tx);
bool hazards_is_void(const struct sim *sim, uint32_t task, uint32_t attempt);
void hazards_land(struct sim *sim, const struct calendar_entry *entry);
void hazards_reorg(struct sim *sim, const struct occasion_deed *deed);
int64_t hazards_arrival(struct sim *sim, uint32_t job, int64_t intended_ns);
bool hazards_submission(struct sim *sim, struct event *event); /* false: the task does not arrive */
void hazards_submitted(struct sim *sim, const struct event *event);

/* hazard_log.c: the log, crashes, recovery */
MUST_USE err hazards_begin_log(struct sim *sim);
err hazards_step(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument);
/* A crash comes while something is being done. */
void hazards_doom(struct sim *sim, const struct occasion_deed *deed);
void hazards_come_up(struct sim *sim);
void hazards_flush(struct sim *sim);

/* hazard_deeds.c: what faults do of themselves */
void hazards_moment(struct sim *sim);
void hazards_heal(struct sim *sim);
void hazards_restore_order(struct sim *sim);
void hazards_ask_again(struct sim *sim);
void hazards_scrape(struct sim *sim);

/* entries.c: the step itself, watched */
err sim_step(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument);
