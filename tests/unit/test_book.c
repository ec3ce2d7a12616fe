/* tests/unit/test_book.c: the book follows from the log alone, survives as an image, and stays within its
 * bounds. */
#include "daemon/book.h"
#include "engine/replay.h"
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(book, .timeout = 120);

static const struct book_limits LIMITS = {.tasks = 256, .kept_tasks = 64, .kept_incidents = 16};

static struct book *book_new(void)
{
    struct book *book = NULL;
    cr_assert(eq(int, book_open(&book, &LIMITS), OK));
    return book;
}

/* ---- the log of a random history, heard again ---- */

static void hear_event(void *context, const struct event *event)
{
    book_event(context, event);
}

static void hear_effect(void *context, const struct effect *effect)
{
    book_effect(context, effect);
}

static void hear_answer(void *context, const struct event *event, err answer)
{
    book_answer(context, event, answer);
}

struct play {
    struct arena arena;
    struct replay replay;
    struct journal_diag diag;
};

static void play_begin(struct play *play, const struct history *history)
{
    cr_assert(eq(int, arena_open(&play->arena, engine_memory_bytes(&history->limits)), OK));
    err e = replay_begin(&play->replay, &play->arena, history->log.bytes, history->log.used, &play->diag);
    cr_assert(eq(int, e, OK));
}

static void play_steps(struct play *play, struct book *book, uint64_t events)
{
    const struct replay_listener listener = {book, hear_event, hear_effect, hear_answer};
    while (!play->replay.is_over && play->replay.reader.events < events)
        cr_assert(eq(int, replay_step(&play->replay, &play->diag, &listener), OK));
}

static char *image_of(const struct book *book, size_t *size)
{
    char *image = NULL;
    FILE *file = open_memstream(&image, size);
    cr_assert(eq(int, book_save(book, file), OK));
    cr_assert(eq(int, fclose(file), 0));
    return image;
}

static err load_image(struct book *book, const char *image, size_t size)
{
    FILE *file = fmemopen((void *)(uintptr_t)image, size, "r");
    err e = book_load(book, file);
    fclose(file);
    return e;
}

static void equal_books(const struct book *a, const struct book *b)
{
    size_t size_a, size_b;
    char *image_a = image_of(a, &size_a), *image_b = image_of(b, &size_b);
    cr_assert(eq(sz, size_a, size_b));
    cr_assert(eq(int, memcmp(image_a, image_b, size_a), 0));
    free(image_a);
    free(image_b);
}

static struct history *history_of(uint64_t seed, int steps)
{
    struct history *history = history_new(seed);
    for (int i = 0; i < steps && history->log.used < HISTORY_LOG_BYTES - 8192; i++) history_step(history);
    return history;
}

Test(book, says_of_each_task_what_the_engine_says)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct history *history = history_of(seed, 3000);
        struct book *book = book_new();
        struct play play;
        play_begin(&play, history);
        play_steps(&play, book, UINT64_MAX);
        struct book_task told;
        uint64_t cursor = 0, before = 0, seen = 0;
        while (book_each(book, &cursor, &told)) {
            cr_assert(gt(u64, told.id, before));
            before = told.id;
            struct task_ref ref;
            struct task_view view;
            cr_assert(eq(int, engine_find(history->engine, told.id, &ref), !told.is_pruned));
            if (told.is_pruned || engine_task(history->engine, ref, &view) != OK) continue;
            seen++;
            cr_assert(eq(int, told.status, view.status));
            cr_assert(eq(int, told.waiting_for, view.waiting_for));
            cr_assert(eq(u32, told.depth_at_admission, view.depth_at_admission));
            cr_assert(eq(int, told.was_speculative, view.was_speculative));
            if (told.at_ns[BOOK_EXECUTED] != NEVER_NS)
                cr_assert(eq(u64, told.output_digest, view.output_digest));
            struct agent_view agent = engine_agent(history->engine, view.agent);
            cr_assert(eq(u64, told.agent_id, agent.id));
            if (view.status == TASK_PENDING) cr_assert(eq(i64, told.at_ns[BOOK_ADMITTED], NEVER_NS));
            cr_assert(le(u32, told.step_count, BOOK_TIMELINE_MOST));
            for (uint32_t i = 1; i < told.step_count; i++)
                cr_assert(le(i64, told.steps[i - 1].at_ns, told.steps[i].at_ns));
        }
        cr_assert(eq(u64, seen, engine_statistics(history->engine)->table_tasks));
        book_free(book);
        arena_close(&play.arena);
        history_free(history);
    }
}

