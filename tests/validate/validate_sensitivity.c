/* tests/validate/validate_sensitivity.c: how much each assumed parameter of the chain matters.
 *
 * Each parameter that no source gives is halved and raised by half, alone; the columns are how the figures
 * that people look at change, in per cent of the profile as shipped. Same draws in every run, so that a
 * change is the parameter's. Prints Markdown, the same bytes each time. */
#include "base/units.h"
#include "sim/chain_survey.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 4000, TRANSACTIONS = 1500, VALIDATORS = 300 };

#define CALM(field) offsetof(struct chain_profile, calm.field)
enum unit { A_NUMBER, A_SPAN };
static const struct knob {
    const char *name;
    size_t offset;
    enum unit unit;
    double most; /* above 0: a share of so much, of which little is missing */
} KNOBS[] = {
    {"slot.leader_sigma", CALM(leader_sigma), A_NUMBER, 0},
    {"slot.slot_sigma", CALM(slot_sigma), A_NUMBER, 0},
    {"window.off_chance", CALM(off_chance), A_NUMBER, 0},
    {"late.chance", CALM(late_chance), A_NUMBER, 0},
    {"late.least_ms", CALM(late_least_ns), A_SPAN, 0},
    {"freeze.replay_ms", CALM(replay_ns), A_SPAN, 0},
    {"freeze.replay_sigma", CALM(replay_sigma), A_NUMBER, 0},
    {"freeze.common_sigma", CALM(common_sigma), A_NUMBER, 0},
    {"votes.participation", CALM(participation), A_NUMBER, 1},
    {"votes.gossip_ms", CALM(gossip_ns), A_SPAN, 0},
    {"votes.gossip_sigma", CALM(gossip_sigma), A_NUMBER, 0},
    {"geography.detour", offsetof(struct chain_profile, detour), A_NUMBER, 0},
    {"geography.jitter_sigma", offsetof(struct chain_profile, way_sigma), A_NUMBER, 0},
    {"geography.rpc_hop_ms", offsetof(struct chain_profile, rpc_hop_ns), A_SPAN, 0},
    {"path.staked.drop_chance", CALM(path[CHAIN_STAKED].drop_chance), A_NUMBER, 0},
    {"path.staked.forward_ms", CALM(path[CHAIN_STAKED].forward_ns), A_SPAN, 0},
    {"path.staked.push_ms", CALM(path[CHAIN_STAKED].push_ns), A_SPAN, 0},
};

static const struct figure {
    const char *name;
    enum chain_quantity quantity;
    double share;
} FIGURES[] = {
    {"slot, p50", CHAIN_SLOT, 0.5},
    {"processed, p50", CHAIN_PROCESSED, 0.5},
    {"processed to confirmed, p50", CHAIN_CONFIRM, 0.5},
    {"finalized, p50", CHAIN_FINALIZED, 0.5},
    {"sent to confirmed, p50", CHAIN_SENT_CONFIRMED, 0.5},
    {"sent to confirmed, p99", CHAIN_SENT_CONFIRMED, 0.99},
};
enum { KNOB_COUNT = sizeof KNOBS / sizeof *KNOBS, FIGURE_COUNT = sizeof FIGURES / sizeof *FIGURES };

static void must(err e, const struct diag *diag)
{
    if (e == OK) return;
    fprintf(stderr, "validate-sensitivity: %s\n", diag->text);
    exit(2);
}

static void measure(const struct chain_profile *profile, double figures_ms[FIGURE_COUNT])
{
    struct diag diag = {0};
    struct chain_survey survey;
    const struct chain_survey_order order = {
        .profile = profile, .path = CHAIN_STAKED, .seed = 1, .slots = SLOTS, .transactions = TRANSACTIONS};
    must(chain_survey(&survey, &order, &diag), &diag);
    for (int i = 0; i < FIGURE_COUNT; i++)
        figures_ms[i] =
            (double)chain_survey_quantile_ns(&survey, FIGURES[i].quantity, FIGURES[i].share) / NS_PER_MS;
    chain_survey_close(&survey);
}

static struct chain_profile turned(const struct chain_profile *profile, const struct knob *knob,
                                   double factor)
{
    struct chain_profile changed = *profile;
    char *at = (char *)&changed + knob->offset;
    if (knob->unit == A_SPAN) {
        *(int64_t *)(void *)at = (int64_t)((double)*(int64_t *)(void *)at * factor);
    } else {
        double *number = (double *)(void *)at;
        /* A share near its most: what is missing from it is taken away, or doubled. */
        *number = knob->most <= 0 ? *number * factor : factor > 1 ? knob->most : 2 * *number - knob->most;
    }
    return changed;
}

static void row(const struct chain_profile *profile, const double *shipped_ms, const struct knob *knob)
{
    static const double FACTORS[] = {0.5, 1.5};
    for (int way = 0; way < 2; way++) {
        struct chain_profile changed = turned(profile, knob, FACTORS[way]);
        double figures_ms[FIGURE_COUNT];
        measure(&changed, figures_ms);
        printf("| %s | %s |", knob->name, way ? "+50 %" : "-50 %");
        for (int i = 0; i < FIGURE_COUNT; i++) printf(" %+.1f |", 100 * (figures_ms[i] / shipped_ms[i] - 1));
        putchar('\n');
    }
}

int main(void)
{
    struct chain_profile profile;
    struct diag diag = {0};
    double shipped_ms[FIGURE_COUNT];
    must(chain_profile_load(&profile, "scenarios/chain", "mainnet", &diag), &diag);
    profile.fidelity = CHAIN_MECHANISTIC;
    profile.validators = VALIDATORS;
    measure(&profile, shipped_ms);
    printf("The profile mainnet by mechanism, %d slots, %d transactions of a staked sender. Changes in per "
           "cent; an\n"
           "absence from voting (1 - participation) is doubled for -50 %% and taken away for +50 %%.\n\n| "
           "parameter | changed |",
           SLOTS, TRANSACTIONS);
    for (int i = 0; i < FIGURE_COUNT; i++) printf(" %s |", FIGURES[i].name);
    printf("\n|---|---|");
    for (int i = 0; i < FIGURE_COUNT; i++) printf("--:|");
    printf("\n| as shipped, ms | |");
    for (int i = 0; i < FIGURE_COUNT; i++) printf(" %.0f |", shipped_ms[i]);
    putchar('\n');
    for (int i = 0; i < KNOB_COUNT; i++) row(&profile, shipped_ms, &KNOBS[i]);
    return 0;
}
