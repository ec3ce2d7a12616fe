/* tests/sim/test_engine_recovery.c: a log leads to the state it was written from, at every cut, and a rebuild
 * ends in one that can be worked with. */
#include "engine/compare.h"
#include "engine/recovery.h"
#include "engine/state.h"
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(recovery, .timeout = 120);

enum { STEPS = 400, KEPT = 16 };

/* ---- what anybody can see ---- */

static void expect_equal_views(const struct engine *a, const struct engine *b)
{
    cr_assert(eq(int, memcmp(engine_statistics(a), engine_statistics(b), sizeof(struct engine_stats)), 0));
    cr_assert(eq(i64, engine_deadline_ns(a), engine_deadline_ns(b)));
    cr_assert(eq(u32, engine_agent_count(a), engine_agent_count(b)));
    for (uint32_t i = 0; i < engine_agent_count(a); i++) {
        struct agent_view left = engine_agent(a, i), right = engine_agent(b, i);
        cr_assert(eq(u64, left.free, right.free));
        cr_assert(eq(u64, left.locked, right.locked));
        cr_assert(eq(u64, left.slashed, right.slashed));
        cr_assert(eq(u64, left.received, right.received));
        cr_assert(eq(u64, left.withdrawn, right.withdrawn));
        cr_assert(eq(u32, left.snapshots, right.snapshots));
        cr_assert(eq(int, left.bond, right.bond));
        cr_assert(eq(i64, left.cooldown_until_ns, right.cooldown_until_ns));
    }
    for (uint64_t id = 1; id < 400; id++) {
        struct task_ref left, right;
        struct task_view in_a, in_b;
        bool is_in_a = engine_find(a, id, &left), is_in_b = engine_find(b, id, &right);
        cr_assert(eq(int, is_in_a, is_in_b));
        if (!is_in_a) continue;
        cr_assert(eq(int, engine_task(a, left, &in_a), OK));
        cr_assert(eq(int, engine_task(b, right, &in_b), OK));
        cr_assert(eq(u32, left.slot, right.slot));
        cr_assert(eq(u32, left.generation, right.generation));
        cr_assert(eq(u64, in_a.bond_lamports, in_b.bond_lamports));
        cr_assert(eq(int, in_a.status, in_b.status));
        cr_assert(eq(int, in_a.proof, in_b.proof));
        cr_assert(eq(u32, in_a.depth_now, in_b.depth_now));
        cr_assert(eq(i64, in_a.since_ns, in_b.since_ns));
    }
}

static void expect_equal(const struct engine *a, const struct engine *b, uint64_t seed, int step)
{
    struct difference difference;
    bool differ = engine_compare(a, b, &difference);
    cr_assert(not(differ), "seed %lu step %d: %s %u", (unsigned long)seed, step, difference.what,
              difference.index);
    expect_equal_views(a, b);
}

Test(recovery, a_log_leads_to_the_state_at_every_cut)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct history *history = history_new(seed);
        struct arena arena;
        struct replay replay;
        struct journal_diag diag;
        cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&history->limits)), OK));
        cr_assert(eq(int, replay_begin(&replay, &arena, history->log.bytes, history->log.used, &diag), OK));
        for (int step = 0; step < STEPS; step++) {
            replay.reader.in.size = history->log.used;
            for (replay.is_over = false; !replay.is_over;)
                cr_assert(eq(int, replay_step(&replay, &diag, NULL), OK));
            expect_equal(history->engine, replay.engine, seed, step);
            history_step(history);
        }
        arena_close(&arena);
        history_free(history);
    }
}

/* Fills whatever the codec does not write of this event with rubbish. */
static struct event soil(const struct event *event)
{
    unsigned char clean[CODEC_EVENT_BYTES_MOST], tried[CODEC_EVENT_BYTES_MOST];
    struct event soiled = *event;
    struct codec_out out = {.bytes = clean, .capacity = sizeof clean};
    cr_assert(eq(int, codec_write_event(&out, event), OK));
    for (size_t at = 0; at < sizeof soiled; at++) {
        struct codec_out other = {.bytes = tried, .capacity = sizeof tried};
        unsigned char *byte = (unsigned char *)&soiled + at, before = *byte;
        *byte ^= 0xa5;
        bool is_unseen = codec_write_event(&other, &soiled) == OK && other.used == out.used &&
                         memcmp(clean, tried, out.used) == 0;
        if (!is_unseen) *byte = before;
    }
    return soiled;
}

