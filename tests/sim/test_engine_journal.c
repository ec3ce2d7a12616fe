/* tests/sim/test_engine_journal.c: damage to a log is seen, whatever it is, and a torn end is no damage. */
#include "base/crc32c.h"
#include "engine/journal.h"
#include "tests/lib/engine_fixture.h"
#include "tests/lib/event_sample.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(journal, .timeout = 60);

enum { EVENTS = 2 * EVENT_KIND_COUNT, ROOM = 1 << 16 };

static const struct engine_limits LIMITS = {.tasks = 5, .edges = 7, .agents = 3};

struct log {
    unsigned char bytes[ROOM];
    struct codec_out out;
    struct journal_chain chain;
    struct settings settings;
    struct event events[EVENTS];
    size_t starts[EVENTS + 3]; /* of each record; then the end */
    uint32_t records;
};

static void log_open(struct log *log)
{
    memset(log, 0, sizeof *log);
    log->out = (struct codec_out){.bytes = log->bytes, .capacity = ROOM};
    log->settings = settings_for_tests();
    cr_assert(eq(int, journal_write_header(&log->chain, &log->out, &LIMITS, &log->settings), OK));
    log->starts[++log->records] = log->out.used;
}

static void log_add(struct log *log, const struct event *event)
{
    cr_assert(eq(int, journal_write_event(&log->chain, &log->out, event), OK));
    log->starts[++log->records] = log->out.used;
}

/* One event of each kind but the settings, which are long, then the seal. */
static struct log *log_new(void)
{
    static struct log log;
    log_open(&log);
    struct rng rng = rng_keyed(11, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (kind == EVENT_SETTINGS) continue;
        log.events[log.records - 1] = event_sample(&draw, (enum event_kind)kind, NULL);
        log_add(&log, &log.events[log.records - 1]);
    }
    cr_assert(eq(int, journal_write_seal(&log.chain, &log.out), OK));
    log.starts[++log.records] = log.out.used;
    return &log;
}

struct outcome {
    err e;
    enum journal_item item;
    uint64_t events;
    size_t used;
    bool is_sealed;
    struct journal_diag diag;
};

/* Reads to the end; every event handed out must be the one that was logged. */
static struct outcome read_all(const struct log *log, const unsigned char *bytes, size_t size)
{
    struct journal_reader reader;
    struct outcome outcome = {.item = JOURNAL_ITEM_EVENT};
    outcome.e = journal_open(&reader, bytes, size, &outcome.diag);
    if (outcome.e != OK) return outcome;
    cr_assert(eq(int, memcmp(&reader.initial, &log->settings, sizeof reader.initial), 0));
    cr_assert(eq(u32, reader.limits.tasks, LIMITS.tasks));
    cr_assert(eq(u32, reader.limits.edges, LIMITS.edges));
    cr_assert(eq(u32, reader.limits.agents, LIMITS.agents));
    struct event event;
    while ((outcome.e = journal_next(&reader, &outcome.item, &event, &outcome.diag)) == OK &&
           outcome.item == JOURNAL_ITEM_EVENT)
        cr_assert(eq(int, memcmp(&event, &log->events[outcome.events++], sizeof event), 0));
    cr_assert(eq(u64, reader.events, outcome.events));
    outcome.used = reader.in.used;
    outcome.is_sealed = reader.is_sealed;
    return outcome;
}

Test(journal, what_was_logged_is_read_in_order_to_the_seal)
{
    struct log *log = log_new();
    struct outcome outcome = read_all(log, log->bytes, log->out.used);
    cr_assert(eq(int, outcome.e, OK));
    cr_assert(eq(int, outcome.item, JOURNAL_ITEM_END));
    cr_assert(eq(u64, outcome.events, EVENT_KIND_COUNT - 1));
    cr_assert(outcome.is_sealed);
    cr_assert(eq(sz, outcome.used, log->out.used));
}

Test(journal, settings_in_the_middle_are_carried)
{
    static struct log log;
    log_open(&log);
    struct settings changed = log.settings;
    changed.max_depth = 9;
    struct event event = {.kind = EVENT_SETTINGS, .now_ns = 3, .u.settings = &changed}, back;
    log_add(&log, &event);
    struct journal_reader reader;
    struct journal_diag diag;
    enum journal_item item;
    cr_assert(eq(int, journal_open(&reader, log.bytes, log.out.used, &diag), OK));
    cr_assert(eq(int, journal_next(&reader, &item, &back, &diag), OK));
    cr_assert(eq(int, memcmp(back.u.settings, &changed, sizeof changed), 0));
    cr_assert(not(reader.is_sealed));
}

