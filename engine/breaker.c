/* engine/breaker.c: the circuit breaker: when speculation fails too often, stop it, then try it carefully.
 *
 * Closed, it counts. A trigger opens it: no admission until the cooldown is over, or until the condition that
 * opened it has ended; work under way goes on. Then it is half open: a few tasks are admitted on trial, and
 * when all of them are confirmed it closes; one that ends otherwise opens it again (engine.md 1.5, 2.11).
 *
 * A failure is a root cause, whatever it takes with it. Rollbacks that an operator ordered (reasons manual
 * and emergency_shutdown) are no failures, and what they take with them does not count as rolled back: they
 * say nothing about how well speculation works.
 *
 * Rate: tasks rolled back / admitted speculatively over the last whole seconds of the engine's clock, looked
 * at as each second begins, over the seconds before it (semantics.md 21). The looks are taken when something
 * is counted or a tick comes; a deadline asks for ticks only while the window holds enough rollbacks to
 * matter.
 *
 * All counters restart when it closes. A trigger that has fired counts anew, so that a short cooldown does
 * not make it flap. A cooldown keeps the length it began with; thresholds apply as they are now. */
#include "engine/state.h"
#include <string.h>

static uint32_t handle_of(const struct engine *engine, enum breaker_deadline deadline)
{
    return deadline_handle(engine, DEADLINE_BREAKER, (uint32_t)deadline);
}

static enum breaker_state state_of(const struct engine *engine)
{
    return (enum breaker_state)engine->breaker.state;
}

/* ---- changes of state ---- */

static void forget_probes(struct engine *engine)
{
    struct breaker *breaker = &engine->breaker;
    for (uint32_t i = 0; i < breaker->probes_admitted; i++) {
        struct task *task = task_at(engine, breaker->probes[i].slot);
        if (task->generation == breaker->probes[i].generation) task->flags &= (uint16_t)~TASK_PROBE;
    }
    breaker->probes_admitted = breaker->probes_confirmed = 0;
}

static void change(struct engine *engine, enum breaker_move move)
{
    struct breaker *breaker = &engine->breaker;
    enum breaker_state from = state_of(engine);
    move_must(MACHINE_BREAKER, &breaker->state, move);
    engine->stats.breaker_state = breaker->state;
    forget_probes(engine);
    struct effect *note = effect_push(engine, NOTE_BREAKER, NONE);
    note->u.breaker.from = from;
    note->u.breaker.to = state_of(engine);
    note->u.breaker.trigger = breaker->trigger;
    note->u.breaker.value = breaker->value;
    note->u.breaker.threshold = breaker->threshold;
    note->u.breaker.retry_ns = breaker->retry_ns;
    if (breaker->state != BREAKER_OPEN) waiting_freed(engine, WAIT_CIRCUIT_OPEN, 0);
}

/* Memory and the proof queue keep it open as long as they are full, the others for a time. */
static bool is_condition(enum breaker_trigger trigger)
{
    return trigger == TRIGGER_MEMORY || trigger == TRIGGER_PROOF_QUEUE;
}

static int64_t cooldown_of(const struct settings *settings, enum breaker_trigger trigger)
{
    return trigger == TRIGGER_ROLLBACK_RATE ? settings->breaker_rate_cooldown_ns
                                            : settings->breaker_consecutive_cooldown_ns;
}

static void forget_deadlines(struct engine *engine)
{
    for (int deadline = 0; deadline < BREAKER_DEADLINES; deadline++)
        heap_remove(&engine->deadlines, handle_of(engine, (enum breaker_deadline)deadline));
    engine->breaker.look_ns = NEVER_NS;
}

