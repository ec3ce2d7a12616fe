/* cli/config_args.c: the layers of base/config.h, from a command line. */
#include "cli/config_args.h"

void config_notes_print(const struct config_notes *notes, FILE *out)
{
    for (uint32_t i = 0; i < notes->kept_count; i++)
        fprintf(out, "agenc: %s%s\n", notes->kept[i].is_error ? "" : "warning: ", notes->kept[i].text);
    uint32_t all = notes->error_count + notes->warning_count;
    if (all > notes->kept_count) fprintf(out, "agenc: and %u more\n", all - notes->kept_count);
}

static err apply(struct config *config, const struct args *args, struct config_notes *notes,
                 struct diag *diag)
{
    const char *path = args_has(args, "config") ? args_text(args, "config") : NULL;
    if (path) TRY(config_load_file(config, path, notes, diag));
    TRY(config_apply_env(config, args->environment, notes, diag));
    uint32_t cursor = 0;
    for (const char *text; args_has(args, "set") && (text = args_each(args, "set", &cursor));)
        TRY(config_set_text(config, text, notes, diag));
    return config_check(config, notes, diag);
}

err config_from_args_onto(struct config *config, const struct args *args, struct diag *diag)
{
    struct config_notes notes = {0};
    struct config changed = *config;
    TRY(apply(&changed, args, &notes, diag));
    if (!args_is_quiet(args)) config_notes_print(&notes, args->log);
    *config = changed;
    return OK;
}

err config_from_args(struct config *out, const struct args *args, struct diag *diag)
{
    struct config config;
    config_init(&config);
    TRY(config_from_args_onto(&config, args, diag));
    *out = config;
    return OK;
}
