/* base/limits.h: every capacity of the house, in one place.
 *
 * Full means ERR_LIMIT and a counter, never silence. */
#pragma once

enum {
    LIMIT_PARENTS = 16,             /* parents of one task (engine.md 8.34) */
    LIMIT_DEPTH = 20,               /* hard cap of speculation.max_depth */
    LIMIT_AGENTS = 65536,           /* agents one engine knows */
    LIMIT_PROOF_WORKERS = 32,       /* upper end of speculation.proof.worker_threads */
    LIMIT_BATCH = 100,              /* upper end of speculation.proof.batch_size */
    LIMIT_TABLE = 4000000,          /* tasks in one engine's table: 4 x the largest max_pending_operations */
    LIMIT_RUNNING_PLANS = 10,       /* upper end of speculation.rollback.max_concurrent */
    LIMIT_BREAKER_FAILURES = 1000,  /* upper end of circuit_breaker.consecutive_failures */
    LIMIT_BREAKER_SECONDS = 3600,   /* upper end of circuit_breaker.rollback_rate_window_ms */
    LIMIT_BREAKER_PROBES = 1000,    /* upper end of circuit_breaker.half_open_probes */
    LIMIT_NAME = 128,               /* bytes of a name, key or path component */
    LIMIT_SHAPE_NODES = 64,         /* tasks of one job that is a tree (semantics.md 29) */
    LIMIT_PATTERN_PIECES = 1 << 20, /* pieces of one rate pattern */
    LIMIT_WORKLOAD_TASKS = 1 << 27, /* tasks of one run */
    LIMIT_TRACE_BYTES = 1 << 26,    /* of a rate, depth or shape trace */
    LIMIT_RUNS = 1000,              /* replications of one benchmark */
    LIMIT_TOML_BYTES = 1 << 20,     /* of one TOML file */
    LIMIT_TOML_KEY_PARTS = 16,      /* a.b.c has three */
};

_Static_assert(LIMIT_PARENTS < 256, "parent counts fit a byte");
