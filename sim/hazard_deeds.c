/* sim/hazard_deeds.c: what faults do of themselves: crashes, reorgs, withdrawals, orders of operators. */
#include "chaos/registry.h"
#include "sim/hazards.h"

#define ORDER_NS (30 * NS_PER_S) /* until an operator puts things back */

enum { DOOR_PLACES = 64 }; /* connections that the admin door holds at once */

static bool crash(struct sim *sim, const struct occasion_deed *deed)
{
    struct hazards *hazards = sim->hazards;
    bool is_part = deed->target >= TARGET_EXECUTOR && deed->target <= TARGET_STORAGE;
    if (!is_part) {
        if (hazards->is_down || hazards->is_doomed) return false;
        hazards_doom(sim, deed);
        return true;
    }
    int64_t until_ns = ns_after(sim->now_ns, deed->duration_ns);
    hazards->crashed_ns[deed->target] = sim->now_ns;
    if (until_ns > hazards->down_until_ns[deed->target]) hazards->down_until_ns[deed->target] = until_ns;
    hazards_schedule(sim, until_ns, CALENDAR_TIMER, ENTRY_PATIENCE, 0,
                     0); /* it is there again: asked again */
    return true;
}

static bool crash_twice(struct sim *sim, const struct occasion_deed *deed)
{
    if (sim->hazards->is_down) return false;
    sim->hazards->recovery_cut = (uint32_t)deed->count + 1;
    return crash(sim, deed);
}

/* A program that reads another version of the log refuses it, and the old one is started in its place. */
static bool upgrade(struct sim *sim, const struct occasion_deed *deed)
{
    struct hazards *hazards = sim->hazards;
    struct journal_reader reader;
    struct journal_diag diag;
    if (hazards->is_down || hazards->disk.size < JOURNAL_FRAME_BYTES) return false;
    bool is_same = deed->count == JOURNAL_VERSION;
    bool is_read = journal_open(&reader, hazards->disk.bytes, hazards->disk.size, &diag) == OK;
    ASSERT(is_read); /* by its own version */
    int64_t span_ns = deed->duration_ns * (is_same ? 1 : 2);
    return crash(sim, &(struct occasion_deed){.duration_ns = span_ns, .draw = deed->draw});
}

static bool run_out_of_memory(struct sim *sim, const struct occasion_deed *deed)
{
    uint64_t limit = (uint64_t)sim->hazards->settings.max_memory_bytes;
    uint64_t used = sim->hazards->is_down ? 0 : engine_memory_usage(sim->engine).total;
    if (used == 0 || used < (uint64_t)((u128)limit * deed->share_ppm / SCHEDULE_PPM_ONE)) return false;
    return crash(sim, &(struct occasion_deed){.duration_ns = deed->duration_ns, .draw = deed->draw});
}

void hazards_ask_again(struct sim *sim)
{
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_RESUME};
    sim->hazards->patience_ns = NEVER_NS;
    hazards_step(sim, &event, 0, 0);
}

static bool ask_often(struct sim *sim, const struct occasion_deed *deed)
{
    for (uint64_t i = 0; i < deed->count; i++) hazards_ask_again(sim);
    return true;
}

static bool reorganise(struct sim *sim, const struct occasion_deed *deed)
{
    uint64_t reverted = engine_statistics(sim->engine)->events[EVENT_REVERTED];
    hazards_reorg(sim, deed);
    return engine_statistics(sim->engine)->events[EVENT_REVERTED] > reverted;
}

static bool withdraw(struct sim *sim, const struct occasion_deed *deed)
{
    uint32_t agents = engine_agent_count(sim->engine);
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_WITHDRAW};
    if (agents == 0) return false;
    const struct agent_view agent = engine_agent(sim->engine, (uint32_t)(deed->draw % agents));
    event.u.withdraw.agent_id = agent.id;
    event.u.withdraw.lamports = (uint64_t)((u128)agent.free * deed->share_ppm / SCHEDULE_PPM_ONE);
    event.u.withdraw.is_immediate = deed->is_forced;
    if (event.u.withdraw.lamports == 0) return false;
    hazards_step(sim, &event, agent.id, event.u.withdraw.lamports);
    return true;
}