Test(journal, a_log_goes_on_after_its_seal)
{
    struct log *log = log_new();
    struct event event = {.kind = EVENT_TICK, .now_ns = 5};
    log->events[EVENT_KIND_COUNT - 1] = event;
    log_add(log, &event);
    struct outcome outcome = read_all(log, log->bytes, log->out.used);
    cr_assert(eq(int, outcome.item, JOURNAL_ITEM_END));
    cr_assert(eq(u64, outcome.events, EVENT_KIND_COUNT));
    cr_assert(not(outcome.is_sealed));
}

/* Every value of every byte: 255 wrong ones each. */
Test(journal, every_byte_that_changes_is_seen)
{
    struct log *log = log_new();
    static unsigned char damaged[ROOM];
    memcpy(damaged, log->bytes, log->out.used);
    for (size_t at = 0; at < log->out.used; at++) {
        uint32_t record = 0;
        while (log->starts[record + 1] <= at) record++;
        for (unsigned flip = 1; flip < 256; flip++) {
            damaged[at] = (unsigned char)(log->bytes[at] ^ flip);
            struct outcome outcome = read_all(log, damaged, log->out.used);
            cr_assert(eq(int, outcome.e, ERR_SYNTAX), "byte %zu", at);
            cr_assert(eq(sz, outcome.diag.offset, log->starts[record]));
            cr_assert(eq(u64, outcome.diag.record, record));
        }
        damaged[at] = log->bytes[at];
    }
}

Test(journal, a_log_cut_off_anywhere_is_torn_or_unsealed_and_good_up_to_there)
{
    struct log *log = log_new();
    for (size_t size = 0; size < log->out.used; size++) {
        uint32_t whole = 0;
        while (log->starts[whole + 1] <= size) whole++;
        struct outcome outcome = read_all(log, log->bytes, size);
        if (whole == 0) {
            cr_assert(eq(int, outcome.e, ERR_SYNTAX));
            cr_assert(eq(int, outcome.diag.fault, JOURNAL_NO_HEADER));
            continue;
        }
        bool is_torn = size != log->starts[whole];
        cr_assert(eq(int, outcome.e, OK));
        cr_assert(eq(int, outcome.item, is_torn ? JOURNAL_ITEM_TORN : JOURNAL_ITEM_END));
        cr_assert(eq(sz, outcome.used, log->starts[whole]));
        cr_assert(eq(u64, outcome.events, whole - 1));
        cr_assert(not(outcome.is_sealed));
    }
}

Test(journal, zeros_where_a_crash_left_them_are_a_torn_tail)
{
    struct log *log = log_new();
    memset(log->bytes + log->out.used, 0, 4096);
    struct outcome outcome = read_all(log, log->bytes, log->out.used + 4096);
    cr_assert(eq(int, outcome.item, JOURNAL_ITEM_TORN));
    cr_assert(eq(sz, outcome.used, log->out.used));
}

/* The records in this order, as somebody with an editor would leave them. */
static struct outcome read_arranged(const struct log *log, const uint32_t *order, uint32_t count)
{
    static unsigned char arranged[ROOM];
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t length = log->starts[order[i] + 1] - log->starts[order[i]];
        memcpy(arranged + size, log->bytes + log->starts[order[i]], length);
        size += length;
    }
    return read_all(log, arranged, size);
}

Test(journal, a_record_removed_repeated_or_moved_is_seen)
{
    struct log *log = log_new();
    static const uint32_t REMOVED[] = {0, 1, 3, 4}, REPEATED[] = {0, 1, 1, 2}, MOVED[] = {0, 2, 1, 3};
    const uint32_t *const cases[] = {REMOVED, REPEATED, MOVED};
    const uint64_t wrong_at[] = {2, 2, 1};
    for (int i = 0; i < 3; i++) {
        struct outcome outcome = read_arranged(log, cases[i], 4);
        cr_assert(eq(int, outcome.e, ERR_SYNTAX));
        cr_assert(eq(int, outcome.diag.fault, JOURNAL_BAD_SEQUENCE));
        cr_assert(eq(u64, outcome.diag.record, wrong_at[i]));
    }
}

