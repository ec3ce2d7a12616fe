/* sim/systematic.c: places that go on like the digits of a counter, and counts that go on until nothing
 * fires. */
#include "sim/systematic.h"
#include "base/assert.h"
#include "base/units.h"
#include <string.h>

enum {
    MOMENTS_ONE = 8,
    MOMENTS_TWO = 3,
    LASTS = 2,
    BEFORE_MOST = 100,
    RECOVERIES = 50
}; /* LASTS: a fault takes that part of the horizon */

#define TEXT_(name, text) [name] = text,
static const char *const NAMES[] = {SYSTEMATIC_FAMILIES(TEXT_)};

const char *systematic_family_name(enum systematic_family family)
{
    return NAMES[family];
}

/* ---- one and two faults ---- */

static bool has_target(const struct systematic_place *place)
{
    return INJECTOR_TABLE[place->injector].targets >> place->target & 1;
}

/* The next place; false: there is none. Of two faults each takes its first target alone. */
static bool go_on(struct systematic_place *place, uint32_t moments, bool has_all_targets)
{
    if (++place->moment < moments) return true;
    place->moment = 0;
    do {
        if (has_all_targets && ++place->target < CHAOS_TARGET_COUNT) continue;
        place->target = 0;
        if (++place->injector == INJECTOR_COUNT) return false;
        while (!has_all_targets && !has_target(place)) place->target++;
    } while (!has_target(place));
    return true;
}

static struct systematic_place first_place(void)
{
    struct systematic_place place = {0};
    while (!has_target(&place)) place.target++;
    return place;
}

/* The second never stands before the first. */
static bool go_on_two(struct systematic *systematic)
{
    if (go_on(&systematic->at[1], MOMENTS_TWO, false)) return true;
    if (!go_on(&systematic->at[0], MOMENTS_TWO, false)) return false;
    systematic->at[1] = systematic->at[0];
    return true;
}

static err add_at(const struct systematic *systematic, const struct systematic_place *place, uint32_t moments,
                  struct schedule *out)
{
    const struct injector *injector = &INJECTOR_TABLE[place->injector];
    struct fault fault = fault_of((enum injector_id)place->injector);
    fault.key = out->count + 1;
    fault.target = (enum chaos_target)place->target;
    fault.on_ns = systematic->horizon_ns / moments * place->moment;
    fault.for_ns = injector->happens_once ? 0 : systematic->horizon_ns / LASTS + 1;
    return schedule_add(out, &fault);
}

static err make_places(struct systematic *systematic, struct schedule *out)
{
    bool is_one = systematic->family == SYSTEMATIC_ONE;
    uint32_t moments = is_one ? MOMENTS_ONE : MOMENTS_TWO;
    TRY(add_at(systematic, &systematic->at[0], moments, out));
    if (!is_one) TRY(add_at(systematic, &systematic->at[1], moments, out));
    systematic->is_done = is_one ? !go_on(&systematic->at[0], moments, true) : !go_on_two(systematic);
    return OK;
}

/* ---- counts ---- */

/* What a fault needs beside it to meet anything: a log that is read again, answers that wait for the disk. */
enum { BESIDE_CRASH = 1 << 0, BESIDE_SLOW_DISK = 1 << 1 };

/* The fault that is counted: all the time, with its count and another parameter. */
static const struct counted {
    enum injector_id injector;
    const char *count, *other;
    int64_t other_value;
    unsigned beside;
} COUNTED[SYSTEMATIC_FAMILY_COUNT] = {
    [SYSTEMATIC_CRASH] = {INJECT_PROC_CRASH_AT, "event", NULL, 0, 0},
    [SYSTEMATIC_RECOVERY] = {INJECT_PROC_CRASH_IN_RECOVERY, "record", NULL, 0, 0},
    [SYSTEMATIC_MALLOC] = {INJECT_PROC_MALLOC_NTH, "n", NULL, 0, BESIDE_CRASH | BESIDE_SLOW_DISK},
    [SYSTEMATIC_APPEND] = {INJECT_DISK_EIO, "nth", "op", 0, 0},
    [SYSTEMATIC_SYNC] = {INJECT_DISK_EIO, "nth", "op", 1, 0},
    [SYSTEMATIC_READ] = {INJECT_DISK_EIO, "nth", "op", 2, BESIDE_CRASH},
    [SYSTEMATIC_FSYNC] = {INJECT_DISK_FSYNC_FAIL, "nth", NULL, 0, BESIDE_CRASH},
};

