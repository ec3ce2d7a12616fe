/* tests/unit/test_rpc_endpoints.c: which node is asked, by time, faults and slots. */
#include "base/units.h"
#include "daemon/rpc_endpoints.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(rpc_endpoints, .timeout = 5);

static struct endpoints two;

static void open_two(void)
{
    cr_assert(endpoints_open(&two, "http://a:1,https://key@b.example/secret?key=1", 42, NULL) == OK);
}

static void report(uint32_t endpoint, int64_t began_ms, int64_t now_ms, enum rpc_fault fault)
{
    endpoints_report(&two, &(struct endpoint_report){.endpoint = endpoint,
                                                     .began_ns = began_ms * NS_PER_MS,
                                                     .now_ns = now_ms * NS_PER_MS,
                                                     .fault = fault});
}

static err parse(const char *urls)
{
    struct endpoints endpoints;
    struct diag diag = {""};
    err e = endpoints_open(&endpoints, urls, 1, &diag);
    cr_assert((e == OK) == (diag.text[0] == '\0'));
    return e;
}

Test(rpc_endpoints, addresses_are_http_none_twice_and_at_most_eight)
{
    cr_assert(parse("http://127.0.0.1:8899") == OK);
    cr_assert(parse("") == ERR_USAGE);
    cr_assert(parse("127.0.0.1:8899") == ERR_USAGE);
    cr_assert(parse("ftp://a") == ERR_USAGE);
    cr_assert(parse("http://") == ERR_USAGE);
    cr_assert(parse("http://:80") == ERR_USAGE);
    cr_assert(parse("http://a,") == ERR_USAGE);
    cr_assert(parse("http://a,http://a") == ERR_USAGE);
    cr_assert(parse("http://a b") == ERR_USAGE);
    cr_assert(parse("http://a,http://b,http://c,http://d,http://e,http://f,http://g,http://h") == OK);
    cr_assert(parse("http://a,http://b,http://c,http://d,http://e,http://f,http://g,http://h,http://i") ==
              ERR_USAGE);
}

Test(rpc_endpoints, what_lines_call_an_endpoint_has_no_key_of_its_address)
{
    open_two();
    cr_assert_str_eq(two.list[0].name, "http://a:1");
    cr_assert_str_eq(two.list[1].name, "https://b.example");
}

Test(rpc_endpoints, a_fault_moves_to_the_other_and_an_answer_closes_the_circuit)
{
    open_two();
    cr_assert(endpoints_pick(&two, NS_PER_S) == 0 && two.failovers == 0);
    report(0, 1000, 1010, FAULT_CONNECT);
    cr_assert(endpoints_pick(&two, 1011 * NS_PER_MS) == 1 && two.failovers == 1);
    report(1, 1011, 1020, FAULT_TIMEOUT);
    cr_assert(endpoints_pick(&two, 1021 * NS_PER_MS) == ENDPOINT_NONE);
    int64_t next_ns = endpoints_next_ns(&two);
    cr_assert(next_ns > 1021 * NS_PER_MS && next_ns <= 1270 * NS_PER_MS);
    cr_assert(endpoints_pick(&two, next_ns) != ENDPOINT_NONE);
    report(0, 2000, 2010, FAULT_NONE);
    cr_assert(two.list[0].trips == 0 && !endpoint_is_open(&two.list[0], 2011 * NS_PER_MS));
}

Test(rpc_endpoints, after_a_fault_one_call_tries_and_the_first_is_returned_to)
{
    open_two();
    report(0, 1000, 1010, FAULT_CONNECT);
    int64_t closed_ns = two.list[0].open_until_ns;
    cr_assert(endpoints_pick(&two, closed_ns - 1) == 1);
    for (int i = 0; i < 20; i++) report(1, 1020, 1040, FAULT_NONE);
    cr_assert(endpoints_take(&two, 0, closed_ns) && !endpoints_take(&two, 0, closed_ns));
    cr_assert(endpoints_pick(&two, closed_ns) == 1, "the trial has not been answered");
    for (int i = 0; i < 20; i++) report(0, 2000, 2010, FAULT_NONE);
    cr_assert(endpoints_pick(&two, 2020 * NS_PER_MS) == 0);
    cr_assert(two.failovers == 1, "going back is none");
}

