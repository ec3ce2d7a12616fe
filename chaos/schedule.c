/* chaos/schedule.c: a list of faults in order of time, and what no schedule may be. */
#include "chaos/schedule.h"
#include "base/assert.h"
#include "base/duration.h"
#include "base/sort.h"
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include "chaos/schedule_parts.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

void schedule_close(struct schedule *schedule)
{
    schedule_reading_free(schedule->reading);
    free(schedule->faults);
    *schedule = (struct schedule){0};
}

static err grow(struct schedule *schedule, uint32_t least)
{
    uint32_t capacity = schedule->capacity ? schedule->capacity : 16;
    if (least > SCHEDULE_FAULTS_MOST) return ERR_LIMIT;
    if (schedule->capacity >= least) return OK;
    while (capacity < least) capacity *= 2;
    struct fault *faults = realloc(schedule->faults, capacity * sizeof *faults);
    if (!faults) return ERR_NOMEM;
    schedule->faults = faults;
    schedule->capacity = capacity;
    return OK;
}

err schedule_add(struct schedule *schedule, const struct fault *fault)
{
    TRY(grow(schedule, schedule->count + 1));
    schedule->faults[schedule->count++] = *fault;
    return OK;
}

err schedule_copy(struct schedule *out, const struct schedule *from)
{
    struct schedule copy = {0};
    TRY(grow(&copy, from->count));
    if (from->count) memcpy(copy.faults, from->faults, from->count * sizeof *copy.faults);
    copy.count = from->count;
    *out = copy;
    return OK;
}

struct fault fault_of(enum injector_id injector)
{
    struct fault fault = {.injector = injector, .target = TARGET_ANY, .chance_ppm = SCHEDULE_PPM_ONE};
    for (uint32_t i = 0; i < FAULT_PARAMS; i++) fault.params[i] = INJECTOR_TABLE[injector].params[i].fallback;
    return fault;
}

int64_t schedule_end_ns(const struct schedule *schedule)
{
    int64_t end_ns = 0;
    for (uint32_t i = 0; i < schedule->count; i++) {
        int64_t over_ns = schedule->faults[i].on_ns + schedule->faults[i].for_ns;
        if (over_ns > end_ns) end_ns = over_ns;
    }
    return end_ns;
}

static uint64_t mix(uint64_t digest, uint64_t word)
{
    digest = (digest ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ digest >> 29;
}

uint64_t schedule_digest(const struct schedule *schedule)
{
    uint64_t digest = mix(UINT64_C(0x6a09e667f3bcc909), schedule->count);
    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct fault *fault = &schedule->faults[i];
        digest = mix(digest, (uint64_t)fault->injector << 32 | fault->target);
        digest = mix(digest, (uint64_t)fault->key << 32 | fault->chance_ppm);
        digest = mix(digest, (uint64_t)fault->on_ns);
        digest = mix(digest, (uint64_t)fault->for_ns);
        for (int j = 0; j < FAULT_PARAMS; j++) digest = mix(digest, (uint64_t)fault->params[j]);
    }
    return digest;
}

/* ---- what one entry may not be ---- */

void fault_name_print(const struct fault *fault, char out[FAULT_NAME_BYTES])
{
    char at[DURATION_TEXT_BYTES];
    duration_print(at, fault->on_ns);
    snprintf(out, FAULT_NAME_BYTES, "%s%s%s at %s", INJECTOR_TABLE[fault->injector].name,
             fault->target == TARGET_ANY ? "" : " of ",
             fault->target == TARGET_ANY ? "" : chaos_target_name(fault->target), at);
}

static err check_target(const struct fault *fault, struct diag *diag)
{
    const struct injector *injector = &INJECTOR_TABLE[fault->injector];
    char known[128] = "";
    size_t used = 0;
    if (injector->targets & 1u << fault->target) return OK;
    if (injector->targets == 1u << TARGET_ANY)
        return diag_fail(diag, ERR_RANGE, "%s takes no target", injector->name);
    for (int i = 0; i < CHAOS_TARGET_COUNT && used < sizeof known; i++)
        if (injector->targets & 1u << i)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "",
                                     chaos_target_name((enum chaos_target)i));
    return diag_fail(diag, ERR_RANGE, "%s knows no target \"%s\", want one of %s", injector->name,
                     chaos_target_name(fault->target), known);
}

