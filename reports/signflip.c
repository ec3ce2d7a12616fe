/* reports/signflip.c: sums under all choices of signs.
 *
 * A measure's differences are divided by the root of their squares' sum, which
 * no sign changes. Its t value then grows with the absolute sum alone, by the
 * same function for every measure: the largest t is where the largest sum is. */
#include "reports/signflip.h"
#include "base/assert.h"
#include "base/rng.h"
#include "base/sort.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of one: sums of 1,024 terms stay far inside 64 bits. */
#define SCALE ((double)(INT64_C(1) << 40))

struct flips {
    uint32_t measures, pairs;
    int64_t *terms; /* [pair][measure] */
    int64_t sums[SIGNFLIP_MEASURES_MOST], seen[SIGNFLIP_MEASURES_MOST];
    uint64_t hits[SIGNFLIP_MEASURES_MOST], family_hits[SIGNFLIP_MEASURES_MOST];
    int64_t *largest; /* of each choice */
    uint64_t choices;
};

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

static void scale_terms(struct flips *flips, const double *differences)
{
    for (uint32_t measure = 0; measure < flips->measures; measure++) {
        const double *row = differences + (size_t)measure * flips->pairs;
        double squares = 0;
        for (uint32_t pair = 0; pair < flips->pairs; pair++) {
            ASSERT(isfinite(row[pair]));
            squares += row[pair] * row[pair];
        }
        double scale = squares > 0 ? SCALE / sqrt(squares) : 0;
        for (uint32_t pair = 0; pair < flips->pairs; pair++) {
            int64_t term = llround(row[pair] * scale);
            flips->terms[(size_t)pair * flips->measures + measure] = term;
            flips->sums[measure] += term;
        }
        /* Each term was rounded by half a unit at most: sums that differ by less are the same. */
        flips->seen[measure] = magnitude(flips->sums[measure]) - (int64_t)flips->pairs;
    }
}

static void count_choice(struct flips *flips)
{
    int64_t largest = 0;
    for (uint32_t measure = 0; measure < flips->measures; measure++) {
        int64_t sum = magnitude(flips->sums[measure]);
        flips->hits[measure] += sum >= flips->seen[measure];
        if (sum > largest) largest = sum;
    }
    for (uint32_t measure = 0; measure < flips->measures; measure++)
        flips->family_hits[measure] += largest >= flips->seen[measure];
    flips->largest[flips->choices++] = largest;
}

/* Adds or takes away twice a pair's terms: its sign has changed. */
static void turn(struct flips *flips, uint32_t pair, bool is_now_negative)
{
    const int64_t *terms = flips->terms + (size_t)pair * flips->measures;
    for (uint32_t measure = 0; measure < flips->measures; measure++)
        flips->sums[measure] += is_now_negative ? -2 * terms[measure] : 2 * terms[measure];
}

/* The last pair keeps its sign: the other half of the choices are these, mirrored. */
static void visit_all(struct flips *flips)
{
    uint64_t count = UINT64_C(1) << (flips->pairs - 1);
    count_choice(flips);
    for (uint64_t step = 1; step < count; step++) {
        uint32_t pair = (uint32_t)__builtin_ctzll(step);
        uint64_t gray = step ^ step >> 1;
        turn(flips, pair, gray >> pair & 1);
        count_choice(flips);
    }
}

static void draw_some(struct flips *flips, uint64_t seed)
{
    const struct rng rng = rng_keyed(seed, 0);
    bool is_negative[SIGNFLIP_PAIRS_MOST] = {false};
    count_choice(flips); /* the choice that was seen is one of them */
    for (uint32_t choice = 0; choice < SIGNFLIP_DRAWS; choice++) {
        struct draw draw = draw_at(&rng, RNG_RESAMPLE, choice, 0);
        uint64_t bits = 0;
        for (uint32_t pair = 0; pair < flips->pairs; pair++, bits >>= 1) {
            if (pair % 64 == 0) bits = draw_u64(&draw);
            bool wants = bits & 1;
            if (wants != is_negative[pair]) turn(flips, pair, wants);
            is_negative[pair] = wants;
        }
        count_choice(flips);
    }
}

/* The t value that the largest of all measures exceeds in at most 1 - confidence of the choices. */
static double critical_of(struct flips *flips, double confidence)
{
    sort_i64(flips->largest, flips->choices);
    uint64_t rank = (uint64_t)ceil(confidence * (double)flips->choices);
    double sum = (double)flips->largest[rank > 0 ? rank - 1 : 0] / SCALE, n = flips->pairs;
    double rest = n - sum * sum;
    /* The choice that was seen may be among those: then nothing lies outside. */
    if (rest <= 1e-9 * n) return INFINITY;
    return sum * sqrt((n - 1) / rest);
}

static void answer(struct signflip_answer *out, struct flips *flips, double confidence)
{
    double choices = (double)flips->choices;
    for (uint32_t measure = 0; measure < flips->measures; measure++) {
        out->p[measure] = (double)flips->hits[measure] / choices;
        out->family_p[measure] = (double)flips->family_hits[measure] / choices;
    }
    out->critical_t = critical_of(flips, confidence);
}

err signflip(struct signflip_answer *out, const struct signflip_question *question)
{
    ASSERT(question->measures > 0 && question->measures <= SIGNFLIP_MEASURES_MOST);
    ASSERT(question->pairs > 1 && question->pairs <= SIGNFLIP_PAIRS_MOST);
    bool is_exact = question->pairs <= SIGNFLIP_EXACT_MOST;
    size_t choices = is_exact ? (size_t)1 << (question->pairs - 1) : SIGNFLIP_DRAWS + 1;
    struct flips flips = {.measures = question->measures, .pairs = question->pairs};
    flips.terms = malloc((size_t)question->pairs * question->measures * sizeof *flips.terms);
    flips.largest = malloc(choices * sizeof *flips.largest);
    err e = flips.terms && flips.largest ? OK : ERR_NOMEM;
    if (e == OK) {
        scale_terms(&flips, question->differences);
        if (is_exact)
            visit_all(&flips);
        else
            draw_some(&flips, question->seed);
        answer(out, &flips, question->confidence);
        out->is_exact = is_exact;
    }
    free(flips.terms);
    free(flips.largest);
    return e;
}
