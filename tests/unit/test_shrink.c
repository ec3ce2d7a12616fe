/* tests/unit/test_shrink.c: what is needed for a failure stays, everything else goes. */
#include "chaos/shrink.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { FAULTS = 30, TASKS_OF_RUN = 400, WANTED = 77, OTHER = 78 };

/* A failure that needs these faults (by key) and these tasks; 0 ends. */
struct needs {
    uint32_t faults[4], tasks[4];
    uint64_t fingerprint;
    bool fails_otherwise; /* when something is missing, with another fingerprint */
    int64_t duration_ns;  /* that the first of the faults must have at least */
    uint32_t runs;
};

static bool has_fault(const struct shrink_case *attempt, uint32_t key, int64_t for_ns)
{
    for (uint32_t i = 0; i < attempt->schedule->count; i++)
        if (attempt->schedule->faults[i].key == key) return attempt->schedule->faults[i].for_ns >= for_ns;
    return false;
}

static bool has_task(const struct shrink_case *attempt, uint32_t id)
{
    return (attempt->tasks_most == 0 || id <= attempt->tasks_most) && !attempt->dropped[id];
}

static err run(void *context, const struct shrink_case *attempt, struct shrink_answer *answer)
{
    struct needs *needs = context;
    bool fails = true;
    needs->runs++;
    for (int i = 0; needs->faults[i]; i++)
        fails &= has_fault(attempt, needs->faults[i], i == 0 ? needs->duration_ns : 0);
    for (int i = 0; needs->tasks[i]; i++) fails &= has_task(attempt, needs->tasks[i]);
    if (fails) answer->fingerprints[answer->count++] = needs->fingerprint;
    if (!fails && needs->fails_otherwise) answer->fingerprints[answer->count++] = OTHER;
    return OK;
}

static struct schedule many_faults(void)
{
    struct schedule schedule = {0};
    for (uint32_t i = 0; i < FAULTS; i++) {
        struct fault fault = fault_of(INJECT_NETWORK_DROP);
        fault.key = i + 1;
        fault.on_ns = (11 + 37 * i) * NS_PER_S + 123456789;
        fault.for_ns = 31 * NS_PER_S;
        fault.chance_ppm = 250000;
        cr_assert(eq(int, schedule_add(&schedule, &fault), OK));
    }
    return schedule;
}

static struct shrink_order order_of(struct needs *needs, const struct schedule *schedule)
{
    return (struct shrink_order){.from = {.schedule = schedule},
                                 .task_count = TASKS_OF_RUN,
                                 .fingerprint = WANTED,
                                 .replays_most = 2000,
                                 .run = run,
                                 .context = needs};
}

static struct shrunk shrink_needs(struct needs *needs)
{
    struct schedule schedule = many_faults();
    const struct shrink_order order = order_of(needs, &schedule);
    struct shrunk out = {0};
    cr_assert(eq(int, shrink(&out, &order), OK));
    schedule_close(&schedule);
    return out;
}

Test(shrink, exactly_what_is_needed_remains)
{
    struct needs needs = {.faults = {3, 17}, .tasks = {5}, .fingerprint = WANTED};
    struct shrunk shrunk = shrink_needs(&needs);
    cr_assert(eq(u32, shrunk.schedule.count, 2));
    cr_expect(eq(u32, shrunk.schedule.faults[0].key, 3));
    cr_expect(eq(u32, shrunk.schedule.faults[1].key, 17));
    cr_expect(eq(u32, shrunk.tasks_left, 1));
    cr_expect(eq(u32, shrunk.tasks_most, 5));
    for (uint32_t id = 1; id <= 5; id++) cr_expect(eq(int, shrunk.dropped[id], id != 5));
    cr_expect(shrunk.is_minimal);
    cr_expect(eq(u32, shrunk.replays, needs.runs));
    cr_expect(lt(u32, shrunk.replays, 120));
    shrunk_close(&shrunk);
}

Test(shrink, a_failure_that_needs_nothing_loses_all)
{
    struct needs needs = {.fingerprint = WANTED};
    struct shrunk shrunk = shrink_needs(&needs);
    cr_expect(eq(u32, shrunk.schedule.count, 0));
    cr_expect(eq(u32, shrunk.tasks_left, 0));
    cr_expect(lt(u32, shrunk.replays, 16));
    shrunk_close(&shrunk);
}

Test(shrink, another_failure_does_not_take_its_place)
{
    struct needs needs = {
        .faults = {2, 30}, .tasks = {9, 200}, .fingerprint = WANTED, .fails_otherwise = true};
    struct shrunk shrunk = shrink_needs(&needs);
    cr_expect(eq(u32, shrunk.schedule.count, 2));
    cr_expect(eq(u32, shrunk.tasks_left, 2));
    cr_expect(not(shrunk.dropped[9]));
    cr_expect(not(shrunk.dropped[200]));
    shrunk_close(&shrunk);
}

