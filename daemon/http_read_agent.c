/* daemon/http_read_agent.c: agents and their stake. */
#include "daemon/http_read.h"

/* An operation that is over, or that the engine forgot, and still holds a bond. */
static uint64_t stuck_lamports(const struct exchange *exchange, const struct book_task *task)
{
    uint64_t settled = task->released_lamports + task->slashed_lamports;
    bool is_suspect =
        task->bond_lamports > settled && (task_status_is_terminal(task->status) || task->is_pruned);
    if (!is_suspect) return 0;
    struct task_ref ref;
    struct task_view view;
    const struct engine *engine = read_engine(exchange);
    bool is_known = engine_find(engine, task->id, &ref) && engine_task(engine, ref, &view) == OK;
    if (is_known && (view.is_in_rollback || view.bond_lamports == 0)) return 0;
    return task->bond_lamports - settled;
}

static void handle_stuck(struct exchange *exchange)
{
    struct json_writer *writer = exchange_json(exchange);
    struct book_task task;
    uint64_t cursor = 0;
    json_write_array(writer, NULL);
    while (book_each(read_book(exchange), &cursor, &task)) {
        uint64_t lamports = stuck_lamports(exchange, &task);
        if (lamports == 0) continue;
        json_write_object(writer, NULL);
        read_write_seconds(exchange, "age", read_now_ns(exchange) - task.at_ns[BOOK_SUBMITTED]);
        json_write_text(writer, "agent_id", task.agent);
        json_write_u64(writer, "amount", lamports);
        json_write_text(writer, "cause", task.is_pruned ? "commitment_missing" : "commitment_terminal");
        json_write_text(writer, "commitment_id", task.name);
        json_write_end(writer);
    }
    json_write_end(writer);
}

static uint64_t count_slashes(const struct exchange *exchange, const struct agent_view *agent)
{
    struct book_slash slash;
    uint64_t count = 0;
    if (agent->slashed == 0) return 0;
    for (uint32_t i = 0; book_slash(read_book(exchange), i, &slash); i++)
        count += slash.agent_id == agent->id;
    return count;
}

struct agent_counts {
    uint64_t rollbacks, tasks, speculative, active, confirmed, rolled_back, failed;
};

static void write_balances(struct exchange *exchange, const struct agent_view *agent)
{
    struct json_writer *writer = exchange_json(exchange);
    bool is_cooling =
        agent->cooldown_until_ns > read_now_ns(exchange) && agent->cooldown_until_ns != NEVER_NS;
    json_write_u64(writer, "active_locks", agent->locks);
    read_write_agent(exchange, "agent_id", agent->id);
    json_write_u64(writer, "available", agent->free);
    json_write_u64(writer, "balance", agent->free + agent->locked);
    read_write_time(exchange, "cooldown_until", is_cooling ? agent->cooldown_until_ns : NEVER_NS);
    json_write_u64(writer, "deposited", agent->deposited);
    json_write_u64(writer, "locked", agent->locked);
    json_write_i64(writer, "max_locks", read_settings(exchange)->max_locks);
    json_write_u64(writer, "received", agent->received);
    json_write_u64(writer, "slash_count", count_slashes(exchange, agent));
    json_write_u64(writer, "slashed_total", agent->slashed);
    json_write_text(writer, "state", machine_state_name(MACHINE_BOND, agent->bond));
    json_write_u64(writer, "withdrawn", agent->withdrawn);
}

static void write_totals(struct exchange *exchange)
{
    struct json_writer *writer = exchange_json(exchange);
    const struct engine *engine = read_engine(exchange);
    struct agent_view sums = {0};
    for (uint32_t i = 0; i < engine_agent_count(engine); i++) {
        struct agent_view agent = engine_agent(engine, i);
        sums.deposited += agent.deposited;
        sums.free += agent.free;
        sums.locked += agent.locked;
        sums.slashed += agent.slashed;
        sums.withdrawn += agent.withdrawn;
        sums.locks += agent.locks;
    }
    uint64_t all = sums.free + sums.locked;
    json_write_object(writer, "totals");
    json_write_u64(writer, "active_locks", sums.locks);
    json_write_u64(writer, "available", sums.free);
    json_write_u64(writer, "balance", all);
    json_write_u64(writer, "deposited", sums.deposited);
    json_write_u64(writer, "locked", sums.locked);
    json_write_u64(writer, "slashed_total", sums.slashed);
    json_write_u64(writer, "treasury", engine_statistics(engine)->treasury_lamports);
    json_write_number(writer, "utilization", all ? (double)sums.locked / (double)all : 0);
    json_write_u64(writer, "withdrawn", sums.withdrawn);
    json_write_end(writer);
}