Test(journal, a_record_of_another_log_with_the_right_number_is_seen)
{
    struct log *log = log_new();
    static struct log other;
    log_open(&other);
    struct event event = {.kind = EVENT_TICK, .now_ns = 1}, later = {.kind = EVENT_TICK, .now_ns = 2};
    log_add(&other, &event);
    log_add(&other, &later);
    static unsigned char spliced[ROOM];
    size_t head = log->starts[2], length = other.starts[3] - other.starts[2];
    memcpy(spliced, log->bytes, head);
    memcpy(spliced + head, other.bytes + other.starts[2], length);
    struct outcome outcome = read_all(log, spliced, head + length);
    cr_assert(eq(int, outcome.e, ERR_SYNTAX));
    cr_assert(eq(int, outcome.diag.fault, JOURNAL_BAD_CHECKSUM));
    cr_assert(eq(u64, outcome.diag.record, 2));
}

/* A writer that goes on from a reader continues the same chain. */
Test(journal, a_reader_at_the_end_hands_its_chain_to_a_writer)
{
    struct log *log = log_new();
    struct journal_reader reader;
    struct journal_diag diag;
    struct event event = {.kind = EVENT_GC, .now_ns = 9};
    enum journal_item item;
    cr_assert(eq(int, journal_open(&reader, log->bytes, log->starts[1], &diag), OK));
    cr_assert(eq(int, journal_next(&reader, &item, &event, &diag), OK));
    cr_assert(eq(int, item, JOURNAL_ITEM_END));
    log->out.used = reader.in.used;
    log->events[0] = event;
    cr_assert(eq(int, journal_write_event(&reader.chain, &log->out, &event), OK));
    struct outcome outcome = read_all(log, log->bytes, log->out.used);
    cr_assert(eq(int, outcome.item, JOURNAL_ITEM_END));
    cr_assert(eq(u64, outcome.events, 1));
}

Test(journal, a_record_that_does_not_fit_leaves_the_log_as_it_was)
{
    static struct log log;
    log_open(&log);
    struct event event = {.kind = EVENT_TICK}, wrong = {.kind = EVENT_KIND_COUNT};
    struct journal_chain chain = log.chain;
    size_t used = log.out.used;
    for (size_t room = 0; room < JOURNAL_FRAME_BYTES + 10; room++) {
        log.out.capacity = used + room;
        cr_assert(eq(int, journal_write_event(&log.chain, &log.out, &event), ERR_LIMIT));
    }
    log.out.capacity = ROOM;
    cr_assert(eq(int, journal_write_event(&log.chain, &log.out, &wrong), ERR_RANGE));
    cr_assert(eq(sz, log.out.used, used));
    cr_assert(eq(u64, log.chain.sequence, chain.sequence));
    cr_assert(eq(u32, log.chain.checksum, chain.checksum));
}

/* A payload of ours in a good frame: what is inside is judged as strictly. */
static struct journal_diag diag_of_payload(const unsigned char *payload, size_t length)
{
    static struct log log;
    log_open(&log);
    struct event tick = {.kind = EVENT_TICK};
    unsigned char *frame = log.bytes + log.out.used;
    log_add(&log, &tick);
    struct journal_chain before;
    struct journal_reader reader;
    struct journal_diag diag = {0};
    cr_assert(eq(int, journal_open(&reader, log.bytes, log.starts[1], &diag), OK));
    before = reader.chain;
    uint32_t word = (uint32_t)length | ~(uint32_t)length << 16;
    memcpy(frame, &word, 4);
    memcpy(frame + JOURNAL_FRAME_BYTES, payload, length);
    uint32_t crc = crc32c_add(0, &before.checksum, 4);
    crc = crc32c_add(crc, frame, 4);
    crc = crc32c_add(crc, frame + 8, 8 + length);
    memcpy(frame + 4, &crc, 4);
    struct outcome outcome = read_all(&log, log.bytes, log.starts[1] + JOURNAL_FRAME_BYTES + length);
    cr_assert(eq(int, outcome.e, ERR_SYNTAX));
    return outcome.diag;
}

