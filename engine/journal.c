/* engine/journal.c: frames around payloads, chained by their checksums. */
#include "engine/journal.h"
#include "base/assert.h"
#include "base/crc32c.h"
#include "engine/mutant.h"
#include <string.h>

#define TEXT_(name, text) [name] = text,
static const char *const FAULT_TEXTS[] = {JOURNAL_FAULTS(TEXT_)};
#define MAGIC UINT64_C(0x474f4c434e454741) /* "AGENCLOG" */

enum { PAYLOAD_BYTES_MOST = JOURNAL_NOTE_BYTES_MOST + 1 };
_Static_assert((int)JOURNAL_RECORD_BYTES_MOST <= (int)PAYLOAD_BYTES_MOST &&
                   (int)PAYLOAD_BYTES_MOST <= UINT16_MAX,
               "a length has sixteen bits");

const char *journal_fault_text(enum journal_fault fault)
{
    return FAULT_TEXTS[fault];
}

static uint32_t length_word(uint32_t length)
{
    return length | ~length << 16;
}

/* Over all of a frame but the checksum itself, and over the one before. */
static uint32_t checksum_of(const struct journal_chain *chain, const unsigned char *frame, uint32_t length)
{
    const unsigned char before[4] = {(unsigned char)chain->checksum, (unsigned char)(chain->checksum >> 8),
                                     (unsigned char)(chain->checksum >> 16),
                                     (unsigned char)(chain->checksum >> 24)};
    uint32_t crc = crc32c_add(0, before, sizeof before);
    crc = crc32c_add(crc, frame, 4);
    return crc32c_add(crc, frame + 8, 8 + (size_t)length);
}

/* ---- writing ---- */

/* Room for the frame and the kind; the payload is written behind, then the frame is closed. */
static err begin(struct codec_out *draft, enum journal_kind kind)
{
    if (draft->capacity - draft->used < JOURNAL_FRAME_BYTES) return ERR_LIMIT;
    draft->used += JOURNAL_FRAME_BYTES;
    return codec_write_number(draft, kind, 1);
}

static void put_number(unsigned char *bytes, uint64_t value, unsigned count)
{
    struct codec_out out = {.bytes = bytes, .capacity = count};
    err e = codec_write_number(&out, value, count);
    ASSERT(e == OK);
}

static err end(struct journal_chain *chain, struct codec_out *out, const struct codec_out *draft)
{
    unsigned char *frame = out->bytes + out->used; /* `begin` made room for it */
    uint32_t length = (uint32_t)(draft->used - out->used - JOURNAL_FRAME_BYTES);
    ASSERT(length <= PAYLOAD_BYTES_MOST);
    put_number(frame, length_word(length), 4);
    put_number(frame + 8, chain->sequence, 8);
    uint32_t checksum = checksum_of(chain, frame, length);
    put_number(frame + 4, checksum, 4);
    *chain = (struct journal_chain){.sequence = chain->sequence + 1, .checksum = checksum};
    *out = *draft;
    return OK;
}

err journal_write_header(struct journal_chain *chain, struct codec_out *out,
                         const struct engine_limits *limits, const struct settings *settings)
{
    struct codec_out draft = *out;
    TRY(begin(&draft, JOURNAL_HEADER));
    TRY(codec_write_number(&draft, MAGIC, 8));
    TRY(codec_write_number(&draft, JOURNAL_VERSION, 4));
    TRY(codec_write_number(&draft, limits->tasks, 4));
    TRY(codec_write_number(&draft, limits->edges, 4));
    TRY(codec_write_number(&draft, limits->agents, 4));
    TRY(codec_write_settings(&draft, settings));
    return end(chain, out, &draft);
}

err journal_write_event(struct journal_chain *chain, struct codec_out *out, const struct event *event)
{
    struct codec_out draft = *out;
    TRY(begin(&draft, JOURNAL_EVENT));
    TRY(codec_write_event(&draft, event));
    return end(chain, out, &draft);
}

