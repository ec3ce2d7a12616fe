/* sim/chain_compare.c: two surveys side by side. */
#include "sim/chain_compare.h"
#include "base/units.h"
#include <math.h>

const double CHAIN_COMPARE_SHARE[CHAIN_COMPARE_SHARES] = {0.5, 0.9, 0.99, 0.999};

err chain_compare(struct chain_comparison *out, const struct chain_survey_order *order, struct diag *diag)
{
    struct chain_comparison comparison = {0};
    struct chain_profile profile = *order->profile;
    struct chain_survey_order mine = *order;
    mine.profile = &profile;
    mine.samples = NULL;
    if (profile.is_fixed || profile.fidelity != CHAIN_EMPIRICAL)
        return diag_fail(diag, ERR_RANGE, "%s draws from no tables: chain.fidelity must be \"empirical\"",
                         profile.name);
    TRY(chain_survey(&comparison.table, &mine, diag));
    profile.fidelity = CHAIN_MECHANISTIC;
    err e = chain_survey(&comparison.mechanism, &mine, diag);
    if (e != OK)
        chain_compare_close(&comparison);
    else
        *out = comparison;
    return e;
}

void chain_compare_close(struct chain_comparison *comparison)
{
    chain_survey_close(&comparison->mechanism);
    chain_survey_close(&comparison->table);
}

static double print_latency(const struct chain_comparison *comparison, enum chain_quantity quantity,
                            FILE *out)
{
    double median = 0;
    fprintf(out, "| %s, ms |", chain_quantity_name(quantity));
    for (int i = 0; i < CHAIN_COMPARE_SHARES; i++) {
        double share = CHAIN_COMPARE_SHARE[i];
        int64_t counted_ns = chain_survey_quantile_ns(&comparison->mechanism, quantity, share),
                drawn_ns = chain_survey_quantile_ns(&comparison->table, quantity, share);
        if (counted_ns == NEVER_NS || drawn_ns == NEVER_NS) {
            fputs(" n/a |", out);
            continue;
        }
        double counted_ms = (double)counted_ns / NS_PER_MS, drawn_ms = (double)drawn_ns / NS_PER_MS,
               difference = drawn_ns == counted_ns ? 0 : drawn_ms / counted_ms - 1;
        fprintf(out, " %.0f, %.0f (%+.1f %%) |", counted_ms, drawn_ms, 100 * difference);
        if (i == 0) median = fabs(difference);
    }
    fputc('\n', out);
    return median;
}

static void print_share(const char *name, const char *unit, double counted, double drawn, FILE *out)
{
    fprintf(out, "| %s, %s | %.2f, %.2f (%+.2f) | | | |\n", name, unit, counted, drawn, drawn - counted);
}

static double percent(uint32_t part, uint32_t whole)
{
    return whole ? 100.0 * part / whole : 0;
}

static void print_shares(const struct chain_survey *counted, const struct chain_survey *drawn, FILE *out)
{
    static const char *const FORKS[CHAIN_FORKS_TOLD] = {"forks that lose 1 block", "forks that lose 2",
                                                        "forks that lose 3", "forks that lose 4",
                                                        "forks that lose more"};
    print_share("slots skipped", "%", percent(counted->skipped, counted->slots),
                percent(drawn->skipped, drawn->slots), out);
    print_share("blocks lost", "%", percent(counted->abandoned, counted->slots),
                percent(drawn->abandoned, drawn->slots), out);
    print_share("mean slot", "ms",
                (double)(counted->span_ns - counted->halted_ns) / NS_PER_MS / counted->slots,
                (double)(drawn->span_ns - drawn->halted_ns) / NS_PER_MS / drawn->slots, out);
    for (int i = 0; i < CHAIN_FORKS_TOLD; i++)
        print_share(FORKS[i], "of 10,000 slots", 100 * percent(counted->forks[i], counted->slots),
                    100 * percent(drawn->forks[i], drawn->slots), out);
    print_share("transactions expired", "%", percent(counted->expired, counted->transactions),
                percent(drawn->expired, drawn->transactions), out);
}

double chain_compare_print(const struct chain_comparison *comparison, FILE *out)
{
    double most = 0;
    fprintf(out, "| counted, drawn (difference) | p50 | p90 | p99 | p99.9 |\n|---|--:|--:|--:|--:|\n");
    for (int i = 0; i < CHAIN_QUANTITY_COUNT; i++)
        most = fmax(most, print_latency(comparison, (enum chain_quantity)i, out));
    print_shares(&comparison->mechanism, &comparison->table, out);
    return most;
}
