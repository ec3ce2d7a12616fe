/* base/sort.h: numbers in ascending order, in place. NANs have no order: there must be none. */
#pragma once
#include <stddef.h>
#include <stdint.h>

void sort_doubles(double *values, size_t count);
void sort_i64(int64_t *values, size_t count);
void sort_u32(uint32_t *values, size_t count);
