/* loadgen/recorder.h: from what was seen to the figures of one run.
 *
 * Watches an engine through its notes and gauges and keeps one record a task;
 * at the end it cuts the warm-up and computes struct run_metrics. Every
 * latency counts from the intended arrival (semantics.md 26, 27); the cohort
 * of a figure is the tasks that were to arrive in [warm-up, duration).
 * Nothing here depends on the simulator: a live service is watched the same way. */
#pragma once
#include "engine/engine.h"
#include "loadgen/workload.h"
#include "reports/result.h"

struct recorder;

struct recorder_options {
    const struct workload *workload; /* borrowed for the recorder's life */
    int64_t warmup_ns, duration_ns;
    uint32_t workers; /* proof workers, for their utilisation */
    bool has_retries; /* tasks beyond task_count are second attempts: see recorder_original */
};

MUST_USE err recorder_open(struct recorder **out, const struct recorder_options *options);
void recorder_free(struct recorder *recorder); /* NULL is fine */

/* A task that was undone may be submitted once more, as a new task with the id task_count + its own. A retry
 * is a task of its own in every count; its latencies count from the intended arrival of the original. */
uint64_t recorder_original(const struct workload *workload, uint64_t task);

/* A task is handed to the engine. `in_cooldown`: its agent is barred from speculation right now. */
void recorder_arrival(struct recorder *recorder, uint64_t task, bool in_cooldown);
/* The engine did not take the task that has just arrived: it was offered, but is no submitted task. */
void recorder_refusal(struct recorder *recorder, uint64_t task);
/* An effect or note, as it leaves the engine. Order matters. */
void recorder_effect(struct recorder *recorder, int64_t now_ns, const struct effect *effect);
/* The gauges held from the last call until now_ns (exact time averages). Call before each step. */
void recorder_elapse(struct recorder *recorder, int64_t now_ns, const struct engine *engine);
/* Every RECORDER_SAMPLE_NS. */
#define RECORDER_SAMPLE_NS (100 * NS_PER_MS)
void recorder_sample(struct recorder *recorder, int64_t now_ns, const struct engine *engine);

/* Tasks that stand still: waiting, queued for a prover, awaiting ancestors, ready to be submitted. */
uint64_t recorder_backlog(const struct engine_stats *stats);

/* The run ends here and not at its duration: figures are of what was covered. Call before recorder_finish. */
void recorder_cut(struct recorder *recorder, int64_t now_ns);

/* Fills all but seed, trajectory, events, wall time and speed-up. ERR_NOMEM. */
MUST_USE err recorder_finish(struct recorder *recorder, const struct engine *engine, int64_t end_ns,
                             struct run_metrics *out);

/* For the speed-up (semantics.md 34): moments of one task, of its retry when that was needed. NEVER_NS: it
 * never happened. */
struct task_moments {
    int64_t result_ns, confirmed_ns;
    int64_t proving_ns;    /* generation alone, queueing left out */
    int64_t confirming_ns; /* from the hand-over to the chain */
};
struct task_moments recorder_task(const struct recorder *recorder, uint64_t task);
