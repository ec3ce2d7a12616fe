/* tests/unit/test_rpc_port.c: the live chain port between a server that lies and a node that does not. */
#include "base/units.h"
#include "daemon/rpc_fund.h"
#include "daemon/rpc_port.h"
#include "tests/lib/hostile_node.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(rpc_port, .timeout = 60);

enum { SENT = 5 };

static struct hostile_node hostile;
static struct wallet wallet;
static struct rpc_port *port;
static uint16_t node_port;
static char lines[8192]; /* what was complained of */
static uint32_t heard[PORT_EVENT_KINDS];
static char why[200];
static uint32_t capacity = 64;

static void on_event(void *context, const struct port_event *event)
{
    (void)context;
    heard[event->kind]++;
    if (event->why) snprintf(why, sizeof why, "%s", event->why);
}

static void on_complaint(void *context, const struct rpc_complaint *complaint)
{
    size_t used = strlen(lines);
    (void)context;
    cr_assert(complaint->why[0] != '\0' && strchr(complaint->why, '\n') == NULL, "one line");
    snprintf(lines + used, sizeof lines - used, "%s: %s\n", rpc_fault_name(complaint->fault), complaint->why);
}

static void fund_wallet(const char *url)
{
    struct diag diag = {""};
    const struct fund_order order = {.client = {.urls = url,
                                                .connect_ns = NS_PER_S,
                                                .total_ns = 5 * NS_PER_S,
                                                .patience_ns = 10 * NS_PER_S,
                                                .tries_most = 3},
                                     .wallet = &wallet,
                                     .lamports = LAMPORTS_IN_SOL,
                                     .may_airdrop = true,
                                     .timeout_ns = 20 * NS_PER_S};
    err e = rpc_fund(&order, &diag);
    cr_assert(e == OK, "%s", diag.text);
}

static void open_port(const char *urls)
{
    struct diag diag = {""};
    struct rpc_port_options options = RPC_PORT_DEFAULTS;
    options.urls = urls;
    options.wallet = &wallet;
    options.capacity = capacity;
    options.connect_ns = NS_PER_S;
    options.total_ns = 400 * NS_PER_MS;
    options.patience_ns = 3 * NS_PER_S;
    options.poll_ns = 50 * NS_PER_MS;
    options.survey_ns = 50 * NS_PER_MS;
    options.heard = on_event;
    options.complained = on_complaint;
    cr_assert(rpc_port_open(&port, &options, &diag) == OK, "%s", diag.text);
}

static void submit_all(void)
{
    for (uint32_t i = 0; i < SENT; i++) {
        unsigned char digest[KEY_BYTES] = {(unsigned char)i};
        cr_assert(rpc_port_submit(port, &(struct rpc_submission){i, 0, digest}) == OK);
    }
}

