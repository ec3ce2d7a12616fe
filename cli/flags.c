/* cli/flags.c: words to checked values. */
#include "cli/flags.h"
#include "base/assert.h"
#include "base/decimal.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "cli/command.h"
#include <inttypes.h>
#include <string.h>

enum { RATE_PLACES = 6 };
#define RATE_STEPS INT64_C(1000000)       /* of one task a second */
#define RATE_MOST  (1000000 * RATE_STEPS) /* a million tasks a second */

static const struct flag GLOBAL_FLAGS[] = {
    {.name = "quiet", .type = FLAG_SWITCH, .help = "no progress and no warnings"},
    {.name = "help", .type = FLAG_SWITCH, .help = "this text"},
    {0},
};

struct parsing {
    struct args *args;
    char *const *words;
    int word_count, at;
    struct diag *diag;
};

static void add_flags(struct args *args, const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        ASSERT(args->flag_count < FLAGS_MOST);
        args->flags[args->flag_count++] = flags;
    }
}

static bool find(const struct args *args, const char *name, size_t name_size, uint32_t *index)
{
    for (uint32_t i = 0; i < args->flag_count; i++) {
        const char *known = args->flags[i]->name;
        if (strlen(known) != name_size || strncmp(known, name, name_size) != 0) continue;
        *index = i;
        return true;
    }
    return false;
}

static err read_choice(const struct flag *flag, const char *text, int64_t *out, struct diag *diag)
{
    char names[256] = "";
    struct nearest nearest = {.wanted = text};
    for (int64_t i = 0; flag->choices[i]; i++) {
        if (strcmp(flag->choices[i], text) == 0) {
            *out = i;
            return OK;
        }
        nearest_offer(&nearest, flag->choices[i]);
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", flag->choices[i]);
    }
    if (nearest.best)
        return diag_fail(diag, ERR_RANGE, "\"%.64s\" is none of %s; nearest is %s", text, names,
                         nearest.best);
    return diag_fail(diag, ERR_RANGE, "\"%.64s\" is none of %s", text, names);
}

static err read_integer(const struct flag *flag, const char *text, int64_t *out, struct diag *diag)
{
    int64_t value;
    err e = decimal_parse(text, 0, &value);
    if (e == OK && (value < flag->min || value > flag->max)) e = ERR_RANGE;
    if (e != OK)
        return diag_fail(diag, e, "\"%.64s\" is not a whole number in %" PRId64 "..%" PRId64, text, flag->min,
                         flag->max);
    *out = value;
    return OK;
}

/* Digits only: what a seed is written as elsewhere, and no value stands for two. */
static err read_unsigned(const char *text, int64_t *out, struct diag *diag)
{
    uint64_t value = 0;
    bool fits = *text != '\0';
    for (const char *at = text; fits && *at; at++)
        fits = *at >= '0' && *at <= '9' && !__builtin_mul_overflow(value, 10, &value) &&
               !__builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
    if (!fits)
        return diag_fail(diag, ERR_RANGE, "\"%.64s\" is not a whole number in 0..%" PRIu64, text, UINT64_MAX);
    memcpy(out, &value, sizeof value);
    return OK;
}

static err read_rate(const char *text, int64_t *out, struct diag *diag)
{
    int64_t value;
    err e = decimal_parse(text, RATE_PLACES, &value);
    if (e == OK && (value <= 0 || value > RATE_MOST)) e = ERR_RANGE;
    if (e != OK)
        return diag_fail(diag, e,
                         "\"%.64s\" is not a rate, want a number above 0 up to 1000000, at most %d decimals",
                         text, RATE_PLACES);
    *out = value;
    return OK;
}

static err read_value(const struct flag *flag, const char *text, int64_t *out, struct diag *diag)
{
    switch (flag->type) {
    case FLAG_INTEGER: return read_integer(flag, text, out, diag);
    case FLAG_UNSIGNED: return read_unsigned(text, out, diag);
    case FLAG_DURATION: return duration_parse(text, out, diag);
    case FLAG_SIZE: return size_parse(text, out, diag);
    case FLAG_SHARE: return percent_parse(text, out, diag);
    case FLAG_RATE: return read_rate(text, out, diag);
    case FLAG_CHOICE: return read_choice(flag, text, out, diag);
    case FLAG_SWITCH: break;
    case FLAG_TEXT:
    case FLAG_FILE:
    case FLAG_FOLDER:
        if (!*text) return diag_fail(diag, ERR_USAGE, "\"\" is empty, want %s", flag->value);
        break;
    }
    return OK;
}

