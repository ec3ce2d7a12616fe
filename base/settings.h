/* base/settings.h: the values of every configuration key, in the units the program computes with.
 *
 * Plain data. base/config_keys.c has one row a key (name, unit, range,
 * default, help, offset in here); base/config.c parses, checks and prints by
 * that table; the engine reads the struct and is given a whole new one when a
 * hot key changes. Durations are ns, shares are basis points, sizes are bytes. */
#pragma once
#include <stdint.h>

enum speculation_mode { MODE_CONSERVATIVE, MODE_BALANCED, MODE_AGGRESSIVE, MODE_CUSTOM };
enum rollback_policy { ROLLBACK_CASCADE, ROLLBACK_SELECTIVE, ROLLBACK_CHECKPOINT };
enum proof_generator { PROOF_GROTH16, PROOF_PLONK, PROOF_STARK, PROOF_MOCK };
enum gate_level { GATE_CONFIRMED, GATE_FINALIZED };
enum limit_scope { SCOPE_AGENT, SCOPE_ENGINE };
enum rollout_key { ROLLOUT_BY_AGENT, ROLLOUT_BY_TASK };
enum stake_formula { STAKE_LINEAR, STAKE_EXPONENTIAL };

enum {
    SETTINGS_REASONS = 11,       /* rollback reasons, in the order of engine/types.h */
    SETTINGS_TEXT_BYTES = 64,    /* names and addresses, with the closing zero */
    SETTINGS_ALWAYS_BYTES = 512, /* the agents that rollout always selects, comma separated */
};

/* Every scalar is an int64_t, so that one table row can reach any of them. */
struct settings {
    /* speculation */
    int64_t enabled, mode, max_depth, max_parallel_branches, confirmation_timeout_ns, rollback_policy;
    int64_t claim_buffer_ns, checkpoint_interval, gate_level, branch_scope, rollout_key,
        require_parent_output;
    int64_t drain_timeout_ns, state_compression;
    /* stake */
    int64_t min_stake_lamports, max_stake_lamports, stake_per_depth_lamports, slash_bps, cooldown_ns;
    int64_t stake_formula, base_bond_lamports, bond_roots, treasury_bps, max_locks;
    int64_t reason_factor_bps[SETTINGS_REASONS];
    /* proof */
    int64_t generator, worker_threads, queue_size, proof_timeout_ns, batch_size;
    int64_t proof_max_retries, retry_delay_ns, retry_multiplier_bps, retry_cap_ns, batch_timeout_ns;
    int64_t proof_cache_bytes, max_concurrent_submissions;
    /* limits */
    int64_t max_memory_bytes, max_pending_operations, max_state_snapshots, gc_interval_ns;
    int64_t table_capacity; /* tasks; 4 x max_pending_operations unless set */
    int64_t retention_ns;   /* 0: the confirmation timeout */
    /* features */
    int64_t parallel_speculation, cross_agent_speculation, optimistic_proofs, stake_delegation, rollout_bps;
    /* rollback */
    int64_t rollback_max_concurrent, rollback_timeout_ns, rollback_grace_ns, rollback_max_cascade_size;
    int64_t rollback_max_latency_ns;
    /* circuit breaker */
    int64_t breaker_consecutive, breaker_consecutive_window_ns, breaker_consecutive_cooldown_ns;
    int64_t breaker_rate_bps, breaker_rate_window_ns, breaker_rate_min_tasks, breaker_rate_cooldown_ns;
    int64_t breaker_memory_open_bps, breaker_memory_close_bps;
    int64_t breaker_queue_open_bps, breaker_queue_window_ns, breaker_queue_close_bps,
        breaker_half_open_probes;
    /* service */
    int64_t admin_auth_reads, metrics_aliases;
    char admin_token_env[SETTINGS_TEXT_BYTES], admin_bind[SETTINGS_TEXT_BYTES],
        workers_bind[SETTINGS_TEXT_BYTES];
    char rollout_always[SETTINGS_ALWAYS_BYTES];
};
