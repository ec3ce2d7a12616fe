/* cli/folder.h: the folder that a command writes its files into.
 *
 * Errors: ERR_IO with the option, the folder and the reason; a path too long. Nothing is allocated. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { FOLDER_PATH_BYTES = 4096 };

/* Made unless it is there; *is_ours: this call has made it. Its parent must exist. */
MUST_USE err folder_open(const char *folder, const char *option, bool *is_ours, struct diag *diag);
MUST_USE err folder_path(const char *folder, const char *name, char out[FOLDER_PATH_BYTES],
                         struct diag *diag);
/* How many of `names` (ends with NULL) were there and are gone. */
uint32_t folder_clear(const char *folder, const char *const *names);
/* Every *.png in it, and itself when that was all: what document_write makes beside a page. */
void folder_clear_images(const char *folder);