static void open_it(struct engine *engine, enum breaker_move move, enum breaker_trigger trigger,
                    uint64_t value, uint64_t threshold)
{
    struct breaker *breaker = &engine->breaker;
    breaker->trigger = trigger;
    breaker->value = value;
    breaker->threshold = threshold;
    breaker->opened_ns = engine->now_ns;
    breaker->failure_count = 0;
    breaker->rate_seen_bps = 0;
    breaker->rate_since_ns = breaker->queue_since_ns = NEVER_NS;
    if (trigger != TRIGGER_PROBE_FAILED) breaker->cause = trigger;
    breaker->retry_ns = is_condition(trigger)
                            ? NEVER_NS
                            : ns_after(engine->now_ns, cooldown_of(&engine->settings, breaker->cause));
    forget_deadlines(engine);
    if (breaker->retry_ns != NEVER_NS)
        heap_set(&engine->deadlines, handle_of(engine, BREAKER_RETRY), breaker->retry_ns);
    engine->stats.breaker_trips[trigger]++;
    change(engine, move);
}

static void trip(struct engine *engine, enum breaker_trigger trigger, uint64_t value, uint64_t threshold)
{
    if (engine->breaker.state != BREAKER_OPEN) open_it(engine, BREAK_TRIP, trigger, value, threshold);
}

static void close_it(struct engine *engine, enum breaker_move move)
{
    struct breaker *breaker = &engine->breaker;
    forget_deadlines(engine);
    memset(breaker->seconds, 0, sizeof breaker->seconds);
    breaker->admitted = breaker->rolled_back = breaker->rate_seen_bps = 0;
    breaker->failure_count = 0;
    breaker->rate_since_ns = breaker->queue_since_ns = breaker->retry_ns = breaker->opened_ns = NEVER_NS;
    change(engine, move);
}

/* ---- failures in a row ---- */

void breaker_failure(struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    struct breaker *breaker = &engine->breaker;
    uint32_t wanted = (uint32_t)settings->breaker_consecutive;
    breaker->failures_ns[breaker->failure_next] = engine->now_ns;
    breaker->failure_next = (breaker->failure_next + 1) % LIMIT_BREAKER_FAILURES;
    if (breaker->failure_count < LIMIT_BREAKER_FAILURES) breaker->failure_count++;
    if (breaker->failure_count < wanted) return;
    uint32_t first = (breaker->failure_next + LIMIT_BREAKER_FAILURES - wanted) % LIMIT_BREAKER_FAILURES;
    int64_t end_ns = ns_after(breaker->failures_ns[first], settings->breaker_consecutive_window_ns);
    if (engine->now_ns <= end_ns) trip(engine, TRIGGER_CONSECUTIVE_FAILURES, breaker->failure_count, wanted);
}

/* ---- rate ---- */

static uint32_t window_seconds(const struct settings *settings)
{
    return (uint32_t)((settings->breaker_rate_window_ns + NS_PER_S - 1) / NS_PER_S);
}

static void drop_second(struct breaker *breaker, int64_t second)
{
    if (second < 0) return; /* nothing was counted before the clock began */
    uint32_t at = (uint32_t)(second % LIMIT_BREAKER_SECONDS);
    breaker->admitted -= breaker->seconds[at].admitted;
    breaker->rolled_back -= breaker->seconds[at].rolled_back;
    breaker->seconds[at].admitted = breaker->seconds[at].rolled_back = 0;
}

/* Second `breaker->second` begins: the window are the whole seconds before it. */
static void look(struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    struct breaker *breaker = &engine->breaker;
    int64_t at_ns = breaker->second * NS_PER_S;
    uint64_t limit_bps = (uint64_t)settings->breaker_rate_bps;
    bool is_above = breaker->admitted >= (uint64_t)settings->breaker_rate_min_tasks &&
                    breaker->rolled_back * BPS_ONE > breaker->admitted * limit_bps;
    if (!is_above || breaker->state == BREAKER_OPEN)
        breaker->rate_since_ns = NEVER_NS;
    else if (breaker->rate_since_ns == NEVER_NS)
        breaker->rate_since_ns = at_ns;
    else if (at_ns - breaker->rate_since_ns >= (int64_t)breaker->window_s * NS_PER_S)
        breaker->rate_seen_bps = breaker->rolled_back * BPS_ONE / breaker->admitted;
}

