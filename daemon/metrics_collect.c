/* daemon/metrics_collect.c: samples from the engine's statistics and settings, and from what was listened to.
 */
#include "base/decimal.h"
#include "daemon/metrics_own.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLLECTOR(name)                                                                                      \
    void name(const struct metrics_family *family, const struct metrics_view *view, struct metrics_out *out)
#define SECONDS(ns) ((double)(ns) / (double)NS_PER_S)

void metrics_emit(struct metrics_out *out, const char *labels, double value)
{
    out->sample(out, "", labels, value);
}

void metrics_label(char labels[METRICS_LABELS_BYTES], const char *name, const char *value)
{
    size_t at = strlen(labels);
    at += (size_t)snprintf(labels + at, METRICS_LABELS_BYTES - at, "%s%s=\"", at ? "," : "", name);
    for (; *value && at + 4 < METRICS_LABELS_BYTES; value++) {
        if (*value == '"' || *value == '\\' || *value == '\n') labels[at++] = '\\';
        labels[at++] = *value == '\n' ? 'n' : *value;
    }
    labels[at++] = '"';
    labels[at] = '\0';
}

static void emit_labelled(struct metrics_out *out, const char *name, const char *value, double number)
{
    char labels[METRICS_LABELS_BYTES] = "";
    metrics_label(labels, name, value);
    metrics_emit(out, labels, number);
}

static uint64_t read_u64(const void *base, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)base + offset, sizeof value);
    return value;
}

COLLECTOR(collect_stat)
{
    metrics_emit(out, "", (double)read_u64(view->stats, family->offset));
}

COLLECTOR(collect_setting)
{
    metrics_emit(out, "", (double)(int64_t)read_u64(view->settings, family->offset));
}

COLLECTOR(collect_reasons)
{
    for (int i = 0; i < REASON_COUNT; i++)
        emit_labelled(out, "reason", rollback_reason_name((enum rollback_reason)i),
                      (double)read_u64(view->stats, family->offset + (size_t)i * sizeof(uint64_t)));
}

COLLECTOR(collect_waits)
{
    (void)family;
    for (int i = WAIT_NONE + 1; i < WAIT_REASON_COUNT; i++)
        emit_labelled(out, "reason", wait_reason_name((enum wait_reason)i), (double)view->stats->waits[i]);
}

COLLECTOR(collect_trips)
{
    (void)family;
    for (int i = TRIGGER_NONE + 1; i < TRIGGER_COUNT; i++)
        emit_labelled(out, "trigger", breaker_trigger_name((enum breaker_trigger)i),
                      (double)view->stats->breaker_trips[i]);
}

/* The total has no label, so that it is what "^name " finds; whoever sums the components excludes it by
 * component!="". */
COLLECTOR(collect_memory)
{
    (void)family;
    metrics_emit(out, "", (double)view->memory.total);
    emit_labelled(out, "component", "state_snapshots", (double)view->memory.state_snapshots);
    emit_labelled(out, "component", "pending_operations", (double)view->memory.pending_operations);
    emit_labelled(out, "component", "proof_cache", (double)view->memory.proof_cache);
    emit_labelled(out, "component", "other", (double)view->memory.other);
}

COLLECTOR(collect_depths)
{
    (void)family;
    for (int depth = 0; depth <= LIMIT_DEPTH; depth++) {
        char text[12];
        snprintf(text, sizeof text, "%d", depth);
        emit_labelled(out, "depth", text, (double)view->stats->active_by_depth[depth]);
    }
}

COLLECTOR(collect_current_depth)
{
    (void)family;
    int deepest = LIMIT_DEPTH + 1;
    while (deepest > 0 && !view->stats->active_by_depth[deepest]) deepest--;
    metrics_emit(out, "", deepest);
}

COLLECTOR(collect_enabled)
{
    (void)family;
    metrics_emit(out, "", view->settings->enabled && view->stats->breaker_state != BREAKER_OPEN);
}

COLLECTOR(collect_auto_disabled)
{
    (void)family;
    metrics_emit(out, "", view->stats->breaker_state != BREAKER_CLOSED);
}

COLLECTOR(collect_errors)
{
    const struct engine_stats *stats = view->stats;
    uint64_t refused = 0;
    for (int i = REFUSED_NOT + 1; i < REFUSAL_COUNT; i++) refused += stats->refused[i];
    const struct {
        const char *type, *severity;
        uint64_t count;
    } errors[] = {
        {"validation_failed", "warning", refused},
        {"stake_insufficient", "warning", stats->waits[WAIT_STAKE_INSUFFICIENT]},
        {"timeout", "error", stats->proof_timeouts + stats->rollback_events[REASON_CONFIRMATION_TIMEOUT]},
        {"proof_failed", "error", stats->proof_failures},
        {"rollback_failed", "critical", stats->cascade_overruns},
        {"queue_full", "warning", stats->queue_full},
    };
    (void)family;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        char labels[METRICS_LABELS_BYTES] = "";
        metrics_label(labels, "error_type", errors[i].type);
        metrics_label(labels, "severity", errors[i].severity);
        metrics_emit(out, labels, (double)errors[i].count);
    }
}

