/* tests/unit/test_flags.c: words become checked values, or one line that says what would be right. */
#include "cli/command.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static const char *const COLOURS[] = {"red", "green", NULL};
static const struct flag FLAGS[] = {
    {.name = "config", .value = "FILE", .type = FLAG_FILE, .help = "h"},
    {.name = "set", .value = "KEY=VALUE", .type = FLAG_TEXT, .is_repeatable = true, .help = "h"},
    {.name = "runs", .value = "N", .type = FLAG_INTEGER, .min = 1, .max = 1000, .fallback = "3", .help = "h"},
    {.name = "duration", .value = "TIME", .type = FLAG_DURATION, .fallback = "5m", .help = "h"},
    {.name = "rate", .value = "N", .type = FLAG_RATE, .help = "h"},
    {.name = "failures", .value = "SHARE", .type = FLAG_SHARE, .help = "h"},
    {.name = "memory", .value = "SIZE", .type = FLAG_SIZE, .help = "h"},
    {.name = "colour",
     .value = "NAME",
     .type = FLAG_CHOICE,
     .choices = COLOURS,
     .fallback = "red",
     .help = "h"},
    {.name = "strict", .type = FLAG_SWITCH, .help = "h"},
    {0},
};
static const struct command PLAIN = {
    .group = "g", .name = "n", .flags = FLAGS, .operands = "A B", .operand_max = 2};
static struct args args;
static struct diag diag;

static err parse_as(const struct command *command, const char *line)
{
    static char words[512];
    char *list[64];
    int count = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        list[count++] = strcmp(word, "''") ? word : "";
    args = (struct args){.command = command};
    diag = (struct diag){0};
    return args_parse(&args, count, list, &diag);
}

Test(flags, values_are_read_in_their_units)
{
    cr_assert(eq(int,
                 parse_as(&PLAIN, "--rate 0.5 --failures=10% one --memory 2MB --duration 30s --colour green "
                                  "--set a=1 --strict --set=b=2 -- --two"),
                 OK),
              "%s", diag.text);
    cr_assert(eq(i64, args_integer(&args, "rate"), 500000));
    cr_assert(eq(dbl, args_rate(&args, "rate"), 0.5));
    cr_assert(eq(i64, args_integer(&args, "failures"), 1000));
    cr_assert(eq(i64, args_integer(&args, "memory"), 2 * 1024 * 1024));
    cr_assert(eq(i64, args_integer(&args, "duration"), 30 * NS_PER_S));
    cr_assert(eq(i64, args_integer(&args, "colour"), 1));
    cr_assert(args_switch(&args, "strict") && !args_is_quiet(&args));
    cr_assert(eq(u32, args.operand_count, 2));
    cr_assert(eq(str, (char *)args.operands[1], "--two"));
    uint32_t cursor = 0;
    cr_assert(eq(str, (char *)args_each(&args, "set", &cursor), "a=1"));
    cr_assert(eq(str, (char *)args_each(&args, "set", &cursor), "b=2"));
    cr_assert(args_each(&args, "set", &cursor) == NULL);
    cr_assert(args_has(&args, "set") && !args_has(&args, "nothing"));
}

Test(flags, fallbacks_stand_in_and_are_not_given)
{
    cr_assert(eq(int, parse_as(&PLAIN, ""), OK));
    cr_assert(eq(i64, args_integer(&args, "runs"), 3));
    cr_assert(eq(i64, args_integer(&args, "duration"), 5 * NS_PER_MIN));
    cr_assert(not(args_given(&args, "runs")));
    cr_assert(not(args_switch(&args, "strict")));
    cr_assert(args_text(&args, "config") == NULL);
    cr_assert(eq(str, (char *)args_text(&args, "colour"), "red"));
}

Test(flags, every_mistake_is_one_line)
{
    static const struct {
        const char *line, *text;
        err code;
    } CASES[] = {
        {"--confg x", "unknown option --confg, nearest is --config", ERR_USAGE},
        {"--zzzzzzzz", "unknown option --zzzzzzzz, --help lists them", ERR_USAGE},
        {"-x", "unknown option -x, --help lists them", ERR_USAGE},
        {"--config", "--config wants a value: --config FILE", ERR_USAGE},
        {"--config --strict", "--config wants a value: --config FILE", ERR_USAGE},
        {"--config=", "--config: \"\" is empty, want FILE", ERR_USAGE},
        {"--config ''", "--config: \"\" is empty, want FILE", ERR_USAGE},
        {"--config a --config b", "--config is given twice", ERR_USAGE},
        {"--strict=yes", "--strict takes no value", ERR_USAGE},
        {"--runs 0", "--runs: \"0\" is not a whole number in 1..1000", ERR_RANGE},
        {"--runs three", "--runs: \"three\" is not a whole number in 1..1000", ERR_SYNTAX},
        {"--rate nan",
         "--rate: \"nan\" is not a rate, want a number above 0 up to 1000000, at most 6 decimals",
         ERR_SYNTAX},
        {"--rate inf", NULL, ERR_SYNTAX},
        {"--rate 0", NULL, ERR_RANGE},
        {"--rate -5", NULL, ERR_RANGE},
        {"--rate 1000001", NULL, ERR_RANGE},
        {"--colour gren", "--colour: \"gren\" is none of red, green; nearest is green", ERR_RANGE},
        {"--colour xxxxxxx", "--colour: \"xxxxxxx\" is none of red, green", ERR_RANGE},
        {"--duration -5s", NULL, ERR_SYNTAX},
        {"--failures 101%", NULL, ERR_RANGE},
        {"a b c", "\"c\" is one word too many, want A B", ERR_USAGE},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_assert(eq(int, parse_as(&PLAIN, CASES[i].line), CASES[i].code), "%s gave %s", CASES[i].line,
                  diag.text);
        if (CASES[i].text) cr_assert(eq(str, diag.text, (char *)CASES[i].text));
    }
}

Test(flags, what_is_required_must_be_there_unless_help_is_asked_for)
{
    static const struct flag needed[] = {
        {.name = "to", .value = "FILE", .type = FLAG_FILE, .is_required = true, .help = "h"}, {0}};
    static const struct command command = {
        .group = "g", .name = "n", .flags = needed, .operands = "ID", .operand_min = 1, .operand_max = 1};
    cr_assert(eq(int, parse_as(&command, "x"), ERR_USAGE));
    cr_assert(eq(str, diag.text, "--to FILE is missing"));
    cr_assert(eq(int, parse_as(&command, "--to f"), ERR_USAGE));
    cr_assert(eq(str, diag.text, "want ID"));
    cr_assert(eq(int, parse_as(&command, "-h"), OK));
    cr_assert(eq(int, parse_as(&command, "--help"), OK));
    static const struct command bare = {.group = "g", .name = "n"};
    cr_assert(eq(int, parse_as(&bare, "x"), ERR_USAGE));
    cr_assert(eq(str, diag.text, "\"x\" is one word too many, options only"));
}

Test(flags, too_many_options_are_refused)
{
    static char *words[2 * FLAG_USES_MOST + 2];
    for (size_t i = 0; i < sizeof words / sizeof *words; i += 2) {
        words[i] = "--set";
        words[i + 1] = "a=1";
    }
    args = (struct args){.command = &PLAIN};
    cr_assert(eq(int, args_parse(&args, 2 * FLAG_USES_MOST + 2, words, &diag), ERR_LIMIT));
}
