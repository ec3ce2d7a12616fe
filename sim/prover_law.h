/* sim/prover_law.h: what a proof costs, from the size of its circuit and the machine.
 *
 *   domain     the size padded to a power of two: FFT and trace work on it, not on the constraints
 *   proof      point_ns * domain * density * curve * system / speed-up, + compression, + a Groth16
 *              over the proof where one wraps it
 *   speed-up   1 / (s + (1 - s) / threads), Amdahl; below one thread it is the share of a thread
 *   batch      fixed + proofs / width * proof, + a Groth16 over the batch where one aggregates it
 *   load       added to the batch of a cold start: bringing the key to the device
 * Nanoseconds, at most a day each. Only + - * / on doubles in this order, so every machine gets the
 * same bits; no noise, that is the prover's (sim/prover.h). No state.
 * Source: chain.md 6.4; what it predicts beside what was measured: docs/VALIDATION.md. */
#pragma once
#include <stdint.h>

struct prover_law {
    int64_t size;    /* constraints or cycles, at least 1 */
    double point_ns; /* of a point of the domain on one thread, or on the device */
    int64_t fixed_ns;
    double density;       /* of the witness: .5 many bits, 1 typical, 1.5 full of field elements */
    double curve_factor;  /* 1: BN254 */
    double system_factor; /* 1: Groth16 */
    int64_t threads;      /* at least 1 */
    double serial_share;  /* of the work, in 0 .. 1 */

    int64_t load_fixed_ns;
    double load_point_ns;

    int64_t compress_ns;
    int64_t wrap_size;         /* constraints of the Groth16 over each proof; 0: none */
    int64_t aggregate_size;    /* constraints a proof of the Groth16 over a batch; 0: none */
    int64_t recursion_ns;      /* fixed part of either */
    double recursion_point_ns; /* as point_ns, of either */
    double width;              /* proofs made side by side at the cost of one, at least 1 */
};

int64_t law_domain(int64_t size); /* the least power of two that holds it; size <= 2^62 */
double law_speedup(double threads, double serial_share);

int64_t law_proof_ns(const struct prover_law *law);
int64_t law_load_ns(const struct prover_law *law);
int64_t law_aggregate_ns(const struct prover_law *law, uint32_t proofs); /* 0 for one proof */

/* A batch whose proof takes proof_ns: of law_proof_ns, or a figure of somebody's own. */
double law_batch_ns(const struct prover_law *law, int64_t proof_ns, uint32_t proofs);

/* How much longer a proof takes when so many workers prove at once on a machine where `cores` of
 * them have all the threads they want; 1 up to there. cores > 0. */
double law_crowding(const struct prover_law *law, int64_t cores, uint32_t workers);
