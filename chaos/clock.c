/* chaos/clock.c: the wall clock. Monotonic time never steps; that is what the engine must live by. */
#include "chaos/schedule.h"

enum strobe_param { STROBE_PERIOD, STROBE_DELTA };

#define PPM_ONE INT64_C(1000000)
/* 2038-01-19 03:14:08, when 32 bits of seconds since 1970 are over. */
#define Y2038_NS (INT64_C(2147483648) * NS_PER_S)

bool meet_CLOCK_SKEW(const struct fault_turn *turn, struct occasion *occasion)
{
    occasion->u.clock.wall_ns += turn->fault->params[0];
    return true;
}

bool meet_CLOCK_JUMP(const struct fault_turn *turn, struct occasion *occasion)
{
    return meet_CLOCK_SKEW(turn, occasion); /* the clock goes back by as much when the fault is over */
}

bool meet_CLOCK_DRIFT(const struct fault_turn *turn, struct occasion *occasion)
{
    int64_t since_ns = turn->now_ns - turn->fault->on_ns;
    occasion->u.clock.wall_ns += since_ns / PPM_ONE * turn->fault->params[0];
    return true;
}

bool meet_CLOCK_FREEZE(const struct fault_turn *turn, struct occasion *occasion)
{
    occasion->u.clock.wall_ns -= turn->now_ns - turn->fault->on_ns;
    return true;
}

bool meet_CLOCK_STROBE(const struct fault_turn *turn, struct occasion *occasion)
{
    const int64_t *params = turn->fault->params;
    bool is_odd = (turn->now_ns - turn->fault->on_ns) / params[STROBE_PERIOD] % 2 == 1;
    if (is_odd) occasion->u.clock.wall_ns += params[STROBE_DELTA];
    return is_odd;
}

bool meet_CLOCK_Y2038(const struct fault_turn *turn, struct occasion *occasion)
{
    occasion->u.clock.wall_ns = Y2038_NS - NS_PER_S + (turn->now_ns - turn->fault->on_ns);
    return true;
}
