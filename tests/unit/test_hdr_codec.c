/* tests/unit/test_hdr_codec.c: counts survive the round trip, and hostile text is refused whole. Java's
 * verdict: tests/interop/hdr_java.sh. */
#include "reports/hdr_codec.h"
#include "base/base64.h"
#include "base/rng.h"
#include "base/sample.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MUTATIONS = 20000, PLAIN_BYTES = 1 << 20 };

static struct histogram histogram, decoded;
static struct diag diag;
static struct draw draw;

static void set_up(void)
{
    struct rng rng = rng_keyed(51, 0);
    draw = draw_at(&rng, RNG_TEST, 0, 0);
    cr_assert(eq(int, histogram_open(&histogram, NS_PER_H), OK));
}

static void tear_down(void)
{
    histogram_close(&histogram);
    histogram_close(&decoded);
}

TestSuite(hdr_codec, .init = set_up, .fini = tear_down, .timeout = 60);

static char *encode(void)
{
    char *text = NULL;
    cr_assert(eq(int, hdr_encode(&histogram, &text), OK));
    return text;
}

static void expect_round_trip(void)
{
    char *text = encode();
    cr_assert(eq(int, hdr_decode(&decoded, text, strlen(text), &diag), OK), "%s", diag.text);
    cr_assert(eq(i64, decoded.highest_ns, histogram.highest_ns));
    cr_assert(eq(u64, decoded.total_count, histogram.total_count));
    cr_assert(eq(
        int, memcmp(decoded.counts, histogram.counts, histogram.count_slots * sizeof *histogram.counts), 0));
    if (histogram.total_count) {
        cr_assert(eq(u32, histogram_index(decoded.min_ns), histogram_index(histogram.min_ns)));
        cr_assert(eq(u32, histogram_index(decoded.max_ns), histogram_index(histogram.max_ns)));
    }
    cr_assert(le(dbl, fabs(histogram_mean_ns(&decoded) - histogram_mean_ns(&histogram)),
                 histogram_mean_ns(&histogram) / 1000 + 1));
    free(text);
    histogram_close(&decoded);
}

Test(hdr_codec, counts_come_back)
{
    expect_round_trip();
    histogram_record(&histogram, 0);
    expect_round_trip();
    histogram_record(&histogram, 2);
    expect_round_trip();
    for (int i = 0; i < 20000; i++) histogram_record(&histogram, (int64_t)(2e8 * sample_lognormal(&draw, 1)));
    expect_round_trip();
    histogram_record(&histogram, 4398046511103);
    expect_round_trip();
}

Test(hdr_codec, counts_of_every_size_come_back)
{
    for (int bit = 0; bit < 63; bit++) {
        histogram_clear(&histogram);
        histogram_record(&histogram, 9);
        histogram.counts[9] = UINT64_C(1) << bit;
        histogram.total_count = UINT64_C(1) << bit;
        histogram.sum_ns = (u128)9 << bit;
        expect_round_trip();
    }
}

/* Golden: this text was read and written again, byte for byte, by HdrHistogram for Java 2.1.11. */
Test(hdr_codec, text_never_changes)
{
    for (int64_t value = 1; value <= 100000; value *= 10) histogram_record(&histogram, value);
    char *text = encode();
    cr_assert(eq(str, text, "HISTFAAAADB4nJNpmSzMwMAgwAABzFCaEch0M9ixgMH+A1SEiZ9pIyNTKx/TR2OmtyZMAK53CAA="));
    free(text);
}

/* Wraps a plain body as an encoder would. */
static char *wrap(const unsigned char *plain, size_t plain_bytes)
{
    uLongf packed = compressBound(plain_bytes);
    unsigned char *frame = malloc(8 + packed);
    cr_assert(eq(int, compress2(frame + 8, &packed, plain, plain_bytes, 6), Z_OK));
    unsigned char head[8] = {0x1c,
                             0x84,
                             0x93,
                             0x14,
                             (unsigned char)(packed >> 24),
                             (unsigned char)(packed >> 16),
                             (unsigned char)(packed >> 8),
                             (unsigned char)packed};
    memcpy(frame, head, 8);
    char *text = malloc(base64_text_bytes(8 + packed) + 1);
    base64_encode(frame, 8 + packed, text);
    free(frame);
    return text;
}