/* ---- configuration ---- */

static void send_settings(struct sim *sim)
{
    struct event event = {
        .now_ns = sim->now_ns, .kind = EVENT_SETTINGS, .u.settings = &sim->hazards->settings};
    hazards_step(sim, &event, 0, 0);
}

/* In the order of SETTING_RANGES, and what one of its units is. */
static const struct flip {
    size_t offset;
    int64_t scale;
} FLIPS[FLIPPED_SETTINGS] = {
    {offsetof(struct settings, max_depth), 1},
    {offsetof(struct settings, max_parallel_branches), 1},
    {offsetof(struct settings, enabled), 1},
    {offsetof(struct settings, rollout_bps), (int64_t)BPS_ONE / 100},
    {offsetof(struct settings, batch_size), 1},
    {offsetof(struct settings, worker_threads), 1},
    {offsetof(struct settings, max_memory_bytes), (int64_t)MIB},
};

static int64_t *setting_at(struct settings *settings, const struct flip *flip)
{
    return (int64_t *)(void *)((char *)settings + flip->offset);
}

static bool flip(struct sim *sim, const struct occasion_deed *deed)
{
    const struct flip *row = &FLIPS[deed->count];
    struct settings *settings = &sim->hazards->settings, before = *sim->options->settings;
    int64_t value = deed->is_end ? *setting_at(&before, row) : (int64_t)deed->value * row->scale;
    if (*setting_at(settings, row) == value) return false;
    *setting_at(settings, row) = value;
    send_settings(sim);
    return !deed->is_end;
}

/* ---- operators ---- */

/* Who knocks is let in with a place, a body that can be read, and the right token. */
static bool opens_to(const struct occasion_request *request)
{
    bool is_readable = !request->is_malformed && !request->is_huge;
    return request->connections_taken < DOOR_PLACES && is_readable && !request->has_bad_token;
}

/* The watch is told what came in and with which token, whatever the door thought of it. */
static bool is_let_in(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    struct occasion occasion = {.kind = OCCASION_REQUEST, .entity = hazards->requests++};
    faults_meet(hazards->faults, sim->now_ns, &occasion);
    const struct occasion_request *request = &occasion.u.request;
    if (!opens_to(request)) return false;
    if (hazards->options.watch)
        watch_admitted_request(hazards->options.watch, sim->now_ns, !request->has_bad_token, true);
    return true;
}

enum order {
    ORDER_CANCEL,
    ORDER_ROLLBACK,
    ORDER_FORCE,
    ORDER_DRAIN,
    ORDER_EMERGENCY,
    ORDER_STALE,
    ORDER_CLEAR,
    ORDER_RETRY,
    ORDER_SNAPSHOTS,
    ORDER_RECOVER,
    ORDER_RESET,
    ORDER_ENABLE,
    ORDER_COUNT
};

static struct task_ref some_task(const struct sim *sim, uint64_t draw)
{
    const struct task_ref nobody = {UINT32_MAX, UINT32_MAX};
    if (sim->options->workload->task_count == 0) return nobody;
    uint64_t last = sim->next_job ? sim->options->workload->jobs[sim->next_job - 1].first_task : 1;
    uint64_t back = draw % 32;
    return sim->tasks[last > back ? last - back : 1].ref;
}

