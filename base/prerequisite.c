/* base/prerequisite.c: the rows of the header, checked. */
#include "base/prerequisite.h"
#include "base/assert.h"
#include <stddef.h>

#define ROW_(field, label, unit, limit, is_most)                                                             \
    {{#field, label, unit, limit, is_most}, offsetof(struct machine_measures, field)},
static const struct row {
    struct prerequisite row;
    size_t offset;
} ROWS[] = {PREREQUISITES(ROW_)};

uint32_t prerequisite_count(void)
{
    return sizeof ROWS / sizeof *ROWS;
}

const struct prerequisite *prerequisite_at(uint32_t index)
{
    ASSERT(index < prerequisite_count());
    return &ROWS[index].row;
}

bool prerequisite_holds(uint32_t index, const struct machine_measures *measures)
{
    const struct prerequisite *row = prerequisite_at(index);
    int64_t value = *(const int64_t *)((const char *)measures + ROWS[index].offset);
    return row->is_most ? value < row->limit : value >= row->limit;
}

bool prerequisites_hold(const struct machine_measures *measures)
{
    for (uint32_t i = 0; i < prerequisite_count(); i++)
        if (!prerequisite_holds(i, measures)) return false;
    return true;
}
