/* cli/cmd_chaos_list.c: which faults there are, which rules are judged, which scenarios are shipped. */
#include "base/nearest.h"
#include "cli/chaos_list.h"
#include "cli/command.h"
#include <string.h>
#include <strings.h>

static const struct flag FLAGS[] = {FLAG_OUTPUT_FORMAT, {0}};

static bool choose(struct chaos_listing *listing, const char *word)
{
    bool is_injectors = strcmp(word, "injectors") == 0, is_invariants = strcmp(word, "invariants") == 0,
         is_scenarios = strcmp(word, "scenarios") == 0;
    if (!is_injectors && !is_invariants && !is_scenarios) return false;
    listing->has_injectors = is_injectors;
    listing->has_invariants = is_invariants;
    listing->has_scenarios = is_scenarios;
    return true;
}

static bool is_scenario(const struct chaos_scenario_head *head, const char *word)
{
    return strcmp(head->name, word) == 0 || strcasecmp(head->id, word) == 0 ||
           strcasecmp(head->also, word) == 0;
}

/* False: nothing is called that. */
static bool print_one(const struct chaos_listing *listing, const char *word, FILE *out)
{
    for (int i = 0; i < INJECTOR_COUNT; i++)
        if (strcmp(INJECTOR_TABLE[i].name, word) == 0) {
            chaos_injector_print((enum injector_id)i, out);
            return true;
        }
    for (int i = 0; i < INVARIANT_COUNT; i++)
        if (strcasecmp(INVARIANT_TABLE[i].id, word) == 0) {
            chaos_invariant_print((enum invariant)i, out);
            return true;
        }
    for (uint32_t i = 0; i < listing->scenario_count; i++)
        if (is_scenario(&listing->scenarios[i], word)) {
            chaos_scenario_print(&listing->scenarios[i], out);
            return true;
        }
    return false;
}

static err refuse(const struct chaos_listing *listing, const char *word, struct diag *diag)
{
    struct nearest nearest = {.wanted = word};
    nearest_offer(&nearest, "injectors");
    nearest_offer(&nearest, "invariants");
    nearest_offer(&nearest, "scenarios");
    for (int i = 0; i < INJECTOR_COUNT; i++) nearest_offer(&nearest, INJECTOR_TABLE[i].name);
    for (int i = 0; i < INVARIANT_COUNT; i++) nearest_offer(&nearest, INVARIANT_TABLE[i].id);
    for (uint32_t i = 0; i < listing->scenario_count; i++)
        nearest_offer(&nearest, listing->scenarios[i].name);
    if (nearest.best)
        return diag_fail(diag, ERR_USAGE, "nothing in chaos is called \"%.60s\", nearest is %s", word,
                         nearest.best);
    return diag_fail(
        diag, ERR_USAGE,
        "nothing in chaos is called \"%.60s\"; want injectors, invariants, scenarios, or one of their "
        "names",
        word);
}

static err run(struct args *args, struct diag *diag)
{
    struct chaos_listing listing;
    const char *word = args->operand_count ? args->operands[0] : NULL;
    TRY(chaos_listing_open(&listing, args->environment, diag));
    err e = OK;
    bool is_list = !word || choose(&listing, word);
    if (is_list && args_wants_json(args))
        chaos_list_json(&listing, args->out);
    else if (is_list)
        chaos_list_print(&listing, args->out);
    else if (args_wants_json(args))
        e = diag_fail(diag, ERR_USAGE,
                      "--output json: of injectors, invariants or scenarios, not of \"%.60s\"", word);
    else if (!print_one(&listing, word, args->out))
        e = refuse(&listing, word, diag);
    chaos_listing_close(&listing);
    return e;
}

const struct command COMMAND_chaos_list = {
    .group = "chaos",
    .name = "list",
    .summary = "list faults, invariants and scenarios, or explain one",
    .operands = "[injectors|invariants|scenarios|NAME]",
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Without a word: all three. With the name of one: its parameters and limits and\n"
                   "how a schedule says it, what is judged, or what a scenario tries. What needs HTTP,\n"
                   "alerts or an operator that do not exist yet is marked: it never counts as passed.",
    .examples = "agenc chaos list\n"
                "agenc chaos list injectors\n"
                "agenc chaos list network.partition\n"
                "agenc chaos list S18\n"
                "agenc chaos list cascade_rollback_stress\n"
                "agenc chaos list --output json",
    .run = run,
};