static struct event order_event(const struct sim *sim, uint64_t draw)
{
    struct event event = {.now_ns = sim->now_ns};
    uint64_t detail = draw >> 16;
    switch ((enum order)(draw % ORDER_COUNT)) {
    case ORDER_CANCEL: event.kind = EVENT_CANCEL; break;
    case ORDER_ROLLBACK:
        event.kind = EVENT_ROLLBACK;
        event.u.rollback.reason = REASON_MANUAL;
        break;
    case ORDER_FORCE:
        event.kind = EVENT_FORCE_ROLLBACK;
        event.u.rollback.reason = REASON_MANUAL;
        break;
    case ORDER_DRAIN:
        event.kind = EVENT_DRAIN;
        event.u.drain.timeout_ns = (int64_t)(1u << (detail >> 1) % 7) * NS_PER_S; /* 1 s to 64 s */
        event.u.drain.is_forced = detail & 1;
        break;
    case ORDER_EMERGENCY:
        event.kind = EVENT_EMERGENCY;
        event.u.emergency.action = detail & 1 ? EMERGENCY_DISABLE : EMERGENCY_DRAIN;
        event.u.emergency.is_forced = detail & 2;
        break;
    case ORDER_STALE:
        event.kind = EVENT_TIMEOUT_STALE;
        event.u.stale.older_than_ns = 60 * NS_PER_S;
        break;
    case ORDER_CLEAR:
        event.kind = EVENT_CLEAR_QUEUE;
        event.u.clear.is_dropped = detail & 1;
        break;
    case ORDER_RETRY: event.kind = EVENT_PROOF_RETRY; break;
    case ORDER_SNAPSHOTS:
        event.kind = EVENT_SNAPSHOTS_CLEAR;
        event.u.snapshots.older_than_ns = 60 * NS_PER_S;
        event.u.snapshots.includes_live = detail & 1;
        break;
    case ORDER_RECOVER: event.kind = EVENT_STAKE_RECOVER; break;
    case ORDER_RESET: event.kind = EVENT_BREAKER_RESET; break;
    default:
        event.kind = EVENT_BREAKER_ENABLE;
        event.u.enable.is_forced = detail & 1;
        break;
    }
    event.task = some_task(sim, detail);
    return event;
}

enum habit { HABIT_TYPICAL, HABIT_SKIP, HABIT_WRONG_ORDER, HABIT_TYPO, HABIT_SLOW, HABIT_ABSENT };

/* An operator puts the configuration back as it was. */
void hazards_restore_order(struct sim *sim)
{
    if (is_let_in(sim)) send_settings(sim);
}

/* Orders that no engine can follow. */
static struct event typo_event(const struct sim *sim, uint64_t draw)
{
    struct event event = {.now_ns = sim->now_ns, .task = some_task(sim, draw >> 16)};
    switch (draw % 8) {
    case 0:
        event.kind = EVENT_DRAIN;
        event.u.drain.timeout_ns = -1;
        break;
    case 1:
        event.kind = EVENT_ROLLBACK;
        event.u.rollback.reason = REASON_COUNT;
        break;
    case 2:
        event.kind = EVENT_FORCE_ROLLBACK;
        event.u.rollback.reason = REASON_COUNT;
        break;
    case 3:
        event.kind = EVENT_TIMEOUT_STALE;
        event.u.stale.older_than_ns = -1;
        break;
    case 4:
        event.kind = EVENT_SNAPSHOTS_CLEAR;
        event.u.snapshots.older_than_ns = -1;
        break;
    case 5:
        event.kind = EVENT_EMERGENCY;
        event.u.emergency.action = (enum emergency_action)9;
        break;
    case 6:
        event.kind = EVENT_DEPOSIT;
        event.u.deposit.agent_id = UINT64_C(1) << 40;
        event.u.deposit.lamports = 1;
        break;
    default:
        event.kind = EVENT_DEPOSIT;
        event.u.deposit.agent_id = 1;
        event.u.deposit.lamports = UINT64_MAX;
        break;
    }
    return event;
}

/* A service that keeps a log cannot write most of them down, and turns them away at the door. */
static bool mistype_order(struct sim *sim, uint64_t draw)
{
    if (!is_let_in(sim)) return false;
    if (sim->hazards->is_durable) return false;
    struct event event = typo_event(sim, draw);
    hazards_step(sim, &event, draw % 8, event.task.slot);
    return true;
}

