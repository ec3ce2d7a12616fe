/* cli/calibrate.h: what the commands of calibrate share: where data come from, where profiles go. */
#pragma once
#include "base/csv.h"
#include "base/file.h"
#include "base/sha256.h"
#include "cli/command.h"
#include "reports/calibration.h"

enum { CALIBRATE_TABLES = 8, CALIBRATE_SOURCE_BYTES = 256 };

struct calibrate_source {
    struct csv_table table;
    char name[CALIBRATE_SOURCE_BYTES]; /* without folders; of a server: what was asked */
    char digest[SHA256_HEX_BYTES];
};

struct calibrate_input {
    struct calibrate_source sources[CALIBRATE_TABLES];
    uint32_t count;
};

/* Every --from, or the answer of --prometheus. */
MUST_USE err calibrate_read(struct calibrate_input *out, const struct args *args,
                            const struct csv_forms *forms, struct diag *diag);
void calibrate_close(struct calibrate_input *input); /* fine on a zeroed one */

struct calibrate_result {
    struct calibration calibration;
    char base_path[1024];       /* "": none */
    const char *base, *dropped; /* its text (NULL: none), and sections to leave out */
    char base_text[64];         /* "mainnet" */
    /* Whether commands would take this text from the file `path`; NULL: always. */
    err (*check)(const char *path, const char *text, struct diag *diag);
};
/* Prints, writes --output and draws --plot. */
MUST_USE err calibrate_finish(const struct args *args, const struct calibrate_input *input,
                              struct calibrate_result *result, struct diag *diag);
/* --output ends in .toml, --bootstrap and --seed into the calibration. */
MUST_USE err calibrate_begin(const struct args *args, struct calibration *out, struct diag *diag);

/* The rows of every command; `base` and others of its own follow. */
#define CALIBRATE_FLAGS                                                                                      \
    {.name = "from",                                                                                         \
     .value = "FILE",                                                                                        \
     .type = FLAG_FILE,                                                                                      \
     .is_repeatable = true,                                                                                  \
     .help = "measurements as CSV"},                                                                         \
        {.name = "prometheus",                                                                               \
         .value = "URL",                                                                                     \
         .type = FLAG_TEXT,                                                                                  \
         .help = "measurements from a Prometheus server instead: http://host:9090"},                         \
        {.name = "query", .value = "PROMQL", .type = FLAG_TEXT, .help = "what to ask it"},                   \
        {.name = "column",                                                                                   \
         .value = "NAME",                                                                                    \
         .type = FLAG_TEXT,                                                                                  \
         .help = "the column that its values stand for; each point of each series is a row"},                \
        {.name = "start", .value = "TIME", .type = FLAG_TEXT, .help = "of the range: RFC 3339 or Unix"},     \
        {.name = "end", .value = "TIME", .type = FLAG_TEXT, .help = "of the range"},                         \
        {.name = "step", .value = "TIME", .type = FLAG_TEXT, .fallback = "15s", .help = "between points"},   \
        {.name = "output",                                                                                   \
         .value = "FILE.toml",                                                                               \
         .type = FLAG_FILE,                                                                                  \
         .help = "write the profile; without it, only what was found is printed"},                           \
        {.name = "plot",                                                                                     \
         .value = "FILE.svg",                                                                                \
         .type = FLAG_FILE,                                                                                  \
         .help = "draw the first quantity's quantiles over the fitted ones (gnuplot)"},                      \
        {.name = "bootstrap",                                                                                \
         .value = "N",                                                                                       \
         .type = FLAG_INTEGER,                                                                               \
         .min = 0,                                                                                           \
         .max = 10000,                                                                                       \
         .fallback = "199",                                                                                  \
         .help = "resamples for p-values; 0 for none"},                                                      \
        {.name = "seed", .value = "N", .type = FLAG_UNSIGNED, .fallback = "1", .help = "of the resamples"},  \
    {                                                                                                        \
        .name = "date", .value = "TEXT", .type = FLAG_TEXT,                                                  \
        .help = "written into the profile; none by default, so that it stays the same"                       \
    }
