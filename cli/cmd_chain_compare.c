/* cli/cmd_chain_compare.c: the empirical chain beside the mechanistic one. */
#include "cli/chain_args.h"
#include "sim/chain_compare.h"

enum { RUNS = 5 };

static const struct flag FLAGS[] = {
    CHAIN_ARGS_FLAGS,
    {.name = "slots",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 10000000,
     .fallback = "20000",
     .help = "slots to run, in five runs"},
    {.name = "transactions",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 10000000,
     .fallback = "5000",
     .help = "transactions to send, staked"},
    {.name = "seed",
     .value = "N",
     .type = FLAG_UNSIGNED,
     .fallback = "11",
     .help = "of the first of five runs; tables are of 1 to 5"},
    {0},
};

static err run(struct args *args, struct diag *diag)
{
    struct chain_profile profile;
    struct chain_comparison comparison;
    TRY(chain_args_load(args, NULL, &profile, diag));
    const struct chain_survey_order order = {
        .profile = &profile,
        .path = CHAIN_STAKED,
        .seed = args_unsigned(args, "seed"),
        .slots = (uint32_t)args_integer(args, "slots"),
        .transactions = (uint32_t)args_integer(args, "transactions"),
        .runs = RUNS,
    };
    TRY(chain_compare(&comparison, &order, diag));
    chain_compare_print(&comparison, args->out);
    chain_compare_close(&comparison);
    return OK;
}

const struct command COMMAND_chain_compare = {
    .group = "chain",
    .name = "compare",
    .summary = "say how near a chain's tables are to its mechanism",
    .flags = FLAGS,
    .description = "Runs a profile twice from the same seeds, drawing from its tables and counting\n"
                   "votes, and prints both quantiles of each latency with their difference, and how\n"
                   "many slots are skipped, blocks lost, forks how deep.",
    .examples = "agenc chain compare --profile congested\n"
                "agenc chain compare --profile mainnet --slots 100000 --seed 7",
    .run = run,
};
