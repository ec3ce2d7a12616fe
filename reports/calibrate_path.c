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
    CROSSED_MOST = 4, /* slot ends met on the way to the leader */
    SLOTS_MOST = WAITS + CROSSED_MOST,
    WAY_DRAWS = 40000,
    ROUNDS = 2000,
    RESAMPLES = 200,
};

/* How many transactions landed so many slots after they were sent. */
struct landings {
    double counts[SLOTS_MOST], total;
    double crossed[CROSSED_MOST + 1]; /* chance of so many slot ends on the way */
};

/* From the base: half of the answer's time to the RPC node, then to the leader, from a random instant of a
 * slot.
 */
static void find_crossed(struct landings *landings, const struct calibrate_chain_base *base)
{
    const struct rng rng = rng_keyed(1, 0);
    double slot_ms = base->target_ms * base->factor;
    for (uint32_t i = 0; i < WAY_DRAWS; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        double way_ms = base->accept_ms / 2 * sample_lognormal(&draw, base->accept_sigma);
        way_ms += base->forward_ms * sample_lognormal(&draw, base->forward_sigma);
        double ends = floor((i + 0.5) / WAY_DRAWS + way_ms / slot_ms);
        landings->crossed[ends < CROSSED_MOST ? (int)ends : CROSSED_MOST] += 1.0 / WAY_DRAWS;
    }
}

/* Maximum likelihood of the weights by expectation and maximisation: each landing is shared out among the
 * waits that could have led to it. */
static void find_weights(const struct landings *landings, const double counts[SLOTS_MOST],
                         double weights[WAITS])
{
    for (int w = 0; w < WAITS; w++) weights[w] = 1.0 / WAITS;
    for (int round = 0; round < ROUNDS; round++) {
        double shares[WAITS] = {0}, total = 0, change = 0;
        for (int slot = 0; slot < SLOTS_MOST; slot++) {
            double chance = 0;
            for (int w = 0; w < WAITS; w++)
                if (slot >= w && slot - w <= CROSSED_MOST) chance += weights[w] * landings->crossed[slot - w];
            for (int w = 0; w < WAITS && chance > 0; w++)
                if (slot >= w && slot - w <= CROSSED_MOST)
                    shares[w] += counts[slot] * weights[w] * landings->crossed[slot - w] / chance;
            if (chance > 0) total += counts[slot];
        }
        for (int w = 0; w < WAITS && total > 0; w++) {
            change = fmax(change, fabs(weights[w] - shares[w] / total));
            weights[w] = shares[w] / total;
        }
        if (change < 1e-9) return;
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

static void find_intervals(const struct landings *landings, struct fit_estimate out[WAITS])
{
    static const double TAIL = (1 - FIT_CONFIDENCE) / 2;
    double drawn[WAITS][RESAMPLES], counts[SLOTS_MOST], weights[WAITS];
    for (uint32_t i = 0; i < RESAMPLES; i++) {
        draw_counts(landings, i, counts);
        find_weights(landings, counts, weights);
        for (int w = 0; w < WAITS; w++) drawn[w][i] = weights[w];
    }
    for (int w = 0; w < WAITS; w++) {
        sort_doubles(drawn[w], RESAMPLES);
        out[w].interval.low = drawn[w][(int)(TAIL * RESAMPLES)];
        out[w].interval.high = drawn[w][(int)((1 - TAIL) * RESAMPLES)];
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

static void read_waits(struct calibration *out, const struct csv_table *table,
                       const struct calibrate_chain_base *base)
{
    struct landings landings = {0};
    char name[CALIBRATION_KEY_BYTES];
    double weights[WAITS];
    for (uint32_t i = 0; i < table->row_count; i++) {
        double slots = table->values[SENT_SLOTS][i];
        if (table->values[SENT_OUTCOME][i] != CALIBRATE_LANDED || !(slots < SLOTS_MOST)) continue;
        landings.counts[(int)slots]++;
        landings.total++;
    }
    if (landings.total < ROWS_LEAST / 2) return;
    find_crossed(&landings, base);
    find_weights(&landings, landings.counts, weights);
    path_key(name, base, "wait_weights");
    struct calibration_key *key =
        calibration_add(out, name, "discrete, by EM; intervals by bootstrap", (struct fit_estimate){0});
    key->elements = WAITS;
    find_intervals(&landings, key->values);
    for (int w = 0; w < WAITS; w++) key->values[w].value = weights[w];
    write_weights(key);
}

/* What was lost with a fork is sent again, too: of those that came to nothing, so many were dropped. */
static struct fit_estimate without_lost(struct fit_estimate failed, const struct fit_estimate *lost)
{
    double rest = 1 - lost->value, value = fmax(0, (failed.value - lost->value) / rest);
    double below = hypot(failed.value - failed.interval.low, lost->interval.high - lost->value);
    double above = hypot(failed.interval.high - failed.value, lost->value - lost->interval.low);
    return (struct fit_estimate){value, {fmax(0, value - below / rest), value + above / rest}};
}

/* What is dropped is sent again every retry_ms: each that was shows as so many slots more. */
static void read_drops(struct calibration *out, const struct csv_table *table,
                       const struct calibrate_chain_base *base)
{
    double slot_ms = base->target_ms * base->factor;
    uint64_t dropped = 0, landed = 0;
    char name[CALIBRATION_KEY_BYTES];
    for (uint32_t i = 0; i < table->row_count; i++) {
        double slots = table->values[SENT_SLOTS][i];
        if (table->values[SENT_OUTCOME][i] != CALIBRATE_LANDED || !isfinite(slots)) continue;
        landed++;
        dropped += (uint64_t)((slots + 1) * slot_ms / base->retry_ms);
    }
    path_key(name, base, "drop_chance");
    struct fit_estimate failed = calibration_share(dropped, dropped + landed);
    if (out->has_lost) failed = without_lost(failed, &out->lost);
    calibration_add(out, name, "share of sendings; whole retries in slots_to_land", failed);
    if (!out->has_lost)
        calibration_note(out, "%s: without slots, what was lost with forks counts as dropped", name);
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
        read_drops(out, table, base);
        read_waits(out, table, base);
    } else {
        calibration_note(out, "path.%s: waits and drops overlap where waits have no weights, kept",
                         base->path);
    }
    return measure_way(out, table, diag);
}