static bool give_order(struct sim *sim, uint64_t draw)
{
    if (!is_let_in(sim)) return false;
    struct event event = order_event(sim, draw);
    hazards_step(sim, &event, draw % ORDER_COUNT, event.task.slot);
    return true;
}

static bool operate(struct sim *sim, const struct occasion_deed *deed)
{
    enum habit habit = (enum habit)deed->count;
    if (habit == HABIT_ABSENT) return false;
    if (habit == HABIT_TYPO) return mistype_order(sim, deed->draw);
    if (habit == HABIT_WRONG_ORDER) hazards_restore_order(sim);
    bool was_heard = give_order(sim, deed->draw);
    if (deed->is_forced) was_heard |= give_order(sim, deed->draw >> 8); /* a second one, at once */
    bool puts_back = habit == HABIT_TYPICAL || habit == HABIT_SLOW;
    if (puts_back)
        hazards_schedule(sim, sim->now_ns + ORDER_NS * (habit == HABIT_SLOW ? 4 : 1), CALENDAR_OPERATOR,
                         ENTRY_ORDER, 0, 0);
    return was_heard;
}

static bool (*const DEEDS[CHAOS_DEED_COUNT])(struct sim *sim, const struct occasion_deed *deed) = {
    [DEED_CRASH] = crash,         [DEED_CRASH_TWICE] = crash_twice,
    [DEED_UPGRADE] = upgrade,     [DEED_OOM] = run_out_of_memory,
    [DEED_ASK_AGAIN] = ask_often, [DEED_REORG] = reorganise,
    [DEED_WITHDRAW] = withdraw,   [DEED_CONFIG] = flip,
    [DEED_OPERATE] = operate,
};

static void do_what_is_due(struct sim *sim)
{
    const struct fault *fault;
    struct occasion_deed deed;
    while (faults_advance(sim->hazards->faults, sim->now_ns, &fault, &deed))
        if (DEEDS[deed.deed] && DEEDS[deed.deed](sim, &deed)) faults_did(sim->hazards->faults, fault);
}

void hazards_moment(struct sim *sim)
{
    sim->hazards->moment_ns = NEVER_NS;
    do_what_is_due(sim);
    hazards_schedule_moment(sim);
}

/* No fault any more; what operators had turned off is on again. */
void hazards_heal(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    faults_heal(hazards->faults, sim->now_ns);
    do_what_is_due(sim);
    hazards->is_healed = true;
    hazards->outcome.healed_ns = sim->now_ns;
    for (int target = 0; target < CHAOS_TARGET_COUNT; target++)
        if (hazards->down_until_ns[target] > sim->now_ns) hazards->down_until_ns[target] = sim->now_ns;
    hazards->settings = *sim->options->settings;
    send_settings(sim);
    hazards_ask_again(sim);
    if (hazards->options.watch) watch_healed(hazards->options.watch, sim->now_ns);
}

void hazards_scrape(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    struct occasion occasion = {.kind = OCCASION_SCRAPE, .entity = hazards->scrapes};
    struct occasion clock = {.kind = OCCASION_CLOCK, .entity = hazards->scrapes++};
    faults_meet(hazards->faults, sim->now_ns, &occasion);
    clock.u.clock.wall_ns = sim->now_ns; /* the stamp of the sample, and nothing else, is wall time */
    faults_meet(hazards->faults, sim->now_ns, &clock);
    (void)is_let_in(sim); /* somebody looks at the state of the service as well */
    if (!occasion.u.scrape.is_skipped && !hazards->is_down && hazards->options.watch)
        watch_scraped(hazards->options.watch, sim->now_ns, sim->engine);
    hazards_schedule(sim, sim->now_ns + HAZARD_SCRAPE_NS, CALENDAR_SAMPLE, ENTRY_SCRAPE, 0, 0);
}