static void forget(struct effects *effects)
{
    effects->count = 0;
}

Test(recovery, the_engine_reads_nothing_that_is_not_logged)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct history *history = history_new(seed);
        struct arena arena;
        struct engine *other;
        struct effect buffer[4];
        struct effects effects = {.items = buffer, .capacity = 4, .flush = forget};
        cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&history->limits)), OK));
        struct journal_reader reader;
        struct journal_diag diag;
        enum journal_item item;
        struct event event;
        for (int step = 0; step < STEPS; step++) history_step(history);
        cr_assert(eq(int, journal_open(&reader, history->log.bytes, history->log.used, &diag), OK));
        cr_assert(eq(int, engine_init(&other, &arena, &reader.limits, &reader.initial), OK));
        while (journal_next(&reader, &item, &event, &diag) == OK && item == JOURNAL_ITEM_EVENT) {
            struct event soiled = event.kind == EVENT_SETTINGS ? event : soil(&event);
            err answer = engine_step(other, &soiled, &effects);
            cr_assert(le(int, answer, ERR_IO));
        }
        expect_equal(history->engine, other, seed, STEPS);
        arena_close(&arena);
        history_free(history);
    }
}

/* ---- rebuilding ---- */

struct rebuild {
    struct recovery job;
    struct recovery_order order;
    struct arena arena;
    struct findings findings;
    struct finding items[KEPT];
    struct history *history; /* NULL: the job's events are not logged */
    uint64_t own_events;
};

static void log_own(void *context, const struct event *event)
{
    struct rebuild *rebuild = context;
    rebuild->own_events++;
    if (!rebuild->history) return;
    struct history *history = rebuild->history;
    history->log.used = rebuild->own_events == 1 ? rebuild->job.status.good_bytes : history->log.used;
    cr_assert(eq(int, journal_write_event(&history->chain, &history->log, event), OK));
}

/* `log_bytes` from the front of the history's log. */
static struct rebuild *rebuild_new(struct history *history, size_t log_bytes)
{
    struct rebuild *rebuild = calloc(1, sizeof *rebuild);
    struct journal_diag diag;
    size_t bytes;
    rebuild->findings = (struct findings){.items = rebuild->items, .capacity = KEPT};
    cr_assert(eq(int, recovery_memory_bytes(history->log.bytes, log_bytes, &bytes, &diag), OK));
    cr_assert(eq(int, arena_open(&rebuild->arena, bytes), OK));
    rebuild->order = (struct recovery_order){.log = history->log.bytes,
                                             .log_bytes = log_bytes,
                                             .is_from_latest = true,
                                             .arena = &rebuild->arena,
                                             .watch = {.context = rebuild, .event = log_own},
                                             .findings = &rebuild->findings};
    return rebuild;
}

static err rebuild_run(struct rebuild *rebuild, uint64_t slice)
{
    TRY(recovery_begin(&rebuild->job, &rebuild->order));
    uint32_t percent = 0;
    enum recovery_phase phase = RECOVERY_REPLAY;
    while (recovery_status(&rebuild->job)->phase < RECOVERY_DONE) {
        TRY(recovery_advance(&rebuild->job, slice));
        const struct recovery_status *status = recovery_status(&rebuild->job);
        cr_assert(ge(u32, status->percent, percent));
        cr_assert(ge(int, status->phase, phase));
        percent = status->percent;
        phase = status->phase;
    }
    cr_assert(eq(u32, percent, 100));
    return OK;
}

static void rebuild_free(struct rebuild *rebuild)
{
    arena_close(&rebuild->arena);
    free(rebuild);
}

Test(recovery, a_rebuild_keeps_what_is_confirmed_and_ends_all_speculation)
{
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct history *history = history_new(seed);
        for (int step = 0; step < STEPS; step++) history_step(history);
        const struct engine_stats *before = engine_statistics(history->engine);
        struct rebuild *rebuild = rebuild_new(history, history->log.used);
        cr_assert(eq(int, rebuild_run(rebuild, 1000000), OK), "seed %lu: %s", (unsigned long)seed,
                  rebuild->items[0].what);
        struct engine *engine = recovery_engine(&rebuild->job);
        const struct engine_stats *after = engine_statistics(engine);
        cr_assert(eq(u64, rebuild->findings.count, 0));
        cr_assert(gt(u64, rebuild->findings.checked, 0));
        cr_assert(eq(u64, after->speculative_active, 0));
        cr_assert(eq(u64, after->plans_running + after->plans_waiting, 0));
        cr_assert(not(engine->settings.enabled));
        cr_assert(eq(u64, after->ended[TASK_CONFIRMED], before->ended[TASK_CONFIRMED]));
        cr_assert(eq(u64, after->submitted, before->submitted));
        cr_assert(eq(u64, rebuild->job.status.reverted, 0));
        cr_assert(eq(u64, rebuild->job.status.rolled_back, before->speculative_active));
        rebuild_free(rebuild);
        history_free(history);
    }
}

