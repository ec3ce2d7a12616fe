/* cli/share.c: tries the places in order. */
#include "cli/share.h"
#include "cli/environment.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool try_place(const char *root, const char *below, const char *name, char out[SHARE_PATH_BYTES])
{
    int used = snprintf(out, SHARE_PATH_BYTES, "%s%s/%s", root, below, name);
    if (used <= 0 || used >= SHARE_PATH_BYTES || !is_folder(out)) return false;
    /* As people write it: the path stands in messages. */
    char *real = strchr(out, '/') == out ? realpath(out, NULL) : NULL;
    if (real && strlen(real) < SHARE_PATH_BYTES) memcpy(out, real, strlen(real) + 1);
    free(real);
    return true;
}

/* The folder of the running program; false when the system does not say. */
static bool program_folder(char out[SHARE_PATH_BYTES])
{
    ssize_t size = readlink("/proc/self/exe", out, SHARE_PATH_BYTES - 1);
    if (size <= 0) return false;
    out[size] = '\0';
    char *slash = strrchr(out, '/');
    if (!slash) return false;
    *slash = '\0';
    return true;
}

/* `variable` names the root itself, wherever it is. */
static bool find(const char *variable, const char *root, const char *name, char *const *environment,
                 char out[SHARE_PATH_BYTES])
{
    char program[SHARE_PATH_BYTES], below[64];
    const char *chosen = environment_get(environment, variable);
    if (chosen) return try_place(chosen, "", name, out);
    if (program_folder(program)) {
        snprintf(below, sizeof below, "/../../%s", root);
        if (try_place(program, below, name, out)) return true;
        snprintf(below, sizeof below, "/../share/agenc/%s", root);
        if (try_place(program, below, name, out)) return true;
    }
    return try_place(root, "", name, out);
}

err share_folder(const char *name, char *const *environment, char out[SHARE_PATH_BYTES], struct diag *diag)
{
    if (find("AGENC_SCENARIOS", "scenarios", name, environment, out)) return OK;
    const char *chosen = environment_get(environment, "AGENC_SCENARIOS");
    return diag_fail(diag, ERR_IO, "%s%sno folder scenarios/%s; AGENC_SCENARIOS can name where scenarios/ is",
                     chosen ? chosen : "", chosen ? ": " : "", name);
}

err share_ops_folder(const char *name, char *const *environment, char out[SHARE_PATH_BYTES],
                     struct diag *diag)
{
    if (find("AGENC_OPS", "ops", name, environment, out)) return OK;
    return diag_fail(diag, ERR_IO, "no folder ops/%s; AGENC_OPS can name where ops/ is", name);
}
