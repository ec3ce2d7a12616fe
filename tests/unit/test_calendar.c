/* tests/unit/test_calendar.c: whatever the load looks like, entries come out in
 * the order of (at_ns, key): compared, pop by pop, with a plain binary heap. */
#include "sim/calendar.h"
#include "sim/trajectory.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

TestSuite(calendar, .timeout = 60);

/* -- the oracle: a binary heap, as the textbook has it -- */

struct oracle {
    struct calendar_entry *entries;
    size_t count, room;
};

static bool oracle_before(const struct calendar_entry *a, const struct calendar_entry *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->key < b->key;
}

static void oracle_swap(struct oracle *oracle, size_t a, size_t b)
{
    struct calendar_entry kept = oracle->entries[a];
    oracle->entries[a] = oracle->entries[b];
    oracle->entries[b] = kept;
}

static void oracle_add(struct oracle *oracle, const struct calendar_entry *entry)
{
    if (oracle->count == oracle->room) {
        oracle->room = oracle->room ? oracle->room * 2 : 64;
        oracle->entries = realloc(oracle->entries, oracle->room * sizeof *entry);
    }
    size_t i = oracle->count++;
    oracle->entries[i] = *entry;
    for (; i && oracle_before(&oracle->entries[i], &oracle->entries[(i - 1) / 2]); i = (i - 1) / 2)
        oracle_swap(oracle, i, (i - 1) / 2);
}

static bool oracle_pop(struct oracle *oracle, struct calendar_entry *out)
{
    if (oracle->count == 0) return false;
    *out = oracle->entries[0];
    oracle->entries[0] = oracle->entries[--oracle->count];
    for (size_t i = 0, child; (child = 2 * i + 1) < oracle->count; i = child) {
        if (child + 1 < oracle->count && oracle_before(&oracle->entries[child + 1], &oracle->entries[child]))
            child++;
        if (!oracle_before(&oracle->entries[child], &oracle->entries[i])) break;
        oracle_swap(oracle, i, child);
    }
    return true;
}

/* -- loads -- */

static uint64_t mix(uint64_t *state) /* splitmix64: the tests need numbers, not the project's draws */
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Geometric on powers of two times a uniform: close enough to exponential, and integer. */
static int64_t spread_out(uint64_t *state)
{
    return (int64_t)((mix(state) % 1000 + 1) << __builtin_ctzll(mix(state) | 1u << 20));
}
static int64_t bimodal(uint64_t *state)
{
    uint64_t u = mix(state);
    return (int64_t)(u % 10 ? u % 100000 : 9000000 + u % 100000);
}
static int64_t heavy_tail(uint64_t *state)
{
    uint64_t u = mix(state) % 1000000 + 1;
    return (int64_t)(UINT64_C(1000000000000) / u / (u % 997 + 1));
}
static int64_t half_now(uint64_t *state)
{
    uint64_t u = mix(state);
    return u & 1 ? 0 : (int64_t)(u >> 1) & 0xfffff;
}
static int64_t all_ties(uint64_t *state)
{
    (void)state;
    return 1000000;
}
static int64_t all_now(uint64_t *state)
{
    (void)state;
    return 0;
}
static int64_t bursts_far_ahead(uint64_t *state)
{
    uint64_t u = mix(state);
    return (int64_t)(u % 50 * 10000000000u + u / 64 % 100);
}
static int64_t astronomic(uint64_t *state)
{
    return (int64_t)(mix(state) >> (2 + mix(state) % 60)) / 1024;
}

static const struct load {
    const char *name;
    int64_t (*delay)(uint64_t *state);
} LOADS[] = {
    {"spread out", spread_out},   {"bimodal", bimodal},       {"heavy tail", heavy_tail},
    {"half now", half_now},       {"all ties", all_ties},     {"all now", all_now},
    {"bursts", bursts_far_ahead}, {"astronomic", astronomic},
};

struct pair {
    struct calendar *cal;
    struct oracle oracle;
    struct trajectory ours, theirs;
    uint64_t state, counter;
};

