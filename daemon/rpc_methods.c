/* daemon/rpc_methods.c: finds methods and checks what they are given. */
#include "daemon/rpc_methods.h"
#include "base/assert.h"
#include "base/base58.h"
#include "daemon/rpc_write.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const struct rpc_method METHODS[] = {
#define X(name, shape, handler, help) {#name, shape, handler, help},
    RPC_METHOD_TABLE(X)
#undef X
};
enum { METHOD_COUNT = sizeof METHODS / sizeof *METHODS };

uint32_t rpc_method_count(void)
{
    return METHOD_COUNT;
}

const struct rpc_method *rpc_method_at(uint32_t index)
{
    ASSERT(index < METHOD_COUNT);
    return &METHODS[index];
}

const struct rpc_method *rpc_method_find(const char *name)
{
    for (uint32_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(METHODS[i].name, name) == 0) return &METHODS[i];
    return NULL;
}

bool rpc_refuse(struct rpc_call *call, int32_t code, const char *format, ...)
{
    va_list list;
    call->code = code;
    va_start(list, format);
    vsnprintf(call->message, sizeof call->message, format, list);
    va_end(list);
    return false;
}

/* -- parameters -- */

struct json_node rpc_param(const struct rpc_call *call, uint32_t index)
{
    return json_item(&call->params, index);
}

bool rpc_has(const struct rpc_call *call, uint32_t index)
{
    if (index >= call->param_count) return false;
    struct json_node node = rpc_param(call, index);
    return !json_is_null_node(&node);
}

const char *rpc_text(const struct rpc_call *call, uint32_t index)
{
    const char *text = "";
    struct json_node node = rpc_param(call, index);
    err e = json_get_text(&node, NULL, &text, NULL);
    ASSERT(e == OK); /* the shape was checked */
    return text;
}

uint64_t rpc_number(const struct rpc_call *call, uint32_t index)
{
    uint64_t number = 0;
    struct json_node node = rpc_param(call, index);
    err e = json_get_u64(&node, NULL, &number, NULL);
    ASSERT(e == OK);
    return number;
}

static bool fits(const struct json_node *node, char letter)
{
    const char *text;
    uint64_t number;
    int64_t signed_number;
    struct json_node inner;
    switch (tolower(letter)) {
    case 's': return json_get_text(node, NULL, &text, NULL) == OK;
    case 'u': return json_get_u64(node, NULL, &number, NULL) == OK;
    case 'i': return json_get_i64(node, NULL, &signed_number, NULL) == OK;
    case 'a': return json_get_array(node, NULL, &inner, NULL) == OK;
    default: return json_get_object(node, NULL, &inner, NULL) == OK;
    }
}

static const char *letter_words(char letter)
{
    switch (tolower(letter)) {
    case 's': return "a string";
    case 'u': return "u64";
    case 'i': return "an integer";
    case 'a': return "a sequence";
    default: return "a map";
    }
}

static bool check_shape(const struct rpc_method *method, struct rpc_call *call)
{
    uint32_t most = (uint32_t)strlen(method->shape), least = 0;
    while (least < most && (islower(method->shape[least]) || method->shape[least] == '+')) least++;
    if (call->param_count < least)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "`params` should have at least %" PRIu32 " argument(s)",
                          least);
    if (call->param_count > most)
        return rpc_refuse(call, RPC_INVALID_PARAMS,
                          "Invalid parameters: No more than %" PRIu32 " were expected", most);
    for (uint32_t i = 0; i < call->param_count; i++) {
        if (i >= least && !rpc_has(call, i)) continue;
        struct json_node node = rpc_param(call, i);
        bool is_any = method->shape[i] == '*' || method->shape[i] == '+';
        if (!is_any && !fits(&node, method->shape[i]))
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: parameter %" PRIu32 ": expected %s.",
                              i, letter_words(method->shape[i]));
    }
    return true;
}

bool rpc_method_call(const struct rpc_method *method, struct rpc_call *call)
{
    return check_shape(method, call) && method->handler(call);
}

