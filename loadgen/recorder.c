/* loadgen/recorder.c: one record a task, exact integrals of the gauges, a sample now and then. */
#include "loadgen/recorder.h"
#include "base/assert.h"
#include "loadgen/recovery.h"
#include <math.h>
#include <stdlib.h>

struct record {
    int64_t result_ns, confirmed_ns, finalized_ns;
    int64_t queued_ns, prove_ns, ready_ns, submit_ns, wait_ns;
    uint32_t waits; /* bit set of enum wait_reason */
    uint8_t status, depth;
    bool was_speculative, has_arrived, is_refused;
};

/* Time integrals over the window [warm-up, duration). */
struct integrals {
    u128 memory_bytes, live_bytes, live_tasks, queue_depth, workers_busy;
    uint64_t memory_peak, queue_peak;
};

struct recorder {
    struct recorder_options options;
    struct record *records; /* by task id; 0 unused */
    struct integrals integrals;
    struct backlog backlog;
    struct histogram rollback;
    int64_t elapsed_ns;
    uint64_t wait_ns[WAIT_REASON_COUNT];
    uint64_t rollback_events, rollback_tasks, rollback_size_max, arrivals, arrivals_in_cooldown;
    uint64_t arrivals_at_open_breaker;
    bool is_breaker_open;
    uint64_t confirmed_in_window;
    struct run_metrics series_of; /* only its series */
};

uint64_t recorder_original(const struct workload *workload, uint64_t task)
{
    return task > workload->task_count ? task - workload->task_count : task;
}

/* Ids run from 1 to this. */
static uint64_t last_task(const struct recorder_options *options)
{
    return (uint64_t)options->workload->task_count * (options->has_retries ? 2 : 1);
}

static uint32_t series_seconds(const struct recorder_options *options)
{
    return (uint32_t)((options->duration_ns + NS_PER_S - 1) / NS_PER_S);
}

err recorder_open(struct recorder **out, const struct recorder_options *options)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder) return ERR_NOMEM;
    recorder->options = *options;
    recorder->records = calloc(last_task(options) + 1, sizeof *recorder->records);
    err e = recorder->records ? OK : ERR_NOMEM;
    if (e == OK) e = histogram_open(&recorder->rollback, NS_PER_H);
    if (e == OK) e = run_metrics_open(&recorder->series_of, series_seconds(options));
    if (e == OK) e = backlog_open(&recorder->backlog, options->duration_ns);
    if (e != OK) {
        recorder_free(recorder);
        return e;
    }
    for (uint64_t task = 0; task <= last_task(options); task++) {
        struct record *record = &recorder->records[task];
        record->result_ns = record->confirmed_ns = record->finalized_ns = NEVER_NS;
        record->queued_ns = record->prove_ns = record->ready_ns = record->submit_ns = NEVER_NS;
    }
    *out = recorder;
    return OK;
}

void recorder_free(struct recorder *recorder)
{
    if (!recorder) return;
    histogram_close(&recorder->rollback);
    run_metrics_close(&recorder->series_of);
    backlog_close(&recorder->backlog);
    free(recorder->records);
    free(recorder);
}

static int64_t intended_ns(const struct recorder *recorder, uint64_t task)
{
    const struct workload *workload = recorder->options.workload;
    return workload->tasks[recorder_original(workload, task)].intended_ns;
}

static bool is_in_window(const struct recorder *recorder, int64_t at_ns)
{
    return at_ns >= recorder->options.warmup_ns && at_ns < recorder->options.duration_ns;
}

static bool is_in_cohort(const struct recorder *recorder, uint64_t task)
{
    return is_in_window(recorder, intended_ns(recorder, task));
}

static void count_in_series(struct recorder *recorder, enum series_kind series, int64_t at_ns)
{
    int64_t second = at_ns / NS_PER_S;
    if (second < recorder->series_of.series_count) recorder->series_of.series[series][second] += 1;
}

void recorder_arrival(struct recorder *recorder, uint64_t task, bool in_cooldown)
{
    recorder->records[task].has_arrived = true;
    count_in_series(recorder, SERIES_OFFERED, intended_ns(recorder, task));
    if (!is_in_cohort(recorder, task)) return;
    recorder->arrivals++;
    recorder->arrivals_in_cooldown += in_cooldown;
    recorder->arrivals_at_open_breaker += recorder->is_breaker_open;
}

