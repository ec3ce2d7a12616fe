/* base/nearest.c: Levenshtein's distance, one row at a time. */
#include "base/nearest.h"
#include "base/limits.h"
#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t nearest_edits(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    uint32_t row[LIMIT_NAME + 1];
    if (a_size > LIMIT_NAME || b_size > LIMIT_NAME) return UINT32_MAX;
    for (uint32_t j = 0; j <= b_size; j++) row[j] = j;
    for (uint32_t i = 0; i < a_size; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < b_size; j++) {
            uint32_t changed = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(changed, 1 + least(row[j], row[j + 1]));
        }
    }
    return row[b_size];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    uint32_t third = (uint32_t)strlen(nearest->wanted) / 3;
    uint32_t edits = nearest_edits(nearest->wanted, candidate);
    if (edits > (third > 2 ? third : 2) || (nearest->best && edits >= nearest->best_edits)) return;
    nearest->best = candidate;
    nearest->best_edits = edits;
}
