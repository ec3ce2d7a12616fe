/* cli/cmd_calibrate_prover.c: a prover profile from measured batches. */
#include "base/limits.h"
#include "base/units.h"
#include "cli/calibrate.h"
#include "cli/share.h"
#include "sim/prover.h"
#include <stdlib.h>
#include <string.h>

static const struct flag FLAGS[] = {
    CALIBRATE_FLAGS,
    {.name = "base",
     .value = "PROFILE",
     .type = FLAG_TEXT,
     .fallback = "groth16-cpu",
     .help = "the prover profile that keys without data are kept from"},
    {0},
};

static err read_base(const struct args *args, struct calibrate_result *result,
                     struct calibrate_prover_base *out, struct diag *diag)
{
    const char *name = args_text(args, "base");
    char folder[SHARE_PATH_BYTES], path[PROFILE_PATH_BYTES];
    struct prover_profile profile = {0};
    struct diag why = {0};
    TRY(share_folder("prover", args->environment, folder, diag));
    err e = strchr(name, ':')
                ? diag_fail(&why, ERR_USAGE, "\"%.64s\" is a distribution; want a profile", name)
                : prover_profile_load(&profile, folder, name, &why);
    const struct profile_place place = {"prover", folder, name};
    if (e == OK) e = profile_path(&place, path, &why);
    if (e != OK) return diag_fail(diag, e, "--base: %.480s", why.text);
    for (int i = 0; i < 2; i++) {
        out->stretch_chances[i] = profile.stretch_chances[i];
        out->stretch_factors[i] = profile.stretch_factors[i];
    }
    prover_profile_close(&profile);
    snprintf(result->base_path, sizeof result->base_path, "%s", path);
    snprintf(result->base_text, sizeof result->base_text, "%.63s", name);
    return OK;
}

static err calibrate(const struct args *args, const struct calibrate_input *input,
                     struct calibrate_result *result, struct diag *diag)
{
    struct calibrate_prover_base base;
    struct file_bytes text;
    TRY(read_base(args, result, &base, diag));
    TRY(calibrate_prover(&result->calibration, &input->sources[0].table, &base, diag));
    TRY(file_read(result->base_path, LIMIT_TOML_BYTES, &text, diag));
    result->base = text.text;
    result->check = prover_profile_check;
    bool is_law = strstr(text.text, "[law]") != NULL;
    result->dropped =
        is_law ? "law,cold,recursion,batch" : NULL; /* times that were measured replace the law */
    err e = calibrate_finish(args, input, result, diag);
    free(text.text);
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct calibrate_result result = {0};
    struct calibrate_input input;
    TRY(calibrate_begin(args, &result.calibration, diag));
    TRY(calibrate_read(&input, args, &CALIBRATE_PROVER_FORMS, diag));
    err e = calibrate(args, &input, &result, diag);
    calibration_close(&result.calibration);
    calibrate_close(&input);
    return e;
}

const struct command COMMAND_calibrate_prover = {
    .group = "calibrate",
    .name = "prover",
    .summary = "make a prover profile from measured proofs",
    .flags = FLAGS,
    .description = "Fits set-up, time of a proof, noise and its stretches by maximum likelihood,\n"
                   "prints every family with AIC, distances and intervals of 95 %, and writes a\n"
                   "profile for --prover that says of each key whether it was fitted or kept.\n"
                   "docs/CALIBRATION.md has the details.",
    .formats = "CSV, a header and one row a batch; columns in any order:\n"
               "  proof_ms     time of the batch on a worker\n"
               "  batch_size   proofs in it; left out: 1\n"
               "  verify_ms    off-chain verification of one proof; may be left out or empty\n"
               "  outcome      valid or invalid; may be left out",
    .examples =
        "agenc calibrate prover --from tests/data/prover.csv\n"
        "agenc calibrate prover --from proofs.csv --base groth16-gpu --output mine.toml --plot qq.svg",
    .run = run,
};