static void handle_stake_status(struct exchange *exchange)
{
    struct json_writer *writer = exchange_json(exchange);
    const struct engine *engine = read_engine(exchange);
    uint64_t limit = read_number(exchange, "limit", 100);
    json_write_object(writer, NULL);
    json_write_u64(writer, "agent_count", engine_agent_count(engine));
    json_write_array(writer, "agents");
    for (uint32_t i = 0; i < engine_agent_count(engine) && i < limit; i++) {
        struct agent_view agent = engine_agent(engine, i);
        json_write_object(writer, NULL);
        write_balances(exchange, &agent);
        json_write_end(writer);
    }
    json_write_end(writer);
    write_totals(exchange);
    json_write_end(writer);
}

/* ---- one agent ---- */

static bool find_agent(struct exchange *exchange, struct agent_view *out)
{
    const struct engine *engine = read_engine(exchange);
    uint64_t id = book_agent_id(exchange_parameter(exchange));
    for (uint32_t i = 0; i < engine_agent_count(engine); i++) {
        *out = engine_agent(engine, i);
        if (out->id == id) return true;
    }
    exchange_fail(exchange, 404, "not_found", "no agent \"%s\"", exchange_parameter(exchange));
    return false;
}

static struct agent_counts count_tasks(const struct exchange *exchange, uint64_t agent)
{
    struct agent_counts counts = {0};
    struct book_rollback rollback;
    struct book_task task;
    uint64_t cursor = 0;
    for (uint32_t i = 0; book_rollback(read_book(exchange), i, &rollback); i++)
        counts.rollbacks += rollback.agent_id == agent;
    while (book_each(read_book(exchange), &cursor, &task)) {
        if (task.agent_id != agent) continue;
        counts.tasks++;
        counts.speculative += task.was_speculative;
        counts.active += task.was_speculative && !task_status_is_terminal(task.status);
        counts.confirmed += task_status_is_confirmed(task.status);
        counts.rolled_back += task.status == TASK_ROLLED_BACK;
        counts.failed += task.status == TASK_FAILED || task.status == TASK_EXPIRED;
    }
    return counts;
}

static void handle_agent(struct exchange *exchange)
{
    struct agent_view agent;
    if (!find_agent(exchange, &agent)) return;
    struct agent_counts counts = count_tasks(exchange, agent.id);
    uint64_t ended = counts.confirmed + counts.rolled_back + counts.failed;
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_text(writer, "agent_id", exchange_parameter(exchange));
    json_write_u64(writer, "branches", agent.tips);
    json_write_object(writer, "speculation");
    json_write_u64(writer, "active", counts.active);
    json_write_u64(writer, "confirmed", counts.confirmed);
    json_write_u64(writer, "failed", counts.failed);
    json_write_u64(writer, "rollbacks_caused", counts.rollbacks);
    json_write_u64(writer, "rolled_back", counts.rolled_back);
    json_write_u64(writer, "speculative", counts.speculative);
    if (ended)
        json_write_number(writer, "success_rate", (double)counts.confirmed / (double)ended);
    else
        json_write_null(writer, "success_rate");
    json_write_u64(writer, "tasks", counts.tasks);
    json_write_end(writer);
    json_write_object(writer, "stake");
    write_balances(exchange, &agent);
    json_write_end(writer);
    json_write_end(writer);
}

static const struct route_field LIMIT_QUERY[] = {
    {.name = "limit", .help = "at most so many agents", .type = FIELD_INTEGER, .min = 1, .max = READ_MOST},
    {0}};
static const struct route_answer STATUS_ANSWER[] = {
    {"agent_count", FIELD_INTEGER}, {"agents", FIELD_ANY}, {"totals", FIELD_OBJECT}, {0}};
static const struct route_answer AGENT_ANSWER[] = {
    {"agent_id", FIELD_TEXT}, {"speculation", FIELD_OBJECT}, {"stake", FIELD_OBJECT}, {0}};

const struct route ROUTES_READ_AGENT[] = {{.method = ROUTE_GET,
                                           .path = "/admin/stake/stuck",
                                           .summary = "bonds of what is over",
                                           .handle = handle_stuck},
                                          {.method = ROUTE_GET,
                                           .path = "/admin/stake/status",
                                           .summary = "stake of all and of each agent",
                                           .handle = handle_stake_status,
                                           .query = LIMIT_QUERY,
                                           .answer = STATUS_ANSWER},
                                          {.method = ROUTE_GET,
                                           .path = "/admin/agent/{id}/speculation",
                                           .summary = "what an agent does and holds",
                                           .handle = handle_agent,
                                           .answer = AGENT_ANSWER},
                                          {0}};
