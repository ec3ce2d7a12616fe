/* base/config_keys.c: every configuration key, a row each. The helpers are in base/config_value.c. */
#include "base/config_table.h"
#include "base/limits.h"

static const char *const MODES[] = {"conservative", "balanced", "aggressive", "custom", NULL};
static const char *const POLICIES[] = {"cascade", "selective", "checkpoint", NULL};
static const char *const GENERATORS[] = {"groth16", "plonk", "stark", "mock", NULL};
static const char *const GATES[] = {"confirmed", "finalized", NULL};
static const char *const SCOPES[] = {"agent", "engine", NULL};
static const char *const ROLLOUT_KEYS[] = {"agent", "task", NULL};
static const char *const FORMULAS[] = {"linear", "exponential", NULL};

/* clang-format off */
#define INTO(field)        .offset = offsetof(struct settings, field)
#define HOT                .when = CONFIG_HOT
#define AT_START           .when = CONFIG_AT_START
#define ADVISED(low, high) .advised_min = (low), .advised_max = (high)

#define NUMBER(kind, low, high, value, unit_name) \
    .type = (kind), .min = (low), .max = (high), .fallback = (value), .unit = (unit_name)
#define BOOL(value)                  NUMBER(CONFIG_BOOL, 0, 1, value, "")
#define COUNT(low, high, value, of)  NUMBER(CONFIG_INTEGER, low, high, value, of)
#define MS(low, high, value)         NUMBER(CONFIG_MILLISECONDS, low, high, value, "ms")
#define SHARE(low, high, value)      NUMBER(CONFIG_SHARE, low, high, value, "")
#define PERCENT(low, high, value)    NUMBER(CONFIG_PERCENT, low, high, value, "%")
#define MB(low, high, value)         NUMBER(CONFIG_MEGABYTES, low, high, value, "MB")
#define LAMPORTS(low, high, value)   NUMBER(CONFIG_LAMPORTS, low, high, value, "lamports")
#define ENUM(names, value) \
    .choices = (names), NUMBER(CONFIG_ENUM, 0, (int64_t)(sizeof (names) / sizeof *(names)) - 2, value, "")
#define TEXT(field, value) \
    .type = CONFIG_TEXT, INTO(field), .text_bytes = sizeof ((struct settings *)0)->field, .text_fallback = (value)
#define LIST(field) \
    .type = CONFIG_LIST, INTO(field), .text_bytes = sizeof ((struct settings *)0)->field, .text_fallback = ""
#define FACTOR(reason, index, value, text) \
    {"speculation.stake.reason_factors." reason, INTO(reason_factor_bps[index]), SHARE(0, 10000, value), HOT, .help = text}

#define SOL_1000 INT64_C(1000000000000) /* lamports; the largest deposit that the chain takes */