static err store(struct parsing *parsing, uint32_t index, const char *text)
{
    const struct flag *flag = parsing->args->flags[index];
    struct flag_value *value = &parsing->args->values[index];
    struct diag why = {0};
    if (value->is_given && !flag->is_repeatable)
        return diag_fail(parsing->diag, ERR_USAGE, "--%s is given twice", flag->name);
    err e = read_value(flag, text, &value->integer, &why);
    if (e != OK) return diag_fail(parsing->diag, e, "--%s: %.400s", flag->name, why.text);
    if (parsing->args->use_count == FLAG_USES_MOST)
        return diag_fail(parsing->diag, ERR_LIMIT, "more than %d options", FLAG_USES_MOST);
    parsing->args->uses[parsing->args->use_count++] = (struct flag_use){.flag = index, .text = text};
    value->text = text;
    value->is_given = true;
    return OK;
}

static err refuse_option(const struct parsing *parsing, const char *word)
{
    char name[64];
    const char *dashless = word + strspn(word, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(dashless, "="), dashless);
    struct nearest nearest = {.wanted = name};
    for (uint32_t i = 0; i < parsing->args->flag_count; i++)
        nearest_offer(&nearest, parsing->args->flags[i]->name);
    if (nearest.best)
        return diag_fail(parsing->diag, ERR_USAGE, "unknown option %.64s, nearest is --%s", word,
                         nearest.best);
    return diag_fail(parsing->diag, ERR_USAGE, "unknown option %.64s, --help lists them", word);
}

/* "--name value", "--name=value" or a switch. */
static err take_option(struct parsing *parsing)
{
    const char *word = parsing->words[parsing->at++];
    if (strcmp(word, "-h") == 0) word = "--help";
    const char *equals = strchr(word, '=');
    size_t name_size = equals ? (size_t)(equals - word - 2) : strlen(word) - 2;
    uint32_t index;
    if (strncmp(word, "--", 2) != 0 || !find(parsing->args, word + 2, name_size, &index))
        return refuse_option(parsing, word);
    const struct flag *flag = parsing->args->flags[index];
    if (flag->type == FLAG_SWITCH && equals)
        return diag_fail(parsing->diag, ERR_USAGE, "--%s takes no value", flag->name);
    if (flag->type == FLAG_SWITCH) return store(parsing, index, "");
    if (equals) return store(parsing, index, equals + 1);
    if (flag->bare) return store(parsing, index, flag->bare);
    if (parsing->at == parsing->word_count || strncmp(parsing->words[parsing->at], "--", 2) == 0)
        return diag_fail(parsing->diag, ERR_USAGE, "--%s wants a value: --%s %s", flag->name, flag->name,
                         flag->value);
    return store(parsing, index, parsing->words[parsing->at++]);
}

static err take_operand(struct parsing *parsing)
{
    struct args *args = parsing->args;
    const char *word = parsing->words[parsing->at++];
    uint32_t most = args->command->operand_max;
    ASSERT(most <= OPERANDS_MOST);
    if (args->operand_count == most && most == 0)
        return diag_fail(parsing->diag, ERR_USAGE, "\"%.64s\" is one word too many, options only", word);
    if (args->operand_count == most)
        return diag_fail(parsing->diag, ERR_USAGE, "\"%.64s\" is one word too many, want %s", word,
                         args->command->operands);
    args->operands[args->operand_count++] = word;
    return OK;
}

static err take_words(struct parsing *parsing)
{
    bool has_ended = false;
    while (parsing->at < parsing->word_count) {
        const char *word = parsing->words[parsing->at];
        bool is_option = !has_ended && word[0] == '-' && word[1];
        if (is_option && strcmp(word, "--") == 0) {
            has_ended = true;
            parsing->at++;
        } else if (is_option) {
            TRY(take_option(parsing));
        } else {
            TRY(take_operand(parsing));
        }
    }
    return OK;
}

static void take_fallbacks(struct args *args)
{
    for (uint32_t i = 0; i < args->flag_count; i++) {
        if (args->values[i].is_given || !args->flags[i]->fallback) continue;
        args->values[i].text = args->flags[i]->fallback;
        err e = read_value(args->flags[i], args->flags[i]->fallback, &args->values[i].integer, NULL);
        ASSERT(e == OK);
    }
}

