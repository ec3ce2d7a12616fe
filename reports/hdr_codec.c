/* reports/hdr_codec.c: a header, then counts as zigzag varints in which a run of zeros is one negative
 * number. */
#include "reports/hdr_codec.h"
#include "base/assert.h"
#include "base/base64.h"
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    COOKIE_COMPRESSED = 0x1c849314,
    COOKIE_PLAIN = 0x1c849313,
    FRAME_BYTES = 8,   /* cookie, length of the zlib stream */
    HEADER_BYTES = 40, /* cookie, payload length, offset, digits, lowest, highest, ratio */
    VARINT_BYTES = 9,
    LEVEL = 6, /* zlib's; another gives other bytes than Java's */
    /* The largest histogram_open allows: 2^53 ends in slot 44 * 1,024. */
    SLOTS_MAX = 45 * HISTOGRAM_SUB_BUCKETS / 2,
    PLAIN_BYTES_MAX = HEADER_BYTES + VARINT_BYTES * SLOTS_MAX,
    TEXT_BYTES_MAX = (FRAME_BYTES + PLAIN_BYTES_MAX + PLAIN_BYTES_MAX / 1000 + 64) / 3 * 4 + 4,
};

static const uint64_t RATIO_ONE = UINT64_C(0x3ff0000000000000); /* the bits of 1.0 */

static unsigned char *put_big_endian(unsigned char *to, uint64_t value, int size_bytes)
{
    for (int i = size_bytes - 1; i >= 0; i--) *to++ = (unsigned char)(value >> (8 * i));
    return to;
}

static uint64_t get_big_endian(const unsigned char *from, int size_bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < size_bytes; i++) value = value << 8 | from[i];
    return value;
}

/* Seven bits a byte, low first; the ninth byte carries eight. */
static unsigned char *put_varint(unsigned char *to, int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    int count = 1;
    for (; rest > 127 && count < VARINT_BYTES; count++, rest >>= 7) *to++ = (unsigned char)(rest | 0x80);
    *to++ = (unsigned char)rest;
    return to;
}

static unsigned char *put_counts(unsigned char *to, const struct histogram *histogram)
{
    uint32_t last = histogram_index(histogram->max_ns);
    if (last >= histogram->count_slots) last = histogram->count_slots - 1;
    for (uint32_t i = 0; i <= last;) {
        uint32_t run = 0;
        while (i + run <= last && histogram->counts[i + run] == 0) run++;
        if (run == 0) {
            ASSERT(histogram->counts[i] <= INT64_MAX);
            to = put_varint(to, (int64_t)histogram->counts[i++]);
        } else {
            to = put_varint(to, run > 1 ? -(int64_t)run : 0);
            i += run;
        }
    }
    return to;
}

static size_t put_plain(unsigned char *bytes, const struct histogram *histogram)
{
    unsigned char *end = put_counts(bytes + HEADER_BYTES, histogram);
    unsigned char *at = put_big_endian(bytes, COOKIE_PLAIN, 4);
    at = put_big_endian(at, (uint64_t)(end - bytes) - HEADER_BYTES, 4);
    at = put_big_endian(at, 0, 4);
    at = put_big_endian(at, HISTOGRAM_DIGITS, 4);
    at = put_big_endian(at, 1, 8);
    at = put_big_endian(at, (uint64_t)histogram->highest_ns, 8);
    put_big_endian(at, RATIO_ONE, 8);
    return (size_t)(end - bytes);
}

static char *frame_as_text(const unsigned char *plain, size_t plain_bytes)
{
    uLongf packed_bytes = compressBound(plain_bytes);
    unsigned char *frame = malloc(FRAME_BYTES + packed_bytes);
    char *text = NULL;
    if (frame && compress2(frame + FRAME_BYTES, &packed_bytes, plain, plain_bytes, LEVEL) == Z_OK) {
        put_big_endian(put_big_endian(frame, COOKIE_COMPRESSED, 4), packed_bytes, 4);
        text = malloc(base64_text_bytes(FRAME_BYTES + packed_bytes) + 1);
        if (text) base64_encode(frame, FRAME_BYTES + packed_bytes, text);
    }
    free(frame);
    return text;
}

err hdr_encode(const struct histogram *histogram, char **text_out)
{
    unsigned char *plain = malloc(HEADER_BYTES + (size_t)VARINT_BYTES * histogram->count_slots);
    if (!plain) return ERR_NOMEM;
    char *text = frame_as_text(plain, put_plain(plain, histogram));
    free(plain);
    if (!text) return ERR_NOMEM;
    *text_out = text;
    return OK;
}

/* What is still to be read. */
struct input {
    const unsigned char *at, *end;
};

static bool get_varint(struct input *input, int64_t *out)
{
    uint64_t value = 0;
    for (int i = 0; i < VARINT_BYTES; i++) {
        if (input->at == input->end) return false;
        uint64_t byte = *input->at++;
        bool is_last = i == VARINT_BYTES - 1 || byte < 0x80;
        value |= (i == VARINT_BYTES - 1 ? byte : byte & 0x7f) << (7 * i);
        if (is_last) break;
    }
    *out = (int64_t)(value >> 1 ^ -(value & 1));
    return true;
}

