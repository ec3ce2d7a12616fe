/* daemon/http_stake.c: money in, money out, and locks that were left behind. */
#include "base/units.h"
#include "daemon/http_read.h"
#include "daemon/order_body.h"
#include "daemon/order_notes.h"
#include "daemon/route_tables.h"
#include <string.h>

enum { AGENTS_MOST = 256 };

/* ---- recovery of stuck locks: an order for each agent, one answer for all ---- */

struct recovery_of_stake {
    uint32_t waiting, skipped;
    err error;
    uint64_t recovered, lamports;
    const char *skipped_ids[AGENTS_MOST]; /* the body's */
};

static void answer_recovered(struct exchange *exchange)
{
    const struct recovery_of_stake *kept = exchange_kept(exchange);
    if (kept->error != OK) {
        exchange_fail_order(exchange, kept->error);
        return;
    }
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_u64(out, "lamports", kept->lamports);
    json_write_u64(out, "recovered", kept->recovered);
    json_write_array(out, "skipped");
    for (uint32_t i = 0; i < kept->skipped; i++) json_write_text(out, NULL, kept->skipped_ids[i]);
    json_write_end(out);
    json_write_end(out);
}

static void one_recovered(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    struct recovery_of_stake *kept = exchange_kept(exchange);
    if (outcome->error != OK) kept->error = outcome->error;
    kept->recovered += order_report(outcome).count;
    kept->lamports += order_report(outcome).amount;
    if (--kept->waiting > 0) return;
    answer_recovered(exchange);
    exchange_send(exchange);
}

static void recover_agent(struct exchange *exchange, uint64_t agent_id)
{
    struct recovery_of_stake *kept = exchange_kept(exchange);
    struct service_order order = {
        .event = {.kind = EVENT_STAKE_RECOVER}, .done = one_recovered, .context = exchange};
    order.event.u.recover.agent_id = agent_id;
    err e = service_order(exchange_live(exchange)->service, &order);
    if (e == OK)
        kept->waiting++;
    else
        kept->error = e;
}

static bool is_known(const struct exchange *exchange, uint64_t agent_id)
{
    const struct engine *engine = service_engine(exchange_live(exchange)->service);
    for (uint32_t i = 0; i < engine_agent_count(engine); i++)
        if (engine_agent(engine, i).id == agent_id) return true;
    return false;
}

static void hold_or_answer(struct exchange *exchange)
{
    const struct recovery_of_stake *kept = exchange_kept(exchange);
    if (kept->waiting > 0)
        exchange_hold(exchange);
    else
        answer_recovered(exchange);
}

static void recover(struct exchange *exchange)
{
    struct recovery_of_stake *kept = exchange_keep(exchange, sizeof *kept);
    struct json_node array;
    if (!kept) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return;
    }
    if (json_get_array(exchange_body(exchange), "agent_ids", &array, NULL) != OK) return;
    if (json_count(&array) > AGENTS_MOST) {
        exchange_fail(exchange, 400, "validation_failed", "agent_ids: at most %d at a time", AGENTS_MOST);
        exchange_field(exchange, "agent_ids");
        return;
    }
    for (size_t i = 0; i < json_count(&array); i++) {
        struct json_node item = json_item(&array, i);
        const char *name;
        if (json_get_text(&item, NULL, &name, NULL) != OK) continue;
        if (is_known(exchange, book_agent_id(name)))
            recover_agent(exchange, book_agent_id(name));
        else
            kept->skipped_ids[kept->skipped++] = name;
    }
    hold_or_answer(exchange);
}

static void recover_all(struct exchange *exchange)
{
    if (!exchange_keep(exchange, sizeof(struct recovery_of_stake))) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return;
    }
    recover_agent(exchange, 0);
    hold_or_answer(exchange);
}

/* ---- deposits and withdrawals ---- */

