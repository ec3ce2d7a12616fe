/* base/config_keys.h: one row a configuration key; everything else about keys is read from the rows.
 *
 * Adding a key is one field in base/settings.h and one row in
 * base/config_keys.c; parsing, range checks, environment names, `config
 * show`, docs/CONFIG.md and scenarios/config/default.toml follow.
 *
 * Steps: min, max, fallback and the recommended range are in steps of the
 * written value's last decimal place: lamports, whole milliseconds, but
 * 1/10,000 for a share (0.1 is 1000) and 1/100 for a percentage (2.5 is 250).
 * What settings hold is steps times the type's factor. */
#pragma once
#include "base/err.h"
#include "base/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type {
    CONFIG_BOOL,
    CONFIG_ENUM,
    CONFIG_INTEGER,
    CONFIG_MILLISECONDS, /* written ms, held ns */
    CONFIG_SHARE,        /* written 0.1, held 1000 bps */
    CONFIG_PERCENT,      /* written 10.0, held 1000 bps */
    CONFIG_MEGABYTES,    /* written MB (2^20), held bytes */
    CONFIG_LAMPORTS,
    CONFIG_TEXT,
    CONFIG_LIST, /* of words; held comma separated */
};

enum config_when { CONFIG_AT_START, CONFIG_HOT };

enum {
    CONFIG_KEYS_MOST = 128,
    CONFIG_TEXT_BYTES = SETTINGS_ALWAYS_BYTES, /* any value as text */
};

struct config_key {
    const char *name, *unit, *help;
    const char *const *choices; /* CONFIG_ENUM: the names, NULL-terminated, index = value */
    const char *text_fallback;  /* CONFIG_TEXT, CONFIG_LIST */
    enum config_type type;
    enum config_when when;
    size_t offset, text_bytes; /* in struct settings */
    int64_t min, max, fallback;
    int64_t advised_min, advised_max; /* both 0: nothing advised */
    bool fills_at_zero;               /* 0 stands for a value that follows from other keys */
};

uint32_t config_key_count(void);
const struct config_key *config_key_at(uint32_t index);
uint32_t config_key_index(const struct config_key *key);
const struct config_key *config_key_find(const char *name); /* NULL: unknown */
const char *config_key_nearest(const char *name);           /* NULL: none is close */

int64_t config_key_number(const struct config_key *key, const struct settings *settings);
const char *config_key_text(const struct config_key *key, const struct settings *settings);

bool config_key_is_text(const struct config_key *key);
const char *config_type_name(enum config_type type); /* "milliseconds", for documents */
void config_key_range(const struct config_key *key,
                      char out[CONFIG_TEXT_BYTES]); /* "1..20 levels", "true or false" */
void config_key_environment(const struct config_key *key,
                            char out[CONFIG_TEXT_BYTES]); /* AGENC_SPECULATION_… */

/* The value as it would be written: "30000", "0.1", "cascade", "true", "a,b". */
void config_key_write(const struct config_key *key, const struct settings *settings,
                      char out[CONFIG_TEXT_BYTES]);

/* Reads a written value into settings. ERR_SYNTAX, ERR_RANGE: the line says
 * "KEY: what it is, what would be right"; settings stay as they were. */
MUST_USE err config_key_read(const struct config_key *key, struct settings *settings, const char *text,
                             struct diag *diag);
void config_key_reset(const struct config_key *key, struct settings *settings); /* to the compiled default */
