/* reports/calibrate_path.c: what transactions say about their way: refusals, drops, waits in the scheduler.
 */
#include "base/sample.h"
#include "base/sort.h"
#include "reports/calibration.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_LEAST = 200,
    WAITS = 5,
    CROSSED = 6, /* slot ends met on the way to the leader: 0 .. 5, and what a retry's phase adds */
    SPAN = WAITS + CROSSED - 1, /* slots in which one sending may land */
    SLOTS_MOST = 512,
    SENDINGS_MOST = 128,
    WAY_DRAWS = 40000,
    ROUNDS = 2000,
    RESAMPLES = 200,
};

/* How many transactions landed so many slots after they were sent, and which sending can land where. */
struct landings {
    double counts[SLOTS_MOST], total;
    uint32_t first[SENDINGS_MOST];          /* whole slots before this sending */
    double crossed[SENDINGS_MOST][CROSSED]; /* chance of so many slot ends on its way */
    uint32_t sendings;
};

/* What the landings say: weights of the waits, chance that a sending is dropped. */
struct way {
    double weights[WAITS], drop;
};

/* From the base: half of the answer's time to the RPC node, then to the leader, from a random instant of a
 * slot; again after each retry.
 */
static void find_crossed(struct landings *landings, const struct calibrate_chain_base *base)
{
    const struct rng rng = rng_keyed(1, 0);
    double slot_ms = base->target_ms * base->factor;
    uint32_t most = (uint32_t)(SLOTS_MOST * slot_ms / base->retry_ms) + 1;
    landings->sendings = most < SENDINGS_MOST ? most : SENDINGS_MOST;
    for (uint32_t k = 0; k < landings->sendings; k++)
        landings->first[k] = (uint32_t)(k * base->retry_ms / slot_ms);
    for (uint32_t i = 0; i < WAY_DRAWS; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        double way_ms = base->accept_ms / 2 * sample_lognormal(&draw, base->accept_sigma);
        way_ms += base->forward_ms * sample_lognormal(&draw, base->forward_sigma);
        for (uint32_t k = 0; k < landings->sendings; k++) {
            double ends = floor((i + 0.5) / WAY_DRAWS + (way_ms + k * base->retry_ms) / slot_ms);
            uint32_t late = (uint32_t)ends - landings->first[k];
            landings->crossed[k][late < CROSSED ? late : CROSSED - 1] += 1.0 / WAY_DRAWS;
        }
    }
}

struct shares {
    double waits[WAITS], explained, dropped;
};

/* The sendings and waits that may have led to this slot share out its landings. Those that none explains (an
 * empty window, a fork) tell of the sending only: the last that could have been. */
static void share_out(struct shares *shares, const struct landings *landings, uint32_t slot, double count,
                      const struct way *way)
{
    double joint[2 + SPAN][WAITS] = {{0}}, chance = 0;
    uint32_t last = landings->sendings - 1, lowest = 0;
    while (last > 0 && landings->first[last] > slot) last--;
    lowest = last;
    while (lowest > 0 && last - lowest < SPAN && landings->first[lowest - 1] + SPAN > slot) lowest--;
    for (uint32_t k = lowest; k <= last; k++)
        for (uint32_t w = 0; w < WAITS; w++) {
            uint32_t late = slot - landings->first[k] - w;
            if (late >= CROSSED) continue; /* also below 0 */
            joint[k - lowest][w] = pow(way->drop, k - lowest) * way->weights[w] * landings->crossed[k][late];
            chance += joint[k - lowest][w];
        }
    if (chance <= 0) shares->dropped += count * last;
    for (uint32_t k = lowest; k <= last && chance > 0; k++)
        for (uint32_t w = 0; w < WAITS; w++) {
            shares->waits[w] += count * joint[k - lowest][w] / chance;
            shares->dropped += count * k * joint[k - lowest][w] / chance;
        }
    if (chance > 0) shares->explained += count;
}