/* A shorter window lets go of its oldest seconds at once; a longer one grows by itself. */
static void fit_window(struct engine *engine)
{
    struct breaker *breaker = &engine->breaker;
    if (breaker->window_ns == engine->settings.breaker_rate_window_ns) return; /* no division each step */
    breaker->window_ns = engine->settings.breaker_rate_window_ns;
    uint32_t wanted = window_seconds(&engine->settings);
    for (; breaker->window_s > wanted; breaker->window_s--)
        drop_second(breaker, breaker->second - breaker->window_s + 1);
    breaker->window_s = wanted;
}

/* Brings the window up to now, with a look at each second that has begun. */
static void roll_on(struct engine *engine)
{
    struct breaker *breaker = &engine->breaker;
    int64_t into_ns = engine->now_ns - breaker->second * NS_PER_S;
    fit_window(engine);
    if (into_ns >= 0 && into_ns < NS_PER_S) return;
    int64_t second = engine->now_ns / NS_PER_S;
    while (breaker->second < second && (breaker->admitted || breaker->rolled_back)) {
        breaker->second++;
        look(engine);
        drop_second(breaker, breaker->second - breaker->window_s);
    }
    if (breaker->second < second) breaker->rate_since_ns = NEVER_NS;
    breaker->second = second;
}

/* Whether the rate could be above its limit without anything else being rolled back. */
static bool needs_looks(const struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    uint64_t fewest = (uint64_t)settings->breaker_rate_min_tasks * (uint64_t)settings->breaker_rate_bps;
    return engine->breaker.state != BREAKER_OPEN && engine->breaker.rolled_back * BPS_ONE > fewest;
}

static void watch_rate(struct engine *engine)
{
    struct breaker *breaker = &engine->breaker;
    uint32_t handle = handle_of(engine, BREAKER_LOOK);
    if (needs_looks(engine)) roll_on(engine);
    if (breaker->rate_seen_bps > 0)
        trip(engine, TRIGGER_ROLLBACK_RATE, breaker->rate_seen_bps,
             (uint64_t)engine->settings.breaker_rate_bps);
    int64_t next_ns = needs_looks(engine) ? ns_after(breaker->second * NS_PER_S, NS_PER_S) : NEVER_NS;
    if (next_ns == breaker->look_ns) return;
    breaker->look_ns = next_ns;
    if (next_ns != NEVER_NS)
        heap_set(&engine->deadlines, handle, next_ns);
    else
        heap_remove(&engine->deadlines, handle);
}

void breaker_rolled_back(struct engine *engine)
{
    struct breaker *breaker = &engine->breaker;
    roll_on(engine);
    breaker->seconds[breaker->second % LIMIT_BREAKER_SECONDS].rolled_back++;
    breaker->rolled_back++;
}

/* ---- memory, proof queue, cascades ---- */

/* Share of the memory in use above or below `bps`: -1, 0, +1. Garbage is collected before it counts. */
static int memory_against(struct engine *engine, int64_t bps)
{
    u128 limit = (u128)(uint64_t)engine->settings.max_memory_bytes * (uint64_t)bps;
    u128 used = (u128)engine_memory_usage(engine).total * BPS_ONE;
    if (used >= limit && engine->releasable.head != NONE) {
        snapshots_collect(engine);
        used = (u128)engine_memory_usage(engine).total * BPS_ONE;
    }
    return used < limit ? -1 : used > limit;
}

static void watch_memory(struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    struct breaker *breaker = &engine->breaker;
    if (memory_against(engine, settings->breaker_memory_open_bps) <= 0) {
        breaker->is_memory_excused = false;
        return;
    }
    if (breaker->is_memory_excused) return;
    u128 used = (u128)engine_memory_usage(engine).total * BPS_ONE;
    uint64_t size = (uint64_t)settings->max_memory_bytes;
    trip(engine, TRIGGER_MEMORY, size ? (uint64_t)(used / size) : UINT64_MAX,
         (uint64_t)settings->breaker_memory_open_bps);
}

