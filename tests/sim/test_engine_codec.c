/* tests/sim/test_engine_codec.c: what is written comes back, and nothing else is taken for an event. */
#include "base/config_keys.h"
#include "engine/codec.h"
#include "tests/lib/engine_fixture.h"
#include "tests/lib/event_sample.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(codec, .timeout = 20);

enum { SAMPLES = 200, ROOM = CODEC_EVENT_BYTES_MOST };

struct bytes {
    unsigned char of[ROOM];
    struct codec_out out;
};

static struct bytes *write_event(struct bytes *bytes, const struct event *event)
{
    memset(bytes, 0xee, sizeof *bytes);
    bytes->out = (struct codec_out){.bytes = bytes->of, .capacity = ROOM};
    cr_assert(eq(int, codec_write_event(&bytes->out, event), OK));
    return bytes;
}

static err read_event(const unsigned char *of, size_t size, struct event *event, struct settings *settings,
                      struct codec_fault *fault)
{
    struct codec_in in = {.bytes = of, .size = size};
    err e = codec_read_event(&in, event, settings, fault);
    if (e == OK) cr_assert(eq(sz, in.used, size));
    if (e != OK) cr_assert(eq(sz, in.used, 0));
    return e;
}

static struct draw draws(uint64_t entity)
{
    struct rng rng = rng_keyed(7, 0);
    return draw_at(&rng, RNG_TEST, entity, 0);
}

static void comes_back(const struct event *event, const struct settings *carried)
{
    struct bytes bytes;
    struct event back;
    struct settings settings;
    struct codec_fault fault;
    write_event(&bytes, event);
    cr_assert(eq(int, read_event(bytes.of, bytes.out.used, &back, &settings, &fault), OK));
    if (event->kind == EVENT_SETTINGS) {
        cr_assert(eq(ptr, (void *)back.u.settings, &settings));
        cr_assert(eq(int, memcmp(&settings, carried, sizeof settings), 0));
        back.u.settings = carried;
    }
    cr_assert(eq(int, memcmp(&back, event, sizeof back), 0), "%s", event_kind_name(event->kind));
}

Test(codec, an_event_of_every_kind_comes_back_whole)
{
    struct settings settings = settings_for_tests();
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        struct draw draw = draws((uint64_t)kind);
        for (int i = 0; i < SAMPLES; i++) {
            struct event event = event_sample(&draw, (enum event_kind)kind, &settings);
            comes_back(&event, &settings);
        }
    }
}

Test(codec, equal_events_have_equal_bytes_whatever_their_padding_holds)
{
    struct bytes clean, dirty;
    struct event event, soiled;
    memset(&event, 0, sizeof event);
    memset(&soiled, 0xff, sizeof soiled);
    event.kind = soiled.kind = EVENT_WITHDRAW;
    event.now_ns = soiled.now_ns = 7;
    event.u.withdraw.agent_id = soiled.u.withdraw.agent_id = 1;
    event.u.withdraw.lamports = soiled.u.withdraw.lamports = 2;
    event.u.withdraw.is_immediate = soiled.u.withdraw.is_immediate = true;
    write_event(&clean, &event);
    write_event(&dirty, &soiled);
    cr_assert(eq(sz, clean.out.used, 1 + 8 + 8 + 8 + 1));
    cr_assert(eq(sz, dirty.out.used, clean.out.used));
    cr_assert(eq(int, memcmp(clean.of, dirty.of, clean.out.used), 0));
}

Test(codec, numbers_are_little_endian)
{
    struct bytes bytes;
    struct event event = {.kind = EVENT_STAKE_RECOVER, .now_ns = 0x0102030405060708};
    event.u.recover.agent_id = 0x1112131415161718;
    write_event(&bytes, &event);
    const unsigned char want[] = {
        EVENT_STAKE_RECOVER, 8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11};
    cr_assert(eq(sz, bytes.out.used, sizeof want));
    cr_assert(eq(int, memcmp(bytes.of, want, sizeof want), 0));
}

