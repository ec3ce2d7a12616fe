/* reports/run_fields.c: the table, and finding a metric in it. */
#include "reports/run_fields.h"
#include "base/assert.h"
#include "base/nearest.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct run_metrics, member)
#define FIGURE(path, metric, unit, at)                                                                       \
    {                                                                                                        \
        path, metric, unit, FIELD_NUMBER, OVER_RUNS_MEDIAN, AT(at)                                           \
    }
#define EXTREME(path, metric, unit, at)                                                                      \
    {                                                                                                        \
        path, metric, unit, FIELD_NUMBER, OVER_RUNS_LARGEST, AT(at)                                          \
    }
#define COUNTER(path, at)                                                                                    \
    {                                                                                                        \
        path, NULL, UNIT_COUNT, FIELD_COUNT, OVER_RUNS_SUM, AT(at)                                           \
    }

static const struct run_field FIELDS[] = {
    FIGURE("avg_rollback_size", "avg_rollback_size", UNIT_COUNT, avg_rollback_size),
    FIGURE("batch_size_mean", "batch_size_mean", UNIT_COUNT, batch_size_mean),
    FIGURE("breaker_open_share", "breaker_open_share", UNIT_SHARE, breaker_open_share),
    COUNTER("cohort.rolled_back", cohort_rolled_back),
    COUNTER("cohort.speculative", cohort_speculative),
    COUNTER("cohort.submitted", cohort_submitted),
    FIGURE("cooldown_share", "cooldown_share", UNIT_SHARE, cooldown_share),
    EXTREME("depth.max", "depth_max", UNIT_COUNT, depth_max),
    FIGURE("depth.mean", "depth_mean", UNIT_COUNT, depth_mean),
    FIGURE("depth.p99", "depth_p99", UNIT_COUNT, depth_p99),
    COUNTER("events", events),
    {"max_rollback_size", "max_rollback_size", UNIT_COUNT, FIELD_COUNT, OVER_RUNS_LARGEST,
     AT(max_rollback_size)},
    FIGURE("memory_bytes.mean", "memory_mean", UNIT_BYTES, memory_mean),
    EXTREME("memory_bytes.peak", "memory_peak", UNIT_BYTES, memory_peak),
    FIGURE("memory_bytes.per_active_task", "memory_per_active_task", UNIT_BYTES, memory_per_active_task),
    FIGURE("offered_tasks_per_s", "offered", UNIT_PER_SECOND, offered),
    FIGURE("prover_utilisation", "prover_utilisation", UNIT_SHARE, prover_utilisation),
    EXTREME("queue_depth.max", "queue_depth_max", UNIT_COUNT, queue_depth_max),
    FIGURE("queue_depth.mean", "queue_depth_mean", UNIT_COUNT, queue_depth_mean),
    FIGURE("rollback_per_submitted", "rollback_per_submitted", UNIT_SHARE, rollback_per_submitted),
    FIGURE("rollback_rate", "rollback_rate", UNIT_SHARE, rollback_rate),
    {"sim_seconds", NULL, UNIT_SECONDS, FIELD_NUMBER, OVER_RUNS_SUM, AT(sim_seconds)},
    FIGURE("speedup.bound", "speedup_bound", UNIT_RATIO, speedup_bound),
    FIGURE("speedup.fraction_of_bound", "fraction_of_bound", UNIT_SHARE, fraction_of_bound),
    FIGURE("speedup.vs_no_speculation", "speedup", UNIT_RATIO, speedup),
    COUNTER("stake.bonded_lamports", bonded_lamports),
    COUNTER("stake.locked_lamports", locked_lamports),
    COUNTER("stake.released_lamports", released_lamports),
    {"stake.slashed_lamports", "slashed_lamports", UNIT_COUNT, FIELD_COUNT, OVER_RUNS_SUM,
     AT(slashed_lamports)},
    COUNTER("tasks.cancelled", tasks.cancelled),
    COUNTER("tasks.confirmed", tasks.confirmed),
    COUNTER("tasks.executed", tasks.executed),
    COUNTER("tasks.expired", tasks.expired),
    COUNTER("tasks.failed", tasks.failed),
    COUNTER("tasks.refused", tasks.refused),
    COUNTER("tasks.rolled_back", tasks.rolled_back),
    COUNTER("tasks.speculative", tasks.speculative),
    COUNTER("tasks.submitted", tasks.submitted),
    COUNTER("tasks.unfinished", tasks.unfinished),
    FIGURE("throughput_in_window", "throughput_in_window", UNIT_PER_SECOND, throughput_in_window),
    FIGURE("throughput_tasks_per_s", "throughput", UNIT_PER_SECOND, throughput),
    {"unrecovered_bursts", NULL, UNIT_COUNT, FIELD_NUMBER, OVER_RUNS_SUM, AT(recovery_of_bursts_unrecovered)},
};

