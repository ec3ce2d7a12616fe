/* tests/unit/test_config_check.c: each rule between keys refuses what it should, and says with which values.
 */
#include "base/config.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct config config;
static struct config_notes notes;
static struct diag diag;

/* Assignments separated by spaces on top of the compiled values. */
static err check(const char *assignments, bool is_strict)
{
    char words[512];
    config_init(&config);
    notes = (struct config_notes){.is_strict = is_strict};
    diag = (struct diag){0};
    snprintf(words, sizeof words, "%s", assignments);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        cr_assert(eq(int, config_set_text(&config, word, NULL, &diag), OK), "%s", diag.text);
    return config_check(&config, &notes, &diag);
}

Test(config_check, each_rule_refuses_with_its_values)
{
    static const struct {
        const char *assignments, *line;
    } CASES[] = {
        {"speculation.stake.max_stake=5 speculation.stake.min_stake=10 speculation.stake.stake_per_depth=0",
         "--set: max_stake must be at least min_stake (max_stake = 5, min_stake = 10)"},
        {"speculation.features.enable_cross_agent_speculation=true "
         "speculation.features.enable_parallel_speculation=false",
         "--set: cross-agent speculation needs parallel speculation (enable_cross_agent_speculation = true, "
         "enable_parallel_speculation = false)"},
        {"speculation.features.enable_stake_delegation=true speculation.stake.max_stake=1900000",
         "--set: stake delegation needs max_stake"},
        {"speculation.rollback_policy=checkpoint speculation.mode=aggressive "
         "speculation.limits.max_state_snapshots=79",
         "--set: the checkpoint policy needs max_state_snapshots of at least max_depth * branches "
         "(max_state_snapshots = 79, max_depth = 10, max_parallel_branches = 8)"},
        {"speculation.proof.retry_delay_ms=60000", "--set: retry_cap_ms must be at least retry_delay_ms"},
        {"speculation.limits.table_capacity=9999",
         "--set: table_capacity must be at least max_pending_operations"},
        {"speculation.circuit_breaker.memory_close=0.95", "--set: memory_close must be below memory_open"},
        {"speculation.circuit_breaker.queue_open=0.5", "--set: queue_close must be below queue_open"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_assert(eq(int, check(CASES[i].assignments, false), ERR_RANGE), "%s", CASES[i].assignments);
        cr_assert(strncmp(diag.text, CASES[i].line, strlen(CASES[i].line)) == 0, "%s", diag.text);
        cr_assert(eq(u32, notes.error_count, 1));
    }
}

Test(config_check, the_same_rules_let_the_boundary_pass)
{
    static const char *const CASES[] = {
        "speculation.stake.max_stake=1300000",
        "speculation.features.enable_cross_agent_speculation=true",
        "speculation.features.enable_stake_delegation=true speculation.stake.max_stake=2000000",
        "speculation.rollback_policy=checkpoint speculation.mode=aggressive "
        "speculation.limits.max_state_snapshots=80",
        "speculation.rollback_policy=checkpoint speculation.mode=aggressive "
        "speculation.limits.max_state_snapshots=10 "
        "speculation.features.enable_parallel_speculation=false",
        "speculation.limits.table_capacity=10000",
        "speculation.stake.formula=exponential speculation.stake.base_bond=125000000 speculation.max_depth=3",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_assert(eq(int, check(CASES[i], true), OK), "%s", diag.text);
        cr_assert(eq(u32, notes.kept_count, 0), "%s", notes.kept[0].text);
    }
}

Test(config_check, a_depth_whose_bond_nobody_can_lock_is_a_warning)
{
    cr_assert(eq(int, check("speculation.stake.max_stake=1299999", true), OK));
    cr_assert(eq(u32, notes.warning_count, 1));
    cr_assert(eq(str, notes.kept[0].text,
                 "--set: depth unreachable: the bond at max_depth is above max_stake (max_depth = 3, "
                 "stake_per_depth = 100000, max_stake = 1299999)"));
    cr_assert(eq(
        int, check("speculation.stake.formula=exponential speculation.stake.base_bond=125000001", true), OK));
    cr_assert(eq(u32, notes.warning_count, 1));
}

Test(config_check, production_refuses_the_mock_generator_under_strict)
{
    char *production[] = {"AGENC_ENV=prod", NULL};
    cr_assert(eq(int, check("speculation.proof.generator=mock", true), OK));
    cr_assert(eq(int, config_apply_env(&config, production, NULL, &diag), OK));
    cr_assert(eq(int, config_check(&config, &notes, &diag), ERR_RANGE));
    notes = (struct config_notes){0};
    cr_assert(eq(int, config_check(&config, &notes, &diag), OK));
    cr_assert(eq(u32, notes.warning_count, 1));
}
