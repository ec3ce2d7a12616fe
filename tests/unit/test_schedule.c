/* tests/unit/test_schedule.c: a schedule is what its text says, and says what is wrong with it. */
#include "base/rng.h"
#include "chaos/registry.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(schedule, .timeout = 30);

static err take(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    bool is_mine;
    err e = schedule_read_leaf(context, leaf, &is_mine, diag);
    return e != OK || is_mine ? e : diag_fail(diag, ERR_SYNTAX, "%s is no fault", leaf->path);
}

static err read_text(const char *text, struct schedule *out, struct diag *diag)
{
    *out = (struct schedule){0};
    TRY(toml_read_text("f.toml", text, take, out, diag));
    return schedule_settle(out, "f.toml", diag);
}

static char *text_of(const struct schedule *schedule)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    schedule_print(schedule, out);
    fclose(out);
    return text;
}

Test(schedule, an_entry_is_read_whatever_the_order_of_its_keys)
{
    struct schedule schedule;
    struct diag diag = {0};
    const char *text =
        "[[fault]]\nduration = \"10s\"\np = 0.25\nfor = \"5m\"\nid = \"process.hang\"\nat = \"60s\"\n"
        "target = \"chain\"\n";
    cr_assert(ne(int, read_text(text, &schedule, &diag), OK)); /* it hangs all the time: no p */
    schedule_close(&schedule);
    diag = (struct diag){0};
    text = "[[fault]]\nmultiplier = 2.5\np = 0.25\nfor = \"5m\"\nid = \"app.proof_slow\"\nat = \"60s\"\n";
    cr_assert(eq(int, read_text(text, &schedule, &diag), OK), "%s", diag.text);
    cr_assert(eq(u32, schedule.count, 1));
    const struct fault *fault = &schedule.faults[0];
    cr_assert(eq(int, fault->injector, INJECT_APP_PROOF_SLOW));
    cr_assert(eq(i64, fault->on_ns, 60 * NS_PER_S));
    cr_assert(eq(i64, fault->for_ns, 5 * NS_PER_MIN));
    cr_assert(eq(u32, fault->chance_ppm, 250000));
    cr_assert(eq(i64, fault->params[0], 25000));
    cr_assert(eq(u32, fault->key, 1));
    cr_assert(eq(i64, schedule_end_ns(&schedule), 6 * NS_PER_MIN));
    schedule_close(&schedule);
}

Test(schedule, a_fault_without_a_key_has_its_place_and_faults_stand_in_order_of_time)
{
    struct schedule schedule;
    struct diag diag = {0};
    const char *text = "[[fault]]\nid = \"chain.reorg\"\nat = \"9s\"\nrepeat = 3\napart = \"2s\"\n"
                       "[[fault]]\nid = \"chain.halt\"\nat = \"10s\"\nfor = \"1s\"\n";
    cr_assert(eq(int, read_text(text, &schedule, &diag), OK), "%s", diag.text);
    const uint32_t keys[] = {1, 4, 2, 3};
    cr_assert(eq(u32, schedule.count, 4));
    for (int i = 0; i < 4; i++) cr_assert(eq(u32, schedule.faults[i].key, keys[i]));
    schedule_close(&schedule);
}

#define FAULT(id, rest) "[[fault]]\nid = \"" id "\"\n" rest "\n"

