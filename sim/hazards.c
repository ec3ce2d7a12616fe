/* sim/hazards.c: messages between the engine and its ports, and what becomes of them. */
#include "engine/mutant.h"
#include "sim/hazards.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long the driver waits for an answer before it asks for everything again: a rollback whose answer was
 * lost must still end within rollback.max_latency_ms. */
#define PATIENCE_NS (3 * NS_PER_S)
#define RUN_HAZARDS (RUN_ENTITY + 1) /* entity of entries that belong to nobody */

static bool needs_log(const struct hazards_options *options)
{
    if (options->log) return true;
    for (uint32_t i = 0; i < options->schedule->count; i++) {
        const struct injector *injector = &INJECTOR_TABLE[options->schedule->faults[i].injector];
        bool is_of_process = injector->hook == HOOK_PRC || injector->hook == HOOK_ALC;
        if (is_of_process || injector->occasion == OCCASION_DISK || injector->occasion == OCCASION_STEP)
            return true;
    }
    return false;
}

static void told(void *context, int64_t now_ns, const struct fault *fault, bool begins)
{
    const struct sim *sim = context;
    struct watch *watch = sim->hazards->options.watch;
    if (watch) watch_fault(watch, now_ns, fault, begins);
}

err hazards_open(struct sim *sim, const struct hazards_options *options)
{
    struct hazards *hazards = calloc(1, sizeof *hazards);
    if (!hazards) return ERR_NOMEM;
    sim->hazards = hazards;
    hazards->options = *options;
    hazards->settings = *sim->options->settings;
    hazards->moment_ns = hazards->patience_ns = hazards->stalled_ns = NEVER_NS;
    for (int target = 0; target < CHAOS_TARGET_COUNT; target++) hazards->crashed_ns[target] = -1;
    uint32_t tasks = sim->options->workload->task_count * (sim->options->resubmits ? 2 : 1) + 1;
    hazards->tasks = calloc(tasks, sizeof *hazards->tasks);
    if (!hazards->tasks) return ERR_NOMEM;
    const struct faults_options faulty = {
        .schedule = options->schedule, .seed = sim->options->seed, .told = told, .context = sim};
    TRY(faults_open(&hazards->faults, &faulty));
    hazards->disk.faults = hazards->faults;
    hazards->is_durable = needs_log(options);
    return hazards->is_durable ? hazards_begin_log(sim) : OK;
}

void hazards_close(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    if (!hazards) return;
    faults_free(hazards->faults);
    disk_close(&hazards->disk);
    free(hazards->held);
    free(hazards->tasks);
    free(hazards);
    sim->hazards = NULL;
}

void hazards_schedule(struct sim *sim, int64_t at_ns, enum calendar_class class, enum entry_kind kind,
                      uint32_t subject, uint32_t argument)
{
    sim_add_entry(sim, &(struct calendar_entry){
                           .at_ns = at_ns,
                           .key = calendar_key(class, RUN_HAZARDS, sim->hazards->entries++),
                           .subject = subject,
                           .kind = kind,
                           .argument = argument,
                       });
}

/* The next moment of the schedule needs an entry only when it comes before the one that is out. */
void hazards_schedule_moment(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    int64_t next_ns = faults_next_ns(hazards->faults);
    if (next_ns >= hazards->moment_ns) return;
    hazards->moment_ns = next_ns > sim->now_ns ? next_ns : sim->now_ns;
    hazards_schedule(sim, hazards->moment_ns, CALENDAR_OPERATOR, ENTRY_MOMENT, 0, 0);
}

void hazards_set_out(struct sim *sim)
{
    hazards_schedule_moment(sim);
    hazards_schedule(sim, sim->hazards->options.heal_ns, CALENDAR_OPERATOR, ENTRY_HEAL, 0, 0);
    hazards_schedule(sim, HAZARD_SCRAPE_NS, CALENDAR_SAMPLE, ENTRY_SCRAPE, 0, 0);
}

/* ---- messages ---- */

void hazards_lose(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    if (hazards->patience_ns != NEVER_NS) return;
    hazards->patience_ns = ns_after(sim->now_ns, PATIENCE_NS);
    hazards_schedule(sim, hazards->patience_ns, CALENDAR_TIMER, ENTRY_PATIENCE, 0, 0);
}