Test(recovery, slices_of_any_size_end_in_the_same_state)
{
    struct history *history = history_new(12);
    for (int step = 0; step < STEPS; step++) history_step(history);
    struct rebuild *whole = rebuild_new(history, history->log.used);
    cr_assert(eq(int, rebuild_run(whole, UINT64_MAX), OK));
    for (uint64_t slice = 1; slice < 10; slice += 4) {
        struct rebuild *sliced = rebuild_new(history, history->log.used);
        cr_assert(eq(int, rebuild_run(sliced, slice), OK));
        expect_equal(recovery_engine(&whole->job), recovery_engine(&sliced->job), 12, (int)slice);
        rebuild_free(sliced);
    }
    rebuild_free(whole);
    history_free(history);
}

Test(recovery, its_own_events_in_the_log_make_it_the_log_of_what_was_rebuilt)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct history *history = history_new(seed);
        for (int step = 0; step < STEPS; step++) history_step(history);
        struct rebuild *first = rebuild_new(history, history->log.used);
        first->history = history;
        cr_assert(eq(int, rebuild_run(first, 7), OK));
        struct arena arena;
        struct replay replay;
        struct journal_diag diag;
        cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&history->limits)), OK));
        cr_assert(eq(int, replay_begin(&replay, &arena, history->log.bytes, history->log.used, &diag), OK));
        while (!replay.is_over) cr_assert(eq(int, replay_step(&replay, &diag, NULL), OK));
        expect_equal(recovery_engine(&first->job), replay.engine, seed, STEPS);
        struct rebuild *second = rebuild_new(history, history->log.used);
        cr_assert(eq(int, rebuild_run(second, 7), OK));
        cr_assert(eq(u64, second->job.status.rolled_back, 0));
        cr_assert(eq(u64, second->own_events, 1)); /* the order that finds nothing to do */
        arena_close(&arena);
        rebuild_free(first);
        rebuild_free(second);
        history_free(history);
    }
}

/* ---- from a slot ---- */

static void send_level(struct history *history, enum event_kind kind, uint64_t id, uint64_t slot)
{
    struct event event = {.kind = kind};
    struct task_view view;
    cr_assert(engine_find(history->engine, id, &event.task));
    cr_assert(eq(int, engine_task(history->engine, event.task, &view), OK));
    event.attempt = view.incarnation << 8;
    event.u.level.slot = slot;
    cr_assert(eq(int, history_send(history, event), OK));
}

static void prove(struct history *history, uint64_t id)
{
    struct event event = {.kind = EVENT_EXECUTED};
    cr_assert(engine_find(history->engine, id, &event.task));
    cr_assert(eq(int, history_send(history, event), OK));
    event.kind = EVENT_PROOF_DONE;
    cr_assert(eq(int, history_send(history, event), OK));
    event = (struct event){.kind = EVENT_WORKER_FREE};
    for (event.u.worker.worker = 0; event.u.worker.worker < 3; event.u.worker.worker++)
        (void)history_send(history, event);
}

static void submit(struct history *history, uint64_t id, uint64_t parent)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = id,
                                           .agent_id = 1,
                                           .snapshot_bytes = 1,
                                           .claim_expires_ns = NEVER_NS,
                                           .parent_count = parent != 0,
                                           .parents = {parent}};
    cr_assert(eq(int, history_send(history, event), OK));
}

/* A chain of four on chain at slots 10, 20 (final), 30, 40, and a speculative fifth that is executing. */
static struct history *chain_of_five(void)
{
    struct history *history = history_new(1);
    history->settings = settings_for_tests();
    struct event event = {.kind = EVENT_SETTINGS, .u.settings = &history->settings};
    cr_assert(eq(int, history_send(history, event), OK));
    for (uint64_t id = 1; id <= 5; id++) submit(history, id, id - 1);
    for (uint64_t id = 1; id <= 4; id++) prove(history, id);
    for (uint64_t id = 1; id <= 4; id++) send_level(history, EVENT_CONFIRMED, id, 10 * id);
    send_level(history, EVENT_FINALIZED, 2, 20);
    submit(history, 6, 5);
    return history;
}

