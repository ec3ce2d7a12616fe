/* engine/engine.h: the speculation engine: a function from (state, event) to (state, effects).
 *
 * Memory:  all of it from the caller's arena at engine_init; nothing afterwards.
 * Time:    event.now_ns, from 0, never decreasing. Timers are the driver's to wake: after each step ask
 *          engine_deadline_ns and send EVENT_TICK then (or later).
 * Threads: none. One engine belongs to one driver.
 * Errors of engine_step (nothing but the time and the statistics changes):
 *          ERR_STALE  late, duplicate or unknown reference;
 *          ERR_RANGE  a submission that can never be right (see enum refusal; an edge of no kind and a
 *                     rollout bucket that is none are refused without a reason), a deposit that
 *                     makes more than 64 bits of all deposits, compute of less than no time; and not
 *                     counted: a time before the last event's or beyond EVENT_LAST_NS, no kind of event;
 *          ERR_LIMIT  a table is full;
 *          ERR_CONFLICT what is asked cannot be done now (an enable during the cooldown, a second
 *                     withdrawal, a drain while one runs).
 * Source:  engine.md 1 and 2 as settled by semantics.md B. */
#pragma once
#include "base/arena.h"
#include "engine/event.h"
#include "engine/stats.h"

struct engine;

struct engine_limits {
    uint32_t tasks, edges, agents;
};

/* What the settings ask for: table_capacity tasks (default 4 x max_pending_operations), two edges a task. */
struct engine_limits engine_limits_for(const struct settings *settings, uint32_t agents);

struct engine_limits engine_limits(const struct engine *engine);     /* those of engine_init */
const struct settings *engine_settings(const struct engine *engine); /* in force, orders included */

size_t engine_memory_bytes(const struct engine_limits *limits);
/* ERR_NOMEM arena too small; ERR_RANGE no tasks, no agents, or more tasks than a reference can name. */
MUST_USE err engine_init(struct engine **out, struct arena *arena, const struct engine_limits *limits,
                         const struct settings *settings);

MUST_USE err engine_step(struct engine *engine, const struct event *event, struct effects *effects);

/* Earliest moment at which EVENT_TICK has something to do, NEVER_NS if none. */
int64_t engine_deadline_ns(const struct engine *engine);

const struct engine_stats *engine_statistics(const struct engine *engine);

/* What one of each is accounted at, whatever this program holds for it: the tuning guide's record of an
 * operation that is not terminal, product.md 6's cached proof. */
enum { ENGINE_OPERATION_BYTES = 1024, ENGINE_PROOF_BYTES = 4096 };

/* Accounted bytes by component (engine.md 2.10); total is their sum. */
struct engine_memory {
    uint64_t total, state_snapshots, pending_operations, proof_cache, other;
};
struct engine_memory engine_memory_usage(const struct engine *engine);

/* Looks a task up by its id; false when the table does not hold it (any more). */
bool engine_find(const struct engine *engine, uint64_t id, struct task_ref *out);

struct task_view {
    uint64_t id, bond_lamports, snapshot_bytes;
    uint32_t agent;
    enum task_status status;
    enum wait_reason waiting_for;
    uint32_t depth_now, depth_at_admission, incarnation; /* incarnation: 1 more after each reorg */
    bool was_speculative, is_in_rollback, is_uncovered;
    uint64_t output_digest;
    enum commitment_state commitment;
    enum proof_state proof;
    enum branch_state branch;
    enum snapshot_state snapshot;
    enum claim_state claim;
    int64_t since_ns; /* submitted; once admitted, admitted or reopened */
};
/* ERR_STALE when the reference is no longer good. */
MUST_USE err engine_task(const struct engine *engine, struct task_ref ref, struct task_view *out);

struct agent_view {
    uint64_t id, deposited, received, free, locked, slashed, withdrawn; /* lamports */
    uint32_t tips, snapshots, locks, uncovered;
    enum bond_state bond;
    int64_t cooldown_until_ns, payout_ns; /* payout_ns: of the withdrawal under way, NEVER_NS without one */
};
bool engine_find_agent(const struct engine *engine, uint64_t id, uint32_t *index_out);
uint32_t engine_agent_count(const struct engine *engine);
struct agent_view engine_agent(const struct engine *engine, uint32_t index); /* index < count */

struct breaker_view {
    enum breaker_state state;
    enum breaker_trigger trigger; /* of the last opening */
    int64_t opened_ns, retry_ns;  /* NEVER_NS: closed; recovers when its condition ends */
    uint64_t value, threshold;
    uint64_t consecutive_failures, window_rolled_back, window_admitted;
    uint64_t probes_admitted, probes_confirmed;
};
struct breaker_view engine_breaker(const struct engine *engine);