/* An executor that is there again says of half of what it was running that it failed; it forgot the rest. */
bool hazards_fails_execution(const struct sim *sim, uint32_t task)
{
    const struct hazards *hazards = sim->hazards;
    return task % 2 == 0 && hazards->tasks[task].asked_ns <= hazards->crashed_ns[TARGET_EXECUTOR];
}

/* A part that is down takes nothing; what it was working on when it went is gone. */
static bool is_cut_off(const struct hazards *hazards, enum chaos_target link, int64_t asked_ns,
                       int64_t now_ns)
{
    return now_ns < hazards->down_until_ns[link] || asked_ns <= hazards->crashed_ns[link];
}

static const struct port_link {
    enum chaos_target link;
    uint32_t bytes; /* of the answer, about */
} LINKS[] = {
    [TARGET_EXECUTOR] = {TARGET_EXECUTOR, 512},
    [TARGET_PROVER] = {TARGET_PROVER, 4096},
    [TARGET_CHAIN] = {TARGET_CHAIN, 1232},
    [TARGET_STORAGE] = {TARGET_STORAGE, 256},
};

static enum event_kind event_of_entry(const struct calendar_entry *entry)
{
    switch ((enum entry_kind)entry->kind) {
    case ENTRY_EXECUTED: return EVENT_EXECUTED;
    case ENTRY_ABORTED: return EVENT_ABORTED;
    case ENTRY_RESTORED: return EVENT_RESTORED;
    case ENTRY_WORKER_FREE: return EVENT_WORKER_FREE;
    case ENTRY_TX: return (enum event_kind)(entry->argument >> 8 & 0xff);
    default: return EVENT_PROOF_DONE;
    }
}

/* The answer arrives by an entry of its own, `copies` times more. */
static void forward(struct sim *sim, const struct calendar_entry *entry,
                    const struct occasion_message *message)
{
    struct calendar_entry late = *entry;
    late.kind |= ENTRY_HAS_LEFT;
    for (uint32_t copy = 0; copy <= message->copies; copy++) {
        bool is_now = copy == 0 && message->at_ns <= sim->now_ns;
        late.at_ns = message->at_ns + (int64_t)copy * (message->copy_gap_ns > 0 ? message->copy_gap_ns : 1);
        late.key = calendar_key(CALENDAR_OUTCOME, RUN_HAZARDS, sim->hazards->entries);
        if (is_now) continue;
        sim->hazards->entries++;
        sim_add_entry(sim, &late);
    }
}

/* Bytes changed on the way. The frame's checksum says so: what is not whole was never received. */
static bool is_noticed(const struct sim *sim, const struct occasion *occasion)
{
    unsigned char bytes[JOURNAL_RECORD_BYTES_MOST + 2048];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    struct journal_chain chain = {0};
    struct journal_reader reader;
    struct journal_diag diag;
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_TICK}, read;
    enum journal_item item;
    err e = journal_write_header(&chain, &out, &(struct engine_limits){1, 1, 1}, &sim->hazards->settings);
    ASSERT(e == OK);
    size_t start = out.used;
    e = journal_write_event(&chain, &out, &event);
    ASSERT(e == OK);
    uint64_t bit =
        rng_u64(&sim->rng, RNG_FAULT, occasion->entity, occasion->ordinal) % ((out.used - start) * 8);
    bytes[start + bit / 8] ^= (unsigned char)(1u << bit % 8);
    e = journal_open(&reader, bytes, out.used, &diag);
    ASSERT(e == OK);
    return journal_next(&reader, &item, &read, &diag) != OK || item != JOURNAL_ITEM_EVENT;
}

static bool is_received(struct sim *sim, const struct occasion *occasion)
{
    const struct occasion_message *message = &occasion->u.message;
    if (message->is_lost) return false;
    if (!message->is_damaged) return true;
    bool was_noticed = is_noticed(sim, occasion);
    if (sim->hazards->options.watch) watch_damaged(sim->hazards->options.watch, sim->now_ns, was_noticed);
    return !was_noticed;
}

static void collect(struct sim *sim)
{
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_GC};
    event.u.gc.is_forced = true;
    hazards_step(sim, &event, 0, 0);
}

