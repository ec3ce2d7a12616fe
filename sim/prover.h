/* sim/prover.h: how long a batch of proofs takes.
 *
 * A batch of k proofs on one worker takes the law's time (sim/prover_law.h), or set-up + k * unit
 * where the profile gives those figures itself, times a noise: log-normal with median 1, stretched
 * now and then by other work on the machine. More busy workers than the profile has cores share the
 * threads. A cold batch loads its key first; a worker that verifies its proofs takes that time, too.
 * "fixed:500ms", or any other distribution of base/dist.h, is the time of a batch whatever its size
 * (semantics.md 34). The noise is keyed by the batch's first task and its attempt. No state.
 * Source: chain.md 6.4; semantics.md 4, 5. */
#pragma once
#include "base/dist.h"
#include "base/err.h"
#include "base/rng.h"
#include "sim/profile_keys.h"
#include "sim/prover_law.h"
#include <stdbool.h>
#include <stdint.h>

enum { PROVER_STRETCHES = 2 };

struct prover_profile {
    char name[PROFILE_NAME_BYTES];
    bool is_distribution;
    struct dist batch; /* when is_distribution */
    struct prover_law law;
    int64_t unit_ns;    /* of a proof: by the law, or as given */
    double cold_chance; /* of a batch, that its key must be loaded */
    int64_t verify_ns;  /* off-chain, median */
    double verify_sigma;
    int64_t verify_by_worker; /* 1: before it hands a proof over; none is invalid then */
    double noise_sigma;
    double stretch_chances[PROVER_STRETCHES], stretch_factors[PROVER_STRETCHES];
    int64_t cores;         /* workers that run side by side at full speed; 0: as many as there are */
    double invalid_chance; /* organic: the proof turns out invalid */
};

struct prover_batch {
    uint64_t first_task;
    uint32_t attempt;      /* of that task's proof, from 0: below 4096 */
    uint32_t proofs;       /* at least 1 */
    uint32_t busy_workers; /* this one included */
};

/* `name`: a distribution, the name of a file in `folder` without .toml, or a path ending in .toml.
 * Errors: of profile_keys.h and dist.h; ERR_SYNTAX also for both a law and set-up and unit, or neither. */
MUST_USE err prover_profile_load(struct prover_profile *out, const char *folder, const char *name,
                                 struct diag *diag);
/* Whether this text could be a profile in the file `path`. */
MUST_USE err prover_profile_check(const char *path, const char *text, struct diag *diag);
void prover_profile_close(struct prover_profile *profile); /* fine on a zeroed one */

int64_t prover_batch_ns(const struct prover_profile *profile, const struct rng *rng,
                        const struct prover_batch *batch); /* at least 1 */

/* Whether this task's proof of this attempt is invalid: the same in both arms. */
bool prover_is_invalid(const struct prover_profile *profile, const struct rng *rng, uint64_t task,
                       uint32_t attempt);

/* Proofs per second of so many workers with full batches: semantics.md 4. */
double prover_capacity(const struct prover_profile *profile, uint32_t workers, uint32_t batch_size);
