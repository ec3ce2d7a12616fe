/* sim/hazard_log.c: the process that holds the engine: its log, its end, its return. */
#include "engine/mutant.h"
#include "engine/compare.h"
#include "engine/replay.h"
#include "sim/hazards.h"
#include <stdlib.h>
#include <string.h>

#define RETRY_NS (100 * NS_PER_MS) /* of what could not be written, or not read */

/* Where a crash meets an event: nothing is written, it is written but not synced, it is synced. */
enum crash_point { CRASH_BEFORE_WRITE, CRASH_BEFORE_SYNC, CRASH_BEFORE_STEP, CRASH_POINTS };

err hazards_begin_log(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    unsigned char bytes[JOURNAL_RECORD_BYTES_MOST];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    const struct engine_limits limits = engine_limits_for(sim->options->settings, sim->options->agents);
    int64_t delay_ns;
    TRY(journal_write_header(&hazards->chain, &out, &limits, sim->options->settings));
    TRY(disk_append(&hazards->disk, 0, bytes, out.used));
    return disk_sync(&hazards->disk, 0, &delay_ns);
}

/* ---- events that must wait ---- */

static bool is_clients(const struct event *event)
{
    bool is_of_operator = event->kind >= EVENT_CANCEL && event->kind <= EVENT_SETTINGS;
    return event->kind == EVENT_SUBMIT || event->kind == EVENT_DEPOSIT || event->kind == EVENT_WITHDRAW ||
           event->kind == EVENT_CLAIM_RENEWED || is_of_operator;
}

static bool is_held(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    struct hazards *hazards = sim->hazards;
    if (hazards->held_count == HELD_EVENTS_MOST || !hazards_may_allocate(sim)) return false;
    if (hazards->held_count == hazards->held_capacity) {
        uint32_t capacity = hazards->held_capacity ? 2 * hazards->held_capacity : 64;
        struct held_event *held = realloc(hazards->held, capacity * sizeof *held);
        if (!held) return false;
        hazards->held = held;
        hazards->held_capacity = capacity;
    }
    hazards->held[hazards->held_count++] =
        (struct held_event){.event = *event, .subject = subject, .argument = argument};
    return true;
}

/* Clients try again until they are answered; ports are asked again. */
static void postpone(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    if (event->kind == EVENT_TICK || event->kind == EVENT_GC) return; /* comes again by itself */
    bool may_wait = is_clients(event) || !sim->hazards->is_down;
    if (may_wait && is_held(sim, event, subject, argument)) return;
    if (is_clients(event) && sim->failure == OK && sim->hazards->held_count == HELD_EVENTS_MOST)
        sim->failure = ERR_LIMIT;
    hazards_lose(sim);
}

/* What is held keeps its order; ports' answers that were held are lost with the process. */
static void drop_held_answers(struct hazards *hazards)
{
    uint32_t kept = 0;
    for (uint32_t i = hazards->held_done; i < hazards->held_count; i++)
        if (is_clients(&hazards->held[i].event)) hazards->held[kept++] = hazards->held[i];
    hazards->held_count = kept;
    hazards->held_done = 0;
}

/* ---- writing ---- */

static void stall(struct hazards *hazards, int64_t now_ns)
{
    if (hazards->stalled_ns == NEVER_NS) hazards->stalled_ns = now_ns;
}

static err append(struct sim *sim, const struct event *event, struct journal_chain *chain)
{
    unsigned char bytes[JOURNAL_RECORD_BYTES_MOST];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    err e = journal_write_event(chain, &out, event);
    ASSERT(e == OK);
    memcpy(sim->hazards->written, bytes, out.used);
    sim->hazards->written_bytes = out.used;
    return disk_append(&sim->hazards->disk, sim->now_ns, bytes, out.used);
}

static void end_process(struct sim *sim, int64_t recovery_ns);

