/* tests/unit/test_exposition.c: the state for people has the figures of the engine. */
#include "reports/exposition.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

Test(exposition, status_says_how_the_engine_is, .timeout = 10)
{
    struct engine_stats stats = {.operations = 5, .pending_operations = 4};
    struct settings settings = {.max_pending_operations = 100, .enabled = 1, .rollout_bps = 250};
    const struct exposition exposition = {.stats = &stats, .settings = &settings};
    static char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    exposition_write_status(&exposition, out);
    fclose(out);
    cr_assert(strstr(text, "speculation         enabled\n") != NULL);
    cr_assert(strstr(text, "rollout             2.5 %\n") != NULL);
    cr_assert(strstr(text, "operations          5 not terminal, 4 of them speculative (limit 100)\n") !=
              NULL);
    free(text);
}
