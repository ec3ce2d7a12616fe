/* tests/fuzz/fuzz_book.c: bytes as a note and as an image of the book, the image with its checksum made good
 * too.
 *
 * A note that is taken is written again as the same bytes. An image that is taken is saved, loaded and saved
 * again as the same bytes; whatever came, the book can be walked. */
#include "base/crc32c.h"
#include "daemon/book.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct book_limits LIMITS = {.tasks = 32, .kept_tasks = 8, .kept_incidents = 4, .agents = 8};

static struct book *book_new(void)
{
    struct book *book = NULL;
    ASSERT(book_open(&book, &LIMITS) == OK);
    return book;
}

static void walk(const struct book *book)
{
    struct book_task task;
    struct book_rollback rollback;
    struct book_slash slash;
    uint64_t cursor = 0, before = 0;
    while (book_each(book, &cursor, &task)) {
        ASSERT(task.id > before && task.step_count <= BOOK_TIMELINE_MOST &&
               task.parent_count <= LIMIT_PARENTS);
        ASSERT(strlen(task.name) < BOOK_NOTE_BYTES_MOST + 10);
        before = task.id;
    }
    for (uint32_t i = 0; book_rollback(book, i, &rollback); i++)
        ASSERT(rollback.undone_kept <= BOOK_UNDONE_MOST);
    for (uint32_t i = 0; book_slash(book, i, &slash); i++) ASSERT(slash.number > 0);
}

static char *save(const struct book *book, size_t *size)
{
    char *image = NULL;
    FILE *file = open_memstream(&image, size);
    ASSERT(file && book_save(book, file) == OK && fclose(file) == 0);
    return image;
}

static void load(const void *bytes, size_t size)
{
    struct book *book = book_new(), *again = book_new();
    FILE *file = size ? fmemopen((void *)(uintptr_t)bytes, size, "r") : NULL;
    bool is_taken = file && book_load(book, file) == OK;
    if (file) fclose(file);
    if (is_taken) {
        size_t first_size, second_size;
        walk(book);
        char *first = save(book, &first_size);
        file = fmemopen(first, first_size, "r");
        ASSERT(file && book_load(again, file) == OK);
        fclose(file);
        char *second = save(again, &second_size);
        ASSERT(first_size == second_size && memcmp(first, second, first_size) == 0);
        free(first);
        free(second);
    }
    book_free(book);
    book_free(again);
}

static void load_with_checksum(const uint8_t *bytes, size_t size)
{
    unsigned char *image = malloc(size + 8);
    ASSERT(image);
    memcpy(image, bytes, size);
    uint32_t crc = crc32c_add(0, bytes, size);
    for (int i = 0; i < 8; i++) image[size + (size_t)i] = i < 4 ? (unsigned char)(crc >> 8 * i) : 0;
    load(image, size + 8);
    free(image);
}

static void note(const uint8_t *bytes, size_t size)
{
    struct book *book = book_new();
    struct event event = {.kind = EVENT_SUBMIT};
    err e = book_note(book, bytes, size);
    ASSERT(e == OK || e == ERR_SYNTAX || e == ERR_CONFLICT || e == ERR_LIMIT);
    if (e == OK) { /* its id stands behind the kind */
        for (int i = 0; i < 8; i++) event.u.submit.id |= (uint64_t)bytes[1 + i] << 8 * i;
        book_event(book, &event);
        book_effect(book, &(struct effect){.kind = NOTE_STATUS, .task_id = event.u.submit.id});
        walk(book);
        ASSERT(book_name(book, event.u.submit.id) != NULL);
        size_t image_size;
        char *image = save(book, &image_size);
        load(image, image_size);
        free(image);
    }
    book_free(book);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    note(data, size);
    load(data, size);
    load_with_checksum(data, size);
    return 0;
}
