/* sim/geography.c: the two tables. */
#include "sim/geography.h"
#include "base/units.h"

const double REGION_STAKE[REGIONS] = {0.552, 0.183, 0.141, 0.091, 0.023, 0.010};

static const double ONE_WAY_MS[REGIONS][REGIONS] = {
    {3.3, 8.8, 51.8, 71.0, 63.9, 70.7},   {8.8, 6.7, 56.2, 65.1, 65.6, 72.6},
    {51.8, 56.2, 8.6, 96.9, 25.5, 89.5},  {71.0, 65.1, 96.9, 26.0, 82.3, 97.3},
    {63.9, 65.6, 25.5, 82.3, 6.8, 108.6}, {70.7, 72.6, 89.5, 97.3, 108.6, 50.0},
};

int64_t geography_one_way_ns(enum region from, enum region to, double detour)
{
    return NS_PER_MS + (int64_t)((ONE_WAY_MS[from][to] - 1) * detour * (double)NS_PER_MS);
}

/* Of 954 active validators (chain.md 1.4). Between the points each has the same. */
static const struct {
    double rank, share;
} STAKE_CURVE[] = {{0, 0},     {1, .033},  {10, .228},  {20, .337}, {44, .503},
                   {88, .668}, {200, .81}, {400, .917}, {954, 1}};
enum { CURVE_POINTS = sizeof STAKE_CURVE / sizeof *STAKE_CURVE };

double geography_stake_of_first(double rank, double count)
{
    double at = rank * STAKE_CURVE[CURVE_POINTS - 1].rank / count;
    int above = 1;
    while (above < CURVE_POINTS - 1 && at > STAKE_CURVE[above].rank) above++;
    double low = STAKE_CURVE[above - 1].rank, high = STAKE_CURVE[above].rank;
    double share_low = STAKE_CURVE[above - 1].share, share_high = STAKE_CURVE[above].share;
    return share_low + (share_high - share_low) * (at - low) / (high - low);
}
