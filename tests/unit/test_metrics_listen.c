/* tests/unit/test_metrics_listen.c: what listening counts is what the engine counts, over random lives of it.
 */
#include "daemon/metrics_own.h"
#include "engine/replay.h"
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 3000 };

/* A log heard as the service hears it: note, book, metrics. Counts of windows are taken out after each event.
 */
struct listener {
    struct book *book;
    struct metrics *metrics;
    uint64_t counted[WINDOW_WHATS], ended, unnamed, odd;
};

static void take_counts(struct listener *listener)
{
    for (uint32_t i = 0; i < WINDOW_COUNT_SLICES; i++)
        for (int what = 0; what < WINDOW_WHATS; what++)
            listener->counted[what] += listener->metrics->counts.slices[i].counts[what];
    memset(&listener->metrics->counts, 0, sizeof listener->metrics->counts);
}

static void tell_note(struct listener *listener, const struct event *event)
{
    unsigned char bytes[1024];
    char agent[32];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    snprintf(agent, sizeof agent, "agent-%u", (unsigned)event->u.submit.agent_id);
    const struct book_submission submission = {
        .id = event->u.submit.id, .agent = agent, .type = event->u.submit.id % 2 ? "compute" : "transfer"};
    cr_assert(eq(int, book_note_write(&out, &submission), OK));
    err e = book_note(listener->book, bytes, out.used);
    cr_assert(e == OK || e == ERR_CONFLICT); /* histories use some ids twice: the book keeps the first */
    listener->unnamed += e != OK;
}

static void hear_event(void *context, const struct event *event)
{
    struct listener *listener = context;
    take_counts(listener);
    if (event->kind == EVENT_SUBMIT && event->u.submit.id) tell_note(listener, event);
    book_event(listener->book, event);
    metrics_event(listener->metrics, listener->book, event);
}

static void hear_effect(void *context, const struct effect *effect)
{
    struct listener *listener = context;
    book_effect(listener->book, effect);
    metrics_effect(listener->metrics, listener->book, listener->metrics->now_ns, effect);
    listener->ended += effect->kind == NOTE_ROLLBACK_END;
    /* Histories order rollbacks for any reason, also for the one that only victims have. */
    listener->odd +=
        effect->kind == NOTE_ROLLBACK_BEGIN && effect->u.rollback.reason == REASON_ANCESTOR_FAILED;
}

static void hear_answer(void *context, const struct event *event, err answer)
{
    struct listener *listener = context;
    book_answer(listener->book, event, answer);
}

static uint64_t observations(const struct metrics *metrics, enum metrics_histogram_id id)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i <= METRICS_BOUNDS[id].count; i++) count += metrics->histograms[id].counts[i];
    return count;
}

static uint64_t seated(const struct metrics *metrics, enum operation_status status)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < METRICS_AGENTS; i++)
        for (uint32_t type = 0; type <= METRICS_TYPES; type++)
            count += metrics->agents.seats[i].counts[type][status];
    return count;
}

static void about(const struct listener *listener, uint64_t seated_, uint64_t engine)
{
    cr_assert(le(u64, seated_, engine));
    cr_assert(ge(u64, seated_ + listener->unnamed, engine));
}

static void same_as_engine(struct listener *listener, const struct engine_stats *stats)
{
    const struct metrics *metrics = listener->metrics;
    uint64_t rolled_back = 0;
    take_counts(listener);
    for (int i = 0; i < REASON_COUNT; i++) rolled_back += stats->rollbacks_by_reason[i];
    cr_assert(eq(u64, listener->counted[WINDOW_SUBMITTED], stats->submitted));
    cr_assert(eq(u64, listener->counted[WINDOW_ADMITTED], stats->speculative_admissions));
    cr_assert(ge(u64, listener->counted[WINDOW_ROLLED_BACK], rolled_back));
    cr_assert(le(u64, listener->counted[WINDOW_ROLLED_BACK], rolled_back + listener->odd));
    cr_assert(eq(u64, observations(metrics, HISTOGRAM_DEPTH), stats->speculative_admissions));
    cr_assert(eq(u64, observations(metrics, HISTOGRAM_BATCH), stats->batches));
    cr_assert(eq(u64, metrics->histograms[HISTOGRAM_BATCH].sum, stats->batched_proofs));
    cr_assert(eq(u64, observations(metrics, HISTOGRAM_CASCADE), listener->ended));
    cr_assert(eq(u64, observations(metrics, HISTOGRAM_ROLLBACK), listener->ended));
    about(listener, seated(metrics, OPERATION_PENDING), stats->submitted);
    about(listener, seated(metrics, OPERATION_CONFIRMED), stats->ended[TASK_CONFIRMED]);
    about(listener, seated(metrics, OPERATION_FAILED), stats->ended[TASK_FAILED]);
    about(listener, seated(metrics, OPERATION_ROLLED_BACK), stats->ended[TASK_ROLLED_BACK]);
    about(listener, seated(metrics, OPERATION_CANCELLED), stats->ended[TASK_CANCELLED]);
    about(listener, seated(metrics, OPERATION_EXPIRED), stats->ended[TASK_EXPIRED]);
}

Test(metrics_listen, counts_what_the_engine_counts, .timeout = 120)
{
    const struct book_limits limits = {.tasks = 256, .kept_tasks = 64, .kept_incidents = 16};
    uint64_t proofs = 0, confirmations = 0, results = 0, collections = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct history *history = history_new(seed);
        struct listener listener = {0};
        struct arena arena;
        struct replay replay;
        struct journal_diag diag;
        for (int i = 0; i < STEPS && history->log.used < HISTORY_LOG_BYTES - 8192; i++) history_step(history);
        cr_assert(eq(int, book_open(&listener.book, &limits), OK));
        cr_assert(eq(int, metrics_open(&listener.metrics), OK));
        cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&history->limits)), OK));
        cr_assert(eq(int, replay_begin(&replay, &arena, history->log.bytes, history->log.used, &diag), OK));
        const struct replay_listener ears = {&listener, hear_event, hear_effect, hear_answer};
        while (!replay.is_over) cr_assert(eq(int, replay_step(&replay, &diag, &ears), OK));
        same_as_engine(&listener, engine_statistics(history->engine));
        proofs += observations(listener.metrics, HISTOGRAM_PROOF);
        confirmations += observations(listener.metrics, HISTOGRAM_CONFIRMATION);
        results += observations(listener.metrics, HISTOGRAM_RESULT);
        collections += observations(listener.metrics, HISTOGRAM_GC);
        arena_close(&arena);
        metrics_free(listener.metrics);
        book_free(listener.book);
        history_free(history);
    }
    cr_assert(proofs > 100 && confirmations > 100 && results > 100 && collections > 100,
              "the histories are too poor: %u proofs, %u confirmations, %u results, %u collections",
              (unsigned)proofs, (unsigned)confirmations, (unsigned)results, (unsigned)collections);
}