Test(journal, a_good_frame_around_nonsense_is_refused)
{
    const unsigned char trailing[] = {JOURNAL_EVENT, EVENT_TICK, 0, 0, 0, 0, 0, 0, 0, 0, 7};
    const unsigned char sealed[] = {JOURNAL_SEAL, 7}, unknown[] = {9}, second[] = {JOURNAL_HEADER};
    cr_assert(eq(str, (char *)diag_of_payload(trailing, sizeof trailing).field.what, "has bytes behind it"));
    cr_assert(eq(str, (char *)diag_of_payload(trailing, 5).field.field, "now_ns"));
    cr_assert(eq(int, diag_of_payload(sealed, sizeof sealed).fault, JOURNAL_BAD_RECORD));
    cr_assert(eq(int, diag_of_payload(unknown, sizeof unknown).fault, JOURNAL_BAD_RECORD));
    cr_assert(eq(int, diag_of_payload(second, sizeof second).fault, JOURNAL_BAD_RECORD));
    cr_assert(eq(int, diag_of_payload(unknown, 0).fault, JOURNAL_BAD_RECORD));
}

/* The header of a log with its payload changed, cut to `length`, in a good frame. */
static struct journal_diag diag_of_header(size_t at, unsigned char byte, size_t length)
{
    static struct log log;
    log_open(&log);
    size_t whole = log.out.used - JOURNAL_FRAME_BYTES;
    if (length > whole) length = whole + 1;
    log.bytes[JOURNAL_FRAME_BYTES + at] = byte;
    uint32_t word = (uint32_t)length | ~(uint32_t)length << 16, nothing = 0;
    memcpy(log.bytes, &word, 4);
    uint32_t crc = crc32c_add(0, &nothing, 4);
    crc = crc32c_add(crc, log.bytes, 4);
    crc = crc32c_add(crc, log.bytes + 8, 8 + length);
    memcpy(log.bytes + 4, &crc, 4);
    struct journal_reader reader;
    struct journal_diag diag = {0};
    err e = journal_open(&reader, log.bytes, JOURNAL_FRAME_BYTES + length, &diag);
    cr_assert(eq(int, e, ERR_SYNTAX));
    return diag;
}

enum { KIND_AT = 0, MAGIC_AT = 1, VERSION_AT = 9, LIMITS_AT = 13, SETTINGS_AT = 25 };

Test(journal, a_header_that_is_none_or_of_another_version_is_refused)
{
    cr_assert(eq(int, diag_of_header(KIND_AT, JOURNAL_SEAL, 4000).fault, JOURNAL_NO_HEADER));
    cr_assert(eq(int, diag_of_header(KIND_AT, JOURNAL_HEADER, 0).fault, JOURNAL_NO_HEADER));
    cr_assert(eq(int, diag_of_header(MAGIC_AT, 'x', 4000).fault, JOURNAL_NO_HEADER));
    cr_assert(eq(int, diag_of_header(KIND_AT, JOURNAL_HEADER, MAGIC_AT + 3).fault, JOURNAL_NO_HEADER));
    cr_assert(eq(int, diag_of_header(VERSION_AT, 99, 4000).fault, JOURNAL_BAD_VERSION));
    cr_assert(eq(int, diag_of_header(KIND_AT, JOURNAL_HEADER, VERSION_AT + 2).fault, JOURNAL_BAD_VERSION));
}

Test(journal, a_header_cut_short_or_with_bytes_behind_it_is_refused)
{
    for (size_t limit = 0; limit < 3; limit++) {
        struct journal_diag diag = diag_of_header(KIND_AT, JOURNAL_HEADER, LIMITS_AT + 4 * limit + 1);
        cr_assert(eq(str, (char *)diag.field.field, "limits"));
    }
    cr_assert(eq(int, diag_of_header(KIND_AT, JOURNAL_HEADER, SETTINGS_AT + 3).fault, JOURNAL_BAD_RECORD));
    cr_assert(
        eq(str, (char *)diag_of_header(KIND_AT, JOURNAL_HEADER, 4000).field.what, "has bytes behind it"));
}

