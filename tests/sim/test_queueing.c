/* tests/sim/test_queueing.c: the prover's queue against theory: M/M/1, M/M/c, M/D/1.
 *
 * Poisson arrivals of single tasks, constant execution, unlimited executors:
 * the proof queue sees Poisson arrivals. Mean sojourn over replications must
 * lie within its 95 % interval (Student's t over ten runs). */
#include "tests/lib/sim_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

enum { RUNS = 10 };
#define T_975_9 2.262157 /* Student's t, 9 degrees of freedom */

static struct sim_fixture *fx;
static void set_up(void)
{
    fx = sim_fixture_new();
    fx->settings.batch_size = 1;
    fx->settings.queue_size = 10000;
    fx->settings.proof_timeout_ns = 600 * NS_PER_S;
    fx->workload.depth = "fixed:0";
    fx->workload.execution = "fixed:1ms";
    fx->workload.duration_ns = 2000 * NS_PER_S;
    fx->warmup_ns = 200 * NS_PER_S;
}
static void tear_down(void)
{
    sim_fixture_free(fx);
}
TestSuite(queueing, .init = set_up, .fini = tear_down, .timeout = 120);

static void check(const char *what, double expected_s)
{
    double sum = 0, squares = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        sim_fixture_run(fx, 42, run);
        double mean_s = fx->outcome.metrics.latency[LATENCY_PROOF].mean_ns / 1e9;
        sum += mean_s;
        squares += mean_s * mean_s;
    }
    double mean_s = sum / RUNS, sd = sqrt((squares - sum * sum / RUNS) / (RUNS - 1));
    double half_width = T_975_9 * sd / sqrt(RUNS);
    cr_assert(lt(dbl, half_width, expected_s / 5), "%s: the interval is too wide to say anything", what);
    cr_assert(le(dbl, fabs(mean_s - expected_s), half_width), "%s: %.4f s, theory says %.4f s +- %.4f", what,
              mean_s, expected_s, half_width);
}

Test(queueing, m_m_1)
{
    fx->settings.worker_threads = 1;
    fx->prover = "exponential:100ms";
    fx->workload.rate = 5;
    check("M/M/1, rho .5", 1 / (10.0 - 5.0));
    fx->workload.rate = 8;
    check("M/M/1, rho .8", 1 / (10.0 - 8.0));
}

/* Erlang C with c servers and offered load a. */
static double erlang_c(int servers, double load)
{
    double term = 1, sum = 1;
    for (int k = 1; k < servers; k++) sum += term *= load / k;
    double last = term * load / servers * servers / (servers - load);
    return last / (sum + last);
}

Test(queueing, m_m_c)
{
    fx->settings.worker_threads = 4;
    fx->prover = "exponential:100ms";
    fx->workload.rate = 32; /* rho .8 */
    check("M/M/4, rho .8", 0.1 + erlang_c(4, 3.2) / (4 * 10.0 - 32.0));
}

Test(queueing, m_d_1)
{
    fx->settings.worker_threads = 1;
    fx->prover = "fixed:100ms";
    fx->workload.rate = 8;
    check("M/D/1, rho .8", 0.1 + 0.8 * 0.1 / (2 * (1 - 0.8)));
}
