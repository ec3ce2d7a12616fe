/* daemon/rpc_call.c: a writer and a reader a kind of question. */
#include "daemon/rpc_call.h"
#include "base/assert.h"
#include "base/base58.h"
#include "base/base64.h"
#include "base/json.h"
#include "daemon/rpc.h"
#include "daemon/rpc_write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const FAULT_NAMES[] = {
#define X(code, name) name,
    RPC_FAULT_TABLE(X)
#undef X
};

const char *rpc_fault_name(enum rpc_fault fault)
{
    return FAULT_NAMES[fault];
}

const char *const RPC_LEVEL_NAMES[] = {"none", "processed", "confirmed", "finalized"};

/* -- the question -- */

static const char *const METHODS[] = {"getLatestBlockhash", "sendTransaction", "getSignatureStatuses",
                                      "getEpochInfo",       "getBalance",      "requestAirdrop"};

static void write_commitment(struct json_writer *out)
{
    json_write_object(out, NULL);
    json_write_text(out, "commitment", "confirmed");
    json_write_end(out);
}

static void write_send(struct json_writer *out, const struct rpc_ask *ask)
{
    char text[(PACKET_BYTES + 2) / 3 * 4 + 1];
    base64_encode(ask->transaction->bytes, ask->transaction->size_bytes, text);
    json_write_text(out, NULL, text);
    json_write_object(out, NULL);
    json_write_text(out, "encoding", "base64");
    json_write_u64(out, "maxRetries", 0); /* this port sends again by itself */
    if (ask->least_slot) json_write_u64(out, "minContextSlot", ask->least_slot);
    json_write_text(out, "preflightCommitment", "confirmed");
    json_write_bool(out, "skipPreflight", ask->skips_preflight);
    json_write_end(out);
}

static void write_signatures(struct json_writer *out, const struct rpc_ask *ask)
{
    json_write_array(out, NULL);
    for (uint32_t i = 0; i < ask->count; i++)
        write_signature(out, NULL, ask->signatures + (size_t)i * SIGNATURE_BYTES);
    json_write_end(out);
    json_write_object(out, NULL);
    json_write_bool(out, "searchTransactionHistory", ask->searches_history);
    json_write_end(out);
}

static void write_params(struct json_writer *out, const struct rpc_ask *ask)
{
    switch (ask->kind) {
    case ASK_BLOCKHASH:
    case ASK_EPOCH: write_commitment(out); return;
    case ASK_SEND: write_send(out, ask); return;
    case ASK_STATUSES: write_signatures(out, ask); return;
    case ASK_BALANCE:
        write_key(out, NULL, ask->key);
        write_commitment(out);
        return;
    case ASK_AIRDROP:
        write_key(out, NULL, ask->key);
        json_write_u64(out, NULL, ask->lamports);
        return;
    }
}

err rpc_ask_write(const struct rpc_ask *ask, char **text_out, size_t *size_bytes_out)
{
    struct json_writer writer;
    char *text = NULL;
    size_t size_bytes;
    ASSERT(ask->count <= CALL_STATUSES_MOST);
    FILE *out = open_memstream(&text, &size_bytes);
    if (!out) return ERR_NOMEM;
    json_write_begin(&writer, out, JSON_ONE_LINE);
    json_write_object(&writer, NULL);
    json_write_u64(&writer, "id", ask->id);
    json_write_text(&writer, "jsonrpc", "2.0");
    json_write_text(&writer, "method", METHODS[ask->kind]);
    json_write_array(&writer, "params");
    write_params(&writer, ask);
    json_write_end(&writer);
    json_write_end(&writer);
    bool is_whole = !ferror(out);
    if (fclose(out) != 0 || !is_whole) {
        free(text);
        return ERR_NOMEM;
    }
    *text_out = text;
    *size_bytes_out = size_bytes;
    return OK;
}

/* -- the answer: every reader gives ERR_SYNTAX or ERR_RANGE with a line, or OK -- */

static err get_count(const struct json_node *object, const char *key, uint64_t *out, struct diag *diag)
{
    int64_t value;
    TRY(json_get_i64(object, key, &value, diag));
    if (value < 0) return json_fail(object, diag, ERR_RANGE, "has a negative number, must be 0 or more");
    *out = (uint64_t)value;
    return OK;
}

struct room {
    unsigned char *bytes;
    size_t size_bytes;
};

static err get_base58(const struct json_node *object, const char *key, struct room out, struct diag *diag)
{
    const char *text;
    TRY(json_get_text(object, key, &text, diag));
    if (strlen(text) < BASE58_SIGNATURE_TEXT && base58_decode_exactly(text, out.bytes, out.size_bytes))
        return OK;
    return json_fail(object, diag, ERR_SYNTAX, "has no base58 text of the right length");
}

