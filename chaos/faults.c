/* chaos/faults.c: one deadline a fault in a heap; lists of the armed ones by kind of occasion. */
#include "chaos/faults.h"
#include "engine/mutant.h"
#include "base/assert.h"
#include "base/heap.h"
#include <stdlib.h>
#include <string.h>

/* How long a fault that happens once may wait for its occasion. */
#define ONCE_NS (30 * NS_PER_S)

enum { DRAWS_EACH = 16 }; /* an ordinal's share of the indices: a turn may draw so often */

enum fault_phase { FAULT_WAITING, FAULT_ARMED, FAULT_OVER };

struct armed_list {
    uint32_t count;
    uint32_t *indices; /* ascending: the order of the schedule */
};

struct faults {
    struct faults_options options;
    struct rng rng;
    struct arena arena;
    struct deadline_heap moments;
    struct armed_list armed[OCCASION_KIND_COUNT];
    struct fault_state *states;
    int64_t *acts_ns; /* when a deed is due next; NEVER_NS */
    uint32_t *acts;   /* deeds so far: their ordinal */
    uint8_t *phases;
    struct fault_counts counts[INJECTOR_COUNT];
    uint32_t armed_count;
    uint64_t turns; /* of mutant H2 alone */
};

static const struct fault *fault_at(const struct faults *faults, uint32_t index)
{
    return &faults->options.schedule->faults[index];
}

static const struct injector *injector_at(const struct faults *faults, uint32_t index)
{
    return &INJECTOR_TABLE[fault_at(faults, index)->injector];
}

static int64_t end_of(const struct faults *faults, uint32_t index)
{
    const struct fault *fault = fault_at(faults, index);
    if (fault->for_ns > 0) return ns_after(fault->on_ns, fault->for_ns);
    bool acts_itself = injector_at(faults, index)->occasion == OCCASION_DEED;
    if (fault->injector == INJECT_PROCESS_CRASH)
        return ns_after(fault->on_ns, fault->params[0]); /* it is down */
    return acts_itself ? fault->on_ns : ns_after(fault->on_ns, ONCE_NS);
}

/* Those wait for one event or allocation of the whole run: while they do, nothing is disturbed. */
static bool is_silent(const struct injector *injector)
{
    return injector->occasion == OCCASION_STEP || injector->occasion == OCCASION_ALLOCATION;
}

static err open_tables(struct faults *faults)
{
    uint32_t count = faults->options.schedule->count ? faults->options.schedule->count : 1;
    size_t lists = OCCASION_KIND_COUNT * arena_array_bytes(count, sizeof(uint32_t));
    size_t columns = arena_array_bytes(count, sizeof(struct fault_state)) +
                     arena_array_bytes(count, sizeof(int64_t)) + arena_array_bytes(count, sizeof(uint32_t)) +
                     arena_array_bytes(count, sizeof(uint8_t));
    TRY(arena_open(&faults->arena, lists + columns + heap_bytes(count)));
    TRY(heap_init(&faults->moments, &faults->arena, count));
    for (int kind = 0; kind < OCCASION_KIND_COUNT; kind++) {
        faults->armed[kind].indices = arena_array(&faults->arena, count, sizeof(uint32_t));
        if (!faults->armed[kind].indices) return ERR_NOMEM;
    }
    faults->states = arena_array(&faults->arena, count, sizeof *faults->states);
    faults->acts_ns = arena_array(&faults->arena, count, sizeof *faults->acts_ns);
    faults->acts = arena_array(&faults->arena, count, sizeof *faults->acts);
    faults->phases = arena_array(&faults->arena, count, sizeof *faults->phases);
    return faults->states && faults->acts_ns && faults->acts && faults->phases ? OK : ERR_NOMEM;
}

err faults_open(struct faults **out, const struct faults_options *options)
{
    struct faults *faults = calloc(1, sizeof *faults);
    if (!faults) return ERR_NOMEM;
    faults->options = *options;
    faults->rng = rng_keyed(options->seed, 0);
    err e = open_tables(faults);
    if (e != OK) {
        faults_free(faults);
        return e;
    }
    for (uint32_t i = 0; i < options->schedule->count; i++) {
        faults->acts_ns[i] = NEVER_NS;
        heap_set(&faults->moments, i, fault_at(faults, i)->on_ns);
    }
    *out = faults;
    return OK;
}

