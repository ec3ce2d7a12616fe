/* chaos/shrink.c: attempts, each judged by one replay; what fails alike is the next thing to shrink. */
#include "chaos/shrink.h"
#include "base/assert.h"
#include "base/units.h"
#include <stdlib.h>
#include <string.h>

/* `best` fails alike; `next` is what is tried, made from it. */
struct shrinking {
    const struct shrink_order *order;
    struct shrunk best, next;
    uint32_t replays;
    bool is_spent, is_minimal;
};

void shrunk_close(struct shrunk *shrunk)
{
    schedule_close(&shrunk->schedule);
    free(shrunk->dropped);
    *shrunk = (struct shrunk){0};
}

/* ---- attempts ---- */

static uint32_t last_task(const struct shrunk *shrunk)
{
    return shrunk->tasks_most ? shrunk->tasks_most : shrunk->task_count;
}

static err open_case(struct shrunk *out, const struct shrink_order *order)
{
    *out = (struct shrunk){.task_count = order->task_count, .tasks_most = order->from.tasks_most};
    out->dropped = calloc((size_t)order->task_count + 1, sizeof *out->dropped);
    if (!out->dropped) return ERR_NOMEM;
    if (order->from.dropped) memcpy(out->dropped, order->from.dropped, (size_t)order->task_count + 1);
    return schedule_copy(&out->schedule, order->from.schedule);
}

/* What `next` holds is overwritten: it has room for all that `best` has. */
static void begin_attempt(struct shrinking *shrinking)
{
    const struct shrunk *best = &shrinking->best;
    struct shrunk *next = &shrinking->next;
    ASSERT(next->schedule.capacity >= best->schedule.count);
    if (best->schedule.count > 0)
        memcpy(next->schedule.faults, best->schedule.faults,
               best->schedule.count * sizeof *best->schedule.faults);
    next->schedule.count = best->schedule.count;
    memcpy(next->dropped, best->dropped, (size_t)best->task_count + 1);
    next->tasks_most = best->tasks_most;
}

static err judge(struct shrinking *shrinking, const struct shrunk *subject, bool *is_alike)
{
    struct shrink_answer answer = {.count = 0};
    const struct shrink_case attempt = {&subject->schedule, subject->dropped, subject->tasks_most};
    shrinking->replays++;
    shrinking->is_spent = shrinking->replays >= shrinking->order->replays_most;
    TRY(shrinking->order->run(shrinking->order->context, &attempt, &answer));
    *is_alike = false;
    for (uint32_t i = 0; i < answer.count && !*is_alike; i++)
        *is_alike = answer.fingerprints[i] == shrinking->order->fingerprint;
    return OK;
}

/* Runs `next`; kept when it fails alike. Nothing is kept once the replays are spent. */
static err attempt(struct shrinking *shrinking, bool *is_kept)
{
    *is_kept = false;
    if (shrinking->is_spent) return OK;
    TRY(judge(shrinking, &shrinking->next, is_kept));
    if (!*is_kept) return OK;
    struct shrunk was = shrinking->best;
    shrinking->best = shrinking->next;
    shrinking->next = was;
    return OK;
}

/* ---- the first tasks alone ---- */

static err shrink_prefix(struct shrinking *shrinking)
{
    uint32_t fails = last_task(&shrinking->best), passes = 0;
    while (fails - passes > 1 && !shrinking->is_spent) {
        uint32_t middle = passes + (fails - passes) / 2;
        bool is_kept;
        begin_attempt(shrinking);
        shrinking->next.tasks_most = middle;
        TRY(attempt(shrinking, &is_kept));
        *(is_kept ? &fails : &passes) = middle;
    }
    return OK;
}

/* ---- stretches ---- */

/* Things of which some can be left out, counted from 0 as they are in `best`. */
struct axis {
    uint32_t (*count)(const struct shrunk *shrunk);
    void (*remove)(struct shrunk *shrunk, uint32_t from, uint32_t size);
};

static uint32_t count_faults(const struct shrunk *shrunk)
{
    return shrunk->schedule.count;
}

static void remove_faults(struct shrunk *shrunk, uint32_t from, uint32_t size)
{
    struct schedule *schedule = &shrunk->schedule;
    memmove(schedule->faults + from, schedule->faults + from + size,
            (schedule->count - from - size) * sizeof *schedule->faults);
    schedule->count -= size;
}

