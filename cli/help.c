/* cli/help.c: the same rows, laid out for reading. */
#include "cli/help.h"
#include "cli/commands.h"
#include "base/version.h"
#include <inttypes.h>
#include <string.h>

enum { LABEL_COLUMNS = 30 };

const char *help_exit_text(int status)
{
    switch (status) {
#define X(name, code, text)                                                                                  \
    case code: return text;
        EXIT_TABLE(X)
#undef X
    default: return "";
    }
}

void help_flag_label(const struct flag *flag, char out[HELP_LABEL_BYTES])
{
    if (flag->bare)
        snprintf(out, HELP_LABEL_BYTES, "--%s[=%s]", flag->name, flag->value);
    else
        snprintf(out, HELP_LABEL_BYTES, "--%s%s%s", flag->name, flag->value ? " " : "",
                 flag->value ? flag->value : "");
}

void help_flag_text(const struct flag *flag, FILE *out)
{
    fputs(flag->help, out);
    if (flag->type == FLAG_INTEGER) fprintf(out, " (%" PRId64 "..%" PRId64 ")", flag->min, flag->max);
    if (flag->type == FLAG_UNSIGNED) fprintf(out, " (0..%" PRIu64 ")", UINT64_MAX);
    if (flag->fallback) fprintf(out, " [%s]", flag->fallback);
    if (flag->is_required) fputs(" (required)", out);
    if (flag->is_repeatable) fputs(" (may be repeated)", out);
}

void help_usage(const struct command *command, FILE *out)
{
    char label[HELP_LABEL_BYTES];
    fprintf(out, "agenc %s%s%s", command->group, *command->name ? " " : "", command->name);
    if (command->operands) fprintf(out, " %s", command->operands);
    for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
        if (!flag->is_required) continue;
        help_flag_label(flag, label);
        fprintf(out, " %s", label);
    }
    fputs(" [options]", out);
}

static void print_row(const char *label, const char *text, FILE *out)
{
    fprintf(out, "  %-*s %s\n", LABEL_COLUMNS, label, text);
}

void help_overview(FILE *out)
{
    fprintf(out,
            "agenc %s: benchmark, simulate and break speculative execution on Solana\n\n"
            "Usage: agenc COMMAND [options]\n\n"
            "Commands:\n",
            version_number());
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        if (!command_group_opens(i)) continue;
        print_row(command->group, *command->name ? command_group_summary(command->group) : command->summary,
                  out);
    }
    fputs("\nEverywhere:\n", out);
    print_row("--help", "what a command or a group of them does: agenc config --help", out);
    print_row("--version", "version and commit", out);
    print_row("--quiet", "no progress and no warnings", out);
    fputs("\nDurations are written 500ms 30s 5m 2h 1d, sizes 512MB 8GB, shares 0.1 or 10%.\n"
          "Results go to stdout, progress and errors to stderr. NO_COLOR is honoured.\n"
          "Configuration keys: docs/CONFIG.md. Environment: AGENC_SPECULATION_* set keys, AGENC_ENV\n"
          "names the environment (prod, staging, dev), AGENC_SCENARIOS the folder of the profiles.\n",
          out);
}

static bool is_listed(const struct command *command, const char *group, const char *word)
{
    size_t size = strlen(word);
    return !command->is_hidden && strcmp(command->group, group) == 0 &&
           (size == 0 || (strncmp(command->name, word, size) == 0 && command->name[size] == ' '));
}

void help_group(const char *group, const char *word, FILE *out)
{
    char name[HELP_LABEL_BYTES];
    const char *space = *word ? " " : "";
    fprintf(out, "agenc %s%s%s: %s\n\nCommands:\n", group, space, word, command_group_summary(group));
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        if (!is_listed(command, group, word)) continue;
        snprintf(name, sizeof name, "%s %s", group, command->name);
        print_row(name, command->summary, out);
    }
    fputs("\nExamples:\n", out);
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        if (!is_listed(command, group, word)) continue;
        fprintf(out, "  %.*s\n", (int)strcspn(command->examples, "\n"), command->examples);
    }
    fprintf(out, "\n`agenc %s%s%s NAME --help` tells all of one.\n", group, space, word);
}

static void print_flags(const struct command *command, FILE *out)
{
    char label[HELP_LABEL_BYTES];
    fputs("\nOptions:\n", out);
    for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
        help_flag_label(flag, label);
        fprintf(out, "  %-*s ", LABEL_COLUMNS, label);
        help_flag_text(flag, out);
        putc('\n', out);
    }
    print_row("--quiet", "no progress and no warnings", out);
    print_row("--help", "this text", out);
}

static void print_lines(const char *text, FILE *out)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        fprintf(out, "  %.*s\n", (int)size, text);
        text += size + (text[size] == '\n');
    }
}

void help_command(const struct command *command, FILE *out)
{
    fprintf(out, "agenc %s%s%s: %s\n\nUsage: ", command->group, *command->name ? " " : "", command->name,
            command->summary);
    help_usage(command, out);
    fprintf(out, "\n\n%s\n", command->description);
    print_flags(command, out);
    if (command->formats) {
        fputs("\nFiles:\n", out);
        print_lines(command->formats, out);
    }
    fputs("\nExit status:\n", out);
    for (int status = STATUS_GOOD; status <= STATUS_IO; status++)
        fprintf(out, "  %-4d %s\n", status, help_exit_text(status));
    for (size_t i = 0; i < COMMAND_EXITS_MOST && command->exits[i]; i++)
        fprintf(out, "  %-4d %s\n", command->exits[i], help_exit_text(command->exits[i]));
    fputs("\nExamples:\n", out);
    print_lines(command->examples, out);
}
