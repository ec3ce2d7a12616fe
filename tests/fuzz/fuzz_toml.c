/* tests/fuzz/fuzz_toml.c: any text as TOML; each leaf is what its type says. */
#include "base/toml.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

static err visit(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    size_t *sum = context;
    (void)diag;
    ASSERT(leaf->path && leaf->file && leaf->line >= 1 && leaf->column >= 1);
    *sum += strlen(leaf->path) + strlen(toml_type_name(leaf->type));
    if (leaf->type == TOML_STRING) *sum += strlen(leaf->text);
    if (leaf->type == TOML_FLOAT) {
        ASSERT(isfinite(leaf->number));
        *sum += strlen(leaf->text);
    }
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct diag diag = {0};
    char *text = fuzz_text(bytes, size_bytes);
    size_t sum = 0;
    fuzz_judge(toml_read_text("fuzz.toml", text, visit, &sum, &diag), &diag);
    free(text);
    return 0;
}
