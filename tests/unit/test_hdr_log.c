/* tests/unit/test_hdr_log.c: the text formats, line by line. Java reads them in tests/interop/hdr_java.sh. */
#include "reports/hdr_log.h"
#include "reports/hdr_codec.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct histogram histogram;
static FILE *out;
static char *text;
static size_t text_bytes;

static void set_up(void)
{
    cr_assert(eq(int, histogram_open(&histogram, NS_PER_H), OK));
    out = open_memstream(&text, &text_bytes);
}

static void tear_down(void)
{
    histogram_close(&histogram);
    fclose(out);
    free(text);
}

TestSuite(hdr_log, .init = set_up, .fini = tear_down, .timeout = 10);

Test(hdr_log, header_is_that_of_version_1_3)
{
    hdr_log_begin(out, "agenc, seed 42", 1441812279 * NS_PER_S + 474 * NS_PER_MS);
    fflush(out);
    cr_assert(
        eq(str, text,
           "#[agenc, seed 42]\n#[Histogram log format version 1.3]\n"
           "#[StartTime: 1441812279.474 (seconds since epoch), Wed Sep 09 15:24:39 UTC 2015]\n"
           "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"));
}

Test(hdr_log, rows_carry_tag_times_and_max)
{
    char want[4096], *encoded;
    histogram_record(&histogram, 1500 * NS_PER_US);
    cr_assert(eq(int, hdr_encode(&histogram, &encoded), OK));
    struct hdr_interval interval = {"result", 127 * NS_PER_MS, NS_PER_S - 1, &histogram};
    cr_assert(eq(int, hdr_log_add(out, &interval), OK));
    interval.tag = NULL;
    cr_assert(eq(int, hdr_log_add(out, &interval), OK));
    fflush(out);
    snprintf(want, sizeof want, "Tag=result,0.127,1.000,1.500,%s\n0.127,1.000,1.500,%s\n", encoded, encoded);
    cr_assert(eq(str, text, want));
    free(encoded);
}

Test(hdr_log, tags_that_break_a_row_are_refused)
{
    static const char *const TAGS[] = {"", "a,b", "a b", "a\nb", "a\tb", "a\r"};
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        struct hdr_interval interval = {TAGS[i], 0, 0, &histogram};
        cr_assert(eq(int, hdr_log_add(out, &interval), ERR_RANGE));
    }
    fflush(out);
    cr_assert(eq(str, text, ""));
}

/* As printed by Java's outputPercentileDistribution(out, 5, 1000.0) for the same three values. */
Test(hdr_log, percentiles_end_with_the_footer)
{
    histogram_record(&histogram, 1000);
    histogram_record(&histogram, 1000);
    histogram_record(&histogram, 2000);
    hdr_write_percentiles(out, &histogram, 1000);
    fflush(out);
    cr_assert(eq(str, text,
                 "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
                 "       1.000 0.000000000000          2           1.00\n"
                 "       1.000 0.100000000000          2           1.11\n"
                 "       1.000 0.200000000000          2           1.25\n"
                 "       1.000 0.300000000000          2           1.43\n"
                 "       1.000 0.400000000000          2           1.67\n"
                 "       1.000 0.500000000000          2           2.00\n"
                 "       1.000 0.550000000000          2           2.22\n"
                 "       1.000 0.600000000000          2           2.50\n"
                 "       1.000 0.650000000000          2           2.86\n"
                 "       2.000 0.700000000000          3           3.33\n"
                 "       2.000 1.000000000000          3\n"
                 "#[Mean    =        1.333, StdDeviation   =        0.471]\n"
                 "#[Max     =        2.000, Total count    =            3]\n"
                 "#[Buckets =           32, SubBuckets     =         2048]\n"));
}

Test(hdr_log, an_empty_histogram_has_only_a_footer)
{
    hdr_write_percentiles(out, &histogram, 1);
    fflush(out);
    cr_assert(ne(ptr, strstr(text, "1/(1-Percentile)\n\n#[Mean    =        0.000"), NULL), "%s", text);
}