/* OK: it is on the disk. After a failed sync the process must not go on. */
static err write_down(struct sim *sim, const struct event *event)
{
    struct hazards *hazards = sim->hazards;
    struct journal_chain chain = hazards->chain;
    size_t before = hazards->disk.size;
    int64_t delay_ns = 0;
    TRY(append(sim, event, &chain));
    err e = disk_sync(&hazards->disk, sim->now_ns, &delay_ns);
    if (e != OK && !MUTANT(13)) {
        disk_cut(&hazards->disk, before);
        end_process(sim, NS_PER_S);
        return e;
    }
    hazards->chain = chain;
    if (delay_ns > 0) {
        stall(hazards, sim->now_ns);
        hazards->busy_until_ns = ns_after(sim->now_ns, delay_ns);
        hazards_schedule(sim, hazards->busy_until_ns, CALENDAR_OUTCOME, ENTRY_FLUSH, 0, 0);
    }
    return OK;
}

void hazards_doom(struct sim *sim, const struct occasion_deed *deed)
{
    sim->hazards->is_doomed = true;
    sim->hazards->doom_ns = deed->duration_ns;
    sim->hazards->doom_draw = deed->draw;
}

/* Should the process end at this event? Then at one of three places. */
static bool crashes_here(struct sim *sim, const struct event *event)
{
    struct hazards *hazards = sim->hazards;
    struct occasion occasion = {.kind = OCCASION_STEP, .entity = hazards->stepped + 1};
    occasion.u.step = (struct occasion_step){.crashes = hazards->is_doomed, .recovery_ns = hazards->doom_ns};
    faults_meet(hazards->faults, sim->now_ns, &occasion);
    if (!occasion.u.step.crashes) return false;
    /* A fault that comes by time is the same whatever happened before: it has a draw of its own. */
    uint64_t place = hazards->is_doomed ? hazards->doom_draw : hazards->stepped + 1;
    enum crash_point point = (enum crash_point)(place % CRASH_POINTS);
    hazards->is_doomed = false;
    struct journal_chain chain = hazards->chain;
    int64_t delay_ns;
    err e = point == CRASH_BEFORE_WRITE ? ERR_IO : append(sim, event, &chain);
    if (e == OK && point == CRASH_BEFORE_STEP) e = disk_sync(&hazards->disk, sim->now_ns, &delay_ns);
    (void)e; /* whatever it says, nobody is left to hear it */
    end_process(sim, occasion.u.step.recovery_ns);
    return true;
}

static bool is_known(const struct sim *sim, const struct event *event)
{
    struct task_ref ref;
    return event->kind == EVENT_SUBMIT && engine_find(sim->engine, event->u.submit.id, &ref);
}

static err step_now(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    struct hazards *hazards = sim->hazards;
    if (hazards->stalled_ns != NEVER_NS && hazards->options.watch)
        watch_stalled(hazards->options.watch, hazards->stalled_ns, sim->now_ns);
    hazards->stalled_ns = NEVER_NS;
    err e = sim_step(sim, event, subject, argument);
    hazards->stepped++;
    bool is_taken = e == OK && event->kind == EVENT_SUBMIT;
    if (is_taken && hazards->options.watch) watch_acknowledged(hazards->options.watch, event->u.submit.id);
    return e;
}

/* Nothing is answered until then; also the engine's own deadlines wait for it. */
static void try_later(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    int64_t retry_ns = sim->now_ns + RETRY_NS;
    stall(hazards, sim->now_ns);
    if (hazards->busy_until_ns < retry_ns) hazards->busy_until_ns = retry_ns;
    hazards_schedule(sim, hazards->busy_until_ns, CALENDAR_OUTCOME, ENTRY_FLUSH, 0, 0);
}

static bool must_wait(const struct sim *sim)
{
    const struct hazards *hazards = sim->hazards;
    return hazards->is_down || hazards->held_count > 0 || sim->now_ns < hazards->busy_until_ns;
}

/* Steps, or waits, or is lost: for whoever asks, all of these are fine. */
err hazards_step(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    struct hazards *hazards = sim->hazards;
    bool has_waited = must_wait(sim);
    bool is_written = !has_waited;
    if (is_written && hazards->is_durable)
        is_written = !crashes_here(sim, event) && write_down(sim, event) == OK;
    if (is_written) return step_now(sim, event, subject, argument);
    postpone(sim, event, subject, argument);
    if (!has_waited && !hazards->is_down) try_later(sim);
    return OK;
}

bool hazards_may_tick(const struct sim *sim)
{
    return !must_wait(sim);
}

