/* tests/bench/bench_chain.c: what the slots of five minutes of mainnet cost: drawn, and by counting votes.
 *
 * Prints "name value unit goal" lines; a goal with > is a least value. */
#include "base/units.h"
#include "sim/chain_slots.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MINUTES = 5, VALIDATORS = 300, ROUNDS = 3 };

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void must(err e, const struct diag *diag)
{
    if (e == OK) return;
    fprintf(stderr, "bench_chain: %s: %s\n", err_text(e), diag->text);
    exit(1);
}

/* The least of the rounds: the work is the same in each. */
static double run(const struct chain_profile *profile, uint32_t *slots)
{
    struct diag diag = {"slots"};
    double least = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        struct chain_slots chain;
        double began = seconds();
        must(chain_slots_open(&chain, profile, 1, 0), &diag);
        must(chain_slots_reach_ns(&chain, MINUTES * NS_PER_MIN), &diag);
        *slots = chain.count;
        chain_slots_close(&chain);
        double spent = seconds() - began;
        if (spent < least) least = spent;
    }
    return least;
}

int main(void)
{
    struct chain_profile profile;
    struct diag diag = {0};
    uint32_t slots;
    must(chain_profile_load(&profile, "scenarios/chain", "mainnet", &diag), &diag);
    profile.validators = VALIDATORS;
    double drawn = run(&profile, &slots);
    printf("chain.empirical_slots %.0f k/s >100\n", slots / drawn / 1e3);
    profile.fidelity = CHAIN_MECHANISTIC;
    double counted = run(&profile, &slots);
    printf("chain.mechanistic_slots %.1f k/s >1\n", slots / counted / 1e3);
    printf("chain.mechanistic_5_minutes %.3f s 2\n", counted);
    return 0;
}
