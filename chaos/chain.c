/* chaos/chain.c: what chains and their RPC nodes do to transactions and to what is heard of them. */
#include "chaos/links.h"

#define BLOCKHASH_NS (150 * CHAOS_SLOT_NS) /* how long a blockhash is good (chain.md) */

enum reorg_param { REORG_DEPTH, REORG_RESPECTS };
enum rpc_error_param { RPC_ERROR, RPC_RETRY_AFTER };
enum rpc_error { RPC_429, RPC_500, RPC_503, RPC_PREFLIGHT, RPC_NODE_BEHIND, RPC_TIMEOUT, RPC_GARBAGE };

static bool is_landing(const struct occasion_transaction *transaction)
{
    return transaction->fate == TX_LANDS || transaction->fate == TX_IS_REJECTED;
}

static int64_t times(int64_t span_ns, int64_t factor_bps)
{
    return (int64_t)((u128)(uint64_t)span_ns * (uint64_t)factor_bps / BPS_ONE);
}

/* One look a second. */
bool meet_CHAIN_REORG(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    if (deed->is_end) return false;
    deed->deed = DEED_REORG;
    deed->count = (uint64_t)turn->fault->params[REORG_DEPTH];
    deed->is_forced = !turn->fault->params[REORG_RESPECTS];
    deed->draw = draw_u64(turn->draw);
    deed->next_ns = ns_after(turn->now_ns, NS_PER_S);
    return true;
}

bool meet_CHAIN_SLOT_SKIP(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    if (!is_landing(transaction)) return false;
    transaction->confirmed_ns += turn->fault->params[0] * CHAOS_SLOT_NS;
    transaction->finalized_ns += turn->fault->params[0] * CHAOS_SLOT_NS;
    return true;
}

bool meet_CHAIN_CONFIRMATION_DELAY(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    if (!is_landing(transaction)) return false;
    int64_t more_ns = times(transaction->confirmed_ns - turn->now_ns, turn->fault->params[0]) -
                      (transaction->confirmed_ns - turn->now_ns);
    transaction->confirmed_ns += more_ns;
    transaction->finalized_ns += more_ns;
    return true;
}

/* An answer that never comes, or that nobody can read, says nothing about the transaction. */
bool meet_CHAIN_RPC_ERROR(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    enum rpc_error error = (enum rpc_error)turn->fault->params[RPC_ERROR];
    if (error == RPC_TIMEOUT || error == RPC_GARBAGE) return transaction->is_answer_lost = true;
    transaction->fate = TX_IS_REFUSED;
    transaction->accepted_ns += turn->fault->params[RPC_RETRY_AFTER];
    return true;
}

static void expire(struct occasion_transaction *transaction, int64_t at_ns)
{
    transaction->fate = TX_EXPIRES;
    transaction->expired_ns = at_ns > transaction->accepted_ns ? at_ns : transaction->accepted_ns + 1;
}

bool meet_CHAIN_TX_DROPPED(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    if (!is_landing(transaction)) return false;
    expire(transaction, turn->now_ns + BLOCKHASH_NS);
    return true;
}

bool meet_CHAIN_UNKNOWN_RESULT(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    (void)turn;
    return is_landing(transaction) && (transaction->is_answer_lost = true);
}

bool meet_CHAIN_DOUBLE_LAND(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    (void)turn;
    return is_landing(transaction) && (transaction->is_landing_twice = true);
}

/* It was fetched a while ago, and has only the rest of its life left. */
bool meet_CHAIN_BLOCKHASH_EXPIRED(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    if (!is_landing(transaction)) return false;
    expire(transaction, turn->now_ns + (int64_t)draw_below(turn->draw, BLOCKHASH_NS));
    return true;
}

static bool is_level(const struct occasion_message *message)
{
    return message->event == EVENT_CONFIRMED || message->event == EVENT_FINALIZED ||
           message->event == EVENT_TX_REJECTED;
}

bool meet_CHAIN_STALE_RPC(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    if (!link_answers(turn, message) || !is_level(message)) return false;
    message->at_ns += turn->fault->params[0] * CHAOS_SLOT_NS;
    return true;
}

/* Two endpoints, one of them behind: what the first has said the second says later, once more; or the late
 * one alone is heard. */
bool meet_CHAIN_SPLIT_RPC(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    int64_t lag_ns = turn->fault->params[0] * CHAOS_SLOT_NS;
    if (!link_answers(turn, message) || !is_level(message)) return false;
    if (draw_below(turn->draw, 2)) {
        message->at_ns += lag_ns;
    } else {
        message->copies++;
        message->copy_gap_ns = lag_ns;
    }
    return true;
}

bool meet_CHAIN_FINALITY_STALL(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    return link_answers(turn, message) && message->event == EVENT_FINALIZED &&
           link_hold(message, turn->end_ns);
}

bool meet_CHAIN_HALT(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    return link_answers(turn, message) && is_level(message) && link_hold(message, turn->end_ns);
}

/* Those who pay what they paid before wait longer for a place, and one in four finds none. */
bool meet_CHAIN_FEE_SPIKE(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    if (!is_landing(transaction)) return false;
    if (draw_below(turn->draw, 4) == 0) {
        expire(transaction, turn->now_ns + BLOCKHASH_NS);
        return true;
    }
    return meet_CHAIN_CONFIRMATION_DELAY(turn, occasion);
}

bool meet_APP_STATE_CONFLICT(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_transaction *transaction = &occasion->u.transaction;
    (void)turn;
    if (transaction->fate != TX_LANDS) return false;
    transaction->fate = TX_IS_REJECTED;
    transaction->rejection = TX_STATE_CONFLICT;
    return true;
}