Test(journal, a_header_or_a_seal_that_does_not_fit_is_not_written)
{
    struct settings settings = settings_for_tests();
    unsigned char bytes[ROOM];
    struct codec_out whole = {.bytes = bytes, .capacity = ROOM};
    struct journal_chain chain = {0};
    cr_assert(eq(int, journal_write_header(&chain, &whole, &LIMITS, &settings), OK));
    for (size_t room = 0; room < whole.used; room++) {
        struct codec_out out = {.bytes = bytes, .capacity = room};
        chain = (struct journal_chain){0};
        cr_assert(eq(int, journal_write_header(&chain, &out, &LIMITS, &settings), ERR_LIMIT));
        cr_assert(out.used == 0 && chain.sequence == 0);
    }
    for (size_t room = 0; room <= JOURNAL_FRAME_BYTES; room++) {
        struct codec_out out = {.bytes = bytes, .capacity = room};
        cr_assert(eq(int, journal_write_seal(&chain, &out), ERR_LIMIT));
    }
}

/* ---- notes ---- */

static int notes_heard;

static void hear_note(void *context, const void *bytes, size_t size)
{
    cr_assert(eq(sz, size, strlen(context)));
    cr_assert(eq(int, memcmp(bytes, context, size), 0));
    notes_heard++;
}

Test(journal, a_note_is_heard_where_it_stands_and_passed_over_where_nobody_listens)
{
    static struct log log;
    static char text[] = "what the driver wants to know";
    struct journal_diag found;
    struct event event;
    enum journal_item item;
    log_open(&log);
    struct event tick = {.kind = EVENT_TICK, .now_ns = 7};
    cr_assert(eq(int, journal_write_note(&log.chain, &log.out, text, strlen(text)), OK));
    log_add(&log, &tick);
    for (int listens = 0; listens < 2; listens++) {
        struct journal_reader reader;
        cr_assert(eq(int, journal_open(&reader, log.bytes, log.out.used, &found), OK));
        reader.note = listens ? hear_note : NULL;
        reader.note_context = text;
        cr_assert(eq(int, journal_next(&reader, &item, &event, &found), OK));
        cr_assert(eq(int, item, JOURNAL_ITEM_EVENT));
        cr_assert(eq(int, event.kind, EVENT_TICK));
        cr_assert(eq(int, notes_heard, listens));
    }
}

Test(journal, a_note_has_its_limits_and_a_damaged_one_is_seen)
{
    static struct log log;
    static unsigned char large[JOURNAL_NOTE_BYTES_MOST + 1];
    struct journal_diag found;
    struct event event;
    enum journal_item item;
    log_open(&log);
    cr_assert(eq(int, journal_write_note(&log.chain, &log.out, large, sizeof large), ERR_RANGE));
    cr_assert(eq(int, journal_write_note(&log.chain, &log.out, large, sizeof large - 1), OK));
    unsigned char few[64];
    struct codec_out narrow = {.bytes = few, .capacity = sizeof few};
    struct journal_chain chain = {0};
    cr_assert(eq(int, journal_write_note(&chain, &narrow, large, 60), ERR_LIMIT));
    log.bytes[log.out.used - 1] ^= 1;
    struct journal_reader reader;
    cr_assert(eq(int, journal_open(&reader, log.bytes, log.out.used, &found), OK));
    cr_assert(eq(int, journal_next(&reader, &item, &event, &found), ERR_SYNTAX));
    cr_assert(eq(int, found.fault, JOURNAL_BAD_CHECKSUM));
}

Test(journal, reading_goes_on_behind_a_place_of_the_chain)
{
    static struct log log;
    struct journal_diag found;
    struct event event;
    enum journal_item item;
    log_open(&log);
    struct event tick = {.kind = EVENT_TICK, .now_ns = 7};
    log_add(&log, &tick);
    struct journal_chain here = log.chain;
    size_t at = log.out.used;
    tick.now_ns = 9;
    log_add(&log, &tick);
    struct journal_reader reader = journal_continue(log.bytes + at, log.out.used - at, &here, &LIMITS);
    cr_assert(eq(int, journal_next(&reader, &item, &event, &found), OK));
    cr_assert(eq(int, item, JOURNAL_ITEM_EVENT));
    cr_assert(eq(i64, event.now_ns, 9));
    here.checksum++; /* of another log */
    reader = journal_continue(log.bytes + at, log.out.used - at, &here, &LIMITS);
    cr_assert(eq(int, journal_next(&reader, &item, &event, &found), ERR_SYNTAX));
}
