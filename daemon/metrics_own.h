/* daemon/metrics_own.h: what the files of the metrics share. */
#pragma once
#include "daemon/metrics_agents.h"
#include "daemon/metrics_window.h"
#include "daemon/service.h"

/* name, unit of a bound, bounds, label and its values (or NULL) */
enum metrics_histogram_id {
    HISTOGRAM_PROOF,
    HISTOGRAM_DEPTH,
    HISTOGRAM_CHAIN_CONFIRMED,
    HISTOGRAM_CHAIN_FINALIZED,
    HISTOGRAM_CONFIRMATION, /* of the operation, from its submission */
    HISTOGRAM_RESULT,
    HISTOGRAM_ROLLBACK,
    HISTOGRAM_CASCADE,
    HISTOGRAM_BATCH,
    HISTOGRAM_GC,
    HISTOGRAM_REQUEST,
    HISTOGRAM_COUNT
};

enum { HISTOGRAM_BOUNDS_MOST = 12, METRICS_BATCHES_RECENT = 64 };

struct histogram_bounds {
    int64_t unit; /* ns a second for durations, 1 for numbers */
    uint32_t count;
    int64_t bounds[HISTOGRAM_BOUNDS_MOST];
};
extern const struct histogram_bounds METRICS_BOUNDS[HISTOGRAM_COUNT];

struct metrics_histogram {
    uint64_t counts[HISTOGRAM_BOUNDS_MOST + 1]; /* not cumulated; the last one is beyond all bounds */
    uint64_t sum;                               /* in the unit's parts */
};

/* Which requests are counted together: by the beginning of their path, the first row that fits. */
#define REQUEST_CLASSES(X)                                                                                   \
    X(REQUEST_METRICS, "metrics", "/metrics")                                                                \
    X(REQUEST_HEALTH, "health", "/health")                                                                   \
    X(REQUEST_READY, "ready", "/ready")                                                                      \
    X(REQUEST_QUERY, "query", "/api/")                                                                       \
    X(REQUEST_TASKS, "tasks", "/admin/tasks")                                                                \
    X(REQUEST_CONFIG, "config", "/admin/config")                                                             \
    X(REQUEST_ADMIN, "admin", "/admin")                                                                      \
    X(REQUEST_OTHER, "other", "")
#define NAME_(name, label, path) name,
enum request_class { REQUEST_CLASSES(NAME_) REQUEST_CLASS_COUNT };
#undef NAME_
enum { REQUEST_CODES = 16, REQUEST_CODE_OTHER = REQUEST_CODES - 1 };
extern const int METRICS_REQUEST_CODES[REQUEST_CODES]; /* statuses; 0, the last, is any other */
const char *metrics_request_class(uint32_t request_class);

struct metrics {
    int64_t now_ns;        /* the engine's, of the last that was heard */
    int64_t stepped_ns;    /* CLOCK_MONOTONIC when the event came: how long its garbage collection took */
    uint64_t submitted_id; /* of a submission whose first effect is still to come; 0: none */
    struct metrics_histogram histograms[HISTOGRAM_COUNT];
    struct window_counts counts;
    struct window_quantiles confirmations, requests;
    struct metrics_agents agents;
    uint32_t batches[METRICS_BATCHES_RECENT]; /* sizes of the last ones */
    uint64_t batch_count;
    uint64_t checks[2]; /* of the state's integrity: clean, and with findings */
    uint64_t findings;  /* of the last one */
    uint64_t requests_by[REQUEST_CLASS_COUNT][REQUEST_CODES];
};

void metrics_observe(struct metrics *metrics, enum metrics_histogram_id id, int64_t value);
uint64_t metrics_rollback_rate_at(const struct metrics *metrics, int64_t now_ns, int64_t window_ns);

/* ---- the table ---- */

enum metrics_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
enum metrics_port { PORT_ENGINE, PORT_WORKERS };
enum metrics_need { NEED_STATS, NEED_METRICS, NEED_ENGINE, NEED_SERVICE, NEED_CHAIN };