Test(book, a_replay_and_an_image_taken_on_the_way_end_in_the_same_book)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct history *history = history_of(seed, 2000);
        struct book *whole = book_new(), *first = book_new(), *second = book_new();
        struct play one, other;
        play_begin(&one, history);
        play_steps(&one, whole, UINT64_MAX);
        play_begin(&other, history);
        play_steps(&other, first, 900);
        size_t size;
        char *image = image_of(first, &size);
        cr_assert(eq(int, load_image(second, image, size), OK));
        equal_books(first, second);
        play_steps(&other, second, UINT64_MAX);
        equal_books(whole, second);
        cr_assert(eq(u64, book_next_id(second), book_next_id(whole)));
        free(image);
        book_free(whole);
        book_free(first);
        book_free(second);
        arena_close(&one.arena);
        arena_close(&other.arena);
        history_free(history);
    }
}

Test(book, rollbacks_and_slashes_add_up_to_the_statistics_of_the_engine)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct history *history = history_of(seed, 3000);
        const struct engine_stats *stats = engine_statistics(history->engine);
        struct book_limits limits = {.tasks = 256, .kept_tasks = 64, .kept_incidents = 4096};
        struct book *book = NULL;
        cr_assert(eq(int, book_open(&book, &limits), OK));
        struct play play;
        play_begin(&play, history);
        play_steps(&play, book, UINT64_MAX);
        uint64_t events = 0, slashes = 0, slashed = 0, treasury = 0;
        struct book_rollback rollback;
        struct book_slash slash;
        uint32_t count = 0, unfinished = 0;
        uint64_t by_reason[REASON_COUNT] = {0};
        for (; book_rollback(book, count, &rollback); count++) {
            cr_assert(le(i64, rollback.began_ns, rollback.ended_ns));
            unfinished += rollback.ended_ns == NEVER_NS;
            by_reason[rollback.reason] += rollback.is_root_speculative;
            by_reason[REASON_ANCESTOR_FAILED] += rollback.victims;
        }
        for (int reason = 0; reason < REASON_COUNT; reason++) {
            cr_assert(eq(u64, by_reason[reason], stats->rollbacks_by_reason[reason]));
            events += stats->rollback_events[reason];
            slashes += stats->slash_events[reason];
        }
        cr_assert(eq(u64, count, events));
        cr_assert(ge(u64, unfinished,
                     stats->plans_running + stats->plans_waiting)); /* a plan may hold others' roots */
        if (stats->plans_running + stats->plans_waiting == 0) cr_assert(eq(u32, unfinished, 0));
        for (count = 0; book_slash(book, count, &slash); count++) {
            slashed += slash.amount_lamports;
            treasury += slash.treasury_lamports;
            cr_assert(eq(u64, slash.bond_lamports, slash.amount_lamports + slash.returned_lamports));
            cr_assert(lt(int, slash.reason, REASON_COUNT));
        }
        cr_assert(eq(u64, count, slashes));
        cr_assert(eq(u64, slashed, stats->slashed_lamports));
        cr_assert(eq(u64, treasury, stats->treasury_lamports));
        book_free(book);
        arena_close(&play.arena);
        history_free(history);
    }
}

Test(book, an_image_with_any_byte_changed_or_missing_is_refused)
{
    struct history *history = history_of(3, 300);
    struct book *book = book_new();
    struct play play;
    play_begin(&play, history);
    play_steps(&play, book, UINT64_MAX);
    size_t size;
    char *image = image_of(book, &size);
    size_t stride = size / 400 + 1;
    for (size_t at = 0; at < size; at += stride) {
        struct book *other = book_new();
        image[at] = (char)(image[at] ^ 0x41);
        cr_assert(ne(int, load_image(other, image, size), OK));
        image[at] = (char)(image[at] ^ 0x41);
        book_free(other);
        other = book_new();
        cr_assert(ne(int, at == 0 ? ERR_SYNTAX : load_image(other, image, at), OK));
        book_free(other);
    }
    free(image);
    book_free(book);
    arena_close(&play.arena);
    history_free(history);
}

/* ---- submissions ---- */

