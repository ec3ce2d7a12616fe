/* tests/validate/round_trip.c: the three commands that a user would type, by the real binary. */
#include "tests/validate/round_trip.h"
#include "base/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 64, COMMAND_BYTES = 512, SHARES = 3 };
static const char *const QUANTITIES[] = {"slot",
                                         "slot start to processed",
                                         "processed to confirmed",
                                         "slot start to finalized",
                                         "sent to confirmed",
                                         "sent to finalized"};
static const char *const KEYS[SHARES] = {"p50", "p90", "p99"};
enum { QUANTITY_COUNT = sizeof QUANTITIES / sizeof *QUANTITIES };

struct places {
    char folder[PATH_BYTES], samples[PATH_BYTES], profile[PATH_BYTES], before[PATH_BYTES], after[PATH_BYTES];
};

static void fail(const char *what)
{
    fprintf(stderr, "validate-calibration: the round trip: %s\n", what);
    exit(3);
}

static void shell(const char *command)
{
    if (system(command) != 0) fail(command);
}

static void place(struct places *places)
{
    snprintf(places->folder, PATH_BYTES, "%s", "/tmp/round-trip-XXXXXX");
    if (!mkdtemp(places->folder)) fail("no temporary folder");
    snprintf(places->samples, PATH_BYTES, "%.40s/samples.csv", places->folder);
    snprintf(places->profile, PATH_BYTES, "%.40s/profile.toml", places->folder);
    snprintf(places->before, PATH_BYTES, "%.40s/before.json", places->folder);
    snprintf(places->after, PATH_BYTES, "%.40s/after.json", places->folder);
}

static void clear(const struct places *places)
{
    const char *const files[] = {places->samples, places->profile, places->before, places->after};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(files[i]);
    rmdir(places->folder);
}

static void run(const struct places *places, const char *profile)
{
    char command[COMMAND_BYTES];
    const char *describe =
        "build/release/agenc chain describe --slots 20000 --transactions 4000 --output json";
    snprintf(command, sizeof command, "%s --profile %.64s --samples %s > %s", describe, profile,
             places->samples, places->before);
    shell(command);
    snprintf(
        command, sizeof command,
        "build/release/agenc calibrate chain --bootstrap 0 --from %s --base %.64s --output %s > /dev/null",
        places->samples, profile, places->profile);
    shell(command);
    snprintf(command, sizeof command, "%s --profile %s > %s", describe, places->profile, places->after);
    shell(command);
}

static void read_quantiles(const char *path, double out[QUANTITY_COUNT][SHARES])
{
    struct json *json;
    struct diag diag = {0};
    struct json_node root, all, one;
    if (json_read_file(&json, path, &diag) != OK) fail(diag.text);
    root = json_root(json);
    if (json_get_object(&root, "latency_ms", &all, &diag) != OK) fail(diag.text);
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        if (json_get_object(&all, QUANTITIES[i], &one, &diag) != OK) fail(diag.text);
        for (int j = 0; j < SHARES; j++)
            if (json_get_number(&one, KEYS[j], &out[i][j], &diag) != OK) fail(diag.text);
    }
    json_free(json);
}

void round_trip_print(const char *profile)
{
    struct places places;
    double before[QUANTITY_COUNT][SHARES], after[QUANTITY_COUNT][SHARES];
    place(&places);
    run(&places, profile);
    read_quantiles(places.before, before);
    read_quantiles(places.after, after);
    clear(&places);
    printf("\n| %s: before, after (difference) | p50 | p90 | p99 | verdict |\n|---|--:|--:|--:|---|\n",
           profile);
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        printf("| %s, ms |", QUANTITIES[i]);
        for (int j = 0; j < SHARES; j++)
            printf(" %.0f, %.0f (%+.1f %%) |", before[i][j], after[i][j],
                   100 * (after[i][j] / before[i][j] - 1));
        puts(" shown |");
    }
}
