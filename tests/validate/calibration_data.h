/* tests/validate/calibration_data.h: measurements drawn from models whose parameters are known. */
#pragma once
#include "base/csv.h"
#include "reports/fit.h"
#include "sim/chain_profile.h"
#include "sim/prover.h"
#include <stdint.h>

enum { DATA_PROOFS = 4000, DATA_SLOTS = 8000, DATA_SENT = 4000, DATA_JOBS_MOST = 20000 };

struct prover_profile data_prover(void);
struct chain_profile data_chain(void);

/* Tables as csv_read would give them; csv_close frees them. */
struct csv_table data_proofs(const struct prover_profile *profile, uint64_t seed);
struct csv_table data_slots(const struct chain_profile *profile, uint64_t seed);
struct csv_table data_transactions(const struct chain_profile *profile, uint64_t seed);
struct csv_table data_jobs(uint64_t seed);

/* A sorted sample of a family; free(). */
double *data_family(enum fit_family family, const double parameters[FIT_PARAMETERS], uint32_t count,
                    uint64_t seed);
