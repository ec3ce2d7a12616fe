/* daemon/http_read_state.c: the state of chain, memory, snapshots, workers, and the graph of what is not
 * over. */
#include "base/apportion.h"
#include "base/sort.h"
#include "daemon/http_read.h"
#include <stdlib.h>

static double seconds_of(int64_t span_ns)
{
    return (double)(span_ns / NS_PER_US) / 1e6;
}

/* ---- chain ---- */

static void handle_chain(struct exchange *exchange)
{
    struct chain_view chain;
    service_chain(exchange_live(exchange)->service, &chain);
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_u64(writer, "confirmed_slot", chain.confirmed_slot);
    json_write_bool(writer, "connected", chain.is_connected);
    json_write_text(writer, "connection_status", chain.is_connected ? "connected" : "disconnected");
    json_write_u64(writer, "finalized_slot", chain.finalized_slot);
    json_write_u64(writer, "in_flight", chain.in_flight);
    json_write_text(writer, "kind", chain.kind);
    json_write_u64(writer, "lag_slots",
                   chain.slot > chain.confirmed_slot ? chain.slot - chain.confirmed_slot : 0);
    json_write_text(writer, "name", chain.name);
    json_write_u64(writer, "reorgs_1h", chain.reverted_1h);
    json_write_number(writer, "rpc_latency_ms", seconds_of(chain.rpc_latency_ns) * 1e3);
    json_write_number(writer, "skip_rate", (double)chain.skip_ppm / 1e6);
    json_write_u64(writer, "slot", chain.slot);
    json_write_number(writer, "tps", chain.tps);
    json_write_end(writer);
}

/* ---- memory ---- */

/* Whole megabytes that sum to the total, as people add them up. */
static void handle_memory(struct exchange *exchange)
{
    struct engine_memory memory = engine_memory_usage(read_engine(exchange));
    const uint64_t bytes[] = {memory.other, memory.pending_operations, memory.proof_cache,
                              memory.state_snapshots};
    uint64_t parts[4], total = (memory.total + MIB / 2) / MIB;
    apportion(total, bytes, 4, parts);
    const struct engine_stats *stats = engine_statistics(read_engine(exchange));
    int64_t limit = read_settings(exchange)->max_memory_bytes;
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_object(writer, "gc");
    json_write_u64(writer, "bytes_freed", stats->gc_last_bytes);
    read_write_time(exchange, "last_at", stats->gc_runs ? stats->gc_last_ns : NEVER_NS);
    json_write_u64(writer, "runs", stats->gc_runs);
    json_write_u64(writer, "snapshots", stats->gc_last_snapshots);
    json_write_u64(writer, "tasks", stats->gc_last_tasks);
    json_write_end(writer);
    json_write_u64(writer, "limit_mb", (uint64_t)limit / MIB);
    json_write_u64(writer, "other_mb", parts[0]);
    json_write_u64(writer, "pending_operations_mb", parts[1]);
    json_write_u64(writer, "proof_cache_mb", parts[2]);
    json_write_u64(writer, "state_snapshots_mb", parts[3]);
    json_write_u64(writer, "total_mb", total);
    json_write_number(writer, "usage_percent", 100.0 * (double)memory.total / (double)limit);
    json_write_end(writer);
}

/* ---- snapshots and graph: walks over what is not over ---- */

/* The next one that the engine still knows; a root in `wanted` limits it to that task and its descendants. */
static bool next_known(const struct exchange *exchange, uint64_t *cursor, struct book_task *task,
                       struct task_view *view)
{
    const struct engine *engine = read_engine(exchange);
    struct task_ref ref;
    while (book_each(read_book(exchange), cursor, task))
        if (!task->is_pruned && engine_find(engine, task->id, &ref) && engine_task(engine, ref, view) == OK)
            return true;
    return false;
}

static void write_snapshot(struct exchange *exchange, const struct book_task *task,
                           const struct task_view *view)
{
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    read_write_seconds(exchange, "age_seconds", read_now_ns(exchange) - task->at_ns[BOOK_ADMITTED]);
    json_write_text(writer, "agent_id", task->agent);
    read_write_time(exchange, "created_at", task->at_ns[BOOK_ADMITTED]);
    json_write_text(writer, "operation_id", task->name);
    json_write_u64(writer, "size_bytes", view->snapshot_bytes);
    json_write_text(writer, "snapshot_id", task->name);
    json_write_text(writer, "state", machine_state_name(MACHINE_SNAPSHOT, view->snapshot));
    json_write_text(writer, "task_status", task_status_name(task->status));
    json_write_end(writer);
}

