/* tests/bench/bench_book.c: what the book costs an event, a lookup, a walk, and in memory.
 *
 * A life is a submission with its note and the effects of a task that is confirmed and forgotten: fourteen
 * things heard. Prints "name value unit goal" lines. */
#include "daemon/book.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LIVES = 400000, LIVE_AT_ONCE = 50000, KEPT = 100000, HEARD = 14 };

static double now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static void must(int is_good)
{
    if (!is_good) abort();
}

static void hear(struct book *book, uint64_t id, enum effect_kind kind, enum task_status from,
                 enum task_status to)
{
    struct effect effect = {.kind = kind,
                            .task_id = id,
                            .task = {.slot = (uint32_t)(id % LIVE_AT_ONCE), .generation = (uint32_t)id}};
    if (kind == NOTE_STATUS) {
        effect.u.status.from = from;
        effect.u.status.to = to;
        effect.u.status.reason = REASON_COUNT;
    }
    book_effect(book, &effect);
}

static void begin_life(struct book *book, uint64_t id)
{
    unsigned char bytes[2048];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    const struct book_submission submission = {.id = id,
                                               .agent = "agent-7",
                                               .type = "compute",
                                               .payload = "{\"value\":100}",
                                               .parent_count = 1,
                                               .parents = {id - 1}};
    must(book_note_write(&out, &submission) == OK && book_note(book, bytes, out.used) == OK);
    struct event event = {.kind = EVENT_SUBMIT, .now_ns = (int64_t)id};
    event.u.submit.id = id;
    book_event(book, &event);
    hear(book, id, NOTE_STATUS, TASK_PENDING, TASK_PENDING);
    book_answer(book, &event, OK);
    hear(book, id, NOTE_STATUS, TASK_PENDING, TASK_EXECUTING);
    hear(book, id, NOTE_ADMITTED, 0, 0);
    hear(book, id, NOTE_STATUS, TASK_EXECUTING, TASK_EXECUTED);
    hear(book, id, NOTE_PROOF_QUEUED, 0, 0);
    hear(book, id, EFFECT_PROVE, 0, 0);
}

static void end_life(struct book *book, uint64_t id)
{
    hear(book, id, NOTE_PROOF_READY, 0, 0);
    hear(book, id, EFFECT_SUBMIT, 0, 0);
    hear(book, id, NOTE_STATUS, TASK_SUBMITTING, TASK_CONFIRMED);
    hear(book, id, NOTE_SETTLED, 0, 0);
    hear(book, id, NOTE_STATUS, TASK_CONFIRMED, TASK_FINALIZED);
    hear(book, id, NOTE_PRUNED, 0, 0);
}

static void live(struct book *book, uint64_t from, uint64_t count)
{
    for (uint64_t id = from; id < from + count; id++) {
        begin_life(book, id);
        if (id > LIVE_AT_ONCE) end_life(book, id - LIVE_AT_ONCE);
    }
}

static double heap_mb(void)
{
    return (double)(mallinfo2().uordblks + mallinfo2().hblkhd) / 1048576;
}

int main(void)
{
    const struct book_limits limits = {.tasks = 2 * LIVE_AT_ONCE, .kept_tasks = KEPT, .kept_incidents = 1000};
    struct book *book;
    must(book_open(&book, &limits) == OK);
    live(book, 1, LIVES);
    double heap = heap_mb(), began = now_ns();
    live(book, 1 + LIVES, LIVES);
    printf("book.ns_an_event %.1f ns 1000\n", (now_ns() - began) / ((double)LIVES * HEARD));
    printf("book.growth_over_400000_tasks %.2f MB 1\n", heap_mb() - heap);
    printf("book.bytes_a_task %.0f B 2048\n", heap * 1048576 / (LIVE_AT_ONCE + KEPT));
    struct book_task task;
    uint64_t seen = 0, cursor = 0;
    began = now_ns();
    for (uint64_t id = 2ULL * LIVES - 100000; id < 2ULL * LIVES; id++)
        seen += book_find(book, id * 7919 % 100000 + 2ULL * LIVES - 100000, &task);
    printf("book.ns_a_lookup %.1f ns 1000\n", (now_ns() - began) / 100000);
    began = now_ns();
    while (book_each(book, &cursor, &task)) seen++;
    printf("book.walk_of_150000_tasks %.2f ms 100\n", (now_ns() - began) / 1e6);
    began = now_ns();
    FILE *file = fopen("/dev/null", "w");
    must(file && book_save(book, file) == OK && fclose(file) == 0);
    printf("book.image_of_150000_tasks %.1f ms 2000\n", (now_ns() - began) / 1e6);
    must(seen > 0);
    book_free(book);
    return 0;
}
