/* chaos/vary.c: small changes, each kept only if what comes of it is a schedule. */
#include "chaos/vary.h"
#include "chaos/registry.h"
#include <string.h>

enum { CHANGES_MOST = 4 };

static uint32_t free_key(const struct schedule *schedule)
{
    uint32_t key = 0;
    for (uint32_t i = 0; i < schedule->count; i++)
        if (schedule->faults[i].key > key) key = schedule->faults[i].key;
    return key + 1;
}

/* ---- changes: each leaves `schedule` in whatever order ---- */

typedef err change(struct schedule *schedule, const struct variation *variation, struct draw *draw);

static err add(struct schedule *schedule, const struct variation *variation, struct draw *draw)
{
    if (variation->donor->count == 0) return OK;
    struct fault fault = variation->donor->faults[draw_below(draw, variation->donor->count)];
    fault.key = free_key(schedule);
    return schedule_add(schedule, &fault);
}

static err drop(struct schedule *schedule, const struct variation *variation, struct draw *draw)
{
    (void)variation;
    if (schedule->count == 0) return OK;
    uint32_t place = (uint32_t)draw_below(draw, schedule->count);
    memmove(schedule->faults + place, schedule->faults + place + 1,
            (schedule->count - place - 1) * sizeof *schedule->faults);
    schedule->count--;
    return OK;
}

/* Within a tenth of the whole time, to either side. */
static err shift(struct schedule *schedule, const struct variation *variation, struct draw *draw)
{
    if (schedule->count == 0) return OK;
    struct fault *fault = &schedule->faults[draw_below(draw, schedule->count)];
    int64_t reach_ns = (variation->until_ns - variation->from_ns) / 10;
    int64_t by_ns = (int64_t)draw_below(draw, (uint64_t)(2 * reach_ns + 1)) - reach_ns;
    int64_t last_ns = variation->until_ns - fault->for_ns;
    fault->on_ns += by_ns;
    if (fault->on_ns > last_ns) fault->on_ns = last_ns;
    if (fault->on_ns < variation->from_ns) fault->on_ns = variation->from_ns;
    return OK;
}

/* Twice or half of it, within what a schedule may say. */
static int64_t scaled(int64_t value, int64_t min, int64_t max, bool is_more)
{
    int64_t changed = is_more ? (value > max / 2 ? max : 2 * value) : value / 2;
    return changed < min ? min : changed > max ? max : changed;
}

static err stretch(struct schedule *schedule, const struct variation *variation, struct draw *draw)
{
    if (schedule->count == 0) return OK;
    struct fault *fault = &schedule->faults[draw_below(draw, schedule->count)];
    bool is_more = draw_chance_bps(draw, 5000);
    if (fault->for_ns > 1)
        fault->for_ns = scaled(fault->for_ns, 1, variation->until_ns - fault->on_ns, is_more);
    return OK;
}

static err strengthen(struct schedule *schedule, const struct variation *variation, struct draw *draw)
{
    (void)variation;
    if (schedule->count == 0) return OK;
    struct fault *fault = &schedule->faults[draw_below(draw, schedule->count)];
    uint32_t count = injector_param_count(fault->injector);
    uint32_t place = (uint32_t)draw_below(draw, count + 1);
    bool is_more = draw_chance_bps(draw, 5000);
    if (place == count) {
        if (!INJECTOR_TABLE[fault->injector].is_always)
            fault->chance_ppm = (uint32_t)scaled(fault->chance_ppm, 1, SCHEDULE_PPM_ONE, is_more);
        return OK;
    }
    const struct injector_param *param = &INJECTOR_TABLE[fault->injector].params[place];
    uint64_t words = (uint64_t)param->max + 1;
    fault->params[place] = param->kind == PARAM_WORD
                               ? (int64_t)draw_below(draw, words)
                               : scaled(fault->params[place], param->min, param->max, is_more);
    return OK;
}

static err splice(struct schedule *schedule, const struct variation *variation, struct draw *draw)
{
    uint64_t span_ns = (uint64_t)(variation->until_ns - variation->from_ns);
    int64_t cut_ns = variation->from_ns + (int64_t)draw_below(draw, span_ns ? span_ns : 1);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < schedule->count; i++)
        if (schedule->faults[i].on_ns < cut_ns) schedule->faults[kept++] = schedule->faults[i];
    schedule->count = kept;
    for (uint32_t i = 0; i < variation->donor->count; i++) {
        struct fault fault = variation->donor->faults[i];
        if (fault.on_ns < cut_ns) continue;
        fault.key = free_key(schedule);
        TRY(schedule_add(schedule, &fault));
    }
    return OK;
}

/* Some injectors with all their faults from the donor: one half of them, or one in eight. */
static err cross(struct schedule *schedule, const struct variation *variation, struct draw *draw)
{
    bool is_taken[INJECTOR_COUNT];
    uint64_t share_bps = draw_chance_bps(draw, 5000) ? 5000 : 1250;
    uint32_t kept = 0;
    for (int i = 0; i < INJECTOR_COUNT; i++) is_taken[i] = draw_chance_bps(draw, share_bps);
    for (uint32_t i = 0; i < schedule->count; i++)
        if (!is_taken[schedule->faults[i].injector]) schedule->faults[kept++] = schedule->faults[i];
    schedule->count = kept;
    for (uint32_t i = 0; i < variation->donor->count; i++) {
        struct fault fault = variation->donor->faults[i];
        if (!is_taken[fault.injector]) continue;
        fault.key = free_key(schedule);
        TRY(schedule_add(schedule, &fault));
    }
    return OK;
}

static change *const CHANGES[] = {add, drop, shift, stretch, strengthen, strengthen, splice, cross, cross};
enum { CHANGE_COUNT = sizeof CHANGES / sizeof *CHANGES };

static err try_change(struct schedule *out, const struct variation *variation, struct draw *draw)
{
    struct schedule next = {0};
    TRY(schedule_copy(&next, out));
    err e = CHANGES[draw_below(draw, CHANGE_COUNT)](&next, variation, draw);
    if (e == OK && schedule_settle(&next, "variation", NULL) == OK) {
        schedule_close(out);
        *out = next;
        return OK;
    }
    schedule_close(&next);
    return e;
}

err schedule_vary(struct schedule *out, const struct variation *variation, struct draw *draw)
{
    struct schedule made = {0};
    err e = schedule_copy(&made, variation->of);
    for (uint64_t left = 1 + draw_below(draw, CHANGES_MOST); e == OK && left > 0; left--)
        e = try_change(&made, variation, draw);
    if (e != OK) {
        schedule_close(&made);
        return e;
    }
    *out = made;
    return OK;
}
