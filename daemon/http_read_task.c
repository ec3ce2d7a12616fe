/* daemon/http_read_task.c: tasks one by one and in lists: operation, timeline, tasks, proof, what is blocked.
 */
#include "base/sha256.h"
#include "daemon/http_read.h"
#include <inttypes.h>
#include <string.h>

static const char *const EDGE_NAMES[EDGE_KIND_COUNT] = {"data", "order", "resource"};
static const char *const GENERATOR_NAMES[] = {"groth16", "plonk", "stark", "mock"};
static const char *const MOMENT_KEYS[BOOK_MOMENTS] = {
    "submitted_at",   "admitted_at",        "executed_at",  "proof_queued_at", "proof_started_at",
    "proof_ready_at", "proof_submitted_at", "confirmed_at", "finalized_at",    "ended_at"};

static const char *reason_of(const struct book_task *task)
{
    if (task->reason < REASON_COUNT) return rollback_reason_name(task->reason);
    return task->waiting_for != WAIT_NONE ? wait_reason_name(task->waiting_for) : NULL;
}

/* The first parent that is not confirmed yet. */
static uint64_t blocker_of(struct exchange *exchange, const struct book_task *task)
{
    for (uint32_t i = 0; i < task->parent_count; i++) {
        struct book_task parent;
        bool is_known = book_find(read_book(exchange), task->parents[i], &parent);
        if (is_known && !task_status_is_confirmed(parent.status)) return parent.id;
    }
    return 0;
}

static bool view_of(struct exchange *exchange, const struct book_task *task, struct task_view *view)
{
    struct task_ref ref;
    const struct engine *engine = read_engine(exchange);
    return !task->is_pruned && engine_find(engine, task->id, &ref) && engine_task(engine, ref, view) == OK;
}

/* ---- one task ---- */

static void write_parents(struct exchange *exchange, const struct book_task *task)
{
    struct json_writer *writer = exchange_json(exchange);
    json_write_array(writer, "parents");
    for (uint32_t i = 0; i < task->parent_count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "edge_type", EDGE_NAMES[task->edge_kinds[i]]);
        read_write_name(exchange, "task_id", task->parents[i]);
        json_write_end(writer);
    }
    json_write_end(writer);
}

static void write_moments(struct exchange *exchange, const struct book_task *task)
{
    struct json_writer *writer = exchange_json(exchange);
    static const enum book_moment SORTED[BOOK_MOMENTS] = {
        BOOK_ADMITTED,     BOOK_CONFIRMED,   BOOK_ENDED,   BOOK_EXECUTED, BOOK_FINALIZED,
        BOOK_PROOF_QUEUED, BOOK_PROOF_READY, BOOK_PROVING, BOOK_SENT,     BOOK_SUBMITTED};
    json_write_object(writer, "moments");
    for (int i = 0; i < BOOK_MOMENTS; i++)
        read_write_time(exchange, MOMENT_KEYS[SORTED[i]], task->at_ns[SORTED[i]]);
    json_write_end(writer);
}

static void write_states(struct exchange *exchange, const struct book_task *task)
{
    struct json_writer *writer = exchange_json(exchange);
    struct task_view view;
    if (!view_of(exchange, task, &view)) {
        json_write_null(writer, "states");
        return;
    }
    json_write_object(writer, "states");
    json_write_text(writer, "branch", machine_state_name(MACHINE_BRANCH, view.branch));
    json_write_text(writer, "claim", machine_state_name(MACHINE_CLAIM, view.claim));
    json_write_text(writer, "commitment", machine_state_name(MACHINE_COMMITMENT, view.commitment));
    json_write_text(writer, "proof", machine_state_name(MACHINE_PROOF, view.proof));
    json_write_text(writer, "snapshot", machine_state_name(MACHINE_SNAPSHOT, view.snapshot));
    json_write_end(writer);
}

static void write_stake(struct exchange *exchange, const struct book_task *task)
{
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, "stake");
    json_write_u64(writer, "bond_lamports", task->bond_lamports);
    json_write_u64(writer, "released_lamports", task->released_lamports);
    json_write_u64(writer, "slashed_lamports", task->slashed_lamports);
    json_write_end(writer);
}

static int64_t end_of(const struct book_task *task, int64_t now_ns)
{
    if (task->at_ns[BOOK_ENDED] != NEVER_NS) return task->at_ns[BOOK_ENDED];
    return task->at_ns[BOOK_CONFIRMED] != NEVER_NS ? task->at_ns[BOOK_CONFIRMED] : now_ns;
}