static err find_offered(const struct args *args, const char *name, uint32_t *index, struct diag *diag)
{
    if (find(args, name, strlen(name), index)) return OK;
    struct nearest nearest = {.wanted = name};
    for (uint32_t i = 0; i < args->flag_count; i++) nearest_offer(&nearest, args->flags[i]->name);
    return diag_fail(diag, ERR_USAGE, "unknown option \"%.64s\"%s%s", name,
                     nearest.best ? ", nearest is " : "", nearest.best ? nearest.best : "");
}

static err store_offered(struct args *args, uint32_t index, const char *text, struct diag *diag)
{
    struct parsing parsing = {.args = args, .diag = diag};
    int64_t hidden;
    struct diag why = {0};
    if (!args->values[index].is_given) return store(&parsing, index, text);
    err e = read_value(args->flags[index], text, &hidden, &why);
    return e == OK ? OK : diag_fail(diag, e, "--%s: %.400s", args->flags[index]->name, why.text);
}

err args_offer(struct args *args, const char *name, const char *text, struct diag *diag)
{
    uint32_t index;
    TRY(find_offered(args, name, &index, diag));
    if (args->flags[index]->type == FLAG_SWITCH)
        return diag_fail(diag, ERR_SYNTAX, "%s is on or off, want true or false", name);
    return store_offered(args, index, text, diag);
}

err args_offer_switch(struct args *args, const char *name, bool is_on, struct diag *diag)
{
    uint32_t index;
    TRY(find_offered(args, name, &index, diag));
    if (args->flags[index]->type != FLAG_SWITCH)
        return diag_fail(diag, ERR_SYNTAX, "%s is no switch, want %s", name, args->flags[index]->value);
    return is_on ? store_offered(args, index, "", diag) : OK;
}

err args_parse(struct args *args, int word_count, char *const *words, struct diag *diag)
{
    struct parsing parsing = {.args = args, .words = words, .word_count = word_count, .diag = diag};
    add_flags(args, args->command->flags);
    add_flags(args, GLOBAL_FLAGS);
    TRY(take_words(&parsing));
    take_fallbacks(args);
    if (args_switch(args, "help")) return OK;
    for (uint32_t i = 0; i < args->flag_count; i++)
        if (args->flags[i]->is_required && !args->values[i].is_given)
            return diag_fail(diag, ERR_USAGE, "--%s %s is missing", args->flags[i]->name,
                             args->flags[i]->value);
    if (args->operand_count < args->command->operand_min)
        return diag_fail(diag, ERR_USAGE, "want %s", args->command->operands);
    return OK;
}

static uint32_t index_of(const struct args *args, const char *name)
{
    uint32_t index = FLAGS_MOST;
    bool is_known = find(args, name, strlen(name), &index);
    ASSERT(is_known);
    return index;
}

bool args_has(const struct args *args, const char *name)
{
    uint32_t index;
    return find(args, name, strlen(name), &index);
}

bool args_given(const struct args *args, const char *name)
{
    return args->values[index_of(args, name)].is_given;
}

bool args_switch(const struct args *args, const char *name)
{
    uint32_t index = index_of(args, name);
    ASSERT(args->flags[index]->type == FLAG_SWITCH);
    return args->values[index].is_given;
}

const char *args_text(const struct args *args, const char *name)
{
    return args->values[index_of(args, name)].text;
}

int64_t args_integer(const struct args *args, const char *name)
{
    uint32_t index = index_of(args, name);
    ASSERT(args->flags[index]->type >= FLAG_INTEGER && args->values[index].text);
    return args->values[index].integer;
}

uint64_t args_unsigned(const struct args *args, const char *name)
{
    ASSERT(args->flags[index_of(args, name)]->type == FLAG_UNSIGNED);
    return (uint64_t)args_integer(args, name);
}

double args_rate(const struct args *args, const char *name)
{
    ASSERT(args->flags[index_of(args, name)]->type == FLAG_RATE);
    return (double)args_integer(args, name) / (double)RATE_STEPS;
}

const char *args_each(const struct args *args, const char *name, uint32_t *cursor)
{
    uint32_t index = index_of(args, name);
    while (*cursor < args->use_count) {
        const struct flag_use *use = &args->uses[(*cursor)++];
        if (use->flag == index) return use->text;
    }
    return NULL;
}

bool args_is_quiet(const struct args *args)
{
    return args_switch(args, "quiet");
}

bool args_wants_json(const struct args *args)
{
    return strcmp(args_text(args, "output"), "json") == 0;
}