/* The body of an encoded small histogram, to be spoiled. */
static size_t unwrap(const char *text, unsigned char *plain)
{
    unsigned char *frame = malloc(base64_bytes_max(strlen(text)));
    size_t frame_bytes;
    cr_assert(base64_decode(text, strlen(text), frame, &frame_bytes));
    uLongf plain_bytes = PLAIN_BYTES;
    cr_assert(eq(int, uncompress(plain, &plain_bytes, frame + 8, frame_bytes - 8), Z_OK));
    free(frame);
    return plain_bytes;
}

static void expect_refusal(const unsigned char *plain, size_t plain_bytes, err want, const char *words)
{
    char *text = wrap(plain, plain_bytes);
    memset(&diag, 0, sizeof diag);
    cr_expect(eq(int, hdr_decode(&decoded, text, strlen(text), &diag), want), "%s", words);
    cr_expect(ne(ptr, strstr(diag.text, words), NULL), "\"%s\" lacks \"%s\"", diag.text, words);
    cr_expect(eq(ptr, decoded.counts, NULL));
    free(text);
}

Test(hdr_codec, wrong_headers_are_refused)
{
    static const struct {
        int at;
        unsigned char byte;
        err want;
        const char *words;
    } CASES[] = {
        {3, 0x12, ERR_SYNTAX, "no V2 header"},   {7, 1, ERR_SYNTAX, "as long as its header says"},
        {11, 2, ERR_RANGE, "scale 1"},           {11, 1, ERR_RANGE, "scale 1"},
        {15, 2, ERR_RANGE, "three digits"},      {23, 2, ERR_RANGE, "unit 1"},
        {24, 0x7f, ERR_RANGE, "from 2 to 2^53"}, {24, 0xff, ERR_RANGE, "from 2 to 2^53"},
        {32, 0x40, ERR_RANGE, "scale 1"},
    };
    static unsigned char plain[PLAIN_BYTES];
    histogram_record(&histogram, 5);
    char *text = encode();
    size_t plain_bytes = unwrap(text, plain);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        unsigned char kept = plain[CASES[i].at];
        plain[CASES[i].at] = CASES[i].byte;
        expect_refusal(plain, plain_bytes, CASES[i].want, CASES[i].words);
        plain[CASES[i].at] = kept;
    }
    expect_refusal(plain, 39, ERR_SYNTAX, "no V2 header");
    expect_refusal(plain, 0, ERR_SYNTAX, "no V2 header");
    free(text);
}

Test(hdr_codec, the_header_of_javascript_is_read)
{
    static unsigned char plain[PLAIN_BYTES];
    histogram_record(&histogram, 5);
    char *text = encode();
    size_t plain_bytes = unwrap(text, plain);
    free(text);
    plain[11] = 1;
    memcpy(plain + 32, "\0\0\0\0\0\0\0\1", 8);
    text = wrap(plain, plain_bytes);
    cr_assert(eq(int, hdr_decode(&decoded, text, strlen(text), &diag), OK), "%s", diag.text);
    cr_assert(eq(u64, decoded.counts[5], 1));
    free(text);
}

Test(hdr_codec, a_count_takes_nine_bytes_at_most)
{
    static unsigned char plain[PLAIN_BYTES];
    histogram_record(&histogram, 0);
    histogram.counts[0] = INT64_MAX;
    char *text = encode();
    cr_assert(eq(sz, unwrap(text, plain), 40 + 9));
    free(text);
}

struct payload {
    const char *bytes;
    size_t size_bytes;
    const char *words;
};

