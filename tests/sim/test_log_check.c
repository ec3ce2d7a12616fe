/* tests/sim/test_log_check.c: a recorded log is judged as the run was; torn and damaged ones are told apart.
 */
#include "chaos/log_check.h"
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct history *history;
static struct log_check check;
static struct diag diag;

static void set_up(void)
{
    history = history_new(7);
    for (int step = 0; step < 500; step++) history_step(history);
}

static void tear_down(void)
{
    history_free(history);
}

TestSuite(log_check, .init = set_up, .fini = tear_down, .timeout = 60);

Test(log_check, finds_nothing_in_a_log_that_is_right)
{
    cr_assert(eq(int, log_check_run(&check, history->log.bytes, history->log.used, false, &diag), OK));
    cr_assert(gt(u64, check.events, 500));
    cr_assert(eq(u64, check.violation_count, 0), "%s", check.violations[0].text);
    cr_assert(eq(u64, check.good_bytes, history->log.used));
    cr_assert(not(check.is_sealed));
    cr_assert(gt(u64, check.checks[INVARIANT_S04], check.events));
    cr_assert(gt(u64, check.checks[INVARIANT_S01], 0));
}

Test(log_check, a_torn_tail_is_no_damage)
{
    cr_assert(eq(int, log_check_run(&check, history->log.bytes, history->log.used - 3, false, &diag), OK));
    cr_assert(gt(u64, check.torn_bytes, 0));
    cr_assert(eq(u64, check.good_bytes + check.torn_bytes, history->log.used - 3));
}

Test(log_check, damage_is_said_with_its_record)
{
    history->log.bytes[history->log.used / 2] ^= 0x10;
    cr_assert(
        eq(int, log_check_run(&check, history->log.bytes, history->log.used, false, &diag), ERR_SYNTAX));
    cr_assert(strstr(diag.text, "record ") && strstr(diag.text, "at byte "), "%s", diag.text);
    cr_assert(eq(int, log_check_run(&check, "nothing of the kind", 19, false, &diag), ERR_SYNTAX));
}

/* A log whose engine asks for more memory than any has is refused before any is taken. */
Test(log_check, impossible_limits_are_refused)
{
    unsigned char bytes[8192];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    struct journal_chain chain = {0};
    struct engine_limits limits = history->limits;
    limits.tasks = LIMIT_TABLE + 1;
    cr_assert(eq(int, journal_write_header(&chain, &out, &limits, &history->settings), OK));
    cr_assert(eq(int, log_check_run(&check, bytes, out.used, false, &diag), ERR_RANGE));
}
