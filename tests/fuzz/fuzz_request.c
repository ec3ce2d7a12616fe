/* tests/fuzz/fuzz_request.c: any bytes as the body of any mutating route, or as a path with a query: the
 * answer is a status and JSON, of a real service that does what it is told.
 *
 * The first byte chooses the route; of those beyond the routes, the rest is "path?name=value&...". One
 * service serves all inputs: its folder lies in memory and is removed at the end. */
#include "base/json.h"
#include "base/units.h"
#include "daemon/exchange_state.h"
#include "daemon/metrics.h"
#include "daemon/profile.h"
#include "daemon/samples.h"
#include "tests/fuzz/fuzz.h"
#include <poll.h>

enum { TURNS_MOST = 200, POSTS_MOST = 64, TEXT_MOST = 4096 };

static struct live live;
static char folder[64];
static const struct route *posts[POSTS_MOST];
static uint32_t post_count;

static void remove_folder(void)
{
    char command[128];
    service_free(live.service);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ASSERT(system(command) == 0);
}

static void begin(void)
{
    static struct config config;
    static struct log log;
    static const struct samples_options ports = {.instance = "a:1", .workers_instance = "a:2"};
    struct diag diag = {0};
    config_init(&config);
    err e = config_set_text(&config, "speculation.enabled=true", NULL, &diag);
    snprintf(folder, sizeof folder, "/dev/shm/agenc-fuzz-%d", (int)getpid());
    struct service_options options = {.config = &config,
                                      .data_dir = folder,
                                      .chain = "sim:fixed:20ms",
                                      .prover = "sim:fixed:20ms",
                                      .execution = "fixed:5ms",
                                      .chain_folder = "scenarios/chain",
                                      .prover_folder = "scenarios/prover",
                                      .seed = 1,
                                      .agents = 64,
                                      .agent_stake_lamports = LAMPORTS_IN_SOL,
                                      .time_scale_ppm = 1000000,
                                      .segment_bytes = 4 << 20,
                                      .segments_kept = 2,
                                      .log = &log,
                                      .has_chaos = true};
    if (e == OK) e = metrics_open(&live.metrics);
    if (e == OK) e = samples_open(&live.samples, &ports);
    if (e == OK) e = profile_open(&live.profile);
    options.metrics = live.metrics;
    if (e == OK) e = service_open(&live.service, &options, &diag);
    if (e != OK) fprintf(stderr, "%s\n", diag.text);
    ASSERT(e == OK);
    live.log = &log;
    live.token = "t";
    atexit(remove_folder);
    for (uint32_t i = 0; i < route_count() && post_count < POSTS_MOST; i++)
        if (route_at(i)->method == ROUTE_POST) posts[post_count++] = route_at(i);
}

static void turn(int wait_ms)
{
    struct pollfd fd = {.fd = service_fd(live.service), .events = POLLIN};
    (void)poll(&fd, 1, wait_ms);
    service_turn(live.service);
}

/* A drain may take longer than anybody wants to wait: whoever asked goes away, as clients do. */
static void settle(struct exchange *exchange)
{
    for (int i = 0; i < TURNS_MOST && exchange->is_held; i++) turn(1);
    if (!exchange->is_held) return;
    service_forget(live.service, exchange);
    exchange_fail(exchange, 499, "client_gone", "gone");
    exchange_send(exchange);
}

static void judge(const struct exchange *exchange)
{
    struct json *json;
    struct diag diag = {0};
    ASSERT(exchange->is_answered && exchange->status >= 200 && exchange->status < 600);
    if (!exchange->content_type || strcmp(exchange->content_type, "application/json") != 0) return;
    struct json_text text = {"answer", exchange->text, exchange->text_bytes};
    err e = json_read_text(&json, &text, &diag);
    if (e != OK) fprintf(stderr, "%s\n%s\n", diag.text, exchange->text);
    ASSERT(e == OK);
    json_free(json);
}

static void ask(const struct exchange_request *request, const uint8_t *bytes, size_t size_bytes)
{
    struct exchange *exchange;
    err e = exchange_open(&exchange, &live, request);
    ASSERT(e == OK);
    exchange_take(exchange, bytes, size_bytes);
    exchange_run(exchange);
    settle(exchange);
    judge(exchange);
    exchange_free(exchange);
}

/* path?a=b&c=d, cut up as the server's library would. */
static void ask_for(char *text)
{
    struct exchange_request request = {.method = "GET", .path = text, .authorization = "Bearer t"};
    char *rest = strchr(text, '?');
    while (rest) {
        *rest++ = '\0';
        char *name = rest, *value;
        rest = strchr(rest, '&');
        if (rest) *rest = '\0';
        if ((value = strchr(name, '='))) *value++ = '\0';
        if (request.query_count < EXCHANGE_QUERY_MOST)
            request.query[request.query_count] = (struct exchange_pair){name, value ? value : ""};
        request.query_count++;
    }
    ask(&request, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    char path[TEXT_MOST];
    if (!live.service) begin();
    if (size_bytes == 0) return 0;
    if (bytes[0] < post_count) {
        const struct route *route = posts[bytes[0]];
        const char *brace = strchr(route->path, '{');
        int head = brace ? (int)(brace - route->path) : (int)strlen(route->path);
        snprintf(path, sizeof path, "%.*s%s%s", head, route->path, brace ? "fuzz-task-1" : "",
                 brace ? strchr(brace, '}') + 1 : "");
        struct exchange_request request = {.method = "POST", .path = path, .authorization = "Bearer t"};
        ask(&request, bytes + 1, size_bytes - 1);
    } else {
        char *text = fuzz_text(bytes + 1, size_bytes - 1 < TEXT_MOST ? size_bytes - 1 : TEXT_MOST);
        ask_for(text);
        free(text);
    }
    turn(0);
    return 0;
}
