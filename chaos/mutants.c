/* chaos/mutants.c: see the header. */
#include "chaos/mutants.h"
#include "engine/mutant.h"
#include <stdlib.h>
#include <string.h>

#define PLANTED_YES                                 true
#define PLANTED_NO                                  false
#define ROW_(number, name, title, killers, planted) {number, name, title, killers, PLANTED_##planted},
const struct mutant MUTANT_TABLE[MUTANT_COUNT] = {MUTANTS(ROW_)};

#ifdef AGENC_MUTANTS
int agenc_mutant;

err mutants_begin(const char *text, struct diag *diag)
{
    if (!text || !*text) return OK;
    for (int i = 0; i < MUTANT_COUNT; i++) {
        if (strcmp(MUTANT_TABLE[i].name, text) != 0) continue;
        agenc_mutant = MUTANT_TABLE[i].number;
        return OK;
    }
    return diag_fail(diag, ERR_USAGE, "AGENC_MUTANT is %s; it must be one of M01 to M25, H1 to H6", text);
}
#else
err mutants_begin(const char *text, struct diag *diag)
{
    if (!text || !*text) return OK;
    return diag_fail(diag, ERR_USAGE,
                     "AGENC_MUTANT is set, but this program has no bugs planted: make "
                     "VARIANT=mutants builds one that has");
}
#endif
