/* reports/hdr_log.h: histograms over time, and one histogram as a table of percentiles.
 *
 * The log is version 1.3 of HdrHistogram's own format: HistogramLogProcessor,
 * HistogramLogAnalyzer and hdr-histogram-js open it. Times are seconds with
 * three decimals, values in the log are nanoseconds, the column Interval_Max
 * is milliseconds. The percentile table (.hgrm) is what the public plotter
 * reads and, digit for digit, what Java prints: its max, mean and deviation
 * are of slots (highest, and middle, equivalent values), not exact.
 * Errors: ERR_NOMEM; ERR_RANGE a tag that would break the line. Whether the
 * stream took it all is the stream's owner's to ask (base/file.h). */
#pragma once
#include "base/err.h"
#include "base/histogram.h"
#include <stdint.h>
#include <stdio.h>

/* start_ns since 1970; `comment` is one line. */
void hdr_log_begin(FILE *out, const char *comment, int64_t start_ns);

struct hdr_interval {
    const char *tag; /* without comma, space or line break; NULL: none */
    int64_t start_ns, length_ns;
    const struct histogram *histogram;
};
MUST_USE err hdr_log_add(FILE *out, const struct hdr_interval *interval);

/* Values are printed divided by `value_unit`, as in 1e6 for milliseconds. */
void hdr_write_percentiles(FILE *out, const struct histogram *histogram, double value_unit);
