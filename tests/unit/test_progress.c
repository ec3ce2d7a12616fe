/* tests/unit/test_progress.c: the bar is drawn right, and only where somebody looks. */
#include "cli/color.h"
#include "cli/command.h"
#include "cli/progress.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

Test(progress, the_bar_follows_the_work)
{
    char text[PROGRESS_TEXT_BYTES];
    struct progress progress = {.label = "runs", .total = 3};
    progress_write(&progress, 0, text);
    cr_assert(eq(str, text, "runs [..............................]   0 %"));
    progress_write(&progress, 2, text);
    cr_assert(eq(str, text, "runs [####################..........]  66 %"));
    progress_write(&progress, 9, text);
    cr_assert(eq(str, text, "runs [##############################] 100 %"));
    progress.total = UINT64_MAX;
    progress_write(&progress, UINT64_MAX / 2, text);
    cr_assert(eq(str, text, "runs [##############................]  49 %"));
}

Test(progress, nothing_is_drawn_or_coloured_off_a_terminal)
{
    static const struct command command = {.group = "g", .name = "n"};
    char text[256] = "";
    struct args *args = calloc(1, sizeof *args);
    args->command = &command;
    args->log = fmemopen(text, sizeof text, "w");
    cr_assert(eq(int, args_parse(args, 0, NULL, NULL), OK));
    struct progress progress;
    progress_begin(&progress, args, "runs", 0);
    progress_show(&progress, 1);
    progress_end(&progress);
    struct color color = color_for(args->log, (char *const[]){NULL});
    fclose(args->log);
    cr_assert(eq(str, text, ""));
    cr_assert(eq(str, (char *)color.good, ""));
    free(args);
}
