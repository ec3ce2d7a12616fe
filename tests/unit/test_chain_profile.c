/* tests/unit/test_chain_profile.c: every shipped profile loads; a wrong one is refused with its place. */
#include "base/units.h"
#include "sim/chain_profile.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(chain_profile, .timeout = 20);

Test(chain_profile, every_shipped_profile_loads)
{
    static const char *NAMES[] = {"mainnet",  "mainnet-mixed", "mainnet-legacy400", "congested", "devnet",
                                  "localnet", "outage",        "alpenglow"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct chain_profile profile;
        struct diag diag = {0};
        cr_assert(chain_profile_load(&profile, "scenarios/chain", NAMES[i], &diag) == OK, "%s", diag.text);
        cr_assert(eq(str, profile.name, (char *)NAMES[i]));
        cr_assert(eq(i64, profile.blockhash_blocks, 150));
        cr_assert(eq(int, profile.is_mixed, strcmp(NAMES[i], "mainnet-mixed") == 0));
    }
}

/* The text of a shipped file with one piece replaced, in a file of its own. */
static void write_changed(char path[64], const char *from, const char *to)
{
    char text[8192];
    FILE *in = fopen("scenarios/chain/mainnet.toml", "r");
    cr_assert(in != NULL);
    text[fread(text, 1, sizeof text - 1, in)] = 0;
    fclose(in);
    char *at = strstr(text, from);
    cr_assert(at != NULL, "%s", from);
    strcpy(path, "/tmp/agenc-profile-XXXXXX.toml");
    FILE *out = fdopen(mkstemps(path, 5), "w");
    fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    fclose(out);
}

static void refuses(const char *from, const char *to, err code, const char *says)
{
    char path[64];
    struct chain_profile profile = {.validators = 77};
    struct diag diag = {0};
    write_changed(path, from, to);
    cr_assert(eq(int, chain_profile_load(&profile, "scenarios/chain", path, &diag), code));
    cr_assert(strstr(diag.text, says) != NULL, "%s", diag.text);
    cr_assert(eq(i64, profile.validators, 77)); /* untouched on failure */
    unlink(path);
}

Test(chain_profile, a_wrong_file_is_refused_with_a_line_that_helps)
{
    refuses("target_ms = 200", "taget_ms = 200", ERR_SYNTAX, "did you mean slot.target_ms");
    refuses("target_ms = 200", "target_ms = 0", ERR_RANGE, "slot.target_ms = 0 is not in 20 .. 10000");
    refuses("target_ms = 200", "target_ms = \"200\"", ERR_SYNTAX, "it must be a number");
    refuses("target_ms = 200", "", ERR_SYNTAX, "slot.target_ms is missing");
    refuses("count = 900", "count = 900.5", ERR_SYNTAX, "it must be a whole number");
    refuses("0.05, 0.05]", "0.05]", ERR_SYNTAX, "fork.depth_weights has 3 elements; it must have 4");
    refuses("0.05, 0.05]", "0.05, 0.05, 0]", ERR_SYNTAX, "unknown key fork.depth_weights[4]");
    refuses("0.78,", "0.88,", ERR_RANGE, "fork.depth_weights sums to 1.1; it must sum to 1");
    refuses("propagation_min_ms = 15", "propagation_min_ms = 150", ERR_RANGE, "above");
    refuses("[slot]", "[mixed]\ncalm = \"mainnet\"\n[slot]", ERR_SYNTAX, "mixed.busy is missing");
    refuses("[slot]",
            "[mixed]\ncalm = \"mainnet\"\nbusy = \"congested\"\nmean_calm_ms = 1\nmean_busy_ms = 1\n[slot]",
            ERR_SYNTAX, "and nothing else");
}

Test(chain_profile, tables_are_of_the_parameters_or_refused)
{
    static const char *const CHANGED[] = {"votes.gossip_ms=90", NULL},
                             *const COUNTED[] = {"votes.gossip_ms=90", "chain.fidelity=mechanistic", NULL},
                             *const OTHER[] = {"path.staked.drop_chance=0.5", "blockhash.blocks=20", NULL};
    struct chain_profile profile;
    struct diag diag = {0};
    cr_assert(
        eq(int, chain_profile_load_with(&profile, "scenarios/chain", "mainnet", CHANGED, &diag), ERR_RANGE));
    cr_assert(strstr(diag.text, "is of other parameters") && strstr(diag.text, "agenc chain tabulate"), "%s",
              diag.text);
    cr_assert(eq(int, chain_profile_load_with(&profile, "scenarios/chain", "mainnet", COUNTED, &diag), OK));
    cr_assert(eq(int, chain_profile_load_with(&profile, "scenarios/chain", "mainnet", OTHER, &diag), OK));
    refuses("target_ms = 200", "target_ms = 201", ERR_USAGE, "has no tables to draw from");
}

Test(chain_profile, a_mixed_profile_takes_its_own_keys_and_its_fidelity)
{
    static const char *const SETS[] = {"mixed.mean_busy_ms=6", "chain.fidelity=mechanistic", NULL},
                             *const OTHER[] = {"slot.factor=2", NULL},
                             *const MIXED[] = {"mixed.mean_busy_ms=6", NULL};
    struct chain_profile profile;
    struct diag diag = {0};
    cr_assert(
        eq(int, chain_profile_load_with(&profile, "scenarios/chain", "mainnet-mixed", SETS, &diag), OK));
    cr_assert(profile.fidelity == CHAIN_MECHANISTIC && profile.mean_busy_ns == 6 * NS_PER_MS);
    cr_assert(eq(int, chain_profile_load_with(&profile, "scenarios/chain", "mainnet-mixed", OTHER, &diag),
                 ERR_USAGE));
    cr_assert(strstr(diag.text, "mixed.* and chain.fidelity") != NULL, "%s", diag.text);
    cr_assert(
        eq(int, chain_profile_load_with(&profile, "scenarios/chain", "mainnet", MIXED, &diag), ERR_USAGE));
    refuses("[validators]", "[outage]\nstart_ms = 1\n[validators]", ERR_SYNTAX,
            "outage.rate_per_year is missing");
}

static void refuses_name(const char *name, err code, const char *says)
{
    struct chain_profile profile;
    struct diag diag = {0};
    cr_assert(eq(int, chain_profile_load(&profile, "scenarios/chain", name, &diag), code));
    cr_assert(strstr(diag.text, says) != NULL, "%s", diag.text);
}

Test(chain_profile, a_wrong_name_is_refused_with_the_nearest)
{
    refuses_name("mainet", ERR_USAGE, "did you mean mainnet");
    refuses_name("no/such.toml", ERR_USAGE, "looked for no/such.toml");
    refuses_name("fixed:2", ERR_SYNTAX, "2");
}

Test(chain_profile, fixed_is_a_profile_without_a_file)
{
    struct chain_profile profile;
    struct diag diag = {0};
    cr_assert(eq(int, chain_profile_load(&profile, "/nowhere", "fixed:2s", &diag), OK));
    cr_assert(profile.is_fixed);
    cr_assert(eq(i64, profile.fixed_confirm_ns, 2 * NS_PER_S));
}
