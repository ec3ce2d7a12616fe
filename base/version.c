/* base/version.c: rebuilt when HEAD moves. */
#include "base/version.h"

#ifndef AGENC_COMMIT
#define AGENC_COMMIT "unknown"
#endif

const char *version_number(void)
{
    return "2.4.0";
}

const char *version_commit(void)
{
    return AGENC_COMMIT;
}
