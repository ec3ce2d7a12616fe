/* cli/folder.c: made, named into, cleared of what an earlier command left. */
#include "cli/folder.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

err folder_open(const char *folder, const char *option, bool *is_ours, struct diag *diag)
{
    bool is_made = mkdir(folder, 0777) == 0;
    if (!is_made && errno != EEXIST)
        return diag_fail(diag, ERR_IO, "%s %.256s: %s", option, folder, strerror(errno));
    *is_ours = is_made;
    return OK;
}

err folder_path(const char *folder, const char *name, char out[FOLDER_PATH_BYTES], struct diag *diag)
{
    char path[FOLDER_PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return diag_fail(diag, ERR_IO, "%.64s...: the path is too long", folder);
    memcpy(out, path, sizeof path);
    return OK;
}

uint32_t folder_clear(const char *folder, const char *const *names)
{
    uint32_t cleared = 0;
    for (; *names; names++) {
        char path[FOLDER_PATH_BYTES];
        if (folder_path(folder, *names, path, NULL) == OK) cleared += unlink(path) == 0;
    }
    return cleared;
}

void folder_clear_images(const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (const struct dirent *entry; (entry = readdir(entries));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".png") == 0) folder_clear(folder, (const char *const[]){entry->d_name, NULL});
    }
    closedir(entries);
    rmdir(folder);
}
