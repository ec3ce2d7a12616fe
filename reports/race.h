/* reports/race.h: which of many configurations is best, without measuring the bad ones for long.
 *
 * Successive halving: all begin with few runs; after each rung the better half
 * goes on with twice as many, over the same seeds, so that what differs is the
 * configuration. A candidate is better when it violates the constraints less;
 * among those that hold all, when its objective is. Ties go to the earlier one.
 * The front: candidates that no other beats in one criterion without losing in
 * another (Pareto). Source: Jamieson and Talwalkar 2016; Karnin, Koren and Somekh 2013.
 * No errors; nothing is allocated. */
#pragma once
#include "reports/design.h"
#include <stdbool.h>
#include <stdint.h>

enum { RACE_CRITERIA_MOST = 8, RACE_RUNS_FIRST = 2, RACE_LAST_STANDING = 2 };

struct race_entry {
    double
        violation; /* of the constraints: sum of relative excesses; 0: all hold; INFINITY: cannot be told */
    double objective; /* smaller is better */
    uint32_t runs;    /* so far; 0: not measured */
    uint32_t rung;    /* the last one it ran in */
};

/* Total order, best first. */
int race_compare(const struct race_entry *left, const struct race_entry *right);

/* Marks the better half (rounded up) of those in `is_in`; returns how many stay. */
uint32_t race_halve(const struct race_entry *entries, uint32_t count, bool *is_in);

/* How many candidates the budget of runs takes through all rungs, at least 4 and at most `most`. */
uint32_t race_size(uint32_t budget, uint32_t most);

/* is_front[i]: no j is at least as good in every criterion and better in one. values[i][c]: smaller is
 * better; those with a NAN are never in front. */
void race_front(const double (*values)[RACE_CRITERIA_MOST], uint32_t count, uint32_t criteria,
                bool *is_front);