static uint64_t queue_share_bps(const struct engine *engine)
{
    uint64_t size = (uint64_t)engine->settings.queue_size;
    return size ? engine->proof_queue.count * BPS_ONE / size : UINT64_MAX;
}

static bool queue_is_above(const struct engine *engine)
{
    return (uint64_t)engine->proof_queue.count * BPS_ONE >
           (uint64_t)engine->settings.queue_size * (uint64_t)engine->settings.breaker_queue_open_bps;
}

static void watch_queue(struct engine *engine)
{
    struct breaker *breaker = &engine->breaker;
    uint32_t handle = handle_of(engine, BREAKER_QUEUE_FULL);
    if (!queue_is_above(engine)) {
        if (breaker->queue_since_ns != NEVER_NS) heap_remove(&engine->deadlines, handle);
        breaker->queue_since_ns = NEVER_NS;
        return;
    }
    if (breaker->queue_since_ns == NEVER_NS) breaker->queue_since_ns = engine->now_ns;
    int64_t end_ns = ns_after(breaker->queue_since_ns, engine->settings.breaker_queue_window_ns);
    /* What the tick of this instant still has to do is its own; a moment that has passed is now. */
    if (end_ns < engine->now_ns)
        trip(engine, TRIGGER_PROOF_QUEUE, queue_share_bps(engine),
             (uint64_t)engine->settings.breaker_queue_open_bps);
    else
        heap_set(&engine->deadlines, handle, end_ns);
}

void breaker_cascade(struct engine *engine, uint32_t size)
{
    uint64_t most = (uint64_t)engine->settings.rollback_max_cascade_size;
    if (size <= most) return;
    engine->stats.cascade_overruns++;
    trip(engine, TRIGGER_CASCADE_SIZE, size, most);
}

/* ---- recovery ---- */

static bool condition_is_over(struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    switch (engine->breaker.cause) {
    case TRIGGER_MEMORY: return memory_against(engine, settings->breaker_memory_close_bps) < 0;
    case TRIGGER_PROOF_QUEUE:
        return (uint64_t)engine->proof_queue.count * BPS_ONE <
               (uint64_t)settings->queue_size * (uint64_t)settings->breaker_queue_close_bps;
    default: return true;
    }
}

static bool may_recover(struct engine *engine)
{
    const struct breaker *breaker = &engine->breaker;
    bool is_cool =
        breaker->retry_ns == NEVER_NS ? is_condition(breaker->trigger) : engine->now_ns >= breaker->retry_ns;
    return is_cool && condition_is_over(engine);
}

static void recover(struct engine *engine)
{
    heap_remove(&engine->deadlines, handle_of(engine, BREAKER_RETRY));
    engine->breaker.retry_ns = NEVER_NS;
    change(engine, BREAK_RECOVER);
}

static uint32_t probes_wanted(const struct engine *engine)
{
    int64_t wanted = engine->settings.breaker_half_open_probes;
    return wanted < LIMIT_BREAKER_PROBES ? (uint32_t)wanted : LIMIT_BREAKER_PROBES;
}

static void watch_probes(struct engine *engine)
{
    const struct breaker *breaker = &engine->breaker;
    bool have_passed = breaker->probes_confirmed == breaker->probes_admitted &&
                       breaker->probes_confirmed >= probes_wanted(engine);
    if (have_passed) close_it(engine, BREAK_PROBES_PASS);
}

void breaker_init(struct engine *engine)
{
    engine->breaker = (struct breaker){
        .state = BREAKER_CLOSED,
        .opened_ns = NEVER_NS,
        .retry_ns = NEVER_NS,
        .rate_since_ns = NEVER_NS,
        .queue_since_ns = NEVER_NS,
        .look_ns = NEVER_NS,
        .window_ns = engine->settings.breaker_rate_window_ns,
        .window_s = window_seconds(&engine->settings),
    };
}