Test(codec, an_event_that_is_cut_off_is_refused_and_says_where)
{
    struct settings settings = settings_for_tests(), carried;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        struct draw draw = draws((uint64_t)kind);
        struct bytes bytes;
        struct event event = event_sample(&draw, (enum event_kind)kind, &settings), back = {.now_ns = 42};
        write_event(&bytes, &event);
        for (size_t size = 0; size < bytes.out.used; size++) {
            struct codec_fault fault = {0};
            cr_assert(eq(int, read_event(bytes.of, size, &back, &carried, &fault), ERR_SYNTAX));
            cr_assert(fault.field && fault.what);
            cr_assert(eq(i64, back.now_ns, 42));
        }
    }
}

Test(codec, bytes_behind_an_event_are_left_to_the_caller)
{
    struct bytes bytes;
    struct event event = {.kind = EVENT_TICK, .now_ns = 1}, back;
    struct settings settings;
    struct codec_fault fault;
    write_event(&bytes, &event);
    struct codec_in in = {.bytes = bytes.of, .size = bytes.out.used + 5};
    cr_assert(eq(int, codec_read_event(&in, &back, &settings, &fault), OK));
    cr_assert(eq(sz, in.used, bytes.out.used));
}

/* The byte at `at` of this event set to `value`: the field that is named in the refusal. */
static const char *refusal_of(struct event event, size_t at, unsigned char value)
{
    struct bytes bytes;
    struct event back;
    struct settings settings;
    struct codec_fault fault = {.field = "accepted"};
    write_event(&bytes, &event);
    bytes.of[at] = value;
    err e = read_event(bytes.of, bytes.out.used, &back, &settings, &fault);
    cr_assert(eq(int, e, strcmp(fault.field, "accepted") == 0 ? OK : ERR_SYNTAX));
    return fault.field;
}

Test(codec, a_number_outside_its_range_is_refused_by_name)
{
    struct event submit = {.kind = EVENT_SUBMIT, .u.submit.parent_count = 1};
    const size_t task = 9 + 8;
    cr_assert(eq(str, (char *)refusal_of((struct event){.kind = EVENT_TICK}, 0, EVENT_KIND_COUNT), "kind"));
    cr_assert(eq(str, (char *)refusal_of((struct event){.kind = EVENT_GC}, 9, 2), "u.gc.is_forced"));
    cr_assert(eq(str, (char *)refusal_of((struct event){.kind = EVENT_GC}, 9, 1), "accepted"));
    cr_assert(eq(str, (char *)refusal_of((struct event){.kind = EVENT_ROLLBACK}, task, REASON_COUNT),
                 "u.rollback.reason"));
    cr_assert(eq(str, (char *)refusal_of((struct event){.kind = EVENT_EMERGENCY}, 9, EMERGENCY_DRAIN + 1),
                 "u.emergency.action"));
    cr_assert(eq(str, (char *)refusal_of((struct event){.kind = EVENT_PROOF_FAILED}, task + 8, 2),
                 "u.proof.error"));
    cr_assert(eq(str, (char *)refusal_of((struct event){.kind = EVENT_TX_REJECTED}, task + 4, 2),
                 "u.tx.rejection"));
    cr_assert(eq(str, (char *)refusal_of(submit, 9 + 44 + 4 + 8, EDGE_KIND_COUNT), "u.submit.edge_kinds"));
}

Test(codec, an_event_without_an_encoding_is_refused_and_nothing_is_written)
{
    struct settings settings = settings_for_tests();
    struct event kinds = {.kind = EVENT_SUBMIT, .u.submit = {.parent_count = 1, .edge_kinds = {9}}};
    struct event reason = {.kind = EVENT_FORCE_ROLLBACK, .u.rollback.reason = REASON_COUNT};
    struct event unknown = {.kind = EVENT_KIND_COUNT};
    struct event wild = {.kind = EVENT_SETTINGS, .u.settings = &settings};
    settings.worker_threads = LIMIT_PROOF_WORKERS + 1;
    const struct event *cases[] = {&kinds, &reason, &unknown, &wild};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[ROOM];
        struct codec_out out = {.bytes = bytes, .capacity = ROOM, .used = 3};
        cr_assert(eq(int, codec_write_event(&out, cases[i]), ERR_RANGE));
        cr_assert(eq(sz, out.used, 3));
    }
}

