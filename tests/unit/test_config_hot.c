/* tests/unit/test_config_hot.c: a change at run time is whole or nothing. */
#include "base/config.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct config config;
static struct config_notes notes;
static struct diag diag;
static enum config_outcome outcomes[4];

static void set_up(void)
{
    config_init(&config);
}

TestSuite(config_hot, .init = set_up, .timeout = 10);

static err set_hot(const struct config_change *changes, uint32_t count)
{
    struct config_update update = {.changes = changes, .outcomes = outcomes, .count = count};
    notes = (struct config_notes){0};
    diag = (struct diag){0};
    return config_set_hot(&config, &update, &notes, &diag);
}

Test(config_hot, good_changes_apply_together)
{
    struct config_change changes[] = {{"speculation.enabled", "true"},
                                      {"speculation.mode", "balanced"},
                                      {"speculation.features.rollout_percentage", "10"}};
    cr_assert(eq(int, set_hot(changes, 3), OK), "%s", diag.text);
    cr_assert(eq(i64, config.settings.enabled, 1));
    cr_assert(eq(i64, config.settings.max_depth, 5));
    cr_assert(eq(i64, config.settings.rollout_bps, 1000));
    cr_assert(eq(u64, config.generation, 1));
    for (int i = 0; i < 3; i++) cr_assert(eq(int, outcomes[i], CONFIG_APPLIED));
}

Test(config_hot, one_bad_change_undoes_all)
{
    static const struct {
        struct config_change bad;
        err code;
    } CASES[] = {
        {{"speculation.max_depth", "21"}, ERR_RANGE},
        {{"speculation.max_dept", "3"}, ERR_USAGE},
        {{"speculation.stake.max_stake", "1"}, ERR_CONFLICT},
        {{"speculation.limits.max_memory_mb", "8192"}, ERR_LIMIT},
        {{"speculation.limits.max_pending_operations", "40001"}, ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct config before = config;
        struct config_change changes[] = {{"speculation.enabled", "true"}, CASES[i].bad};
        cr_assert(eq(int, set_hot(changes, 2), CASES[i].code), "%s", CASES[i].bad.key);
        cr_assert(memcmp(&before, &config, sizeof config) == 0);
        if (CASES[i].code != ERR_LIMIT) continue;
        cr_assert(eq(int, outcomes[0], CONFIG_APPLIED));
        cr_assert(eq(int, outcomes[1], CONFIG_NEEDS_RESTART));
    }
    char large[CONFIG_TEXT_BYTES * 2];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    cr_assert(eq(int, set_hot(&(struct config_change){"speculation.mode", large}, 1), ERR_RANGE));
}

Test(config_hot, the_table_made_at_start_keeps_its_size)
{
    cr_assert(eq(
        int, set_hot(&(struct config_change){"speculation.limits.max_pending_operations", "40000"}, 1), OK));
    cr_assert(eq(i64, config.settings.table_capacity, 40000));
    cr_assert(
        eq(int, set_hot(&(struct config_change){"speculation.limits.max_pending_operations", "100"}, 1), OK));
    cr_assert(eq(i64, config.settings.table_capacity, 40000));
    cr_assert(eq(int, set_hot(&(struct config_change){"speculation.limits.max_memory_mb", "4096"}, 1), OK));
}

Test(config_hot, a_key_that_the_environment_pins_is_reported)
{
    char *environment[] = {"AGENC_SPECULATION_MAX_DEPTH=7", NULL};
    cr_assert(eq(int, config_apply_env(&config, environment, NULL, &diag), OK));
    cr_assert(eq(int, set_hot(&(struct config_change){"speculation.max_depth", "4"}, 1), OK));
    cr_assert(eq(int, outcomes[0], CONFIG_SHADOWED));
    cr_assert(eq(i64, config.settings.max_depth, 7));
    cr_assert(eq(u32, notes.warning_count, 1));
}

Test(config_hot, reloading_keeps_what_was_set_and_what_needs_a_restart)
{
    cr_assert(eq(int, set_hot(&(struct config_change){"speculation.max_depth", "6"}, 1), OK));
    struct config fresh;
    config_init(&fresh);
    char *environment[] = {"AGENC_SPECULATION_PROOF_BATCH_SIZE=50", "AGENC_SPECULATION_GATE_LEVEL=finalized",
                           NULL};
    cr_assert(eq(int, config_apply_env(&fresh, environment, NULL, &diag), OK));
    cr_assert(eq(int, config_reload(&config, &fresh, &notes, &diag), OK), "%s", diag.text);
    cr_assert(eq(i64, config.settings.max_depth, 6));
    cr_assert(eq(i64, config.settings.batch_size, 50));
    cr_assert(eq(i64, config.settings.gate_level, GATE_CONFIRMED));
    cr_assert(eq(u32, notes.warning_count, 1));
    cr_assert(eq(u64, config.generation, 2));
    cr_assert(eq(int, config_set_text(&fresh, "speculation.stake.max_stake=1", NULL, &diag), OK));
    cr_assert(eq(int, config_reload(&config, &fresh, &notes, &diag), ERR_CONFLICT));
    cr_assert(eq(u64, config.generation, 2));
}
