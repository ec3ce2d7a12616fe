/* cli/cmd_report.c: what people write at the end of a shift, a deployment, an incident: begun from live data.
 */
#include "cli/fill.h"
#include "cli/share.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = SHARE_PATH_BYTES + 128, NAMES_BYTES = 300 };

static const struct flag FLAGS[] = {
    {.name = "fill",
     .value = "NAME=VALUE",
     .type = FLAG_TEXT,
     .is_repeatable = true,
     .help = "what a person knows: outgoing=Ada; may be given several times"},
    {.name = "names",
     .type = FLAG_SWITCH,
     .help = "the figures that a template may ask for, and nothing else"},
    FLAG_URL,
    FLAG_PATIENCE,
    {0},
};

static void list_templates(const char *folder, char names[NAMES_BYTES])
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    size_t used = 0;
    names[0] = '\0';
    for (int i = 0; i < count; i++) {
        const char *dot = strrchr(entries[i]->d_name, '.');
        if (dot && strcmp(dot, ".md") == 0 && used < NAMES_BYTES)
            used += (size_t)snprintf(names + used, NAMES_BYTES - used, "%s%.*s", used ? ", " : "",
                                     (int)(dot - entries[i]->d_name), entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

static err run(struct args *args, struct diag *diag)
{
    char folder[SHARE_PATH_BYTES], path[PATH_BYTES], names[NAMES_BYTES];
    if (args_switch(args, "names")) {
        fill_list_names(args->out);
        return OK;
    }
    TRY(share_ops_folder("templates", args->environment, folder, diag));
    list_templates(folder, names);
    const char *name = args->operand_count ? args->operands[0] : "";
    snprintf(path, sizeof path, "%s/%.100s.md", folder, name);
    if (!*name || strchr(name, '/') || access(path, R_OK) != 0)
        return diag_fail(diag, ERR_USAGE, "%s%.60s%sthe templates are %s", *name ? "no template \"" : "",
                         name, *name ? "\": " : "", names);
    return fill_template(args, path, diag);
}

const struct command COMMAND_report = {
    .group = "report",
    .name = "",
    .summary = "begin a handoff, sign-off or incident message from live data",
    .operands = "NAME",
    .operand_max = 1,
    .flags = FLAGS,
    .description =
        "Fills ops/templates/NAME.md: handoff, signoff, incident messages, customer notices, an\n"
        "escalation, a post-mortem. What only a person knows stays as [name], or comes from --fill.",
    .examples = "agenc report handoff --fill outgoing=Ada --fill incoming=Grace\n"
                "agenc report signoff --fill deployer=Ada > signoff.md\n"
                "agenc report incident-initial --fill severity=P2 --fill lead=Ada",
    .run = run,
};
