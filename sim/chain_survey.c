/* sim/chain_survey.c: walks slots, sends transactions, keeps what was seen. */
#include "sim/chain_survey.h"
#include "base/sent_csv.h"
#include "base/sort.h"
#include "base/units.h"
#include "sim/chain_slots.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define TEXT_(name, text) [name] = text,
static const char *const NAMES[] = {CHAIN_QUANTITIES(TEXT_)};
static const char *const STATES[] = {
    [SLOT_BLOCK] = "block", [SLOT_SKIPPED] = "skipped", [SLOT_ABANDONED] = "abandoned"};
static const char *const VERDICTS[] = {
    [CHAIN_LANDS] = "landed", [CHAIN_REFUSED] = "refused", [CHAIN_EXPIRES] = "expired"};

const char *chain_quantity_name(enum chain_quantity quantity)
{
    return NAMES[quantity];
}

static void see(struct chain_survey *survey, enum chain_quantity quantity, int64_t span_ns)
{
    struct chain_values *values = &survey->values[quantity];
    values->ns[values->count++] = span_ns;
}

static void write_ms(FILE *out, int64_t at_ns)
{
    if (at_ns == NEVER_NS)
        fputs(",", out);
    else
        fprintf(out, ",%" PRId64 ".%03" PRId64, at_ns / NS_PER_MS, at_ns % NS_PER_MS / 1000);
}

/* How many blocks a fork lost: the run of abandoned slots, skipped ones aside. */
static void see_fork(struct chain_survey *survey, uint32_t *depth)
{
    if (*depth) survey->forks[*depth < CHAIN_FORKS_TOLD ? *depth - 1 : CHAIN_FORKS_TOLD - 1]++;
    *depth = 0;
}

static err see_block(struct chain_survey *survey, struct chain_slots *chain, const struct chain_slot *slot,
                     int64_t *final_ns)
{
    TRY(chain_slots_finalized_ns(chain, slot->height, final_ns));
    survey->blocks++;
    see(survey, CHAIN_PROCESSED, slot->freeze_ns - slot->start_ns);
    see(survey, CHAIN_CONFIRM, slot->confirmed_ns - slot->freeze_ns);
    see(survey, CHAIN_CONFIRMED, slot->confirmed_ns - slot->start_ns);
    see(survey, CHAIN_FINALIZED, *final_ns - slot->start_ns);
    return OK;
}

static void write_slot(FILE *out, uint32_t index, const struct chain_slot *slot, int64_t final_ns)
{
    fprintf(out, "%u", index);
    write_ms(out, slot->start_ns);
    write_ms(out, slot->end_ns);
    write_ms(out, slot->freeze_ns);
    write_ms(out, slot->confirmed_ns);
    write_ms(out, final_ns);
    fprintf(out, ",%s\n", STATES[slot->state]);
}

static void see_halts(struct chain_survey *survey, const struct chain_causes *causes, int64_t until_ns)
{
    for (uint32_t i = 0; i < causes->halt_count && causes->halts[i].until_ns <= until_ns; i++) {
        survey->halts++;
        survey->dropped += causes->halts[i].dropped;
        survey->halted_ns += causes->halts[i].until_ns - causes->halts[i].from_ns;
    }
}

static err walk(struct chain_survey *survey, const struct chain_survey_order *order)
{
    struct chain_slots chain;
    uint32_t depth = 0;
    int64_t before_ns = survey->span_ns;
    TRY(chain_slots_open(&chain, order->profile, order->seed, 0));
    err e = chain_slots_reach_slot(&chain, order->slots);
    if (order->samples)
        fputs("slot,start_ms,end_ms,frozen_ms,confirmed_ms,finalized_ms,state\n", order->samples);
    for (uint32_t i = 0; i < order->slots && e == OK; i++) {
        const struct chain_slot slot = chain.slots[i]; /* a copy: the table grows */
        int64_t final_ns = NEVER_NS;
        if (slot.state != SLOT_ABANDONED) see_fork(survey, &depth);
        if (slot.state == SLOT_BLOCK) e = see_block(survey, &chain, &slot, &final_ns);
        survey->skipped += slot.state == SLOT_SKIPPED;
        survey->abandoned += slot.state == SLOT_ABANDONED;
        depth += slot.state == SLOT_ABANDONED;
        see(survey, CHAIN_SLOT, slot.end_ns - slot.start_ns);
        survey->span_ns = before_ns + slot.end_ns;
        if (order->samples) write_slot(order->samples, i, &slot, final_ns);
    }
    see_fork(survey, &depth);
    see_halts(survey, &chain.causes, survey->span_ns - before_ns);
    chain_slots_close(&chain);
    return e;
}

