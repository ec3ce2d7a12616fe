/* chaos/network.c: faults of the transport between the service and its ports.
 *
 * Delays are of answers: what the engine sees of a port is the whole way there
 * and back. A request can be lost, which its sender notices by its patience. */
#include "base/dist.h"
#include "chaos/links.h"

enum latency_param { LATENCY_MIN, LATENCY_MAX, LATENCY_DIST };
enum latency_dist { LATENCY_UNIFORM, LATENCY_LOGNORMAL, LATENCY_PARETO };
enum partition_param { PARTITION_DURATION, PARTITION_INTERVAL, PARTITION_SYMMETRIC };
enum slicer_param { SLICER_SIZE, SLICER_DELAY };

/* Of log-normal and Pareto: half of the delays within a tenth, or a fifteenth, of the width; cut at its end.
 */
#define LOGNORMAL_SIGMA 0.8
#define PARETO_EXPONENT 1.4
enum { LOGNORMAL_SHARE = 10, PARETO_SHARE = 10 };

static int64_t spread(struct draw *draw, enum latency_dist law, int64_t width_ns)
{
    const double least = (double)width_ns / PARETO_SHARE, median = (double)width_ns / LOGNORMAL_SHARE;
    if (law == LATENCY_UNIFORM || width_ns < PARETO_SHARE)
        return (int64_t)draw_below(draw, (uint64_t)width_ns + 1);
    const struct dist dist = law == LATENCY_LOGNORMAL
                                 ? (struct dist){.kind = DIST_LOGNORMAL, .a = median, .b = LOGNORMAL_SIGMA}
                                 : (struct dist){.kind = DIST_PARETO, .a = least, .b = PARETO_EXPONENT};
    int64_t delay_ns = dist_sample_ns(&dist, draw);
    if (law == LATENCY_PARETO) delay_ns -= (int64_t)least;
    return delay_ns < width_ns ? delay_ns : width_ns;
}

bool meet_NETWORK_LATENCY(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    const int64_t *params = turn->fault->params;
    if (!link_answers(turn, message)) return false;
    int64_t width_ns =
        params[LATENCY_MAX] > params[LATENCY_MIN] ? params[LATENCY_MAX] - params[LATENCY_MIN] : 0;
    message->at_ns +=
        params[LATENCY_MIN] + spread(turn->draw, (enum latency_dist)params[LATENCY_DIST], width_ns);
    return true;
}

bool meet_NETWORK_DROP(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    return link_goes(turn, message, (enum link_direction)turn->fault->params[0]) && link_lose(message);
}

bool meet_NETWORK_PARTITION(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    const int64_t *params = turn->fault->params;
    int64_t since_ns = turn->now_ns - turn->fault->on_ns;
    int64_t phase_ns = params[PARTITION_INTERVAL] > 0 ? since_ns % params[PARTITION_INTERVAL] : since_ns;
    enum link_direction direction = params[PARTITION_SYMMETRIC] ? LINK_BOTH : LINK_ANSWER;
    if (phase_ns >= params[PARTITION_DURATION]) return false;
    return link_goes(turn, message, direction) && link_lose(message);
}

bool meet_NETWORK_TIMEOUT(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    return link_answers(turn, message) && link_lose(message); /* what was asked was done all the same */
}

bool meet_NET_ASYM(const struct fault_turn *turn, struct occasion *occasion)
{
    return meet_NETWORK_DROP(turn, occasion);
}

/* Down in every second half of the period. */
bool meet_NET_FLAP(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    int64_t period_ns = turn->fault->params[0];
    bool is_down = (turn->now_ns - turn->fault->on_ns) % period_ns >= period_ns / 2;
    return is_down && link_goes(turn, message, LINK_BOTH) && link_lose(message);
}

enum { CLOGGED_LINKS = 4 };

static const enum chaos_target CLOGGED[CLOGGED_LINKS] = {TARGET_EXECUTOR, TARGET_PROVER, TARGET_CHAIN,
                                                         TARGET_STORAGE};

/* Place of this link in a random order of the four that belongs to the fault alone. */
static int place_of(const struct fault_turn *turn, enum chaos_target link, uint32_t which)
{
    uint64_t own = 0, draws[CLOGGED_LINKS];
    int place = 0;
    for (uint32_t i = 0; i < CLOGGED_LINKS; i++) {
        draws[i] = rng_u64(&turn->draw->rng, RNG_FAULT, (uint64_t)turn->fault->key << 40 | CLOGGED[i], which);
        if (CLOGGED[i] == link) own = draws[i];
    }
    for (uint32_t i = 0; i < CLOGGED_LINKS; i++) place += draws[i] < own;
    return place;
}

/* Links clog one by one in the first half, in one order, and are freed in the second, in another. */
bool meet_NET_SWIZZLE_CLOG(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    int64_t half_ns = (turn->end_ns - turn->fault->on_ns) / 2;
    if (!message->is_answer || message->link < TARGET_EXECUTOR || message->link > TARGET_STORAGE)
        return false;
    int64_t clogs_ns = turn->fault->on_ns + half_ns * place_of(turn, message->link, 0) / CLOGGED_LINKS;
    int64_t frees_ns =
        turn->fault->on_ns + half_ns + half_ns * (place_of(turn, message->link, 1) + 1) / CLOGGED_LINKS;
    return turn->now_ns >= clogs_ns && link_hold(message, frees_ns);
}

bool meet_NET_BANDWIDTH(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    if (!link_answers(turn, message)) return false;
    int64_t begins_ns =
        turn->state->busy_until_ns > message->at_ns ? turn->state->busy_until_ns : message->at_ns;
    message->at_ns = begins_ns + (int64_t)message->bytes * NS_PER_S / turn->fault->params[0];
    turn->state->busy_until_ns = message->at_ns;
    return true;
}

bool meet_NET_SLICER(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    const int64_t *params = turn->fault->params;
    if (!link_answers(turn, message)) return false;
    message->at_ns += message->bytes / params[SLICER_SIZE] * params[SLICER_DELAY];
    return true;
}

/* Whatever was on its way when the peer reset the connection. */
bool meet_NET_RESET_PEER(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    return link_answers(turn, message) && message->sent_ns < turn->fault->on_ns && link_lose(message);
}

bool meet_NET_HALF_OPEN(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    return link_goes(turn, message, LINK_BOTH) && link_lose(message);
}

bool meet_NET_LIMIT_DATA(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    if (!link_goes(turn, message, LINK_BOTH)) return false;
    turn->state->bytes += message->bytes;
    return turn->state->bytes > (uint64_t)turn->fault->params[0] && link_lose(message);
}

bool meet_NET_RETRY_STORM(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    if (deed->is_end) return false;
    deed->deed = DEED_ASK_AGAIN;
    deed->count = (uint64_t)turn->fault->params[0];
    deed->next_ns = ns_after(turn->now_ns, NS_PER_S);
    return true;
}