enum { FIELD_COUNT_ALL = sizeof FIELDS / sizeof *FIELDS };

static const char *wait_name(uint32_t index)
{
    return wait_reason_name((enum wait_reason)index);
}

static const char *rollback_name(uint32_t index)
{
    return rollback_reason_name((enum rollback_reason)index);
}

static const struct run_list LISTS[] = {
    {"rollbacks_by_reason", FIELD_COUNT, REASON_COUNT, 0, rollback_name, AT(rollbacks_by_reason)},
    {"wait_ms", FIELD_NUMBER, WAIT_REASON_COUNT, WAIT_NONE + 1, wait_name, AT(wait_ms)},
    {"waits", FIELD_COUNT, WAIT_REASON_COUNT, WAIT_NONE + 1, wait_name, AT(waits)},
};

uint32_t run_field_count(void)
{
    return FIELD_COUNT_ALL;
}

const struct run_field *run_field_at(uint32_t index)
{
    ASSERT(index < FIELD_COUNT_ALL);
    return &FIELDS[index];
}

uint32_t run_list_count(void)
{
    return sizeof LISTS / sizeof *LISTS;
}

const struct run_list *run_list_at(uint32_t index)
{
    ASSERT(index < run_list_count());
    return &LISTS[index];
}

static double value_of(const struct run_field *field, const struct run_metrics *metrics)
{
    return field->kind == FIELD_NUMBER ? run_number_of(metrics, field->offset)
                                       : (double)run_counter_of(metrics, field->offset);
}

/* A burst after which the backlog never came down took longer than any that did. */
static double latency_value(const struct run_metrics *metrics, enum latency_kind kind, const char *what)
{
    const struct latency *latency = &metrics->latency[kind];
    bool is_open_ended = kind == LATENCY_RECOVERY && metrics->recovery_of_bursts_unrecovered > 0;
    if (strcmp(what, "min") == 0) return latency->min_ns;
    if (strcmp(what, "max") == 0) return is_open_ended ? NAN : latency->max_ns;
    if (strcmp(what, "mean") == 0) return is_open_ended ? NAN : latency->mean_ns;
    for (int q = 0; q < QUANTILE_COUNT; q++)
        if (strcmp(what, latency_quantile_name((enum latency_quantile)q)) == 0)
            return latency->quantile_ns[q];
    return INFINITY;
}

static bool find_latency(const struct run_metrics *metrics, const char *name, struct run_metric *out)
{
    const char *dot = strchr(name, '.');
    if (!dot) return false;
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const char *text = latency_kind_name((enum latency_kind)kind);
        if (strlen(text) != (size_t)(dot - name) || strncmp(text, name, (size_t)(dot - name)) != 0) continue;
        double value_ns = latency_value(metrics, (enum latency_kind)kind, dot + 1);
        if (isinf(value_ns)) return false;
        *out = (struct run_metric){value_ns / (double)NS_PER_S, UNIT_SECONDS};
        return true;
    }
    return false;
}

bool run_metric_find(const struct run_metrics *metrics, const char *name, struct run_metric *out)
{
    if (strcmp(name, "throughput_share") == 0) {
        *out = (struct run_metric){metrics->offered > 0 ? metrics->throughput / metrics->offered : NAN,
                                   UNIT_SHARE};
        return true;
    }
    for (uint32_t i = 0; i < FIELD_COUNT_ALL; i++) {
        if (!FIELDS[i].metric || strcmp(FIELDS[i].metric, name) != 0) continue;
        *out = (struct run_metric){value_of(&FIELDS[i], metrics), FIELDS[i].unit};
        return true;
    }
    return find_latency(metrics, name, out);
}

static uint32_t named_fields(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FIELD_COUNT_ALL; i++) count += FIELDS[i].metric != NULL;
    return count;
}

