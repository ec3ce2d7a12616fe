/* cli/cmd_completion_bash.c: a completion script for bash, written from the command table. */
#include "cli/commands.h"
#include <string.h>

static void print_groups(FILE *out)
{
    for (uint32_t i = 0; i < command_count(); i++)
        if (command_group_opens(i)) fprintf(out, "%s ", command_at(i)->group);
    fputs("--help --version", out);
}

static void print_names(const char *group, FILE *out)
{
    for (uint32_t i = 0; i < command_count(); i++) {
        const struct command *command = command_at(i);
        if (!command->is_hidden && strcmp(command->group, group) == 0) fprintf(out, "%s ", command->name);
    }
}

/* What may follow --name: nothing known for numbers and durations. */
static void print_value_case(const struct flag *flag, FILE *out)
{
    if (flag->type == FLAG_FILE || flag->type == FLAG_FOLDER) {
        fprintf(out, "            --%s) COMPREPLY=($(compgen -%c -- \"$word\")); return ;;\n", flag->name,
                flag->type == FLAG_FILE ? 'f' : 'd');
    } else if (flag->type == FLAG_CHOICE) {
        fprintf(out, "            --%s) COMPREPLY=($(compgen -W \"", flag->name);
        for (size_t i = 0; flag->choices[i]; i++) fprintf(out, "%s%s", i ? " " : "", flag->choices[i]);
        fputs("\" -- \"$word\")); return ;;\n", out);
    } else if (flag->type != FLAG_SWITCH) {
        fprintf(out, "            --%s) return ;;\n", flag->name);
    }
}

static void print_command_case(const struct command *command, FILE *out)
{
    fprintf(out, "    \"%s%s%s\"*)\n        case \"$before\" in\n", command->group, *command->name ? " " : "",
            command->name);
    for (const struct flag *flag = command->flags; flag && flag->name; flag++) print_value_case(flag, out);
    fputs("        esac\n        options=\"", out);
    for (const struct flag *flag = command->flags; flag && flag->name; flag++)
        fprintf(out, "--%s ", flag->name);
    fputs("--quiet --help\" ;;\n", out);
}

static void print_group_case(const char *group, FILE *out)
{
    fprintf(out, "    \"%s\"*) options=\"", group);
    print_names(group, out);
    fputs("--help\" ;;\n", out);
}

static err run(struct args *args, struct diag *diag)
{
    FILE *out = args->out;
    (void)diag;
    fputs("# Completion for agenc in bash: source <(agenc completion bash)\n"
          "_agenc()\n{\n"
          "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" options=\"\"\n"
          "    local typed=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
          "    COMPREPLY=()\n"
          "    case \"$typed\" in\n",
          out);
    for (uint32_t i = 0; i < command_count(); i++)
        if (!command_at(i)->is_hidden) print_command_case(command_at(i), out);
    for (uint32_t i = 0; i < command_count(); i++)
        if (command_group_opens(i) && *command_at(i)->name) print_group_case(command_at(i)->group, out);
    fputs("    \"\") options=\"", out);
    print_groups(out);
    fputs("\" ;;\n"
          "    esac\n"
          "    if [[ -n $options && ( $word == -* || -z $word || $options != --* ) ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
          "    else\n"
          "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
          "    fi\n"
          "}\n"
          "complete -o filenames -F _agenc agenc\n",
          out);
    return OK;
}

const struct command COMMAND_completion_bash = {
    .group = "completion",
    .name = "bash",
    .summary = "print a completion script for bash",
    .description = "Completes commands, options, the words an option takes, and files.\n"
                   "Put the line of the example into ~/.bashrc.",
    .examples = "source <(agenc completion bash)",
    .run = run,
};
