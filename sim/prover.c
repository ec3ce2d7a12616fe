/* sim/prover.c: profiles, and the law with its noise. */
#include "sim/prover.h"
#include "base/assert.h"
#include "base/sample.h"
#include "base/units.h"
#include <stdio.h>
#include <string.h>

enum {
    ATTEMPT_DRAWS = 1 << 16,
    DRAW_NOISE = 0,
    DRAW_STRETCH = 64,
    DRAW_COLD = 128,
    DRAW_VERIFY = 192, /* and on: a sampler takes what it needs */
    DRAW_INVALID = 1,  /* of RNG_ORGANIC_FAILURE; 0 is the workload's rejection draw */
    ATTEMPTS_MAX = 4096,
};

#define AT(field)  offsetof(struct prover_profile, field)
#define LAW(field) AT(law.field)
#define POINTS_MAX 1099511627776.0 /* 2^40: beyond any circuit */
#define POINT_MAX  1e9             /* ns: a second a point */

static const struct profile_key KEYS[] = {
    {"noise.sigma", PROFILE_NUMBER, 0, AT(noise_sigma), 0, 3},
    {"noise.stretch_chances", PROFILE_NUMBER, PROVER_STRETCHES, AT(stretch_chances), 0, 0.5},
    {"noise.stretch_factors", PROFILE_NUMBER, PROVER_STRETCHES, AT(stretch_factors), 1, 100},
    {"prover.cores", PROFILE_COUNT, 0, AT(cores), 0, 1000000},
    {"organic.invalid_chance", PROFILE_NUMBER, 0, AT(invalid_chance), 0, 1},
    {"batch.setup_ms", PROFILE_MS, 0, LAW(fixed_ns), 0, 3600000},
    {"batch.unit_ms", PROFILE_MS, 0, AT(unit_ns), 0, 3600000},
    {"batch.width", PROFILE_NUMBER, 0, LAW(width), 1, 10000},
    {"law.size", PROFILE_COUNT, 0, LAW(size), 1, POINTS_MAX},
    {"law.point_ns", PROFILE_NUMBER, 0, LAW(point_ns), 0, POINT_MAX},
    {"law.fixed_ms", PROFILE_MS, 0, LAW(fixed_ns), 0, 3600000},
    {"law.density", PROFILE_NUMBER, 0, LAW(density), 0.01, 100},
    {"law.curve_factor", PROFILE_NUMBER, 0, LAW(curve_factor), 0.01, 1000},
    {"law.system_factor", PROFILE_NUMBER, 0, LAW(system_factor), 0.001, 1000},
    {"law.threads", PROFILE_COUNT, 0, LAW(threads), 1, 4096},
    {"law.serial_share", PROFILE_NUMBER, 0, LAW(serial_share), 0, 1},
    {"cold.chance", PROFILE_NUMBER, 0, AT(cold_chance), 0, 1},
    {"cold.fixed_ms", PROFILE_MS, 0, LAW(load_fixed_ns), 0, 3600000},
    {"cold.point_ns", PROFILE_NUMBER, 0, LAW(load_point_ns), 0, POINT_MAX},
    {"recursion.compress_ms", PROFILE_MS, 0, LAW(compress_ns), 0, 3600000},
    {"recursion.wrap_size", PROFILE_COUNT, 0, LAW(wrap_size), 0, POINTS_MAX},
    {"recursion.aggregate_size", PROFILE_COUNT, 0, LAW(aggregate_size), 0, POINTS_MAX / 65536},
    {"recursion.fixed_ms", PROFILE_MS, 0, LAW(recursion_ns), 0, 3600000},
    {"recursion.point_ns", PROFILE_NUMBER, 0, LAW(recursion_point_ns), 0, POINT_MAX},
    {"verify.ms", PROFILE_MS, 0, AT(verify_ns), 0, 3600000},
    {"verify.sigma", PROFILE_NUMBER, 0, AT(verify_sigma), 0, 3},
    {"verify.by_worker", PROFILE_COUNT, 0, AT(verify_by_worker), 0, 1},
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS };
_Static_assert(sizeof KEYS / sizeof *KEYS <= PROFILE_KEYS_MAX, "one bit a row");
static const struct profile_table TABLE = {KEYS, KEY_COUNT};

#define ROWS(first, last) ((UINT64_C(2) << (last)) - (UINT64_C(1) << (first)))
enum {
    FIRST_ALWAYS = 0,
    FIRST_GIVEN = 5,
    ROW_WIDTH = 7,
    FIRST_LAW = 8,
    FIRST_COLD = 16,
    FIRST_RECURSION = 19
};
enum { FIRST_VERIFY = 24 };

/* Groups that a file has whole or not at all. */
static const uint64_t WHOLE[] = {
    ROWS(FIRST_GIVEN, ROW_WIDTH - 1),      ROWS(FIRST_LAW, FIRST_COLD - 1),
    ROWS(FIRST_COLD, FIRST_RECURSION - 1), ROWS(FIRST_RECURSION, FIRST_VERIFY - 1),
    ROWS(FIRST_VERIFY, KEY_COUNT - 1),
};

