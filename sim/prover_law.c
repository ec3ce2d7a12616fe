/* sim/prover_law.c: the formulas, one a function. */
#include "sim/prover_law.h"
#include "base/assert.h"
#include "base/units.h"

static int64_t whole_ns(double ns)
{
    return ns < (double)NS_PER_DAY ? (int64_t)(ns + 0.5) : NS_PER_DAY;
}

int64_t law_domain(int64_t size)
{
    ASSERT(size >= 1 && size <= INT64_C(1) << 62);
    int64_t domain = 1;
    while (domain < size) domain *= 2;
    return domain;
}

double law_speedup(double threads, double serial_share)
{
    if (threads <= 1) return threads;
    return 1 / (serial_share + (1 - serial_share) / threads);
}

/* A Groth16 over other proofs, on the threads of the law. */
static double recursion_ns(const struct prover_law *law, int64_t size)
{
    double speedup = law_speedup((double)law->threads, law->serial_share);
    return (double)law->recursion_ns + law->recursion_point_ns * (double)law_domain(size) / speedup;
}

int64_t law_proof_ns(const struct prover_law *law)
{
    double speedup = law_speedup((double)law->threads, law->serial_share);
    double factor = law->density * law->curve_factor * law->system_factor;
    double ns = law->point_ns * (double)law_domain(law->size) * factor / speedup + (double)law->compress_ns;
    if (law->wrap_size > 0) ns += recursion_ns(law, law->wrap_size);
    return whole_ns(ns);
}

int64_t law_load_ns(const struct prover_law *law)
{
    return whole_ns((double)law->load_fixed_ns + law->load_point_ns * (double)law_domain(law->size));
}

int64_t law_aggregate_ns(const struct prover_law *law, uint32_t proofs)
{
    if (law->aggregate_size == 0 || proofs < 2) return 0;
    return whole_ns(recursion_ns(law, law->aggregate_size * proofs));
}

double law_batch_ns(const struct prover_law *law, int64_t proof_ns, uint32_t proofs)
{
    double rounds = proofs > law->width ? (double)proofs / law->width : 1; /* one is no faster than one */
    return (double)law->fixed_ns + rounds * (double)proof_ns + (double)law_aggregate_ns(law, proofs);
}

double law_crowding(const struct prover_law *law, int64_t cores, uint32_t workers)
{
    ASSERT(cores > 0);
    if (workers <= cores) return 1;
    double threads = (double)law->threads, left = threads * (double)cores / (double)workers;
    return law_speedup(threads, law->serial_share) / law_speedup(left, law->serial_share);
}
