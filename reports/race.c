/* reports/race.c: order, halves, front. */
#include "reports/race.h"
#include <math.h>

int race_compare(const struct race_entry *left, const struct race_entry *right)
{
    if (left->violation < right->violation) return -1;
    if (left->violation > right->violation) return 1;
    if (left->objective < right->objective) return -1;
    if (left->objective > right->objective) return 1;
    return isnan(left->objective) - isnan(right->objective);
}

static uint32_t count_in(const bool *is_in, uint32_t count)
{
    uint32_t in = 0;
    for (uint32_t i = 0; i < count; i++) in += is_in[i];
    return in;
}

/* How many of the others are better; ties go to the earlier one. */
static uint32_t place_of(const struct race_entry *entries, uint32_t count, const bool *is_in, uint32_t index)
{
    uint32_t place = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_in[i] || i == index) continue;
        int order = race_compare(&entries[i], &entries[index]);
        place += order < 0 || (order == 0 && i < index);
    }
    return place;
}

uint32_t race_halve(const struct race_entry *entries, uint32_t count, bool *is_in)
{
    bool stays[DESIGN_POINTS_MOST] = {false};
    uint32_t keep = (count_in(is_in, count) + 1) / 2;
    for (uint32_t i = 0; i < count; i++) stays[i] = is_in[i] && place_of(entries, count, is_in, i) < keep;
    for (uint32_t i = 0; i < count; i++) is_in[i] = stays[i];
    return keep;
}

static uint32_t cost_of(uint32_t size)
{
    uint32_t cost = 0;
    for (uint32_t in = size, runs = RACE_RUNS_FIRST;; in = (in + 1) / 2, runs *= 2) {
        cost += in * runs;
        if (in <= RACE_LAST_STANDING) return cost;
    }
}

uint32_t race_size(uint32_t budget, uint32_t most)
{
    const uint32_t least = 4;
    uint32_t size = least;
    while (size < most && size < DESIGN_POINTS_MOST && cost_of(size + 1) <= budget) size++;
    return size < most ? size : most;
}

static bool dominates(const double *left, const double *right, uint32_t criteria)
{
    bool is_better = false;
    for (uint32_t i = 0; i < criteria; i++) {
        if (!(left[i] <= right[i])) return false;
        is_better = is_better || left[i] < right[i];
    }
    return is_better;
}

static bool has_all(const double *values, uint32_t criteria)
{
    for (uint32_t i = 0; i < criteria; i++)
        if (isnan(values[i])) return false;
    return true;
}

void race_front(const double (*values)[RACE_CRITERIA_MOST], uint32_t count, uint32_t criteria, bool *is_front)
{
    for (uint32_t i = 0; i < count; i++) {
        is_front[i] = has_all(values[i], criteria);
        for (uint32_t j = 0; j < count && is_front[i]; j++)
            is_front[i] = !has_all(values[j], criteria) || !dominates(values[j], values[i], criteria);
    }
}
