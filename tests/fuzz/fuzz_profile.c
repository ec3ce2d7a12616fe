/* tests/fuzz/fuzz_profile.c: any bytes as a profile of a chain and of a prover. */
#include "base/rng.h"
#include "base/units.h"
#include "sim/chain.h"
#include "sim/prover.h"
#include "tests/fuzz/fuzz.h"

static void use_chain(const struct chain_profile *profile)
{
    struct chain *chain;
    struct chain_fate fate;
    const struct chain_options options = {.profile = profile, .seed = 1};
    const struct chain_request request = {.now_ns = NS_PER_S, .task = 1};
    if (chain_open(&chain, &options) != OK) return;
    if (chain_submit(chain, &request, &fate) == OK) ASSERT(fate.accepted_ns >= request.now_ns);
    chain_free(chain);
}

static void use_prover(const struct prover_profile *profile)
{
    const struct rng rng = rng_keyed(1, 0);
    const struct prover_batch batch = {.first_task = 1, .proofs = 3, .busy_workers = 2};
    ASSERT(prover_batch_ns(profile, &rng, &batch) >= 0);
    ASSERT(prover_capacity(profile, 4, 10) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct fuzz_file file = fuzz_file_open(bytes, size_bytes);
    struct diag diag = {0};
    struct chain_profile chain;
    struct prover_profile prover;
    err e = chain_profile_load(&chain, "scenarios/chain", file.path, &diag);
    fuzz_judge(e, &diag);
    if (e == OK) use_chain(&chain);
    diag = (struct diag){0};
    e = prover_profile_load(&prover, "scenarios/prover", file.path, &diag);
    fuzz_judge(e, &diag);
    if (e == OK) {
        use_prover(&prover);
        prover_profile_close(&prover);
    }
    fuzz_file_close(&file);
    return 0;
}