static enum task_status status_in(const struct rebuild *rebuild, uint64_t id)
{
    struct task_ref ref;
    struct task_view view;
    cr_assert(engine_find(recovery_engine(&rebuild->job), id, &ref));
    cr_assert(eq(int, engine_task(recovery_engine(&rebuild->job), ref, &view), OK));
    return view.status;
}

static struct rebuild *rebuild_from(struct history *history, uint64_t slot)
{
    struct rebuild *rebuild = rebuild_new(history, history->log.used);
    rebuild->order.is_from_latest = false;
    rebuild->order.from_slot = slot;
    cr_assert(eq(int, rebuild_run(rebuild, 1), OK));
    return rebuild;
}

Test(recovery, a_slot_takes_back_what_was_confirmed_above_it_unless_it_is_final)
{
    static const struct {
        uint64_t slot, reverted, kept_final;
        enum task_status of_3, of_4;
    } CASES[] = {
        {40, 0, 0, TASK_CONFIRMED, TASK_CONFIRMED},
        {39, 1, 0, TASK_CONFIRMED, TASK_ROLLED_BACK},
        {25, 1, 0, TASK_ROLLED_BACK, TASK_ROLLED_BACK}, /* the fourth goes along with the third */
        {0, 1, 2, TASK_ROLLED_BACK, TASK_ROLLED_BACK},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct history *history = chain_of_five();
        struct rebuild *rebuild = rebuild_from(history, CASES[i].slot);
        const struct recovery_status *status = recovery_status(&rebuild->job);
        cr_assert(eq(u64, status->from_slot, CASES[i].slot));
        cr_assert(eq(u64, status->reverted, CASES[i].reverted));
        cr_assert(eq(u64, status->kept_final, CASES[i].kept_final));
        cr_assert(eq(int, status_in(rebuild, 1), TASK_FINALIZED));
        cr_assert(eq(int, status_in(rebuild, 2), TASK_FINALIZED));
        cr_assert(eq(int, status_in(rebuild, 3), CASES[i].of_3));
        cr_assert(eq(int, status_in(rebuild, 4), CASES[i].of_4));
        rebuild_free(rebuild);
        history_free(history);
    }
}

Test(recovery, latest_confirmed_is_the_highest_slot_of_the_log)
{
    struct history *history = chain_of_five();
    struct rebuild *rebuild = rebuild_new(history, history->log.used);
    cr_assert(eq(int, rebuild_run(rebuild, 3), OK));
    cr_assert(eq(u64, rebuild->job.status.from_slot, 40));
    cr_assert(eq(u64, rebuild->job.status.reverted, 0));
    /* The fifth was speculative when it started; the sixth never started. */
    cr_assert(eq(int, status_in(rebuild, 5), TASK_ROLLED_BACK));
    cr_assert(eq(int, status_in(rebuild, 6), TASK_CANCELLED));
    rebuild_free(rebuild);
    history_free(history);
}

Test(recovery, nobody_pays_for_a_rebuild)
{
    struct history *history = chain_of_five();
    struct rebuild *rebuild = rebuild_from(history, 0);
    const struct engine_stats *after = engine_statistics(recovery_engine(&rebuild->job));
    cr_assert(eq(u64, after->slashed_lamports, 0));
    cr_assert(eq(u64, after->locked_lamports, 0));
    cr_assert(gt(u64, after->bonded_lamports, 0));
    rebuild_free(rebuild);
    history_free(history);
}

/* ---- refusals ---- */

Test(recovery, a_running_engine_that_speculates_refuses_the_rebuild)
{
    struct history *history = chain_of_five();
    struct rebuild *rebuild = rebuild_new(history, history->log.used);
    rebuild->order.running = history->engine;
    cr_assert(eq(int, rebuild_run(rebuild, 1), ERR_CONFLICT));
    cr_assert(eq(int, recovery_status(&rebuild->job)->phase, RECOVERY_IDLE));
    history->settings.enabled = 0;
    struct event event = {.kind = EVENT_SETTINGS, .u.settings = &history->settings};
    cr_assert(eq(int, history_send(history, event), OK));
    rebuild->order.log_bytes = history->log.used;
    cr_assert(eq(int, rebuild_run(rebuild, 1), OK));
    rebuild_free(rebuild);
    history_free(history);
}