static err check_times(const struct fault *fault, struct diag *diag)
{
    const struct injector *injector = &INJECTOR_TABLE[fault->injector];
    if (fault->on_ns < 0 || fault->for_ns < 0)
        return diag_fail(diag, ERR_RANGE, "%s ends before it begins", injector->name);
    if (fault->for_ns == 0 && !injector->happens_once)
        return diag_fail(diag, ERR_RANGE, "%s needs a \"for\" above 0: how long it lasts", injector->name);
    if (ns_after(fault->on_ns, fault->for_ns) == NEVER_NS)
        return diag_fail(diag, ERR_RANGE, "%s ends later than time can be counted", injector->name);
    return OK;
}

static err check_chance(const struct fault *fault, struct diag *diag)
{
    const struct injector *injector = &INJECTOR_TABLE[fault->injector];
    if (fault->chance_ppm == 0 || fault->chance_ppm > SCHEDULE_PPM_ONE)
        return diag_fail(diag, ERR_RANGE, "%s: p must be above 0 and at most 1", injector->name);
    if (injector->is_always && fault->chance_ppm != SCHEDULE_PPM_ONE)
        return diag_fail(diag, ERR_RANGE, "%s has no chance: it does what it does all the time, leave p out",
                         injector->name);
    return OK;
}

/* Pairs of which the first may not be above the second. */
static const struct param_pair {
    enum injector_id injector;
    uint8_t low, high;
} PAIRS[] = {{INJECT_NETWORK_LATENCY, 0, 1}, {INJECT_NETWORK_PARTITION, 0, 1}, {INJECT_PROCESS_HANG, 0, 1}};

static err check_pairs(const struct fault *fault, struct diag *diag)
{
    const struct injector *injector = &INJECTOR_TABLE[fault->injector];
    char low[FAULT_VALUE_BYTES], high[FAULT_VALUE_BYTES];
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        const struct param_pair *pair = &PAIRS[i];
        if (pair->injector != fault->injector || fault->params[pair->low] <= fault->params[pair->high])
            continue;
        fault_value_print(&injector->params[pair->low], fault->params[pair->low], low);
        fault_value_print(&injector->params[pair->high], fault->params[pair->high], high);
        return diag_fail(diag, ERR_RANGE, "%s: %s = %s is above %s = %s", injector->name,
                         injector->params[pair->low].name, low, injector->params[pair->high].name, high);
    }
    return OK;
}

/* What a flipped setting may become depends on the setting. */
static err check_flip(const struct fault *fault, struct diag *diag)
{
    if (fault->injector != INJECT_APP_CONFIG_FLIP) return OK;
    const struct setting_range *range = &SETTING_RANGES[fault->params[0]];
    if (fault->params[1] >= range->min && fault->params[1] <= range->max) return OK;
    return diag_fail(diag, ERR_RANGE,
                     "app.config_flip: value %" PRId64 " is out of range, want %" PRId64 " to %" PRId64
                     " (%s) for %s",
                     fault->params[1], range->min, range->max, range->unit, range->name);
}

err fault_check(const struct fault *fault, struct diag *diag)
{
    const struct injector *injector = &INJECTOR_TABLE[fault->injector];
    TRY(check_target(fault, diag));
    TRY(check_times(fault, diag));
    TRY(check_chance(fault, diag));
    for (uint32_t i = 0; i < injector_param_count(fault->injector); i++) {
        struct diag why = {0};
        err e = fault_value_check(&injector->params[i], fault->params[i], &why);
        if (e != OK)
            return diag_fail(diag, e, "%s: %s = %.300s", injector->name, injector->params[i].name, why.text);
    }
    TRY(check_pairs(fault, diag));
    return check_flip(fault, diag);
}

/* ---- what no list may be ---- */

static bool is_before(const struct fault *a, const struct fault *b)
{
    return a->on_ns != b->on_ns ? a->on_ns < b->on_ns : a->key < b->key;
}

static int compare(const void *a, const void *b)
{
    return is_before(b, a) - is_before(a, b);
}

