/* base/pages.c: the pages that lie wholly inside. */
#include "base/pages.h"
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void pages_release(void *array, size_t size_bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)array + page - 1) / page * page;
    uintptr_t to = ((uintptr_t)array + size_bytes) / page * page;
    if (to > from) (void)madvise((char *)array + (from - (uintptr_t)array), to - from, MADV_DONTNEED);
}
