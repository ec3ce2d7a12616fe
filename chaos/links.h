/* chaos/links.h: what the injectors of messages have in common. */
#pragma once
#include "chaos/schedule.h"

enum link_direction { LINK_REQUEST, LINK_ANSWER, LINK_BOTH }; /* words of a "dir" */

static inline bool link_is_meant(const struct fault_turn *turn, const struct occasion_message *message)
{
    enum chaos_target target = turn->fault->target;
    bool is_all = target == TARGET_ANY || target == TARGET_SCHEDULER || target == TARGET_LEDGER;
    return is_all || target == message->link; /* the service is at the other end of every link */
}

static inline bool link_goes(const struct fault_turn *turn, const struct occasion_message *message,
                             enum link_direction direction)
{
    bool is_right_way = direction == LINK_BOTH || (direction == LINK_ANSWER) == message->is_answer;
    return is_right_way && !message->is_lost && link_is_meant(turn, message);
}

static inline bool link_answers(const struct fault_turn *turn, const struct occasion_message *message)
{
    return link_goes(turn, message, LINK_ANSWER);
}

static inline bool link_lose(struct occasion_message *message)
{
    message->is_lost = true;
    return true;
}

/* Not before then; false when it would not have come earlier. */
static inline bool link_hold(struct occasion_message *message, int64_t until_ns)
{
    if (message->at_ns >= until_ns) return false;
    message->at_ns = until_ns;
    return true;
}
