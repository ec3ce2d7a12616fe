/* tests/lib/engine_checks.h: what the engine's tests assert most, about the fixture that they call fx. */
#pragma once
#include "tests/lib/engine_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define ACCEPTED(call) cr_assert(eq(int, (call), OK))
#define STALE(call)    cr_assert(eq(int, (call), ERR_STALE))
#define STATUS(id, status_)                                                                                  \
    cr_assert(eq(int, fixture_status(fx, id), status_), "task %d is %s", (int)(id),                          \
              task_status_name(fixture_status(fx, id)))
