/* cli/chain_args.c: from flags to a profile. */
#include "cli/chain_args.h"
#include "cli/share.h"

enum { SETS_MOST = 32 };

err chain_args_load(const struct args *args, const char *last, struct chain_profile *out, struct diag *diag)
{
    const char *sets[SETS_MOST + 2];
    char folder[SHARE_PATH_BYTES];
    uint32_t cursor = 0, count = 0;
    TRY(share_folder("chain", args->environment, folder, diag));
    for (const char *set; (set = args_each(args, "set", &cursor)); sets[count++] = set)
        if (count == SETS_MOST) return diag_fail(diag, ERR_USAGE, "--set: at most %d times", SETS_MOST);
    sets[count++] = last;
    sets[count] = NULL;
    return chain_profile_load_with(out, folder, args_text(args, "profile"), sets, diag);
}
