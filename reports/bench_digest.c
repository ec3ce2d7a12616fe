/* reports/bench_digest.c: are two results of the same load, and of the same settings? */
#include "reports/bench.h"
#include <inttypes.h>
#include <string.h>

/* Names and values in the order of the file, which is that of names. */
static void add_section(struct sha256 *hash, const struct bench_section *section)
{
    char number[64];
    for (uint32_t i = 0; i < section->count; i++) {
        const struct bench_pair *pair = &section->pairs[i];
        const char *text = number;
        switch (pair->kind) {
        case BENCH_TEXT: text = pair->text; break;
        case BENCH_NUMBER: snprintf(number, sizeof number, "%.17g", pair->number); break;
        case BENCH_INTEGER:
        case BENCH_BOOLEAN: snprintf(number, sizeof number, "%" PRId64, pair->integer); break;
        }
        sha256_add(hash, pair->name, strlen(pair->name) + 1);
        sha256_add(hash, text, strlen(text) + 1);
    }
}

static void end(struct sha256 *hash, char out[SHA256_HEX_BYTES])
{
    unsigned char digest[SHA256_BYTES];
    sha256_end(hash, digest);
    sha256_hex(digest, out);
}

void bench_load_digest(const struct bench_result *result, char out[SHA256_HEX_BYTES])
{
    char times[128];
    struct sha256 hash;
    snprintf(times, sizeof times, "%" PRId64 " %" PRId64 " %" PRIu32, result->duration_ns, result->warmup_ns,
             result->agents);
    sha256_begin(&hash);
    sha256_add(&hash, times, strlen(times) + 1);
    add_section(&hash, &result->workload);
    end(&hash, out);
}

void bench_settings_digest(const struct bench_result *result, char out[SHA256_HEX_BYTES])
{
    const struct bench_section *sections[] = {&result->config, &result->chain, &result->prover};
    struct sha256 hash;
    sha256_begin(&hash);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        add_section(&hash, sections[i]);
        sha256_add(&hash, "", 1);
    }
    end(&hash, out);
}
