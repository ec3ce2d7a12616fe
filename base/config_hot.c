/* base/config_hot.c: changes to a configuration that is in use: made on a copy, then swapped in whole. */
#include "base/config.h"
#include "base/limits.h"
#include <string.h>

static bool has_same_value(const struct config_key *key, const struct config *a, const struct config *b)
{
    if (config_key_is_text(key))
        return strcmp(config_key_text(key, &a->settings), config_key_text(key, &b->settings)) == 0;
    return config_key_number(key, &a->settings) == config_key_number(key, &b->settings);
}

static enum config_outcome outcome_of(const struct config_key *key, const struct config *running,
                                      const struct config *next)
{
    if (next->origins[config_key_index(key)].source == CONFIG_ENVIRONMENT) return CONFIG_SHADOWED;
    if (key->when == CONFIG_AT_START && !has_same_value(key, running, next)) return CONFIG_NEEDS_RESTART;
    /* The engine's table was made at start; it does not grow under load. */
    if (strcmp(key->name, "speculation.limits.max_pending_operations") == 0 &&
        next->settings.max_pending_operations > running->settings.table_capacity)
        return CONFIG_NEEDS_RESTART;
    return CONFIG_APPLIED;
}

static err apply(struct config *next, const struct config_change *change, struct config_notes *notes,
                 struct diag *diag)
{
    char assignment[CONFIG_TEXT_BYTES + 2 * LIMIT_NAME];
    int used = snprintf(assignment, sizeof assignment, "%s=%s", change->key, change->value);
    if ((size_t)used >= sizeof assignment) {
        config_note(notes, true, "set: %.128s: the value is too long", change->key);
        return diag_fail(diag, ERR_RANGE, "set: %.128s: the value is too long", change->key);
    }
    return config_set_text(next, assignment, notes, diag);
}

err config_set_hot(struct config *config, const struct config_update *update, struct config_notes *notes,
                   struct diag *diag)
{
    struct config next = *config;
    err worst = OK;
    for (uint32_t i = 0; i < update->count; i++) {
        err e = apply(&next, &update->changes[i], notes, diag);
        if (worst == OK) worst = e;
    }
    if (worst != OK) return worst;
    for (uint32_t i = 0; i < update->count; i++) {
        const struct config_key *key = config_key_find(update->changes[i].key);
        struct config_origin *origin = &next.origins[config_key_index(key)];
        if (origin->source == CONFIG_SET) origin->is_hot = true;
        update->outcomes[i] = outcome_of(key, config, &next);
        if (update->outcomes[i] == CONFIG_NEEDS_RESTART)
            worst = diag_fail(diag, ERR_LIMIT, "%s: takes effect at start only, restart required", key->name);
    }
    if (worst != OK) return worst;
    next.settings.table_capacity = config->settings.table_capacity;
    if (config_check(&next, notes, diag) != OK) return ERR_CONFLICT;
    next.generation++;
    *config = next;
    return OK;
}

/* What was set at run time goes on top of the fresh layers, below their environment. */
static err set_again(struct config *next, const struct config *running, const struct config_key *key,
                     struct diag *diag)
{
    char value[CONFIG_TEXT_BYTES];
    if (running->origins[config_key_index(key)].source != CONFIG_SET) return OK;
    config_key_write(key, &running->settings, value);
    TRY(apply(next, &(struct config_change){.key = key->name, .value = value}, NULL, diag));
    struct config_origin *origin = &next->origins[config_key_index(key)];
    if (origin->source == CONFIG_SET) origin->is_hot = running->origins[config_key_index(key)].is_hot;
    return OK;
}

err config_reload(struct config *running, const struct config *fresh, struct config_notes *notes,
                  struct diag *diag)
{
    struct config next = *fresh;
    for (uint32_t i = 0; i < config_key_count(); i++) TRY(set_again(&next, running, config_key_at(i), diag));
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        if (key->when != CONFIG_AT_START || has_same_value(key, running, &next)) continue;
        char value[CONFIG_TEXT_BYTES];
        if (next.origins[i].source > CONFIG_PRESET)
            config_note(notes, false, "%s: takes effect at start only, restart required", key->name);
        config_key_write(key, &running->settings, value);
        TRY(config_key_read(key, &next.settings, value, diag));
        next.origins[i] = running->origins[i];
    }
    if (config_check(&next, notes, diag) != OK) return ERR_CONFLICT;
    next.generation = running->generation + 1;
    *running = next;
    return OK;
}
