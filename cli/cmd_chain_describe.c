/* cli/cmd_chain_describe.c: what a chain profile means, from a run of it. */
#include "base/duration.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/sent_csv.h"
#include "base/units.h"
#include "cli/chain_args.h"
#include "sim/chain_survey.h"
#include <string.h>

static const char *const PATHS[] = {"staked", "ordinary", "unstaked", NULL};

static const struct flag FLAGS[] = {
    CHAIN_ARGS_FLAGS,
    {.name = "slots",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 10000000,
     .fallback = "5000",
     .help = "slots to run"},
    {.name = "transactions",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 10000000,
     .fallback = "2000",
     .help = "transactions to send, evenly over the time of the slots"},
    {.name = "path",
     .value = "PATH",
     .type = FLAG_CHOICE,
     .choices = PATHS,
     .fallback = "staked",
     .help = "how they travel: staked, ordinary or unstaked"},
    {.name = "seed", .value = "N", .type = FLAG_UNSIGNED, .fallback = "1", .help = "of every draw"},
    {.name = "samples",
     .value = "F.csv",
     .type = FLAG_FILE,
     .help = "write every slot and transaction there"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

static const double SHARES[] = {0.5, 0.9, 0.99, 0.999};
static const char *const SHARE_KEYS[] = {"p50", "p90", "p99", "p99.9"};
enum { SHARE_COUNT = sizeof SHARES / sizeof *SHARES };

static double percent(uint32_t part, uint32_t whole)
{
    return whole ? 100.0 * part / whole : 0;
}

static double slot_ms(const struct chain_survey *survey)
{
    return (double)(survey->span_ns - survey->halted_ns) / NS_PER_MS / survey->slots;
}

static void print_quantiles(const struct chain_survey *survey, FILE *out)
{
    fprintf(out, "\n%-26s%10s%10s%10s%10s\n", "", "p50", "p90", "p99", "p99.9");
    for (int i = 0; i < CHAIN_QUANTITY_COUNT; i++) {
        fprintf(out, "%-26s", chain_quantity_name((enum chain_quantity)i));
        for (int j = 0; j < SHARE_COUNT; j++) {
            char text[DURATION_TEXT_BYTES];
            duration_print_rounded(text, chain_survey_quantile_ns(survey, (enum chain_quantity)i, SHARES[j]));
            fprintf(out, "%10s", text);
        }
        fputc('\n', out);
    }
}

static void print_table(const struct chain_survey *survey, const struct chain_profile *profile, FILE *out)
{
    static const char *const HOW[] = {[CHAIN_EMPIRICAL] = "delays drawn from tables",
                                      [CHAIN_MECHANISTIC] = "votes counted",
                                      [CHAIN_FITTED] = "delays drawn from laws"};
    char span[DURATION_TEXT_BYTES], halted[DURATION_TEXT_BYTES];
    duration_print_rounded(span, survey->span_ns);
    duration_print_rounded(halted, survey->halted_ns);
    fprintf(out, "%s: %s, %s\n\n", profile->name, profile->is_alpenglow ? "alpenglow" : "tower",
            HOW[profile->fidelity]);
    fprintf(out, "slots           %u of %.1f ms on average; %.2f %% skipped, %.2f %% abandoned\n",
            survey->slots, slot_ms(survey), percent(survey->skipped, survey->slots),
            percent(survey->abandoned, survey->slots));
    fprintf(out, "forks           lost 1 block: %u, 2: %u, 3: %u, 4: %u, more: %u\n", survey->forks[0],
            survey->forks[1], survey->forks[2], survey->forks[3], survey->forks[4]);
    if (survey->halts)
        fprintf(out, "halts           %u, %s together; their restarts dropped %u blocks\n", survey->halts,
                halted, survey->dropped);
    fprintf(out, "transactions    %u sent over %s: %.2f %% landed, %.2f %% expired, %.2f %% refused\n",
            survey->transactions, span, percent(survey->landed, survey->transactions),
            percent(survey->expired, survey->transactions), percent(survey->refused, survey->transactions));
    if (survey->landed)
        fprintf(out, "slots to land   p50 %u, p90 %u, most %u\n", survey->slots_to_land[survey->landed / 2],
                survey->slots_to_land[survey->landed * 9 / 10], survey->slots_to_land[survey->landed - 1]);
    print_quantiles(survey, out);
}

static void write_quantiles(struct json_writer *writer, const struct chain_survey *survey)
{
    static const enum chain_quantity SORTED[] = {CHAIN_CONFIRM,  CHAIN_SENT_CONFIRMED, CHAIN_SENT_FINALIZED,
                                                 CHAIN_SLOT,     CHAIN_CONFIRMED,      CHAIN_FINALIZED,
                                                 CHAIN_PROCESSED};
    json_write_object(writer, "latency_ms");
    for (int i = 0; i < CHAIN_QUANTITY_COUNT; i++) {
        json_write_object(writer, chain_quantity_name(SORTED[i]));
        for (int j = 0; j < SHARE_COUNT; j++) {
            int64_t at_ns = chain_survey_quantile_ns(survey, SORTED[i], SHARES[j]);
            if (at_ns == NEVER_NS)
                json_write_null(writer, SHARE_KEYS[j]);
            else
                json_write_number(writer, SHARE_KEYS[j], (double)at_ns / NS_PER_MS);
        }
        json_write_end(writer);
    }
    json_write_end(writer);
}

static void print_json(const struct chain_survey *survey, const struct chain_profile *profile, FILE *out)
{
    struct json_writer writer;
    json_write_begin(&writer, out, JSON_LINES);
    json_write_object(&writer, NULL);
    json_write_u64(&writer, "abandoned", survey->abandoned);
    json_write_u64(&writer, "blocks", survey->blocks);
    json_write_u64(&writer, "expired", survey->expired);
    json_write_array(&writer, "forks");
    for (int i = 0; i < CHAIN_FORKS_TOLD; i++) json_write_u64(&writer, NULL, survey->forks[i]);
    json_write_end(&writer);
    json_write_u64(&writer, "halt_dropped_blocks", survey->dropped);
    json_write_number(&writer, "halted_ms", (double)survey->halted_ns / NS_PER_MS);
    json_write_u64(&writer, "halts", survey->halts);
    json_write_u64(&writer, "landed", survey->landed);
    write_quantiles(&writer, survey);
    json_write_text(&writer, "profile", profile->name);
    json_write_u64(&writer, "refused", survey->refused);
    json_write_u64(&writer, "skipped", survey->skipped);
    json_write_number(&writer, "slot_ms", slot_ms(survey));
    json_write_u64(&writer, "slots", survey->slots);
    json_write_u64(&writer, "transactions", survey->transactions);
    json_write_end(&writer);
    json_write_finish(&writer);
}

static err survey_into(struct chain_survey *survey, struct chain_survey_order *order, const char *path,
                       struct diag *diag)
{
    struct file_writer writer;
    if (!path) return chain_survey(survey, order, diag);
    TRY(file_begin(&writer, path, diag));
    order->samples = writer.stream;
    err e = chain_survey(survey, order, diag);
    if (e == OK) return file_commit(&writer, diag);
    file_abandon(&writer);
    return e;
}

static enum chain_path path_of(const struct args *args)
{
    int path = 0;
    while (strcmp(PATHS[path], args_text(args, "path")) != 0) path++;
    return (enum chain_path)path;
}

static err run(struct args *args, struct diag *diag)
{
    struct chain_profile profile;
    struct chain_survey survey = {0};
    TRY(chain_args_load(args, NULL, &profile, diag));
    struct chain_survey_order order = {
        .profile = &profile,
        .path = path_of(args),
        .seed = args_unsigned(args, "seed"),
        .slots = (uint32_t)args_integer(args, "slots"),
        .transactions = (uint32_t)args_integer(args, "transactions"),
    };
    TRY(survey_into(&survey, &order, args_text(args, "samples"), diag));
    if (args_wants_json(args))
        print_json(&survey, &profile, args->out);
    else
        print_table(&survey, &profile, args->out);
    chain_survey_close(&survey);
    return OK;
}

const struct command COMMAND_chain_describe = {
    .group = "chain",
    .name = "describe",
    .summary = "say what a chain profile means, from a run of it",
    .flags = FLAGS,
    .description = "Runs the chain of a profile and prints slot time, skipped and abandoned slots,\n"
                   "depths of forks, and the quantiles of every latency that it has.\n"
                   "With --set chain.fidelity=mechanistic votes are counted instead of delays drawn from\n"
                   "tables that were made so (agenc chain tabulate).",
    .formats = "F.csv: slot,start_ms,end_ms,frozen_ms,confirmed_ms,finalized_ms,state;\n"
               "then, after an empty line,\n" SENT_CSV_HEADER ".",
    .examples = "agenc chain describe --profile mainnet\n"
                "agenc chain describe --profile congested --path unstaked --output json\n"
                "agenc chain describe --set chain.fidelity=mechanistic --samples slots.csv",
    .run = run,
};
