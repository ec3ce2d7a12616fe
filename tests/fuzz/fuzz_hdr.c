/* tests/fuzz/fuzz_hdr.c: any text as an encoded histogram; what decodes encodes to the same counts. */
#include "reports/hdr_codec.h"
#include "tests/fuzz/fuzz.h"

static void encode_again(const struct histogram *histogram)
{
    struct histogram again;
    char *text;
    err e = hdr_encode(histogram, &text);
    ASSERT(e == OK);
    e = hdr_decode(&again, text, strlen(text), NULL);
    ASSERT(e == OK);
    ASSERT(again.total_count == histogram->total_count);
    histogram_close(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct histogram histogram;
    struct diag diag = {0};
    char *text = fuzz_text(bytes, size_bytes);
    err e = hdr_decode(&histogram, text, size_bytes, &diag);
    fuzz_judge(e, &diag);
    free(text);
    if (e != OK) return 0;
    if (histogram.total_count) ASSERT(histogram_at_rank(&histogram, 1) >= 0);
    encode_again(&histogram);
    histogram_close(&histogram);
    return 0;
}
