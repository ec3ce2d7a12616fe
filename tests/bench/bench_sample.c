/* tests/bench/bench_sample.c: nanoseconds a draw, Philox included, one cursor. Prints "name value unit goal"
 * lines. */
#include "base/sample.h"
#include <stdio.h>
#include <time.h>

enum { DRAWS = 4000000, ROUNDS = 5 };

static double now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static double exponential(struct draw *draw)
{
    return sample_exponential(draw);
}

static double lognormal(struct draw *draw)
{
    return sample_lognormal(draw, 0.5);
}

static double gamma_four(struct draw *draw)
{
    return sample_gamma(draw, 4);
}

static double pareto(struct draw *draw)
{
    return sample_pareto(draw, 1.4);
}

/* A goal of 0: for information. */
static const struct {
    const char *name;
    double (*sample)(struct draw *draw);
    double goal_ns;
} ROWS[] = {
    {"unit", draw_unit, 0},       {"exponential", exponential, 7}, {"normal", sample_normal, 0},
    {"lognormal", lognormal, 13}, {"gamma", gamma_four, 0},        {"pareto", pareto, 0},
};

int main(void)
{
    double sum = 0;
    for (size_t row = 0; row < sizeof ROWS / sizeof *ROWS; row++) {
        double best = 1e9;
        for (int round = 0; round < ROUNDS; round++) {
            struct rng rng = rng_keyed(1, (uint32_t)round);
            struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
            double start = now_ns();
            for (int i = 0; i < DRAWS; i++) sum += ROWS[row].sample(&draw);
            double spent = (now_ns() - start) / DRAWS;
            if (spent < best) best = spent;
        }
        printf("sample.%s %.2f ns %.0f\n", ROWS[row].name, best, ROWS[row].goal_ns);
    }
    return sum == 0; /* keeps the loops alive */
}
