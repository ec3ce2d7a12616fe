/* reports/hdr_codec.h: histograms as text that every HdrHistogram tool reads.
 *
 * The V2 compressed encoding in base64: byte for byte what Java's
 * encodeIntoCompressedByteBuffer writes for the same counts (zlib level 6).
 * The encoding holds counts only. A decoded histogram therefore has the
 * bounds of its first and last slot as min and max, a sum from the middles of
 * the slots, and no overflow; exact values travel beside it, in the JSON.
 *
 * The decoder trusts nothing: sizes, runs, totals and the inflated length are
 * bounded by the largest histogram we can open. It takes unit 1 and three
 * digits only, and the two header fields that the JavaScript library fills
 * differently.
 * Errors: ERR_NOMEM; ERR_SYNTAX malformed; ERR_RANGE a histogram of another kind. */
#pragma once
#include "base/err.h"
#include "base/histogram.h"
#include <stddef.h>

/* A NUL-terminated text, the caller's to free(). */
MUST_USE err hdr_encode(const struct histogram *histogram, char **text_out);

MUST_USE err hdr_decode(struct histogram *out, const char *text, size_t text_bytes, struct diag *diag);