bool hazards_receive(struct sim *sim, enum chaos_target link, const struct calendar_entry *entry)
{
    struct hazards *hazards = sim->hazards;
    bool is_worker = entry->kind == ENTRY_WORKER_FREE;
    struct hazard_task *task = &hazards->tasks[entry->subject];
    struct hazard_worker *worker = &hazards->workers[is_worker ? entry->subject : 0];
    int64_t asked_ns = is_worker ? worker->asked_ns : task->asked_ns;
    struct occasion occasion = {.kind = OCCASION_MESSAGE,
                                .entity = is_worker ? WORKER_ENTITY + entry->subject : entry->subject,
                                .ordinal = is_worker ? worker->messages++ : task->messages++};
    occasion.u.message = (struct occasion_message){.link = link,
                                                   .is_answer = true,
                                                   .event = event_of_entry(entry),
                                                   .bytes = LINKS[link].bytes,
                                                   .sent_ns = asked_ns,
                                                   .at_ns = sim->now_ns};
    bool is_report = entry->kind == ENTRY_EXECUTED && hazards_fails_execution(sim, entry->subject);
    bool is_lost = is_cut_off(hazards, link, asked_ns, sim->now_ns) && !is_report;
    if (!is_lost && faults_meet(hazards->faults, sim->now_ns, &occasion))
        is_lost = !is_received(sim, &occasion);
    if (is_lost) {
        hazards_lose(sim);
        return false;
    }
    if (is_report && occasion.u.message.at_ns < hazards->down_until_ns[link])
        occasion.u.message.at_ns = hazards->down_until_ns[link];
    if (occasion.u.message.is_collecting) collect(sim);
    forward(sim, entry, &occasion.u.message);
    return occasion.u.message.at_ns <= sim->now_ns;
}

static const enum chaos_target REQUEST_LINKS[EFFECT_KIND_COUNT] = {
    [EFFECT_EXECUTE] = TARGET_EXECUTOR, [EFFECT_ABORT] = TARGET_EXECUTOR,
    [EFFECT_PROVE] = TARGET_PROVER,     [EFFECT_CANCEL_PROOF] = TARGET_PROVER,
    [EFFECT_SUBMIT] = TARGET_CHAIN,     [EFFECT_RESTORE] = TARGET_STORAGE,
};

static bool reaches(struct sim *sim, const struct effect *effect, enum chaos_target link)
{
    struct hazards *hazards = sim->hazards;
    struct hazard_task *task = &hazards->tasks[effect->task_id];
    struct occasion occasion = {
        .kind = OCCASION_MESSAGE, .entity = effect->task_id, .ordinal = task->messages++};
    occasion.u.message = (struct occasion_message){
        .link = link, .bytes = LINKS[link].bytes, .sent_ns = sim->now_ns, .at_ns = sim->now_ns};
    if (sim->now_ns < hazards->down_until_ns[link]) return false;
    faults_meet(hazards->faults, sim->now_ns, &occasion);
    return !occasion.u.message.is_lost;
}

static bool is_sent(struct sim *sim, const struct effect *effect)
{
    struct hazards *hazards = sim->hazards;
    enum chaos_target link = REQUEST_LINKS[effect->kind];
    if (link == TARGET_ANY) return true; /* a note */
    bool is_rest_of_batch = effect->kind == EFFECT_PROVE && effect->u.prove.index > 0;
    bool has_arrived = is_rest_of_batch ? !hazards->is_batch_lost : reaches(sim, effect, link);
    if (effect->kind == EFFECT_PROVE) hazards->is_batch_lost = !has_arrived;
    hazards->tasks[effect->task_id].asked_ns = sim->now_ns;
    sim->tasks[effect->task_id].ref = effect->task; /* the request for its execution may never have come */
    if (effect->kind == EFFECT_PROVE) hazards->workers[effect->u.prove.worker].asked_ns = sim->now_ns;
    if (!has_arrived) hazards_lose(sim);
    return has_arrived;
}

/* The driver asks for memory; without it it does without, and tries again later. */
bool hazards_may_allocate(struct sim *sim)
{
    struct occasion occasion = {.kind = OCCASION_ALLOCATION, .entity = ++sim->hazards->allocations};
    faults_meet(sim->hazards->faults, sim->now_ns, &occasion);
    return !occasion.u.allocation.fails;
}

/* ---- who watches ---- */

bool hazards_hear(struct sim *sim, const struct effect *effect)
{
    struct hazards *hazards = sim->hazards;
    if (hazards->options.watch) watch_effect(hazards->options.watch, effect);
    if (hazards->options.coverage) coverage_effect(hazards->options.coverage, effect);
    if (hazards->options.noted) hazards->options.noted(hazards->options.context, sim->now_ns, effect);
    return is_sent(sim, effect);
}