static uint32_t count_tasks(const struct shrunk *shrunk)
{
    uint32_t count = 0;
    for (uint32_t id = 1; id <= last_task(shrunk); id++) count += !shrunk->dropped[id];
    return count;
}

static void remove_tasks(struct shrunk *shrunk, uint32_t from, uint32_t size)
{
    uint32_t place = 0;
    for (uint32_t id = 1; id <= last_task(shrunk); id++) {
        if (shrunk->dropped[id]) continue;
        shrunk->dropped[id] = place >= from && place - from < size;
        place++;
    }
}

static const struct axis FAULTS = {count_faults, remove_faults}, TASKS = {count_tasks, remove_tasks};

/* One pass of stretches of this size, from the end: what came last is needed least. */
static err sweep_once(struct shrinking *shrinking, const struct axis *axis, uint32_t size, bool *is_smaller)
{
    uint32_t end = axis->count(&shrinking->best);
    *is_smaller = false;
    while (end > 0 && !shrinking->is_spent) {
        uint32_t from = end > size ? end - size : 0;
        bool is_kept;
        begin_attempt(shrinking);
        axis->remove(&shrinking->next, from, end - from);
        TRY(attempt(shrinking, &is_kept));
        *is_smaller |= is_kept;
        end = from;
    }
    return OK;
}

/* Sizes from all to one, each half of the one before; single ones until none can go. */
static err sweep(struct shrinking *shrinking, const struct axis *axis, bool *is_smaller)
{
    bool is_last_smaller = false;
    *is_smaller = false;
    for (uint32_t size = axis->count(&shrinking->best); size > 0 && !shrinking->is_spent;) {
        TRY(sweep_once(shrinking, axis, size, &is_last_smaller));
        *is_smaller |= is_last_smaller;
        uint32_t left = axis->count(&shrinking->best);
        if (size > 1)
            size = size / 2 < left || left == 0 ? size / 2 : left;
        else if (!is_last_smaller)
            break;
    }
    return OK;
}

/* ---- what is left is made plain ---- */

static const int64_t ROUND_NS[] = {NS_PER_MIN, 10 * NS_PER_S, NS_PER_S, NS_PER_S / 10};
enum { ROUND_COUNT = sizeof ROUND_NS / sizeof *ROUND_NS, HALVINGS_MOST = 16 };
#define SHORT_NS (NS_PER_S / 10) /* shorter says no more */

/* Each changes the fault and says whether it did; `step` counts how often it was asked in this place. */
typedef bool edit(struct fault *fault, uint32_t step);

static bool set(int64_t *value, int64_t to)
{
    bool is_new = *value != to;
    *value = to;
    return is_new;
}

static bool make_certain(struct fault *fault, uint32_t step)
{
    bool is_new = fault->chance_ppm != SCHEDULE_PPM_ONE;
    fault->chance_ppm = SCHEDULE_PPM_ONE;
    return step == 0 && is_new;
}

static bool fall_back(struct fault *fault, uint32_t step)
{
    return set(&fault->params[step], INJECTOR_TABLE[fault->injector].params[step].fallback);
}

static bool halve(struct fault *fault, uint32_t step)
{
    (void)step;
    return fault->for_ns > 2 * SHORT_NS && set(&fault->for_ns, fault->for_ns / 2);
}

static bool round_duration(struct fault *fault, uint32_t step)
{
    int64_t unit = ROUND_NS[step];
    return fault->for_ns > unit && set(&fault->for_ns, (fault->for_ns + unit - 1) / unit * unit);
}

static bool round_begin(struct fault *fault, uint32_t step)
{
    return set(&fault->on_ns, fault->on_ns / ROUND_NS[step] * ROUND_NS[step]);
}

static const struct {
    edit *edit;
    uint32_t steps;
    bool ends_when_refused; /* what was refused once is refused again: the next step goes further */
    bool ends_when_kept;    /* the next step would undo it */
} EDITS[] = {
    {make_certain, 1, false, false},         {fall_back, FAULT_PARAMS, false, false},
    {halve, HALVINGS_MOST, true, false},     {round_duration, ROUND_COUNT, false, true},
    {round_begin, ROUND_COUNT, false, true},
};