void faults_free(struct faults *faults)
{
    if (!faults) return;
    arena_close(&faults->arena);
    free(faults);
}

/* ---- who is armed ---- */

static void list_insert(struct armed_list *list, uint32_t index)
{
    uint32_t at = list->count++;
    for (; at > 0 && list->indices[at - 1] > index; at--) list->indices[at] = list->indices[at - 1];
    list->indices[at] = index;
}

static void list_take_out(struct armed_list *list, uint32_t index)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->indices[i] != index) list->indices[kept++] = list->indices[i];
    list->count = kept;
}

static void tell(struct faults *faults, int64_t now_ns, uint32_t index, bool begins)
{
    if (is_silent(injector_at(faults, index))) return;
    if (begins)
        faults->armed_count++;
    else
        faults->armed_count--;
    if (faults->options.told)
        faults->options.told(faults->options.context, now_ns, fault_at(faults, index), begins);
}

static void begin(struct faults *faults, int64_t now_ns, uint32_t index)
{
    const struct injector *injector = injector_at(faults, index);
    faults->phases[index] = FAULT_ARMED;
    faults->counts[fault_at(faults, index)->injector].armed++;
    list_insert(&faults->armed[injector->occasion], index);
    if (injector->occasion == OCCASION_DEED) faults->acts_ns[index] = now_ns;
    tell(faults, now_ns, index, true);
}

static void end(struct faults *faults, int64_t now_ns, uint32_t index)
{
    faults->phases[index] = FAULT_OVER;
    list_take_out(&faults->armed[injector_at(faults, index)->occasion], index);
    heap_remove(&faults->moments, index);
    tell(faults, now_ns, index, false);
}

static void schedule_next(struct faults *faults, uint32_t index)
{
    int64_t end_ns = end_of(faults, index);
    int64_t act_ns = faults->acts_ns[index];
    heap_set(&faults->moments, index, act_ns < end_ns ? act_ns : end_ns);
}

/* ---- occasions ---- */

/* The first draw of a turn is its chance. */
static bool is_chosen(const struct fault *fault, struct draw *draw)
{
    return fault->chance_ppm >= SCHEDULE_PPM_ONE || draw_below(draw, SCHEDULE_PPM_ONE) < fault->chance_ppm;
}

/* When a fault is over it holds nothing back any more. */
static void let_go(struct occasion_message *message, int64_t due_ns, int64_t end_ns)
{
    int64_t latest_ns = due_ns > end_ns ? due_ns : end_ns;
    if (message->at_ns > latest_ns) message->at_ns = latest_ns;
}

static bool turn(struct faults *faults, int64_t now_ns, uint32_t index, struct occasion *occasion)
{
    const struct fault *fault = fault_at(faults, index);
    uint64_t entity = (uint64_t)fault->key << 40 ^ occasion->entity;
    if (MUTANT(102)) entity = faults->turns++;
    struct draw draw = draw_at(&faults->rng, RNG_FAULT, entity, occasion->ordinal * DRAWS_EACH);
    if (!is_chosen(fault, &draw)) return false;
    const struct fault_turn turn = {.fault = fault,
                                    .now_ns = now_ns,
                                    .end_ns = end_of(faults, index),
                                    .draw = &draw,
                                    .state = &faults->states[index]};
    const int64_t due_ns = occasion->kind == OCCASION_MESSAGE ? occasion->u.message.at_ns : 0;
    if (!INJECTOR_TABLE[fault->injector].meet(&turn, occasion)) return false;
    if (occasion->kind == OCCASION_MESSAGE) let_go(&occasion->u.message, due_ns, turn.end_ns);
    faults->states[index].count++;
    return true;
}

static bool is_any_armed(const struct faults *faults, enum occasion_kind kind)
{
    return faults && faults->armed[kind].count > 0;
}

