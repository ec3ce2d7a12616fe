/* cli/share.h: where the shipped data lies.
 *
 * scenarios/ is looked for in this order: $AGENC_SCENARIOS, beside the folder
 * of the build that this program stands in, ../share/agenc/scenarios of an
 * installed one, the working folder. */
#pragma once
#include "base/err.h"

enum { SHARE_PATH_BYTES = 1024 };

/* Writes the folder, without a slash at its end. ERR_IO when there is none. */
MUST_USE err share_folder(const char *name, char *const *environment, char out[SHARE_PATH_BYTES],
                          struct diag *diag);
/* The same of ops/, which $AGENC_OPS can name. */
MUST_USE err share_ops_folder(const char *name, char *const *environment, char out[SHARE_PATH_BYTES],
                              struct diag *diag);