void recorder_refusal(struct recorder *recorder, uint64_t task)
{
    recorder->records[task].is_refused = true;
}

static void note_status(struct recorder *recorder, int64_t now_ns, const struct effect *effect)
{
    struct record *record = &recorder->records[effect->task_id];
    enum task_status to = effect->u.status.to;
    record->status = (uint8_t)to;
    if (to == TASK_EXECUTED && record->result_ns == NEVER_NS) record->result_ns = now_ns;
    if (to == TASK_FINALIZED) record->finalized_ns = now_ns;
    if (to == TASK_ROLLED_BACK || (to == TASK_FAILED && record->was_speculative))
        count_in_series(recorder, SERIES_ROLLED_BACK, now_ns);
    if (to != TASK_CONFIRMED) return;
    record->confirmed_ns = now_ns;
    count_in_series(recorder, SERIES_CONFIRMED, now_ns);
    recorder->confirmed_in_window += is_in_window(recorder, now_ns);
}

static void note_wait(struct recorder *recorder, int64_t now_ns, const struct effect *effect)
{
    struct record *record = &recorder->records[effect->task_id];
    if (effect->u.wait.before != WAIT_NONE && is_in_cohort(recorder, effect->task_id)) {
        record->waits |= 1u << effect->u.wait.before;
        recorder->wait_ns[effect->u.wait.before] += (uint64_t)(now_ns - record->wait_ns);
    }
    record->wait_ns = now_ns;
}

static void note_admitted(struct recorder *recorder, int64_t now_ns, const struct effect *effect)
{
    struct record *record = &recorder->records[effect->task_id];
    record->was_speculative = effect->u.admitted.is_speculative;
    record->depth =
        (uint8_t)(effect->u.admitted.depth <= LIMIT_DEPTH ? effect->u.admitted.depth : LIMIT_DEPTH + 1);
    if (record->was_speculative) count_in_series(recorder, SERIES_ADMITTED, now_ns);
}

static void note_rollback_end(struct recorder *recorder, int64_t now_ns, const struct effect *effect)
{
    if (!is_in_cohort(recorder, effect->task_id)) return;
    histogram_record(&recorder->rollback, now_ns - effect->u.rollback.began_ns);
    if (effect->u.rollback.size == 0) return;
    recorder->rollback_events++;
    recorder->rollback_tasks += effect->u.rollback.size;
    if (effect->u.rollback.size > recorder->rollback_size_max)
        recorder->rollback_size_max = effect->u.rollback.size;
}

void recorder_effect(struct recorder *recorder, int64_t now_ns, const struct effect *effect)
{
    struct record *record = &recorder->records[effect->task_id];
    switch (effect->kind) {
    case NOTE_STATUS: note_status(recorder, now_ns, effect); break;
    case NOTE_WAIT: note_wait(recorder, now_ns, effect); break;
    case NOTE_ADMITTED: note_admitted(recorder, now_ns, effect); break;
    case NOTE_PROOF_QUEUED: record->queued_ns = now_ns; break;
    case EFFECT_PROVE: record->prove_ns = now_ns; break;
    case NOTE_PROOF_READY: record->ready_ns = now_ns; break;
    case EFFECT_SUBMIT:
        if (record->submit_ns == NEVER_NS) record->submit_ns = now_ns;
        break;
    case NOTE_ROLLBACK_END: note_rollback_end(recorder, now_ns, effect); break;
    case NOTE_BREAKER: recorder->is_breaker_open = effect->u.breaker.to == BREAKER_OPEN; break;
    default: break;
    }
}

void recorder_elapse(struct recorder *recorder, int64_t now_ns, const struct engine *engine)
{
    const struct recorder_options *options = &recorder->options;
    int64_t from_ns = recorder->elapsed_ns > options->warmup_ns ? recorder->elapsed_ns : options->warmup_ns;
    int64_t until_ns = now_ns < options->duration_ns ? now_ns : options->duration_ns;
    recorder->elapsed_ns = now_ns;
    if (until_ns <= from_ns) return;
    const struct engine_stats *stats = engine_statistics(engine);
    struct integrals *sum = &recorder->integrals;
    uint64_t span_ns = (uint64_t)(until_ns - from_ns), memory = engine_memory_usage(engine).total;
    uint64_t live = stats->live_snapshot_bytes + stats->live_tasks * ENGINE_OPERATION_BYTES +
                    stats->live_proofs * ENGINE_PROOF_BYTES;
    sum->memory_bytes += (u128)memory * span_ns;
    sum->live_bytes += (u128)live * span_ns;
    sum->live_tasks += (u128)stats->live_tasks * span_ns;
    sum->queue_depth += (u128)stats->proof_queue_depth * span_ns;
    sum->workers_busy += (u128)stats->workers_busy * span_ns;
    if (memory > sum->memory_peak) sum->memory_peak = memory;
    if (stats->proof_queue_depth > sum->queue_peak) sum->queue_peak = stats->proof_queue_depth;
}

