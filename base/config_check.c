/* base/config_check.c: what must hold between keys, a row each. */
#include "base/config.h"
#include "base/units.h"
#include <string.h>

enum rule_kind { RULE_VALUES, RULE_FLAGS };

struct rule {
    enum rule_kind kind;
    bool is_warning; /* unless strict makes it an error, see below */
    bool is_error_when_strict;
    const char *keys[3]; /* printed with their values */
    const char *claim;
    bool (*holds)(const struct config *config);
};

static bool stake_limits_ordered(const struct config *config)
{
    return config->settings.min_stake_lamports <= config->settings.max_stake_lamports;
}

static bool cross_agent_has_parallel(const struct config *config)
{
    return !config->settings.cross_agent_speculation || config->settings.parallel_speculation;
}

static bool delegation_has_room(const struct config *config)
{
    return !config->settings.stake_delegation ||
           config->settings.max_stake_lamports >= 2 * config->settings.min_stake_lamports;
}

static bool checkpoints_have_snapshots(const struct config *config)
{
    const struct settings *settings = &config->settings;
    int64_t branches = settings->parallel_speculation ? settings->max_parallel_branches : 1;
    return settings->rollback_policy != ROLLBACK_CHECKPOINT ||
           settings->max_state_snapshots >= settings->max_depth * branches;
}

static bool generator_fits_production(const struct config *config)
{
    return config->settings.generator != PROOF_MOCK || !config_is_production(config);
}

static bool deepest_bond_fits(const struct config *config)
{
    const struct settings *settings = &config->settings;
    u128 linear = (u128)settings->min_stake_lamports +
                  (u128)settings->max_depth * (u128)settings->stake_per_depth_lamports;
    u128 exponential = (u128)settings->base_bond_lamports << settings->max_depth;
    u128 bond = settings->stake_formula == STAKE_LINEAR ? linear : exponential;
    return bond <= (u128)settings->max_stake_lamports;
}

static bool retry_waits_ordered(const struct config *config)
{
    return config->settings.retry_delay_ns <= config->settings.retry_cap_ns;
}

static bool table_holds_pending(const struct config *config)
{
    return config->settings.table_capacity >= config->settings.max_pending_operations;
}

static bool memory_band_is_open(const struct config *config)
{
    return config->settings.breaker_memory_close_bps < config->settings.breaker_memory_open_bps;
}

static bool queue_band_is_open(const struct config *config)
{
    return config->settings.breaker_queue_close_bps < config->settings.breaker_queue_open_bps;
}

static const struct rule RULES[] = {
    {RULE_VALUES,
     false,
     false,
     {"speculation.stake.max_stake", "speculation.stake.min_stake"},
     "max_stake must be at least min_stake",
     stake_limits_ordered},
    {RULE_VALUES,
     true,
     false,
     {"speculation.max_depth", "speculation.stake.stake_per_depth", "speculation.stake.max_stake"},
     "depth unreachable: the bond at max_depth is above max_stake",
     deepest_bond_fits},
    {RULE_VALUES,
     true,
     true,
     {"speculation.proof.generator"},
     "the mock generator proves nothing and is not for production",
     generator_fits_production},
    {RULE_VALUES,
     false,
     false,
     {"speculation.proof.retry_cap_ms", "speculation.proof.retry_delay_ms"},
     "retry_cap_ms must be at least retry_delay_ms",
     retry_waits_ordered},
    {RULE_VALUES,
     false,
     false,
     {"speculation.limits.table_capacity", "speculation.limits.max_pending_operations"},
     "table_capacity must be at least max_pending_operations",
     table_holds_pending},
    {RULE_VALUES,
     false,
     false,
     {"speculation.circuit_breaker.memory_close", "speculation.circuit_breaker.memory_open"},
     "memory_close must be below memory_open",
     memory_band_is_open},
    {RULE_VALUES,
     false,
     false,
     {"speculation.circuit_breaker.queue_close", "speculation.circuit_breaker.queue_open"},
     "queue_close must be below queue_open",
     queue_band_is_open},
    {RULE_FLAGS,
     false,
     false,
     {"speculation.features.enable_cross_agent_speculation",
      "speculation.features.enable_parallel_speculation"},
     "cross-agent speculation needs parallel speculation",
     cross_agent_has_parallel},
    {RULE_FLAGS,
     false,
     false,
     {"speculation.features.enable_stake_delegation", "speculation.stake.max_stake",
      "speculation.stake.min_stake"},
     "stake delegation needs max_stake of at least twice min_stake",
     delegation_has_room},
    {RULE_FLAGS,
     false,
     false,
     {"speculation.limits.max_state_snapshots", "speculation.max_depth", "speculation.max_parallel_branches"},
     "the checkpoint policy needs max_state_snapshots of at least max_depth * branches",
     checkpoints_have_snapshots},
};

enum { RULE_COUNT = sizeof RULES / sizeof *RULES };

bool config_is_production(const struct config *config)
{
    return strcmp(config->environment, "prod") == 0 || strcmp(config->environment, "production") == 0;
}

static bool was_refused(const struct config *config, const struct rule *rule)
{
    for (size_t i = 0; i < 3 && rule->keys[i]; i++)
        if (config->origins[config_key_index(config_key_find(rule->keys[i]))].was_refused) return true;
    return false;
}

bool config_flags_agree(const struct config *config)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (RULES[i].kind == RULE_FLAGS && (was_refused(config, &RULES[i]) || !RULES[i].holds(config)))
            return false;
    return true;
}

/* The key that somebody set, rather than one that was there before. */
static const struct config_key *blamed(const struct config *config, const struct rule *rule)
{
    const struct config_key *found = config_key_find(rule->keys[0]);
    for (size_t i = 1; i < 3 && rule->keys[i]; i++) {
        const struct config_key *other = config_key_find(rule->keys[i]);
        if (config->origins[config_key_index(other)].source > config->origins[config_key_index(found)].source)
            found = other;
    }
    return found;
}

/* "prod.toml:4:1: max_stake must be … (speculation.stake.max_stake = 5, …)" */
static void explain(const struct config *config, const struct rule *rule, struct diag *line)
{
    char text[CONFIG_TEXT_BYTES];
    const struct config_key *key = blamed(config, rule);
    const char *dashes = config->origins[config_key_index(key)].source == CONFIG_SET ? "--" : "";
    config_origin_text(config, key, text);
    size_t used =
        (size_t)snprintf(line->text, sizeof line->text, "%s%.200s: %s (", dashes, text, rule->claim);
    for (size_t i = 0; i < 3 && rule->keys[i]; i++) {
        config_key_write(config_key_find(rule->keys[i]), &config->settings, text);
        used += (size_t)snprintf(line->text + used, sizeof line->text - used, "%s%s = %.40s", i ? ", " : "",
                                 strrchr(rule->keys[i], '.') + 1, text);
    }
    snprintf(line->text + used, sizeof line->text - used, ")");
}

err config_check(const struct config *config, struct config_notes *notes, struct diag *diag)
{
    err worst = OK;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (RULES[i].holds(config)) continue;
        struct diag line = {0};
        bool is_strict = notes && notes->is_strict && RULES[i].is_error_when_strict;
        bool is_error = !RULES[i].is_warning || is_strict;
        explain(config, &RULES[i], &line);
        config_note(notes, is_error, "%s", line.text);
        if (is_error) worst = diag_fail(diag, ERR_RANGE, "%s", line.text);
    }
    return worst;
}