static err check_keys(const struct schedule *schedule, const char *name, struct diag *diag)
{
    uint32_t *keys = malloc(schedule->count * sizeof *keys);
    if (!keys) return ERR_NOMEM;
    for (uint32_t i = 0; i < schedule->count; i++) keys[i] = schedule->faults[i].key;
    sort_u32(keys, schedule->count);
    err e = keys[0] ? OK : diag_fail(diag, ERR_RANGE, "%s: a fault has key 0, keys begin at 1", name);
    for (uint32_t i = 1; i < schedule->count && e == OK; i++)
        if (keys[i] == keys[i - 1])
            e = diag_fail(diag, ERR_RANGE,
                          "%s: two faults have key %" PRIu32
                          "; without one, a fault's place in the list is it",
                          name, keys[i]);
    free(keys);
    return e;
}

/* The last fault so far of each injector and target. "any" is all of them. */
struct last_faults {
    const struct fault *of[INJECTOR_COUNT][CHAOS_TARGET_COUNT];
};

static bool overlap(const struct fault *earlier, const struct fault *later)
{
    return earlier && (later->on_ns < earlier->on_ns + earlier->for_ns || later->on_ns == earlier->on_ns);
}

bool faults_overlap(const struct fault *a, const struct fault *b)
{
    bool is_same = a->target == b->target || a->target == TARGET_ANY || b->target == TARGET_ANY;
    return a->injector == b->injector && is_same &&
           overlap(a->on_ns <= b->on_ns ? a : b, a->on_ns <= b->on_ns ? b : a);
}

static const struct fault *overlapped(const struct last_faults *last, const struct fault *fault)
{
    for (int target = 0; target < CHAOS_TARGET_COUNT; target++) {
        bool is_same =
            fault->target == TARGET_ANY || target == TARGET_ANY || (enum chaos_target)target == fault->target;
        if (is_same && overlap(last->of[fault->injector][target], fault))
            return last->of[fault->injector][target];
    }
    return NULL;
}

static err check_overlaps(const struct schedule *schedule, const char *name, struct diag *diag)
{
    char earlier[FAULT_NAME_BYTES], later[FAULT_NAME_BYTES], lasts[DURATION_TEXT_BYTES];
    struct last_faults *last = calloc(1, sizeof *last);
    err e = last ? OK : ERR_NOMEM;
    for (uint32_t i = 0; i < schedule->count && e == OK; i++) {
        const struct fault *fault = &schedule->faults[i];
        const struct fault *other = overlapped(last, fault);
        last->of[fault->injector][fault->target] = fault;
        if (!other) continue;
        fault_name_print(other, earlier);
        fault_name_print(fault, later);
        duration_print(lasts, other->for_ns);
        e = diag_fail(diag, ERR_RANGE,
                      "%s: %s (for %s) and %s overlap: one fault with other parameters would be meant", name,
                      earlier, lasts, later);
    }
    free(last);
    return e;
}

err schedule_check(const struct schedule *schedule, const char *name, struct diag *diag)
{
    if (schedule->count == 0) return OK;
    if (schedule->count > SCHEDULE_FAULTS_MOST)
        return diag_fail(diag, ERR_LIMIT, "%s: more than %d faults", name, SCHEDULE_FAULTS_MOST);
    for (uint32_t i = 0; i < schedule->count; i++) {
        struct diag why = {0};
        err e = fault_check(&schedule->faults[i], &why);
        if (e != OK) return diag_fail(diag, e, "%s: %.480s", name, why.text);
        if (i > 0 && !is_before(&schedule->faults[i - 1], &schedule->faults[i]))
            return diag_fail(diag, ERR_RANGE, "%s: faults are not in order of time and key", name);
    }
    TRY(check_keys(schedule, name, diag));
    return check_overlaps(schedule, name, diag);
}

/* A fault without a key gets its place in the list, as written. */
err schedule_settle(struct schedule *schedule, const char *name, struct diag *diag)
{
    TRY(schedule_reading_end(schedule, diag));
    if (schedule->count == 0) return OK;
    for (uint32_t i = 0; i < schedule->count; i++)
        if (schedule->faults[i].key == 0) schedule->faults[i].key = i + 1;
    TRY(check_keys(schedule, name, diag));
    qsort(schedule->faults, schedule->count, sizeof *schedule->faults, compare);
    return schedule_check(schedule, name, diag);
}