Test(shrink, what_does_not_fail_so_is_refused)
{
    struct needs needs = {.tasks = {5}, .fingerprint = OTHER};
    struct schedule schedule = many_faults();
    const struct shrink_order order = order_of(&needs, &schedule);
    struct shrunk shrunk = {0};
    cr_expect(eq(int, shrink(&shrunk, &order), ERR_CONFLICT));
    cr_expect(eq(u32, needs.runs, 1));
    schedule_close(&schedule);
}

/* Task 3 is needed only as long as fault 8 is there, and fault 8 only for task 4: either, then neither. */
static err run_either(void *context, const struct shrink_case *attempt, struct shrink_answer *answer)
{
    ++*(uint32_t *)context;
    bool fails = has_task(attempt, 2) && (has_fault(attempt, 8, 0) || !has_task(attempt, 4));
    if (fails) answer->fingerprints[answer->count++] = WANTED;
    return OK;
}

Test(shrink, faults_are_tried_again_when_tasks_have_gone)
{
    uint32_t runs = 0;
    struct schedule schedule = many_faults();
    struct shrink_order order = order_of(NULL, &schedule);
    struct shrunk shrunk = {0};
    order.run = run_either;
    order.context = &runs;
    cr_assert(eq(int, shrink(&shrunk, &order), OK));
    cr_expect(eq(u32, shrunk.schedule.count, 0));
    cr_expect(eq(u32, shrunk.tasks_left, 1));
    shrunk_close(&shrunk);
    schedule_close(&schedule);
}

Test(shrink, no_single_part_of_the_result_can_go)
{
    for (uint32_t seed = 0; seed < 40; seed++) {
        struct needs needs = {.faults = {1 + seed % 7, 9 + seed % 5, 20 + seed % 11},
                              .tasks = {1 + seed % 13, 30 + 3 * seed, 170 + 5 * seed},
                              .fingerprint = WANTED};
        struct shrunk shrunk = shrink_needs(&needs);
        cr_assert(eq(u32, shrunk.schedule.count, 3));
        cr_assert(eq(u32, shrunk.tasks_left, 3));
        shrunk_close(&shrunk);
    }
}

Test(shrink, times_become_round_and_chances_certain)
{
    struct needs needs = {.faults = {4}, .tasks = {1}, .fingerprint = WANTED, .duration_ns = 2 * NS_PER_S};
    struct shrunk shrunk = shrink_needs(&needs);
    const struct fault *fault = shrunk.schedule.faults;
    cr_assert(eq(u32, shrunk.schedule.count, 1));
    cr_expect(eq(u32, fault->chance_ppm, SCHEDULE_PPM_ONE));
    cr_expect(eq(i64, fault->on_ns % NS_PER_MIN, 0));
    cr_expect(ge(i64, fault->for_ns, 2 * NS_PER_S));
    cr_expect(le(i64, fault->for_ns, 10 * NS_PER_S));
    cr_expect(eq(i64, fault->for_ns % NS_PER_S, 0));
    shrunk_close(&shrunk);
}

Test(shrink, the_number_of_replays_is_bounded)
{
    struct needs needs = {.faults = {3, 17}, .tasks = {5, 300}, .fingerprint = WANTED};
    struct schedule schedule = many_faults();
    struct shrink_order order = order_of(&needs, &schedule);
    struct shrunk shrunk = {0};
    order.replays_most = 12;
    cr_assert(eq(int, shrink(&shrunk, &order), OK));
    cr_expect(eq(u32, needs.runs, 12));
    cr_expect(not(shrunk.is_minimal));
    cr_expect(ge(u32, shrunk.schedule.count, 2));
    shrunk_close(&shrunk);
    schedule_close(&schedule);
}

static err run_broken(void *context, const struct shrink_case *attempt, struct shrink_answer *answer)
{
    uint32_t *runs = context;
    answer->fingerprints[answer->count++] = WANTED;
    return ++*runs == 5 && attempt ? ERR_INTERRUPTED : OK;
}

Test(shrink, an_error_of_a_run_ends_it)
{
    uint32_t runs = 0;
    struct schedule schedule = many_faults();
    struct shrink_order order = order_of(NULL, &schedule);
    struct shrunk shrunk = {0};
    order.run = run_broken;
    order.context = &runs;
    cr_expect(eq(int, shrink(&shrunk, &order), ERR_INTERRUPTED));
    cr_expect(eq(u32, runs, 5));
    schedule_close(&schedule);
}