/* {"context": {"slot": N}, "value": …}; the value stays to be read. */
static err read_context(struct rpc_answer *out, const struct json_node *root, struct json_node *result,
                        struct diag *diag)
{
    struct json_node context;
    TRY(json_get_object(root, "result", result, diag));
    TRY(json_get_object(result, "context", &context, diag));
    return get_count(&context, "slot", &out->slot, diag);
}

static err read_blockhash(struct rpc_answer *out, const struct json_node *root, struct diag *diag)
{
    struct json_node result, value;
    TRY(read_context(out, root, &result, diag));
    TRY(json_get_object(&result, "value", &value, diag));
    TRY(get_base58(&value, "blockhash", (struct room){out->blockhash, KEY_BYTES}, diag));
    return get_count(&value, "lastValidBlockHeight", &out->last_height, diag);
}

/* What Rust writes of an enum: a text, or an object with one member. */
static void read_name(char out[CALL_NAME_BYTES], const struct json_node *node)
{
    const char *name = "unnamed";
    struct json_node inner;
    if (json_get_text(node, NULL, &name, NULL) != OK) (void)json_next(node, NULL, &name, &inner);
    snprintf(out, CALL_NAME_BYTES, "%s", name);
    err_make_one_line(out);
}

static err read_failure(struct rpc_status *out, const struct json_node *item, struct diag *diag)
{
    struct json_node object;
    const char *text;
    if (!json_has(item, "err")) return OK;
    if (json_get_object(item, "err", &object, NULL) == OK)
        read_name(out->error, &object);
    else {
        TRY(json_get_text(item, "err", &text, diag));
        snprintf(out->error, sizeof out->error, "%s", text);
        err_make_one_line(out->error);
    }
    out->has_failed = true;
    return OK;
}

static err read_level(enum rpc_level *out, const struct json_node *item, struct diag *diag)
{
    const char *word;
    uint64_t confirmations = 0;
    bool has_confirmations = json_has(item, "confirmations");
    if (has_confirmations) TRY(get_count(item, "confirmations", &confirmations, diag));
    if (!json_has(item, "confirmationStatus")) { /* of old nodes */
        *out = has_confirmations ? LEVEL_PROCESSED : LEVEL_FINALIZED;
        return OK;
    }
    TRY(json_get_text(item, "confirmationStatus", &word, diag));
    for (int i = LEVEL_PROCESSED; i <= LEVEL_FINALIZED; i++)
        if (strcmp(word, RPC_LEVEL_NAMES[i]) == 0) {
            *out = (enum rpc_level)i;
            return OK;
        }
    return json_fail(item, diag, ERR_SYNTAX,
                     "has an unknown confirmationStatus, must be processed, confirmed or finalized");
}

static err read_status(struct rpc_status *out, const struct json_node *item, struct diag *diag)
{
    struct json_node object;
    *out = (struct rpc_status){0};
    if (json_is_null_node(item)) return OK;
    TRY(json_get_object(item, NULL, &object, diag));
    TRY(get_count(&object, "slot", &out->slot, diag));
    TRY(read_failure(out, &object, diag));
    return read_level(&out->level, &object, diag);
}

static err read_statuses(struct rpc_answer *out, const struct json_node *root, uint32_t count,
                         struct diag *diag)
{
    struct json_node result, value;
    TRY(read_context(out, root, &result, diag));
    TRY(json_get_array(&result, "value", &value, diag));
    if (json_count(&value) != count)
        return diag_fail(diag, ERR_SYNTAX, "%zu statuses for %u signatures", json_count(&value), count);
    for (uint32_t i = 0; i < count; i++) {
        struct json_node item = json_item(&value, i);
        TRY(read_status(&out->statuses[i], &item, diag));
        if (out->statuses[i].level != LEVEL_NONE && out->statuses[i].slot > out->slot)
            return json_fail(&item, diag, ERR_RANGE, "is in a slot behind that of the answer");
    }
    out->count = count;
    return OK;
}

static err read_epoch(struct rpc_answer *out, const struct json_node *root, struct diag *diag)
{
    struct json_node result;
    TRY(json_get_object(root, "result", &result, diag));
    TRY(get_count(&result, "absoluteSlot", &out->slot, diag));
    TRY(get_count(&result, "blockHeight", &out->height, diag));
    if (out->height <= out->slot) return OK;
    return json_fail(&result, diag, ERR_RANGE, "has more blocks than slots");
}