Test(hdr_codec, wrong_payloads_are_refused)
{
    static const struct payload PAYLOADS[] = {
        {"\x80", 1, "cut off"},
        {"\x02\xff\xff", 3, "cut off"},
        {"\x81\x90\x04", 3, "beyond its 33792 slots"},                         /* a run of 33,793 zeros */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9, "beyond its 33792 slots"}, /* of 2^63 */
        {"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff\xff\xff"
         "\xff\xff\xff",
         27, "more than 64 bits"},
    };
    static unsigned char plain[PLAIN_BYTES];
    char *text = encode();
    unwrap(text, plain);
    free(text);
    for (size_t i = 0; i < sizeof PAYLOADS / sizeof *PAYLOADS; i++) {
        plain[7] = (unsigned char)PAYLOADS[i].size_bytes;
        memcpy(plain + 40, PAYLOADS[i].bytes, PAYLOADS[i].size_bytes);
        expect_refusal(plain, 40 + PAYLOADS[i].size_bytes, ERR_SYNTAX, PAYLOADS[i].words);
    }
}

Test(hdr_codec, a_compression_bomb_is_refused)
{
    unsigned char *zeros = calloc(1, 64 << 20);
    char *text = wrap(zeros, 64 << 20);
    cr_assert(eq(int, hdr_decode(&decoded, text, strlen(text), &diag), ERR_SYNTAX));
    free(text);
    free(zeros);
}

Test(hdr_codec, texts_that_are_no_frame_are_refused)
{
    static const char *const TEXTS[] = {
        "", "AAAA", "HISTFAA", "HISTFAAAAAA=", "HISTFAAAAAIAAA==", "not base64!!"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        memset(&diag, 0, sizeof diag);
        cr_expect(eq(int, hdr_decode(&decoded, TEXTS[i], strlen(TEXTS[i]), &diag), ERR_SYNTAX), "%s",
                  TEXTS[i]);
        cr_expect(ne(str, diag.text, ""));
    }
    size_t far = 8 << 20;
    char *text = malloc(far);
    memset(text, 'A', far);
    cr_expect(eq(int, hdr_decode(&decoded, text, far, NULL), ERR_SYNTAX));
    free(text);
}

/* Spoiled bodies behind a good checksum, so that the mutation reaches the count reader. Whatever is accepted
 * encodes again. */
Test(hdr_codec, mutated_bodies_are_refused_or_consistent)
{
    static unsigned char plain[PLAIN_BYTES], spoiled[PLAIN_BYTES];
    for (int i = 0; i < 100; i++) histogram_record(&histogram, (int64_t)(1e6 * sample_lognormal(&draw, 2)));
    char *text = encode();
    size_t plain_bytes = unwrap(text, plain);
    free(text);
    int accepted = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(spoiled, plain, plain_bytes);
        for (uint64_t k = draw_below(&draw, 3) + 1; k > 0; k--)
            spoiled[draw_below(&draw, 4) ? 40 + draw_below(&draw, plain_bytes - 40) : draw_below(&draw, 40)] =
                (unsigned char)draw_u64(&draw);
        text = wrap(spoiled, plain_bytes);
        err result = hdr_decode(&decoded, text, strlen(text), NULL);
        free(text);
        cr_assert(result == OK || result == ERR_SYNTAX || result == ERR_RANGE);
        if (result != OK) continue;
        accepted++;
        uint64_t total = 0;
        for (uint32_t slot = 0; slot < decoded.count_slots; slot++) total += decoded.counts[slot];
        cr_assert(eq(u64, total, decoded.total_count));
        cr_assert(eq(int, hdr_encode(&decoded, &text), OK));
        free(text);
        histogram_close(&decoded);
    }
    cr_assert(gt(int, accepted, MUTATIONS / 100), "the mutations must reach the counts");
}

Test(hdr_codec, mutated_texts_are_refused_or_read)
{
    for (int i = 0; i < 100; i++) histogram_record(&histogram, (int64_t)(1e6 * sample_lognormal(&draw, 2)));
    char *text = encode();
    size_t text_bytes = strlen(text);
    for (int i = 0; i < MUTATIONS; i++) {
        size_t at = draw_below(&draw, text_bytes);
        char kept = text[at];
        text[at] = (char)draw_u64(&draw);
        err result = hdr_decode(&decoded, text, text_bytes - draw_below(&draw, 3) / 2 * 4, NULL);
        cr_assert(result == OK || result == ERR_SYNTAX || result == ERR_RANGE);
        if (result == OK) histogram_close(&decoded);
        text[at] = kept;
    }
    free(text);
}
