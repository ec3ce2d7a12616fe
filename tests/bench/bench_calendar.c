/* tests/bench/bench_calendar.c: HOLD through the calendar's public API.
 *
 * Pop one entry, add one later: the classic measure of an event list. Increments
 * come from a table, so that no draw is measured. Prints the median and range of
 * five rounds and the hash of the popped sequence (same hash, same order). */
#include "base/sort.h"
#include "sim/calendar.h"
#include "sim/trajectory.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TABLE = 1 << 16, ROUNDS = 5, HOLDS = 1000000 };

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double unit(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

/* A mean of one millisecond for every kind. */
static double exponential(double u)
{
    return -log(u);
}
static double bimodal(double u)
{
    return u < 0.9 ? u / 9 : 9.1 * (u - 0.45) * 2;
}
static double pareto(double u)
{
    return fmin(1e4, 1 / (3 * pow(u, 1 / 1.5)));
}
static double half_zero(double u)
{
    return u < 0.5 ? 0 : -2 * log(2 * u - 1);
}
static double constant(double u)
{
    return u * 0 + 1;
}

static const struct load {
    const char *name;
    double (*increment)(double u);
} LOADS[] = {{"exponential", exponential},
             {"bimodal", bimodal},
             {"pareto", pareto},
             {"half zero", half_zero},
             {"constant", constant}};

struct bench {
    struct calendar *cal;
    struct trajectory trajectory;
    int64_t increments[TABLE];
    uint64_t counter;
};

static void add(struct bench *bench, struct calendar_entry *entry, int64_t after_ns)
{
    entry->at_ns = after_ns + bench->increments[bench->counter % TABLE];
    entry->key = calendar_key(CALENDAR_TIMER, bench->counter >> 20, bench->counter);
    bench->counter++;
    if (calendar_add(bench->cal, entry) != OK) abort();
}

static double hold(struct bench *bench, uint32_t holds)
{
    struct calendar_entry entry = {0};
    double begin = now_ns();
    for (uint32_t i = 0; i < holds; i++) {
        if (!calendar_pop(bench->cal, &entry)) abort();
        trajectory_event(&bench->trajectory, &entry);
        add(bench, &entry, entry.at_ns);
    }
    return (now_ns() - begin) / holds;
}

static void measure(const struct load *load, uint32_t size)
{
    struct bench *bench = calloc(1, sizeof *bench);
    uint64_t state = 42;
    double rounds[ROUNDS];
    if (!bench || calendar_open(&bench->cal) != OK) abort();
    for (uint32_t i = 0; i < TABLE; i++)
        bench->increments[i] = (int64_t)(1e6 * load->increment(unit(&state)));
    for (uint32_t i = 0; i < size; i++) add(bench, &(struct calendar_entry){.subject = i}, 0);
    (void)hold(bench, size < HOLDS / 4 ? HOLDS / 4 : size);
    for (uint32_t i = 0; i < ROUNDS; i++) rounds[i] = hold(bench, HOLDS);
    sort_doubles(rounds, ROUNDS);
    printf("hold %-12s %8u entries  %6.1f ns  (%.1f .. %.1f)  hash %016" PRIx64 "\n", load->name, size,
           rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1], bench->trajectory.hash);
    calendar_free(bench->cal);
    free(bench);
}

int main(void)
{
    static const uint32_t SIZES[] = {16, 1000, 100000, 1000000};
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++)
        for (size_t i = 0; i < sizeof LOADS / sizeof *LOADS; i++) measure(&LOADS[i], SIZES[s]);
    return 0;
}
