/* reports/hdr_log.c: the text formats around an encoded histogram. */
#include "reports/hdr_log.h"
#include "base/assert.h"
#include "base/fmath.h"
#include "reports/hdr_codec.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TICKS_PER_HALVING = 5 };

static void print_seconds(FILE *out, int64_t ns)
{
    ASSERT(ns >= 0);
    int64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS >= NS_PER_MS / 2);
    fprintf(out, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}

void hdr_log_begin(FILE *out, const char *comment, int64_t start_ns)
{
    time_t seconds = (time_t)(start_ns / NS_PER_S);
    struct tm date;
    char text[64] = "";
    if (gmtime_r(&seconds, &date)) strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &date);
    fprintf(out, "#[%s]\n#[Histogram log format version 1.3]\n#[StartTime: ", comment);
    print_seconds(out, start_ns);
    fprintf(out, " (seconds since epoch), %s]\n", text);
    fprintf(out,
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
}

err hdr_log_add(FILE *out, const struct hdr_interval *interval)
{
    if (interval->tag && (!*interval->tag || strpbrk(interval->tag, ", \t\r\n"))) return ERR_RANGE;
    char *text;
    TRY(hdr_encode(interval->histogram, &text));
    if (interval->tag) fprintf(out, "Tag=%s,", interval->tag);
    print_seconds(out, interval->start_ns);
    fputc(',', out);
    print_seconds(out, interval->length_ns);
    fprintf(out, ",%.3f,%s\n", (double)interval->histogram->max_ns / (double)NS_PER_MS, text);
    free(text);
    return OK;
}

static double middle_of(uint32_t slot)
{
    int64_t lowest = histogram_lowest_of(slot), highest = histogram_highest_of(slot);
    return (double)(lowest + (highest - lowest + 1) / 2);
}

struct moments {
    double mean, deviation;
};

static struct moments moments_of(const struct histogram *histogram)
{
    double total = (double)histogram->total_count, sum = 0, squares = 0;
    if (total == 0) return (struct moments){0};
    for (uint32_t i = 0; i < histogram->count_slots; i++)
        if (histogram->counts[i]) sum += middle_of(i) * (double)histogram->counts[i];
    double mean = sum / total;
    for (uint32_t i = 0; i < histogram->count_slots; i++)
        if (histogram->counts[i])
            squares += (middle_of(i) - mean) * (middle_of(i) - mean) * (double)histogram->counts[i];
    return (struct moments){mean, sqrt(squares / total)};
}

/* Each time the distance to 100 % halves, the ticks get half as wide. */
static double next_level(double level)
{
    double halvings = floor(fmath_log(100 / (100 - level)) / fmath_log(2)) + 1;
    return level + 100 / (TICKS_PER_HALVING * fmath_pow(2, halvings));
}

struct row {
    double value, level;
    uint64_t passed;
};

static void print_row(FILE *out, const struct row *row)
{
    fprintf(out, "%12.*f %2.12f %10" PRIu64, HISTOGRAM_DIGITS, row->value, row->level / 100, row->passed);
    if (row->level < 100) fprintf(out, " %14.2f", 1 / (1 - row->level / 100));
    fputc('\n', out);
}

/* A row each time a filled slot reaches the next level; a slot may reach several. */
static void print_levels(FILE *out, const struct histogram *histogram, double value_unit)
{
    struct row row = {0};
    double total = (double)histogram->total_count;
    for (uint32_t slot = 0; row.passed < histogram->total_count; slot++) {
        if (!histogram->counts[slot]) continue;
        row.passed += histogram->counts[slot];
        row.value = (double)histogram_highest_of(slot) / value_unit;
        for (; 100 * (double)row.passed / total >= row.level; row.level = next_level(row.level)) {
            print_row(out, &row);
            if (row.passed == histogram->total_count) break;
        }
    }
    row.level = 100;
    if (histogram->total_count) print_row(out, &row);
}

void hdr_write_percentiles(FILE *out, const struct histogram *histogram, double value_unit)
{
    struct moments moments = moments_of(histogram);
    uint32_t last = histogram_index(histogram->max_ns);
    if (last >= histogram->count_slots) last = histogram->count_slots - 1;
    double max = histogram->total_count ? (double)histogram_highest_of(last) : 0;
    uint32_t half = HISTOGRAM_SUB_BUCKETS / 2;

    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    print_levels(out, histogram, value_unit);
    fprintf(out, "#[Mean    = %12.*f, StdDeviation   = %12.*f]\n", HISTOGRAM_DIGITS,
            moments.mean / value_unit, HISTOGRAM_DIGITS, moments.deviation / value_unit);
    fprintf(out, "#[Max     = %12.*f, Total count    = %12" PRIu64 "]\n", HISTOGRAM_DIGITS, max / value_unit,
            histogram->total_count);
    fprintf(out, "#[Buckets = %12u, SubBuckets     = %12d]\n", histogram->count_slots / half - 1,
            HISTOGRAM_SUB_BUCKETS);
}