static void set_param(struct fault *fault, const char *name, int64_t value)
{
    const struct injector_param *params = INJECTOR_TABLE[fault->injector].params;
    for (int i = 0; i < FAULT_PARAMS; i++)
        if (params[i].name && strcmp(params[i].name, name) == 0) {
            fault->params[i] = value;
            return;
        }
    ASSERT(false);
}

/* When the last crash comes: most of what happens has happened, and there is time to come up again. */
static int64_t late_ns(const struct systematic *systematic)
{
    return systematic->horizon_ns / 8 * 7;
}

static err add_beside(const struct systematic *systematic, unsigned beside, struct schedule *out)
{
    struct fault crash = fault_of(INJECT_PROCESS_CRASH), slow = fault_of(INJECT_DISK_SLOW);
    crash.key = 2;
    crash.on_ns = late_ns(systematic);
    set_param(&crash, "recovery", systematic->horizon_ns / RECOVERIES);
    slow.key = 3;
    slow.for_ns = systematic->horizon_ns;
    if (beside & BESIDE_CRASH) TRY(schedule_add(out, &crash));
    return beside & BESIDE_SLOW_DISK ? schedule_add(out, &slow) : OK;
}

static err make_count(const struct systematic *systematic, uint64_t count, struct schedule *out)
{
    const struct counted *row = &COUNTED[systematic->family];
    struct fault fault = fault_of(row->injector);
    bool is_once = INJECTOR_TABLE[row->injector].happens_once;
    fault.key = 1;
    fault.on_ns = is_once ? late_ns(systematic) : 0;
    fault.for_ns = is_once ? 0 : systematic->horizon_ns;
    set_param(&fault, row->count, (int64_t)count);
    if (is_once) set_param(&fault, "recovery", systematic->horizon_ns / RECOVERIES);
    if (row->other) set_param(&fault, row->other, row->other_value);
    TRY(schedule_add(out, &fault));
    return add_beside(systematic, row->beside, out);
}

/* A recovery that ends before the second crash
 * has been crashed once. */
static bool is_untouched(enum systematic_family family, const struct trial_outcome *outcome)
{
    if (family == SYSTEMATIC_RECOVERY) return outcome->crashes < 2;
    return outcome->counts[COUNTED[family].injector].fired == 0;
}

/* ---- the source ---- */

static bool is_counted(enum systematic_family family)
{
    return family >= SYSTEMATIC_CRASH;
}

static enum swarm_kind kind_of(const struct schedule *schedule)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (INJECTOR_TABLE[schedule->faults[i].injector].class == FAULT_SAFETY_ONLY) return SWARM_SAFETY;
    return SWARM_MIXED;
}

static err make_next(struct systematic *systematic, struct campaign_trial *trial, bool *is_schedule)
{
    schedule_close(&trial->schedule);
    if (is_counted(systematic->family))
        TRY(make_count(systematic, trial->number + 1, &trial->schedule));
    else
        TRY(make_places(systematic, &trial->schedule));
    *is_schedule = schedule_settle(&trial->schedule, "systematic", NULL) == OK;
    return *is_schedule || !is_counted(systematic->family) ? OK : ERR_RANGE;
}

/* Two faults of one injector at one time are no schedule: the next places are taken. */
static err make(void *context, struct campaign_trial *trial, bool *is_end, struct diag *diag)
{
    struct systematic *systematic = context;
    bool is_schedule = false;
    trial->seed = systematic->seed;
    while (!is_schedule) {
        *is_end = systematic->is_done;
        if (*is_end) return OK;
        err e = make_next(systematic, trial, &is_schedule);
        if (e != OK) return diag_fail(diag, e, "no schedule for %s", NAMES[systematic->family]);
    }
    trial->kind = kind_of(&trial->schedule);
    return OK;
}

static err judge(void *context, const struct campaign_trial *trial, bool *is_end)
{
    struct systematic *systematic = context;
    bool is_counting = is_counted(systematic->family);
    bool is_touched =
        is_counting ? !is_untouched(systematic->family, &trial->outcome) : trial->outcome.fired > 0;
    systematic->touched += is_touched;
    /* What happens before the first fault can begin cannot be counted out. */
    *is_end = is_counting && !is_touched && (systematic->touched > 0 || trial->number >= BEFORE_MOST);
    if (*is_end) systematic->is_done = true;
    return OK;
}

void systematic_begin(struct systematic *out, enum systematic_family family, uint64_t seed,
                      int64_t horizon_ns)
{
    ASSERT(horizon_ns > 0);
    *out = (struct systematic){.family = family, .seed = seed, .horizon_ns = horizon_ns};
    out->at[0] = out->at[1] = first_place();
}

struct campaign_source systematic_source(struct systematic *systematic)
{
    return (struct campaign_source){.context = systematic, .make = make, .judge = judge};
}