bool breaker_admits(const struct engine *engine)
{
    const struct breaker *breaker = &engine->breaker;
    if (breaker->state != BREAKER_HALF_OPEN) return breaker->state == BREAKER_CLOSED;
    return breaker->probes_admitted < probes_wanted(engine);
}

void breaker_admitted(struct engine *engine, uint32_t slot)
{
    struct breaker *breaker = &engine->breaker;
    roll_on(engine);
    breaker->seconds[breaker->second % LIMIT_BREAKER_SECONDS].admitted++;
    breaker->admitted++;
    if (breaker->state != BREAKER_HALF_OPEN) return;
    task_at(engine, slot)->flags |= TASK_PROBE;
    breaker->probes[breaker->probes_admitted++] = ref_of(engine, slot);
}

void breaker_confirmed(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    engine->breaker.failure_count = 0;
    if (!(task->flags & TASK_PROBE)) return;
    task->flags &= (uint16_t)~TASK_PROBE;
    engine->breaker.probes_confirmed++;
}

void breaker_ended(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->flags & TASK_PROBE)
        open_it(engine, BREAK_PROBE_FAILS, TRIGGER_PROBE_FAILED, 1, 0);
}

void breaker_watch(struct engine *engine)
{
    if (engine->breaker.state == BREAKER_OPEN) {
        if (!may_recover(engine)) return;
        recover(engine);
    }
    watch_memory(engine);
    if (engine->breaker.state != BREAKER_OPEN) watch_queue(engine);
    if (engine->breaker.state != BREAKER_OPEN) watch_rate(engine);
    if (engine->breaker.state == BREAKER_HALF_OPEN) watch_probes(engine);
}

/* The end of the step draws the conclusions, and asks for the next look. */
void breaker_deadline(struct engine *engine, enum breaker_deadline deadline)
{
    if (deadline == BREAKER_LOOK) {
        engine->breaker.look_ns = NEVER_NS;
        roll_on(engine);
    }
    if (deadline == BREAKER_QUEUE_FULL && queue_is_above(engine))
        trip(engine, TRIGGER_PROOF_QUEUE, queue_share_bps(engine),
             (uint64_t)engine->settings.breaker_queue_open_bps);
}

/* ---- operators ---- */

/* The operator knows how full the memory is: it opens the breaker again only after it has been less. */
static void close_by_order(struct engine *engine, enum breaker_move move)
{
    engine->breaker.is_memory_excused = true;
    close_it(engine, move);
}

err on_breaker_reset(struct engine *engine, const struct event *event)
{
    (void)event;
    if (engine->breaker.state != BREAKER_CLOSED) close_by_order(engine, BREAK_RESET);
    return OK;
}

err on_breaker_enable(struct engine *engine, const struct event *event)
{
    if (engine->breaker.state == BREAKER_CLOSED) return OK;
    if (event->u.enable.is_forced) {
        close_by_order(engine, BREAK_FORCE);
        return OK;
    }
    if (engine->breaker.state == BREAKER_HALF_OPEN) return OK;
    if (!may_recover(engine)) return ERR_CONFLICT;
    recover(engine);
    return OK;
}

struct breaker_view engine_breaker(const struct engine *engine)
{
    const struct breaker *breaker = &engine->breaker;
    return (struct breaker_view){
        .state = state_of(engine),
        .trigger = breaker->trigger,
        .opened_ns = breaker->opened_ns,
        .retry_ns = breaker->retry_ns,
        .value = breaker->value,
        .threshold = breaker->threshold,
        .consecutive_failures = breaker->failure_count,
        .window_rolled_back = breaker->rolled_back,
        .window_admitted = breaker->admitted,
        .probes_admitted = breaker->probes_admitted,
        .probes_confirmed = breaker->probes_confirmed,
    };
}