static const struct {
    const char *text, *line;
} CASES[] = {
    {FAULT("network.dorp", "at = \"1s\"\nfor = \"1s\""),
     "f.toml:2:6: no injector \"network.dorp\", nearest is network.drop"},
    {FAULT("network.drop", "for = \"1s\""), "f.toml:2:6: network.drop needs an \"at\": when it begins"},
    {FAULT("network.drop", "at = \"1s\""),
     "f.toml:2:6: network.drop needs a \"for\" above 0: how long it lasts"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"0s\""),
     "f.toml:4:7: for = \"0s\": a fault must last longer than nothing"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"-3s\""),
     "f.toml:4:7: for = \"-3s\": a fault cannot end before it begins"},
    {FAULT("network.drop", "at = \"-1s\"\nfor = \"3s\""),
     "f.toml:3:6: at = \"-1s\": a fault cannot begin before the run"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"3s\"\np = 0"),
     "f.toml:5:5: p = 0 is out of range, want a chance above 0 and at most 1, to six decimals"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"3s\"\np = 1.1"),
     "f.toml:5:5: p = 1.1 is out of range, want a chance above 0 and at most 1, to six decimals"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"3s\"\np = 0.0000001"),
     "f.toml:5:5: p = 0.0000001 is out of range, want a chance above 0 and at most 1, to six decimals"},
    {FAULT("clock.skew", "at = \"1s\"\nfor = \"3s\"\np = 0.5"),
     "f.toml:2:6: clock.skew has no chance: it does what it does all the time, leave p out"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"3s\"\ntarget = \"moon\""),
     "f.toml:5:10: no target \"moon\"; there are any, executor, proof_generator, chain, storage, "
     "scheduler, "
     "ledger, admin"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"3s\"\ntarget = \"storage\""),
     "f.toml:2:6: network.drop knows no target \"storage\", want one of any, executor, proof_generator, "
     "chain"},
    {FAULT("clock.skew", "at = \"1s\"\nfor = \"3s\"\ntarget = \"chain\""),
     "f.toml:2:6: clock.skew takes no target"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"3s\"\ndri = \"both\""),
     "f.toml:5:7: network.drop has no parameter dri; did you mean dir?"},
    {FAULT("network.timeout", "at = \"1s\"\nfor = \"3s\"\nmultiplier = 3"),
     "f.toml:5:14: network.timeout has no parameter multiplier; it takes none"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"3s\"\ndir = \"up\""),
     "f.toml:5:7: dir of network.drop: \"up\" is not one of request, answer or both"},
    {FAULT("chain.reorg", "at = \"1s\"\ndepth = 501"),
     "f.toml:4:9: depth of chain.reorg: 501 is out of range, want 1 to 500"},
    {FAULT("process.crash", "at = \"1s\"\nrecovery = \"2h\""),
     "f.toml:4:12: recovery of process.crash: 2h is out of range, want 0s to 1h"},
    {FAULT("process.crash", "at = \"1s\"\nrecovery = 2"),
     "f.toml:4:12: recovery is an integer, want a text in quotes"},
    {FAULT("network.latency", "at = \"1s\"\nfor = \"1s\"\nmin = \"2s\"\nmax = \"1s\""),
     "f.toml:2:6: network.latency: min = 2s is above max = 1s"},
    {FAULT("app.config_flip", "at = \"1s\"\nfor = \"1s\"\nsetting = \"max_depth\"\nvalue = 21"),
     "f.toml:2:6: app.config_flip: value 21 is out of range, want 1 to 20 (levels) for max_depth"},
    {FAULT("chain.halt", "at = \"1s\"\nfor = \"5s\"") FAULT("chain.halt", "at = \"3s\"\nfor = \"5s\""),
     "f.toml: chain.halt at 1s (for 5s) and chain.halt at 3s overlap: one fault with other parameters "
     "would be "
     "meant"},
    {FAULT("network.drop", "at = \"1s\"\nfor = \"5s\"\ntarget = \"chain\"")
         FAULT("network.drop", "at = \"3s\"\nfor = \"5s\""),
     "f.toml: network.drop of chain at 1s (for 5s) and network.drop at 3s overlap: one fault with other "
     "parameters would be meant"},
    {FAULT("chain.reorg", "at = \"1s\"\nkey = 2") FAULT("chain.reorg", "at = \"3s\""),
     "f.toml: two faults have key 2; without one, a fault's place in the list is it"},
    {FAULT("chain.reorg", "at = \"1s\"\nkey = 0"),
     "f.toml:4:7: key = 0 is out of range, want a whole number from 1 to 4294967295"},
    {FAULT("chain.reorg", "at = \"1s\"\nrepeat = 5000\napart = \"1s\""),
     "f.toml:2:6: repeat = 5000 is out of range, want a whole number from 1 to 4096"},
    {FAULT("chain.reorg", "at = \"1s\"\nrepeat = 4096\napart = \"1s\"") FAULT("chain.reorg", "at = \"2h\""),
     "f.toml:7:6: more than 4096 faults in one schedule"},
    {FAULT("chain.reorg", "at = \"1s\"\nrepeat = 2"), "f.toml:2:6: repeat wants apart = \"5m\" beside it"},
    {"[fault]\nid = \"chain.reorg\"\n", "f.toml:2:1: fault.id is no list: faults are written as [[fault]]"},
    {"fault = 3\n", "f.toml:1:1: fault is no list: faults are written as [[fault]]"},
    {"[[fault]]\nat = \"1s\"\n", "f.toml:2:6: a [[fault]] needs an id, as in id = \"network.drop\""},
    {FAULT("chain.reorg", "at = [1]"),
     "f.toml:3:7: fault[0].at[0] is none of a text, a number, true or false"},
};

