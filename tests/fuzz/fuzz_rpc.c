/* tests/fuzz/fuzz_rpc.c: any bytes as the body of a request, over HTTP and over WebSocket: the answer is
 * JSON.
 *
 * One node serves all inputs, for it takes long to begin; its chain goes on by a block an input. */
#include "base/json.h"
#include "base/units.h"
#include "daemon/rpc.h"
#include "tests/fuzz/fuzz.h"

static struct rpc node;
static struct chain_profile profile;
static int64_t now_ns;

static void check_json(const char *text, size_t size_bytes)
{
    struct json *json;
    struct diag diag = {0};
    const struct json_text whole = {"answer", text, size_bytes};
    err e = json_read_text(&json, &whole, &diag);
    ASSERT(e == OK);
    json_free(json);
}

static void push(void *context, uint32_t client, const char *text, size_t size_bytes)
{
    (void)context;
    ASSERT(client == 1);
    check_json(text, size_bytes);
}

static void begin(void)
{
    struct diag diag = {0};
    struct ledger_options options = {.profile = &profile, .seed = 1};
    err e = chain_profile_load(&profile, "scenarios/chain", "localnet", &diag);
    ASSERT(e == OK);
    int64_t start_ns = 0;
    e = ledger_open(&node.ledger, &options, &start_ns);
    ASSERT(e == OK);
    node.clock = (struct rpc_clock){.chain_ns = start_ns, .seen_ns = start_ns, .scale = 1};
    node.subscriptions = (struct subscriptions){.ledger = &node.ledger, .push = push};
    node.ledger.watch = subscriptions_news;
    node.ledger.context = &node.subscriptions;
}

static void ask(const uint8_t *bytes, size_t size_bytes, uint32_t client)
{
    char *text = fuzz_text(bytes, size_bytes), *answer = NULL;
    size_t answer_bytes = 0;
    int status = 0;
    struct rpc_request request = {text, size_bytes, client};
    FILE *out = open_memstream(&answer, &answer_bytes);
    ASSERT(out);
    bool is_answered = rpc_answer(&node, &request, out, &status);
    fclose(out);
    ASSERT(status == 200);
    if (is_answered) check_json(answer, answer_bytes);
    subscriptions_settle(&node.subscriptions);
    free(answer);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    if (!node.ledger.banks) begin();
    ask(bytes, size_bytes, 0);
    ask(bytes, size_bytes, 1);
    now_ns += 400 * NS_PER_MS;
    err e = rpc_clock_advance(&node, now_ns);
    ASSERT(e == OK);
    subscriptions_forget(&node.subscriptions, 1);
    ASSERT(node.subscriptions.count == 0);
    return 0;
}
