/* chaos/app.c: proofs, stake, claims, and submissions that should never have been made. */
#include "chaos/schedule.h"

enum withdraw_param { WITHDRAW_SHARE, WITHDRAW_IMMEDIATE };
enum flip_param { FLIP_SETTING, FLIP_VALUE };

bool meet_APP_PROOF_INVALID(const struct fault_turn *turn, struct occasion *occasion)
{
    (void)turn;
    if (occasion->u.proof.is_invalid) return false;
    return occasion->u.proof.is_invalid = true;
}

bool meet_APP_PROOF_SLOW(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_proof *proof = &occasion->u.proof;
    proof->duration_ns =
        (int64_t)((u128)(uint64_t)proof->duration_ns * (uint64_t)turn->fault->params[0] / BPS_ONE);
    return true;
}

static bool kill(struct occasion_proof *proof, int64_t recovery_ns)
{
    if (proof->is_killed) return false;
    proof->is_killed = true;
    proof->recovery_ns = recovery_ns;
    return true;
}

bool meet_APP_WORKER_POISON(const struct fault_turn *turn, struct occasion *occasion)
{
    return kill(&occasion->u.proof, turn->fault->params[0]);
}

bool meet_APP_WORKER_LOSS(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_proof *proof = &occasion->u.proof;
    if (proof->worker >= (uint64_t)turn->fault->params[0]) return false;
    return kill(proof, turn->end_ns - turn->now_ns);
}

bool meet_APP_STAKE_INSUFFICIENT(const struct fault_turn *turn, struct occasion *occasion)
{
    (void)turn;
    return occasion->u.submission.is_without_stake = true;
}

bool meet_APP_CLAIM_EXPIRED(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_submission *submission = &occasion->u.submission;
    int64_t expires_ns = ns_after(turn->now_ns, turn->fault->params[0]);
    if (submission->claim_expires_ns <= expires_ns) return false;
    submission->claim_expires_ns = expires_ns;
    return true;
}

bool meet_APP_CYCLE_SUBMIT(const struct fault_turn *turn, struct occasion *occasion)
{
    (void)turn;
    return occasion->u.submission.is_cycle = true;
}

bool meet_APP_HUGE_FANOUT(const struct fault_turn *turn, struct occasion *occasion)
{
    if (turn->state->count >= (uint64_t)turn->fault->params[0]) return false;
    return occasion->u.submission.joins_crowd = true;
}

bool meet_APP_WITHDRAW_RACE(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    if (deed->is_end) return false;
    deed->deed = DEED_WITHDRAW;
    deed->share_ppm = (uint64_t)turn->fault->params[WITHDRAW_SHARE];
    deed->is_forced = turn->fault->params[WITHDRAW_IMMEDIATE] != 0;
    deed->draw = draw_u64(turn->draw);
    deed->next_ns = ns_after(turn->now_ns, NS_PER_S);
    return true;
}

/* While a plan waits for what it asked of a port. */
bool meet_APP_GC_DURING_ROLLBACK(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    (void)turn;
    if (message->event != EVENT_ABORTED && message->event != EVENT_RESTORED) return false;
    return message->is_collecting = true;
}

/* At the end the setting is what it was. */
bool meet_APP_CONFIG_FLIP(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    deed->deed = DEED_CONFIG;
    deed->count = (uint64_t)turn->fault->params[FLIP_SETTING];
    deed->value = (uint64_t)turn->fault->params[FLIP_VALUE];
    return true;
}
