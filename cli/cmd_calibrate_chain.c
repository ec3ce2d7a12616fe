/* cli/cmd_calibrate_chain.c: a chain profile from slots and transactions. */
#include "base/limits.h"
#include "base/sent_csv.h"
#include "base/units.h"
#include "cli/calibrate.h"
#include "cli/share.h"
#include "sim/chain_causes.h"
#include <stdlib.h>
#include <string.h>

static const char *const PATHS[] = {"staked", "ordinary", "unstaked", NULL};
static const struct flag FLAGS[] = {
    CALIBRATE_FLAGS,
    {.name = "base",
     .value = "PROFILE",
     .type = FLAG_TEXT,
     .fallback = "mainnet",
     .help = "the chain profile that keys without data are kept from"},
    {.name = "path",
     .value = "CLASS",
     .type = FLAG_CHOICE,
     .choices = PATHS,
     .fallback = "staked",
     .help = "how the transactions travelled: staked, ordinary or unstaked"},
    {0},
};

static double ms_of(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

static struct calibrate_chain_base base_of(const struct chain_profile *profile, int path)
{
    const struct chain_regime *calm = &profile->calm;
    const struct chain_path_profile *way = &calm->path[path];
    return (struct calibrate_chain_base){
        .target_ms = ms_of(calm->slot_target_ns),
        .factor = calm->slot_factor,
        .same_leader = chain_causes_same_leader(profile),
        .late_least_ms = ms_of(calm->late_least_ns),
        .tick_ms = ms_of(profile->finality_tick_ns),
        .retry_ms = ms_of(profile->retry_ns),
        .propagation_min_ms = ms_of(calm->propagation_min_ns),
        .propagation_max_ms = ms_of(calm->propagation_max_ns),
        .replay_ms = ms_of(calm->replay_ns),
        .replay_sigma = calm->replay_sigma,
        .path = PATHS[path],
        .accept_ms = ms_of(way->accept_ns),
        .accept_sigma = way->accept_sigma,
        .forward_ms = ms_of(way->forward_ns),
        .forward_sigma = way->forward_sigma,
        .is_pushed = way->poll_ns == 0,
        .has_weights = way->wait_mean_slots <= 0,
    };
}

static err load_base(struct chain_profile *profile, const char *folder, const char *name, struct diag *diag)
{
    TRY(chain_profile_load(profile, folder, name, diag));
    if (profile->is_fixed) return diag_fail(diag, ERR_USAGE, "%s has no keys; want a profile", name);
    if (profile->is_mixed)
        return diag_fail(diag, ERR_USAGE, "%s is mixed; calibrate its two profiles one by one", name);
    return OK;
}

static err read_base(const struct args *args, struct calibrate_result *result,
                     struct calibrate_chain_base *out, struct diag *diag)
{
    const char *name = args_text(args, "base");
    char folder[SHARE_PATH_BYTES], path[PROFILE_PATH_BYTES];
    struct chain_profile profile;
    struct diag why = {0};
    TRY(share_folder("chain", args->environment, folder, diag));
    const struct profile_place place = {"chain", folder, name};
    err e = load_base(&profile, folder, name, &why);
    if (e == OK) e = profile_path(&place, path, &why);
    if (e != OK) return diag_fail(diag, e, "--base: %.480s", why.text);
    *out = base_of(&profile, (int)args_integer(args, "path"));
    snprintf(result->base_path, sizeof result->base_path, "%s", path);
    snprintf(result->base_text, sizeof result->base_text, "%.63s", name);
    return OK;
}

/* Slots first: the slot time that they give is the transactions'. */
static err read_tables(struct calibration *out, const struct calibrate_input *input,
                       struct calibrate_chain_base *base, struct diag *diag)
{
    static const uint32_t ORDER[] = {0, 2, 1};
    for (int step = 0; step < 3; step++)
        for (uint32_t i = 0; i < input->count; i++) {
            const struct csv_table *table = &input->sources[i].table;
            if (table->form != ORDER[step]) continue;
            if (table->form == 0) TRY(calibrate_slots(out, table, base, diag));
            if (table->form == 2) TRY(calibrate_confirmations(out, table, diag));
            if (table->form == 1) TRY(calibrate_transactions(out, table, base, diag));
            const struct calibration_key *factor = calibration_find(out, "slot.factor");
            if (factor) base->factor = factor->values[0].value;
        }
    return OK;
}

static err calibrate(const struct args *args, const struct calibrate_input *input,
                     struct calibrate_result *result, struct diag *diag)
{
    struct calibrate_chain_base base;
    struct file_bytes text;
    bool has[3] = {false};
    for (uint32_t i = 0; i < input->count; i++) has[input->sources[i].table.form] = true;
    if (has[0] && has[2])
        return diag_fail(diag, ERR_USAGE,
                         "--from: slots and confirm_ms both give the delay of confirmation; "
                         "leave one out");
    TRY(read_base(args, result, &base, diag));
    TRY(read_tables(&result->calibration, input, &base, diag));
    TRY(file_read(result->base_path, LIMIT_TOML_BYTES, &text, diag));
    result->base = text.text;
    result->check = chain_profile_check;
    err e = calibrate_finish(args, input, result, diag);
    free(text.text);
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct calibrate_result result = {0};
    struct calibrate_input input;
    TRY(calibrate_begin(args, &result.calibration, diag));
    TRY(calibrate_read(&input, args, &CALIBRATE_CHAIN_FORMS, diag));
    err e = calibrate(args, &input, &result, diag);
    calibration_close(&result.calibration);
    calibrate_close(&input);
    return e;
}

const struct command COMMAND_calibrate_chain = {
    .group = "calibrate",
    .name = "chain",
    .summary = "make a chain profile from slots and transactions",
    .flags = FLAGS,
    .description = "Fits by maximum likelihood what the data determine: slot times and their\n"
                   "spreads, skipped windows, late and abandoned blocks, freezing, confirmation,\n"
                   "finality, drops and waits of transactions. Writes a profile for --chain that\n"
                   "says of each key whether it was fitted or kept. Slots and transactions may be\n"
                   "two files, or one as `agenc chain describe --samples` writes it.\n"
                   "docs/CALIBRATION.md has the details.",
    .formats = "CSV with a header; columns in any order; what has not happened is empty:\n"
               "  slots:         slot,start_ms,end_ms,frozen_ms,confirmed_ms,finalized_ms,state\n"
               "                 state: block, skipped or abandoned\n"
               "  transactions:  " SENT_CSV_HEADER "\n"
               "                 outcome: landed, refused or expired\n"
               "  confirmations: confirm_ms, from frozen to confirmed",
    .examples = "agenc calibrate chain --from tests/data/chain-slots.csv\n"
                "agenc calibrate chain --from slots.csv --from sent.csv --base mainnet --output mine.toml",
    .run = run,
};