uint64_t recorder_backlog(const struct engine_stats *stats)
{
    return stats->waiting + stats->proof_queue_depth + stats->awaiting + stats->submitting;
}

void recorder_sample(struct recorder *recorder, int64_t now_ns, const struct engine *engine)
{
    const struct engine_stats *stats = engine_statistics(engine);
    uint64_t backlog = recorder_backlog(stats);
    backlog_sample(&recorder->backlog, backlog);
    int64_t second = (now_ns - 1) / NS_PER_S;
    if (now_ns % NS_PER_S != 0 || now_ns == 0 || second >= recorder->series_of.series_count) return;
    double **series = recorder->series_of.series;
    series[SERIES_ACTIVE][second] = (double)stats->speculative_active;
    series[SERIES_BACKLOG][second] = (double)backlog;
    series[SERIES_QUEUE][second] = (double)stats->proof_queue_depth;
    series[SERIES_MEMORY][second] = (double)engine_memory_usage(engine).total;
    series[SERIES_LOCKED][second] = (double)stats->locked_lamports;
}

struct task_moments recorder_task(const struct recorder *recorder, uint64_t task)
{
    const struct record *record = &recorder->records[task];
    if (record->confirmed_ns == NEVER_NS && recorder->options.has_retries)
        record = &recorder->records[task + recorder->options.workload->task_count];
    struct task_moments moments = {
        .result_ns = record->result_ns,
        .confirmed_ns = record->confirmed_ns,
        .proving_ns = NEVER_NS,
        .confirming_ns = NEVER_NS,
    };
    if (record->ready_ns != NEVER_NS) moments.proving_ns = record->ready_ns - record->prove_ns;
    if (record->confirmed_ns != NEVER_NS) moments.confirming_ns = record->confirmed_ns - record->submit_ns;
    return moments;
}

void recorder_cut(struct recorder *recorder, int64_t now_ns)
{
    if (now_ns < recorder->options.duration_ns) recorder->options.duration_ns = now_ns;
    if (recorder->options.warmup_ns > now_ns) recorder->options.warmup_ns = 0; /* nothing is judged by this */
}

/* ---- the figures ---- */

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static bool is_open(const struct record *record)
{
    return record->has_arrived && !record->is_refused && record->status < TASK_CONFIRMED;
}

static void record_task(struct recorder *recorder, uint64_t task, struct run_metrics *out)
{
    const struct record *record = &recorder->records[task];
    int64_t from_ns = intended_ns(recorder, task);
    if (record->queued_ns != NEVER_NS && record->ready_ns != NEVER_NS)
        histogram_record(&out->histograms[LATENCY_PROOF], record->ready_ns - record->queued_ns);
    if (record->confirmed_ns == NEVER_NS) return;
    ASSERT(record->result_ns >= from_ns);
    histogram_record(&out->histograms[LATENCY_RESULT], record->result_ns - from_ns);
    histogram_record(&out->histograms[LATENCY_CONFIRMED], record->confirmed_ns - from_ns);
    if (record->finalized_ns != NEVER_NS)
        histogram_record(&out->histograms[LATENCY_FINALIZED], record->finalized_ns - from_ns);
}

static void count_task(const struct record *record, struct run_metrics *out)
{
    struct task_counts *tasks = &out->tasks;
    if (record->is_refused) {
        tasks->refused++;
        return;
    }
    tasks->submitted++;
    tasks->executed += record->result_ns != NEVER_NS;
    tasks->speculative += record->was_speculative;
    switch ((enum task_status)record->status) {
    case TASK_CONFIRMED:
    case TASK_FINALIZED: tasks->confirmed++; break;
    case TASK_FAILED: tasks->failed++; break;
    case TASK_ROLLED_BACK: tasks->rolled_back++; break;
    case TASK_CANCELLED: tasks->cancelled++; break;
    case TASK_EXPIRED: tasks->expired++; break;
    default: tasks->unfinished++; break;
    }
}