static void handle_snapshots(struct exchange *exchange)
{
    int64_t older_ns;
    if (!read_span(exchange, "older_than", 0, &older_ns)) return;
    uint64_t limit = read_number(exchange, "limit", 100), cursor = 0, count = 0, bytes = 0;
    int64_t oldest_ns = 0;
    struct json_writer *writer = exchange_json(exchange);
    struct book_task task;
    struct task_view view;
    json_write_object(writer, NULL);
    json_write_array(writer, "items");
    while (next_known(exchange, &cursor, &task, &view)) {
        if (view.snapshot == SNAPSHOT_NONE || view.snapshot == SNAPSHOT_COLLECTED) continue;
        int64_t age_ns = read_now_ns(exchange) - task.at_ns[BOOK_ADMITTED];
        if (age_ns < older_ns) continue;
        if (count < limit) write_snapshot(exchange, &task, &view);
        count++;
        bytes += view.snapshot_bytes;
        if (age_ns > oldest_ns) oldest_ns = age_ns;
    }
    json_write_end(writer);
    read_write_seconds(exchange, "oldest_age_seconds", oldest_ns);
    json_write_u64(writer, "total_bytes", bytes);
    json_write_u64(writer, "total_count", count);
    json_write_end(writer);
}

enum { GRAPH_NODES_MOST = 2000 };

struct graph_pass {
    uint64_t ids[GRAPH_NODES_MOST];
    uint32_t count, limit;
};

