/* tests/sim/test_watch_ports.c: what ports report is judged: landings, recoveries, damage, doors, clocks,
 * faults. */
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct shadow *shadow;
static struct history *history;
static struct watch *watch;

static struct history *lived(uint64_t seed)
{
    struct history *one = history_watched(seed, shadow);
    for (int step = 0; step < 200; step++) history_step(one);
    return one;
}

static void set_up(void)
{
    shadow = malloc(sizeof *shadow);
    history = lived(3);
    watch = history->watch;
    cr_assert(eq(u64, watch_violation_count(watch), 0));
}

static void tear_down(void)
{
    history_free(history);
    free(shadow);
}

TestSuite(watch_ports, .init = set_up, .fini = tear_down, .timeout = 60);

static bool has_broken(enum invariant invariant)
{
    for (uint32_t i = 0; watch_violation(watch, i); i++)
        if (watch_violation(watch, i)->invariant == invariant) return true;
    return false;
}

Test(watch_ports, the_state_after_a_recovery_is_the_one_that_was_seen)
{
    watch_crashed(watch, history->now_ns);
    watch_recovered(watch, history->now_ns, history->engine, history->engine);
    cr_assert(eq(u64, watch_violation_count(watch), 0));
    struct history *other = lived(4);
    watch_recovered(watch, history->now_ns, history->engine, other->engine);
    cr_assert(has_broken(INVARIANT_S19));
    cr_assert(not(has_broken(INVARIANT_S18)));
    watch_recovered(watch, history->now_ns, other->engine, NULL);
    cr_assert(has_broken(INVARIANT_S18));
    history_free(other);
}

Test(watch_ports, a_transaction_lands_once_in_an_incarnation)
{
    struct task_ref ref;
    uint64_t task = history->next_id - 1;
    while (!engine_find(history->engine, task, &ref)) task--; /* the last ones may have been refused */
    watch_landed(watch, history->now_ns, task, 0, 7);
    watch_landed(watch, history->now_ns, task, 256, 8); /* the next incarnation's */
    watch_unlanded(watch, history->now_ns, task);
    watch_landed(watch, history->now_ns, task, 256, 9);
    cr_assert(eq(u64, watch_violation_count(watch), 0));
    watch_landed(watch, history->now_ns, task, 257, 10);
    cr_assert(has_broken(INVARIANT_S13));
    cr_assert(eq(u64, watch_violation(watch, 0)->task, task));
}

Test(watch_ports, damage_must_be_noticed)
{
    watch_damaged(watch, history->now_ns, true);
    cr_assert(eq(u64, watch_violation_count(watch), 0));
    watch_damaged(watch, history->now_ns, false);
    cr_assert(has_broken(INVARIANT_S20));
}

Test(watch_ports, whoever_is_let_in_has_a_token_and_is_audited)
{
    watch_admitted_request(watch, history->now_ns, true, true);
    cr_assert(eq(u64, watch_violation_count(watch), 0));
    watch_admitted_request(watch, history->now_ns, false, true);
    watch_admitted_request(watch, history->now_ns, true, false);
    cr_assert(eq(u64, watch_violation_count(watch), 2));
    cr_assert(has_broken(INVARIANT_S23));
}

Test(watch_ports, the_engine_is_told_monotonic_time)
{
    watch_wall(watch, 5 * NS_PER_S, 5 * NS_PER_S);
    cr_assert(eq(u64, watch_violation_count(watch), 0));
    watch_wall(watch, 5 * NS_PER_S, 6 * NS_PER_S);
    cr_assert(has_broken(INVARIANT_S25));
}

Test(watch_ports, a_heal_ends_every_fault_for_good)
{
    const struct fault fault = {.injector = (enum injector_id)0};
    watch_fault(watch, 1, &fault, true);
    watch_fault(watch, 2, &fault, false);
    watch_healed(watch, 3);
    cr_assert(eq(u64, watch_violation_count(watch), 0));
    watch_fault(watch, 4, &fault, true);
    cr_assert(has_broken(INVARIANT_L04));
}

Test(watch_ports, a_heal_that_leaves_faults_is_none)
{
    const struct fault fault = {.injector = (enum injector_id)0};
    watch_fault(watch, 1, &fault, true);
    watch_healed(watch, 3);
    cr_assert(has_broken(INVARIANT_L04));
}

/* Wherever and whomever it hits, it is the same failure; another rule or move is another. */
Test(watch_ports, fingerprints_tell_failures_apart_not_places)
{
    struct violation one = {.invariant = INVARIANT_S07, .event = 5, .task = 7, .reason = REASON_MANUAL};
    struct violation other = one;
    other.event = 900;
    other.task = 12;
    other.faults_armed = 3;
    cr_assert(eq(u64, violation_fingerprint(&one), violation_fingerprint(&other)));
    other.invariant = INVARIANT_S01;
    cr_assert(ne(u64, violation_fingerprint(&one), violation_fingerprint(&other)));
    other = one;
    other.to = TASK_FAILED;
    cr_assert(ne(u64, violation_fingerprint(&one), violation_fingerprint(&other)));
}

/* A rule that stays broken leaves room for others. */
Test(watch_ports, few_violations_of_each_rule_are_kept)
{
    for (int i = 0; i < 100; i++) watch_damaged(watch, history->now_ns, false);
    cr_assert(lt(u64, watch_violation_count(watch), 10));
    watch_wall(watch, 1, 2);
    cr_assert(has_broken(INVARIANT_S25));
    cr_assert(watch_violation(watch, WATCH_VIOLATIONS_KEPT) == NULL);
}