Test(recovery, one_rebuild_at_a_time)
{
    struct history *history = chain_of_five();
    struct rebuild *rebuild = rebuild_new(history, history->log.used);
    cr_assert(eq(int, recovery_begin(&rebuild->job, &rebuild->order), OK));
    cr_assert(eq(int, recovery_advance(&rebuild->job, 3), OK));
    cr_assert(eq(int, recovery_begin(&rebuild->job, &rebuild->order), ERR_CONFLICT));
    cr_assert(recovery_engine(&rebuild->job) == NULL);
    cr_assert(eq(int, recovery_advance(&rebuild->job, UINT64_MAX), OK));
    cr_assert(recovery_engine(&rebuild->job) != NULL);
    rebuild_free(rebuild);
    history_free(history);
}

Test(recovery, an_arena_that_is_too_small_is_refused)
{
    struct history *history = chain_of_five();
    struct rebuild *rebuild = rebuild_new(history, history->log.used);
    size_t room = rebuild->arena.size_bytes;
    rebuild->arena.size_bytes = room - 64;
    cr_assert(eq(int, recovery_begin(&rebuild->job, &rebuild->order), ERR_NOMEM));
    cr_assert(eq(int, recovery_status(&rebuild->job)->phase, RECOVERY_FAILED));
    cr_assert(recovery_engine(&rebuild->job) == NULL);
    rebuild_free(rebuild);
    history_free(history);
}

/* ---- bad logs ---- */

static struct history *short_history(void)
{
    struct history *history = history_new(5);
    for (int step = 0; step < 40; step++) history_step(history);
    return history;
}

Test(recovery, a_log_with_any_byte_changed_is_refused_and_the_running_engine_untouched)
{
    struct history *history = short_history();
    unsigned char *before = malloc(history->arena.size_bytes);
    memcpy(before, history->arena.block, history->arena.size_bytes);
    struct rebuild *rebuild = rebuild_new(history, history->log.used);
    for (size_t at = 0; at < history->log.used; at++) {
        history->log.bytes[at] ^= (unsigned char)(1u << at % 8);
        rebuild->arena.used_bytes = 0;
        memset(rebuild->arena.block, 0, rebuild->arena.size_bytes);
        memset(&rebuild->job, 0, sizeof rebuild->job);
        cr_assert(eq(int, rebuild_run(rebuild, 50), ERR_SYNTAX), "byte %zu", at);
        cr_assert(eq(int, recovery_status(&rebuild->job)->phase, RECOVERY_FAILED));
        cr_assert(le(sz, recovery_status(&rebuild->job)->diag.offset, at));
        cr_assert(recovery_engine(&rebuild->job) == NULL);
        history->log.bytes[at] ^= (unsigned char)(1u << at % 8);
    }
    cr_assert(eq(u64, rebuild->own_events, 0));
    cr_assert(eq(int, memcmp(before, history->arena.block, history->arena.size_bytes), 0));
    free(before);
    rebuild_free(rebuild);
    history_free(history);
}

Test(recovery, a_log_cut_off_anywhere_is_refused_or_rebuilt_up_to_its_last_whole_record)
{
    struct history *history = short_history();
    struct rebuild *whole = rebuild_new(history, history->log.used);
    cr_assert(eq(int, rebuild_run(whole, 50), OK));
    uint64_t events = 0;
    for (size_t size = 0; size < history->log.used; size++) {
        struct rebuild *rebuild = rebuild_new(history, history->log.used);
        rebuild->order.log_bytes = size;
        err e = rebuild_run(rebuild, 50);
        const struct recovery_status *status = recovery_status(&rebuild->job);
        cr_assert(e == OK || e == ERR_SYNTAX);
        if (e == OK) {
            cr_assert(eq(sz, status->good_bytes + status->torn_bytes, size));
            cr_assert(status->events == events || (status->events == events + 1 && status->torn_bytes == 0));
            events = status->events;
        } else {
            cr_assert(eq(u64, events, 0));
            cr_assert(eq(int, status->diag.fault, JOURNAL_NO_HEADER));
        }
        rebuild_free(rebuild);
    }
    cr_assert(eq(u64, events + 1, whole->job.status.events));
    rebuild_free(whole);
    history_free(history);
}
