/* cli/cmd_chaos_docs.c: docs/CHAOS.md, written from the tables and the files of scenarios. */
#include "base/duration.h"
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include "cli/chaos_list.h"
#include "cli/command.h"
#include <string.h>

static void print_params(const struct injector *row, FILE *out)
{
    char fallback[FAULT_VALUE_BYTES], range[FAULT_RANGE_BYTES];
    for (int i = 0; i < FAULT_PARAMS && row->params[i].name; i++) {
        const struct injector_param *param = &row->params[i];
        fault_value_print(param, param->fallback, fallback);
        fault_range_print(param, range);
        fprintf(out, "%s`%s` %s (%s; %s)", i ? "<br>" : "", param->name, param->help, range, fallback);
    }
}

static void print_injectors(FILE *out)
{
    char levels[CHAOS_LIST_BYTES], targets[CHAOS_LIST_BYTES];
    fputs(
        "| injector | what it does | parameters (limits; left out) | target | p | without `for` | levels |\n"
        "|---|---|---|---|---|---|---|\n",
        out);
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        const struct injector *row = &INJECTOR_TABLE[i];
        chaos_levels_text((enum injector_id)i, levels);
        chaos_targets_text((enum injector_id)i, targets);
        fprintf(out, "| `%s`%s | %s | ", row->name, row->class == FAULT_SAFETY_ONLY ? " **!**" : "",
                row->help);
        print_params(row, out);
        fprintf(out, " | %s | %s | %s | %s |\n", targets, row->is_always ? "" : "yes",
                row->happens_once ? "once" : "", levels);
    }
}

static void print_invariants(FILE *out)
{
    fputs("| id | severity | title | what is judged |\n|---|---|---|---|\n", out);
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        const struct invariant_row *row = &INVARIANT_TABLE[i];
        fprintf(out, "| %s | %s | %s%s | %s |\n", row->id, chaos_severity_text((enum invariant)i), row->title,
                row->is_exercised ? "" : " (not exercised yet)", row->statement);
    }
}

static void print_scenario(const struct chaos_scenario_head *head, FILE *out)
{
    char lasts[DURATION_TEXT_BYTES];
    duration_print(lasts, head->duration_ns);
    fprintf(out, "| %s%s%s | `%s` | %s | ", head->id, head->also[0] ? " " : "", head->also, head->name,
            lasts);
    for (int i = 0; i < INJECTOR_COUNT; i++)
        if (head->arms[i]) fprintf(out, "%s ", INJECTOR_TABLE[i].name);
    fprintf(out, "%s| ", head->is_swarm ? "a swarm " : "");
    for (int i = 0; i < INVARIANT_COUNT; i++)
        if (head->is_about[i]) fprintf(out, "%s ", INVARIANT_TABLE[i].id);
    fprintf(out, "| %s |\n", head->not_yet);
}

static void print_scenarios(const struct chaos_listing *listing, FILE *out)
{
    fputs("| id | name | load | faults | about | not exercised yet |\n|---|---|---|---|---|---|\n", out);
    for (uint32_t i = 0; i < listing->scenario_count; i++) print_scenario(&listing->scenarios[i], out);
}

static const char HEAD[] =
    "# Chaos: faults, invariants, scenarios\n\n"
    "Written by `make docs` from the tables of `chaos/` and the files of `scenarios/chaos/`; do not edit. "
    "The same by\n"
    "`agenc chaos list`, and more about one by `agenc chaos list NAME`.\n\n"
    "## A schedule\n\n"
    "An explicit list of faults, in a scenario or by itself. Decisions are keyed by (seed, key, entity, "
    "ordinal): a fault\n"
    "that is left out moves no other one's.\n\n"
    "```toml\n"
    "[[fault]]\n"
    "id = \"network.partition\"  # an injector of the table below\n"
    "at = \"60s\"               # when it begins, from the beginning of the run\n"
    "for = \"5m\"               # how long; where the table says so it may be left out, and it happens once\n"
    "target = \"chain\"         # left out: any\n"
    "duration = \"10s\"         # parameters; left out: the value in the table\n\n"
    "[[fault]]\n"
    "id = \"app.proof_invalid\"\n"
    "at = \"0s\"\n"
    "for = \"10m\"\n"
    "p = 0.15                 # chance at each occasion; left out: 1\n"
    "key = 7                  # of its draws; left out: its place in the list, from 1\n\n"
    "[[fault]]\n"
    "id = \"process.crash\"\n"
    "at = \"90s\"\n"
    "repeat = 6               # so many of them,\n"
    "apart = \"110s\"           # one after the other\n"
    "```\n\n"
    "Two faults of one injector may not overlap at one target. Levels: L0 in simulation, L1 in a live "
    "service, L2 by the\n"
    "operating system; today faults are armed at L0. **!** may take for good what progress needs: then only "
    "safety is\n"
    "asked for.\n\n";

static err run(struct args *args, struct diag *diag)
{
    struct chaos_listing listing;
    TRY(chaos_listing_open(&listing, args->environment, diag));
    fputs(HEAD, args->out);
    fprintf(args->out, "## The %d injectors\n\n", INJECTOR_COUNT);
    print_injectors(args->out);
    fprintf(args->out, "\n## The %d invariants\n\n", INVARIANT_COUNT);
    print_invariants(args->out);
    fputs("\n## Scenarios\n\n`agenc chaos run --scenario NAME` takes a name, an id or a file.\n\n",
          args->out);
    print_scenarios(&listing, args->out);
    chaos_listing_close(&listing);
    return OK;
}

const struct command COMMAND_chaos_docs = {
    .group = "chaos",
    .name = "docs",
    .summary = "print the reference of faults, invariants and scenarios",
    .description = "What `make docs` writes.",
    .examples = "agenc chaos docs",
    .is_hidden = true,
    .run = run,
};
