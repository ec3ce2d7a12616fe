/* tests/unit/test_commands.c: every row of the command table is complete, and words find their row. */
#include "cli/commands.h"
#include "cli/help.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

Test(commands, rows_are_complete)
{
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        cr_assert(command->run && command->description && command->examples, "%s %s", command->group,
                  command->name);
        cr_assert(strlen(command->summary) > 0 && command->summary[strlen(command->summary) - 1] != '.');
        cr_assert(command->is_hidden || !*command->name || *command_group_summary(command->group),
                  "%s has no row in GROUPS", command->group);
        cr_assert(command->operand_max <= OPERANDS_MOST && command->operand_min <= command->operand_max);
        cr_assert(eq(int, command->operand_max == 0, command->operands == NULL));
        for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
            char label[HELP_LABEL_BYTES];
            help_flag_label(flag, label);
            cr_assert(flag->help && *flag->help && flag->help[strlen(flag->help) - 1] != '.', "--%s",
                      flag->name);
            cr_assert(eq(int, flag->type == FLAG_SWITCH, flag->value == NULL), "--%s", flag->name);
            cr_assert(eq(int, flag->type == FLAG_CHOICE, flag->choices != NULL), "--%s", flag->name);
            cr_assert(flag->type != FLAG_INTEGER || flag->min < flag->max, "--%s", flag->name);
            cr_assert(strlen(label) <= 30, "%s does not fit its column", label);
            for (const struct flag *other = command->flags; other < flag; other++)
                cr_assert(strcmp(other->name, flag->name) != 0, "--%s twice", flag->name);
        }
        /* Fallbacks are read at every start; a wrong one aborts. */
        struct args *args = calloc(1, sizeof *args);
        args->command = command;
        cr_assert(eq(int, args_parse(args, 1, (char *[]){"--help"}, NULL), OK));
        free(args);
    }
}

static const struct command *find(const char *line, int *used, struct diag *diag)
{
    static char words[256];
    char *list[8];
    int count = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) list[count++] = word;
    *diag = (struct diag){0};
    return command_find(count, list, used, diag);
}

Test(commands, words_find_their_row)
{
    int used;
    struct diag diag;
    cr_assert(find("config show --section x", &used, &diag) == &COMMAND_config_show);
    cr_assert(eq(int, used, 2));
    cr_assert(find("manpage", &used, &diag) == &COMMAND_manpage);
    cr_assert(eq(int, used, 1));
    cr_assert(command_group_exists("config") && !command_group_exists("confi"));
    cr_assert(find("benchmark history list --db x", &used, &diag) == &COMMAND_benchmark_history_list);
    cr_assert(eq(int, used, 3));
    cr_assert(find("benchmark history", &used, &diag) == NULL);
    cr_assert(
        eq(str, diag.text, "benchmark history: which command? `agenc benchmark history --help` lists them"));
}

Test(commands, wrong_words_name_the_nearest)
{
    static const struct {
        const char *line, *text;
    } CASES[] = {
        {"confg show", "no command \"confg\", nearest is config"},
        {"blah", "no command \"blah\", `agenc --help` lists them"},
        {"config", "config: which command? `agenc config --help` lists them"},
        {"config --strict", "config: which command? `agenc config --help` lists them"},
        {"config shwo", "config: no command \"shwo\", nearest is show"},
        {"config blahblah", "config: no command \"blahblah\", `agenc config --help` lists them"},
    };
    int used;
    struct diag diag;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_assert(find(CASES[i].line, &used, &diag) == NULL);
        cr_assert(eq(str, diag.text, (char *)CASES[i].text));
    }
}
