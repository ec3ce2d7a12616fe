/* base/config.h: a configuration in layers, each value with where it came from.
 *
 * Layers, the higher wins whatever the order of the calls (semantics: engine.md 3, 8.4):
 *   environment > set (--set, the admin API) > files, the later file first > mode preset > compiled.
 * The presets of speculation.mode fill max_depth and max_parallel_branches,
 * and 4 * max_pending_operations fills limits.table_capacity, where no layer sets them
 * (or sets the latter to 0).
 *
 * Memory: plain data, copied by assignment; a change that must be whole is made on a copy.
 * Errors: ERR_SYNTAX and ERR_RANGE for values, ERR_USAGE for unknown keys under strict.
 * The first is in the diag; all are in the notes, so that one run names every fault.
 * A value that is refused leaves the layer below in force. */
#pragma once
#include "base/config_keys.h"
#include "base/toml.h"
#include <stdio.h>

enum config_source { CONFIG_COMPILED, CONFIG_PRESET, CONFIG_FILE, CONFIG_SET, CONFIG_ENVIRONMENT };

enum {
    CONFIG_FILES_MOST = 4,
    CONFIG_PATH_BYTES = 256,
    CONFIG_NOTES_KEPT = 32,
};

struct config_origin {
    uint8_t source;      /* enum config_source */
    uint8_t file;        /* CONFIG_FILE: index into files */
    uint8_t is_filled;   /* given as 0, which stands for a value that other keys decide */
    uint8_t is_hot;      /* CONFIG_SET: at run time, over the admin API; gone with the process */
    uint8_t was_refused; /* some layer offered a value that is not allowed */
    int line, column;
};

struct config {
    struct settings settings; /* what is in force */
    struct config_origin origins[CONFIG_KEYS_MOST];
    char files[CONFIG_FILES_MOST][CONFIG_PATH_BYTES];
    uint32_t file_count;
    uint64_t generation;  /* counts hot changes */
    char environment[16]; /* AGENC_ENV, else the end of the file's name: prod, staging, dev */
};

/* What there is to say about a configuration, in the order it was found. */
struct config_notes {
    bool is_strict;  /* set by the caller: unknown keys are errors */
    bool is_partial; /* some file could not be read to its end: keys may have gone unseen */
    uint32_t error_count, warning_count, kept_count;
    struct config_note {
        bool is_error;
        char text[256];
    } kept[CONFIG_NOTES_KEPT];
};

void config_init(struct config *out);

MUST_USE err config_load_file(struct config *config, const char *path, struct config_notes *notes,
                              struct diag *diag);
/* `environment` as environ: "NAME=value" strings, NULL-terminated. */
MUST_USE err config_apply_env(struct config *config, char *const *environment, struct config_notes *notes,
                              struct diag *diag);
/* "speculation.max_depth=5". A value that the environment pins is noted as shadowed. */
MUST_USE err config_set_text(struct config *config, const char *assignment, struct config_notes *notes,
                             struct diag *diag);
/* One leaf of a file that holds other things as well (scenarios); its path must be a key. */
MUST_USE err config_set_leaf(struct config *config, const struct toml_leaf *leaf, struct config_notes *notes,
                             struct diag *diag);

/* A leaf that is no key: OK when it has nothing to do with one either. ERR_SYNTAX when it stands where a
 * section or a key would (speculation = 5, max_depth = [5], [[speculation]]): base/config_misplaced.c. */
MUST_USE err config_refuse_misplaced(struct config *config, const struct toml_leaf *leaf, struct diag *diag);

/* Rules between keys: base/config_check.c. */
MUST_USE err config_check(const struct config *config, struct config_notes *notes, struct diag *diag);
/* The rules about feature flags only, and that no value they look at was refused. */
bool config_flags_agree(const struct config *config);
bool config_is_production(const struct config *config);

/* Hot changes: base/config_hot.c. */
struct config_change {
    const char *key, *value; /* value as text; numbers of JSON through decimal_from_double */
};

enum config_outcome { CONFIG_APPLIED, CONFIG_SHADOWED, CONFIG_NEEDS_RESTART };

struct config_update {
    const struct config_change *changes;
    enum config_outcome *outcomes; /* the caller's, one a change, set when the update is well-formed */
    uint32_t count;
};

/* All or nothing. ERR_LIMIT: some key takes effect at start only (outcomes
 * says which), or max_pending_operations outgrows the table that was made at start. ERR_CONFLICT: a rule
 * between keys would not hold. */
MUST_USE err config_set_hot(struct config *config, const struct config_update *update,
                            struct config_notes *notes, struct diag *diag);
/* `fresh` is the files and environment read again; values set at run time stay
 * on top, keys that take effect at start keep their value and are noted. */
MUST_USE err config_reload(struct config *running, const struct config *fresh, struct config_notes *notes,
                           struct diag *diag);

/* Where a key's value came from: "compiled", "prod.toml:4:13", "AGENC_SPECULATION_MODE", "set", "api". */
void config_origin_text(const struct config *config, const struct config_key *key,
                        char out[CONFIG_TEXT_BYTES]);

void config_note(struct config_notes *notes, bool is_error, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* NULL notes is fine */

/* Printing: base/config_print.c. Write errors stay in the stream. */
struct config_view {
    const char *section; /* "speculation.proof"; NULL: all */
    bool shows_sources;
};
bool config_section_exists(const char *section);
void config_print(const struct config *config, const struct config_view *view, FILE *out);
void config_print_json(const struct config *config, const struct config_view *view, FILE *out);
void config_print_toml(FILE *out);     /* scenarios/config/default.toml */
void config_print_markdown(FILE *out); /* docs/CONFIG.md */
