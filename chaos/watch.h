/* chaos/watch.h: the invariants, judged after every event, from outside.
 *
 * The watch sees what any driver sees: each event before it is stepped, the
 * effects as they leave, the engine's answer, and the facts that ports report.
 * From these it keeps a picture of its own; it never asks the engine for what
 * it judges. Where a rule says that the engine's own numbers must be right
 * (S21, S18), they are compared with the picture, never fed into it. Each rule
 * is O(1) or O(parents) an event; deadlines are in a heap, and those that
 * faults may hold up count from the end of the last one.
 *
 * Rules are asked for by number: chaos.md 5, as settled by semantics.md.
 * Memory: ours, watch_free. Threads: one driver. Errors: ERR_NOMEM. */
#pragma once
#include "chaos/faults.h"
#include "engine/engine.h"

/* id, severity (critical gates always; high and medium outside of fault windows), title,
 * is it exercised yet (NO: it needs HTTP, alerts or an operator) */
#define INVARIANTS(X)                                                                                        \
    X(S01, CRITICAL, "no orphan", YES)                                                                       \
    X(S02, CRITICAL, "proofs in order", YES)                                                                 \
    X(S03, CRITICAL, "rolled back once", YES)                                                                \
    X(S04, CRITICAL, "stake is conserved", YES)                                                              \
    X(S05, CRITICAL, "no cycle", YES)                                                                        \
    X(S06, CRITICAL, "final is final", YES)                                                                  \
    X(S07, CRITICAL, "leaves first", YES)                                                                    \
    X(S08, CRITICAL, "depth within its limit", YES)                                                          \
    X(S09, CRITICAL, "bonds are sufficient", YES)                                                            \
    X(S10, CRITICAL, "slashes are exact", YES)                                                               \
    X(S11, CRITICAL, "legal transitions only", YES)                                                          \
    X(S12, CRITICAL, "no false confirmation", YES)                                                           \
    X(S13, CRITICAL, "effects at most once", YES)                                                            \
    X(S14, CRITICAL, "rollbacks do not overlap", YES)                                                        \
    X(S15, CRITICAL, "claims leave time", YES)                                                               \
    X(S16, CRITICAL, "agents are isolated", YES)                                                             \
    X(S17, CRITICAL, "off is off", YES)                                                                      \
    X(S18, CRITICAL, "what was acknowledged survives", YES)                                                  \
    X(S19, CRITICAL, "recovery is idempotent", YES)                                                          \
    X(S20, CRITICAL, "corruption is detected", YES)                                                          \
    X(S21, CRITICAL, "metrics tell the truth", YES)                                                          \
    X(S22, CRITICAL, "queues are bounded", YES)                                                              \
    X(S23, CRITICAL, "admin actions are authorised", YES)                                                    \
    X(S24, CRITICAL, "no task is lost", YES)                                                                 \
    X(S25, CRITICAL, "wall time decides nothing", YES)                                                       \
    X(L01, HIGH, "speculation is bounded in time", YES)                                                      \
    X(L02, HIGH, "there is progress", YES)                                                                   \
    X(L03, MEDIUM, "ready proofs leave", YES)                                                                \
    X(L04, HIGH, "everything ends after the heal", YES)                                                      \
    X(L05, HIGH, "alerts fire", NO)                                                                          \
    X(L06, HIGH, "drains end", YES)                                                                          \
    X(L07, HIGH, "no metastable failure", YES)                                                               \
    X(L08, HIGH, "no rescue by timeout", YES)                                                                \
    X(P01, HIGH, "memory is bounded", YES)                                                                   \
    X(P02, HIGH, "rollbacks are quick", YES)                                                                 \
    X(P03, HIGH, "faults cost nothing outside of their windows", YES)                                        \
    X(D01, CRITICAL, "same seed, same run", YES)                                                             \
    X(X01, CRITICAL, "a naive engine agrees", YES)
#define NAME_(id, severity, title, exercised) INVARIANT_##id,
enum invariant { INVARIANTS(NAME_) INVARIANT_COUNT };
#undef NAME_
enum invariant_severity { SEVERITY_OF_MEDIUM, SEVERITY_OF_HIGH, SEVERITY_OF_CRITICAL };

struct invariant_row {
    const char *id, *title;
    enum invariant_severity severity;
    bool is_exercised;
    const char
        *statement; /* what is judged, in a sentence or two; for `agenc chaos list` and docs/CHAOS.md */
};
extern const struct invariant_row INVARIANT_TABLE[INVARIANT_COUNT];