static struct book_submission submission_of(struct book *book, const char *name, const char *key, char digest)
{
    struct book_submission submission = {.id = book_next_id(book),
                                         .name = name,
                                         .agent = "agent-a",
                                         .type = "compute",
                                         .payload = "{\"value\":1}",
                                         .labels = "{\"team\":\"x\"}",
                                         .key = key,
                                         .compute_ns = 5,
                                         .priority = -3,
                                         .parent_count = 2,
                                         .parents = {7, 9},
                                         .edge_kinds = {EDGE_ORDER, EDGE_DATA}};
    submission.digest[0] = (unsigned char)digest;
    return submission;
}

static void accept(struct book *book, const struct book_submission *submission)
{
    unsigned char bytes[BOOK_NOTE_BYTES_MOST];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    cr_assert(eq(int, book_note_write(&out, submission), OK));
    cr_assert(eq(int, book_note(book, bytes, out.used), OK));
    struct event event = {.kind = EVENT_SUBMIT, .now_ns = 100 + (int64_t)submission->id};
    event.u.submit.id = submission->id;
    event.u.submit.agent_id = book_agent_id(submission->agent);
    book_event(book, &event);
    struct effect status = {.kind = NOTE_STATUS, .task_id = submission->id};
    status.task.slot = (uint32_t)submission->id;
    status.u.status.reason = REASON_COUNT;
    book_effect(book, &status);
    book_answer(book, &event, OK);
}

Test(book, a_submission_comes_back_as_it_was_noted)
{
    struct book *book = book_new(), *replayed = book_new();
    struct book_submission submission = submission_of(book, "my-task-1", "key", 1);
    uint64_t same;
    cr_assert(eq(int, book_reserve(book, &submission, &same), BOOK_RESERVED));
    struct book_task told;
    cr_assert(not(book_find(book, submission.id, &told)));
    accept(book, &submission);
    accept(replayed, &submission);
    equal_books(book, replayed);
    cr_assert(book_find_name(replayed, "my-task-1", &told));
    cr_assert(eq(u64, told.id, submission.id));
    cr_assert(eq(str, (char *)told.agent, "agent-a"));
    cr_assert(eq(str, (char *)told.payload, "{\"value\":1}"));
    cr_assert(eq(str, (char *)told.labels, "{\"team\":\"x\"}"));
    cr_assert(eq(ptr, (void *)told.trace_id, NULL));
    cr_assert(eq(i64, told.priority, -3));
    cr_assert(eq(u32, told.parent_count, 2));
    cr_assert(eq(u64, told.parents[1], 9));
    cr_assert(eq(int, told.edge_kinds[0], EDGE_ORDER));
    cr_assert(eq(i64, told.at_ns[BOOK_SUBMITTED], 100 + (int64_t)submission.id));
    cr_assert(eq(str, (char *)book_agent_name(book, book_agent_id("agent-a")), "agent-a"));
    book_free(book);
    book_free(replayed);
}

Test(book, names_and_idempotency_keys_are_seen_from_the_reservation_on)
{
    struct book *book = book_new();
    struct book_submission first = submission_of(book, "name-one", "key", 1), second;
    uint64_t same = 0;
    cr_assert(eq(int, book_reserve(book, &first, &same), BOOK_RESERVED));
    second = submission_of(book, "name-two", "key", 1);
    cr_assert(eq(int, book_reserve(book, &second, &same), BOOK_UNDER_WAY));
    accept(book, &first);
    cr_assert(eq(int, book_reserve(book, &second, &same), BOOK_SAME));
    cr_assert(eq(u64, same, first.id));
    second.digest[0] = 2;
    cr_assert(eq(int, book_reserve(book, &second, &same), BOOK_OTHER_BODY));
    second = submission_of(book, "name-one", NULL, 1);
    cr_assert(eq(int, book_reserve(book, &second, &same), BOOK_NAME_TAKEN));
    second = submission_of(book, "name-two", "other", 1);
    cr_assert(eq(int, book_reserve(book, &second, &same), BOOK_RESERVED));
    book_unreserve(book, second.id);
    cr_assert(eq(int, book_reserve(book, &second, &same), BOOK_RESERVED));
    book_unreserve(book, first.id); /* no reservation any more: stays */
    cr_assert(ne(ptr, (void *)book_name(book, first.id), NULL));
    book_free(book);
}

Test(book, no_number_is_given_whose_name_somebody_has_taken)
{
    struct book *book = book_new();
    uint64_t same;
    struct book_submission first = submission_of(book, "task-0000000000000002", NULL, 1);
    cr_assert(eq(int, book_reserve(book, &first, &same), BOOK_RESERVED));
    struct book_submission second = submission_of(book, NULL, NULL, 1);
    cr_assert(eq(u64, second.id, 3));
    cr_assert(eq(int, book_reserve(book, &second, &same), BOOK_RESERVED));
    book_free(book);
}