static void count_cohort(const struct record *record, struct run_metrics *out)
{
    out->cohort_submitted++;
    for (int reason = 0; reason < WAIT_REASON_COUNT; reason++)
        out->waits[reason] += record->waits >> reason & 1;
    if (!record->was_speculative) return;
    out->cohort_speculative++;
    out->depth_counts[record->depth]++;
    bool is_root = record->status == TASK_FAILED || record->status == TASK_EXPIRED;
    out->cohort_rolled_back += record->status == TASK_ROLLED_BACK || is_root;
}

static void fill_depth(struct run_metrics *out)
{
    uint64_t weighted = 0, below = 0, rank = (out->cohort_speculative * 99 + 99) / 100;
    out->depth_max = out->depth_p99 = 0;
    for (uint32_t depth = 0; depth < LIMIT_DEPTH + 2; depth++) {
        if (out->depth_counts[depth] == 0) continue;
        out->depth_max = depth;
        weighted += depth * out->depth_counts[depth];
        if (below < rank) out->depth_p99 = depth;
        below += out->depth_counts[depth];
    }
    out->depth_mean = ratio((double)weighted, (double)out->cohort_speculative);
}

static void fill_rates(struct recorder *recorder, struct run_metrics *out)
{
    double window_s = (double)(recorder->options.duration_ns - recorder->options.warmup_ns) / 1e9;
    out->throughput = (double)out->histograms[LATENCY_RESULT].total_count / window_s;
    out->throughput_in_window = (double)recorder->confirmed_in_window / window_s;
    out->offered = (double)out->cohort_submitted / window_s;
    out->rollback_rate = ratio((double)out->cohort_rolled_back, (double)out->cohort_speculative);
    out->rollback_per_submitted = ratio((double)out->cohort_rolled_back, (double)out->cohort_submitted);
    out->avg_rollback_size = ratio((double)recorder->rollback_tasks, (double)recorder->rollback_events);
    out->max_rollback_size = recorder->rollback_size_max;
    out->cooldown_share = ratio((double)recorder->arrivals_in_cooldown, (double)recorder->arrivals);
    out->breaker_open_share = ratio((double)recorder->arrivals_at_open_breaker, (double)recorder->arrivals);
    for (int reason = 0; reason < WAIT_REASON_COUNT; reason++)
        out->wait_ms[reason] = (double)recorder->wait_ns[reason] / 1e6;
}

static void fill_gauges(struct recorder *recorder, const struct engine_stats *stats, struct run_metrics *out)
{
    const struct integrals *sum = &recorder->integrals;
    double window_ns = (double)(recorder->options.duration_ns - recorder->options.warmup_ns);
    out->memory_mean = (double)sum->memory_bytes / window_ns;
    out->memory_peak = (double)sum->memory_peak;
    out->memory_per_active_task = ratio((double)sum->live_bytes, (double)sum->live_tasks);
    out->queue_depth_mean = (double)sum->queue_depth / window_ns;
    out->queue_depth_max = (double)sum->queue_peak;
    out->prover_utilisation = (double)sum->workers_busy / window_ns / recorder->options.workers;
    out->batch_size_mean = ratio((double)stats->batched_proofs, (double)stats->batches);
    out->bonded_lamports = stats->bonded_lamports;
    out->released_lamports = stats->released_lamports;
    out->slashed_lamports = stats->slashed_lamports;
    out->locked_lamports = stats->locked_lamports;
    for (int reason = 0; reason < REASON_COUNT; reason++)
        out->rollbacks_by_reason[reason] = stats->rollbacks_by_reason[reason];
}

/* The results that tasks up to the end of a second waited for; returns the first task behind. */
static uint32_t record_second(struct recorder *recorder, uint32_t second, uint32_t task,
                              struct histogram *into, struct latency_map *map)
{
    const struct workload *workload = recorder->options.workload;
    uint32_t *counts = map->counts[second / map->bin_s];
    for (; task <= workload->task_count; task++) {
        int64_t from_ns = workload->tasks[task].intended_ns;
        if (from_ns >= (second + 1) * NS_PER_S) break;
        if (recorder->records[task].confirmed_ns == NEVER_NS) continue;
        int64_t latency_ns = recorder->records[task].result_ns - from_ns;
        histogram_record(into, latency_ns);
        counts[latency_map_bucket(latency_ns)]++;
    }
    return task;
}