err journal_write_seal(struct journal_chain *chain, struct codec_out *out)
{
    struct codec_out draft = *out;
    TRY(begin(&draft, JOURNAL_SEAL));
    return end(chain, out, &draft);
}

err journal_write_note(struct journal_chain *chain, struct codec_out *out, const void *bytes,
                       size_t size_bytes)
{
    struct codec_out draft = *out;
    if (size_bytes > JOURNAL_NOTE_BYTES_MOST) return ERR_RANGE;
    TRY(begin(&draft, JOURNAL_NOTE));
    if (draft.capacity - draft.used < size_bytes) return ERR_LIMIT;
    memcpy(draft.bytes + draft.used, bytes, size_bytes);
    draft.used += size_bytes;
    return end(chain, out, &draft);
}

/* ---- reading ---- */

static err fail(const struct journal_reader *reader, enum journal_fault fault, struct journal_diag *diag)
{
    *diag =
        (struct journal_diag){.fault = fault, .offset = reader->in.used, .record = reader->chain.sequence};
    return ERR_SYNTAX;
}

static bool is_zero_to_the_end(const struct codec_in *in)
{
    for (size_t at = in->used; at < in->size; at++)
        if (in->bytes[at]) return false;
    return true;
}

struct frame {
    struct codec_in payload;
    uint32_t checksum;
    bool is_torn; /* the bytes stop inside it */
};

/* The record at in.used, with everything checked but what it holds. */
static err read_frame(const struct journal_reader *reader, struct frame *frame, struct journal_diag *diag)
{
    struct codec_in in = reader->in;
    const unsigned char *start = in.bytes + in.used;
    uint64_t word, checksum, sequence;
    *frame = (struct frame){.is_torn = true};
    if (is_zero_to_the_end(&in) || codec_read_number(&in, 4, &word) != OK) return OK;
    uint32_t length = (uint32_t)word & 0xffff;
    bool is_possible = length <= PAYLOAD_BYTES_MOST;
    if (word != length_word(length) || !is_possible) return fail(reader, JOURNAL_BAD_LENGTH, diag);
    if (codec_read_number(&in, 4, &checksum) != OK || codec_read_number(&in, 8, &sequence) != OK) return OK;
    if (in.size - in.used < length) {
        if (MUTANT(14)) frame->is_torn = !mutant_complete_record(reader, &in, length, &frame->payload);
        return OK;
    }
    if (sequence != reader->chain.sequence) return fail(reader, JOURNAL_BAD_SEQUENCE, diag);
    if (checksum != checksum_of(&reader->chain, start, length))
        return fail(reader, JOURNAL_BAD_CHECKSUM, diag);
    frame->is_torn = false;
    frame->checksum = (uint32_t)checksum;
    frame->payload = (struct codec_in){.bytes = in.bytes + in.used, .size = length};
    return OK;
}

/* The record was understood, to its last byte. */
static void accept(struct journal_reader *reader, const struct frame *frame)
{
    reader->in.used += JOURNAL_FRAME_BYTES + frame->payload.size;
    if (MUTANT(14) && reader->in.used > reader->in.size) reader->in.used = reader->in.size;
    reader->chain.sequence++;
    reader->chain.checksum = frame->checksum;
}

static err fail_inside(const struct journal_reader *reader, const char *field, const char *what,
                       struct journal_diag *diag)
{
    err e = fail(reader, JOURNAL_BAD_RECORD, diag);
    diag->field = (struct codec_fault){.field = field, .what = what};
    return e;
}

