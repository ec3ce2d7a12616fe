/* tests/unit/test_prerequisite.c: a machine passes with exactly the minimums, and fails on each alone. */
#include "base/prerequisite.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct machine_measures LEAST = {.memory_mb = 8192, .cpu = 4, .disk_gb = 100, .rpc_ms = 199};

Test(prerequisite, the_minimums_are_enough)
{
    cr_assert(prerequisites_hold(&LEAST));
}

Test(prerequisite, each_alone_is_missed)
{
    struct machine_measures measures = LEAST;
    measures.memory_mb = 8191;
    cr_assert(not(prerequisites_hold(&measures)));
    measures = LEAST;
    measures.cpu = 3;
    cr_assert(not(prerequisites_hold(&measures)));
    measures = LEAST;
    measures.disk_gb = 99;
    cr_assert(not(prerequisites_hold(&measures)));
    measures = LEAST;
    measures.rpc_ms = 200; /* the runbook asks for less */
    cr_assert(not(prerequisites_hold(&measures)));
}