Test(codec, a_buffer_that_is_too_small_is_left_as_it_was)
{
    struct settings settings = settings_for_tests();
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        struct draw draw = draws((uint64_t)kind);
        struct bytes bytes;
        struct event event = event_sample(&draw, (enum event_kind)kind, &settings);
        size_t size = write_event(&bytes, &event)->out.used;
        for (size_t room = 0; room < size; room++) {
            struct codec_out out = {.bytes = bytes.of, .capacity = room};
            cr_assert(eq(int, codec_write_event(&out, &event), ERR_LIMIT));
            cr_assert(eq(sz, out.used, 0));
        }
    }
}

Test(codec, parents_beyond_the_limit_are_a_number_only)
{
    struct bytes bytes;
    struct event event = {.kind = EVENT_SUBMIT, .u.submit.parent_count = LIMIT_PARENTS}, many = event;
    many.u.submit.parent_count = UINT32_MAX;
    size_t full = write_event(&bytes, &event)->out.used;
    cr_assert(eq(sz, write_event(&bytes, &many)->out.used, full - LIMIT_PARENTS * 9));
    comes_back(&many, NULL);
}

/* ---- settings ---- */

static size_t write_settings(unsigned char *bytes, const struct settings *settings)
{
    struct codec_out out = {.bytes = bytes, .capacity = CODEC_SETTINGS_BYTES_MOST};
    cr_assert(eq(int, codec_write_settings(&out, settings), OK));
    return out.used;
}

static void settings_come_back(const struct settings *settings)
{
    unsigned char bytes[CODEC_SETTINGS_BYTES_MOST];
    struct settings back;
    struct codec_fault fault;
    struct codec_in in = {.bytes = bytes, .size = write_settings(bytes, settings)};
    cr_assert(eq(int, codec_read_settings(&in, &back, &fault), OK));
    cr_assert(eq(int, memcmp(&back, settings, sizeof back), 0));
}

/* Ends of the ranges that a person can write, through the table that people's values pass. */
Test(codec, every_configuration_key_comes_back_at_both_ends_of_its_range)
{
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        struct settings settings = settings_for_tests();
        char *field = (char *)&settings + key->offset;
        if (config_key_is_text(key)) {
            memset(field, 'x', key->text_bytes - 1);
            settings_come_back(&settings);
            continue;
        }
        int64_t factor = key->type == CONFIG_MILLISECONDS ? NS_PER_MS
                         : key->type == CONFIG_MEGABYTES  ? (int64_t)MIB
                                                          : 1;
        const int64_t ends[] = {key->min * factor, key->max * factor};
        for (int end = 0; end < 2; end++) {
            memcpy(field, &ends[end], sizeof ends[end]);
            settings_come_back(&settings);
        }
    }
}

Test(codec, a_text_without_an_end_or_with_a_zero_inside_is_refused)
{
    unsigned char bytes[CODEC_SETTINGS_BYTES_MOST];
    struct settings settings = settings_for_tests(), back;
    struct codec_fault fault = {0};
    strcpy(settings.rollout_always, "a,b");
    size_t size = write_settings(bytes, &settings);
    bytes[size - 2] = '\0';
    struct codec_in in = {.bytes = bytes, .size = size};
    cr_assert(eq(int, codec_read_settings(&in, &back, &fault), ERR_SYNTAX));
    cr_assert(eq(str, (char *)fault.field, "rollout_always"));
    memset(settings.rollout_always, 'x', sizeof settings.rollout_always);
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    cr_assert(eq(int, codec_write_settings(&out, &settings), ERR_RANGE));
    cr_assert(eq(sz, out.used, 0));
}

Test(codec, settings_that_the_engine_could_not_bear_are_refused)
{
    unsigned char bytes[CODEC_SETTINGS_BYTES_MOST];
    struct settings settings = settings_for_tests(), back;
    struct codec_fault fault = {0};
    size_t size = write_settings(bytes, &settings);
    bytes[0] = 2; /* enabled */
    struct codec_in in = {.bytes = bytes, .size = size};
    cr_assert(eq(int, codec_read_settings(&in, &back, &fault), ERR_SYNTAX));
    cr_assert(eq(str, (char *)fault.field, "enabled"));
    cr_assert(eq(str, (char *)fault.what, "is out of range"));
}