enum { VIOLATION_CAUSES = 16, VIOLATION_TEXT_BYTES = 200 };

struct violation {
    enum invariant invariant;
    int64_t now_ns;
    uint64_t event;                    /* number of the event that broke it, from 1 */
    enum event_kind kind;              /* of that event */
    enum task_status from, to;         /* of the task's last move; part of the fingerprint */
    enum rollback_reason reason;       /* of that move, REASON_COUNT: none */
    uint64_t task, agent_id;           /* 0: none */
    uint64_t causes[VIOLATION_CAUSES]; /* numbers of earlier events that led here, latest first; 0 ends */
    uint32_t faults_armed;
    char text[VIOLATION_TEXT_BYTES]; /* "bonded 5000000 but released 4000000 + slashed 900000" */
};

/* Same kind of failure, wherever it happened: invariant, transition, reason, kind of event. Shrinking must
 * not slip from one failure to another. */
uint64_t violation_fingerprint(const struct violation *violation);

struct watch;

struct watch_options {
    const struct settings *settings; /* at the start; EVENT_SETTINGS brings others */
    struct engine_limits limits;
    uint64_t tasks_most;  /* ids are dense below this: an array; others go into a table */
    uint32_t tasks_room;  /* how many there can be at once; 0: as many as the table holds */
    bool is_live_checked; /* liveness too; false for schedules that may destroy it */
    int64_t settle_ns;    /* within which everything must end after the heal: L04 */
};

MUST_USE err watch_open(struct watch **out, const struct watch_options *options);
void watch_free(struct watch *watch); /* NULL is fine */

/* Around each step. `engine` is for comparisons alone, see above; NULL: none are made. */
void watch_event(struct watch *watch, const struct event *event);
void watch_effect(struct watch *watch, const struct effect *effect);
void watch_answer(struct watch *watch, err answer, const struct engine *engine);

/* What ports report. */
void watch_fault(struct watch *watch, int64_t now_ns, const struct fault *fault, bool begins);
void watch_healed(struct watch *watch, int64_t now_ns); /* no fault any more: liveness is due from here */
/* The chain took a transaction of this task in, on the fork that its sender follows. */
void watch_landed(struct watch *watch, int64_t now_ns, uint64_t task, uint32_t attempt, uint64_t slot);
void watch_unlanded(struct watch *watch, int64_t now_ns, uint64_t task); /* a reorg took it away */
/* A submission was answered with yes: from now on it must survive. */
void watch_acknowledged(struct watch *watch, uint64_t task);
/* The driver could step nothing in this time: what the engine does of itself may be as late. */
void watch_stalled(struct watch *watch, int64_t from_ns, int64_t until_ns);
void watch_crashed(struct watch *watch, int64_t now_ns);
/* After recovery, before the next event: S18. `again`: the same log recovered once more, for S19; NULL. */
void watch_recovered(struct watch *watch, int64_t now_ns, const struct engine *engine,
                     const struct engine *again);
/* The log could not be read, and what was in it is gone; had a fault spoiled bytes that were synced? */
void watch_lost(struct watch *watch, int64_t now_ns, bool was_spoiled);
/* Bytes were damaged; was it noticed before they were used? */
void watch_damaged(struct watch *watch, int64_t now_ns, bool was_noticed);
void watch_scraped(struct watch *watch, int64_t now_ns, const struct engine *engine); /* S21 */
/* A request at the admin door that was let in, and whether it had the right token. */
void watch_admitted_request(struct watch *watch, int64_t now_ns, bool was_authorised, bool was_audited);
void watch_wall(struct watch *watch, int64_t now_ns, int64_t event_ns); /* what the engine was told: S25 */
void watch_finish(struct watch *watch, int64_t now_ns);                 /* the run is over: L04, S24 */

enum { WATCH_VIOLATIONS_KEPT = 32 };
/* The first few of each rule: one that stays broken is not counted again and again. */
uint64_t watch_violation_count(const struct watch *watch);
/* The first WATCH_VIOLATIONS_KEPT of them; NULL beyond. */
const struct violation *watch_violation(const struct watch *watch, uint32_t index);
uint64_t watch_checks(const struct watch *watch, enum invariant invariant); /* times it was judged */
uint64_t watch_events(const struct watch *watch);                           /* seen; must be all */
/* How near it came, ppm of its limit that was left at the worst moment; 1,000,000: never near, or no limit.
 */
uint32_t watch_margin_ppm(const struct watch *watch, enum invariant invariant);
