/* loadgen/depth.h: how deep jobs are.
 *
 *   uniform:1-5   fixed:8   geometric:0.4 (P(D) = p (1-p)^(D-1), D = 1, 2, ...)
 *   empirical:FILE (one depth a line, drawn uniformly; # comments)
 *
 * Depths are 0 .. DEPTH_MAX (geometric draws beyond are cut). A chain of depth D
 * is a root and D dependent tasks.
 * Errors: ERR_SYNTAX, ERR_RANGE, ERR_IO with a line that says what would be right; ERR_NOMEM. */
#pragma once
#include "base/err.h"
#include "base/rng.h"
#include <stdint.h>

enum { DEPTH_MAX = 63 }; /* a chain of LIMIT_SHAPE_NODES tasks */

enum depth_kind { DEPTH_UNIFORM, DEPTH_FIXED, DEPTH_GEOMETRIC, DEPTH_EMPIRICAL };

struct depth {
    enum depth_kind kind;
    uint32_t least, most;           /* uniform; fixed: both the value */
    double chance;                  /* geometric */
    uint64_t counts[DEPTH_MAX + 1]; /* empirical */
    uint64_t count;
};

MUST_USE err depth_parse(struct depth *out, const char *text, struct diag *diag);
uint32_t depth_draw(const struct depth *depth, struct draw *draw);
double depth_chance(const struct depth *depth, uint32_t value); /* of drawing it: they sum to 1 */
double depth_mean(const struct depth *depth);
