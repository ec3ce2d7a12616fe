/* chaos/coverage.c: where each thing has its bit, which bits can be set at all, and what they are called.
 *
 * Possible is what the tables of the engine and its handlers let happen, whoever asks: a pair of transitions
 * is possible when both are legal and the first ends where the second begins. */
#include "chaos/coverage.h"
#include "base/assert.h"
#include "chaos/injector.h"
#include <string.h>

enum { ERRORS = ERR_IO + 1, NAME_BYTES = 96 };

/* ---- where ---- */

#define STATES      TASK_STATUS_COUNT
#define TRANSITIONS (STATES * STATES)

static const uint32_t SIZES[COVERAGE_GROUP_COUNT] = {
    [COVERAGE_TRANSITIONS] = TRANSITIONS,
    [COVERAGE_PAIRS] = TRANSITIONS * STATES,
    [COVERAGE_DENIALS] = WAIT_REASON_COUNT,
    [COVERAGE_REFUSALS] = REFUSAL_COUNT,
    [COVERAGE_ANSWERS] = EVENT_KIND_COUNT * ERRORS,
    [COVERAGE_REASONS] = REASON_COUNT,
    [COVERAGE_BREAKER] = BREAKER_STATE_COUNT * BREAKER_STATE_COUNT * TRIGGER_COUNT,
    [COVERAGE_EFFECTS] = EFFECT_KIND_COUNT,
    [COVERAGE_INJECTORS] = INJECTOR_COUNT,
};
_Static_assert(TRANSITIONS + TRANSITIONS * STATES + WAIT_REASON_COUNT + REFUSAL_COUNT +
                       EVENT_KIND_COUNT * ERRORS + REASON_COUNT +
                       BREAKER_STATE_COUNT * BREAKER_STATE_COUNT * TRIGGER_COUNT + EFFECT_KIND_COUNT +
                       INJECTOR_COUNT <=
                   COVERAGE_BITS,
               "everything has its bit");

static uint32_t first_of(enum coverage_group group)
{
    uint32_t first = 0;
    for (int before = 0; before < (int)group; before++) first += SIZES[before];
    return first;
}

