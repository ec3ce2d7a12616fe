/* chaos/process.c: parts that end, stand still, are slow, or run in an order that nobody expects. */
#include "chaos/links.h"

enum hang_param { HANG_DURATION, HANG_INTERVAL };
enum oom_param { OOM_THRESHOLD, OOM_RECOVERY };
enum crash_at_param { CRASH_EVENT, CRASH_RECOVERY };
enum storm_param { STORM_COUNT, STORM_PERIOD };
enum malloc_param { MALLOC_N, MALLOC_EVERY };

static bool order_crash(const struct fault_turn *turn, struct occasion_deed *deed, enum chaos_deed what,
                        int64_t recovery_ns)
{
    if (deed->is_end) return false;
    deed->deed = what;
    deed->target = turn->fault->target;
    deed->duration_ns = recovery_ns;
    deed->draw = draw_u64(turn->draw);
    return true;
}

bool meet_PROCESS_CRASH(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    int64_t recovery_ns = turn->fault->params[0];
    deed->next_ns = ns_after(turn->now_ns, recovery_ns + NS_PER_S);
    return order_crash(turn, deed, DEED_CRASH, recovery_ns);
}

bool meet_PROCESS_HANG(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    const int64_t *params = turn->fault->params;
    int64_t since_ns = turn->now_ns - turn->fault->on_ns;
    int64_t phase_ns = params[HANG_INTERVAL] > 0 ? since_ns % params[HANG_INTERVAL] : since_ns;
    if (phase_ns >= params[HANG_DURATION] || !link_answers(turn, message)) return false;
    return link_hold(message, turn->now_ns - phase_ns + params[HANG_DURATION]);
}

bool meet_PROCESS_OOM(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    deed->share_ppm = (uint64_t)turn->fault->params[OOM_THRESHOLD];
    deed->next_ns = ns_after(turn->now_ns, turn->fault->params[OOM_RECOVERY] + NS_PER_S);
    return order_crash(turn, deed, DEED_OOM, turn->fault->params[OOM_RECOVERY]);
}

/* Work that has the rest of a processor takes 1 / (1 - u) as long. */
bool meet_PROCESS_CPU_SPIKE(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    int64_t used_ppm = turn->fault->params[0], free_ppm = SCHEDULE_PPM_ONE - used_ppm;
    int64_t took_ns =
        turn->now_ns - (message->sent_ns > turn->fault->on_ns ? message->sent_ns : turn->fault->on_ns);
    if (took_ns <= 0 || free_ppm <= 0 || !link_answers(turn, message)) return false;
    message->at_ns += (int64_t)((u128)(uint64_t)took_ns * (uint64_t)used_ppm / (uint64_t)free_ppm);
    return true;
}

bool meet_PROC_CRASH_AT(const struct fault_turn *turn, struct occasion *occasion)
{
    if (turn->state->count > 0 || occasion->entity != (uint64_t)turn->fault->params[CRASH_EVENT])
        return false;
    occasion->u.step.crashes = true;
    occasion->u.step.recovery_ns = turn->fault->params[CRASH_RECOVERY];
    return true;
}

bool meet_PROC_CRASH_IN_RECOVERY(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    deed->count = (uint64_t)turn->fault->params[0];
    return order_crash(turn, deed, DEED_CRASH_TWICE, turn->fault->params[1]);
}

bool meet_PROC_RESTART_STORM(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    const int64_t *params = turn->fault->params;
    if (turn->state->count + 1 < (uint64_t)params[STORM_COUNT])
        deed->next_ns = ns_after(turn->now_ns, params[STORM_PERIOD]);
    if (turn->state->count >= (uint64_t)params[STORM_COUNT]) return false;
    return order_crash(turn, deed, DEED_CRASH, params[STORM_PERIOD] / 4);
}

bool meet_PROC_UPGRADE(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_deed *deed = &occasion->u.deed;
    deed->count = (uint64_t)turn->fault->params[0];
    return order_crash(turn, deed, DEED_UPGRADE, turn->fault->params[1]);
}

bool meet_PROC_MALLOC_NTH(const struct fault_turn *turn, struct occasion *occasion)
{
    uint64_t n = (uint64_t)turn->fault->params[MALLOC_N], at = occasion->entity;
    bool is_meant = turn->fault->params[MALLOC_EVERY] ? at % n == 0 : at == n;
    if (is_meant) occasion->u.allocation.fails = true;
    return is_meant;
}

bool meet_PROC_EMFILE(const struct fault_turn *turn, struct occasion *occasion)
{
    occasion->u.request.connections_taken += (uint32_t)turn->fault->params[0];
    return true;
}

bool meet_PROC_EINTR(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_disk *disk = &occasion->u.disk;
    (void)turn;
    if (disk->error != DISK_OK || disk->op == DISK_CRASH) return false;
    disk->error = DISK_INTERRUPTED;
    return true;
}

/* Each task has a random rank, drawn anew at every change point; lower ranks wait for the higher ones. */
bool meet_SCHED_PCT(const struct fault_turn *turn, struct occasion *occasion)
{
    enum { RANKS = 16 };
    struct occasion_message *message = &occasion->u.message;
    if (!link_answers(turn, message)) return false;
    int64_t piece_ns = (turn->end_ns - turn->fault->on_ns) / (turn->fault->params[0] + 1) + 1;
    uint32_t point = (uint32_t)((turn->now_ns - turn->fault->on_ns) / piece_ns);
    uint64_t rank = rng_u64(&turn->draw->rng, RNG_FAULT, (uint64_t)turn->fault->key << 40 ^ occasion->entity,
                            UINT32_MAX - point) %
                    RANKS;
    message->at_ns += (int64_t)rank * 5 * NS_PER_MS;
    return rank > 0;
}

bool meet_SCHED_STARVE(const struct fault_turn *turn, struct occasion *occasion)
{
    struct occasion_message *message = &occasion->u.message;
    return link_answers(turn, message) && link_hold(message, turn->end_ns);
}
