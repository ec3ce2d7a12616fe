/* tests/unit/test_meeting.c: every injector changes an occasion of its kind, while it is armed and not after.
 */
#include "chaos/faults.h"
#include "chaos/registry.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(meeting, .timeout = 60);

#define BEGINS (10 * NS_PER_S)
#define LASTS  (60 * NS_PER_S)

static struct fault fault_for(enum injector_id id)
{
    struct fault fault = fault_of(id);
    const struct injector *injector = &INJECTOR_TABLE[id];
    fault.key = 3;
    fault.on_ns = BEGINS;
    fault.for_ns = injector->happens_once ? 0 : LASTS;
    fault.chance_ppm = SCHEDULE_PPM_ONE;
    for (int i = 0; i < FAULT_PARAMS; i++)
        if (injector->params[i].name && fault.params[i] == 0) fault.params[i] = injector->params[i].usual;
    return fault;
}

/* The n-th of many occasions of a kind, all different. */
static struct occasion some_occasion(enum occasion_kind kind, uint32_t n, int64_t now_ns)
{
    struct occasion occasion = {.kind = kind, .entity = n, .ordinal = n};
    switch (kind) {
    case OCCASION_MESSAGE: {
        static const enum event_kind EVENTS[] = {EVENT_EXECUTED,  EVENT_ABORTED,   EVENT_RESTORED,
                                                 EVENT_CONFIRMED, EVENT_FINALIZED, EVENT_PROOF_DONE};
        occasion.u.message = (struct occasion_message){.link = TARGET_EXECUTOR + n % 4,
                                                       .is_answer = n % 3 != 0,
                                                       .event = EVENTS[n % 6],
                                                       .bytes = 4096,
                                                       .sent_ns = now_ns - (n % 5) * NS_PER_S - 1,
                                                       .at_ns = now_ns};
        break;
    }
    case OCCASION_TRANSACTION:
        occasion.u.transaction = (struct occasion_transaction){.accepted_ns = now_ns + NS_PER_MS,
                                                               .confirmed_ns = now_ns + NS_PER_S,
                                                               .finalized_ns = now_ns + 13 * NS_PER_S};
        break;
    case OCCASION_PROOF:
        occasion.u.proof = (struct occasion_proof){.worker = n % 4, .duration_ns = 20 * NS_PER_MS};
        break;
    case OCCASION_SUBMISSION:
        occasion.u.submission = (struct occasion_submission){.agent_id = 1, .claim_expires_ns = NEVER_NS};
        break;
    case OCCASION_ARRIVAL: occasion.u.arrival.at_ns = now_ns + NS_PER_MS; break;
    case OCCASION_DISK:
        occasion.u.disk = (struct occasion_disk){.op = (enum disk_op)(n % 4),
                                                 .size_bytes = 1000,
                                                 .unsynced_bytes = 100,
                                                 .bytes = 1 << 20,
                                                 .flipped_bit = DISK_NO_BIT,
                                                 .surviving_bytes = 100};
        break;
    default: break;
    }
    return occasion;
}

/* How many of a thousand occasions between two moments the fault changes; deeds are counted as they come. */
static uint32_t count_changes(struct faults *faults, enum occasion_kind kind, int64_t from_ns,
                              int64_t until_ns)
{
    const struct fault *due;
    struct occasion_deed deed;
    uint32_t changes = 0;
    for (uint32_t n = 0; n < 1000; n++) {
        int64_t now_ns = from_ns + (until_ns - from_ns) / 1000 * n;
        while (faults_advance(faults, now_ns, &due, &deed)) changes += deed.deed != DEED_NONE && !deed.is_end;
        if (kind == OCCASION_DEED) continue;
        struct occasion occasion = some_occasion(kind, n, now_ns);
        changes += faults_meet(faults, now_ns, &occasion);
    }
    return changes;
}

Test(meeting, every_injector_changes_something_while_it_is_armed_and_nothing_before_or_after)
{
    for (int id = 0; id < INJECTOR_COUNT; id++) {
        struct fault fault = fault_for((enum injector_id)id);
        const struct schedule schedule = {.faults = &fault, .count = 1};
        const struct faults_options options = {.schedule = &schedule, .seed = 11};
        const enum occasion_kind kind = INJECTOR_TABLE[id].occasion;
        struct faults *faults;
        cr_assert(eq(int, faults_open(&faults, &options), OK));
        const char *name = INJECTOR_TABLE[id].name;
        cr_expect(eq(u32, count_changes(faults, kind, 0, BEGINS - 1), 0), "%s fired before its time", name);
        cr_expect(gt(u32, count_changes(faults, kind, BEGINS, BEGINS + LASTS - 1), 0), "%s never fired",
                  name);
        count_changes(faults, kind, BEGINS + LASTS, BEGINS + 2 * LASTS);
        cr_expect(eq(u32, count_changes(faults, kind, BEGINS + 2 * LASTS, BEGINS + 3 * LASTS), 0),
                  "%s fired after its time", name);
        faults_free(faults);
    }
}

Test(meeting, after_the_heal_nothing_is_changed_and_what_was_done_is_put_back)
{
    for (int id = 0; id < INJECTOR_COUNT; id++) {
        struct fault fault = fault_for((enum injector_id)id);
        const struct schedule schedule = {.faults = &fault, .count = 1};
        const struct faults_options options = {.schedule = &schedule, .seed = 11};
        const enum occasion_kind kind = INJECTOR_TABLE[id].occasion;
        struct faults *faults;
        cr_assert(eq(int, faults_open(&faults, &options), OK));
        count_changes(faults, kind, BEGINS, BEGINS + LASTS / 2);
        faults_heal(faults, BEGINS + LASTS / 2);
        const struct fault *due;
        struct occasion_deed deed;
        while (faults_advance(faults, BEGINS + LASTS / 2, &due, &deed)) cr_expect(deed.is_end);
        cr_expect(eq(u32, count_changes(faults, kind, BEGINS + LASTS / 2, BEGINS + LASTS), 0), "%s goes on",
                  INJECTOR_TABLE[id].name);
        cr_expect(eq(u32, faults_armed(faults), 0));
        faults_free(faults);
    }
}

/* Leaving one fault out must move no decision of another: shrinking rests on it. */
Test(meeting, decisions_do_not_depend_on_what_else_is_armed)
{
    struct fault two[2] = {fault_for(INJECT_NETWORK_DROP), fault_for(INJECT_DATA_DELAY)};
    two[0].chance_ppm = two[1].chance_ppm = 300000;
    two[1].key = 9;
    const struct schedule both = {.faults = two, .count = 2}, one = {.faults = &two[1], .count = 1};
    struct faults *with, *without;
    cr_assert(eq(int, faults_open(&with, &(struct faults_options){.schedule = &both, .seed = 5}), OK));
    cr_assert(eq(int, faults_open(&without, &(struct faults_options){.schedule = &one, .seed = 5}), OK));
    const struct fault *due;
    struct occasion_deed deed;
    while (faults_advance(with, BEGINS, &due, &deed)) continue;
    while (faults_advance(without, BEGINS, &due, &deed)) continue;
    for (uint32_t n = 0; n < 500; n++) {
        struct occasion a = some_occasion(OCCASION_MESSAGE, n, BEGINS), b = a;
        faults_meet(with, BEGINS, &a);
        faults_meet(without, BEGINS, &b);
        if (!a.u.message.is_lost) cr_assert(eq(i64, a.u.message.at_ns, b.u.message.at_ns));
    }
    cr_assert(gt(u64, faults_counts(without, INJECT_DATA_DELAY).fired, 50));
    faults_free(with);
    faults_free(without);
}