/* Maximum likelihood by expectation and maximisation, from where `way` is. */
static void find_way(const struct landings *landings, const double counts[SLOTS_MOST], struct way *way)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct shares shares = {0};
        for (uint32_t slot = 0; slot < SLOTS_MOST; slot++)
            if (counts[slot] > 0) share_out(&shares, landings, slot, counts[slot], way);
        double drop = shares.dropped / (shares.dropped + landings->total), change = fabs(drop - way->drop);
        for (int w = 0; w < WAITS && shares.explained > 0; w++) {
            change = fmax(change, fabs(way->weights[w] - shares.waits[w] / shares.explained));
            way->weights[w] = shares.waits[w] / shares.explained;
        }
        way->drop = drop;
        if (change < 1e-7) return;
    }
}

/* As many landings again, drawn from what was seen. */
static void draw_counts(const struct landings *landings, uint32_t resample, double counts[SLOTS_MOST])
{
    const struct rng rng = rng_keyed(1, 1);
    memset(counts, 0, SLOTS_MOST * sizeof *counts);
    for (uint32_t i = 0; i < landings->total; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, (uint64_t)resample << 32 | i, 0);
        double left = draw_unit(&draw) * landings->total;
        int slot = 0;
        while (slot < SLOTS_MOST - 1 && (left -= landings->counts[slot]) >= 0) slot++;
        counts[slot]++;
    }
}

/* Of the weights, then of the share that was dropped. */
static void find_intervals(const struct landings *landings, const struct way *found,
                           struct interval out[WAITS + 1])
{
    static const double TAIL = (1 - FIT_CONFIDENCE) / 2;
    double drawn[WAITS + 1][RESAMPLES], counts[SLOTS_MOST];
    for (uint32_t i = 0; i < RESAMPLES; i++) {
        struct way way = *found;
        draw_counts(landings, i, counts);
        find_way(landings, counts, &way);
        for (int w = 0; w < WAITS; w++) drawn[w][i] = way.weights[w];
        drawn[WAITS][i] = way.drop;
    }
    for (int w = 0; w <= WAITS; w++) {
        sort_doubles(drawn[w], RESAMPLES);
        out[w].low = drawn[w][(int)(TAIL * RESAMPLES)];
        out[w].high = drawn[w][(int)((1 - TAIL) * RESAMPLES)];
    }
}

static void write_weights(struct calibration_key *key)
{
    double sum = 0;
    long steps[WAITS];
    for (int w = 1; w < WAITS; w++) sum += (double)(steps[w] = lround(key->values[w].value * 1e4));
    steps[0] = 10000 - (long)sum; /* so that they sum to one */
    snprintf(key->text, sizeof key->text, "[%.4f, %.4f, %.4f, %.4f, %.4f]", (double)steps[0] / 1e4,
             (double)steps[1] / 1e4, (double)steps[2] / 1e4, (double)steps[3] / 1e4, (double)steps[4] / 1e4);
}

static void path_key(char out[CALIBRATION_KEY_BYTES], const struct calibrate_chain_base *base,
                     const char *name)
{
    snprintf(out, CALIBRATION_KEY_BYTES, "path.%.16s.%.20s", base->path, name);
}

/* What was lost with a fork is sent again, too: of those that came to nothing, so many were dropped. */
static struct fit_estimate without_lost(struct fit_estimate failed, const struct fit_estimate *lost)
{
    double rest = 1 - lost->value, value = fmax(0, (failed.value - lost->value) / rest);
    double below = hypot(failed.value - failed.interval.low, lost->interval.high - lost->value);
    double above = hypot(failed.interval.high - failed.value, lost->value - lost->interval.low);
    return (struct fit_estimate){value, {fmax(0, value - below / rest), value + above / rest}};
}

/* Few drops or none make a bootstrap too sure: at least Wilson's interval of as many counted ones. */
static struct fit_estimate drop_estimate(const struct way *way, const struct landings *landings,
                                         struct interval interval)
{
    uint64_t landed = (uint64_t)landings->total;
    uint64_t dropped = (uint64_t)llround(landings->total * way->drop / (1 - way->drop));
    struct fit_estimate counted = calibration_share(dropped, dropped + landed);
    return (struct fit_estimate){
        way->drop, {fmin(interval.low, counted.interval.low), fmax(interval.high, counted.interval.high)}};
}

