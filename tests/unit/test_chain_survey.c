/* tests/unit/test_chain_survey.c: every slot and every transaction is counted once, quantiles are of what was
 * seen. */
#include "base/units.h"
#include "sim/chain_survey.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct chain_survey survey_of(const char *name, const char *set, FILE *samples)
{
    static struct chain_profile profile;
    struct diag diag = {0};
    const char *sets[] = {set, NULL};
    cr_assert(chain_profile_load_with(&profile, "scenarios/chain", name, sets, &diag) == OK, "%s", diag.text);
    struct chain_survey_order order = {.profile = &profile,
                                       .path = CHAIN_UNSTAKED,
                                       .seed = 2,
                                       .slots = 2000,
                                       .transactions = 300,
                                       .samples = samples};
    struct chain_survey survey;
    cr_assert(chain_survey(&survey, &order, &diag) == OK, "%s", diag.text);
    return survey;
}

Test(chain_survey, everything_is_counted_once)
{
    struct chain_survey survey = survey_of("congested", "chain.fidelity=mechanistic", NULL);
    cr_assert(eq(u32, survey.blocks + survey.skipped + survey.abandoned, 2000));
    cr_assert(eq(u32, survey.landed + survey.expired + survey.refused, 300));
    cr_assert(survey.expired > 0 && survey.abandoned > 0);
    uint32_t lost = 0;
    for (uint32_t i = 0; i < 4; i++) lost += survey.forks[i] * (i + 1);
    cr_assert(lost + 5 * survey.forks[4] <= survey.abandoned);
    cr_assert(eq(u32, survey.values[CHAIN_CONFIRM].count, survey.blocks));
    cr_assert(eq(u32, survey.values[CHAIN_SENT_CONFIRMED].count, survey.landed));
    chain_survey_close(&survey);
}

Test(chain_survey, a_chain_without_chance_has_one_slot_time)
{
    struct chain_survey survey = survey_of("localnet", NULL, NULL);
    for (double share = 0; share <= 1; share += 0.25)
        cr_assert(eq(i64, chain_survey_quantile_ns(&survey, CHAIN_SLOT, share), 400 * NS_PER_MS));
    cr_assert(eq(i64, survey.span_ns, 2000 * 400 * NS_PER_MS));
    chain_survey_close(&survey);
}

Test(chain_survey, samples_have_a_row_a_slot_and_a_row_a_transaction)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct chain_survey survey = survey_of("mainnet", NULL, out);
    fclose(out);
    uint32_t lines = 0;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    cr_assert(eq(u32, lines, 1 + 2000 + 1 + 1 + 300));
    cr_assert(strstr(text, "slot,start_ms,end_ms,frozen_ms,confirmed_ms,finalized_ms,state\n0,0.000,") ==
              text);
    free(text);
    chain_survey_close(&survey);
}

/* The times of sending, in ms, of the rows behind the slots. */
static uint32_t sendings_of(const char *text, double out[300])
{
    const char *at = strstr(text, "\nsent_ms,");
    uint32_t count = 0;
    while (at && (at = strchr(at + 1, '\n')) && at[1] && count < 300) out[count++] = strtod(at + 1, NULL);
    return count;
}

Test(chain_survey, transactions_are_sent_evenly_over_the_time_of_the_slots)
{
    char *text = NULL;
    size_t size = 0;
    double sent_ms[300];
    FILE *out = open_memstream(&text, &size);
    struct chain_survey survey = survey_of("mainnet", NULL, out);
    fclose(out);
    cr_assert(eq(u32, sendings_of(text, sent_ms), 300));
    double share_ms = (double)survey.span_ns / (double)NS_PER_MS / 300, phases = 0;
    for (uint32_t i = 0; i < 300; i++) {
        cr_assert(sent_ms[i] >= i * share_ms - 1 && sent_ms[i] <= (i + 1) * share_ms + 1);
        phases += (sent_ms[i] / share_ms - i) / 300;
    }
    cr_assert(phases > 0.4 && phases < 0.6);
    free(text);
    chain_survey_close(&survey);
}

Test(chain_survey, what_no_profile_can_mean_is_refused)
{
    static struct chain_profile profile;
    struct diag diag = {0};
    const char *const wrong[] = {"slot.target=3", "slot.target_ms=0", "chain.consensus=raft", "foo", "=3"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *sets[] = {wrong[i], NULL};
        cr_assert(chain_profile_load_with(&profile, "scenarios/chain", "mainnet", sets, &diag) != OK, "%s",
                  wrong[i]);
    }
    const char *sets[] = {"slot.factor=1", NULL};
    cr_assert(
        eq(int, chain_profile_load_with(&profile, "scenarios/chain", "fixed:2s", sets, &diag), ERR_USAGE));
    cr_assert(eq(int, chain_profile_load_with(&profile, "scenarios/chain", "mainnet-mixed", sets, &diag),
                 ERR_USAGE));
}

Test(chain_survey, nothing_seen_has_no_quantile)
{
    struct chain_survey survey = {0};
    cr_assert(eq(i64, chain_survey_quantile_ns(&survey, CHAIN_SLOT, 0.5), NEVER_NS));
}
