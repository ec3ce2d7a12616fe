/* sim/prover.c: the cost law of a batch. */
#include "sim/prover.h"
#include "base/assert.h"
#include "base/units.h"
#include <stdio.h>
#include <string.h>

enum {
    ATTEMPT_DRAWS = 1 << 16,
    DRAW_NOISE = 0,
    DRAW_STRETCH = 64,
    DRAW_INVALID = 1, /* of RNG_ORGANIC_FAILURE; 0 is the workload's rejection draw */
    ATTEMPTS_MAX = 4096,
};

#define AT(field) offsetof(struct prover_profile, field)
static const struct profile_key KEYS[] = {
    {"batch.setup_ms", PROFILE_MS, 0, AT(setup_ns), 0, 3600000},
    {"batch.unit_ms", PROFILE_MS, 0, AT(unit_ns), 0, 3600000},
    {"noise.sigma", PROFILE_NUMBER, 0, AT(noise_sigma), 0, 3},
    {"noise.stretch_chances", PROFILE_NUMBER, PROVER_STRETCHES, AT(stretch_chances), 0, 0.5},
    {"noise.stretch_factors", PROFILE_NUMBER, PROVER_STRETCHES, AT(stretch_factors), 1, 100},
    {"prover.cores", PROFILE_COUNT, 0, AT(cores), 0, 1000000},
    {"organic.invalid_chance", PROFILE_NUMBER, 0, AT(invalid_chance), 0, 1},
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS };
static const struct profile_table TABLE = {KEYS, KEY_COUNT};

static err file_load(struct prover_profile *out, const char *folder, const char *name, struct diag *diag)
{
    struct profile_place place = {"prover", folder, name};
    struct prover_profile profile = {0};
    char path[PROFILE_PATH_BYTES];
    struct profile_file file = {.path = path, .table = &TABLE};
    TRY(profile_path(&place, path, diag));
    TRY(profile_read(&file, &profile, diag));
    TRY(profile_require(&file, (UINT64_C(1) << KEY_COUNT) - 1, diag));
    snprintf(profile.name, sizeof profile.name, "%.*s", PROFILE_NAME_BYTES - 1, name);
    *out = profile;
    return OK;
}

err prover_profile_load(struct prover_profile *out, const char *folder, const char *name, struct diag *diag)
{
    if (!strchr(name, ':')) return file_load(out, folder, name, diag);
    struct prover_profile profile = {.is_distribution = true};
    TRY(dist_parse(&profile.batch, name, diag));
    snprintf(profile.name, sizeof profile.name, "%.*s", PROFILE_NAME_BYTES - 1, name);
    *out = profile;
    return OK;
}

void prover_profile_close(struct prover_profile *profile)
{
    dist_close(&profile->batch);
    *profile = (struct prover_profile){0};
}

static double noise(const struct prover_profile *profile, const struct rng *rng,
                    const struct prover_batch *batch)
{
    uint32_t place = batch->attempt * ATTEMPT_DRAWS;
    struct draw draw = draw_at(rng, RNG_PROOF_NOISE, batch->first_task, place + DRAW_NOISE);
    double factor = profile->noise_sigma > 0 ? sample_lognormal(&draw, profile->noise_sigma) : 1;
    draw = draw_at(rng, RNG_PROOF_NOISE, batch->first_task, place + DRAW_STRETCH);
    double left = draw_unit(&draw);
    for (int i = 0; i < PROVER_STRETCHES; i++) {
        left -= profile->stretch_chances[i];
        if (left < 0) return factor * profile->stretch_factors[i];
    }
    return factor;
}

int64_t prover_batch_ns(const struct prover_profile *profile, const struct rng *rng,
                        const struct prover_batch *batch)
{
    ASSERT(batch->proofs >= 1);
    ASSERT(batch->attempt < ATTEMPTS_MAX);
    int64_t span_ns;
    if (profile->is_distribution) {
        struct draw draw =
            draw_at(rng, RNG_PROOF_NOISE, batch->first_task, batch->attempt * ATTEMPT_DRAWS + DRAW_NOISE);
        span_ns = dist_sample_ns(&profile->batch, &draw);
    } else {
        double share = 1;
        if (profile->cores > 0 && batch->busy_workers > profile->cores)
            share = (double)batch->busy_workers / (double)profile->cores;
        double work_ns = (double)profile->setup_ns + (double)batch->proofs * (double)profile->unit_ns;
        double batch_ns = work_ns * noise(profile, rng, batch) * share;
        span_ns = batch_ns < (double)NS_PER_DAY ? (int64_t)batch_ns : NS_PER_DAY;
    }
    return span_ns > 0 ? span_ns : 1;
}

bool prover_is_invalid(const struct prover_profile *profile, const struct rng *rng, uint64_t task,
                       uint32_t attempt)
{
    struct draw draw = draw_at(rng, RNG_ORGANIC_FAILURE, task, attempt * ATTEMPT_DRAWS + DRAW_INVALID);
    return draw_chance(&draw, profile->invalid_chance);
}

double prover_capacity(const struct prover_profile *profile, uint32_t workers, uint32_t batch_size)
{
    double batch_ns = profile->is_distribution
                          ? dist_mean_ns(&profile->batch)
                          : (double)profile->setup_ns + (double)batch_size * (double)profile->unit_ns;
    bool is_crowded = !profile->is_distribution && profile->cores > 0 && workers > profile->cores;
    double at_once = is_crowded ? (double)profile->cores : (double)workers;
    return at_once * batch_size * (double)NS_PER_S / (batch_ns > 1 ? batch_ns : 1);
}
