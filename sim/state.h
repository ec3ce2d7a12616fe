/* sim/state.h: a run from inside. Private to sim.c, ports.c and entries.c.
 *
 * Entities of the calendar's order: tasks by id, then proof workers, then the
 * run itself. Each task counts its own entries, so that one task more moves no
 * other's order. */
#pragma once
#include "base/assert.h"
#include "sim/calendar.h"
#include "sim/executor.h"
#include "sim/sim.h"
#include "sim/trajectory.h"

enum entry_kind {
    ENTRY_JOB,      /* subject: job */
    ENTRY_RESUBMIT, /* what was undone, as far as its parents allow */
    ENTRY_EXECUTED, /* subject: task; generation: the execution it ends */
    ENTRY_ABORTED,
    ENTRY_RESTORED,
    ENTRY_PROOF,       /* argument: attempt */
    ENTRY_WORKER_FREE, /* subject: worker; generation: the batch it ends */
    ENTRY_TX,          /* argument: attempt, event kind and rejection */
    ENTRY_TICK,
    ENTRY_GC,
    ENTRY_SAMPLE,
    /* with hazards alone */
    ENTRY_MOMENT,   /* a fault begins, acts or ends */
    ENTRY_PATIENCE, /* what was lost is asked for again */
    ENTRY_LAND,     /* subject: task; argument: attempt */
    ENTRY_HEAL,
    ENTRY_UP,    /* the process is there again */
    ENTRY_FLUSH, /* events that could not be written are tried again */
    ENTRY_ORDER, /* an operator puts things back */
    ENTRY_SCRAPE,
    ENTRY_RENEW, /* subject: task, whose claim its agent holds on to */
};

/* Added to a kind: the answer has left its port and met its faults. */
enum { ENTRY_HAS_LEFT = 1 << 16 };

/* Beyond any task id: LIMIT_WORKLOAD_TASKS is far below. */
#define WORKER_ENTITY (UINT64_C(1) << 35)
#define RUN_ENTITY    (WORKER_ENTITY + LIMIT_PROOF_WORKERS)

enum { EFFECT_CAPACITY = 256 };

struct sim_task {
    struct task_ref ref;
    int64_t started_ns, finish_ns; /* of the execution */
    uint32_t entry_count, execution, proof_attempt;
    uint8_t worker;
    bool is_dead, awaits_retry; /* ended without being confirmed; not yet submitted once more */
};

struct hazards;

struct sim_worker {
    uint32_t batch, jobs_wanted; /* of the batch that runs: its number, jobs not cancelled */
    int64_t finish_ns, proof_ns; /* proof_ns: what each of its proofs takes */
};

struct sim {
    const struct sim_options *options;
    struct rng rng;
    struct arena arena;
    struct engine *engine;
    struct calendar *calendar;
    struct executor *executor;
    struct recorder *recorder;
    struct hazards *hazards; /* NULL: an ordinary run */
    struct trajectory trajectory;
    struct sim_task *tasks;
    struct sim_worker workers[LIMIT_PROOF_WORKERS];
    uint32_t *agent_buckets;
    struct sim_outcome *outcome;
    int64_t now_ns, tick_ns, limit_ns;
    uint64_t run_entries;
    bool has_ended; /* arrivals: the state afterwards is kept */
    uint32_t next_job;
    uint32_t *retries, retry_count; /* ids that await one; room for every task */
    struct effects effects;
    struct effect effect_items[EFFECT_CAPACITY];
    struct assert_context context;
    err failure; /* of a port, met inside a flush */
};

/* sim.c: the calendar, as a run uses it. A failure is kept in sim->failure and ends the run. */
void sim_add_entry(struct sim *sim, const struct calendar_entry *entry);
void sim_schedule_task(struct sim *sim, int64_t at_ns, enum entry_kind kind, uint64_t task,
                       uint32_t argument);
void sim_schedule_run(struct sim *sim, int64_t at_ns, enum calendar_class class, enum entry_kind kind);
void sim_schedule_job(struct sim *sim); /* the next one to arrive */
void sim_schedule_tick(
    struct sim *sim); /* the engine's next deadline, when it comes before the one that is out */

const struct workload_task *sim_planned(const struct sim *sim, uint64_t task); /* of a retry: its original */
bool sim_is_retry(const struct sim *sim, uint64_t task);

/* ports.c */
void ports_perform(struct effects *effects); /* the flush of struct effects; context: struct sim */
void ports_begin_execution(struct sim *sim, const struct executor_start *start);
void ports_occupy(struct sim *sim, uint32_t worker, int64_t until_ns);

/* entries.c */
void entries_deliver(struct sim *sim, const struct calendar_entry *entry);
void entries_deposit(struct sim *sim, uint32_t agent, uint64_t lamports);