COLLECTOR(collect_ended)
{
    metrics_emit(out, "", (double)view->stats->ended[family->offset]);
}

COLLECTOR(collect_timeouts)
{
    static const enum rollback_reason LATE[] = {REASON_PROOF_TIMEOUT, REASON_CLAIM_EXPIRED,
                                                REASON_COMMITMENT_EXPIRED, REASON_CONFIRMATION_TIMEOUT};
    (void)family;
    for (size_t i = 0; i < sizeof LATE / sizeof *LATE; i++)
        emit_labelled(out, "reason", rollback_reason_name(LATE[i]),
                      (double)view->stats->rollback_events[LATE[i]]);
}

COLLECTOR(collect_proof_failures)
{
    const struct engine_stats *stats = view->stats;
    (void)family;
    emit_labelled(out, "error_type", "generation", (double)stats->proof_failures);
    emit_labelled(out, "error_type", "timeout", (double)stats->proof_timeouts);
    emit_labelled(out, "error_type", "rejected",
                  (double)(stats->events[EVENT_TX_REJECTED] - stats->stale_events[EVENT_TX_REJECTED]));
}

COLLECTOR(collect_worker_utilization)
{
    (void)family;
    metrics_emit(out, "", (double)view->stats->workers_busy / (double)view->settings->worker_threads);
}

/* What agents own is what they paid in, less withdrawals and what slashes gave to the treasury. */
COLLECTOR(collect_stake_utilization)
{
    const struct engine_stats *stats = view->stats;
    uint64_t owned = stats->deposited_lamports - stats->withdrawn_lamports - stats->treasury_lamports;
    (void)family;
    metrics_emit(out, "", owned ? (double)stats->locked_lamports / (double)owned : 0);
}

static void emit_operation(struct metrics_out *out, enum operation_status status, const char *agent,
                           const char *type, uint64_t count)
{
    char labels[METRICS_LABELS_BYTES] = "";
    metrics_label(labels, "status", operation_status_name(status)); /* the runbook searches for it first */
    metrics_label(labels, "agent_id", agent);
    metrics_label(labels, "operation_type", type);
    metrics_emit(out, labels, (double)count);
}

static uint64_t emit_seat(struct metrics_out *out, const struct metrics_agents *agents,
                          const struct metrics_seat *seat, enum operation_status status)
{
    uint64_t sum = 0;
    for (uint32_t type = 0; type <= METRICS_TYPES; type++) {
        uint64_t ever = 0, count = seat->counts[type][status];
        for (int i = 0; i < OPERATION_STATUS_COUNT; i++) ever += seat->counts[type][i];
        if (ever) emit_operation(out, status, seat->name, metrics_agents_type(agents, type), count);
        sum += count;
    }
    return sum;
}

static uint64_t operations(const struct engine_stats *stats, enum operation_status status)
{
    static const enum task_status OF[OPERATION_STATUS_COUNT] = {
        [OPERATION_CONFIRMED] = TASK_CONFIRMED, [OPERATION_ROLLED_BACK] = TASK_ROLLED_BACK,
        [OPERATION_FAILED] = TASK_FAILED,       [OPERATION_CANCELLED] = TASK_CANCELLED,
        [OPERATION_EXPIRED] = TASK_EXPIRED,
    };
    return status == OPERATION_PENDING ? stats->submitted : stats->ended[OF[status]];
}

COLLECTOR(collect_operations)
{
    (void)family;
    for (int i = 0; i < OPERATION_STATUS_COUNT; i++) {
        enum operation_status status = (enum operation_status)i;
        uint64_t total = operations(view->stats, status), seated = 0;
        if (view->metrics)
            for (uint32_t seat = 0; seat < METRICS_AGENTS; seat++)
                if (view->metrics->agents.seats[seat].agent_id)
                    seated +=
                        emit_seat(out, &view->metrics->agents, &view->metrics->agents.seats[seat], status);
        emit_operation(out, status, "other", "other", total > seated ? total - seated : 0);
    }
}

COLLECTOR(collect_stake_per_agent)
{
    uint64_t rest = view->stats->locked_lamports;
    (void)family;
    for (uint32_t i = 0; view->metrics && i < METRICS_AGENTS; i++) {
        const struct metrics_seat *seat = &view->metrics->agents.seats[i];
        if (!seat->agent_id || seat->index >= engine_agent_count(view->engine)) continue;
        const struct agent_view agent = engine_agent(view->engine, seat->index);
        if (agent.id != seat->agent_id) continue; /* a rebuilt engine numbers its agents anew */
        emit_labelled(out, "agent_id", seat->name, (double)agent.locked);
        rest -= agent.locked;
    }
    emit_labelled(out, "agent_id", "other", (double)rest);
}