static err add_count(struct histogram *histogram, uint32_t index, uint64_t count, struct diag *diag)
{
    if (!u64_add(histogram->total_count, count, &histogram->total_count))
        return diag_fail(diag, ERR_SYNTAX, "histogram: the counts add up to more than 64 bits hold");
    int64_t lowest = histogram_lowest_of(index), highest = histogram_highest_of(index);
    histogram->counts[index] = count;
    histogram->sum_ns += (u128)count * (uint64_t)(lowest + (highest - lowest + 1) / 2);
    if (lowest < histogram->min_ns) histogram->min_ns = lowest;
    histogram->max_ns = highest;
    return OK;
}

static err get_counts(struct histogram *histogram, struct input input, struct diag *diag)
{
    for (uint64_t index = 0; input.at < input.end;) {
        int64_t number;
        if (!get_varint(&input, &number))
            return diag_fail(diag, ERR_SYNTAX, "histogram: the last count is cut off");
        uint64_t step = number < 0 ? -(uint64_t)number : 1;
        if (step > histogram->count_slots - index)
            return diag_fail(diag, ERR_SYNTAX, "histogram: counts beyond its %u slots",
                             histogram->count_slots);
        if (number > 0) TRY(add_count(histogram, (uint32_t)index, (uint64_t)number, diag));
        index += step;
    }
    return OK;
}

/* JavaScript writes 1 where others write 0, and the integer 1 where others write the double. */
static bool has_known_scale(const unsigned char *header)
{
    uint64_t offset = get_big_endian(header + 8, 4), ratio = get_big_endian(header + 32, 8);
    return (offset == 0 && ratio == RATIO_ONE) || (offset == 1 && ratio == 1);
}

static err get_plain(struct histogram *out, const unsigned char *plain, size_t plain_bytes, struct diag *diag)
{
    if (plain_bytes < HEADER_BYTES || get_big_endian(plain, 4) != COOKIE_PLAIN)
        return diag_fail(diag, ERR_SYNTAX, "histogram: no V2 header inside the compressed stream");
    if (get_big_endian(plain + 4, 4) != plain_bytes - HEADER_BYTES)
        return diag_fail(diag, ERR_SYNTAX, "histogram: the payload is not as long as its header says");
    uint64_t digits = get_big_endian(plain + 12, 4), lowest = get_big_endian(plain + 16, 8);
    if (digits != HISTOGRAM_DIGITS || lowest != 1 || !has_known_scale(plain))
        return diag_fail(diag, ERR_RANGE, "histogram: only three digits, unit 1 and scale 1 can be read");
    uint64_t highest = get_big_endian(plain + 24, 8);
    struct histogram histogram;
    err result = histogram_open(&histogram, highest <= INT64_MAX ? (int64_t)highest : -1);
    if (result != OK) return diag_fail(diag, result, "histogram: the highest value must be from 2 to 2^53");
    result = get_counts(&histogram, (struct input){plain + HEADER_BYTES, plain + plain_bytes}, diag);
    if (result != OK)
        histogram_close(&histogram);
    else
        *out = histogram;
    return result;
}

/* The frame, unpacked into `plain` of PLAIN_BYTES_MAX. */
static err unpack(const unsigned char *frame, size_t frame_bytes, unsigned char *plain, size_t *plain_bytes)
{
    if (frame_bytes < FRAME_BYTES || get_big_endian(frame, 4) != COOKIE_COMPRESSED) return ERR_SYNTAX;
    if (get_big_endian(frame + 4, 4) != frame_bytes - FRAME_BYTES) return ERR_SYNTAX;
    uLongf room = PLAIN_BYTES_MAX;
    uLong packed = (uLong)(frame_bytes - FRAME_BYTES), used = packed;
    int status = uncompress2(plain, &room, frame + FRAME_BYTES, &used);
    if (status == Z_MEM_ERROR) return ERR_NOMEM;
    if (status != Z_OK || used != packed) return ERR_SYNTAX;
    *plain_bytes = room;
    return OK;
}

err hdr_decode(struct histogram *out, const char *text, size_t text_bytes, struct diag *diag)
{
    if (text_bytes > TEXT_BYTES_MAX)
        return diag_fail(diag, ERR_SYNTAX, "histogram: longer than any we can read");
    unsigned char *frame = malloc(base64_bytes_max(text_bytes) + 1);
    unsigned char *plain = malloc(PLAIN_BYTES_MAX);
    size_t frame_bytes = 0, plain_bytes = 0;
    err result = ERR_NOMEM;
    if (!frame || !plain)
        diag_fail(diag, result, "histogram: out of memory");
    else if (!base64_decode(text, text_bytes, frame, &frame_bytes))
        result = diag_fail(diag, ERR_SYNTAX, "histogram: not base64");
    else if ((result = unpack(frame, frame_bytes, plain, &plain_bytes)) != OK)
        diag_fail(diag, result, "histogram: not a whole V2 compressed histogram");
    else
        result = get_plain(out, plain, plain_bytes, diag);
    free(plain);
    free(frame);
    return result;
}
