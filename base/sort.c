/* base/sort.c: a comparison a kind of number. */
#include "base/sort.h"
#include <stdlib.h>

#define COMPARE_(name, kind)                                                                                 \
    static int name(const void *a, const void *b)                                                            \
    {                                                                                                        \
        kind left = *(const kind *)a, right = *(const kind *)b;                                              \
        return (left > right) - (left < right);                                                              \
    }
COMPARE_(by_double, double)
COMPARE_(by_i64, int64_t)
COMPARE_(by_u32, uint32_t)

void sort_doubles(double *values, size_t count)
{
    if (count) qsort(values, count, sizeof *values, by_double);
}

void sort_i64(int64_t *values, size_t count)
{
    if (count) qsort(values, count, sizeof *values, by_i64);
}

void sort_u32(uint32_t *values, size_t count)
{
    if (count) qsort(values, count, sizeof *values, by_u32);
}
