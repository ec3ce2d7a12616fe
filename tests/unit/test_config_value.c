/* tests/unit/test_config_value.c: the key table is sound, and a value is taken exactly or refused with what
 * would be right. */
#include "base/config_keys.h"
#include "base/limits.h"
#include "base/units.h"
#include "engine/types.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct settings settings;
static struct diag diag;

static err read_value(const char *name, const char *text)
{
    diag = (struct diag){0};
    cr_assert(config_key_find(name) != NULL, "%s", name);
    return config_key_read(config_key_find(name), &settings, text, &diag);
}

Test(config_value, rows_are_sound)
{
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        char text[CONFIG_TEXT_BYTES], again[CONFIG_TEXT_BYTES];
        cr_assert(config_key_index(key) == i && config_key_find(key->name) == key, "%s is not unique",
                  key->name);
        cr_assert(strncmp(key->name, "speculation.", 12) == 0 && strlen(key->name) <= LIMIT_NAME);
        cr_assert(key->help && *key->help && key->help[strlen(key->help) - 1] == '.', "%s", key->name);
        if (!config_key_is_text(key))
            cr_assert(key->min <= key->fallback && key->fallback <= key->max, "%s", key->name);
        config_key_reset(key, &settings);
        config_key_write(key, &settings, text);
        cr_assert(eq(int, read_value(key->name, text), OK), "%s: %s", text, diag.text);
        config_key_write(key, &settings, again);
        cr_assert(eq(str, text, again));
        for (uint32_t j = 0; j < i; j++) {
            config_key_environment(key, text);
            config_key_environment(config_key_at(j), again);
            cr_assert(strcmp(text, again) != 0, "%s names two keys", text);
            cr_assert(key->offset != config_key_at(j)->offset, "%s shares a field", key->name);
        }
    }
}

Test(config_value, factors_stand_in_the_order_of_the_engine_s_reasons)
{
    cr_assert(eq(int, SETTINGS_REASONS, REASON_COUNT));
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        char name[CONFIG_TEXT_BYTES];
        snprintf(name, sizeof name, "speculation.stake.reason_factors.%s", rollback_reason_name(reason));
        cr_assert(config_key_find(name) != NULL, "%s", name);
        size_t offset = offsetof(struct settings, reason_factor_bps) + (size_t)reason * sizeof(int64_t);
        cr_assert(eq(sz, config_key_find(name)->offset, offset), "%s", name);
    }
}