static void write_task(struct exchange *exchange, const char *key, const struct book_task *task)
{
    struct json_writer *writer = exchange_json(exchange);
    struct task_view view;
    bool has_view = view_of(exchange, task, &view);
    json_write_object(writer, key);
    read_write_seconds(exchange, "age_seconds",
                       end_of(task, read_now_ns(exchange)) - task->at_ns[BOOK_SUBMITTED]);
    json_write_text(writer, "agent_id", task->agent);
    read_write_name(exchange, "blocked_by", blocker_of(exchange, task));
    read_write_seconds(exchange, "compute_seconds", task->compute_ns);
    json_write_u64(writer, "depth", task->depth_at_admission);
    json_write_u64(writer, "depth_now", has_view ? view.depth_now : 0);
    json_write_bool(writer, "is_pruned", task->is_pruned);
    if (task->labels)
        json_write_raw(writer, "labels", task->labels);
    else
        json_write_null(writer, "labels");
    write_moments(exchange, task);
    json_write_text(writer, "operation_id", task->name);
    write_parents(exchange, task);
    json_write_raw(writer, "payload", task->payload);
    json_write_i64(writer, "priority", task->priority);
    json_write_u64(writer, "proof_attempts", task->proof_attempts);
    json_write_text(writer, "reason", reason_of(task));
    read_write_name(exchange, "retry_of", task->retry_of);
    json_write_u64(writer, "rollback_id", task->rollback);
    json_write_u64(writer, "slot", task->slot);
    json_write_u64(writer, "snapshot_bytes", task->snapshot_bytes);
    json_write_text(writer, "speculation_status", read_speculation_word(task));
    write_stake(exchange, task);
    write_states(exchange, task);
    json_write_text(writer, "status", task_status_name(task->status));
    json_write_text(writer, "task_id", task->name);
    json_write_text(writer, "trace_id", task->trace_id);
    json_write_text(writer, "type", task->type);
    json_write_text(writer, "waiting_for",
                    task->status == TASK_PENDING && task->waiting_for != WAIT_NONE
                        ? wait_reason_name(task->waiting_for)
                        : NULL);
    json_write_u64(writer, "worker", task->worker);
    json_write_end(writer);
}

static void handle_task(struct exchange *exchange)
{
    struct book_task task;
    if (read_task(exchange, &task)) write_task(exchange, NULL, &task);
}

/* ---- its timeline ---- */

static bool is_submission(const struct book_step *step)
{
    return step->kind == NOTE_STATUS && step->from == TASK_PENDING && step->to == TASK_PENDING;
}

static const char *event_of(const struct book_step *step)
{
    if (is_submission(step)) return "submitted";
    return step->kind < EFFECT_KIND_COUNT
               ? effect_kind_name((enum effect_kind)step->kind)
               : event_kind_name((enum event_kind)(step->kind - EFFECT_KIND_COUNT));
}

/* Before and after of a step, where its kind has them. */
static void ends_of(const struct book_step *step, const char **from, const char **to)
{
    *from = *to = NULL;
    if (step->kind == NOTE_STATUS) {
        *from = is_submission(step) ? NULL : task_status_name((enum task_status)step->from);
        *to = task_status_name((enum task_status)step->to);
    } else if (step->kind == NOTE_WAIT) {
        *from = wait_reason_name((enum wait_reason)step->from);
        *to = wait_reason_name((enum wait_reason)step->to);
    }
}

static void write_step(struct exchange *exchange, const struct book_step *step)
{
    struct json_writer *writer = exchange_json(exchange);
    const char *from, *to;
    ends_of(step, &from, &to);
    json_write_object(writer, NULL);
    read_write_time(exchange, "at", step->at_ns);
    json_write_object(writer, "details");
    json_write_u64(writer, "amount", step->amount);
    json_write_text(writer, "reason",
                    step->reason < REASON_COUNT && step->kind < EFFECT_KIND_COUNT
                        ? rollback_reason_name((enum rollback_reason)step->reason)
                        : NULL);
    json_write_end(writer);
    json_write_text(writer, "event", event_of(step));
    json_write_text(writer, "from", from);
    json_write_text(writer, "to", to);
    json_write_end(writer);
}

static void handle_timeline(struct exchange *exchange)
{
    struct book_task task;
    if (!read_task(exchange, &task)) return;
    struct json_writer *writer = exchange_json(exchange);
    json_write_array(writer, NULL);
    for (uint32_t i = 0; i < task.step_count; i++) write_step(exchange, &task.steps[i]);
    json_write_end(writer);
}

/* ---- lists ---- */

