/* tests/unit/test_chain_table.c: tables of the empirical chain: made the same each time, read back, refused.
 */
#include "base/units.h"
#include "sim/chain_compare.h"
#include "sim/chain_tabulate.h"
#include "tests/lib/sample.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(chain_table, .timeout = 60);

static struct chain_table made(const char *name, int64_t validators, uint32_t slots)
{
    struct chain_profile profile;
    struct chain_table table;
    struct diag diag = {0};
    cr_assert(eq(int, chain_profile_load(&profile, "scenarios/chain", name, &diag), OK));
    profile.validators = validators;
    const struct chain_tabulation order = {.profile = &profile, .seed = 5, .slots = slots};
    cr_assert(eq(int, chain_tabulate(&table, &order, &diag), OK), "%s", diag.text);
    return table;
}

static void written(char path[64], const struct chain_table *table, const struct chain_table_origin *origin)
{
    strcpy(path, "/tmp/agenc-table-XXXXXX.toml");
    FILE *out = fdopen(mkstemps(path, 5), "w");
    chain_table_write(out, table, origin);
    fclose(out);
}

Test(chain_table, a_table_is_made_the_same_each_time_and_read_back_as_written)
{
    struct chain_table one = made("congested", 120, 6000), two = made("congested", 120, 6000), read;
    struct chain_table_origin origin = {.profile = "congested",
                                        .digest = "abc",
                                        .seed = 5,
                                        .slots = 6000,
                                        .validators = 120},
                              from;
    struct diag diag = {0};
    char path[64];
    cr_assert(memcmp(&one, &two, sizeof one) == 0);
    written(path, &one, &origin);
    cr_assert(eq(int, chain_table_read(path, &read, &from, &diag), OK), "%s", diag.text);
    cr_assert(memcmp(&one, &read, sizeof one) == 0 && memcmp(&origin, &from, sizeof from) == 0);
    unlink(path);
}

Test(chain_table, a_table_that_cannot_be_is_refused)
{
    struct chain_table table = made("localnet", 1, 5000), read;
    struct chain_table_origin origin = {.profile = "p",
                                        .digest = "d",
                                        .seed = 1,
                                        .slots = 1,
                                        .validators = 1},
                              from;
    struct diag diag = {0};
    char path[64];
    int64_t kept = table.freeze_us[3];
    table.freeze_us[3] = 1000000000;
    written(path, &table, &origin);
    cr_assert(eq(int, chain_table_read(path, &read, &from, &diag), ERR_RANGE));
    cr_assert(strstr(diag.text, "freeze.us goes down") != NULL, "%s", diag.text);
    unlink(path);
    table.freeze_us[3] = kept;
    diag = (struct diag){0};
    memset(table.lost[2], 0, sizeof table.lost[2]);
    written(path, &table, &origin);
    cr_assert(eq(int, chain_table_read(path, &read, &from, &diag), ERR_RANGE));
    cr_assert(strstr(diag.text, "lost.late_2 has only zeros") != NULL, "%s", diag.text);
    unlink(path);
}

Test(chain_table, quantiles_lie_between_their_neighbours_and_picks_follow_counts)
{
    int64_t us[CHAIN_QUANTILES], before_ns = 0;
    const int64_t counts[] = {3, 0, 1};
    for (int i = 0; i < CHAIN_QUANTILES; i++) us[i] = CHAIN_QUANTILE_RANKS[i] * 7;
    for (uint64_t share = 0; share <= UINT32_MAX; share += 1 << 20) {
        int64_t at_ns = chain_table_quantile_ns(us, (uint32_t)share);
        int64_t exact_ns = (int64_t)((unsigned __int128)share * CHAIN_RANKS * 7 * NS_PER_US >> 32);
        cr_assert(at_ns >= before_ns && llabs(at_ns - exact_ns) <= 1);
        before_ns = at_ns;
    }
    cr_assert(chain_table_quantile_ns(us, UINT32_MAX) <= us[CHAIN_QUANTILES - 1] * NS_PER_US);
    cr_assert(eq(u32, chain_table_pick(counts, 3, 0), 0));
    cr_assert(eq(u32, chain_table_pick(counts, 3, UINT32_MAX / 4 * 3 - 2), 0));
    cr_assert(eq(u32, chain_table_pick(counts, 3, UINT32_MAX), 2));
}

Test(chain_table, what_is_drawn_is_near_what_is_counted)
{
    struct chain_profile profile;
    struct chain_comparison comparison;
    struct diag diag = {0};
    cr_assert(eq(int, chain_profile_load(&profile, "scenarios/chain", "mainnet", &diag), OK));
    profile.validators = 300; /* of the mechanism; the table is of all */
    const struct chain_survey_order order = {.profile = &profile, .seed = 21, .slots = 5000, .runs = 5};
    cr_assert(eq(int, chain_compare(&comparison, &order, &diag), OK));
    static const enum chain_quantity SEEN[] = {CHAIN_SLOT, CHAIN_PROCESSED, CHAIN_CONFIRM, CHAIN_CONFIRMED,
                                               CHAIN_FINALIZED};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 2; j++) { /* p50, p90 */
            double share = CHAIN_COMPARE_SHARE[j];
            double counted = (double)chain_survey_quantile_ns(&comparison.mechanism, SEEN[i], share) / 1e6,
                   drawn = (double)chain_survey_quantile_ns(&comparison.table, SEEN[i], share) / 1e6;
            expect_near(chain_quantity_name(SEEN[i]), drawn, counted, counted * .05);
        }
    cr_assert(eq(u32, comparison.table.skipped, comparison.mechanism.skipped)); /* the same causes */
    chain_compare_close(&comparison);
}