Test(rpc_endpoints, the_delay_doubles_to_a_limit_with_the_same_jitter_for_the_same_seed)
{
    int64_t waits_ns[12];
    for (int round = 0; round < 2; round++) {
        open_two();
        for (int i = 0; i < 12; i++) {
            int64_t now_ms = 1000 + 100000 * i;
            report(0, now_ms, now_ms, FAULT_CONNECT);
            int64_t wait_ns = two.list[0].open_until_ns - now_ms * NS_PER_MS;
            int64_t whole_ms = 250 << (i < 7 ? i : 7);
            cr_assert(wait_ns >= whole_ms * NS_PER_MS / 2 && wait_ns <= whole_ms * NS_PER_MS);
            if (round) cr_assert(wait_ns == waits_ns[i]);
            waits_ns[i] = wait_ns;
        }
    }
}

Test(rpc_endpoints, faults_of_calls_under_way_when_the_circuit_opened_do_not_lengthen_it)
{
    open_two();
    report(0, 1000, 1010, FAULT_CONNECT);
    int64_t until_ns = two.list[0].open_until_ns;
    for (int i = 0; i < 20; i++) report(0, 1001, 1011 + i, FAULT_CONNECT);
    cr_assert(two.list[0].open_until_ns == until_ns);
    report(0, 1002, 1100, FAULT_NONE);
    cr_assert(two.list[0].open_until_ns == until_ns, "an old answer proves nothing");
    cr_assert(two.list[0].faults[FAULT_CONNECT] == 21);
}

Test(rpc_endpoints, retry_after_is_waited_for)
{
    open_two();
    endpoints_report(&two, &(struct endpoint_report){
                               .now_ns = NS_PER_S, .fault = FAULT_LIMITED, .retry_after_ns = 7 * NS_PER_S});
    cr_assert(endpoint_is_open(&two.list[0], 8 * NS_PER_S - 1) &&
              !endpoint_is_open(&two.list[0], 8 * NS_PER_S));
}

Test(rpc_endpoints, a_much_faster_one_is_preferred_and_a_little_faster_one_is_not)
{
    open_two();
    for (int i = 0; i < 40; i++) {
        report(0, 1000, 1300, FAULT_NONE);
        report(1, 1000, 1200, FAULT_NONE);
    }
    cr_assert(endpoints_pick(&two, 2 * NS_PER_S) == 0);
    for (int i = 0; i < 40; i++) report(1, 1000, 1050, FAULT_NONE);
    cr_assert(endpoints_pick(&two, 2 * NS_PER_S) == 1);
}

Test(rpc_endpoints, slots_may_step_back_a_little_and_not_far)
{
    open_two();
    cr_assert(endpoints_slot(&two, 0, 1000, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 0, 1000 - ENDPOINT_SLOT_WINDOW, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 0, 999 - ENDPOINT_SLOT_WINDOW, 2 * NS_PER_S) == FAULT_BACKWARDS);
    cr_assert(endpoints_slot(&two, 0, 500, 61 * NS_PER_S) == FAULT_BACKWARDS);
    cr_assert(endpoints_slot(&two, 0, 510, 62 * NS_PER_S) == FAULT_NONE, "the cluster restarted");
}

Test(rpc_endpoints, a_slot_where_no_chain_can_be_is_not_believed)
{
    open_two();
    cr_assert(endpoints_slot(&two, 0, UINT64_C(1) << 60, NS_PER_S) == FAULT_AHEAD);
    cr_assert(endpoints_slot(&two, 0, 1000, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 0, 10000000, 2 * NS_PER_S) == FAULT_AHEAD);
    cr_assert(endpoints_slot(&two, 0, 1003, 2 * NS_PER_S) == FAULT_NONE);
}

Test(rpc_endpoints, one_far_behind_another_lags_while_that_is_news)
{
    open_two();
    cr_assert(endpoints_slot(&two, 0, 1000, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 1, 900, NS_PER_S) == FAULT_LAGS);
    cr_assert(endpoints_slot(&two, 1, 990, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 1, 930, 20 * NS_PER_S) == FAULT_NONE);
}

Test(rpc_endpoints, one_liar_ahead_does_not_outvote_two)
{
    cr_assert(endpoints_open(&two, "http://a,http://b,http://c", 1, NULL) == OK);
    cr_assert(endpoints_slot(&two, 0, 1000, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 1, 5000, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 2, 1001, NS_PER_S) == FAULT_NONE);
    cr_assert(endpoints_slot(&two, 0, 1002, NS_PER_S) == FAULT_NONE);
}