/* "active": speculative and not over; "live": not over; "all"; or a status. */
static bool is_wanted(const struct book_task *task, const char *status, const char *agent)
{
    if (agent && strcmp(task->agent, agent) != 0) return false;
    bool is_live = !task_status_is_terminal(task->status);
    if (strcmp(status, "all") == 0) return true;
    if (strcmp(status, "live") == 0) return is_live;
    if (strcmp(status, "active") == 0) return is_live && task->was_speculative;
    return strcmp(status, task_status_name(task->status)) == 0;
}

static void handle_tasks(struct exchange *exchange)
{
    const char *status = exchange_query(exchange, "status"), *agent = exchange_query(exchange, "agent_id");
    uint64_t limit = read_number(exchange, "limit", 100), cursor = 0, count = 0;
    struct json_writer *writer = exchange_json(exchange);
    struct book_task task;
    json_write_array(writer, NULL);
    while (count < limit && book_each_newest(read_book(exchange), &cursor, &task)) {
        if (!is_wanted(&task, status ? status : "all", agent)) continue;
        write_task(exchange, NULL, &task);
        count++;
    }
    json_write_end(writer);
}

/* Held by something else than its own work. */
static bool is_blocked(const struct book_task *task)
{
    return task->status == TASK_PENDING || task->status == TASK_EXECUTED ||
           task->status == TASK_AWAITING_ANCESTORS;
}

static const char *blocked_reason(const struct book_task *task)
{
    if (task->status == TASK_AWAITING_ANCESTORS) return "ancestor_unconfirmed";
    if (task->status == TASK_EXECUTED) return "proof_not_queued";
    return wait_reason_name(task->waiting_for);
}

/* Since when: held parents first became a reason when the proof was ready. */
static int64_t blocked_since(const struct book_task *task)
{
    if (task->status == TASK_AWAITING_ANCESTORS) return task->at_ns[BOOK_PROOF_READY];
    return task->at_ns[task->status == TASK_EXECUTED ? BOOK_EXECUTED : BOOK_SUBMITTED];
}

static void write_blocked(struct exchange *exchange, const struct book_task *task)
{
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    read_write_seconds(exchange, "age_seconds", read_now_ns(exchange) - task->at_ns[BOOK_SUBMITTED]);
    json_write_text(writer, "agent_id", task->agent);
    read_write_name(exchange, "blocked_by", blocker_of(exchange, task));
    read_write_seconds(exchange, "blocked_seconds", read_now_ns(exchange) - blocked_since(task));
    json_write_u64(writer, "depth", task->depth_at_admission);
    json_write_text(writer, "operation_id", task->name);
    json_write_text(writer, "reason", blocked_reason(task));
    json_write_text(writer, "state", task_status_name(task->status));
    json_write_end(writer);
}

static void handle_blocked(struct exchange *exchange)
{
    uint64_t limit = read_number(exchange, "limit", 100), cursor = 0, count = 0;
    int64_t older_ns;
    if (!read_span(exchange, "older_than", 0, &older_ns)) return;
    struct json_writer *writer = exchange_json(exchange);
    struct book_task task;
    json_write_array(writer, NULL);
    while (count < limit && book_each(read_book(exchange), &cursor, &task)) {
        bool is_old = read_now_ns(exchange) - task.at_ns[BOOK_SUBMITTED] >= older_ns;
        if (task.is_pruned || !is_blocked(&task) || !is_old) continue;
        write_blocked(exchange, &task);
        count++;
    }
    json_write_end(writer);
}

/* ---- proofs ---- */

/* What the proof binds: the kind of proof, who did what, and what came out of it. */
static void digest_of(const struct book_task *task, char hex[SHA256_HEX_BYTES])
{
    unsigned char digest[SHA256_BYTES];
    char output[48];
    int size =
        snprintf(output, sizeof output, "%016" PRIx64 ":%u", task->output_digest, task->proof_attempts);
    const char *const texts[] = {GENERATOR_NAMES[task->generator], task->name, task->agent, task->payload};
    struct sha256 hash;
    sha256_begin(&hash);
    for (int i = 0; i < 4; i++) sha256_add(&hash, texts[i], strlen(texts[i]) + 1);
    sha256_add(&hash, output, (size_t)size);
    sha256_end(&hash, digest);
    sha256_hex(digest, hex);
}

/* A proof whose task fails is one that no verifier takes, and one that the chain has taken is good. */
static bool is_valid(const struct book_task *task)
{
    return task->at_ns[BOOK_PROOF_READY] != NEVER_NS && !task->fails && task->status <= TASK_FINALIZED;
}

