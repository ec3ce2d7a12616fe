/* daemon/rpc_admin.c: the table of faults. */
#include "daemon/rpc_admin.h"
#include "base/escape.h"
#include "base/units.h"
#include <string.h>

struct admin_call {
    struct rpc *rpc;
    struct json_node body;
    int64_t real_now_ns;
    struct json_writer out;
    struct diag diag;
};

typedef err admin_handler(struct admin_call *call);
#define X(name, handler, help) static admin_handler handler;
ADMIN_TABLE(X)
#undef X

static const struct {
    const char *name;
    admin_handler *handler;
} HANDLERS[] = {
#define X(name, handler, help) {#name, handler},
    ADMIN_TABLE(X)
#undef X
};

/* A whole number up to `most`. */
static err read_count(struct admin_call *call, const char *key, uint64_t most, uint64_t *out)
{
    uint64_t value;
    TRY(json_get_u64(&call->body, key, &value, &call->diag));
    if (value > most)
        return diag_fail(&call->diag, ERR_RANGE, "%s: at most %llu", key, (unsigned long long)most);
    *out = value;
    return OK;
}

static err admin_reorg(struct admin_call *call)
{
    uint64_t depth = 0;
    TRY(read_count(call, "depth", LEDGER_BANKS, &depth));
    json_write_object(&call->out, NULL);
    json_write_u64(&call->out, "lost", ledger_reorg(&call->rpc->ledger, (uint32_t)depth));
    json_write_end(&call->out);
    return OK;
}

static err answer(struct admin_call *call, const char *key, uint64_t value)
{
    json_write_object(&call->out, NULL);
    json_write_u64(&call->out, key, value);
    json_write_end(&call->out);
    return OK;
}

static err admin_skip(struct admin_call *call)
{
    uint64_t slots = 0;
    TRY(read_count(call, "slots", 100000, &slots));
    call->rpc->ledger.skip_left = (uint32_t)slots;
    return answer(call, "slots", slots);
}

static err admin_halt(struct admin_call *call)
{
    uint64_t ms = 0;
    TRY(read_count(call, "ms", 86400000, &ms));
    rpc_clock_halt(call->rpc, call->real_now_ns, (int64_t)ms * NS_PER_MS);
    return answer(call, "ms", ms);
}

static err admin_lag(struct admin_call *call)
{
    uint64_t slots = 0;
    TRY(read_count(call, "slots", 100000, &slots));
    call->rpc->clock.lag_slots = (int64_t)slots;
    return answer(call, "slots", slots);
}

static err admin_drop(struct admin_call *call)
{
    uint64_t ms = 0;
    double chance;
    struct ledger *ledger = &call->rpc->ledger;
    TRY(json_get_number(&call->body, "chance", &chance, &call->diag));
    if (!(chance >= 0 && chance <= 1)) return diag_fail(&call->diag, ERR_RANGE, "chance: 0 to 1");
    TRY(read_count(call, "ms", 86400000, &ms));
    ledger->drop_chance = chance;
    ledger->drop_until_ns = ns_after(ledger->now_ns, (int64_t)ms * NS_PER_MS);
    return answer(call, "ms", ms);
}

static err admin_errors(struct admin_call *call)
{
    uint64_t count = 0;
    int64_t code;
    TRY(json_get_i64(&call->body, "code", &code, &call->diag));
    if (!(code >= -32768 && code < 0) && !(code >= 400 && code <= 599))
        return diag_fail(&call->diag, ERR_RANGE, "code: -32768 to -1, or 400 to 599");
    TRY(read_count(call, "count", 1000000, &count));
    call->rpc->faults = (struct rpc_faults){.errors_left = (uint32_t)count, .error_code = (int32_t)code};
    return answer(call, "count", count);
}

static err admin_status(struct admin_call *call)
{
    const struct rpc *rpc = call->rpc;
    const struct ledger_counts *counts = &rpc->ledger.counts;
    const struct {
        const char *name;
        uint64_t value;
    } FIGURES[] = {{"accounts", rpc->ledger.accounts.count},
                   {"admin", rpc->counts.admin},
                   {"blocks", counts->blocks},
                   {"blocks_lost", counts->lost},
                   {"confirmed", ledger_bank(&rpc->ledger, COMMIT_CONFIRMED)->slot},
                   {"dropped", counts->dropped},
                   {"errors", rpc->counts.errors},
                   {"expired", counts->expired},
                   {"failed", counts->failed},
                   {"finalized", ledger_bank(&rpc->ledger, COMMIT_FINALIZED)->slot},
                   {"given_back", counts->given_back},
                   {"landed", counts->landed},
                   {"limited", rpc->counts.limited},
                   {"notifications", rpc->counts.notifications},
                   {"pending", rpc->ledger.pending_count},
                   {"processed", ledger_bank(&rpc->ledger, COMMIT_PROCESSED)->slot},
                   {"refused", rpc->counts.refused},
                   {"requests", rpc->counts.requests},
                   {"submitted", counts->submitted},
                   {"subscriptions", rpc->subscriptions.count}};
    json_write_object(&call->out, NULL);
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++)
        json_write_u64(&call->out, FIGURES[i].name, FIGURES[i].value);
    json_write_end(&call->out);
    return OK;
}

static int refuse(FILE *out, int status, const char *line)
{
    fputs("{\"error\":", out);
    escape_json(out, line);
    fputs("}\n", out);
    return status;
}

int rpc_admin(struct rpc *rpc, const struct admin_request *request, FILE *out)
{
    struct json *json;
    struct admin_call call = {.rpc = rpc, .real_now_ns = request->real_now_ns};
    admin_handler *handler = NULL;
    struct json_text text = {"body", request->size_bytes ? request->text : "{}",
                             request->size_bytes ? request->size_bytes : 2};
    for (size_t i = 0; i < sizeof HANDLERS / sizeof *HANDLERS; i++)
        if (strcmp(HANDLERS[i].name, request->name) == 0) handler = HANDLERS[i].handler;
    rpc->counts.admin++;
    if (!handler) return refuse(out, 404, "no such admin call");
    if (json_read_text(&json, &text, &call.diag) != OK) return refuse(out, 400, call.diag.text);
    call.body = json_root(json);
    json_write_begin(&call.out, out, JSON_ONE_LINE);
    err e = handler(&call);
    json_free(json);
    return e == OK ? 200 : refuse(out, 400, call.diag.text);
}