/* Which rows must be there, from those that are. */
static err require_groups(const struct profile_file *file, struct diag *diag)
{
    uint64_t wanted = ROWS(FIRST_ALWAYS, FIRST_GIVEN - 1), law = WHOLE[1], given = WHOLE[0];
    uint64_t of_law = law | ROWS(ROW_WIDTH, ROW_WIDTH) | ROWS(FIRST_COLD, FIRST_VERIFY - 1);
    if ((file->given & of_law) && (file->given & given))
        return diag_fail(diag, ERR_SYNTAX,
                         "%s: has a law and batch.setup_ms or batch.unit_ms; it must be one of them",
                         file->path);
    wanted |= file->given & of_law ? law : given;
    for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++)
        if (file->given & WHOLE[i]) wanted |= WHOLE[i];
    return profile_require(file, wanted, diag);
}

/* What a file leaves out, and what follows from what it has. */
static void complete(struct prover_profile *profile)
{
    struct prover_law *law = &profile->law;
    if (law->width < 1) law->width = 1;
    if (law->size > 0)
        profile->unit_ns = law_proof_ns(law);
    else
        law->size = law->threads = 1;
}

err prover_profile_check(const char *path, const char *text, struct diag *diag)
{
    struct prover_profile profile = {0};
    struct profile_file file = {.path = path, .table = &TABLE, .text = text};
    TRY(profile_read(&file, &profile, diag));
    return require_groups(&file, diag);
}

static err file_load(struct prover_profile *out, const char *folder, const char *name, struct diag *diag)
{
    struct profile_place place = {"prover", folder, name};
    struct prover_profile profile = {0};
    char path[PROFILE_PATH_BYTES];
    struct profile_file file = {.path = path, .table = &TABLE};
    TRY(profile_path(&place, path, diag));
    TRY(profile_read(&file, &profile, diag));
    TRY(require_groups(&file, diag));
    complete(&profile);
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

/* What comes on top of the law's time, on a machine that is not crowded. */
static double extra_ns(const struct prover_profile *profile, const struct rng *rng,
                       const struct prover_batch *batch)
{
    uint32_t place = batch->attempt * ATTEMPT_DRAWS;
    double extra_ns = 0;
    if (profile->cold_chance > 0) {
        struct draw draw = draw_at(rng, RNG_PROOF_NOISE, batch->first_task, place + DRAW_COLD);
        if (draw_chance(&draw, profile->cold_chance)) extra_ns += (double)law_load_ns(&profile->law);
    }
    if (profile->verify_by_worker) {
        struct draw draw = draw_at(rng, RNG_PROOF_NOISE, batch->first_task, place + DRAW_VERIFY);
        double one_ns = (double)profile->verify_ns * sample_lognormal(&draw, profile->verify_sigma);
        extra_ns += batch->proofs * one_ns;
    }
    return extra_ns;
}

static double lawful_ns(const struct prover_profile *profile, const struct rng *rng,
                        const struct prover_batch *batch)
{
    double share = profile->cores > 0 ? law_crowding(&profile->law, profile->cores, batch->busy_workers) : 1;
    double work_ns = law_batch_ns(&profile->law, profile->unit_ns, batch->proofs);
    work_ns += extra_ns(profile, rng, batch);
    return work_ns * noise(profile, rng, batch) * share;
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
        double batch_ns = lawful_ns(profile, rng, batch);
        span_ns = batch_ns < (double)NS_PER_DAY ? (int64_t)batch_ns : NS_PER_DAY;
    }
    return span_ns > 0 ? span_ns : 1;
}

bool prover_is_invalid(const struct prover_profile *profile, const struct rng *rng, uint64_t task,
                       uint32_t attempt)
{
    if (profile->verify_by_worker) return false;
    struct draw draw = draw_at(rng, RNG_ORGANIC_FAILURE, task, attempt * ATTEMPT_DRAWS + DRAW_INVALID);
    return draw_chance(&draw, profile->invalid_chance);
}

double prover_capacity(const struct prover_profile *profile, uint32_t workers, uint32_t batch_size)
{
    double batch_ns, crowding = 1;
    if (profile->is_distribution) {
        batch_ns = dist_mean_ns(&profile->batch);
    } else {
        batch_ns = law_batch_ns(&profile->law, profile->unit_ns, batch_size);
        batch_ns += profile->cold_chance * (double)law_load_ns(&profile->law);
        if (profile->verify_by_worker) batch_ns += (double)batch_size * (double)profile->verify_ns;
        if (profile->cores > 0) crowding = law_crowding(&profile->law, profile->cores, workers);
    }
    double at_once = (double)workers / crowding;
    return at_once * batch_size * (double)NS_PER_S / (batch_ns > 1 ? batch_ns : 1);
}
