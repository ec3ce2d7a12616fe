/* tests/lib/event_sample.c: see the header. */
#include "tests/lib/event_sample.h"
#include <string.h>

static uint64_t number(struct draw *draw)
{
    static const uint64_t EDGES[] = {0, 1, UINT32_MAX, INT64_MAX, UINT64_MAX};
    uint64_t drawn = draw_u64(draw);
    return drawn % 4 == 0 ? EDGES[drawn / 4 % 5] : drawn;
}

static bool flag(struct draw *draw)
{
    return draw_u64(draw) & 1;
}

static void submit(struct draw *draw, struct event_submit *submit)
{
    submit->id = number(draw);
    submit->agent_id = number(draw);
    submit->snapshot_bytes = number(draw);
    submit->bond_lamports = number(draw);
    submit->claim_expires_ns = (int64_t)number(draw);
    submit->rollout_bucket = (uint32_t)number(draw);
    submit->parent_count = (uint32_t)(draw_u64(draw) % (LIMIT_PARENTS + 3));
    if (submit->parent_count > LIMIT_PARENTS) return; /* refused by its number: the list does not count */
    for (uint32_t i = 0; i < submit->parent_count; i++) {
        submit->parents[i] = number(draw);
        submit->edge_kinds[i] = (uint8_t)(draw_u64(draw) % EDGE_KIND_COUNT);
    }
}

static void order(struct draw *draw, struct event *event)
{
    switch (event->kind) {
    case EVENT_ROLLBACK:
    case EVENT_FORCE_ROLLBACK:
        event->u.rollback.reason = (enum rollback_reason)(draw_u64(draw) % REASON_COUNT);
        break;
    case EVENT_DRAIN:
        event->u.drain.timeout_ns = (int64_t)number(draw);
        event->u.drain.is_forced = flag(draw);
        break;
    case EVENT_EMERGENCY:
        event->u.emergency.action = flag(draw) ? EMERGENCY_DISABLE : EMERGENCY_DRAIN;
        event->u.emergency.is_forced = flag(draw);
        break;
    case EVENT_TIMEOUT_STALE: event->u.stale.older_than_ns = (int64_t)number(draw); break;
    case EVENT_CLEAR_QUEUE: event->u.clear.is_dropped = flag(draw); break;
    case EVENT_SNAPSHOTS_CLEAR:
        event->u.snapshots.older_than_ns = (int64_t)number(draw);
        event->u.snapshots.is_dry_run = flag(draw);
        event->u.snapshots.includes_live = flag(draw);
        break;
    case EVENT_STAKE_RECOVER: event->u.recover.agent_id = number(draw); break;
    case EVENT_BREAKER_ENABLE: event->u.enable.is_forced = flag(draw); break;
    case EVENT_GC: event->u.gc.is_forced = flag(draw); break;
    default: break;
    }
}

static void outcome(struct draw *draw, struct event *event)
{
    switch (event->kind) {
    case EVENT_EXECUTED: event->u.executed.output_digest = number(draw); /* fall through */
    case EVENT_EXECUTION_FAILED:
    case EVENT_ABORTED: event->u.executed.compute_ns = (int64_t)number(draw); break;
    case EVENT_PROOF_FAILED:
        event->u.proof.error = flag(draw) ? PROOF_ERROR_TRANSIENT : PROOF_ERROR_CONSTRAINT;
        break;
    case EVENT_TX_REJECTED: event->u.tx.rejection = flag(draw) ? TX_PROOF_INVALID : TX_STATE_CONFLICT; break;
    case EVENT_CONFIRMED:
    case EVENT_FINALIZED:
    case EVENT_REVERTED: event->u.level.slot = number(draw); break;
    case EVENT_CLAIM_RENEWED: event->u.claim.expires_ns = (int64_t)number(draw); break;
    default: break;
    }
}

static bool names_a_task(enum event_kind kind)
{
    bool is_outcome = kind >= EVENT_EXECUTED && kind <= EVENT_CLAIM_RENEWED && kind != EVENT_WORKER_FREE;
    return is_outcome || kind == EVENT_CANCEL || kind == EVENT_ROLLBACK || kind == EVENT_PROOF_RETRY;
}

static bool answers_an_attempt(enum event_kind kind)
{
    return kind == EVENT_PROOF_DONE || kind == EVENT_PROOF_FAILED ||
           (kind >= EVENT_TX_ACCEPTED && kind <= EVENT_REVERTED);
}

struct event event_sample(struct draw *draw, enum event_kind kind, const struct settings *settings)
{
    struct event event;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    event.now_ns = (int64_t)number(draw);
    if (names_a_task(kind)) {
        event.task.slot = (uint32_t)number(draw);
        event.task.generation = (uint32_t)number(draw);
    }
    if (answers_an_attempt(kind)) event.attempt = (uint32_t)number(draw);
    if (kind == EVENT_PROOF_FAILED || kind == EVENT_TX_REFUSED || kind == EVENT_TX_DROPPED)
        event.jitter = (uint32_t)number(draw);
    if (kind == EVENT_SUBMIT) submit(draw, &event.u.submit);
    if (kind == EVENT_WORKER_FREE) event.u.worker.worker = (uint32_t)number(draw);
    if (kind == EVENT_DEPOSIT) {
        event.u.deposit.agent_id = number(draw);
        event.u.deposit.lamports = number(draw);
    }
    if (kind == EVENT_WITHDRAW) {
        event.u.withdraw.agent_id = number(draw);
        event.u.withdraw.lamports = number(draw);
        event.u.withdraw.is_immediate = flag(draw);
    }
    if (kind == EVENT_SETTINGS) event.u.settings = settings;
    outcome(draw, &event);
    order(draw, &event);
    return event;
}