static err read_result(struct rpc_answer *out, const struct rpc_ask *ask, const struct json_node *root,
                       struct diag *diag)
{
    struct json_node result;
    switch (ask->kind) {
    case ASK_BLOCKHASH: return read_blockhash(out, root, diag);
    case ASK_STATUSES: return read_statuses(out, root, ask->count, diag);
    case ASK_EPOCH: return read_epoch(out, root, diag);
    case ASK_BALANCE:
        TRY(read_context(out, root, &result, diag));
        return get_count(&result, "value", &out->lamports, diag);
    case ASK_SEND:
        TRY(get_base58(root, "result", (struct room){out->signature, SIGNATURE_BYTES}, diag));
        if (memcmp(out->signature, transaction_signature(ask->transaction), SIGNATURE_BYTES) == 0) return OK;
        return json_fail(root, diag, ERR_SYNTAX, "result is the signature of another transaction");
    case ASK_AIRDROP: return get_base58(root, "result", (struct room){out->signature, SIGNATURE_BYTES}, diag);
    }
    return ERR_SYNTAX;
}

/* -- errors -- */

static bool is_of_request(const struct rpc_ask *ask, int64_t code)
{
    static const int64_t REFUSALS[] = {RPC_SIMULATION_FAILED, RPC_SIGNATURE_FAILURE, RPC_INVALID_PARAMS};
    if (ask->kind == ASK_AIRDROP) return true; /* only test networks give any */
    if (ask->kind != ASK_SEND) return false;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++)
        if (REFUSALS[i] == code) return true;
    return false;
}

static enum rpc_fault fault_of_code(int64_t code)
{
    enum { LIMITED = 429, LIMITED_BY_PROXY = -32429 };
    if (code == RPC_BEHIND || code == RPC_MIN_CONTEXT_SLOT) return FAULT_BEHIND;
    return code == LIMITED || code == LIMITED_BY_PROXY ? FAULT_LIMITED : FAULT_ERROR;
}

static err read_error(struct rpc_answer *out, const struct rpc_ask *ask, const struct json_node *error,
                      struct diag *diag)
{
    struct json_node data, inner;
    const char *message;
    int64_t code;
    TRY(json_get_i64(error, "code", &code, diag));
    TRY(json_get_text(error, "message", &message, diag));
    if (json_get_object(error, "data", &data, NULL) == OK && json_has(&data, "err")) {
        const char *name;
        if (json_get_object(&data, "err", &inner, NULL) == OK)
            read_name(out->error_name, &inner);
        else if (json_get_text(&data, "err", &name, NULL) == OK)
            snprintf(out->error_name, sizeof out->error_name, "%s", name);
        err_make_one_line(out->error_name);
    }
    snprintf(out->why, sizeof out->why, "error %lld: %.120s", (long long)code, message);
    err_make_one_line(out->why);
    out->fault = fault_of_code(code);
    if (out->fault != FAULT_ERROR || !is_of_request(ask, code)) return OK;
    out->fault = FAULT_NONE;
    out->code = code ? code : RPC_INTERNAL;
    return OK;
}

static err read_root(struct rpc_answer *out, const struct rpc_ask *ask, const struct json_node *root,
                     struct diag *diag)
{
    struct json_node object, error;
    const char *version;
    uint64_t id;
    TRY(json_get_object(root, NULL, &object, diag));
    TRY(json_get_text(root, "jsonrpc", &version, diag));
    if (strcmp(version, "2.0") != 0) return json_fail(root, diag, ERR_SYNTAX, "jsonrpc is not 2.0");
    bool has_error = json_has(root, "error"), has_result = json_has(root, "result");
    if (has_error && has_result) return json_fail(root, diag, ERR_SYNTAX, "has both error and result");
    if (!has_error || json_has(root, "id")) { /* an error may have a null id: the node could not read it */
        TRY(json_get_u64(root, "id", &id, diag));
        if (id != ask->id) return json_fail(root, diag, ERR_SYNTAX, "answers another id");
    }
    if (!has_error) return read_result(out, ask, root, diag);
    TRY(json_get_object(root, "error", &error, diag));
    return read_error(out, ask, &error, diag);
}

void rpc_answer_read(struct rpc_answer *out, const struct rpc_ask *ask, const struct rpc_body *body)
{
    struct json_text text = {"answer", body->text, body->size_bytes};
    struct json *json;
    struct diag diag = {""};
    memset(out, 0, offsetof(struct rpc_answer, statuses));
    if (json_read_text(&json, &text, &diag) != OK)
        out->fault = FAULT_SYNTAX;
    else {
        struct json_node root = json_root(json);
        if (read_root(out, ask, &root, &diag) != OK) out->fault = FAULT_SHAPE;
        json_free(json);
    }
    if (out->fault == FAULT_SYNTAX || out->fault == FAULT_SHAPE)
        snprintf(out->why, sizeof out->why, "%.*s", CALL_WHY_BYTES - 1, diag.text);
}
