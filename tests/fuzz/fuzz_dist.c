/* tests/fuzz/fuzz_dist.c: any text as a distribution, a duration, a size, a share; any bytes as measured
 * times. */
#include "base/dist.h"
#include "base/duration.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

static void parse_dist(const char *text)
{
    struct diag diag = {0};
    struct dist dist;
    err e = dist_parse(&dist, text, &diag);
    fuzz_judge(e, &diag);
    if (e != OK) return;
    const struct rng rng = rng_keyed(1, 0);
    for (uint64_t i = 0; i < 8; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        ASSERT(dist_sample_ns(&dist, &draw) >= 0);
    }
    ASSERT(!isnan(dist_mean_ns(&dist)));
    dist_close(&dist);
}

/* What is printed reads back as the same value. */
static void parse_values(const char *text)
{
    char printed[DURATION_TEXT_BYTES];
    int64_t value, again;
    if (duration_parse(text, &value, NULL) == OK) {
        duration_print(printed, value);
        ASSERT(value >= 0);
    }
    if (size_parse(text, &value, NULL) == OK) {
        size_print(printed, value);
        ASSERT(value >= 0);
    }
    if (percent_parse(text, &value, NULL) == OK) {
        percent_print(printed, value);
        err e = percent_parse(printed, &again, NULL);
        ASSERT(e == OK && again == value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    char *text = fuzz_text(bytes, size_bytes), measured[128];
    struct fuzz_file file = fuzz_file_open(bytes, size_bytes);
    if (strncmp(text, "empirical:", strlen("empirical:")) != 0) parse_dist(text);
    snprintf(measured, sizeof measured, "empirical:%s", file.path);
    parse_dist(measured);
    parse_values(text);
    fuzz_file_close(&file);
    free(text);
    return 0;
}