static void pair_open(struct pair *pair, uint64_t seed)
{
    *pair = (struct pair){.state = seed, .ours = trajectory_begin(seed), .theirs = trajectory_begin(seed)};
    cr_assert(eq(int, calendar_open(&pair->cal), OK));
}

static void pair_close(struct pair *pair)
{
    calendar_free(pair->cal);
    free(pair->oracle.entries);
}

static void pair_add(struct pair *pair, int64_t at_ns)
{
    /* Random class and entity, so that ties are decided by the key and not by arrival. */
    uint64_t u = mix(&pair->state);
    struct calendar_entry entry = {.at_ns = at_ns,
                                   .key = calendar_key(u % 6, u >> 8 & 0xff, pair->counter++),
                                   .subject = (uint32_t)u,
                                   .generation = (uint32_t)(u >> 32)};
    cr_assert(eq(int, calendar_add(pair->cal, &entry), OK));
    oracle_add(&pair->oracle, &entry);
}

static bool pair_pop(struct pair *pair, struct calendar_entry *out)
{
    struct calendar_entry expected;
    int64_t next_ns = mix(&pair->state) % 4 ? -1 : calendar_next_ns(pair->cal);
    bool popped = calendar_pop(pair->cal, out);
    cr_assert(popped == oracle_pop(&pair->oracle, &expected));
    if (!popped) return false;
    trajectory_event(&pair->ours, out);
    trajectory_event(&pair->theirs, &expected);
    cr_assert(pair->ours.hash == pair->theirs.hash, "at %ld: key %lx, expected %ld: %lx", (long)out->at_ns,
              (long)out->key, (long)expected.at_ns, (long)expected.key);
    if (next_ns >= 0) cr_assert(next_ns == out->at_ns);
    return true;
}

/* Fill, hold, and drain to the last entry. */
static void hold(const struct load *load, uint32_t size, uint32_t holds)
{
    struct pair pair;
    struct calendar_entry entry = {0};
    pair_open(&pair, size);
    for (uint32_t i = 0; i < size; i++) pair_add(&pair, load->delay(&pair.state));
    for (uint32_t i = 0; i < holds; i++) {
        cr_assert(pair_pop(&pair, &entry), "%s", load->name);
        pair_add(&pair, entry.at_ns + load->delay(&pair.state));
    }
    cr_assert(calendar_count(pair.cal) == size);
    while (pair_pop(&pair, &entry)) continue;
    cr_assert(calendar_count(pair.cal) == 0);
    cr_assert(calendar_next_ns(pair.cal) == NEVER_NS);
    pair_close(&pair);
}

Test(calendar, holds_in_the_order_of_a_binary_heap)
{
    for (size_t i = 0; i < sizeof LOADS / sizeof *LOADS; i++) {
        hold(&LOADS[i], 1, 1000);
        hold(&LOADS[i], 65, 20000);
        hold(&LOADS[i], 1000, 100000);
        hold(&LOADS[i], 70000, 200000);
    }
}

Test(calendar, keeps_order_while_it_breathes)
{
    /* Grows to thousands and shrinks to nothing, over and over, changing its load each time. */
    struct pair pair;
    struct calendar_entry entry = {0};
    pair_open(&pair, 7);
    for (uint32_t breath = 0; breath < 60; breath++) {
        const struct load *load = &LOADS[breath % (sizeof LOADS / sizeof *LOADS)];
        uint64_t in = mix(&pair.state) % 9000, out = mix(&pair.state) % 12000;
        for (uint64_t i = 0; i < in; i++) {
            pair_add(&pair, entry.at_ns + load->delay(&pair.state));
            if (i % 7 == 0) pair_pop(&pair, &entry);
        }
        for (uint64_t i = 0; i < out && pair_pop(&pair, &entry); i++) continue;
    }
    while (pair_pop(&pair, &entry)) continue;
    pair_close(&pair);
}

Test(calendar, survives_sparse_bursts_under_a_dense_start)
{
    /* A dense stream sets a narrow width; 200,000 entries wait in bursts over two days. */
    struct pair pair;
    struct calendar_entry entry = {0};
    pair_open(&pair, 9);
    for (uint32_t i = 0; i < 200000; i++) pair_add(&pair, i / 100 * 80 * NS_PER_S + i % 100);
    for (uint32_t i = 0; i < 500; i++) pair_add(&pair, i);
    for (uint32_t i = 0; i < 100000; i++) {
        pair_pop(&pair, &entry);
        if (i < 50000) pair_add(&pair, entry.at_ns + (int64_t)(mix(&pair.state) % 1000));
    }
    while (pair_pop(&pair, &entry)) continue;
    pair_close(&pair);
}

