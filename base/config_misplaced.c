/* base/config_misplaced.c: a value where a section stands, a section or an array where a value does. */
#include "base/config.h"
#include <string.h>

/* Where the name of a key and a path part. */
static size_t common_bytes(const char *name, const char *path)
{
    size_t size = 0;
    while (name[size] && name[size] == path[size]) size++;
    return size;
}

/* Is one inside the other, or are they the same? What follows the first index says nothing. */
static bool is_about(const struct config_key *key, const char *path)
{
    size_t stem = strcspn(path, "["), common = common_bytes(key->name, path);
    bool path_ends = common == stem, name_ends = key->name[common] == '\0';
    if (path_ends) return name_ends || key->name[common] == '.';
    return name_ends && path[common] == '.';
}

static const char *what_is_there(const struct toml_leaf *leaf, size_t common)
{
    if (leaf->path[common] == '[') return "an array";
    return leaf->path[common] == '.' ? "a table" : toml_type_name(leaf->type);
}

err config_refuse_misplaced(struct config *config, const struct toml_leaf *leaf, struct diag *diag)
{
    const struct config_key *first = NULL;
    char range[CONFIG_TEXT_BYTES];
    for (uint32_t i = config_key_count(); i-- > 0;) {
        if (!is_about(config_key_at(i), leaf->path)) continue;
        config->origins[i].was_refused = 1;
        first = config_key_at(i);
    }
    if (!first) return OK;
    size_t common = common_bytes(first->name, leaf->path);
    const char *found = what_is_there(leaf, common);
    if (first->name[common] == '.')
        return diag_fail(diag, ERR_SYNTAX, "%.200s:%d:%d: %.*s is %s, want a table: [%.*s]", leaf->file,
                         leaf->line, leaf->key_column, (int)common, first->name, found, (int)common,
                         first->name);
    config_key_range(first, range);
    return diag_fail(diag, ERR_SYNTAX, "%.200s:%d:%d: %s is %s, want %.120s", leaf->file, leaf->line,
                     leaf->key_column, first->name, found, range);
}
