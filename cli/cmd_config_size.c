/* cli/cmd_config_size.c: the sizing formulas with this load's numbers in them. */
#include "base/decimal.h"
#include "base/duration.h"
#include "base/escape.h"
#include "base/sizing.h"
#include "base/units.h"
#include "cli/command.h"
#include <inttypes.h>
#include <string.h>

static const struct flag FLAGS[] = {
    {.name = "rate", .value = "N", .type = FLAG_RATE, .is_required = true, .help = "peak tasks a second"},
    {.name = "proof-time",
     .value = "TIME",
     .type = FLAG_DURATION,
     .is_required = true,
     .help = "mean time of one proof"},
    {.name = "confirmation-timeout",
     .value = "TIME",
     .type = FLAG_DURATION,
     .help = "confirmation_timeout_ms to plan for (this or the next is required)"},
    {.name = "confirmation-p99",
     .value = "TIME",
     .type = FLAG_DURATION,
     .help = "instead of it: the observed p99, which is doubled"},
    {.name = "depth",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 20,
     .fallback = "5",
     .help = "max_depth"},
    {.name = "branches",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 16,
     .fallback = "4",
     .help = "max_parallel_branches"},
    {.name = "state-mb",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 65536,
     .fallback = "200",
     .help = "snapshots of one branch, in MB"},
    {.name = "proof-cache-mb",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 65536,
     .fallback = "512",
     .help = "proof cache, in MB"},
    {.name = "pending",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 1000000,
     .help = "operations to hold in memory, instead of what the load gives"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

enum { FORMULA_BYTES = 160 };

struct line {
    const char *key;
    char formula[FORMULA_BYTES]; /* with the numbers in place */
    int64_t value;
};

enum { LINE_COUNT = 6 };

/* "100" rather than "100.0". */
static void write_short(char out[DECIMAL_TEXT_BYTES], int64_t steps, int places)
{
    decimal_write(out, steps, places);
    char *point = strchr(out, '.');
    if (point && strcmp(point, ".0") == 0) *point = '\0';
}

static void work_out(const struct sizing_load *load, struct line lines[LINE_COUNT])
{
    char rate[DECIMAL_TEXT_BYTES], base[DECIMAL_TEXT_BYTES], timeout[DURATION_TEXT_BYTES],
        proof[DURATION_TEXT_BYTES];
    struct sizing sizing = sizing_of(load);
    int64_t pending = load->pending ? load->pending : sizing.pending;
    write_short(rate, load->rate_millionths, 6);
    write_short(base, sizing.memory_base_kb, 3);
    duration_print(timeout, load->confirmation_timeout_ns);
    duration_print(proof, load->proof_time_ns);
    lines[0] =
        (struct line){"speculation.confirmation_timeout_ms", "", load->confirmation_timeout_ns / NS_PER_MS};
    lines[1] = (struct line){"speculation.limits.max_pending_operations", "", sizing.pending};
    lines[2] = (struct line){"speculation.limits.gc_interval_ms", "", sizing.gc_interval_ms};
    lines[3] = (struct line){"speculation.proof.queue_size", "", sizing.queue_size};
    lines[4] = (struct line){"speculation.limits.max_state_snapshots", "", sizing.snapshots};
    lines[5] = (struct line){"speculation.limits.max_memory_mb", "", sizing.memory_round_mb};
    snprintf(lines[0].formula, FORMULA_BYTES, "timeout %s", timeout);
    snprintf(lines[1].formula, FORMULA_BYTES, "rate %s/s x timeout %s x 2", rate, timeout);
    snprintf(lines[2].formula, FORMULA_BYTES, "max(5000, timeout %s / 4)", timeout);
    snprintf(lines[3].formula, FORMULA_BYTES, "rate %s/s x proof %s x 3", rate, proof);
    snprintf(lines[4].formula, FORMULA_BYTES, "depth %" PRId64 " x branches %" PRId64 " x 2.5", load->depth,
             load->branches);
    snprintf(lines[5].formula, FORMULA_BYTES,
             "(%" PRId64 " branches x %" PRId64 " MB + %" PRId64 " operations x 1 KB + cache %" PRId64
             " MB) = %s MB, + 20 %% = %" PRId64 " MB, to a power of two",
             load->branches, load->state_mb, pending, load->proof_cache_mb, base, sizing.memory_mb);
}

static void print_table(const struct line *lines, FILE *out)
{
    for (size_t i = 0; i < LINE_COUNT; i++) {
        int64_t allowed = sizing_clamp(lines[i].value, lines[i].key);
        fprintf(out, "%s = %s = %" PRId64, lines[i].key, lines[i].formula, lines[i].value);
        if (allowed < lines[i].value) fprintf(out, ", of which %" PRId64 " is allowed", allowed);
        if (allowed > lines[i].value) fprintf(out, ", but the least is %" PRId64, allowed);
        putc('\n', out);
    }
}

static void print_json(const struct line *lines, FILE *out)
{
    putc('{', out);
    for (size_t i = 0; i < LINE_COUNT; i++) {
        fprintf(out, "%s\n  \"%s\": {\"formula\": ", i ? "," : "", lines[i].key);
        escape_json(out, lines[i].formula);
        fprintf(out, ", \"value\": %" PRId64 ", \"allowed\": %" PRId64 "}", lines[i].value,
                sizing_clamp(lines[i].value, lines[i].key));
    }
    fputs("\n}\n", out);
}

static err read_timeout(const struct args *args, int64_t *timeout_ns, struct diag *diag)
{
    bool has_timeout = args_given(args, "confirmation-timeout"),
         has_p99 = args_given(args, "confirmation-p99");
    if (has_timeout == has_p99)
        return diag_fail(diag, ERR_USAGE, "give one of --confirmation-timeout and --confirmation-p99");
    *timeout_ns = has_timeout ? args_integer(args, "confirmation-timeout")
                              : sizing_confirmation_timeout_ns(args_integer(args, "confirmation-p99"));
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    struct line lines[LINE_COUNT];
    struct sizing_load load = {
        .rate_millionths = args_integer(args, "rate"),
        .proof_time_ns = args_integer(args, "proof-time"),
        .depth = args_integer(args, "depth"),
        .branches = args_integer(args, "branches"),
        .state_mb = args_integer(args, "state-mb"),
        .proof_cache_mb = args_integer(args, "proof-cache-mb"),
        .pending = args_given(args, "pending") ? args_integer(args, "pending") : 0,
    };
    TRY(read_timeout(args, &load.confirmation_timeout_ns, diag));
    work_out(&load, lines);
    if (args_wants_json(args))
        print_json(lines, args->out);
    else
        print_table(lines, args->out);
    return OK;
}

const struct command COMMAND_config_size = {
    .group = "config",
    .name = "size",
    .summary = "work out the limits that a load needs",
    .flags = FLAGS,
    .description = "Puts the load into the tuning guide's formulas and prints each with its numbers.\n"
                   "The formulas advise; a benchmark with the configuration decides. Values beyond what\n"
                   "a key allows are printed with the nearest that it does.",
    .examples =
        "agenc config size --rate 100 --proof-time 30s --confirmation-timeout 60s\n"
        "agenc config size --rate 50 --proof-time 200ms --confirmation-p99 15s --depth 3 --branches 2",
    .run = run,
};
