/* tests/validate/validate_tables.c: how near each shipped table is to the mechanism that it was made from.
 *
 * Other seeds than the tables', so that what they tell is put to the test; the same causes in both. Prints
 * Markdown, the same bytes each time; exit 1 when a median is too far off, or a table is stale (then it is
 * not even read). */
#include "sim/chain_compare.h"
#include <stdlib.h>

enum { SLOTS = 20000, TRANSACTIONS = 5000, SEED = 11, RUNS = 5, MEDIAN_PCT = 5 };

static const char *const PROFILES[] = {"mainnet",  "mainnet-legacy400", "congested",    "devnet",
                                       "localnet", "alpenglow",         "mainnet-mixed"};

static void must(err e, const struct diag *diag)
{
    if (e == OK) return;
    fprintf(stderr, "validate-tables: %s\n", diag->text);
    exit(2);
}

static bool holds(const char *name)
{
    struct chain_profile profile;
    struct chain_comparison comparison;
    struct diag diag = {0};
    must(chain_profile_load(&profile, "scenarios/chain", name, &diag), &diag);
    const struct chain_survey_order order = {.profile = &profile,
                                             .path = CHAIN_STAKED,
                                             .seed = SEED,
                                             .slots = SLOTS,
                                             .transactions = TRANSACTIONS,
                                             .runs = RUNS};
    must(chain_compare(&comparison, &order, &diag), &diag);
    printf("\n### %s\n\n", name);
    double most = 100 * chain_compare_print(&comparison, stdout);
    printf("\nMedians within %d %%: %s (%.1f).\n", MEDIAN_PCT, most <= MEDIAN_PCT ? "holds" : "MISSES", most);
    chain_compare_close(&comparison);
    return most <= MEDIAN_PCT;
}

int main(void)
{
    bool is_fine = true;
    printf(
        "%d slots and %d staked transactions of five seeds, other ones than the tables'; in each cell what\n"
        "votes that are counted give, what is drawn from the tables, and the difference.\n",
        SLOTS, TRANSACTIONS);
    for (size_t i = 0; i < sizeof PROFILES / sizeof *PROFILES; i++) is_fine = holds(PROFILES[i]) && is_fine;
    return !is_fine;
}
