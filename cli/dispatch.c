/* cli/dispatch.c: finds the row, parses its flags, runs it, reports. */
#include "cli/dispatch.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "base/version.h"
#include <stdlib.h>
#include <string.h>

static int report(const struct dispatch *dispatch, const struct command *command, err e,
                  const struct diag *diag)
{
    const char *text = diag->text[0] ? diag->text : err_text(e);
    if (command)
        fprintf(dispatch->log, "agenc: %s%s%s: %s\n", command->group, *command->name ? " " : "",
                command->name, text);
    else
        fprintf(dispatch->log, "agenc: %s\n", text);
    return err_exit_status(e);
}

static int run_command(const struct dispatch *dispatch, const struct command *command, int words_used,
                       struct args *args)
{
    struct diag diag = {0};
    *args = (struct args){
        .command = command, .environment = dispatch->environment, .out = dispatch->out, .log = dispatch->log};
    err e = args_parse(args, dispatch->word_count - words_used, dispatch->words + words_used, &diag);
    if (e != OK) return report(dispatch, command, e, &diag);
    if (args_switch(args, "help")) {
        help_command(command, dispatch->out);
        return STATUS_GOOD;
    }
    e = command->run(args, &diag);
    return e == OK ? args->exit_status : report(dispatch, command, e, &diag);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* --help and --version before a command, and help about a group. False: there is a command to run. */
static bool answer(const struct dispatch *dispatch)
{
    const char *first = dispatch->words[0];
    if (is_help(first)) {
        help_overview(dispatch->out);
    } else if (strcmp(first, "--version") == 0) {
        fprintf(dispatch->out, "agenc %s (%s)\n", version_number(), version_commit());
    } else if (dispatch->word_count == 2 && is_help(dispatch->words[1]) && *command_group_summary(first)) {
        help_group(first, "", dispatch->out);
    } else if (dispatch->word_count == 3 && is_help(dispatch->words[2]) &&
               command_begins_names(first, dispatch->words[1])) {
        help_group(first, dispatch->words[1], dispatch->out);
    } else {
        return false;
    }
    return true;
}

int dispatch_run(const struct dispatch *dispatch)
{
    struct diag diag = {0};
    int words_used = 0;
    if (dispatch->word_count == 0) {
        help_overview(dispatch->log);
        return STATUS_USAGE;
    }
    if (answer(dispatch)) return STATUS_GOOD;
    const struct command *command = command_find(dispatch->word_count, dispatch->words, &words_used, &diag);
    if (!command) return report(dispatch, NULL, ERR_USAGE, &diag);
    struct args *args = calloc(1, sizeof *args);
    if (!args) return report(dispatch, command, ERR_NOMEM, &diag);
    int status = run_command(dispatch, command, words_used, args);
    free(args);
    return status;
}