static void add_drops(struct calibration *out, const struct calibrate_chain_base *base,
                      struct fit_estimate failed)
{
    char name[CALIBRATION_KEY_BYTES];
    path_key(name, base, "drop_chance");
    if (out->has_lost) failed = without_lost(failed, &out->lost);
    calibration_add(out, name, "share of sendings, with the waits by EM; intervals by bootstrap", failed);
    if (!out->has_lost)
        calibration_note(out, "%s: without slots, what was lost with forks counts as dropped", name);
}

/* What is dropped is sent again every retry_ms, which may be no longer than a wait is: both at once. */
static void read_way(struct calibration *out, const struct csv_table *table,
                     const struct calibrate_chain_base *base)
{
    struct landings landings = {0};
    struct way way = {.weights = {0.2, 0.2, 0.2, 0.2, 0.2}, .drop = 0.1};
    struct interval intervals[WAITS + 1];
    char name[CALIBRATION_KEY_BYTES];
    for (uint32_t i = 0; i < table->row_count; i++) {
        double slots = table->values[SENT_SLOTS][i];
        if (table->values[SENT_OUTCOME][i] != CALIBRATE_LANDED || !(slots < SLOTS_MOST)) continue;
        landings.counts[(int)slots]++;
        landings.total++;
    }
    if (landings.total < ROWS_LEAST / 2) return;
    find_crossed(&landings, base);
    find_way(&landings, landings.counts, &way);
    find_intervals(&landings, &way, intervals);
    add_drops(out, base, drop_estimate(&way, &landings, intervals[WAITS]));
    path_key(name, base, "wait_weights");
    struct calibration_key *key =
        calibration_add(out, name, "discrete, by EM; intervals by bootstrap", (struct fit_estimate){0});
    key->elements = WAITS;
    for (int w = 0; w < WAITS; w++) key->values[w] = (struct fit_estimate){way.weights[w], intervals[w]};
    write_weights(key);
}

static err measure_way(struct calibration *out, const struct csv_table *table, struct diag *diag)
{
    uint32_t count = 0;
    if (!table->values[SENT_CONFIRMED]) return OK;
    double *ms = malloc(table->row_count * sizeof *ms);
    if (!ms) return diag_fail(diag, ERR_NOMEM, "out of memory for transactions");
    for (uint32_t i = 0; i < table->row_count; i++) {
        double way = table->values[SENT_CONFIRMED][i] - table->values[SENT_AT][i];
        if (table->values[SENT_OUTCOME][i] == CALIBRATE_LANDED && way >= 0) ms[count++] = way;
    }
    const struct calibration_sample sample = {"sent to confirmed", "ms", ms, count, UINT32_MAX};
    err e = count ? calibration_measure(out, &sample, diag) : OK;
    free(ms);
    return e;
}

err calibrate_transactions(struct calibration *out, const struct csv_table *table,
                           const struct calibrate_chain_base *base, struct diag *diag)
{
    uint64_t refused = 0;
    if (table->row_count < ROWS_LEAST)
        return diag_fail(diag, ERR_RANGE,
                         "%u transactions say too little about a path, at least %d are needed",
                         table->row_count, ROWS_LEAST);
    for (uint32_t i = 0; i < table->row_count; i++) {
        TRY(calibrate_times_check(table, i, diag));
        refused += table->values[SENT_OUTCOME][i] == CALIBRATE_REFUSED;
    }
    calibration_add(out, "organic.transient_chance", "share of transactions",
                    calibration_share(refused, table->row_count));
    if (base->is_pushed && base->has_weights) {
        read_way(out, table, base);
    } else {
        calibration_note(out, "path.%s: waits and drops overlap where waits have no weights, kept",
                         base->path);
    }
    return measure_way(out, table, diag);
}
