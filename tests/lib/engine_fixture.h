/* tests/lib/engine_fixture.h: an engine with fake ports, stepped by hand.
 *
 * Holds no logic of its own: functions send events and keep the effects of the
 * last step. Task ids are small numbers; agents too. */
#pragma once
#include "base/config.h"
#include "engine/engine.h"

enum { FIXTURE_EFFECTS = 4096 };

struct fixture {
    struct settings settings; /* change before fixture_start */
    struct arena arena;
    struct engine *engine;
    int64_t now_ns;
    struct effect seen[FIXTURE_EFFECTS]; /* of the last step */
    uint32_t seen_count;
    struct effect buffer[3]; /* small on purpose: flushing in the middle must not matter */
    struct effects effects;
    uint32_t proof_attempt[256], tx_attempt[256];
    uint64_t undone[256]; /* ids in the order of their turns in rollbacks, of all steps */
    uint32_t undone_count;
};

struct settings settings_for_tests(void); /* compiled values, speculation on, 100 % rollout */
struct fixture *fixture_new(void);        /* compiled settings, speculation on, 100 % rollout; not started */
void fixture_start(struct fixture *fixture, uint32_t tasks);
void fixture_free(struct fixture *fixture);

err fixture_send(struct fixture *fixture, struct event *event);
void fixture_deposit(struct fixture *fixture, uint64_t agent, uint64_t lamports);
/* parents: ids, 0 ends; all edges DATA; snapshot 1 MiB; no claim; the bond by the formula. */
struct event fixture_submission(uint64_t id, uint64_t agent, const uint64_t *parents);
/* The same, sent; agent 1. */
err fixture_submit(struct fixture *fixture, uint64_t id, const uint64_t *parents);
err fixture_submit_for(struct fixture *fixture, uint64_t id, uint64_t agent, const uint64_t *parents);
err fixture_submit_edges(struct fixture *fixture, uint64_t id, const uint64_t *parents,
                         const uint8_t *edge_kinds);
#define PARENTS(...)                                                                                         \
    (const uint64_t[])                                                                                       \
    {                                                                                                        \
        __VA_ARGS__ __VA_OPT__(, ) 0                                                                         \
    }

err fixture_executed(struct fixture *fixture, uint64_t id, int64_t compute_ms);
void fixture_run(struct fixture *fixture, uint64_t id, const uint64_t *parents); /* submits, executes */
void fixture_chain(struct fixture *fixture, uint64_t length);                    /* runs 1 <- 2 <- ... */
err fixture_outcome(struct fixture *fixture, enum event_kind kind, uint64_t id); /* any that needs no more */
err fixture_rejected(struct fixture *fixture, uint64_t id, enum tx_rejection rejection);
err fixture_proof_failed(struct fixture *fixture, uint64_t id, enum proof_error error);
err fixture_worker_free(struct fixture *fixture, uint32_t worker);
err fixture_tick(struct fixture *fixture); /* moves to the next deadline first */
err fixture_settings(struct fixture *fixture);
/* Executes, proves, sends; stops before the confirmation. */
void fixture_drive_to_confirming(struct fixture *fixture, uint64_t id);
void fixture_confirm(struct fixture *fixture, uint64_t id); /* all the way from pending or executing */

/* Its status is TASK_STATUS_COUNT when the id is unknown. */
struct task_view fixture_view(struct fixture *fixture, uint64_t id);
enum task_status fixture_status(struct fixture *fixture, uint64_t id);
enum wait_reason fixture_waits_for(struct fixture *fixture, uint64_t id);
/* The n-th effect of this kind in the last step, NULL when there is none. */
const struct effect *fixture_saw(struct fixture *fixture, enum effect_kind kind, uint32_t n);
uint32_t fixture_count(struct fixture *fixture, enum effect_kind kind);
/* Per agent and for all: nothing lost, nothing made (semantics.md 18). */
bool fixture_books_balance(struct fixture *fixture);
/* Answers aborts and restores until no plan runs. */
void fixture_finish_rollbacks(struct fixture *fixture);