enum { METRICS_LABELS_BYTES = 512 };

struct metrics_family;
struct metrics_out { /* whom the samples of a family go to */
    const struct metrics_family *family;
    const char *name; /* the family's, or its alias's */
    void *context;
    void (*sample)(struct metrics_out *out, const char *suffix, const char *labels, double value);
};

struct metrics_family {
    const char *name;
    enum metrics_type type;
    const char *labels; /* their names, for the document; "" for none */
    enum metrics_need need;
    const char *help;
    void (*collect)(const struct metrics_family *family, const struct metrics_view *view,
                    struct metrics_out *out);
    size_t offset; /* collect's: where a number stands, or which one */
    enum metrics_port port;
};
extern const struct metrics_family METRICS_FAMILIES[];
extern const uint32_t METRICS_FAMILY_COUNT;

struct metrics_alias {
    const char *name, *of;
    bool is_total_only; /* the unlabelled sample alone */
};
extern const struct metrics_alias METRICS_ALIASES[];
extern const uint32_t METRICS_ALIAS_COUNT;
const struct metrics_family *metrics_family(const char *name); /* NULL: none */

/* ---- collectors, by subject (metrics_collect.c, metrics_collect_service.c) ---- */
#define COLLECTOR(name)                                                                                      \
    void name(const struct metrics_family *family, const struct metrics_view *view, struct metrics_out *out)
COLLECTOR(collect_stat);    /* a uint64_t of engine_stats at `offset` */
COLLECTOR(collect_setting); /* an int64_t of settings */
COLLECTOR(collect_reasons); /* an array by rollback reason, of engine_stats */
COLLECTOR(collect_waits);
COLLECTOR(collect_trips);
COLLECTOR(collect_memory);
COLLECTOR(collect_depths);
COLLECTOR(collect_current_depth);
COLLECTOR(collect_enabled);
COLLECTOR(collect_auto_disabled);
COLLECTOR(collect_errors);
COLLECTOR(collect_ended); /* one terminal status: `offset` is the enum task_status */
COLLECTOR(collect_timeouts);
COLLECTOR(collect_proof_failures);
COLLECTOR(collect_worker_utilization);
COLLECTOR(collect_stake_utilization);
COLLECTOR(collect_operations);
COLLECTOR(collect_stake_per_agent);
COLLECTOR(collect_histogram); /* `offset` is the enum metrics_histogram_id */
COLLECTOR(collect_proof_histogram);
COLLECTOR(collect_chain_histogram);
COLLECTOR(collect_batch_size);
COLLECTOR(collect_rollback_rate);
COLLECTOR(collect_operations_rate);
COLLECTOR(collect_confirmation_p99);
COLLECTOR(collect_request_p99);
COLLECTOR(collect_health);
COLLECTOR(collect_requests);
COLLECTOR(collect_checks);
COLLECTOR(collect_findings);
COLLECTOR(collect_illegal_moves);
COLLECTOR(collect_build);
COLLECTOR(collect_process);        /* `offset` is the enum process_figure */
COLLECTOR(collect_status_number);  /* a uint64_t of service_status */
COLLECTOR(collect_status_seconds); /* a uint64_t of ns, of service_status */
COLLECTOR(collect_status_flag);    /* a bool of service_status */
COLLECTOR(collect_chain_flag);
COLLECTOR(collect_chain_number);
COLLECTOR(collect_chain_slots);
#undef COLLECTOR

void metrics_emit(struct metrics_out *out, const char *labels, double value);
/* name="value", with what a label value may not hold escaped. Appends to labels, after a comma if need be. */
void metrics_label(char labels[METRICS_LABELS_BYTES], const char *name, const char *value);

enum process_figure {
    PROCESS_CPU,
    PROCESS_START,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS,
    PROCESS_RESIDENT,
    PROCESS_VIRTUAL
};
double metrics_process(enum process_figure figure); /* NAN: /proc does not say */
