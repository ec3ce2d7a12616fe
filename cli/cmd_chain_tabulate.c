/* cli/cmd_chain_tabulate.c: the tables of an empirical chain, from its mechanism. */
#include "base/file.h"
#include "cli/chain_args.h"
#include "sim/chain_tabulate.h"
#include <inttypes.h>
#include <stdio.h>

static const struct flag FLAGS[] = {
    CHAIN_ARGS_FLAGS,
    {.name = "slots",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 5000,
     .max = 10000000,
     .fallback = "40000",
     .help = "slots to run by mechanism, in five runs"},
    {.name = "seed",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 1000000000,
     .fallback = "1",
     .help = "of the first of five runs"},
    {.name = "output",
     .value = "F.toml",
     .type = FLAG_FILE,
     .help = "where to write the table; else it is printed"},
    {0},
};

static void print(FILE *out, const struct chain_profile *profile, const struct chain_table *table,
                  const struct chain_tabulation *order)
{
    struct chain_table_origin origin = {
        .seed = (int64_t)order->seed, .slots = order->slots, .validators = profile->validators};
    snprintf(origin.profile, sizeof origin.profile, "%s", profile->name);
    snprintf(origin.digest, sizeof origin.digest, "%s", profile->digest);
    fprintf(out,
            "# What votes do to slots: made by agenc chain tabulate --profile %s --slots %u --seed %" PRIu64
            "; not to be edited.\n#\n"
            "# Microseconds at 32 ranks, and counts. The digest is of the parameters that they depend on.\n",
            profile->name, order->slots, order->seed);
    chain_table_write(out, table, &origin);
}

static err run(struct args *args, struct diag *diag)
{
    struct chain_profile profile;
    struct chain_table table;
    struct file_writer writer;
    TRY(chain_args_load(args, "chain.fidelity=mechanistic", &profile, diag)); /* there may be no table yet */
    const struct chain_tabulation order = {.profile = &profile,
                                           .seed = (uint64_t)args_integer(args, "seed"),
                                           .slots = (uint32_t)args_integer(args, "slots")};
    TRY(chain_tabulate(&table, &order, diag));
    const char *path = args_text(args, "output");
    if (!path) {
        print(args->out, &profile, &table, &order);
        return OK;
    }
    TRY(file_begin(&writer, path, diag));
    print(writer.stream, &profile, &table, &order);
    return file_commit(&writer, diag);
}

const struct command COMMAND_chain_tabulate = {
    .group = "chain",
    .name = "tabulate",
    .summary = "make the tables of an empirical chain from its mechanism",
    .flags = FLAGS,
    .description = "Runs the chain of a profile by mechanism, where votes are counted, and writes what\n"
                   "followed from what as tables: delays, waits, lost blocks, depths of finality. The\n"
                   "chain draws from them when chain.fidelity is empirical; they lie in the folder\n"
                   "tables beside the profile, and are refused when its parameters have changed since.\n"
                   "make tables makes all that are shipped; agenc chain compare says how near they are.",
    .formats = "F.toml: made.* (profile, digest of its parameters, seed, slots, validators); *_us:\n"
               "microseconds at 32 ranks; lost.*, depth.*: counts.",
    .examples = "agenc chain tabulate --profile mainnet --output scenarios/chain/tables/mainnet.toml\n"
                "agenc chain tabulate --profile mine.toml --output tables/mine.toml",
    .run = run,
};