/* Until that many of a kind were heard, at least `least_ms`; fails after `most_ms`. */
static void play(enum port_event_kind kind, uint32_t count, int64_t least_ms, int64_t most_ms)
{
    int64_t began_ns = rpc_client_now_ns(), now_ns = began_ns;
    uint32_t steps = 0;
    while (heard[kind] < count || now_ns < began_ns + least_ms * NS_PER_MS) {
        cr_assert(now_ns < began_ns + most_ms * NS_PER_MS, "%u of %u %s\n%s", heard[kind], count,
                  port_event_name(kind), lines);
        rpc_port_step(port);
        int64_t left_ns = rpc_port_next_ns(port) - rpc_client_now_ns();
        struct pollfd fd = {.fd = rpc_port_fd(port), .events = POLLIN};
        int ms = left_ns <= 0 ? 0 : left_ns > 50 * NS_PER_MS ? 50 : (int)(left_ns / NS_PER_MS) + 1;
        (void)poll(&fd, 1, ms);
        now_ns = rpc_client_now_ns();
        steps++;
    }
    cr_assert(steps < 20000, "it spins: %u steps", steps);
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert(file && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static const struct endpoint *liar(void)
{
    return &rpc_client_endpoints(rpc_port_client(port))->list[0];
}

static void begin(enum hostility how, const char *method)
{
    char urls[128];
    node_port = local_node_open(4);
    hostile.how = how;
    hostile.method = method;
    hostile.backend_port = node_port;
    hostile_node_open(&hostile);
    cr_assert(wallet_fresh(&wallet, NULL) == OK);
    snprintf(urls, sizeof urls, "http://127.0.0.1:%u", node_port);
    fund_wallet(urls);
    snprintf(urls, sizeof urls, "http://127.0.0.1:%u,http://127.0.0.1:%u", hostile.port, node_port);
    open_port(urls);
}

/* The first endpoint lies about `method`: it is found out, counted, told in these words, and the other one
 * serves. */
static void survives(enum hostility how, const char *method, enum rpc_fault fault, const char *words)
{
    begin(how, method);
    submit_all();
    play(PORT_CONFIRMED, SENT, 1000, 20000);
    cr_assert(heard[PORT_ACCEPTED] == SENT && heard[PORT_PROCESSED] == SENT);
    cr_assert(heard[PORT_REFUSED] + heard[PORT_EXPIRED] + heard[PORT_REVERTED] == 0, "%s", why);
    cr_assert(liar()->faults[fault] > 0, "%s", lines);
    cr_assert(strstr(lines, rpc_fault_name(fault)) != NULL && strstr(lines, words) != NULL, "%s", lines);
    cr_assert(atomic_load(&hostile.answers) > 0);
    rpc_port_free(port);
}

#define STATUSES "getSignatureStatuses"

Test(rpc_port, truncated_json_is_rejected)
{
    survives(HOSTILE_TRUNCATED, NULL, FAULT_SYNTAX, "answer:1:");
}
Test(rpc_port, a_cut_body_is_rejected)
{
    survives(HOSTILE_CUT, NULL, FAULT_CUT, "");
}
Test(rpc_port, nan_is_rejected)
{
    survives(HOSTILE_NAN, STATUSES, FAULT_SYNTAX, "answer:1:");
}
Test(rpc_port, a_key_twice_is_rejected)
{
    survives(HOSTILE_TWICE, STATUSES, FAULT_SYNTAX, "duplicate");
}
Test(rpc_port, an_unknown_status_is_rejected)
{
    survives(HOSTILE_WORD, STATUSES, FAULT_SHAPE, "unknown confirmationStatus");
}
Test(rpc_port, the_answer_to_another_question_is_rejected)
{
    survives(HOSTILE_ID, STATUSES, FAULT_SHAPE, "answers another id");
}
Test(rpc_port, a_slot_going_backwards_is_rejected)
{
    survives(HOSTILE_BACKWARDS, "getEpochInfo", FAULT_BACKWARDS, "slot 1, it was at 90");
}
Test(rpc_port, a_drip_times_out)
{
    survives(HOSTILE_DRIP, NULL, FAULT_TIMEOUT, "timed out");
}
Test(rpc_port, silence_times_out)
{
    survives(HOSTILE_SILENT, NULL, FAULT_TIMEOUT, "timed out");
}
Test(rpc_port, a_closed_connection_is_no_answer)
{
    survives(HOSTILE_CLOSED, NULL, FAULT_CUT, "");
}
Test(rpc_port, a_page_with_status_500_is_no_answer)
{
    survives(HOSTILE_HTML, NULL, FAULT_STATUS, "HTTP status 500");
}
Test(rpc_port, what_is_not_http_is_no_answer)
{
    survives(HOSTILE_GARBAGE, NULL, FAULT_CUT, "");
}
Test(rpc_port, headers_without_end_are_refused)
{
    survives(HOSTILE_HEAD, NULL, FAULT_TOO_LARGE, "too large");
}
Test(rpc_port, a_sending_that_timed_out_is_not_sent_as_another)
{
    survives(HOSTILE_SILENT, "sendTransaction", FAULT_TIMEOUT, "timed out");
}

Test(rpc_port, ten_megabytes_are_refused_while_they_come)
{
    long before_kib = resident_kib();
    survives(HOSTILE_HUGE, NULL, FAULT_TOO_LARGE, "too large");
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed */
    cr_assert(resident_kib() - before_kib < 8 << 10, "%ld KiB more", resident_kib() - before_kib);
#endif
    (void)before_kib;
}

/* How often the liar was asked in so long. */
static uint32_t asked_within(enum hostility how, int64_t ms)
{
    begin(how, NULL);
    submit_all();
    play(PORT_CONFIRMED, SENT, ms, 20000);
    cr_assert(liar()->faults[FAULT_LIMITED] > 0, "%s", lines);
    return atomic_load(&hostile.requests);
}

/* All that were under way when the first answer came are counted too: the survey, and the blockhash. */
Test(rpc_port, retry_after_in_seconds_is_waited_for)
{
    cr_assert(asked_within(HOSTILE_LIMITED, 1700) <= 2);
    play(PORT_CONFIRMED, SENT, 1500, 5000);
    cr_assert(atomic_load(&hostile.requests) > 2, "and not for ever");
}

Test(rpc_port, retry_after_as_a_date_is_waited_for)
{
    cr_assert(asked_within(HOSTILE_LIMITED_DATE, 1700) <= 2);
}

Test(rpc_port, retry_after_is_capped)
{
    (void)asked_within(HOSTILE_LIMITED_LONG, 500);
    int64_t left_ns = liar()->open_until_ns - rpc_client_now_ns();
    cr_assert(left_ns > 290 * NS_PER_S && left_ns <= 300 * NS_PER_S);
}

Test(rpc_port, a_redirect_is_not_followed)
{
    static struct hostile_node canary = {.how = HOSTILE_HTML};
    hostile_node_open(&canary);
    hostile.redirect_port = canary.port;
    begin(HOSTILE_REDIRECT, NULL);
    submit_all();
    play(PORT_CONFIRMED, SENT, 1000, 20000);
    cr_assert(liar()->faults[FAULT_STATUS] > 0 && atomic_load(&canary.requests) == 0);
}

Test(rpc_port, without_any_node_submissions_are_refused_in_bounded_time)
{
    cr_assert(wallet_fresh(&wallet, NULL) == OK);
    open_port("http://127.0.0.1:1");
    submit_all();
    play(PORT_REFUSED, SENT, 0, 8000);
    rpc_port_step(port);
    cr_assert(rpc_port_followed(port) == 0);
    cr_assert(liar()->faults[FAULT_CONNECT] > 1, "it was tried again");
    rpc_port_free(port);
}

Test(rpc_port, an_empty_wallet_is_refused_by_the_node_in_its_words)
{
    begin(HOSTILE_CLOSED, "getNothing");
    cr_assert(wallet_fresh(&wallet, NULL) == OK); /* another, without money */
    submit_all();
    play(PORT_REFUSED, SENT, 0, 10000);
    cr_assert(strstr(why, "-32002") != NULL, "%s", why);
    cr_assert(heard[PORT_ACCEPTED] == 0);
}

Test(rpc_port, more_than_the_capacity_is_refused_at_once)
{
    unsigned char digest[KEY_BYTES] = {0};
    const struct rpc_submission submission = {1, 0, digest};
    cr_assert(wallet_fresh(&wallet, NULL) == OK);
    open_port("http://127.0.0.1:1");
    for (int i = 0; i < 64; i++) cr_assert(rpc_port_submit(port, &submission) == OK);
    cr_assert(rpc_port_submit(port, &submission) == ERR_LIMIT);
    rpc_port_free(port);
}

Test(rpc_port, an_endpoint_that_is_good_again_is_returned_to)
{
    hostile.most = 3;
    begin(HOSTILE_HTML, NULL);
    submit_all();
    play(PORT_CONFIRMED, SENT, 2500, 20000);
    uint64_t failovers = rpc_client_endpoints(rpc_port_client(port))->failovers;
    cr_assert(failovers > 0 && liar()->faults[FAULT_STATUS] == 3);
    cr_assert(liar()->answers > 0 && rpc_client_endpoints(rpc_port_client(port))->current == 0);
}

Test(rpc_port, statuses_of_256_signatures_are_one_question)
{
    enum { MANY = 300 };
    hostile.longest_bytes = 0;
    begin(HOSTILE_HTML, "getNothing");
    rpc_port_free(port);
    capacity = MANY;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", hostile.port);
    open_port(url);
    for (uint32_t i = 0; i < MANY; i++) {
        unsigned char digest[KEY_BYTES] = {(unsigned char)i, (unsigned char)(i >> 8)};
        cr_assert(rpc_port_submit(port, &(struct rpc_submission){i, 0, digest}) == OK);
    }
    play(PORT_FINALIZED, MANY, 0, 30000);
    const struct rpc_port_counts *counts = rpc_port_counts(port);
    cr_assert(atomic_load(&hostile.longest_bytes) > 256 * 85 &&
              atomic_load(&hostile.longest_bytes) < 257 * 92);
    cr_assert(counts->signatures_polled > 100 * counts->polls);
    cr_assert(lines[0] == '\0', "%s", lines);
}