const struct config_key CONFIG_KEYS[] = {
    {"speculation.enabled", INTO(enabled), BOOL(false), HOT,
     .help = "Admit tasks before their parents are confirmed. Off: no new admissions, work under way goes on."},
    {"speculation.mode", INTO(mode), ENUM(MODES, MODE_CONSERVATIVE), HOT,
     .help = "Preset of max_depth and max_parallel_branches: 3/2, 5/4, 10/8; custom leaves both to their own keys. A key that is set anywhere beats the preset."},
    {"speculation.max_depth", INTO(max_depth), COUNT(1, LIMIT_DEPTH, 5, "levels"), HOT, ADVISED(3, 8),
     .help = "Unconfirmed ancestors that a task may have on its longest path. Deeper waits less and loses more when a guess was wrong."},
    {"speculation.max_parallel_branches", INTO(max_parallel_branches), COUNT(1, 16, 4, "branches"), HOT, ADVISED(2, 8),
     .help = "Tips of the speculative forest, per agent or per engine (branch_scope). Each holds snapshots in memory."},
    {"speculation.confirmation_timeout_ms", INTO(confirmation_timeout_ns), MS(5000, 300000, 30000), HOT,
     .help = "How long a submitted task may wait for its confirmation, and a ready proof for its ancestors, before it fails."},
    {"speculation.rollback_policy", INTO(rollback_policy), ENUM(POLICIES, ROLLBACK_CASCADE), HOT,
     .help = "What a failure takes with it: every descendant, those that used its output, or everything back to a checkpoint. Applies from the next rollback."},
    {"speculation.claim_buffer_ms", INTO(claim_buffer_ns), MS(10000, 600000, 60000), HOT,
     .help = "A claim must live longer than this for its task to be speculated."},
    {"speculation.checkpoint_interval", INTO(checkpoint_interval), COUNT(1, LIMIT_DEPTH, 2, "levels"), HOT,
     .help = "Depth between two checkpoints under the checkpoint policy."},
    {"speculation.gate_level", INTO(gate_level), ENUM(GATES, GATE_CONFIRMED), AT_START,
     .help = "When an ancestor counts as confirmed. finalized cannot be undone by a fork and takes about 13 s longer."},
    {"speculation.branch_scope", INTO(branch_scope), ENUM(SCOPES, SCOPE_AGENT), AT_START,
     .help = "Whether max_parallel_branches and max_state_snapshots count per agent or for the whole engine."},
    {"speculation.rollout_key", INTO(rollout_key), ENUM(ROLLOUT_KEYS, ROLLOUT_BY_AGENT), AT_START,
     .help = "What the rollout percentage selects by."},
    {"speculation.drain_timeout_ms", INTO(drain_timeout_ns), MS(1000, 3600000, 120000), HOT,
     .help = "An emergency drain rolls back what is left after this time."},
    {"speculation.state_compression", INTO(state_compression), BOOL(false), AT_START,
     .help = "Accepted for the files that set it; snapshots are accounted at their full size either way."},
    {"speculation.admission.require_parent_output", INTO(require_parent_output), BOOL(true), AT_START,
     .help = "A task waits until its parents are executed. Off: a parent that has started is enough."},

    {"speculation.stake.min_stake", INTO(min_stake_lamports), LAMPORTS(1, SOL_1000, 1000000), HOT,
     .help = "Bond of a speculative task before its depth is added."},
    {"speculation.stake.max_stake", INTO(max_stake_lamports), LAMPORTS(1, SOL_1000, 1000000000), HOT,
     .help = "Bonds that one agent may have locked at a time."},
    {"speculation.stake.max_locks", INTO(max_locks), COUNT(1, 1000000, 100, "bonds"), HOT,
     .help = "Bonds that one agent may have locked at a time, whatever they are worth."},
    {"speculation.stake.stake_per_depth", INTO(stake_per_depth_lamports), LAMPORTS(0, SOL_1000, 100000), HOT,
     .help = "Added to the bond for each level of depth."},
    {"speculation.stake.slash_percentage", INTO(slash_bps), SHARE(100, 5000, 1000), HOT,
     .help = "Share of the root cause's bond that is slashed, times the factor of the reason."},
    {"speculation.stake.cooldown_period_ms", INTO(cooldown_ns), MS(0, 3600000, 60000), HOT,
     .help = "After a slash the agent may not speculate for this long."},
    {"speculation.stake.formula", INTO(stake_formula), ENUM(FORMULAS, STAKE_LINEAR), HOT,
     .help = "Bond by depth: min_stake + depth * stake_per_depth, or base_bond * 2^depth as on chain."},
    {"speculation.stake.base_bond", INTO(base_bond_lamports), LAMPORTS(1, SOL_1000, 100000), HOT,
     .help = "Bond at depth 0 of the exponential formula."},
    {"speculation.stake.bond_roots", INTO(bond_roots), BOOL(false), AT_START,
     .help = "Bond tasks that have no unconfirmed parent, too, as a task of depth 0."},
    {"speculation.stake.treasury_share", INTO(treasury_bps), SHARE(0, 10000, 5000), HOT,
     .help = "Share of a slash that goes to the treasury; the rest goes to the victims."},
    FACTOR("proof_failed", 0, 10000, "Part of the slash for a proof that is wrong."),
    FACTOR("invalid_state", 1, 10000, "Part of the slash for work on a state that was not so."),
    FACTOR("proof_timeout", 2, 5000, "Part of the slash for a proof that took too long."),
    FACTOR("claim_expired", 3, 5000, "Part of the slash for a claim that ran out."),
    FACTOR("commitment_expired", 4, 5000, "Part of the slash for a commitment that ran out."),
    FACTOR("confirmation_timeout", 5, 0, "Part of the slash when the chain did not confirm in time."),
    FACTOR("ancestor_failed", 6, 0, "Part of the slash for a task whose ancestor failed."),
    FACTOR("chain_reorg", 7, 0, "Part of the slash when a fork undid the task."),
    FACTOR("stake_insufficient", 8, 0, "Part of the slash when the bond could not be locked again."),
    FACTOR("manual", 9, 0, "Part of the slash for a rollback that an operator ordered."),
    FACTOR("emergency_shutdown", 10, 0, "Part of the slash for an emergency shutdown."),

    {"speculation.proof.generator", INTO(generator), ENUM(GENERATORS, PROOF_GROTH16), AT_START,
     .help = "Proof system. mock proves nothing and is refused in production."},
    {"speculation.proof.worker_threads", INTO(worker_threads), COUNT(1, LIMIT_PROOF_WORKERS, 4, "workers"), HOT,
     .help = "Proofs, or batches of them, that are generated at a time. Half of the cores is a good start."},
    {"speculation.proof.queue_size", INTO(queue_size), COUNT(100, 10000, 1000, "proofs"), HOT,
     .help = "Proofs that may wait for a worker; a full queue stops new speculation. Made smaller, it keeps what it holds."},
    {"speculation.proof.timeout_ms", INTO(proof_timeout_ns), MS(10000, 600000, 60000), HOT,
     .help = "A proof that takes longer counts as failed and is tried again."},
    {"speculation.proof.batch_size", INTO(batch_size), COUNT(1, LIMIT_BATCH, 10, "proofs"), HOT,
     .help = "Proofs that one worker takes at a time. Large batches share the set-up, small ones answer sooner."},
    {"speculation.proof.max_retries", INTO(proof_max_retries), COUNT(0, 10, 3, "attempts"), HOT,
     .help = "Attempts after a failure that may pass."},
    {"speculation.proof.retry_delay_ms", INTO(retry_delay_ns), MS(100, 60000, 1000), HOT,
     .help = "Longest wait before the first retry; the wait is drawn below it."},
    {"speculation.proof.retry_multiplier", INTO(retry_multiplier_bps), SHARE(10000, 100000, 20000), HOT,
     .help = "Each further wait is this many times as long."},
    {"speculation.proof.retry_cap_ms", INTO(retry_cap_ns), MS(100, 600000, 30000), HOT,
     .help = "No wait is longer than this."},
    {"speculation.proof.batch_timeout_ms", INTO(batch_timeout_ns), MS(0, 60000, 0), HOT,
     .help = "How long a free worker waits for a batch to fill; 0: it takes what is there."},
    {"speculation.proof.cache_size_mb", INTO(proof_cache_bytes), MB(0, 65536, 1024), HOT,
     .help = "Memory for finished proofs."},
    {"speculation.proof.max_concurrent_submissions", INTO(max_concurrent_submissions), COUNT(1, 10000, 64, "transactions"), HOT,
     .help = "Proofs handed to the RPC node and not yet accepted or refused. Waiting for confirmation does not count."},

    {"speculation.limits.max_memory_mb", INTO(max_memory_bytes), MB(512, 65536, 4096), AT_START,
     .help = "Memory for snapshots, operations and proofs. Above 80 % it is collected, above 95 % the breaker opens."},
    {"speculation.limits.max_pending_operations", INTO(max_pending_operations), COUNT(100, 1000000, 10000, "tasks"), HOT,
     .help = "Speculative tasks under way at a time."},
    {"speculation.limits.max_state_snapshots", INTO(max_state_snapshots), COUNT(10, 10000, 100, "snapshots"), HOT,
     .help = "Snapshots held at a time, per agent or per engine (branch_scope). One a speculative task, until it is final."},
    {"speculation.limits.gc_interval_ms", INTO(gc_interval_ns), MS(5000, 300000, 30000), HOT,
     .help = "Time between two collections of what is no longer needed."},
    {"speculation.limits.table_capacity", INTO(table_capacity), COUNT(0, LIMIT_TABLE, 0, "tasks"), AT_START, .fills_at_zero = true,
     .help = "Tasks that the engine can know at a time, waiting ones included; more are refused. 0: 4 * max_pending_operations."},
    {"speculation.limits.retention_ms", INTO(retention_ns), MS(0, 86400000, 0), HOT,
     .help = "Finished tasks and proofs are kept this long; 0: as long as confirmation_timeout_ms."},

    {"speculation.features.enable_parallel_speculation", INTO(parallel_speculation), BOOL(true), HOT,
     .help = "Off: one branch only, whatever max_parallel_branches says."},
    {"speculation.features.enable_cross_agent_speculation", INTO(cross_agent_speculation), BOOL(false), HOT,
     .help = "Let an agent build on the unconfirmed task of another. Needs parallel speculation."},
    {"speculation.features.enable_optimistic_proofs", INTO(optimistic_proofs), BOOL(true), HOT,
     .help = "Generate proofs before the ancestors are confirmed. Off: afterwards."},
    {"speculation.features.enable_stake_delegation", INTO(stake_delegation), BOOL(false), HOT,
     .help = "Checked against the stake limits; has no other effect yet."},
    {"speculation.features.rollout_percentage", INTO(rollout_bps), PERCENT(0, 10000, 10000), HOT,
     .help = "Share of agents (rollout_key) that may speculate. Raising it never drops one that was in."},
    {"speculation.features.rollout_always", LIST(rollout_always), AT_START,
     .help = "Agents that are selected at any percentage, such as those of the smoke tests."},

    {"speculation.rollback.max_concurrent", INTO(rollback_max_concurrent), COUNT(1, LIMIT_RUNNING_PLANS, 1, "plans"), HOT,
     .help = "Rollback plans that run at a time; no task is in two."},
    {"speculation.rollback.timeout_ms", INTO(rollback_timeout_ns), MS(1000, 600000, 120000), HOT,
     .help = "A plan that takes longer is cleaned up by force."},
    {"speculation.rollback.grace_ms", INTO(rollback_grace_ns), MS(0, 60000, 5000), HOT,
     .help = "How long an executing task has to stop by itself."},
    {"speculation.rollback.max_cascade_size", INTO(rollback_max_cascade_size), COUNT(1, 1000000, 1000, "tasks"), HOT,
     .help = "A larger cascade is still rolled back whole, and opens the breaker."},
    {"speculation.rollback.max_latency_ms", INTO(rollback_max_latency_ns), MS(100, 600000, 5000), HOT,
     .help = "A cascade that takes longer breaks an objective."},

    {"speculation.circuit_breaker.consecutive_failures", INTO(breaker_consecutive), COUNT(1, LIMIT_BREAKER_FAILURES, 10, "failures"), HOT,
     .help = "Root failures without a confirmation in between that open the breaker."},
    {"speculation.circuit_breaker.consecutive_window_ms", INTO(breaker_consecutive_window_ns), MS(1000, 3600000, 300000), HOT,
     .help = "They count within this time."},
    {"speculation.circuit_breaker.consecutive_cooldown_ms", INTO(breaker_consecutive_cooldown_ns), MS(0, 3600000, 300000), HOT,
     .help = "And keep it open for this long."},
    {"speculation.circuit_breaker.rollback_rate", INTO(breaker_rate_bps), SHARE(1, 10000, 5000), HOT,
     .help = "Tasks rolled back per task admitted, over the window, above which the breaker opens."},
    {"speculation.circuit_breaker.rollback_rate_window_ms", INTO(breaker_rate_window_ns), MS(1000, 3600000, 120000), HOT,
     .help = "Length of that window, and how long the rate must stay above."},
    {"speculation.circuit_breaker.rollback_rate_min_tasks", INTO(breaker_rate_min_tasks), COUNT(1, 1000000, 20, "tasks"), HOT,
     .help = "Fewer admissions in the window say nothing about a rate."},
    {"speculation.circuit_breaker.rollback_rate_cooldown_ms", INTO(breaker_rate_cooldown_ns), MS(0, 3600000, 600000), HOT,
     .help = "How long the rate keeps the breaker open."},
    {"speculation.circuit_breaker.memory_open", INTO(breaker_memory_open_bps), SHARE(1, 10000, 9500), HOT,
     .help = "Share of max_memory_mb above which the breaker opens."},
    {"speculation.circuit_breaker.memory_close", INTO(breaker_memory_close_bps), SHARE(0, 10000, 8000), HOT,
     .help = "Share below which memory lets it close."},
    {"speculation.circuit_breaker.queue_open", INTO(breaker_queue_open_bps), SHARE(1, 10000, 9800), HOT,
     .help = "Share of the proof queue above which, for queue_window_ms, the breaker opens."},
    {"speculation.circuit_breaker.queue_window_ms", INTO(breaker_queue_window_ns), MS(0, 3600000, 300000), HOT,
     .help = "How long the queue must stay that full."},
    {"speculation.circuit_breaker.queue_close", INTO(breaker_queue_close_bps), SHARE(0, 10000, 5000), HOT,
     .help = "Share below which the queue lets it close."},
    {"speculation.circuit_breaker.half_open_probes", INTO(breaker_half_open_probes), COUNT(1, LIMIT_BREAKER_PROBES, 5, "tasks"), HOT,
     .help = "Tasks admitted on trial after the cooldown; all must be confirmed."},

    {"speculation.admin.token_env", TEXT(admin_token_env, "ADMIN_TOKEN"), AT_START,
     .help = "Environment variable that holds the operator's token."},
    {"speculation.admin.bind", TEXT(admin_bind, "127.0.0.1:9090"), AT_START,
     .help = "Address of the admin API and the metrics."},
    {"speculation.admin.auth_reads", INTO(admin_auth_reads), BOOL(false), AT_START,
     .help = "Ask for the token on reads, too; always so when bound to other than loopback."},
    {"speculation.workers.bind", TEXT(workers_bind, "127.0.0.1:9091"), AT_START,
     .help = "Address of the proof workers' health and metrics."},
    {"speculation.metrics.aliases", INTO(metrics_aliases), BOOL(true), AT_START,
     .help = "Publish the metrics under their second names as well."},
};
/* clang-format on */

const uint32_t CONFIG_KEY_COUNT = sizeof CONFIG_KEYS / sizeof *CONFIG_KEYS;
_Static_assert(sizeof CONFIG_KEYS / sizeof *CONFIG_KEYS <= CONFIG_KEYS_MOST,
               "config.h has a place for each key");