static bool has_node(const struct graph_pass *pass, uint64_t id)
{
    uint32_t low = 0, high = pass->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (pass->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pass->count && pass->ids[low] == id;
}

/* Ids are in order and parents are older than their children: one walk finds all descendants of a root. */
static bool belongs(const struct graph_pass *pass, const struct book_task *task, uint64_t root)
{
    if (root == 0) return !task_status_is_terminal(task->status);
    if (task->id == root) return true;
    for (uint32_t i = 0; i < task->parent_count; i++)
        if (has_node(pass, task->parents[i])) return true;
    return false;
}

static void write_nodes(struct exchange *exchange, struct graph_pass *pass, uint64_t root)
{
    struct json_writer *writer = exchange_json(exchange);
    struct book_task task;
    uint64_t cursor = 0;
    json_write_array(writer, "nodes");
    while (pass->count < pass->limit && book_each(read_book(exchange), &cursor, &task)) {
        if (!belongs(pass, &task, root)) continue;
        pass->ids[pass->count++] = task.id;
        json_write_object(writer, NULL);
        json_write_text(writer, "agent_id", task.agent);
        json_write_u64(writer, "depth", task.depth_at_admission);
        json_write_text(writer, "speculation_status", read_speculation_word(&task));
        json_write_text(writer, "status", task_status_name(task.status));
        json_write_text(writer, "task_id", task.name);
        json_write_end(writer);
    }
    json_write_end(writer);
}

/* JSON keys are sorted, so that the edges come first: the nodes are collected before anything is written. */
static void collect(const struct exchange *exchange, struct graph_pass *pass, uint64_t root)
{
    struct book_task task;
    uint64_t cursor = 0;
    while (pass->count < pass->limit && book_each(read_book(exchange), &cursor, &task))
        if (belongs(pass, &task, root)) pass->ids[pass->count++] = task.id;
}

static void write_edges(struct exchange *exchange, const struct graph_pass *pass)
{
    static const char *const NAMES[EDGE_KIND_COUNT] = {"data", "order", "resource"};
    struct json_writer *writer = exchange_json(exchange);
    struct book_task task;
    json_write_array(writer, "edges");
    for (uint32_t n = 0; n < pass->count; n++) {
        if (!book_find(read_book(exchange), pass->ids[n], &task)) continue;
        for (uint32_t i = 0; i < task.parent_count; i++) {
            if (!has_node(pass, task.parents[i])) continue;
            json_write_object(writer, NULL);
            read_write_name(exchange, "from", task.parents[i]);
            json_write_text(writer, "to", task.name);
            json_write_text(writer, "type", NAMES[task.edge_kinds[i]]);
            json_write_end(writer);
        }
    }
    json_write_end(writer);
}

static void handle_graph(struct exchange *exchange)
{
    const char *name = exchange_query(exchange, "root");
    struct book_task root = {0};
    if (name && !book_find_name(read_book(exchange), name, &root)) {
        exchange_fail(exchange, 404, "not_found", "no task \"%s\"", name);
        return;
    }
    struct graph_pass pass;
    pass.count = 0;
    pass.limit = (uint32_t)read_number(exchange, "limit", 200);
    struct json_writer *writer = exchange_json(exchange);
    collect(exchange, &pass, root.id);
    json_write_object(writer, NULL);
    write_edges(exchange, &pass);
    json_write_bool(writer, "is_cut", pass.count == pass.limit);
    pass.count = 0;
    write_nodes(exchange, &pass, root.id);
    json_write_end(writer);
}

/* ---- proof workers ---- */

enum { PROOF_SPANS_MOST = 20000 };

struct proof_counts {
    uint64_t failed, timeouts, made;
    int64_t spent_ns;
    uint32_t span_count;
    int64_t spans[PROOF_SPANS_MOST]; /* of the newest ones */
};

static void count_proof(struct proof_counts *counts, const struct book_task *task)
{
    for (uint32_t i = 0; i < task->step_count; i++)
        counts->failed += task->steps[i].kind == EFFECT_KIND_COUNT + EVENT_PROOF_FAILED;
    counts->timeouts += task->reason == REASON_PROOF_TIMEOUT;
    if (task->at_ns[BOOK_PROOF_READY] == NEVER_NS) return;
    int64_t span_ns = task->at_ns[BOOK_PROOF_READY] - task->at_ns[BOOK_PROVING];
    counts->made++;
    counts->spent_ns += span_ns;
    if (counts->span_count < PROOF_SPANS_MOST) counts->spans[counts->span_count++] = span_ns;
}

/* Of what the book holds of the last hour. NULL: no memory. */
static struct proof_counts *count_proofs(const struct exchange *exchange)
{
    struct proof_counts *counts = calloc(1, sizeof *counts);
    struct book_task task;
    uint64_t cursor = 0;
    int64_t since_ns = read_now_ns(exchange) - NS_PER_H;
    while (counts && book_each_newest(read_book(exchange), &cursor, &task))
        if (task.at_ns[BOOK_PROVING] != NEVER_NS && task.at_ns[BOOK_PROVING] >= since_ns)
            count_proof(counts, &task);
    if (counts) sort_i64(counts->spans, counts->span_count);
    return counts;
}

static const char *workers_health(const struct engine_stats *stats, const struct settings *settings)
{
    uint64_t used_bps = stats->proof_queue_depth * BPS_ONE / (uint64_t)settings->queue_size;
    return used_bps > 9500 ? "down" : used_bps > 8000 ? "degraded" : "healthy";
}

static void write_running(struct exchange *exchange, uint64_t limit)
{
    struct json_writer *writer = exchange_json(exchange);
    struct book_task task;
    struct task_view view;
    uint64_t cursor = 0, count = 0;
    json_write_array(writer, "jobs");
    while (count < limit && next_known(exchange, &cursor, &task, &view)) {
        bool is_job = view.proof >= PROOF_BLOCKED && view.proof <= PROOF_BACKOFF;
        if (!is_job) continue;
        count++;
        json_write_object(writer, NULL);
        read_write_seconds(exchange, "age_seconds",
                           read_now_ns(exchange) - (task.at_ns[BOOK_PROOF_QUEUED] != NEVER_NS
                                                        ? task.at_ns[BOOK_PROOF_QUEUED]
                                                        : task.at_ns[BOOK_EXECUTED]));
        json_write_u64(writer, "attempts", task.proof_attempts);
        json_write_text(writer, "state", machine_state_name(MACHINE_PROOF, view.proof));
        json_write_text(writer, "task_id", task.name);
        json_write_u64(writer, "worker", task.worker);
        json_write_end(writer);
    }
    json_write_end(writer);
}

static void handle_workers(struct exchange *exchange)
{
    const struct engine_stats *stats = engine_statistics(read_engine(exchange));
    const struct settings *settings = read_settings(exchange);
    struct proof_counts *counts = count_proofs(exchange);
    if (!counts) {
        exchange_fail(exchange, 503, "out_of_memory", "no memory for the figures: try again");
        return;
    }
    uint32_t rank = (counts->span_count * 99 + 99) / 100;
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_u64(writer, "active", stats->workers_busy);
    if (counts->made)
        json_write_number(writer, "avg_seconds", seconds_of(counts->spent_ns) / (double)counts->made);
    else
        json_write_null(writer, "avg_seconds");
    json_write_u64(writer, "failed_1h", counts->failed);
    json_write_text(writer, "health", workers_health(stats, settings));
    write_running(exchange, read_number(exchange, "limit", 50));
    read_write_seconds(exchange, "p99_seconds", rank ? counts->spans[rank - 1] : NEVER_NS);
    json_write_u64(writer, "proofs_1h", counts->made);
    json_write_i64(writer, "queue_capacity", settings->queue_size);
    json_write_u64(writer, "queue_depth", stats->proof_queue_depth);
    json_write_u64(writer, "timeouts_1h", counts->timeouts);
    json_write_i64(writer, "total", settings->worker_threads);
    json_write_end(writer);
    free(counts);
}

/* ---- the rows ---- */

static const struct route_field SNAPSHOTS_QUERY[] = {
    {.name = "older_than", .help = "taken longer ago, such as 30m", .type = FIELD_TEXT, .min = 2, .max = 32},
    {.name = "limit", .help = "at most so many items", .type = FIELD_INTEGER, .min = 1, .max = READ_MOST},
    {0}};
static const struct route_field GRAPH_QUERY[] = {{.name = "root",
                                                  .help = "only this task and what descends from it",
                                                  .type = FIELD_TEXT,
                                                  .min = 1,
                                                  .max = 128},
                                                 {.name = "limit",
                                                  .help = "at most so many nodes",
                                                  .type = FIELD_INTEGER,
                                                  .min = 1,
                                                  .max = GRAPH_NODES_MOST},
                                                 {0}};
static const struct route_field WORKERS_QUERY[] = {
    {.name = "limit", .help = "at most so many jobs", .type = FIELD_INTEGER, .min = 1, .max = READ_MOST},
    {0}};
static const struct route_answer CHAIN_ANSWER[] = {{"connection_status", FIELD_TEXT},
                                                   {"connected", FIELD_BOOL},
                                                   {"slot", FIELD_INTEGER},
                                                   {"confirmed_slot", FIELD_INTEGER},
                                                   {"finalized_slot", FIELD_INTEGER},
                                                   {"lag_slots", FIELD_INTEGER},
                                                   {"tps", FIELD_NUMBER},
                                                   {"rpc_latency_ms", FIELD_NUMBER},
                                                   {"reorgs_1h", FIELD_INTEGER},
                                                   {"skip_rate", FIELD_NUMBER},
                                                   {0}};
static const struct route_answer MEMORY_ANSWER[] = {{"total_mb", FIELD_INTEGER},
                                                    {"limit_mb", FIELD_INTEGER},
                                                    {"state_snapshots_mb", FIELD_INTEGER},
                                                    {"pending_operations_mb", FIELD_INTEGER},
                                                    {"proof_cache_mb", FIELD_INTEGER},
                                                    {"other_mb", FIELD_INTEGER},
                                                    {0}};
static const struct route_answer SNAPSHOTS_ANSWER[] = {
    {"items", FIELD_ANY}, {"total_count", FIELD_INTEGER}, {"total_bytes", FIELD_INTEGER}, {0}};
static const struct route_answer GRAPH_ANSWER[] = {{"nodes", FIELD_ANY}, {"edges", FIELD_ANY}, {0}};
static const struct route_answer WORKERS_ANSWER[] = {{"health", FIELD_TEXT},
                                                     {"active", FIELD_INTEGER},
                                                     {"total", FIELD_INTEGER},
                                                     {"queue_depth", FIELD_INTEGER},
                                                     {"queue_capacity", FIELD_INTEGER},
                                                     {"failed_1h", FIELD_INTEGER},
                                                     {"timeouts_1h", FIELD_INTEGER},
                                                     {0}};

const struct route ROUTES_READ_STATE[] = {{.method = ROUTE_GET,
                                           .path = "/admin/chain-status",
                                           .summary = "the chain as the service sees it",
                                           .handle = handle_chain,
                                           .answer = CHAIN_ANSWER},
                                          {.method = ROUTE_GET,
                                           .path = "/admin/memory-stats",
                                           .summary = "memory by component",
                                           .handle = handle_memory,
                                           .answer = MEMORY_ANSWER},
                                          {.method = ROUTE_GET,
                                           .path = "/admin/snapshots",
                                           .summary = "snapshots that are held",
                                           .handle = handle_snapshots,
                                           .query = SNAPSHOTS_QUERY,
                                           .answer = SNAPSHOTS_ANSWER},
                                          {.method = ROUTE_GET,
                                           .path = "/admin/graph",
                                           .summary = "tasks that are not over, and what joins them",
                                           .handle = handle_graph,
                                           .query = GRAPH_QUERY,
                                           .answer = GRAPH_ANSWER},
                                          {.method = ROUTE_GET,
                                           .path = "/admin/proof-workers",
                                           .summary = "proof workers, their queue and jobs",
                                           .handle = handle_workers,
                                           .query = WORKERS_QUERY,
                                           .answer = WORKERS_ANSWER},
                                          {0}};
