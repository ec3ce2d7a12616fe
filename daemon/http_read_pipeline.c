/* daemon/http_read_pipeline.c: where time goes between a submission and its confirmation.
 *
 * Each stage is the span between two moments of a task. What ended in the last five minutes is measured, at
 * most PIPELINE_TASKS tasks, the newest. */
#include "base/sort.h"
#include "daemon/http_read.h"
#include <stdlib.h>

enum { PIPELINE_TASKS = 20000 };
static const int64_t WINDOW_NS = 5 * NS_PER_MIN;

enum stage { ADMISSION, EXECUTE, PROOF_QUEUE, PROVE, DEFERRAL, SUBMIT, CONFIRM, STAGES };

static const struct stage_row {
    const char *name;
    enum book_moment from, to;
    const char *suggestion;
} ROWS[STAGES] = {
    {"admission", BOOK_SUBMITTED, BOOK_ADMITTED,
     "see /admin/blocked-operations for what is waited for; raise that limit or the rollout"},
    {"execute", BOOK_ADMITTED, BOOK_EXECUTED, "execution itself is slow: look at the agents' handlers"},
    {"proof queue", BOOK_PROOF_QUEUED, BOOK_PROVING,
     "add proof workers, or raise speculation.proof.batch_size"},
    {"proof", BOOK_PROVING, BOOK_PROOF_READY, "proofs take long: fewer workers a core, or a smaller batch"},
    {"deferral", BOOK_PROOF_READY, BOOK_SENT,
     "proofs wait for their ancestors: a lower speculation.max_depth, or a faster chain"},
    {"submit", BOOK_SENT, BOOK_SENT, "the RPC node takes transactions slowly: see /admin/chain-status"},
    {"confirm", BOOK_SENT, BOOK_CONFIRMED, "the chain confirms slowly: see /admin/chain-status"},
};

struct stage_sums {
    int64_t *spans;
    size_t count;
    uint64_t arrived, inside;
};

/* When the RPC had taken the transaction: the status became confirming. */
static int64_t accepted_at(const struct book_task *task)
{
    for (uint32_t i = task->step_count; i-- > 0;)
        if (task->steps[i].kind == NOTE_STATUS && task->steps[i].to == TASK_CONFIRMING)
            return task->steps[i].at_ns;
    return NEVER_NS;
}

static void moments_of(const struct book_task *task, enum stage stage, int64_t *from, int64_t *to)
{
    *from = task->at_ns[ROWS[stage].from];
    *to = task->at_ns[ROWS[stage].to];
    if (stage == SUBMIT) *to = accepted_at(task);
    if (stage == CONFIRM) *from = accepted_at(task);
}

static void add(struct stage_sums *sums, const struct book_task *task, enum stage stage, int64_t since_ns)
{
    int64_t from, to;
    moments_of(task, stage, &from, &to);
    if (from == NEVER_NS) return;
    sums->arrived += from >= since_ns;
    bool is_inside = to == NEVER_NS || to < from;
    if (is_inside && !task_status_is_terminal(task->status)) sums->inside++;
    if (!is_inside && to >= since_ns) sums->spans[sums->count++] = to - from;
}

/* False: no memory, answered. */
static bool measure(struct exchange *exchange, struct stage_sums sums[STAGES])
{
    int64_t *spans = malloc((size_t)STAGES * PIPELINE_TASKS * sizeof *spans);
    if (!spans) {
        exchange_fail(exchange, 503, "out_of_memory", "no memory for the analysis: try again");
        return false;
    }
    for (int stage = 0; stage < STAGES; stage++)
        sums[stage] = (struct stage_sums){.spans = spans + (size_t)stage * PIPELINE_TASKS};
    struct book_task task;
    uint64_t cursor = 0;
    for (int n = 0; n < PIPELINE_TASKS && book_each_newest(read_book(exchange), &cursor, &task); n++)
        for (int stage = 0; stage < STAGES; stage++)
            add(&sums[stage], &task, (enum stage)stage, read_now_ns(exchange) - WINDOW_NS);
    for (int stage = 0; stage < STAGES; stage++) sort_i64(sums[stage].spans, sums[stage].count);
    return true;
}

/* In use of what the stage has room for; 0 where nothing limits it. */
static double utilisation(const struct exchange *exchange, enum stage stage, const struct stage_sums *sums)
{
    const struct engine_stats *stats = engine_statistics(read_engine(exchange));
    const struct settings *settings = read_settings(exchange);
    switch (stage) {
    case ADMISSION: return (double)sums->inside / (double)settings->max_pending_operations;
    case PROOF_QUEUE: return (double)stats->proof_queue_depth / (double)settings->queue_size;
    case PROVE: return (double)stats->workers_busy / (double)settings->worker_threads;
    case SUBMIT: return (double)stats->submissions_in_flight / (double)settings->max_concurrent_submissions;
    default: return 0;
    }
}

static int64_t quantile(const struct stage_sums *sums, unsigned percent)
{
    if (sums->count == 0) return NEVER_NS;
    size_t rank = (sums->count * percent + 99) / 100;
    return sums->spans[rank ? rank - 1 : 0];
}

static double mean_ns(const struct stage_sums *sums)
{
    double sum = 0;
    for (size_t i = 0; i < sums->count; i++) sum += (double)sums->spans[i];
    return sums->count ? sum / (double)sums->count : 0;
}

