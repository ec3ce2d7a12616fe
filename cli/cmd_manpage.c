/* cli/cmd_manpage.c: docs/agenc.1, written from the command table (`make docs`). */
#include "cli/commands.h"
#include "cli/help.h"
#include "base/version.h"

/* roff takes a dot or an apostrophe at the start of a line, and any backslash, as its own. */
static void print_text(const char *text, FILE *out)
{
    bool at_line_start = true;
    for (; *text; text++) {
        if (at_line_start && (*text == '.' || *text == '\'')) fputs("\\&", out);
        if (*text == '\\' || *text == '-') putc('\\', out);
        putc(*text == '\\' ? 'e' : *text, out);
        at_line_start = *text == '\n';
    }
}

/* Text that was printed by help, through print_text. */
static void print_flag(const struct flag *flag, FILE *out)
{
    char label[HELP_LABEL_BYTES], text[512] = "";
    FILE *memory = fmemopen(text, sizeof text, "w");
    if (memory) {
        help_flag_text(flag, memory);
        fclose(memory);
    }
    help_flag_label(flag, label);
    fputs(".TP\n.B ", out);
    print_text(label, out);
    putc('\n', out);
    print_text(memory ? text : flag->help, out);
    putc('\n', out);
}

/* Lines that stay as they are. */
static void print_block(const char *title, const char *lines, FILE *out)
{
    fprintf(out, ".PP\n%s:\n.PP\n.nf\n", title);
    print_text(lines, out);
    fputs("\n.fi\n", out);
}

static void print_command(const struct command *command, FILE *out)
{
    fprintf(out, ".SS agenc %s%s%s\n", command->group, *command->name ? " " : "", command->name);
    print_text(command->summary, out);
    fputs(".\n.PP\n", out);
    print_text(command->description, out);
    putc('\n', out);
    for (const struct flag *flag = command->flags; flag && flag->name; flag++) print_flag(flag, out);
    if (command->formats) print_block("Files", command->formats, out);
    print_block("Examples", command->examples, out);
}

static err run(struct args *args, struct diag *diag)
{
    FILE *out = args->out;
    (void)diag;
    fprintf(out,
            ".TH AGENC 1 \"\" \"agenc %s\" \"User commands\"\n"
            ".SH NAME\nagenc \\- benchmark, simulate and break speculative execution on Solana\n"
            ".SH SYNOPSIS\n.B agenc\n.I COMMAND\n[\\fIoptions\\fR]\n.SH COMMANDS\n",
            version_number());
    for (uint32_t i = 0; i < command_count(); i++)
        if (!command_at(i)->is_hidden) print_command(command_at(i), out);
    fputs(".SH EXIT STATUS\n", out);
#define X(name, code, text) fprintf(out, ".TP\n.B %d\n%s\n", code, text);
    EXIT_TABLE(X)
#undef X
    fputs(".SH ENVIRONMENT\n.TP\n.B AGENC_SPECULATION_*\nset configuration keys: capitals, dots as "
          "underscores\n"
          ".TP\n.B AGENC_ENV\nthe environment: prod, staging, dev\n"
          ".TP\n.B AGENC_SCENARIOS\nthe folder scenarios/ with the profiles of chains and provers\n.TP\n.B "
          "NO_COLOR\nno colours\n",
          out);
    return OK;
}

const struct command COMMAND_manpage = {
    .group = "manpage",
    .name = "",
    .summary = "print the manual page",
    .description = "The page in roff, as in docs/agenc.1.",
    .examples = "agenc manpage | man -l -",
    .is_hidden = true,
    .run = run,
};
