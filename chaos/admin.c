/* chaos/admin.c: those who knock at the admin door, those who are let in, and those who read the metrics. */
#include "chaos/schedule.h"

bool meet_API_SLOWLORIS(const struct fault_turn *turn, struct occasion *occasion)
{
    occasion->u.request.connections_taken += (uint32_t)turn->fault->params[0];
    return true;
}

bool meet_API_MALFORMED(const struct fault_turn *turn, struct occasion *occasion)
{
    (void)turn;
    return occasion->u.request.is_malformed = true;
}

bool meet_API_HUGE_BODY(const struct fault_turn *turn, struct occasion *occasion)
{
    enum { BODY_BYTES_MOST = 64 << 10 };
    if (turn->fault->params[0] <= BODY_BYTES_MOST) return false;
    return occasion->u.request.is_huge = true;
}

bool meet_API_BAD_TOKEN(const struct fault_turn *turn, struct occasion *occasion)
{
    (void)turn;
    return occasion->u.request.has_bad_token = true;
}

static bool operate(const struct fault_turn *turn, struct occasion_deed *deed, int64_t interval_ns)
{
    if (deed->is_end) return false;
    deed->deed = DEED_OPERATE;
    deed->draw = draw_u64(turn->draw);
    deed->next_ns = ns_after(turn->now_ns, interval_ns);
    return true;
}

/* Two people at once: the second order comes in the same instant. */
bool meet_API_CONCURRENT_ADMIN(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    deed->is_forced = true;
    return operate(turn, deed, turn->fault->params[0]);
}

enum operator_param { OPERATOR_HABIT, OPERATOR_INTERVAL };

bool meet_OPS_OPERATOR(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    deed->count = (uint64_t)turn->fault->params[OPERATOR_HABIT];
    return operate(turn, deed, turn->fault->params[OPERATOR_INTERVAL]);
}

bool meet_OPS_SCRAPE_GAP(const struct fault_turn *turn, struct occasion *occasion)
{
    (void)turn;
    return occasion->u.scrape.is_skipped = true;
}

bool meet_OPS_ALERT_DELAY(const struct fault_turn *turn, struct occasion *occasion)
{
    occasion->u.scrape.delay_ns += turn->fault->params[0];
    return true;
}