/* A client that asks twice is told what the first answer was. False: not now. */
static bool step_held(struct sim *sim, struct held_event *held)
{
    struct hazards *hazards = sim->hazards;
    held->event.now_ns = sim->now_ns;
    if (held->event.kind == EVENT_SETTINGS) held->event.u.settings = &hazards->settings;
    if (is_known(sim, &held->event)) {
        if (hazards->options.watch) watch_acknowledged(hazards->options.watch, held->event.u.submit.id);
        return true;
    }
    if (hazards->is_durable && write_down(sim, &held->event) != OK) return false;
    const struct held_event now = *held; /* the step may hold more, elsewhere */
    err e = step_now(sim, &now.event, now.subject, now.argument);
    if (e != OK && now.event.kind == EVENT_SUBMIT) recorder_refusal(sim->recorder, now.event.u.submit.id);
    return true;
}

/* In order, as far as it goes. */
void hazards_flush(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    if (sim->now_ns < hazards->busy_until_ns) return; /* another entry comes then */
    while (hazards->held_done < hazards->held_count && sim->now_ns >= hazards->busy_until_ns &&
           step_held(sim, &hazards->held[hazards->held_done]))
        hazards->held_done++;
    if (hazards->is_down) return; /* what was left has been seen to */
    hazards->held_count -= hazards->held_done;
    if (hazards->held_count > 0 && hazards->held_done > 0)
        memmove(hazards->held, hazards->held + hazards->held_done,
                hazards->held_count * sizeof *hazards->held);
    hazards->held_done = 0;
    if (hazards->held_count > 0) try_later(sim);
}

/* ---- the end and the return ---- */

static void end_process(struct sim *sim, int64_t recovery_ns)
{
    struct hazards *hazards = sim->hazards;
    if (hazards->is_down) return;
    hazards->is_down = true;
    stall(hazards, sim->now_ns);
    hazards->outcome.crashes++;
    disk_crash(&hazards->disk, sim->now_ns);
    drop_held_answers(hazards);
    sim->tick_ns = NEVER_NS;
    if (hazards->options.watch) watch_crashed(hazards->options.watch, sim->now_ns);
    hazards_schedule(sim, ns_after(sim->now_ns, recovery_ns > 0 ? recovery_ns : NS_PER_MS), CALENDAR_OPERATOR,
                     ENTRY_UP, 0, 0);
}

/* Events that were on the disk though nobody had been answered: the watch hears of them now. */
struct heir {
    struct sim *sim;
    uint64_t seen; /* events replayed */
};

static bool is_news(const struct heir *heir)
{
    return heir->seen >= heir->sim->hazards->stepped;
}

/* What the log brings is what was written, or bytes that were not whole have been believed. */
static bool is_as_written(const struct hazards *hazards, const struct event *event)
{
    unsigned char bytes[JOURNAL_RECORD_BYTES_MOST];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    struct journal_chain chain = hazards->chain;
    return journal_write_event(&chain, &out, event) == OK && out.used == hazards->written_bytes &&
           memcmp(bytes, hazards->written, out.used) == 0;
}

static void hear_event(void *context, const struct event *event)
{
    const struct heir *heir = context;
    const struct hazards *hazards = heir->sim->hazards;
    struct watch *watch = hazards->options.watch;
    if (!is_news(heir) || !watch) return;
    if (!is_as_written(hazards, event)) watch_damaged(watch, heir->sim->now_ns, false);
    watch_stalled(watch, hazards->stalled_ns, heir->sim->now_ns);
    watch_event(watch, event);
}

static void hear_effect(void *context, const struct effect *effect)
{
    const struct heir *heir = context;
    struct sim *sim = heir->sim;
    if (!is_news(heir)) return;
    if (effect->task_id) recorder_effect(sim->recorder, sim->now_ns, effect);
    if (sim->hazards->options.watch) watch_effect(sim->hazards->options.watch, effect);
}

static void hear_answer(void *context, const struct event *event, err answer)
{
    struct heir *heir = context;
    struct watch *watch = heir->sim->hazards->options.watch;
    (void)event;
    if (is_news(heir) && watch) watch_answer(watch, answer, NULL);
    heir->seen++;
}

