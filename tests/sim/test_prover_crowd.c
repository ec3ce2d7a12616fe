/* tests/sim/test_prover_crowd.c: more workers than the profile has cores: each proof is slower, all are done
 * sooner.
 *
 * Four tasks come within four milliseconds, to a prover without noise whose proof of about 2 s wants eight
 * threads. */
#include "tests/lib/sim_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char PROFILE[] =
    "[law]\nsize = 524288\npoint_ns = 22000\nfixed_ms = 0\ndensity = 1\ncurve_factor = 1\nsystem_factor = 1\n"
    "threads = 8\nserial_share = 0.05\n"
    "[noise]\nsigma = 0\nstretch_chances = [0, 0]\nstretch_factors = [1, 1]\n"
    "[organic]\ninvalid_chance = 0\n[prover]\ncores = ";
#define PROOF_S 1.9464192 /* 22 us * 2^19 * (.05 + .95 / 8) */
enum { TASKS = 4 };

static char path[64];
static struct sim_fixture *fx;
static void set_up(void)
{
    fx = sim_fixture_new();
    fx->prover = path;
    fx->settings.batch_size = 1;
    fx->workload.depth = "fixed:0";
    fx->workload.arrivals = "constant";
    fx->workload.execution = "fixed:1ms";
    fx->workload.rate = 1000;
    fx->workload.duration_ns = TASKS * NS_PER_MS;
}
static void tear_down(void)
{
    sim_fixture_free(fx);
}
TestSuite(prover_crowd, .init = set_up, .fini = tear_down, .timeout = 60);

/* Seconds from ready to proven, the mean of the four. */
static double mean_s(int cores, int workers)
{
    snprintf(path, sizeof path, "/tmp/agenc-crowd-XXXXXX.toml");
    FILE *written = fdopen(mkstemps(path, 5), "w");
    fprintf(written, "%s%d\n", PROFILE, cores);
    fclose(written);
    fx->settings.worker_threads = workers;
    sim_fixture_run(fx, 1, 0);
    unlink(path);
    cr_assert(eq(u64, fx->outcome.metrics.latency[LATENCY_PROOF].count, TASKS));
    return fx->outcome.metrics.latency[LATENCY_PROOF].mean_ns / 1e9;
}

Test(prover_crowd, as_many_cores_as_workers_are_no_crowd)
{
    cr_assert(lt(dbl, fabs(mean_s(4, 4) - PROOF_S), .001));
}

/* The first has eight threads, the second four, then 2.67 and 2: .16875, .2875, .40625, .525 of the serial
 * time. */
Test(prover_crowd, each_worker_beyond_the_cores_slows_the_proof_it_starts)
{
    double sum = .16875 + .2875 + .40625 + .525;
    cr_assert(lt(dbl, fabs(mean_s(1, 4) - PROOF_S * sum / .16875 / TASKS), .001));
}

Test(prover_crowd, a_crowd_is_still_faster_than_a_queue)
{
    double queue_s = mean_s(1, 1);
    cr_assert(lt(dbl, fabs(queue_s - 2.5 * PROOF_S), .01));
    cr_assert(lt(dbl, mean_s(1, 4), queue_s));
}
