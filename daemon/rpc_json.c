/* daemon/rpc_json.c: JSON-RPC 2.0: requests, batches, notifications, ids that come back as they came. */
#include "base/escape.h"
#include "daemon/rpc_methods.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct reply {
    struct rpc *rpc;
    const struct rpc_request *request;
    FILE *out;
    bool is_batch;
    uint32_t written;
};

static void write_id(FILE *out, const struct json_node *request)
{
    struct json_writer writer;
    const char *text;
    int64_t whole;
    double number;
    json_write_begin(&writer, out, JSON_ONE_LINE);
    if (request && json_get_text(request, "id", &text, NULL) == OK)
        json_write_text(&writer, NULL, text);
    else if (request && json_get_i64(request, "id", &whole, NULL) == OK)
        json_write_i64(&writer, NULL, whole);
    else if (request && json_get_number(request, "id", &number, NULL) == OK)
        json_write_number(&writer, NULL, number);
    else
        json_write_null(&writer, NULL);
}

static void write_data(FILE *out, const struct rpc_call *call)
{
    struct json_writer writer;
    if (call->data == DATA_NONE) return;
    fputs(",\"data\":", out);
    json_write_begin(&writer, out, JSON_ONE_LINE);
    if (call->data == DATA_SIMULATION) {
        rpc_write_simulation(&writer, NULL, &call->rpc->ledger.scratch);
        return;
    }
    json_write_object(&writer, NULL);
    if (call->data == DATA_UNKNOWN_HEALTH)
        json_write_null(&writer, "numSlotsBehind");
    else
        json_write_u64(&writer, call->data == DATA_BEHIND ? "numSlotsBehind" : "contextSlot", call->number);
    json_write_end(&writer);
}

static void write_head(struct reply *reply)
{
    if (reply->is_batch) fputc(reply->written ? ',' : '[', reply->out);
    reply->written++;
    fputs("{\"jsonrpc\":\"2.0\"", reply->out);
}

static void write_tail(const struct reply *reply, const struct json_node *request)
{
    fputs(",\"id\":", reply->out);
    write_id(reply->out, request);
    fputc('}', reply->out);
}

static void write_refusal(struct reply *reply, const struct json_node *request, const struct rpc_call *call)
{
    reply->rpc->counts.errors++;
    write_head(reply);
    fprintf(reply->out, ",\"error\":{\"code\":%" PRId32 ",\"message\":", call->code);
    escape_json(reply->out, call->message);
    write_data(reply->out, call);
    fputc('}', reply->out);
    write_tail(reply, request);
}

static void refuse(struct reply *reply, const struct json_node *request, int32_t code, const char *message)
{
    struct rpc_call call = {.rpc = reply->rpc};
    (void)rpc_refuse(&call, code, "%s", message);
    write_refusal(reply, request, &call);
}

/* An id must be text, a number or null. */
static bool is_request(const struct json_node *request)
{
    struct json_node inner;
    const char *version, *method;
    bool flag;
    if (json_get_text(request, "jsonrpc", &version, NULL) != OK || strcmp(version, "2.0") != 0) return false;
    if (json_get_object(request, "id", &inner, NULL) == OK ||
        json_get_array(request, "id", &inner, NULL) == OK || json_get_bool(request, "id", &flag, NULL) == OK)
        return false;
    return json_get_text(request, "method", &method, NULL) == OK;
}