bool faults_meet(struct faults *faults, int64_t now_ns, struct occasion *occasion)
{
    bool has_changed = false;
    if (!is_any_armed(faults, occasion->kind)) return false;
    const struct armed_list *list = &faults->armed[occasion->kind];
    for (uint32_t i = 0; i < list->count; i++) {
        struct fault_counts *counts = &faults->counts[fault_at(faults, list->indices[i])->injector];
        counts->reached++;
        if (!turn(faults, now_ns, list->indices[i], occasion)) continue;
        counts->fired++;
        has_changed = true;
    }
    return has_changed;
}

/* ---- moments ---- */

int64_t faults_next_ns(const struct faults *faults)
{
    uint32_t index;
    int64_t at_ns;
    return faults && heap_top(&faults->moments, &index, &at_ns) ? at_ns : NEVER_NS;
}

/* A deed of this fault, begun or ended; true when there is something to be done. */
static bool act(struct faults *faults, int64_t now_ns, uint32_t index, bool is_end,
                struct occasion_deed *deed)
{
    struct occasion occasion = {.kind = OCCASION_DEED, .entity = 0, .ordinal = faults->acts[index]++};
    occasion.u.deed = (struct occasion_deed){.is_end = is_end, .next_ns = NEVER_NS};
    faults->counts[fault_at(faults, index)->injector].reached += !is_end;
    bool is_wanted = turn(faults, now_ns, index, &occasion);
    *deed = occasion.u.deed;
    return is_wanted && deed->deed != DEED_NONE;
}

static bool act_again(struct faults *faults, int64_t now_ns, uint32_t index, struct occasion_deed *deed)
{
    bool is_wanted = act(faults, now_ns, index, false, deed);
    /* While it lasts, a chance that said no is asked again a second later, as one that said yes would have
     * been. */
    bool is_refused = !is_wanted && fault_at(faults, index)->for_ns > 0 && deed->next_ns == NEVER_NS;
    faults->acts_ns[index] = is_refused ? ns_after(now_ns, NS_PER_S) : deed->next_ns;
    ASSERT(faults->acts_ns[index] > now_ns);
    schedule_next(faults, index);
    return is_wanted;
}

bool faults_advance(struct faults *faults, int64_t now_ns, const struct fault **fault,
                    struct occasion_deed *deed)
{
    uint32_t index;
    int64_t at_ns;
    while (heap_top(&faults->moments, &index, &at_ns) && at_ns <= now_ns) {
        *fault = fault_at(faults, index);
        bool acts_itself = injector_at(faults, index)->occasion == OCCASION_DEED;
        if (faults->phases[index] == FAULT_WAITING) {
            begin(faults, now_ns, index);
            schedule_next(faults, index);
            continue;
        }
        bool is_due = faults->acts_ns[index] <= now_ns &&
                      (faults->acts[index] == 0 || faults->acts_ns[index] < end_of(faults, index));
        if (acts_itself && is_due) {
            if (act_again(faults, now_ns, index, deed)) return true;
            continue;
        }
        end(faults, now_ns, index);
        if (acts_itself && act(faults, now_ns, index, true, deed)) return true;
    }
    return false;
}

void faults_did(struct faults *faults, const struct fault *fault)
{
    faults->counts[fault->injector].fired++;
}

void faults_heal(struct faults *faults, int64_t now_ns)
{
    if (MUTANT(101)) return;
    for (uint32_t i = 0; faults && i < faults->options.schedule->count; i++) {
        if (faults->phases[i] == FAULT_WAITING) {
            faults->phases[i] = FAULT_OVER;
            heap_remove(&faults->moments, i);
        } else if (faults->phases[i] == FAULT_ARMED) {
            faults->acts_ns[i] = NEVER_NS;
            heap_set(&faults->moments, i, now_ns);
        }
    }
}

struct fault_counts faults_counts(const struct faults *faults, enum injector_id injector)
{
    return faults->counts[injector];
}

uint32_t faults_armed(const struct faults *faults)
{
    return faults ? faults->armed_count : 0;
}