static void write_stage(struct exchange *exchange, enum stage stage, const struct stage_sums *sums)
{
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_number(writer, "arrival_rate", (double)sums->arrived / (double)(WINDOW_NS / NS_PER_S));
    json_write_u64(writer, "count", sums->count);
    json_write_u64(writer, "inside", sums->inside);
    json_write_number(writer, "mean", mean_ns(sums) / 1e9);
    read_write_seconds(exchange, "p50", quantile(sums, 50));
    read_write_seconds(exchange, "p99", quantile(sums, 99));
    json_write_text(writer, "stage", ROWS[stage].name);
    json_write_number(writer, "utilisation", utilisation(exchange, stage, sums));
    json_write_end(writer);
}

static void handle_analyze(struct exchange *exchange)
{
    struct stage_sums sums[STAGES];
    if (!measure(exchange, sums)) return;
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_array(writer, "stages");
    for (int stage = 0; stage < STAGES; stage++) write_stage(exchange, (enum stage)stage, &sums[stage]);
    json_write_end(writer);
    read_write_seconds(exchange, "window_seconds", WINDOW_NS);
    json_write_end(writer);
    free(sums[0].spans);
}

/* ---- bottlenecks ---- */

struct bottleneck {
    enum stage stage;
    double score, share, used;
};

static int worse_first(const void *a, const void *b)
{
    const struct bottleneck *left = a, *right = b;
    if (left->score != right->score) return left->score < right->score ? 1 : -1;
    return (int)left->stage - (int)right->stage;
}

/* Half of the score is a stage's share of the whole way, half how full it is. */
static void rank(const struct exchange *exchange, const struct stage_sums *sums, struct bottleneck *ranked)
{
    double whole = 0;
    for (int stage = 0; stage < STAGES; stage++) whole += mean_ns(&sums[stage]);
    for (int stage = 0; stage < STAGES; stage++) {
        struct bottleneck *one = &ranked[stage];
        one->stage = (enum stage)stage;
        one->share = whole > 0 ? mean_ns(&sums[stage]) / whole : 0;
        one->used = utilisation(exchange, one->stage, &sums[stage]);
        one->score = 0.5 * one->share + 0.5 * (one->used < 1 ? one->used : 1);
    }
    qsort(ranked, STAGES, sizeof *ranked, worse_first);
}

static void handle_bottlenecks(struct exchange *exchange)
{
    struct stage_sums sums[STAGES];
    struct bottleneck ranked[STAGES];
    if (!measure(exchange, sums)) return;
    rank(exchange, sums, ranked);
    struct json_writer *writer = exchange_json(exchange);
    json_write_array(writer, NULL);
    for (int i = 0; i < STAGES; i++) {
        const struct bottleneck *one = &ranked[i];
        char evidence[160];
        snprintf(evidence, sizeof evidence,
                 "%.0f %% of the time on the way, %.0f %% of its room in use, %llu inside", 100 * one->share,
                 100 * one->used, (unsigned long long)sums[one->stage].inside);
        json_write_object(writer, NULL);
        json_write_text(writer, "evidence", evidence);
        json_write_number(writer, "score", one->score);
        json_write_text(writer, "stage", ROWS[one->stage].name);
        json_write_text(writer, "suggestion", ROWS[one->stage].suggestion);
        json_write_end(writer);
    }
    json_write_end(writer);
    free(sums[0].spans);
}

/* ---- confirmations ---- */

struct pending {
    uint64_t count;
    int64_t oldest_ns;
};

static struct pending find_pending(const struct exchange *exchange)
{
    struct pending pending = {.oldest_ns = 0};
    struct book_task task;
    uint64_t cursor = 0;
    while (book_each(read_book(exchange), &cursor, &task)) {
        if (task.status != TASK_CONFIRMING && task.status != TASK_SUBMITTING) continue;
        int64_t age_ns = read_now_ns(exchange) - task.at_ns[BOOK_PROOF_READY];
        pending.count++;
        if (age_ns > pending.oldest_ns) pending.oldest_ns = age_ns;
    }
    return pending;
}

static void handle_confirmations(struct exchange *exchange)
{
    struct stage_sums sums[STAGES];
    if (!measure(exchange, sums)) return;
    struct pending pending = find_pending(exchange);
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_number(writer, "avg_confirmation_time", mean_ns(&sums[CONFIRM]) / 1e9);
    read_write_seconds(exchange, "oldest_pending_age", pending.oldest_ns);
    read_write_seconds(exchange, "p50", quantile(&sums[CONFIRM], 50));
    read_write_seconds(exchange, "p99", quantile(&sums[CONFIRM], 99));
    json_write_u64(writer, "pending_confirmations", pending.count);
    json_write_end(writer);
    free(sums[0].spans);
}

static const struct route_answer ANALYZE_ANSWER[] = {
    {"stages", FIELD_ANY}, {"window_seconds", FIELD_NUMBER}, {0}};
static const struct route_answer CONFIRMATIONS_ANSWER[] = {{"pending_confirmations", FIELD_INTEGER},
                                                           {"avg_confirmation_time", FIELD_NUMBER},
                                                           {"oldest_pending_age", FIELD_NUMBER},
                                                           {"p50", FIELD_ANY},
                                                           {"p99", FIELD_ANY},
                                                           {0}};

const struct route ROUTES_READ_PIPELINE[] = {{.method = ROUTE_GET,
                                              .path = "/admin/pipeline/analyze",
                                              .summary = "time by stage of the last five minutes",
                                              .handle = handle_analyze,
                                              .answer = ANALYZE_ANSWER},
                                             {.method = ROUTE_GET,
                                              .path = "/admin/pipeline/bottlenecks",
                                              .summary = "stages, the most pressing first",
                                              .handle = handle_bottlenecks},
                                             {.method = ROUTE_GET,
                                              .path = "/admin/confirmation-status",
                                              .summary = "confirmations under way, and how long",
                                              .handle = handle_confirmations,
                                              .answer = CONFIRMATIONS_ANSWER},
                                             {0}};