Test(book, a_submission_that_the_engine_refuses_leaves_nothing)
{
    struct book *book = book_new();
    for (int i = 0; i < 1000; i++) {
        struct book_submission submission = submission_of(book, "same-name", "same-key", 1);
        uint64_t same;
        cr_assert(eq(int, book_reserve(book, &submission, &same), BOOK_RESERVED));
        struct event event = {.kind = EVENT_SUBMIT};
        event.u.submit.id = submission.id;
        book_event(book, &event);
        book_answer(book, &event, ERR_RANGE);
    }
    uint64_t cursor = 0;
    struct book_task told;
    cr_assert(not(book_each(book, &cursor, &told)));
    book_free(book);
}

Test(book, is_full_with_live_tasks_and_forgets_the_oldest_pruned_ones)
{
    struct book *book = book_new();
    uint64_t same;
    for (uint32_t i = 0; i < LIMITS.tasks; i++) {
        struct book_submission submission = submission_of(book, NULL, NULL, 1);
        cr_assert(eq(int, book_reserve(book, &submission, &same), BOOK_RESERVED));
        accept(book, &submission);
    }
    struct book_submission more = submission_of(book, NULL, NULL, 1);
    cr_assert(eq(int, book_reserve(book, &more, &same), BOOK_FULL));
    for (uint64_t id = 1; id <= LIMITS.tasks; id++)
        book_effect(book, &(struct effect){.kind = NOTE_PRUNED, .task_id = id});
    struct book_task told;
    cr_assert(not(book_find(book, LIMITS.tasks - LIMITS.kept_tasks, &told)));
    cr_assert(book_find(book, LIMITS.tasks - LIMITS.kept_tasks + 1, &told));
    cr_assert(told.is_pruned);
    uint64_t cursor = 0;
    cr_assert(book_each_newest(book, &cursor, &told));
    cr_assert(eq(u64, told.id, LIMITS.tasks));
    cr_assert(book_each_newest(book, &cursor, &told));
    cr_assert(eq(u64, told.id, LIMITS.tasks - 1));
    cr_assert(eq(int, book_reserve(book, &more, &same), BOOK_RESERVED));
    book_free(book);
}

Test(book, a_timeline_keeps_its_first_steps_and_its_last)
{
    struct book *book = book_new();
    struct book_submission submission = submission_of(book, NULL, NULL, 1);
    accept(book, &submission);
    for (int i = 0; i < 200; i++) {
        book_event(book, &(struct event){.kind = EVENT_TICK, .now_ns = 1000 + i});
        book_effect(book, &(struct effect){.kind = NOTE_WAIT, .task_id = submission.id});
    }
    struct book_task told;
    cr_assert(book_find(book, submission.id, &told));
    cr_assert(eq(u32, told.step_count, BOOK_TIMELINE_MOST));
    cr_assert(eq(u32, told.steps_lost, 201 - BOOK_TIMELINE_MOST));
    cr_assert(eq(i64, told.steps[1].at_ns, 1000));
    cr_assert(eq(i64, told.steps[BOOK_TIMELINE_MOST - 1].at_ns, 1199));
    book_free(book);
}

Test(book, a_note_that_is_none_is_refused)
{
    struct book *book = book_new();
    struct book_submission submission = submission_of(book, "some-name", "key", 1);
    unsigned char bytes[BOOK_NOTE_BYTES_MOST];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    cr_assert(eq(int, book_note_write(&out, &submission), OK));
    for (size_t size = 0; size < out.used; size++)
        cr_assert(eq(int, book_note(book, bytes, size), ERR_SYNTAX));
    cr_assert(eq(int, book_note(book, bytes, out.used + 1), ERR_SYNTAX));
    bytes[0] = 9;
    cr_assert(eq(int, book_note(book, bytes, out.used), ERR_SYNTAX));
    static char huge[BOOK_NOTE_BYTES_MOST + 1];
    memset(huge, '1', sizeof huge - 1);
    submission.payload = huge;
    out.used = 0;
    cr_assert(eq(int, book_note_write(&out, &submission), ERR_LIMIT));
    cr_assert(eq(sz, out.used, 0));
    book_free(book);
}
