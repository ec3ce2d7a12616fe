/* tests/fuzz/fuzz_schedule.c: any text as a schedule of faults; what is accepted reads back as it was
 * printed. */
#include "base/limits.h"
#include "base/toml.h"
#include "chaos/schedule.h"
#include "tests/fuzz/fuzz.h"

static err visit(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    bool is_mine;
    return schedule_read_leaf(context, leaf, &is_mine, diag);
}

static err read_schedule(const char *text, struct schedule *out, struct diag *diag)
{
    TRY(toml_read_text("fuzz.toml", text, visit, out, diag));
    return schedule_settle(out, "fuzz.toml", diag);
}

static void judge_again(const struct schedule *schedule)
{
    struct schedule again = {0};
    struct diag diag = {0};
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    ASSERT(out);
    schedule_print(schedule, out);
    fclose(out);
    if (size_bytes < LIMIT_TOML_BYTES) { /* a schedule that repeats may be longer than a file */
        err e = read_schedule(text, &again, &diag);
        ASSERT(e == OK);
        ASSERT(schedule_digest(&again) == schedule_digest(schedule));
    }
    schedule_close(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct schedule schedule = {0};
    struct diag diag = {0};
    char *text = fuzz_text(bytes, size_bytes);
    err e = read_schedule(text, &schedule, &diag);
    fuzz_judge(e, &diag);
    if (e == OK) judge_again(&schedule);
    schedule_close(&schedule);
    free(text);
    return 0;
}