static err read_header(struct journal_reader *reader, struct codec_in *in, struct journal_diag *diag)
{
    uint64_t kind, magic, version, tasks, edges, agents;
    if (codec_read_number(in, 1, &kind) != OK || kind != JOURNAL_HEADER)
        return fail(reader, JOURNAL_NO_HEADER, diag);
    if (codec_read_number(in, 8, &magic) != OK || magic != MAGIC)
        return fail(reader, JOURNAL_NO_HEADER, diag);
    if (codec_read_number(in, 4, &version) != OK || version != JOURNAL_VERSION)
        return fail(reader, JOURNAL_BAD_VERSION, diag);
    if (codec_read_number(in, 4, &tasks) != OK || codec_read_number(in, 4, &edges) != OK ||
        codec_read_number(in, 4, &agents) != OK)
        return fail_inside(reader, "limits", "are cut off", diag);
    reader->limits = (struct engine_limits){
        .tasks = (uint32_t)tasks, .edges = (uint32_t)edges, .agents = (uint32_t)agents};
    struct codec_fault fault = {0};
    if (codec_read_settings(in, &reader->initial, &fault) != OK)
        return fail_inside(reader, fault.field, fault.what, diag);
    return in->used == in->size ? OK : fail_inside(reader, "header", "has bytes behind it", diag);
}

err journal_open(struct journal_reader *out, const void *bytes, size_t size, struct journal_diag *diag)
{
    struct journal_reader reader;
    struct frame frame;
    memset(&reader, 0, sizeof reader);
    reader.in = (struct codec_in){.bytes = bytes, .size = size};
    TRY(read_frame(&reader, &frame, diag));
    if (frame.is_torn) return fail(&reader, JOURNAL_NO_HEADER, diag);
    struct codec_in payload = frame.payload;
    TRY(read_header(&reader, &payload, diag));
    accept(&reader, &frame);
    *out = reader;
    return OK;
}

struct journal_reader journal_continue(const void *bytes, size_t size, const struct journal_chain *chain,
                                       const struct engine_limits *limits)
{
    return (struct journal_reader){.in = {.bytes = bytes, .size = size}, .chain = *chain, .limits = *limits};
}

static err read_event(struct journal_reader *reader, struct codec_in *in, struct event *event,
                      struct journal_diag *diag)
{
    struct codec_fault fault = {0};
    if (codec_read_event(in, event, &reader->latest, &fault) != OK)
        return fail_inside(reader, fault.field, fault.what, diag);
    return in->used == in->size ? OK : fail_inside(reader, "event", "has bytes behind it", diag);
}

/* One record. A seal holds nothing, and is passed over; a note is the driver's. */
static err read_record(struct journal_reader *reader, const struct frame *frame, enum journal_kind *kind_out,
                       struct event *event, struct journal_diag *diag)
{
    struct codec_in payload = frame->payload;
    uint64_t kind;
    if (codec_read_number(&payload, 1, &kind) != OK) return fail_inside(reader, "record", "is empty", diag);
    if (kind == JOURNAL_EVENT) {
        TRY(read_event(reader, &payload, event, diag));
        reader->events++;
    } else if (kind == JOURNAL_NOTE) {
        if (reader->note)
            reader->note(reader->note_context, payload.bytes + payload.used, payload.size - payload.used);
    } else if (kind != JOURNAL_SEAL || payload.used != payload.size) {
        return fail_inside(reader, "record", "is of no kind", diag);
    }
    reader->is_sealed = kind == JOURNAL_SEAL;
    accept(reader, frame);
    *kind_out = (enum journal_kind)kind;
    return OK;
}

err journal_next(struct journal_reader *reader, enum journal_item *item, struct event *event,
                 struct journal_diag *diag)
{
    enum journal_kind kind = JOURNAL_HEADER;
    do {
        struct frame frame;
        if (reader->in.used == reader->in.size) {
            *item = JOURNAL_ITEM_END;
            return OK;
        }
        TRY(read_frame(reader, &frame, diag));
        if (frame.is_torn) {
            *item = JOURNAL_ITEM_TORN;
            return OK;
        }
        TRY(read_record(reader, &frame, &kind, event, diag));
    } while (kind != JOURNAL_EVENT);
    *item = JOURNAL_ITEM_EVENT;
    return OK;
}