static void write_transaction(FILE *out, int64_t sent_ns, const struct chain_fate *fate)
{
    fprintf(out, "%" PRId64 ".%03" PRId64 ",%s", sent_ns / NS_PER_MS, sent_ns % NS_PER_MS / 1000,
            VERDICTS[fate->verdict]);
    write_ms(out, fate->processed_ns);
    write_ms(out, fate->confirmed_ns);
    write_ms(out, fate->finalized_ns);
    if (fate->verdict == CHAIN_LANDS)
        fprintf(out, ",%u\n", fate->slot - fate->submit_slot);
    else
        fputs(",\n", out);
}

static void see_fate(struct chain_survey *survey, int64_t sent_ns, const struct chain_fate *fate)
{
    survey->refused += fate->verdict == CHAIN_REFUSED;
    survey->expired += fate->verdict == CHAIN_EXPIRES;
    if (fate->verdict != CHAIN_LANDS) return;
    survey->slots_to_land[survey->landed++] = fate->slot - fate->submit_slot;
    see(survey, CHAIN_SENT_CONFIRMED, fate->confirmed_ns - sent_ns);
    see(survey, CHAIN_SENT_FINALIZED, fate->finalized_ns - sent_ns);
}

/* The time of the slots in equal shares, a transaction in each, anywhere in it: all phases of a slot come up,
 * and every spell of weather has its part. */
static int64_t send_ns(const struct chain_survey_order *order, int64_t span_ns, uint32_t index)
{
    const struct rng rng = rng_keyed(order->seed, 0);
    struct draw draw = draw_at(&rng, RNG_SENDING, index, 0);
    int64_t share_ns = span_ns / order->transactions;
    return index * share_ns + (share_ns ? (int64_t)draw_below(&draw, (uint64_t)share_ns) : 0);
}

static err send_all(struct chain_survey *survey, const struct chain_survey_order *order, int64_t span_ns)
{
    const struct chain_options options = {
        .profile = order->profile, .path = order->path, .seed = order->seed};
    struct chain *chain;
    TRY(chain_open(&chain, &options));
    if (order->samples && order->transactions) fputs("\n" SENT_CSV_HEADER "\n", order->samples);
    err e = OK;
    for (uint32_t i = 0; i < order->transactions && e == OK; i++) {
        const struct chain_request request = {.now_ns = send_ns(order, span_ns, i), .task = i + 1};
        struct chain_fate fate;
        e = chain_submit(chain, &request, &fate);
        if (e != OK) break;
        survey->transactions++;
        see_fate(survey, request.now_ns, &fate);
        if (order->samples) write_transaction(order->samples, request.now_ns, &fate);
    }
    chain_free(chain);
    return e;
}

static err allocate(struct chain_survey *survey, const struct chain_survey_order *order)
{
    for (int i = 0; i < CHAIN_QUANTITY_COUNT; i++) {
        uint32_t room = i < CHAIN_SENT_CONFIRMED ? order->slots : order->transactions;
        survey->values[i].ns = malloc((room + (size_t)1) * sizeof *survey->values[i].ns);
        if (!survey->values[i].ns) return ERR_NOMEM;
    }
    survey->slots_to_land = malloc((order->transactions + (size_t)1) * sizeof *survey->slots_to_land);
    return survey->slots_to_land ? OK : ERR_NOMEM;
}

err chain_survey(struct chain_survey *out, const struct chain_survey_order *order, struct diag *diag)
{
    struct chain_survey survey = {0};
    if (order->profile->is_fixed)
        return diag_fail(diag, ERR_RANGE, "%s has no slots to describe", order->profile->name);
    err e = allocate(&survey, order);
    struct chain_survey_order run = *order;
    uint32_t runs = order->runs ? order->runs : 1;
    run.slots /= runs;
    run.transactions /= runs;
    survey.slots = run.slots * runs;
    for (uint32_t i = 0; i < runs && e == OK; i++, run.seed++) {
        int64_t before_ns = survey.span_ns;
        e = walk(&survey, &run);
        if (e == OK) e = send_all(&survey, &run, survey.span_ns - before_ns);
    }
    if (e != OK) {
        chain_survey_close(&survey);
        return diag_fail(diag, e, "%s: %s", order->profile->name, chain_slots_why(e));
    }
    for (int i = 0; i < CHAIN_QUANTITY_COUNT; i++) sort_i64(survey.values[i].ns, survey.values[i].count);
    sort_u32(survey.slots_to_land, survey.landed);
    *out = survey;
    return OK;
}

void chain_survey_close(struct chain_survey *survey)
{
    for (int i = 0; i < CHAIN_QUANTITY_COUNT; i++) free(survey->values[i].ns);
    free(survey->slots_to_land);
    *survey = (struct chain_survey){0};
}

int64_t chain_survey_quantile_ns(const struct chain_survey *survey, enum chain_quantity quantity,
                                 double share)
{
    const struct chain_values *values = &survey->values[quantity];
    if (values->count == 0) return NEVER_NS;
    uint32_t rank = (uint32_t)ceil(share * values->count);
    return values->ns[rank ? rank - 1 : 0];
}