/* Runs it; the result goes to where *out stands. False: refused, nothing is to be kept of the result. */
static bool run(struct rpc_call *call, const struct json_node *request)
{
    const char *name;
    if (json_get_text(request, "method", &name, NULL) != OK) return false;
    const struct rpc_method *method = rpc_method_find(name);
    if (!method) return rpc_refuse(call, RPC_METHOD_NOT_FOUND, "Method not found");
    if (json_has(request, "params")) {
        if (json_get_array(request, "params", &call->params, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "`params` should be an array");
        call->param_count = (uint32_t)json_count(&call->params);
    }
    return rpc_method_call(method, call);
}

static bool inject(struct reply *reply, const struct json_node *request)
{
    struct rpc_faults *faults = &reply->rpc->faults;
    if (!faults->errors_left || faults->error_code >= 0) return false;
    faults->errors_left--;
    if (faults->error_code == RPC_BEHIND)
        refuse(reply, request, RPC_BEHIND, "Node is unhealthy");
    else
        refuse(reply, request, faults->error_code, "Internal error");
    return true;
}

/* A notification has no id and gets no answer, whatever comes of it. */
static void run_silently(struct rpc_call *call, const struct json_node *request)
{
    struct json_writer writer;
    char *ignored = NULL;
    size_t ignored_bytes;
    FILE *result = open_memstream(&ignored, &ignored_bytes);
    if (!result) return;
    json_write_begin(&writer, result, JSON_ONE_LINE);
    call->out = &writer;
    (void)run(call, request);
    fclose(result);
    free(ignored);
}

/* The result is written as it comes; a refusal takes its place. */
static void run_aloud(struct reply *reply, struct rpc_call *call, const struct json_node *request)
{
    struct json_writer writer;
    off_t before = ftello(reply->out);
    uint32_t written = reply->written;
    write_head(reply);
    fputs(",\"result\":", reply->out);
    json_write_begin(&writer, reply->out, JSON_ONE_LINE);
    call->out = &writer;
    if (run(call, request)) {
        write_tail(reply, request);
        return;
    }
    fseeko(reply->out, before, SEEK_SET);
    reply->written = written;
    write_refusal(reply, request, call);
}

/* Whatever it is: null is an id. */
static bool has_id(const struct json_node *request)
{
    struct json_node member;
    const char *key = NULL;
    while (json_next(request, key, &key, &member))
        if (strcmp(key, "id") == 0) return true;
    return false;
}

static void answer_one(struct reply *reply, const struct json_node *request)
{
    struct rpc_call call = {.rpc = reply->rpc, .client = reply->request->client};
    reply->rpc->counts.requests++;
    if (!is_request(request))
        refuse(reply, NULL, RPC_INVALID_REQUEST, "Invalid request");
    else if (!has_id(request))
        run_silently(&call, request);
    else if (!inject(reply, request))
        run_aloud(reply, &call, request);
}

static void answer_batch(struct reply *reply, const struct json_node *array)
{
    size_t count = json_count(array);
    if (count == 0) {
        refuse(reply, NULL, RPC_INVALID_REQUEST, "Invalid request");
        return;
    }
    reply->is_batch = true;
    for (size_t i = 0; i < count; i++) {
        struct json_node item = json_item(array, i), object;
        if (ftello(reply->out) > RPC_ANSWER_BYTES)
            refuse(reply, NULL, RPC_INTERNAL, "Response is too large");
        else if (json_get_object(&item, NULL, &object, NULL) == OK)
            answer_one(reply, &object);
        else
            refuse(reply, NULL, RPC_INVALID_REQUEST, "Invalid request");
    }
    if (reply->written) fputc(']', reply->out);
}

bool rpc_answer(struct rpc *rpc, const struct rpc_request *request, FILE *out, int *http_status)
{
    struct json *json;
    struct json_node root, array;
    struct json_text text = {"request", request->text, request->size_bytes};
    struct reply reply = {.rpc = rpc, .request = request, .out = out};
    *http_status = 200;
    if (rpc->faults.errors_left && rpc->faults.error_code > 0) {
        rpc->faults.errors_left--;
        *http_status = rpc->faults.error_code;
        return false;
    }
    if (json_read_text(&json, &text, NULL) != OK) {
        refuse(&reply, NULL, RPC_PARSE_ERROR, "Parse error");
        return true;
    }
    root = json_root(json);
    if (json_get_array(&root, NULL, &array, NULL) == OK)
        answer_batch(&reply, &array);
    else
        answer_one(&reply, &root);
    json_free(json);
    return reply.written > 0;
}