Test(schedule, what_is_wrong_is_said_in_one_line_with_what_would_be_right)
{
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct schedule schedule;
        struct diag diag = {0};
        err e = read_text(CASES[i].text, &schedule, &diag);
        schedule_close(&schedule);
        cr_expect(eq(str, diag.text, (char *)CASES[i].line));
        cr_expect(ne(int, e, OK));
    }
}

/* Faults one after the other, so that none overlap: of any injector, with anything that is allowed. */
static struct fault any_fault(struct draw *draw, int64_t *at_ns)
{
    struct fault fault = fault_of((enum injector_id)draw_below(draw, INJECTOR_COUNT));
    const struct injector *row = &INJECTOR_TABLE[fault.injector];
    do fault.target = (enum chaos_target)draw_below(draw, CHAOS_TARGET_COUNT);
    while (!(row->targets & 1u << fault.target));
    fault.on_ns = *at_ns += 1 + (int64_t)draw_below(draw, 1000) * (int64_t)draw_below(draw, NS_PER_S);
    fault.for_ns = row->happens_once && draw_below(draw, 2) ? 0 : 1 + (int64_t)draw_below(draw, NS_PER_H);
    *at_ns += fault.for_ns;
    if (!row->is_always) fault.chance_ppm = 1 + (uint32_t)draw_below(draw, SCHEDULE_PPM_ONE);
    for (uint32_t i = 0; i < injector_param_count(fault.injector); i++) {
        const struct injector_param *param = &row->params[i];
        fault.params[i] = param->min + (int64_t)draw_below(draw, (uint64_t)(param->max - param->min) + 1);
    }
    if (fault.injector == INJECT_APP_CONFIG_FLIP) fault.params[1] = SETTING_RANGES[fault.params[0]].min;
    return fault;
}

Test(schedule, any_schedule_reads_back_as_it_was_printed)
{
    struct rng rng = rng_keyed(1, 0);
    for (uint32_t trial = 0; trial < 300; trial++) {
        struct draw draw = draw_at(&rng, RNG_TEST, trial, 0);
        struct schedule made = {0}, read;
        struct diag diag = {0};
        int64_t at_ns = 0;
        uint32_t wanted = (uint32_t)draw_below(&draw, 40);
        while (made.count < wanted) {
            struct fault fault = any_fault(&draw, &at_ns);
            fault.key = made.count * 7 + 1;
            bool is_odd = fault.injector == INJECT_NETWORK_LATENCY ||
                          fault.injector == INJECT_NETWORK_PARTITION || fault.injector == INJECT_PROCESS_HANG;
            if (is_odd && fault.params[0] > fault.params[1]) fault.params[0] = fault.params[1];
            cr_assert(eq(int, schedule_add(&made, &fault), OK));
        }
        cr_assert(eq(int, schedule_check(&made, "made", &diag), OK), "%s", diag.text);
        char *text = text_of(&made);
        cr_assert(eq(int, read_text(text, &read, &diag), OK), "%s\n%s", diag.text, text);
        char *again = text_of(&read);
        cr_assert(eq(str, again, text));
        cr_assert(eq(u64, schedule_digest(&read), schedule_digest(&made)));
        cr_assert(read.count == made.count);
        free(text);
        free(again);
        schedule_close(&made);
        schedule_close(&read);
    }
}

Test(schedule, the_digest_sees_every_field)
{
    struct fault base = fault_of(INJECT_NETWORK_LATENCY);
    struct fault others[7];
    for (int i = 0; i < 7; i++) others[i] = base;
    others[0].injector = INJECT_NETWORK_DROP;
    others[1].target = TARGET_CHAIN;
    others[2].key++;
    others[3].chance_ppm--;
    others[4].on_ns++;
    others[5].for_ns++;
    others[6].params[FAULT_PARAMS - 1]++;
    struct schedule schedule = {.faults = &base, .count = 1};
    uint64_t digest = schedule_digest(&schedule);
    for (int i = 0; i < 7; i++) {
        schedule.faults = &others[i];
        cr_assert(ne(u64, schedule_digest(&schedule), digest));
    }
}