/* ---- histograms ---- */

static void emit_histogram(struct metrics_out *out, const struct metrics_view *view,
                           enum metrics_histogram_id id, const char *label, bool is_empty)
{
    static const struct metrics_histogram EMPTY;
    const struct metrics_histogram *histogram = is_empty ? &EMPTY : &view->metrics->histograms[id];
    const struct histogram_bounds *bounds = &METRICS_BOUNDS[id];
    uint64_t count = 0;
    for (uint32_t i = 0; i <= bounds->count; i++) {
        char labels[METRICS_LABELS_BYTES], le[DECIMAL_TEXT_BYTES] = "+Inf";
        snprintf(labels, sizeof labels, "%s", label);
        if (i < bounds->count) decimal_from_double(le, (double)bounds->bounds[i] / (double)bounds->unit);
        metrics_label(labels, "le", le);
        count += histogram->counts[i];
        out->sample(out, "_bucket", labels, (double)count);
    }
    out->sample(out, "_sum", label, (double)histogram->sum / (double)bounds->unit);
    out->sample(out, "_count", label, (double)count);
}

COLLECTOR(collect_histogram)
{
    emit_histogram(out, view, (enum metrics_histogram_id)family->offset, "", false);
}

/* The generator changes at a restart only, so what is counted is of the one that is set. */
COLLECTOR(collect_proof_histogram)
{
    static const char *const TYPES[] = {
        [PROOF_GROTH16] = "groth16", [PROOF_PLONK] = "plonk", [PROOF_STARK] = "stark", [PROOF_MOCK] = "mock"};
    for (int i = 0; i <= PROOF_MOCK; i++) {
        char label[METRICS_LABELS_BYTES] = "";
        metrics_label(label, "proof_type", TYPES[i]);
        emit_histogram(out, view, (enum metrics_histogram_id)family->offset, label,
                       view->settings->generator != i);
    }
}

COLLECTOR(collect_chain_histogram)
{
    (void)family;
    emit_histogram(out, view, HISTOGRAM_CHAIN_CONFIRMED, "level=\"confirmed\"", false);
    emit_histogram(out, view, HISTOGRAM_CHAIN_FINALIZED, "level=\"finalized\"", false);
}

/* ---- integrity ---- */

COLLECTOR(collect_checks)
{
    (void)family;
    emit_labelled(out, "result", "ok", (double)view->metrics->checks[0]);
    emit_labelled(out, "result", "corrupted", (double)view->metrics->checks[1]);
}

COLLECTOR(collect_findings)
{
    (void)family;
    metrics_emit(out, "", (double)view->metrics->findings);
}

COLLECTOR(collect_illegal_moves)
{
    (void)family;
    for (int i = 0; i < MACHINE_COUNT; i++)
        emit_labelled(out, "machine", machine_name((enum machine)i), (double)view->stats->illegal_moves[i]);
}

/* ---- windows ---- */

COLLECTOR(collect_batch_size)
{
    const struct metrics *metrics = view->metrics;
    uint64_t count =
        metrics->batch_count < METRICS_BATCHES_RECENT ? metrics->batch_count : METRICS_BATCHES_RECENT;
    double sum = 0;
    (void)family;
    for (uint64_t i = 0; i < count; i++) sum += metrics->batches[i];
    metrics_emit(out, "", count ? sum / (double)count : 0);
}

COLLECTOR(collect_rollback_rate)
{
    (void)family;
    metrics_emit(out, "",
                 (double)metrics_rollback_rate_at(view->metrics, view->now_ns, 5 * NS_PER_MIN) / BPS_ONE);
}

COLLECTOR(collect_operations_rate)
{
    (void)family;
    uint64_t submitted = window_sum(&view->metrics->counts, view->now_ns, 5 * NS_PER_MIN, WINDOW_SUBMITTED);
    metrics_emit(out, "", (double)submitted / 300);
}

/* Nothing measured is no number: an alert on it stays quiet, a panel shows a gap. */
static double quantile_or_nan(const struct window_quantiles *window, int64_t now_ns, double quantile)
{
    return window_durations(window, now_ns) ? SECONDS(window_quantile(window, now_ns, quantile)) : NAN;
}

COLLECTOR(collect_confirmation_p99)
{
    (void)family;
    metrics_emit(out, "", quantile_or_nan(&view->metrics->confirmations, view->now_ns, 0.99));
}

COLLECTOR(collect_request_p99)
{
    (void)family;
    metrics_emit(out, "", 1000 * quantile_or_nan(&view->metrics->requests, view->now_ns, 0.99));
}
