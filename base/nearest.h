/* base/nearest.h: "did you mean": the candidate that takes the fewest edits. */
#pragma once
#include <stdint.h>

struct nearest {
    const char *wanted, *best; /* borrowed; best NULL: none close enough */
    uint32_t best_edits;
};

/* Insertions, deletions and changes of one byte; UINT32_MAX when either is longer than LIMIT_NAME. */
uint32_t nearest_edits(const char *a, const char *b);

/* Keeps the candidate when it is closer than those before; a third of the wanted word may differ, at least 2.
 */
void nearest_offer(struct nearest *nearest, const char *candidate);