/* Reads the log into an engine of its own; stops after `cut` records when that is not 0. */
static err read_log(const struct disk *disk, struct arena *arena, const struct replay_listener *listener,
                    uint32_t cut, struct replay *replay)
{
    struct journal_diag diag;
    TRY(replay_begin(replay, arena, disk->bytes, disk->size, &diag));
    while (!replay->is_over && (cut == 0 || replay->reader.events < cut))
        TRY(replay_step(replay, &diag, listener));
    return OK;
}

static err recover(struct sim *sim, struct arena *arena, const struct replay_listener *listener,
                   struct replay *replay)
{
    struct hazards *hazards = sim->hazards;
    const struct engine_limits limits = engine_limits_for(sim->options->settings, sim->options->agents);
    const uint32_t cut = hazards->recovery_cut;
    if (!hazards_may_allocate(sim)) return ERR_NOMEM;
    TRY(arena_open(arena, engine_memory_bytes(&limits)));
    hazards->recovery_cut = 0;
    err e = read_log(&hazards->disk, arena, cut ? NULL : listener, cut, replay);
    if (e == OK && !cut) return OK;
    /* It ended once more, before it was there, unless the log ended earlier: then it is read anew. */
    if (e == OK) hazards->outcome.crashes_in_recovery += replay->reader.events >= cut;
    arena_close(arena);
    return e == OK ? ERR_INTERRUPTED : e;
}

/* S19: the same log read once more leads to the same state. */
static void compare_with_another(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    struct arena arena;
    struct replay again;
    const struct engine_limits limits = engine_limits_for(sim->options->settings, sim->options->agents);
    bool is_read = false;
    if (!hazards->options.watch) return;
    if (hazards->outcome.crashes == 1 && arena_open(&arena, engine_memory_bytes(&limits)) == OK) {
        is_read = read_log(&hazards->disk, &arena, NULL, 0, &again) == OK;
        watch_recovered(hazards->options.watch, sim->now_ns, sim->engine, is_read ? again.engine : NULL);
        arena_close(&arena);
        return;
    }
    watch_recovered(hazards->options.watch, sim->now_ns, sim->engine, NULL);
}

static void take_over(struct sim *sim, struct arena *arena, const struct replay *replay)
{
    struct hazards *hazards = sim->hazards;
    disk_cut(&hazards->disk, replay->reader.in.used);
    hazards->chain = replay->reader.chain;
    hazards->stepped = replay->reader.events;
    arena_close(&sim->arena);
    sim->arena = *arena;
    sim->engine = replay->engine;
    hazards->is_down = false;
    hazards->busy_until_ns = 0;
    compare_with_another(sim);
    struct event resume = {.now_ns = sim->now_ns, .kind = EVENT_RESUME}; /* before whoever waited */
    if (write_down(sim, &resume) == OK)
        (void)step_now(sim, &resume, 0, 0);
    else if (!hazards->is_down)
        hazards_lose(sim);
    hazards_flush(sim);
}

static void stay_down(struct sim *sim, int64_t span_ns)
{
    hazards_schedule(sim, sim->now_ns + span_ns, CALENDAR_OPERATOR, ENTRY_UP, 0, 0);
}

void hazards_come_up(struct sim *sim)
{
    struct hazards *hazards = sim->hazards;
    struct heir heir = {.sim = sim};
    const struct replay_listener listener = {
        .context = &heir, .event = hear_event, .effect = hear_effect, .answer = hear_answer};
    struct arena arena = {0};
    struct replay replay;
    bool was_flipped = false;
    if (disk_open_again(&hazards->disk, sim->now_ns, &was_flipped) != OK) {
        stay_down(sim, NS_PER_S);
        return;
    }
    err e = recover(sim, &arena, &listener, &replay);
    if (e == ERR_SYNTAX) { /* damaged: nothing is guessed, people must restore it */
        hazards->outcome.is_lost = hazards->is_over = true;
        bool was_spoiled = faults_counts(hazards->faults, INJECT_DISK_BITFLIP).fired > 0 ||
                           faults_counts(hazards->faults, INJECT_DISK_MISDIRECT).fired > 0;
        if (hazards->options.watch) watch_lost(hazards->options.watch, sim->now_ns, was_spoiled);
        return;
    }
    if (e != OK) {
        stay_down(sim, e == ERR_INTERRUPTED ? NS_PER_MS : NS_PER_S);
        return;
    }
    take_over(sim, &arena, &replay);
}
