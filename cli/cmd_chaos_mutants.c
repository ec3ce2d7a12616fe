/* cli/cmd_chaos_mutants.c: the bugs that are planted to test the invariants. */
#include "base/json_write.h"
#include "chaos/mutants.h"
#include "cli/command.h"
#include <string.h>

static const struct flag FLAGS[] = {
    FLAG_OUTPUT_FORMAT,
    {0},
};

static void print_json(FILE *out)
{
    struct json_writer json;
    json_write_begin(&json, out, JSON_LINES);
    json_write_object(&json, NULL);
    json_write_array(&json, "mutants");
    for (int i = 0; i < MUTANT_COUNT; i++) {
        json_write_object(&json, NULL);
        json_write_bool(&json, "is_planted", MUTANT_TABLE[i].is_planted);
        json_write_text(&json, "name", MUTANT_TABLE[i].name);
        json_write_text(&json, "rules", MUTANT_TABLE[i].killers);
        json_write_text(&json, "title", MUTANT_TABLE[i].title);
        json_write_end(&json);
    }
    json_write_end(&json);
    json_write_end(&json);
    json_write_finish(&json);
}

static err run(struct args *args, struct diag *diag)
{
    (void)diag;
    if (strcmp(args_text(args, "output"), "json") == 0) {
        print_json(args->out);
        return OK;
    }
    for (int i = 0; i < MUTANT_COUNT; i++)
        fprintf(args->out, "%-4s %-20s %s%s\n", MUTANT_TABLE[i].name, MUTANT_TABLE[i].killers,
                MUTANT_TABLE[i].title, MUTANT_TABLE[i].is_planted ? "" : " (not exercised yet)");
    return OK;
}

const struct command COMMAND_chaos_mutants = {
    .group = "chaos",
    .name = "mutants",
    .summary = "list the bugs that are planted to test the invariants",
    .flags = FLAGS,
    .description = "Each bug with the rules that must see it. No ordinary program has any of them:\n"
                   "`make mutants` builds one that has, runs the campaign on each until it is\n"
                   "found, and keeps the table in docs/VALIDATION.md.",
    .examples = "agenc chaos mutants\nagenc chaos mutants --output json",
    .run = run,
};
