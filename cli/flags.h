/* cli/flags.h: options of a command as a table; parsing, checking, help, completion and man page read it.
 *
 * A value is checked when it is read, so that run() only sees good ones:
 *     FLAG_INTEGER   min..max                    args_integer
 *     FLAG_UNSIGNED  all of 64 bits               args_unsigned
 *     FLAG_DURATION  500ms 30s 5m                args_integer, ns
 *     FLAG_SIZE      512MB 8GiB                  args_integer, bytes
 *     FLAG_SHARE     10% or 0.1                  args_integer, basis points
 *     FLAG_RATE      50 or 0.5, tasks a second   args_integer, millionths; args_rate
 *     FLAG_CHOICE    one of choices              args_integer, the index; args_text
 *     FLAG_TEXT FLAG_FILE FLAG_FOLDER            args_text
 *     FLAG_SWITCH    takes no value              args_switch
 * Asking for a flag that the command has no row for is a bug (ASSERT). */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum flag_type {
    FLAG_SWITCH,
    FLAG_TEXT,
    FLAG_FILE,
    FLAG_FOLDER,
    FLAG_INTEGER,
    FLAG_UNSIGNED,
    FLAG_DURATION,
    FLAG_SIZE,
    FLAG_SHARE,
    FLAG_RATE,
    FLAG_CHOICE,
};

enum {
    FLAGS_MOST = 64,      /* of one command, global ones included */
    FLAG_USES_MOST = 128, /* options on one command line */
    OPERANDS_MOST = 256,
};

/* A table ends with a row without name. */
struct flag {
    const char *name;  /* without dashes */
    const char *value; /* what help calls it: FILE, N, 30s; NULL for a switch */
    enum flag_type type;
    bool is_required, is_repeatable;
    const char *fallback; /* as it would be typed; NULL: none */
    const char *bare;     /* what --name without a value stands for (then only --name=VALUE has one); NULL */
    const char *help;     /* one sentence, no full stop */
    const char *const *choices;
    int64_t min, max; /* FLAG_INTEGER */
};

struct flag_value {
    const char *text; /* as typed or the fallback; NULL: neither */
    int64_t integer;  /* FLAG_UNSIGNED: its bits */
    bool is_given;
};

struct flag_use {
    uint32_t flag; /* index into flags */
    const char *text;
};

struct command;

struct args {
    const struct command *command;
    const struct flag *flags[FLAGS_MOST]; /* the command's rows, then the global ones */
    struct flag_value values[FLAGS_MOST];
    struct flag_use uses[FLAG_USES_MOST];
    const char *operands[OPERANDS_MOST];
    uint32_t flag_count, use_count, operand_count;
    char *const *environment;
    FILE *out, *log; /* results; progress, warnings and errors */
    int exit_status; /* for outcomes that are no error: 12 gate regressed … */
};

/* The words after the command's name. ERR_USAGE, ERR_SYNTAX, ERR_RANGE with the line to print.
 * The caller has set command, environment, out and log. */
MUST_USE err args_parse(struct args *args, int word_count, char *const *words, struct diag *diag);

/* A value from below the command line (a scenario file): checked, and taken unless the flag was given
 * there. `text` lives as long as args. ERR_USAGE unknown name; ERR_SYNTAX a switch; else as args_parse. */
MUST_USE err args_offer(struct args *args, const char *name, const char *text, struct diag *diag);
/* The same for a switch; off is what it is anyway, but the name must be one. */
MUST_USE err args_offer_switch(struct args *args, const char *name, bool is_on, struct diag *diag);

bool args_has(const struct args *args, const char *name); /* is there such a flag at all? */
bool args_given(const struct args *args, const char *name);
bool args_switch(const struct args *args, const char *name);
const char *args_text(const struct args *args, const char *name);
int64_t args_integer(const struct args *args, const char *name);
uint64_t args_unsigned(const struct args *args, const char *name);
double args_rate(const struct args *args, const char *name);
/* Each use of a repeatable flag in turn: start with *cursor 0; NULL after the last. */
const char *args_each(const struct args *args, const char *name, uint32_t *cursor);

bool args_is_quiet(const struct args *args);
bool args_wants_json(const struct args *args); /* --output json, for commands that print */