static const char *field_name(uint32_t rank)
{
    for (uint32_t i = 0;; i++)
        if (FIELDS[i].metric && rank-- == 0) return FIELDS[i].metric;
}

static const char *const MORE[] = {"mean", "min", "max"};
enum { LATENCY_FIGURES = QUANTILE_COUNT + sizeof MORE / sizeof *MORE };

uint32_t run_metric_count(void)
{
    return 1 + named_fields() + LATENCY_KIND_COUNT * LATENCY_FIGURES;
}

const char *run_metric_name(uint32_t index, char room[64])
{
    ASSERT(index < run_metric_count());
    if (index == 0) return "throughput_share";
    if (--index < named_fields()) return field_name(index);
    index -= named_fields();
    uint32_t what = index % LATENCY_FIGURES;
    snprintf(room, 64, "%s.%s", latency_kind_name((enum latency_kind)(index / LATENCY_FIGURES)),
             what < QUANTILE_COUNT ? latency_quantile_name((enum latency_quantile)what)
                                   : MORE[what - QUANTILE_COUNT]);
    return room;
}

const char *run_metric_nearest(const char *name, char room[64])
{
    struct nearest nearest = {.wanted = name};
    char other[64];
    for (uint32_t i = 0; i < run_metric_count(); i++) {
        const char *before = nearest.best;
        nearest_offer(&nearest, run_metric_name(i, other));
        if (nearest.best == before) continue;
        snprintf(room, 64, "%s", nearest.best);
        nearest.best = room;
    }
    return nearest.best;
}

struct scale {
    double from; /* the row serves values at or above */
    double divisor;
    const char *unit;
};
static const struct scale SECONDS[] = {{3600, 3600, " h"}, {120, 60, " min"}, {1, 1, " s"}, {0, 1e-3, " ms"}};
static const struct scale BYTES[] = {
    {1073741824, 1073741824, " GB"}, {1048576, 1048576, " MB"}, {1024, 1024, " KB"}, {0, 1, " B"}};
static const struct scale SHARES[] = {{-INFINITY, 0.01, " %"}};
static const struct scale RATES[] = {{-INFINITY, 1, "/s"}};
static const struct scale RATIOS[] = {{-INFINITY, 1, "x"}};
static const struct scale COUNTS[] = {{-INFINITY, 1, ""}};
static const struct {
    const struct scale *rows;
    uint32_t count;
} SCALES[] = {
    [UNIT_COUNT] = {COUNTS, 1}, [UNIT_SECONDS] = {SECONDS, 4}, [UNIT_PER_SECOND] = {RATES, 1},
    [UNIT_SHARE] = {SHARES, 1}, [UNIT_BYTES] = {BYTES, 4},     [UNIT_RATIO] = {RATIOS, 1},
};

/* Three digits that say something: 1.23, 12.3, 123; never 1.23e+04. */
static void write_digits(char *out, size_t size_bytes, double value)
{
    double magnitude = fabs(value);
    int places = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
    snprintf(out, size_bytes, "%.*f", magnitude == 0 ? 0 : places, value);
}

void metric_write(char out[METRIC_TEXT_BYTES], double value, enum metric_unit unit)
{
    char digits[METRIC_TEXT_BYTES - 8];
    if (!isfinite(value)) {
        snprintf(out, METRIC_TEXT_BYTES, "n/a");
        return;
    }
    uint32_t row = 0;
    while (row + 1 < SCALES[unit].count && fabs(value) < SCALES[unit].rows[row].from) row++;
    const struct scale *scale = &SCALES[unit].rows[row];
    if (unit == UNIT_COUNT && value == floor(value))
        snprintf(digits, sizeof digits, "%.0f", value); /* of things that come whole */
    else
        write_digits(digits, sizeof digits, value / scale->divisor);
    snprintf(out, METRIC_TEXT_BYTES, "%s%s", digits, scale->unit);
}

struct metric_axis metric_axis(enum metric_unit unit)
{
    static const struct metric_axis AXES[] = {
        [UNIT_COUNT] = {1, ""},
        [UNIT_SECONDS] = {1, "seconds"},
        [UNIT_PER_SECOND] = {1, "per second"},
        [UNIT_SHARE] = {100, "percent"},
        [UNIT_BYTES] = {1.0 / (double)MIB, "MB"},
        [UNIT_RATIO] = {1, "times"},
    };
    return AXES[unit];
}