static void reach(struct coverage *coverage, enum coverage_group group, uint32_t index)
{
    ASSERT(index < SIZES[group]);
    uint32_t bit = first_of(group) + index;
    coverage->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool is_reached(const struct coverage *coverage, enum coverage_group group, uint32_t index)
{
    uint32_t bit = first_of(group) + index;
    return coverage->bits[bit / 64] >> bit % 64 & 1;
}

/* ---- what happens ---- */

void coverage_begin(struct coverage *coverage)
{
    memset(coverage->last, 0, sizeof coverage->last);
}

void coverage_event(struct coverage *coverage, const struct event *event, err answer,
                    const struct engine_stats *stats)
{
    reach(coverage, COVERAGE_ANSWERS, (uint32_t)event->kind * ERRORS + answer);
    if (event->kind != EVENT_SUBMIT || answer == OK) return;
    for (uint32_t refusal = 0; refusal < REFUSAL_COUNT; refusal++)
        if (stats->refused[refusal] > 0) reach(coverage, COVERAGE_REFUSALS, refusal);
}

/* The note of a task's birth leads from its first status to the same. */
static void move(struct coverage *coverage, const struct effect *effect)
{
    uint32_t from = effect->u.status.from, to = effect->u.status.to;
    uint8_t *last = effect->task_id < COVERAGE_TASKS ? &coverage->last[effect->task_id] : NULL;
    if (effect->u.status.reason < REASON_COUNT) reach(coverage, COVERAGE_REASONS, effect->u.status.reason);
    if (from == to) {
        if (last) *last = 0;
        return;
    }
    reach(coverage, COVERAGE_TRANSITIONS, from * STATES + to);
    if (!last) return;
    if (*last) reach(coverage, COVERAGE_PAIRS, (*last - 1u) * TRANSITIONS + from * STATES + to);
    *last = (uint8_t)(1 + from);
}

void coverage_effect(struct coverage *coverage, const struct effect *effect)
{
    reach(coverage, COVERAGE_EFFECTS, effect->kind);
    switch (effect->kind) {
    case NOTE_STATUS: move(coverage, effect); break;
    case NOTE_WAIT: reach(coverage, COVERAGE_DENIALS, effect->u.wait.reason); break;
    case NOTE_BREAKER:
        reach(coverage, COVERAGE_BREAKER,
              ((uint32_t)effect->u.breaker.from * BREAKER_STATE_COUNT + effect->u.breaker.to) *
                      TRIGGER_COUNT +
                  effect->u.breaker.trigger);
        break;
    default: break;
    }
}

void coverage_fired(struct coverage *coverage, uint32_t injector)
{
    reach(coverage, COVERAGE_INJECTORS, injector);
}

/* ---- what can happen ---- */

static bool leads(enum machine machine, uint32_t from, uint32_t to)
{
    for (unsigned move = 0; move < machine_move_count(machine); move++)
        if (machine_cell(machine, from, move) == to + 1) return true;
    return false;
}

/* Answers other than yes: what the handlers of engine/ return. */
#define STALE    (1u << ERR_STALE)
#define RANGE    (1u << ERR_RANGE)
#define LIMIT    (1u << ERR_LIMIT)
#define CONFLICT (1u << ERR_CONFLICT)
static const unsigned ANSWERS[EVENT_KIND_COUNT] = {
    [EVENT_DEPOSIT] = RANGE | LIMIT,
    [EVENT_SUBMIT] = RANGE | LIMIT,
    [EVENT_EXECUTED] = STALE | RANGE,
    [EVENT_EXECUTION_FAILED] = STALE | RANGE,
    [EVENT_ABORTED] = STALE | RANGE,
    [EVENT_RESTORED] = STALE,
    [EVENT_PROOF_DONE] = STALE,
    [EVENT_PROOF_FAILED] = STALE,
    [EVENT_WORKER_FREE] = STALE,
    [EVENT_TX_ACCEPTED] = STALE,
    [EVENT_TX_REFUSED] = STALE,
    [EVENT_TX_DROPPED] = STALE,
    [EVENT_TX_REJECTED] = STALE,
    [EVENT_CONFIRMED] = STALE,
    [EVENT_FINALIZED] = STALE,
    [EVENT_REVERTED] = STALE,
    [EVENT_CLAIM_RENEWED] = STALE | RANGE,
    [EVENT_WITHDRAW] = RANGE | CONFLICT,
    [EVENT_CANCEL] = STALE,
    [EVENT_ROLLBACK] = STALE | RANGE,
    [EVENT_FORCE_ROLLBACK] = RANGE,
    [EVENT_DRAIN] = RANGE | CONFLICT,
    [EVENT_EMERGENCY] = RANGE,
    [EVENT_TIMEOUT_STALE] = RANGE,
    [EVENT_PROOF_RETRY] = STALE | CONFLICT,
    [EVENT_SNAPSHOTS_CLEAR] = RANGE,
    [EVENT_BREAKER_ENABLE] = CONFLICT,
};

/* A failed trial opens a breaker that is half open, and no other; every note names the last opening's cause.
 */
static bool can_break(uint32_t from, uint32_t to, enum breaker_trigger trigger)
{
    bool is_first = from == BREAKER_CLOSED && to == BREAKER_OPEN;
    return leads(MACHINE_BREAKER, from, to) && trigger != TRIGGER_NONE &&
           !(is_first && trigger == TRIGGER_PROBE_FAILED);
}

static bool can_follow(uint32_t first, uint32_t middle, uint32_t last)
{
    return leads(MACHINE_TASK, first, middle) && leads(MACHINE_TASK, middle, last);
}

static bool is_possible(enum coverage_group group, uint32_t index)
{
    switch (group) {
    case COVERAGE_TRANSITIONS: return leads(MACHINE_TASK, index / STATES, index % STATES);
    case COVERAGE_PAIRS: return can_follow(index / TRANSITIONS, index / STATES % STATES, index % STATES);
    case COVERAGE_DENIALS: return index != WAIT_NONE;
    case COVERAGE_REFUSALS: return index != REFUSED_NOT;
    case COVERAGE_ANSWERS: return index % ERRORS == OK || ANSWERS[index / ERRORS] >> index % ERRORS & 1;
    case COVERAGE_BREAKER:
        return can_break(index / TRIGGER_COUNT / BREAKER_STATE_COUNT,
                         index / TRIGGER_COUNT % BREAKER_STATE_COUNT,
                         (enum breaker_trigger)(index % TRIGGER_COUNT));
    case COVERAGE_REASONS:
    case COVERAGE_EFFECTS:
    case COVERAGE_INJECTORS: return true;
    case COVERAGE_GROUP_COUNT: break;
    }
    return false;
}

/* ---- sums ---- */

uint32_t coverage_join(struct coverage *into, const struct coverage *from)
{
    uint32_t news = 0;
    for (uint32_t word = 0; word < COVERAGE_BITS / 64; word++) {
        news += (uint32_t)__builtin_popcountll(from->bits[word] & ~into->bits[word]);
        into->bits[word] |= from->bits[word];
    }
    return news;
}

uint32_t coverage_count(const struct coverage *coverage, enum coverage_group group)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < SIZES[group]; index++)
        count += is_possible(group, index) && is_reached(coverage, group, index);
    return count;
}