static const char *proof_state_of(struct exchange *exchange, const struct book_task *task)
{
    struct task_view view;
    if (view_of(exchange, task, &view)) return machine_state_name(MACHINE_PROOF, view.proof);
    return task_status_is_confirmed(task->status) ? "confirmed" : "failed";
}

static void handle_proof(struct exchange *exchange)
{
    struct book_task task;
    if (!read_task(exchange, &task)) return;
    if (task.at_ns[BOOK_PROOF_READY] == NEVER_NS) {
        exchange_fail(exchange, 404, "proof_not_found", "task \"%s\" has no proof: it is %s", task.name,
                      task_status_name(task.status));
        return;
    }
    char digest[SHA256_HEX_BYTES];
    digest_of(&task, digest);
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_u64(writer, "attempts", task.proof_attempts);
    json_write_text(writer, "digest", digest);
    read_write_seconds(exchange, "generation_seconds",
                       task.at_ns[BOOK_PROOF_READY] - task.at_ns[BOOK_PROVING]);
    json_write_text(writer, "proof_type", GENERATOR_NAMES[task.generator]);
    read_write_time(exchange, "ready_at", task.at_ns[BOOK_PROOF_READY]);
    json_write_text(writer, "reason", reason_of(&task));
    json_write_u64(writer, "slot", task.slot);
    json_write_text(writer, "state", proof_state_of(exchange, &task));
    json_write_text(writer, "task_id", task.name);
    json_write_bool(writer, "valid", is_valid(&task));
    json_write_u64(writer, "worker", task.worker);
    json_write_end(writer);
}

/* ---- the rows ---- */

static const char *const STATUS_CHOICES[] = {
    "all",         "live",       "active",        "pending",
    "executing",   "executed",   "proof_pending", "awaiting_ancestors",
    "submitting",  "confirming", "confirmed",     "failed",
    "rolled_back", "cancelled",  "expired",       NULL};
static const struct route_field TASKS_QUERY[] = {
    {.name = "status",
     .help = "active: speculative and not over; live: not over",
     .type = FIELD_TEXT,
     .choices = STATUS_CHOICES},
    {.name = "agent_id", .help = "only of this agent", .type = FIELD_TEXT, .min = 1, .max = 64},
    {.name = "limit",
     .help = "at most so many, the newest",
     .type = FIELD_INTEGER,
     .min = 1,
     .max = READ_MOST},
    {0}};
static const struct route_field BLOCKED_QUERY[] = {{.name = "limit",
                                                    .help = "at most so many, the oldest",
                                                    .type = FIELD_INTEGER,
                                                    .min = 1,
                                                    .max = READ_MOST},
                                                   {.name = "older_than",
                                                    .help = "submitted longer ago, such as 1m",
                                                    .type = FIELD_TEXT,
                                                    .min = 2,
                                                    .max = 32},
                                                   {0}};
static const struct route_answer TASK_ANSWER[] = {
    {"task_id", FIELD_TEXT},  {"status", FIELD_TEXT},   {"speculation_status", FIELD_TEXT},
    {"agent_id", FIELD_TEXT}, {"depth", FIELD_INTEGER}, {0}};
static const struct route_answer PROOF_ANSWER[] = {{"task_id", FIELD_TEXT}, {"proof_type", FIELD_TEXT},
                                                   {"digest", FIELD_TEXT},  {"state", FIELD_TEXT},
                                                   {"valid", FIELD_BOOL},   {0}};

const struct route ROUTES_READ_TASK[] = {{.method = ROUTE_GET,
                                          .path = "/admin/tasks",
                                          .summary = "tasks, the newest first",
                                          .handle = handle_tasks,
                                          .query = TASKS_QUERY},
                                         {.method = ROUTE_GET,
                                          .path = "/admin/tasks/{id}",
                                          .summary = "one task",
                                          .handle = handle_task,
                                          .answer = TASK_ANSWER},
                                         {.method = ROUTE_GET,
                                          .path = "/admin/operation/{id}",
                                          .summary = "one task, as operation",
                                          .handle = handle_task,
                                          .answer = TASK_ANSWER},
                                         {.method = ROUTE_GET,
                                          .path = "/admin/operation/{id}/timeline",
                                          .summary = "what happened to it, in order",
                                          .handle = handle_timeline},
                                         {.method = ROUTE_GET,
                                          .path = "/admin/blocked-operations",
                                          .summary = "what waits, the oldest first",
                                          .handle = handle_blocked,
                                          .query = BLOCKED_QUERY},
                                         {.method = ROUTE_GET,
                                          .path = "/admin/proof/{id}",
                                          .summary = "the proof of a task",
                                          .handle = handle_proof,
                                          .answer = PROOF_ANSWER},
                                         {0}};