/* Latency by second of arrival: tasks stand in order of arrival, so one pass is enough. */
static err fill_latency_series(struct recorder *recorder, struct run_metrics *out)
{
    const double quantiles[] = {0.5, 0.99};
    struct histogram second_of;
    TRY(latency_map_open(&out->latency_map, out->series_count));
    TRY(histogram_open(&second_of, NS_PER_H));
    uint32_t task = 1;
    for (uint32_t second = 0; second < out->series_count; second++) {
        int64_t values[2];
        histogram_clear(&second_of);
        task = record_second(recorder, second, task, &second_of, out->latency_map);
        bool is_empty = second_of.total_count == 0;
        histogram_quantiles(&second_of, quantiles, values, 2);
        out->series[SERIES_RESULT_P50][second] = is_empty ? NAN : (double)values[0] / 1e6;
        out->series[SERIES_RESULT_P99][second] = is_empty ? NAN : (double)values[1] / 1e6;
        out->series[SERIES_RESULT_MAX][second] = is_empty ? NAN : (double)second_of.max_ns / 1e6;
    }
    histogram_close(&second_of);
    return OK;
}

static void fill_recovery(struct recorder *recorder, struct run_metrics *out)
{
    const struct workload *workload = recorder->options.workload;
    histogram_add(&out->histograms[LATENCY_ROLLBACK], &recorder->rollback);
    struct histogram *recovery = &out->histograms[LATENCY_RECOVERY];
    uint64_t unrecovered = 0;
    if (workload->burst_count == 0) {
        histogram_add(recovery, &recorder->rollback);
    } else {
        for (uint32_t burst = 0; burst < workload->burst_count; burst++) {
            int64_t begin_ns = workload->burst_first_ns + burst * workload->burst_every_ns;
            int64_t after_ns =
                backlog_recovery_ns(&recorder->backlog, begin_ns, begin_ns + workload->burst_ns);
            if (after_ns == NEVER_NS)
                unrecovered++;
            else
                histogram_record(recovery, after_ns);
        }
    }
    out->recovery_of_bursts_unrecovered = (double)unrecovered;
    latency_fill(&out->latency[LATENCY_ROLLBACK], &out->histograms[LATENCY_ROLLBACK], 0);
    latency_fill(&out->latency[LATENCY_RECOVERY], recovery, unrecovered);
}

err recorder_finish(struct recorder *recorder, const struct engine *engine, int64_t end_ns,
                    struct run_metrics *out)
{
    TRY(run_metrics_open(out, recorder->series_of.series_count));
    uint64_t unfinished = 0, unfinalized = 0;
    for (uint64_t task = 1; task <= last_task(&recorder->options); task++) {
        const struct record *record = &recorder->records[task];
        if (!record->has_arrived) continue;
        count_task(record, out);
        if (!is_in_cohort(recorder, task)) continue;
        count_cohort(record, out);
        record_task(recorder, task, out);
        unfinished += is_open(record);
        unfinalized += record->confirmed_ns != NEVER_NS && record->finalized_ns == NEVER_NS;
    }
    latency_fill(&out->latency[LATENCY_RESULT], &out->histograms[LATENCY_RESULT], unfinished);
    latency_fill(&out->latency[LATENCY_CONFIRMED], &out->histograms[LATENCY_CONFIRMED], unfinished);
    latency_fill(&out->latency[LATENCY_FINALIZED], &out->histograms[LATENCY_FINALIZED],
                 unfinished + unfinalized);
    latency_fill(&out->latency[LATENCY_PROOF], &out->histograms[LATENCY_PROOF], 0);
    fill_recovery(recorder, out);
    fill_depth(out);
    fill_rates(recorder, out);
    fill_gauges(recorder, engine_statistics(engine), out);
    out->sim_seconds = (double)end_ns / 1e9;
    for (int series = 0; series < SERIES_COUNT; series++)
        for (uint32_t second = 0; second < out->series_count; second++)
            out->series[series][second] = recorder->series_of.series[series][second];
    return fill_latency_series(recorder, out);
}