Test(calendar, key_orders_class_then_entity_then_counter)
{
    cr_assert(lt(u64, calendar_key(CALENDAR_OUTCOME, 99, 99), calendar_key(CALENDAR_ARRIVAL, 0, 0)));
    cr_assert(lt(u64, calendar_key(CALENDAR_TIMER, 4, 99), calendar_key(CALENDAR_TIMER, 5, 0)));
    cr_assert(lt(u64, calendar_key(CALENDAR_TIMER, 4, 1), calendar_key(CALENDAR_TIMER, 4, 2)));
    cr_assert(
        lt(u64, calendar_key(CALENDAR_OUTCOME, UINT64_C(1) << 35, 0), calendar_key(CALENDAR_ARRIVAL, 0, 0)));
}

Test(calendar, a_lower_key_at_this_instant_still_comes_next)
{
    struct calendar *cal;
    struct calendar_entry out, late = {.at_ns = 5, .key = calendar_key(CALENDAR_OUTCOME, 1, 1)};
    cr_assert(eq(int, calendar_open(&cal), OK));
    for (uint64_t i = 0; i < 100; i++) {
        struct calendar_entry entry = {.at_ns = 5, .key = calendar_key(CALENDAR_TIMER, i, 0)};
        cr_assert(eq(int, calendar_add(cal, &entry), OK));
    }
    cr_assert(calendar_pop(cal, &out));
    cr_assert(eq(int, calendar_add(cal, &late), OK));
    cr_assert(calendar_pop(cal, &out));
    cr_assert(eq(u64, out.key, late.key));
    cr_assert(eq(i64, calendar_now_ns(cal), 5));
    calendar_free(cal);
    calendar_free(NULL);
}

#ifndef __SANITIZE_ADDRESS__ /* its shadow memory does not fit under the limit */
Test(calendar, reports_want_of_memory_and_loses_nothing)
{
    struct calendar *cal;
    uint64_t added = 0, popped = 0;
    struct calendar_entry entry = {0};
    cr_assert(eq(int, calendar_open(&cal), OK));
    cr_assert(setrlimit(RLIMIT_AS, &(struct rlimit){256 << 20, 256 << 20}) == 0);
    for (; calendar_add(cal, &entry) == OK; added++)
        entry = (struct calendar_entry){.at_ns = (int64_t)(added * 7919 % 1000003), .key = added + 1};
    cr_assert(gt(u64, added, 100000));
    cr_assert(eq(u64, calendar_count(cal), added));
    cr_assert(eq(int, calendar_add(cal, &entry), ERR_NOMEM));
    for (int64_t last_ns = 0; calendar_pop(cal, &entry); last_ns = entry.at_ns, popped++)
        cr_assert(entry.at_ns >= last_ns);
    cr_assert(eq(u64, popped, added));
    calendar_free(cal);
}
#endif

Test(calendar, asserts_the_past, .signal = SIGABRT)
{
    struct calendar *cal;
    struct calendar_entry entry = {.at_ns = 10};
    cr_assert(eq(int, calendar_open(&cal), OK));
    cr_assert(eq(int, calendar_add(cal, &entry), OK));
    cr_assert(calendar_pop(cal, &entry));
    entry.at_ns = 9;
    (void)!calendar_add(cal, &entry);
}

Test(calendar, asserts_twins, .signal = SIGABRT)
{
    struct calendar *cal;
    struct calendar_entry entry = {.at_ns = 10, .key = 3};
    cr_assert(eq(int, calendar_open(&cal), OK));
    cr_assert(eq(int, calendar_add(cal, &entry), OK));
    cr_assert(eq(int, calendar_add(cal, &entry), OK));
    (void)calendar_pop(cal, &entry);
    (void)calendar_pop(cal, &entry);
}
