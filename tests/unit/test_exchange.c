/* tests/unit/test_exchange.c: a request from its head to its answer, against a real service, without sockets.
 */
#include "base/units.h"
#include "daemon/exchange_state.h"
#include "daemon/metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/test-exchange-XXXXXX";
static struct config config;
static struct log quiet;
static struct live live;

static void set_up(void)
{
    struct diag diag = {0};
    config_init(&config);
    cr_assert(mkdtemp(folder) != NULL);
    cr_assert(eq(int, metrics_open(&live.metrics), OK));
    const struct service_options options = {.config = &config,
                                            .data_dir = folder,
                                            .chain = "sim:fixed:1s",
                                            .prover = "sim:fixed:1s",
                                            .execution = "fixed:1s",
                                            .chain_folder = "scenarios/chain",
                                            .prover_folder = "scenarios/prover",
                                            .seed = 1,
                                            .agents = 8,
                                            .agent_stake_lamports = LAMPORTS_IN_SOL,
                                            .time_scale_ppm = 1000000,
                                            .log = &quiet,
                                            .metrics = live.metrics};
    cr_assert(eq(int, service_open(&live.service, &options, &diag), OK), "%s", diag.text);
    live.token = "secret";
}

static void tear_down(void)
{
    char command[64];
    service_free(live.service);
    metrics_free(live.metrics);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert(eq(int, system(command), 0));
}
TestSuite(exchange, .init = set_up, .fini = tear_down, .timeout = 20);

static struct exchange *begin(const struct exchange_request *request)
{
    struct exchange *exchange = NULL;
    cr_assert(eq(int, exchange_open(&exchange, &live, request), OK));
    return exchange;
}

static int status_of(const struct exchange_request *request, const char *body)
{
    struct exchange *exchange = begin(request);
    exchange_take(exchange, body, strlen(body));
    exchange_run(exchange);
    cr_assert(exchange->is_answered);
    int status = exchange->status;
    exchange_free(exchange);
    return status;
}

Test(exchange, from_elsewhere_reads_need_the_token_and_health_does_not)
{
    struct exchange_request request = {.method = "GET", .path = "/admin/status", .is_remote = true};
    cr_assert(eq(int, status_of(&request, ""), 401));
    request.authorization = "Bearer secre";
    cr_assert(eq(int, status_of(&request, ""), 401));
    request.authorization = "Bearer secret";
    cr_assert(eq(int, status_of(&request, ""), 200));
    struct exchange_request health = {.method = "GET", .path = "/health", .is_remote = true};
    cr_assert(eq(int, status_of(&health, ""), 503)); /* it has not taken a turn: not ready, but it says so */
    struct exchange_request metrics = {.method = "GET", .path = "/metrics", .is_remote = true};
    cr_assert(eq(int, status_of(&metrics, ""), 401));
}

Test(exchange, an_empty_token_is_none)
{
    struct exchange_request request = {.method = "POST", .path = "/admin/gc", .authorization = "Bearer "};
    live.token = "";
    cr_assert(eq(int, status_of(&request, ""), 403));
    live.token = NULL;
    cr_assert(eq(int, status_of(&request, ""), 403));
}

Test(exchange, more_parameters_than_are_kept_are_refused)
{
    struct exchange_request request = {
        .method = "GET", .path = "/metrics", .query_count = EXCHANGE_QUERY_MOST + 1};
    for (uint32_t i = 0; i < EXCHANGE_QUERY_MOST; i++) request.query[i] = (struct exchange_pair){"flat", "1"};
    cr_assert(eq(int, status_of(&request, ""), 400));
}

Test(exchange, a_body_is_collected_up_to_its_limit_and_not_beyond)
{
    static char large[EXCHANGE_BODY_BYTES + 2];
    struct exchange_request request = {
        .method = "POST", .path = "/admin/log-level", .authorization = "Bearer secret"};
    struct exchange *exchange = begin(&request);
    memset(large, ' ', sizeof large - 1);
    for (int i = 0; i < EXCHANGE_BODY_BYTES; i++) exchange_take(exchange, " ", 1);
    cr_assert(not(exchange->is_too_large));
    for (int i = 0; i < 100000; i++) exchange_take(exchange, large, sizeof large);
    cr_assert(exchange->is_too_large);
    cr_assert(le(sz, exchange->body_capacity, (size_t)EXCHANGE_BODY_BYTES + 1));
    exchange_run(exchange);
    cr_assert(eq(int, exchange->status, 413));
    exchange_free(exchange);
}

Test(exchange, a_submission_is_held_until_it_is_on_the_disk)
{
    static const char BODY[] = "{\"task_id\":\"unit-task-1\"}";
    struct service_status before, after;
    struct exchange_request request = {
        .method = "POST", .path = "/admin/tasks", .authorization = "Bearer secret"};
    struct exchange *exchange = begin(&request);
    service_status(live.service, &before);
    exchange_take(exchange, BODY, sizeof BODY - 1);
    exchange_run(exchange);
    cr_assert(exchange->is_held);
    struct pollfd fd = {.fd = service_fd(live.service), .events = POLLIN};
    for (int i = 0; i < 1000 && exchange->is_held; i++) {
        service_turn(live.service);
        if (exchange->is_held) (void)poll(&fd, 1, 10);
    }
    service_status(live.service, &after);
    cr_assert(eq(int, exchange->status, 201));
    cr_assert(gt(u64, after.syncs, before.syncs));
    cr_assert(strstr(exchange->text, "\"task_id\":\"unit-task-1\"") != NULL, "%s", exchange->text);
    exchange_free(exchange);
}

Test(exchange, what_a_handler_fails_with_replaces_what_it_wrote)
{
    struct exchange_request request = {.method = "GET", .path = "/admin/status"};
    struct exchange *exchange = begin(&request);
    json_write_object(exchange_json(exchange), NULL);
    json_write_text(exchange_json(exchange), "half", "written");
    exchange_hold(exchange);
    exchange_fail(exchange, 409, "conflict", "a line\nof two");
    exchange_field(exchange, "field");
    exchange_send(exchange);
    cr_assert(eq(str, exchange->text,
                 "{\"code\":\"conflict\",\"details\":{\"field\":\"field\"},\"error\":\"a line?of two\"}\n"));
    exchange_free(exchange);
}

static struct exchange *answered_with(bool is_starved)
{
    struct exchange_request request = {.method = "GET", .path = "/admin/status"};
    struct exchange *exchange = begin(&request);
    exchange->is_starved = is_starved;
    exchange_run(exchange);
    return exchange;
}

Test(exchange, half_an_answer_for_want_of_memory_is_none)
{
    struct exchange *whole = answered_with(false), *half = answered_with(true);
    cr_assert(eq(int, whole->status, 200));
    cr_assert(eq(int, half->status, 503));
    cr_assert(eq(ptr, half->text, NULL));
    cr_assert(half->retries_later);
    exchange_free(whole);
    exchange_free(half);
}

Test(exchange, a_held_one_is_watched_until_it_is_answered)
{
    struct exchange_request request = {.method = "GET", .path = "/admin/status"};
    struct exchange *first = begin(&request), *second = begin(&request);
    exchange_hold(first);
    exchange_watch(first, exchange_send);
    exchange_watch(first, exchange_send);
    exchange_watch(second, exchange_send);
    cr_assert(eq(u32, live.watched, 2));
    exchange_fail(first, 503, "stopping", "over");
    exchange_send(first);
    cr_assert(eq(u32, live.watched, 1));
    exchange_free(second);
    cr_assert(eq(u32, live.watched, 0));
    exchange_free(first);
}
