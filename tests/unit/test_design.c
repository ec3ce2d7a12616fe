/* tests/unit/test_design.c: every combination once, or every level evenly. */
#include "reports/design.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct design design;
static struct diag diag;

static void begin(const char *const *factors)
{
    memset(&design, 0, sizeof design);
    for (; *factors; factors++)
        cr_assert(eq(int, design_add_factor(&design, *factors, &diag), OK), "%s", diag.text);
}

Test(design, all_combinations_are_there_once_the_last_key_changing_fastest)
{
    begin((const char *[]){"a=1,2", "b=x,y,z", NULL});
    cr_assert(eq(int, design_lay_out(&design, 0, 1, &diag), OK));
    cr_assert(eq(u32, design.point_count, 6));
    for (uint32_t point = 0; point < 6; point++) {
        cr_expect(eq(u8, design.points[point][0], (uint8_t)(point / 3)));
        cr_expect(eq(u8, design.points[point][1], (uint8_t)(point % 3)));
    }
}

Test(design, a_sample_uses_every_level_of_every_key_equally_often)
{
    begin((const char *[]){"a=1,2,3,4", "b=1,2,3", "c=1,2", NULL});
    cr_assert(eq(int, design_lay_out(&design, 24, 7, &diag), OK));
    for (uint32_t factor = 0; factor < 3; factor++) {
        uint32_t used[DESIGN_LEVELS_MOST] = {0};
        for (uint32_t point = 0; point < 24; point++) used[design.points[point][factor]]++;
        for (uint32_t level = 0; level < design.factors[factor].level_count; level++)
            cr_expect(eq(u32, used[level], 24 / design.factors[factor].level_count));
        cr_expect(eq(u8, design.points[0][factor], 0));
    }
}

Test(design, the_seed_decides_the_sample_and_nothing_else_does)
{
    struct design other;
    begin((const char *[]){"a=1,2,3,4,5", "b=1,2,3", NULL});
    other = design;
    cr_assert(eq(int, design_lay_out(&design, 15, 7, &diag), OK));
    cr_assert(eq(int, design_lay_out(&other, 15, 7, &diag), OK));
    cr_expect(eq(int, memcmp(design.points, other.points, sizeof design.points), 0));
    cr_assert(eq(int, design_lay_out(&other, 15, 8, &diag), OK));
    cr_expect(ne(int, memcmp(design.points, other.points, sizeof design.points), 0));
}

Test(design, what_cannot_be_laid_out_is_said)
{
    static const struct {
        const char *factors[4], *want;
    } CASES[] = {{{"max_depth", NULL}, "want KEY=A,B,C"},
                 {{"=1,2", NULL}, "want KEY=A,B,C"},
                 {{"a=1,,2", NULL}, "between commas"},
                 {{"a=", NULL}, "between commas"},
                 {{"a=1,2,1", NULL}, "1 is there twice"},
                 {{"a=1", "a=2", NULL}, "a is there twice"},
                 {{"a=1,2,3,4,5,6,7,8,9", "b=1,2,3,4,5,6,7,8,9", "c=1,2,3,4", NULL}, "324 combinations"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        err e = OK;
        memset(&design, 0, sizeof design);
        diag.text[0] = '\0';
        for (int f = 0; CASES[i].factors[f] && e == OK; f++)
            e = design_add_factor(&design, CASES[i].factors[f], &diag);
        if (e == OK) e = design_lay_out(&design, 0, 1, &diag);
        cr_expect(ne(int, e, OK));
        cr_expect(strstr(diag.text, CASES[i].want) != NULL, "%s", diag.text);
    }
}

Test(design, a_point_is_named_by_what_differs_from_the_first)
{
    struct design design = {0};
    char name[DESIGN_NAME_BYTES];
    cr_assert(eq(int, design_add_factor(&design, "speculation.max_depth=1,2", NULL), OK));
    cr_assert(eq(int, design_add_factor(&design, "rate=10,20", NULL), OK));
    cr_assert(eq(int, design_lay_out(&design, 0, 1, NULL), OK));
    static const char *const NAMES[] = {"", "rate=20", "max_depth=2", "max_depth=2, rate=20"};
    for (uint32_t point = 0; point < 4; point++) {
        design_difference(&design, point, name);
        cr_expect(eq(str, name, (char *)NAMES[point]));
    }
}
