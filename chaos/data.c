/* chaos/data.c: messages that arrive damaged, late, twice, or after younger ones. */
#include "chaos/links.h"

enum duplicate_param { DUPLICATE_COPIES, DUPLICATE_DELAY };

bool meet_DATA_CORRUPTION(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    if (!link_answers(turn, message) || message->is_damaged) return false;
    return message->is_damaged = true;
}

bool meet_DATA_DELAY(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    if (!link_answers(turn, message)) return false;
    message->at_ns += turn->fault->params[0];
    return true;
}

bool meet_DATA_DUPLICATE(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    if (!link_answers(turn, message)) return false;
    message->copies += 1 + (uint32_t)draw_below(turn->draw, (uint64_t)turn->fault->params[DUPLICATE_COPIES]);
    message->copy_gap_ns = turn->fault->params[DUPLICATE_DELAY];
    return true;
}

bool meet_DATA_REORDER(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    if (!link_answers(turn, message)) return false;
    message->at_ns += (int64_t)draw_below(turn->draw, (uint64_t)turn->fault->params[0] + 1);
    return true;
}
