/* tests/unit/test_critical_path.c: the longest chain, and what is no graph. */
#include "base/critical_path.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* A (5) before B (7) and C (8), both before D (4). */
static const struct path_task DIAMOND[] = {
    {.duration = 5},
    {.duration = 7, .parent_count = 1, .parents = {0}},
    {.duration = 8, .parent_count = 1, .parents = {0}},
    {.duration = 4, .parent_count = 2, .parents = {1, 2}},
};

Test(critical_path, goes_through_the_slower_side)
{
    struct critical_path path;
    cr_assert(eq(int, critical_path_of(DIAMOND, 4, &path), OK));
    cr_assert(eq(i64, path.total, 24));
    cr_assert(eq(i64, path.length, 17));
    cr_assert(eq(u32, path.count, 3));
    cr_assert(eq(u32, path.tasks[0], 0));
    cr_assert(eq(u32, path.tasks[1], 2));
    cr_assert(eq(u32, path.tasks[2], 3));
}

Test(critical_path, of_equal_sides_the_earlier_is_named)
{
    struct path_task tasks[4];
    for (int i = 0; i < 4; i++) tasks[i] = DIAMOND[i];
    tasks[2].duration = 7;
    struct critical_path path;
    cr_assert(eq(int, critical_path_of(tasks, 4, &path), OK));
    cr_assert(eq(u32, path.tasks[1], 1));
}

Test(critical_path, need_not_end_at_the_last_task)
{
    static const struct path_task TASKS[] = {{.duration = 9}, {.duration = 3}};
    struct critical_path path;
    cr_assert(eq(int, critical_path_of(TASKS, 2, &path), OK));
    cr_assert(eq(i64, path.length, 9));
    cr_assert(eq(u32, path.count, 1));
}

Test(critical_path, refuses_what_is_no_topological_order)
{
    static const struct path_task LATER[] = {{.duration = 1, .parent_count = 1, .parents = {1}},
                                             {.duration = 1}};
    static const struct path_task SELF[] = {{.duration = 1, .parent_count = 1, .parents = {0}}};
    static const struct path_task BACK[] = {{.duration = -1}};
    static const struct path_task LONG[] = {{.duration = INT64_MAX}, {.duration = 1}};
    static struct path_task many[LIMIT_SHAPE_NODES + 1];
    struct critical_path path;
    cr_assert(eq(int, critical_path_of(LATER, 2, &path), ERR_RANGE));
    cr_assert(eq(int, critical_path_of(SELF, 1, &path), ERR_RANGE));
    cr_assert(eq(int, critical_path_of(BACK, 1, &path), ERR_RANGE));
    cr_assert(eq(int, critical_path_of(LONG, 2, &path), ERR_RANGE));
    cr_assert(eq(int, critical_path_of(many, LIMIT_SHAPE_NODES + 1, &path), ERR_LIMIT));
    cr_assert(eq(int, critical_path_of(many, 0, &path), OK));
    cr_assert(eq(u32, path.count, 0));
}