static bool find_option(const struct rpc_call *call, uint32_t index, const char *name,
                        struct json_node *object)
{
    if (!rpc_has(call, index)) return false;
    struct json_node node = rpc_param(call, index);
    return json_get_object(&node, NULL, object, NULL) == OK && json_has(object, name);
}

bool rpc_option_text(struct rpc_call *call, uint32_t index, const char *name, const char **out)
{
    struct json_node object;
    if (!find_option(call, index, name, &object) || json_get_text(&object, name, out, NULL) == OK)
        return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: %s: invalid type, expected a string.", name);
}

bool rpc_option_bool(struct rpc_call *call, uint32_t index, const char *name, bool *out)
{
    struct json_node object;
    if (!find_option(call, index, name, &object) || json_get_bool(&object, name, out, NULL) == OK)
        return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: %s: invalid type, expected a boolean.",
                      name);
}

bool rpc_option_number(struct rpc_call *call, uint32_t index, const char *name, uint64_t *out)
{
    struct json_node object;
    if (!find_option(call, index, name, &object) || json_get_u64(&object, name, out, NULL) == OK) return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: %s: invalid type, expected u64.", name);
}

/* The names of today, and those that old clients still send. */
bool rpc_commitment(struct rpc_call *call, uint32_t index, const char *name, enum commitment *out)
{
    static const struct {
        const char *name;
        enum commitment commitment;
    } NAMES[] = {{"processed", COMMIT_PROCESSED}, {"confirmed", COMMIT_CONFIRMED},
                 {"finalized", COMMIT_FINALIZED}, {"recent", COMMIT_PROCESSED},
                 {"single", COMMIT_CONFIRMED},    {"singleGossip", COMMIT_CONFIRMED},
                 {"root", COMMIT_FINALIZED},      {"max", COMMIT_FINALIZED}};
    const char *wanted = NULL;
    if (!rpc_option_text(call, index, name, &wanted)) return false;
    for (size_t i = 0; wanted && i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(wanted, NAMES[i].name) == 0) {
            *out = NAMES[i].commitment;
            return true;
        }
    if (!wanted) return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS,
                      "Invalid params: unknown variant `%.40s`, expected one of `processed`, `confirmed`, "
                      "`finalized`.",
                      wanted);
}

bool rpc_bank(struct rpc_call *call, uint32_t index, const struct bank **out)
{
    enum commitment commitment = COMMIT_FINALIZED;
    uint64_t least = 0;
    if (!rpc_commitment(call, index, "commitment", &commitment)) return false;
    if (!rpc_option_number(call, index, "minContextSlot", &least)) return false;
    const struct bank *bank = ledger_bank(&call->rpc->ledger, commitment);
    if (bank->slot < least) {
        call->data = DATA_CONTEXT_SLOT;
        call->number = bank->slot;
        return rpc_refuse(call, RPC_MIN_CONTEXT_SLOT, "Minimum context slot has not been reached");
    }
    *out = bank;
    return true;
}

bool rpc_read_key(struct rpc_call *call, const char *text, unsigned char key[KEY_BYTES])
{
    if (base58_decode_exactly(text, key, KEY_BYTES)) return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid param: %s",
                      strlen(text) < 32 || strlen(text) > 44 ? "WrongSize" : "Invalid");
}

bool rpc_read_signature(struct rpc_call *call, const char *text, unsigned char signature[SIGNATURE_BYTES])
{
    if (base58_decode_exactly(text, signature, SIGNATURE_BYTES)) return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid param: %s",
                      strlen(text) < 64 || strlen(text) > 88 ? "WrongSize" : "Invalid");
}

/* -- results -- */

void rpc_begin_value(struct rpc_call *call, const struct bank *bank)
{
    json_write_object(call->out, NULL);
    write_context(call->out, bank->slot);
}

void rpc_end_value(struct rpc_call *call)
{
    json_write_end(call->out);
}
