/* reports/family.h: p values of several metrics, adjusted for having looked at all of them.
 *
 * Holm: the chance of one false alarm or more among `count` stays below alpha
 * when those with an adjusted p below alpha are believed; for the metrics that a
 * gate was declared to judge. Benjamini and Hochberg: among those believed at q,
 * at most the share q is false on average; for everything else, "exploratory".
 * A NAN is no test: it stays NAN and does not count.
 * Source: statistics.md 4.8; Holm 1979; Benjamini and Hochberg 1995. */
#pragma once
#include <stdint.h>

enum { FAMILY_MOST = 4096 };

/* adjusted[i] belongs to p[i]; count at most FAMILY_MOST (asserted). May be the same array. */
void family_holm(const double *p, uint32_t count, double *adjusted);
void family_benjamini_hochberg(const double *p, uint32_t count, double *adjusted);