uint32_t coverage_possible(enum coverage_group group)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < SIZES[group]; index++) count += is_possible(group, index);
    return count;
}

/* ---- names ---- */

const char *coverage_group_name(enum coverage_group group)
{
#define TEXT_(name, text) [name] = text,
    static const char *const NAMES[] = {COVERAGE_GROUPS(TEXT_)};
#undef TEXT_
    return NAMES[group];
}

static const char *status_name(uint32_t status)
{
    return machine_state_name(MACHINE_TASK, status);
}

static void name_bit(enum coverage_group group, uint32_t index, char out[NAME_BYTES])
{
    const char *const ANSWERS_OF[ERRORS] = {
        [OK] = "yes",          [ERR_STALE] = "stale",       [ERR_RANGE] = "out of range",
        [ERR_LIMIT] = "limit", [ERR_CONFLICT] = "conflict",
    };
    switch (group) {
    case COVERAGE_TRANSITIONS:
        snprintf(out, NAME_BYTES, "%s > %s", status_name(index / STATES), status_name(index % STATES));
        return;
    case COVERAGE_PAIRS:
        snprintf(out, NAME_BYTES, "%s > %s > %s", status_name(index / TRANSITIONS),
                 status_name(index / STATES % STATES), status_name(index % STATES));
        return;
    case COVERAGE_ANSWERS:
        snprintf(out, NAME_BYTES, "%s: %s", event_kind_name((enum event_kind)(index / ERRORS)),
                 ANSWERS_OF[index % ERRORS]);
        return;
    case COVERAGE_BREAKER:
        snprintf(out, NAME_BYTES, "%s > %s, %s",
                 machine_state_name(MACHINE_BREAKER, index / TRIGGER_COUNT / BREAKER_STATE_COUNT),
                 machine_state_name(MACHINE_BREAKER, index / TRIGGER_COUNT % BREAKER_STATE_COUNT),
                 breaker_trigger_name((enum breaker_trigger)(index % TRIGGER_COUNT)));
        return;
    case COVERAGE_DENIALS: snprintf(out, NAME_BYTES, "%s", wait_reason_name((enum wait_reason)index)); return;
    case COVERAGE_REFUSALS: snprintf(out, NAME_BYTES, "%s", refusal_name((enum refusal)index)); return;
    case COVERAGE_REASONS:
        snprintf(out, NAME_BYTES, "%s", rollback_reason_name((enum rollback_reason)index));
        return;
    case COVERAGE_EFFECTS: snprintf(out, NAME_BYTES, "%s", effect_kind_name((enum effect_kind)index)); return;
    case COVERAGE_INJECTORS: snprintf(out, NAME_BYTES, "%s", INJECTOR_TABLE[index].name); return;
    case COVERAGE_GROUP_COUNT: break;
    }
}

void coverage_print_missing(const struct coverage *coverage, enum coverage_group group, FILE *out)
{
    char name[NAME_BYTES] = "";
    for (uint32_t index = 0; index < SIZES[group]; index++) {
        if (!is_possible(group, index) || is_reached(coverage, group, index)) continue;
        name_bit(group, index, name);
        fprintf(out, "%s\n", name);
    }
}
