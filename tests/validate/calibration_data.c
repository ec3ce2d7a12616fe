/* tests/validate/calibration_data.c: the models of the simulator, asked for rows. */
#include "tests/validate/calibration_data.h"
#include "base/assert.h"
#include "base/sample.h"
#include "base/units.h"
#include "loadgen/workload.h"
#include "reports/calibration.h"
#include "sim/chain.h"
#include "sim/chain_slots.h"
#include <math.h>
#include <stdlib.h>

static double ms_of(int64_t ns)
{
    return ns == NEVER_NS ? NAN : (double)ns / (double)NS_PER_MS;
}

static struct csv_table table_of(uint32_t form, uint32_t rows, uint32_t columns)
{
    struct csv_table table = {.form = form, .row_count = rows};
    for (uint32_t i = 0; i < columns; i++) {
        table.values[i] = calloc(rows, sizeof *table.values[i]);
        ASSERT(table.values[i]);
    }
    return table;
}

struct prover_profile data_prover(void)
{
    struct prover_profile profile;
    err e = prover_profile_load(&profile, "scenarios/prover", "light-protocol", NULL);
    ASSERT(e == OK);
    profile.invalid_chance = 0.01; /* so that 4000 rows have some */
    return profile;
}

struct chain_profile data_chain(void)
{
    struct chain_profile profile;
    err e = chain_profile_load(&profile, "scenarios/chain", "mainnet", NULL);
    ASSERT(e == OK);
    profile.fidelity = CHAIN_FITTED; /* laws are what is fitted */
    return profile;
}

struct csv_table data_proofs(const struct prover_profile *profile, uint64_t seed)
{
    struct csv_table table = table_of(0, DATA_PROOFS, PROVER_COLUMNS);
    struct rng rng = rng_keyed(seed, 0);
    for (uint32_t i = 0; i < DATA_PROOFS; i++) {
        struct prover_batch batch = {.first_task = i, .proofs = 1 + i % 10, .busy_workers = 1};
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        table.values[PROVER_MS][i] = ms_of(prover_batch_ns(profile, &rng, &batch));
        table.values[PROVER_BATCH][i] = batch.proofs;
        table.values[PROVER_VERIFY][i] =
            ms_of(sample_lognormal_ns(&draw, profile->verify_ns, profile->verify_sigma));
        table.values[PROVER_OUTCOME][i] = prover_is_invalid(profile, &rng, i, 0);
    }
    return table;
}

struct csv_table data_slots(const struct chain_profile *profile, uint64_t seed)
{
    static const uint8_t STATES[] = {[SLOT_BLOCK] = CALIBRATE_BLOCK,
                                     [SLOT_SKIPPED] = CALIBRATE_SKIPPED,
                                     [SLOT_ABANDONED] = CALIBRATE_ABANDONED};
    struct csv_table table = table_of(0, DATA_SLOTS, SLOT_COLUMNS);
    struct chain_slots slots;
    err e = chain_slots_open(&slots, profile, seed, 0);
    ASSERT(e == OK);
    e = chain_slots_reach_slot(&slots, DATA_SLOTS + 100);
    ASSERT(e == OK);
    for (uint32_t i = 0; i < DATA_SLOTS; i++) {
        struct chain_slot slot = slots.slots[i];
        int64_t final_ns = NEVER_NS;
        if (slot.state == SLOT_BLOCK) e = chain_slots_finalized_ns(&slots, slot.height, &final_ns);
        ASSERT(e == OK);
        const double row[] = {i,
                              ms_of(slot.start_ns),
                              ms_of(slot.end_ns),
                              ms_of(slot.freeze_ns),
                              ms_of(slot.confirmed_ns),
                              ms_of(final_ns),
                              STATES[slot.state]};
        for (uint32_t c = 0; c < SLOT_COLUMNS; c++) table.values[c][i] = row[c];
    }
    chain_slots_close(&slots);
    return table;
}

struct csv_table data_transactions(const struct chain_profile *profile, uint64_t seed)
{
    static const uint8_t OUTCOMES[] = {[CHAIN_LANDS] = CALIBRATE_LANDED,
                                       [CHAIN_REFUSED] = CALIBRATE_REFUSED,
                                       [CHAIN_EXPIRES] = CALIBRATE_EXPIRED};
    struct csv_table table = table_of(1, DATA_SENT, SENT_COLUMNS);
    const struct chain_options options = {.profile = profile, .path = CHAIN_STAKED, .seed = seed};
    struct chain *chain;
    err e = chain_open(&chain, &options);
    ASSERT(e == OK);
    for (uint32_t i = 0; i < DATA_SENT; i++) {
        const struct chain_request request = {.now_ns = (int64_t)i * 425 * NS_PER_MS, .task = i + 1};
        struct chain_fate fate;
        e = chain_submit(chain, &request, &fate);
        ASSERT(e == OK);
        const double row[] = {ms_of(request.now_ns),
                              OUTCOMES[fate.verdict],
                              ms_of(fate.processed_ns),
                              ms_of(fate.confirmed_ns),
                              ms_of(fate.finalized_ns),
                              fate.verdict == CHAIN_LANDS ? (double)(fate.slot - fate.submit_slot)
                                                          : ms_of(NEVER_NS)};
        for (uint32_t c = 0; c < SENT_COLUMNS; c++) table.values[c][i] = row[c];
    }
    chain_free(chain);
    return table;
}

struct csv_table data_jobs(uint64_t seed)
{
    struct workload_options options = workload_defaults();
    struct workload *workload;
    options.rate = 40;
    options.duration_ns = 3 * NS_PER_MIN;
    options.arrivals = "gamma:0.7";
    options.depth = "geometric:0.4";
    options.execution = "lognormal:200ms:0.5";
    options.seed = seed;
    err e = workload_open(&workload, &options, NULL);
    ASSERT(e == OK);
    struct csv_table table = table_of(0, workload->job_count, WORK_COLUMNS);
    for (uint32_t i = 0; i < workload->job_count; i++) {
        const struct workload_job *job = &workload->jobs[i];
        table.values[WORK_ARRIVAL][i] = ms_of(job->intended_ns);
        table.values[WORK_EXECUTION][i] = ms_of(workload->tasks[job->first_task].execution_ns);
        table.values[WORK_DEPTH][i] = job->task_count - 1;
    }
    workload_free(workload);
    return table;
}

static double draw_value(enum fit_family family, const double *p, struct draw *draw)
{
    switch (family) {
    case FIT_EXPONENTIAL: return p[0] * sample_exponential(draw);
    case FIT_NORMAL: return p[0] + p[1] * sample_normal(draw);
    case FIT_LOGNORMAL: return p[0] * sample_lognormal(draw, p[1]);
    case FIT_GAMMA: return p[0] * p[1] * p[1] * sample_gamma(draw, 1 / (p[1] * p[1]));
    case FIT_WEIBULL: return p[0] * pow(sample_exponential(draw), 1 / p[1]);
    case FIT_PARETO: return p[0] * sample_pareto(draw, p[1]);
    case FIT_FAMILIES: break;
    }
    return NAN;
}

double *data_family(enum fit_family family, const double parameters[FIT_PARAMETERS], uint32_t count,
                    uint64_t seed)
{
    struct rng rng = rng_keyed(seed, family);
    double *values = malloc(count * sizeof *values);
    ASSERT(values);
    for (uint32_t i = 0; i < count; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        values[i] = draw_value(family, parameters, &draw);
    }
    double *sorted = fit_sorted(values, count);
    free(values);
    return sorted;
}
