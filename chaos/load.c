/* chaos/load.c: arrivals that come all at once. The same jobs, at other times: none is added, so that a
 * run with the fault can be compared with one without. */
#include "chaos/schedule.h"

/* What would have come in the next `factor` times as long comes within the window, in the same order. */
static bool press(const struct fault_turn *turn, struct occasion_arrival *arrival)
{
    int64_t on_ns = turn->fault->on_ns, factor_bps = turn->fault->params[0];
    int64_t since_ns = arrival->at_ns - on_ns;
    if (since_ns <= 0) return false;
    arrival->at_ns = on_ns + (int64_t)((u128)(uint64_t)since_ns * BPS_ONE / (uint64_t)factor_bps);
    return true;
}

bool meet_LOAD_BURST(const struct fault_turn *turn, struct occasion *occasion)
{
    return press(turn, &occasion->u.arrival);
}

bool meet_LOAD_THUNDERING_HERD(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_arrival *arrival = &occasion->u.arrival;
    if (arrival->at_ns >= turn->end_ns) return false;
    arrival->at_ns = turn->end_ns;
    return true;
}

bool meet_LOAD_METASTABLE(const struct fault_turn *turn, struct occasion *occasion)
{
    return press(turn, &occasion->u.arrival);
}