Test(config_value, ranges_hold_at_their_bounds)
{
    static const struct {
        const char *name, *value;
        bool is_ok;
    } CASES[] = {
        {"speculation.max_depth", "0", false},
        {"speculation.max_depth", "1", true},
        {"speculation.max_depth", "20", true},
        {"speculation.max_depth", "21", false},
        {"speculation.max_parallel_branches", "0", false},
        {"speculation.max_parallel_branches", "16", true},
        {"speculation.max_parallel_branches", "17", false},
        {"speculation.confirmation_timeout_ms", "4999", false},
        {"speculation.confirmation_timeout_ms", "5000", true},
        {"speculation.confirmation_timeout_ms", "300000", true},
        {"speculation.confirmation_timeout_ms", "300001", false},
        {"speculation.stake.slash_percentage", "0.009", false},
        {"speculation.stake.slash_percentage", "0.01", true},
        {"speculation.stake.slash_percentage", "0.5", true},
        {"speculation.stake.slash_percentage", "0.51", false},
        {"speculation.proof.worker_threads", "0", false},
        {"speculation.proof.worker_threads", "32", true},
        {"speculation.proof.worker_threads", "33", false},
        {"speculation.proof.queue_size", "99", false},
        {"speculation.proof.queue_size", "10000", true},
        {"speculation.proof.queue_size", "10001", false},
        {"speculation.proof.batch_size", "0", false},
        {"speculation.proof.batch_size", "100", true},
        {"speculation.proof.batch_size", "101", false},
        {"speculation.limits.max_memory_mb", "511", false},
        {"speculation.limits.max_memory_mb", "512", true},
        {"speculation.features.rollout_percentage", "-0.1", false},
        {"speculation.features.rollout_percentage", "0", true},
        {"speculation.features.rollout_percentage", "100", true},
        {"speculation.features.rollout_percentage", "100.1", false},
        {"speculation.proof.generator", "mock", true},
        {"speculation.proof.generator", "snark", false},
        {"speculation.rollback_policy", "checkpoint", true},
        {"speculation.mode", "turbo", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        cr_assert(eq(int, read_value(CASES[i].name, CASES[i].value), CASES[i].is_ok ? OK : ERR_RANGE),
                  "%s = %s: %s", CASES[i].name, CASES[i].value, diag.text);
}

Test(config_value, values_are_held_in_the_units_of_the_house)
{
    cr_assert(eq(int, read_value("speculation.confirmation_timeout_ms", "30000"), OK));
    cr_assert(eq(i64, settings.confirmation_timeout_ns, 30 * NS_PER_S));
    cr_assert(eq(int, read_value("speculation.stake.slash_percentage", "0.15"), OK));
    cr_assert(eq(i64, settings.slash_bps, 1500));
    cr_assert(eq(int, read_value("speculation.features.rollout_percentage", "2.5"), OK));
    cr_assert(eq(i64, settings.rollout_bps, 250));
    cr_assert(eq(int, read_value("speculation.limits.max_memory_mb", "512"), OK));
    cr_assert(eq(i64, settings.max_memory_bytes, 512 * 1024 * 1024));
    cr_assert(eq(int, read_value("speculation.rollback_policy", "selective"), OK));
    cr_assert(eq(i64, settings.rollback_policy, ROLLBACK_SELECTIVE));
    cr_assert(eq(int, read_value("speculation.admin.token_env", "OTHER"), OK));
    cr_assert(eq(str, settings.admin_token_env, "OTHER"));
}

Test(config_value, refusals_say_what_would_be_right_and_change_nothing)
{
    static const struct {
        const char *name, *value, *line;
        err code;
    } CASES[] = {
        {"speculation.max_depth", "21", "speculation.max_depth: 21 is not in 1..20 levels", ERR_RANGE},
        {"speculation.max_depth", "x", "speculation.max_depth: \"x\" is not a number, want 1..20 levels",
         ERR_SYNTAX},
        {"speculation.max_depth", "1.5", "speculation.max_depth: 1.5 is not a whole number in 1..20 levels",
         ERR_RANGE},
        {"speculation.stake.slash_percentage", "0.10005",
         "speculation.stake.slash_percentage: 0.10005 is finer than 4 decimals or too large, want 0.01..0.5",
         ERR_RANGE},
        {"speculation.stake.slash_percentage", "nan",
         "speculation.stake.slash_percentage: \"nan\" is not a number, want 0.01..0.5", ERR_SYNTAX},
        {"speculation.enabled", "yes", "speculation.enabled: \"yes\" is not true or false", ERR_RANGE},
        {"speculation.gate_level", "processed",
         "speculation.gate_level: \"processed\" is not one of confirmed, finalized", ERR_RANGE},
        {"speculation.admin.bind", "",
         "speculation.admin.bind: \"\" is not text, at most 63 bytes without spaces and quotes", ERR_RANGE},
        {"speculation.features.rollout_always", "a,,b",
         "speculation.features.rollout_always: \"a,,b\" is not names, comma separated, at most 511 bytes "
         "without spaces and quotes",
         ERR_RANGE},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        memset(&settings, 7, sizeof settings);
        struct settings before = settings;
        cr_assert(eq(int, read_value(CASES[i].name, CASES[i].value), CASES[i].code), "%s", CASES[i].name);
        cr_assert(eq(str, diag.text, (char *)CASES[i].line));
        cr_assert(memcmp(&settings, &before, sizeof settings) == 0);
    }
}

Test(config_value, a_misspelt_name_finds_its_key)
{
    cr_assert(eq(str, (char *)config_key_nearest("speculation.max_dept"), "speculation.max_depth"));
    cr_assert(eq(str, (char *)config_key_nearest("proof.queue_size"), "speculation.proof.queue_size"));
    cr_assert(
        eq(str, (char *)config_key_nearest("speculation.prof.queue_size"), "speculation.proof.queue_size"));
    cr_assert(config_key_nearest("colour") == NULL);
}