static void balance_changed(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    const struct engine *engine = service_engine(exchange_live(exchange)->service);
    const char *name = body_text(exchange, "agent_id");
    struct agent_view agent = {0};
    for (uint32_t i = 0; i < engine_agent_count(engine) && agent.id != book_agent_id(name); i++)
        agent = engine_agent(engine, i);
    if (outcome->error == OK) {
        struct json_writer *out = exchange_json(exchange);
        json_write_object(out, NULL);
        json_write_text(out, "agent_id", name);
        json_write_u64(out, "available", agent.free);
        json_write_u64(out, "deposited", agent.deposited);
        json_write_u64(out, "locked", agent.locked);
        read_write_time(exchange, "payout_at", agent.payout_ns);
        json_write_u64(out, "withdrawn", agent.withdrawn);
        json_write_end(out);
    } else if (outcome->error == ERR_RANGE) {
        exchange_fail(exchange, 400, "validation_failed", "lamports: more than there is, or than fits");
        exchange_field(exchange, "lamports");
    } else if (outcome->error == ERR_CONFLICT) {
        exchange_fail(exchange, 409, "conflict",
                      "not now: the agent has locks, is in cooldown, or a withdrawal is under way");
    } else {
        exchange_fail_order(exchange, outcome->error);
    }
    exchange_send(exchange);
}

static void deposit(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_DEPOSIT}, .done = balance_changed};
    order.event.u.deposit.agent_id = book_agent_id(body_text(exchange, "agent_id"));
    order.event.u.deposit.lamports = (uint64_t)body_integer(exchange, "lamports", 0);
    (void)exchange_order(exchange, &order);
}

static void withdraw(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_WITHDRAW}, .done = balance_changed};
    uint64_t agent_id = book_agent_id(body_text(exchange, "agent_id"));
    if (!is_known(exchange, agent_id)) {
        exchange_fail(exchange, 404, "agent_not_found", "%.64s: there is no such agent",
                      body_text(exchange, "agent_id"));
        return;
    }
    order.event.u.withdraw.agent_id = agent_id;
    order.event.u.withdraw.lamports = (uint64_t)body_integer(exchange, "lamports", 0);
    order.event.u.withdraw.is_immediate = body_flag(exchange, "immediate");
    (void)exchange_order(exchange, &order);
}

/* ---- the rows ---- */

#define LAMPORTS_MOST (INT64_C(1000) * (int64_t)LAMPORTS_IN_SOL) /* the protocol's largest deposit */
static const struct route_field RECOVER[] = {
    {"agent_ids", "whose locks", FIELD_TEXTS, .is_required = true, .min = 1, .max = BOOK_AGENT_BYTES - 1},
    {0}};
static const struct route_field DEPOSIT[] = {
    {"agent_id", "into whose balance", FIELD_TEXT, .is_required = true, .min = 1,
     .max = BOOK_AGENT_BYTES - 1},
    {"lamports", "how much", FIELD_INTEGER, .is_required = true, .min = 1, .max = LAMPORTS_MOST},
    {0}};
static const struct route_field WITHDRAW[] = {
    {"agent_id", "from whose balance", FIELD_TEXT, .is_required = true, .min = 1,
     .max = BOOK_AGENT_BYTES - 1},
    {"immediate", "at once: only without locks; otherwise an hour later", .type = FIELD_BOOL},
    {"lamports", "how much", FIELD_INTEGER, .is_required = true, .min = 1, .max = LAMPORTS_MOST},
    {0}};
static const struct route_answer RECOVER_ANSWER[] = {
    {"recovered", FIELD_INTEGER}, {"lamports", FIELD_INTEGER}, {"skipped", FIELD_TEXTS}, {0}};
static const struct route_answer BALANCE_ANSWER[] = {
    {"agent_id", FIELD_TEXT}, {"available", FIELD_INTEGER}, {"locked", FIELD_INTEGER}, {0}};

const struct route ROUTES_STAKE[] = {
    {ROUTE_POST, "/admin/stake/recover", "release locks whose commitment is over, of these agents", recover,
     .body = RECOVER, .answer = RECOVER_ANSWER},
    {ROUTE_POST, "/admin/stake/recover-all", "release locks whose commitment is over", recover_all,
     .answer = RECOVER_ANSWER},
    {ROUTE_POST, "/admin/stake/deposit", "put lamports into an agent's balance", deposit, .body = DEPOSIT,
     .answer = BALANCE_ANSWER},
    {ROUTE_POST, "/admin/stake/withdraw", "take lamports out of an agent's balance", withdraw,
     .body = WITHDRAW, .answer = BALANCE_ANSWER},
    {0}};
