/* base/apportion.h: a whole split into whole parts that sum to it.
 *
 * Largest remainder: each part is its weight's share rounded down, and what is
 * left goes to the largest fractions, the earlier part first where they are
 * equal. For megabytes by component and percentages by reason, which people add
 * up (engine.md 5.1, 8.8). All weights 0: all parts 0. */
#pragma once
#include <stdint.h>

enum { APPORTION_PARTS_MOST = 64 };

/* count <= APPORTION_PARTS_MOST; the weights' sum fits 64 bits. */
void apportion(uint64_t whole, const uint64_t *weights, uint32_t count, uint64_t *parts_out);