/* The fault at `place` may begin earlier now than those before it. */
static void put_in_order(struct schedule *schedule, uint32_t place)
{
    struct fault fault = schedule->faults[place];
    for (; place > 0; place--) {
        const struct fault *before = &schedule->faults[place - 1];
        bool is_right =
            before->on_ns < fault.on_ns || (before->on_ns == fault.on_ns && before->key < fault.key);
        if (is_right) break;
        schedule->faults[place] = *before;
    }
    schedule->faults[place] = fault;
}

static uint32_t place_of(const struct schedule *schedule, uint32_t key)
{
    uint32_t place = 0;
    while (schedule->faults[place].key != key) place++;
    return place;
}

static err try_edit(struct shrinking *shrinking, uint32_t key, edit *change, uint32_t step, bool *is_kept)
{
    struct schedule *schedule = &shrinking->next.schedule;
    *is_kept = false;
    begin_attempt(shrinking);
    uint32_t place = place_of(schedule, key);
    if (!change(&schedule->faults[place], step)) return OK;
    put_in_order(schedule, place);
    if (schedule_check(schedule, "shrink", NULL) != OK) return OK;
    return attempt(shrinking, is_kept);
}

static err make_fault_plain(struct shrinking *shrinking, uint32_t key)
{
    for (size_t i = 0; i < sizeof EDITS / sizeof *EDITS; i++)
        for (uint32_t step = 0; step < EDITS[i].steps; step++) {
            bool is_kept;
            TRY(try_edit(shrinking, key, EDITS[i].edit, step, &is_kept));
            if (is_kept ? EDITS[i].ends_when_kept : EDITS[i].ends_when_refused) break;
        }
    return OK;
}

/* Each fault that is left, as its key names it: edits change the order. */
static err for_each_fault(struct shrinking *shrinking, err (*make)(struct shrinking *, uint32_t key))
{
    uint32_t keys[SCHEDULE_FAULTS_MOST], count = shrinking->best.schedule.count;
    for (uint32_t i = 0; i < count; i++) keys[i] = shrinking->best.schedule.faults[i].key;
    for (uint32_t i = 0; i < count && !shrinking->is_spent; i++) TRY(make(shrinking, keys[i]));
    return OK;
}

static err make_fault_certain(struct shrinking *shrinking, uint32_t key)
{
    bool is_kept;
    return try_edit(shrinking, key, make_certain, 0, &is_kept);
}

/* ---- all of it ---- */

/* A fault may be needed only by a task that has gone since, and a task only by a fault. */
static err shrink_both(struct shrinking *shrinking)
{
    bool is_smaller = true;
    for (uint32_t round = 0; is_smaller && !shrinking->is_spent; round++) {
        TRY(sweep(shrinking, &FAULTS, &is_smaller));
        if (round > 0 && !is_smaller) break;
        uint32_t tasks = count_tasks(&shrinking->best);
        TRY(shrink_prefix(shrinking));
        TRY(sweep(shrinking, &TASKS, &is_smaller));
        is_smaller = count_tasks(&shrinking->best) < tasks;
    }
    shrinking->is_minimal = !shrinking->is_spent;
    return OK;
}

/* What is certain depends less on what happened before: more tasks can go. And what is plain, on less still.
 */
static err run_all(struct shrinking *shrinking)
{
    bool is_alike, is_smaller;
    TRY(judge(shrinking, &shrinking->best, &is_alike));
    if (!is_alike) return ERR_CONFLICT;
    TRY(shrink_prefix(shrinking));
    TRY(sweep(shrinking, &FAULTS, &is_smaller));
    TRY(for_each_fault(shrinking, make_fault_certain));
    TRY(shrink_both(shrinking));
    TRY(for_each_fault(shrinking, make_fault_plain));
    shrinking->is_minimal = false; /* until what was made plain has been tried without */
    return shrinking->is_spent ? OK : shrink_both(shrinking);
}

err shrink(struct shrunk *out, const struct shrink_order *order)
{
    struct shrinking shrinking = {.order = order};
    err e = open_case(&shrinking.best, order);
    if (e == OK) e = open_case(&shrinking.next, order);
    if (e == OK) e = run_all(&shrinking);
    shrunk_close(&shrinking.next);
    if (e != OK) {
        shrunk_close(&shrinking.best);
        return e;
    }
    shrinking.best.replays = shrinking.replays;
    shrinking.best.is_minimal = shrinking.is_minimal;
    shrinking.best.tasks_left = count_tasks(&shrinking.best);
    *out = shrinking.best;
    return OK;
}
