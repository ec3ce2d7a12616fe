/* engine/codec.h: events and settings as bytes, and back.
 *
 * Fields are written, never the memory of a struct: little-endian, in the
 * order of one table (engine/codec.c, a row for each kind of event), only the
 * fields that the kind has. What a kind does not have comes back as zero, and
 * the engine reads none of it. Events name tasks as they were delivered, by
 * (slot, generation): slots are given out by the engine alone, so that the
 * same events in the same order meet the same tasks, and a log needs no state
 * beside it.
 *
 * Strict: every number that has a range is checked against it, in both
 * directions; there is one encoding of a value, and decode(encode(e)) is e.
 * Memory:  the caller's; nothing is allocated. On error out-parameters and the cursor stay as they were.
 * Errors:  ERR_SYNTAX bytes that are no encoding, with the name of the field; ERR_RANGE a value that has
 *          none (an event of this kind must not reach the engine: it could not be logged);
 *          ERR_LIMIT no room in the buffer.
 * Threads: none. */
#pragma once
#include "engine/engine.h"

/* A buffer of the caller's, written from the front. */
struct codec_out {
    unsigned char *bytes;
    size_t capacity, used;
};

/* Bytes of the caller's, read from the front. */
struct codec_in {
    const unsigned char *bytes;
    size_t size, used;
};

enum {
    CODEC_SETTINGS_BYTES_MOST = 2048,
    CODEC_EVENT_BYTES_MOST = 1 + 8 + CODEC_SETTINGS_BYTES_MOST, /* kind, time, the longest kind */
};

/* Why a decoding failed: the field, as it is called in event.h or settings.h, and what is wrong. */
struct codec_fault {
    const char *field, *what; /* of static storage */
};

MUST_USE err codec_write_number(struct codec_out *out, uint64_t value, unsigned bytes); /* 1 .. 8 of them */
MUST_USE err codec_read_number(struct codec_in *in, unsigned bytes, uint64_t *value);

MUST_USE err codec_write_settings(struct codec_out *out, const struct settings *settings);
MUST_USE err codec_read_settings(struct codec_in *in, struct settings *settings, struct codec_fault *fault);

MUST_USE err codec_write_event(struct codec_out *out, const struct event *event);
/* `settings` is where EVENT_SETTINGS puts what it carries; the event borrows it. Bytes behind the event
 * are left for the caller: in->used says where they begin. */
MUST_USE err codec_read_event(struct codec_in *in, struct event *event, struct settings *settings,
                              struct codec_fault *fault);