/* What a wall clock that only goes forward says. */
int64_t hazards_wall_ns(struct sim *sim)
{
    struct occasion clock = {.kind = OCCASION_CLOCK, .entity = sim->hazards->scrapes};
    clock.u.clock.wall_ns = sim->now_ns;
    faults_meet(sim->hazards->faults, sim->now_ns, &clock);
    return clock.u.clock.wall_ns > sim->now_ns ? clock.u.clock.wall_ns : sim->now_ns;
}

void hazards_before_step(struct sim *sim, const struct event *event)
{
    struct watch *watch = sim->hazards->options.watch;
    if (!watch || (MUTANT(103) && event->kind == EVENT_TX_DROPPED)) return;
    watch_wall(watch, sim->now_ns, event->now_ns);
    watch_event(watch, event);
}

/* Is what we look for among the violations that are new? */
static void look_for_fingerprint(struct hazards *hazards)
{
    const struct watch *watch = hazards->options.watch;
    uint64_t count = watch_violation_count(watch);
    for (; hazards->judged < count && hazards->judged < WATCH_VIOLATIONS_KEPT; hazards->judged++) {
        const struct violation *violation = watch_violation(watch, (uint32_t)hazards->judged);
        if (violation_fingerprint(violation) == hazards->options.fingerprint) hazards->is_over = true;
    }
}

void hazards_after_step(struct sim *sim, const struct event *event, err answer)
{
    const struct hazards_options *options = &sim->hazards->options;
    if (options->watch) watch_answer(options->watch, answer, sim->engine);
    if (options->coverage) coverage_event(options->coverage, event, answer, engine_statistics(sim->engine));
    if (options->seen) options->seen(options->context, event, sim->trajectory.hash);
    if (options->fingerprint && options->watch) look_for_fingerprint(sim->hazards);
}

/* ---- claims that do not hold ---- */

struct guard {
    jmp_buf back;
    struct hazards_outcome *outcome;
};

static void escape(const struct assert_context *context, const char *claim, const char *file, int line)
{
    struct guard *guard = context->holder;
    snprintf(guard->outcome->broken, sizeof guard->outcome->broken, "%s:%d: assertion failed: %s", file, line,
             claim);
    longjmp(guard->back, 1);
}

void hazards_guard(struct sim *sim, void (*go)(struct sim *sim))
{
    struct guard guard = {.outcome = &sim->hazards->outcome};
    sim->context.holder = &guard;
    sim->context.escape = escape;
    if (setjmp(guard.back) == 0)
        go(sim);
    else
        sim->hazards->is_over = true;
    sim->context.escape = NULL;
}

bool hazards_is_stuck(struct sim *sim)
{
    enum { ENOUGH = 1 << 20 };
    struct hazards *hazards = sim->hazards;
    hazards->in_instant = sim->now_ns == hazards->instant_ns ? hazards->in_instant + 1 : 0;
    hazards->instant_ns = sim->now_ns;
    if (hazards->in_instant < ENOUGH) return false;
    snprintf(hazards->outcome.broken, sizeof hazards->outcome.broken,
             "%d things happened at one moment, and it does not end", ENOUGH);
    return hazards->is_over = true;
}

bool hazards_are_over(const struct sim *sim)
{
    const struct hazards *hazards = sim->hazards;
    return hazards->is_healed && !hazards->is_down && hazards->held_count == 0;
}

void hazards_finish(struct sim *sim, struct hazards_outcome *out)
{
    struct hazards *hazards = sim->hazards;
    bool is_whole = !hazards->is_over && !hazards->options.until_ns && !sim->outcome->interrupted;
    if (hazards->options.watch && is_whole) watch_finish(hazards->options.watch, sim->now_ns);
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        hazards->outcome.counts[i] = faults_counts(hazards->faults, (enum injector_id)i);
        if (hazards->options.coverage && hazards->outcome.counts[i].fired)
            coverage_fired(hazards->options.coverage, (uint32_t)i);
    }
    if (hazards->options.log) {
        struct codec_out *log = hazards->options.log;
        log->used = hazards->disk.size < log->capacity ? hazards->disk.size : log->capacity;
        memcpy(log->bytes, hazards->disk.bytes, log->used);
    }
    *out = hazards->outcome;
}
