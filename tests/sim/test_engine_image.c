/* tests/sim/test_engine_image.c: an engine that was written and read again is the same, and goes on the same.
 */
#include "engine/compare.h"
#include "engine/image.h"
#include "engine/replay.h"
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(image, .timeout = 120);

enum { HISTORIES = 40, STEPS = 1500 };

/* A second engine out of the image of the history's; its arena in *arena. */
static struct engine *copy_of(const struct history *history, struct arena *arena)
{
    struct engine *copy = NULL;
    struct engine_limits limits;
    size_t size = engine_image_bytes(history->engine);
    struct codec_out out = {.bytes = malloc(size), .capacity = size};
    cr_assert(eq(int, engine_image_write(history->engine, &out), OK));
    cr_assert(eq(sz, out.used, size)); /* as much as was said */
    struct codec_in in = {.bytes = out.bytes, .size = out.used};
    cr_assert(eq(int, engine_image_limits(&in, &limits), OK));
    cr_assert(eq(int, arena_open(arena, engine_memory_bytes(&limits)), OK));
    cr_assert(eq(int, engine_image_read(&copy, arena, &in), OK));
    cr_assert(eq(sz, in.used, in.size));
    free(out.bytes);
    return copy;
}

static void swallow(struct effects *effects)
{
    effects->count = 0;
}

Test(image, an_engine_that_was_read_is_the_one_that_was_written_and_goes_on_like_it)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct arena arena;
        struct difference difference = {.what = "nothing"};
        struct history *history = history_new(seed);
        for (int i = 0; i < STEPS; i++) history_step(history);
        struct engine *copy = copy_of(history, &arena);
        cr_assert(not(engine_compare(history->engine, copy, &difference)), "seed %lu: %s",
                  (unsigned long)seed, difference.what);
        struct effect items[4];
        struct effects effects = {.items = items, .capacity = 4, .flush = swallow};
        for (int i = 0; i < STEPS; i++) {
            history_step(history);
            err answer = engine_step(copy, &history->event, &effects);
            cr_assert(eq(int, answer, history->answer), "seed %lu, step %d", (unsigned long)seed, i);
        }
        cr_assert(not(engine_compare(history->engine, copy, &difference)), "seed %lu: %s[%u]",
                  (unsigned long)seed, difference.what, difference.index);
        arena_close(&arena);
        history_free(history);
    }
}

Test(image, what_is_cut_off_or_of_another_layout_is_refused)
{
    struct arena arena;
    struct engine *copy = NULL;
    struct history *history = history_new(7);
    for (int i = 0; i < STEPS; i++) history_step(history);
    size_t size = engine_image_bytes(history->engine);
    struct codec_out out = {.bytes = malloc(size), .capacity = size};
    cr_assert(eq(int, engine_image_write(history->engine, &out), OK));
    for (size_t cut = 0; cut < size; cut += size / 97 + 1) {
        struct codec_in in = {.bytes = out.bytes, .size = cut};
        cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&history->limits)), OK));
        cr_assert(ne(int, engine_image_read(&copy, &arena, &in), OK), "%zu", cut);
        arena_close(&arena);
    }
    out.bytes[12]++; /* the size of a record */
    struct codec_in in = {.bytes = out.bytes, .size = size};
    cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&history->limits)), OK));
    cr_assert(eq(int, engine_image_read(&copy, &arena, &in), ERR_CONFLICT));
    out.capacity = size - 1;
    out.used = 0;
    cr_assert(eq(int, engine_image_write(history->engine, &out), ERR_LIMIT));
    arena_close(&arena);
    free(out.bytes);
    history_free(history);
}
