/* sim/chain_profile.c: the table of a chain's parameters. */
#include "sim/chain_profile.h"
#include "base/dist.h"
#include "base/sha256.h"
#include "base/units.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What one file can hold: a profile, or the names of two and how they alternate. */
struct file {
    struct chain_profile profile;
    char calm[PROFILE_NAME_BYTES], busy[PROFILE_NAME_BYTES], consensus[PROFILE_NAME_BYTES],
        fidelity[PROFILE_NAME_BYTES];
};

#define AT(field)     offsetof(struct file, field)
#define REGIME(field) AT(profile.calm.field)
#define OUTAGE(field) AT(profile.outage.field)
#define CHANCE(path, field)                                                                                  \
    {                                                                                                        \
        path, PROFILE_NUMBER, 0, field, 0, 1                                                                 \
    }
#define MS(path, field)                                                                                      \
    {                                                                                                        \
        path, PROFILE_MS, 0, field, 0, 600000                                                                \
    }
#define SIGMA(path, field)                                                                                   \
    {                                                                                                        \
        path, PROFILE_NUMBER, 0, field, 0, 3                                                                 \
    }

#define PATH_KEYS(name, which)                                                                               \
    CHANCE("path." name ".drop_chance", REGIME(path[which].drop_chance)),                                    \
        MS("path." name ".accept_ms", REGIME(path[which].accept_ns)),                                        \
        SIGMA("path." name ".accept_sigma", REGIME(path[which].accept_sigma)),                               \
        MS("path." name ".forward_ms", REGIME(path[which].forward_ns)),                                      \
        SIGMA("path." name ".forward_sigma", REGIME(path[which].forward_sigma)),                             \
        {"path." name ".wait_weights", PROFILE_NUMBER, CHAIN_WAITS, REGIME(path[which].wait_weights), 0, 1}, \
        {"path." name ".wait_mean_slots", PROFILE_NUMBER, 0, REGIME(path[which].wait_mean_slots), 0, 100},   \
        MS("path." name ".push_ms", REGIME(path[which].push_ns)),                                            \
        SIGMA("path." name ".push_sigma", REGIME(path[which].push_sigma)),                                   \
        MS("path." name ".poll_ms", REGIME(path[which].poll_ns))

static const struct profile_key KEYS[] = {
    {"mixed.calm", PROFILE_NAME, 0, AT(calm), 0, 0},
    {"mixed.busy", PROFILE_NAME, 0, AT(busy), 0, 0},
    {"mixed.mean_calm_ms", PROFILE_MS, 0, AT(profile.mean_calm_ns), 1, 1e12},
    {"mixed.mean_busy_ms", PROFILE_MS, 0, AT(profile.mean_busy_ns), 1, 1e12},
    {"chain.fidelity", PROFILE_NAME, 0, AT(fidelity), 0, 0},
    {"outage.start_ms", PROFILE_MS, 0, OUTAGE(start_ns), 0, 1e12},
    {"outage.rate_per_year", PROFILE_NUMBER, 0, OUTAGE(rate_per_year), 0, 1e6},
    {"outage.duration_ms", PROFILE_MS, 0, OUTAGE(duration_ns), 0, 1e12},
    {"outage.median_ms", PROFILE_MS, 0, OUTAGE(median_ns), 1, 1e12},
    SIGMA("outage.sigma", OUTAGE(sigma)),
    {"outage.tail_blocks", PROFILE_COUNT, 0, OUTAGE(tail_blocks), 0, 40},
    {"outage.ramp_ms", PROFILE_MS, 0, OUTAGE(ramp_ns), 0, 1e9},
    CHANCE("outage.ramp_late_chance", OUTAGE(ramp_late_chance)),
    {"outage.recovery_ms", PROFILE_MS, 0, OUTAGE(recovery_ns), 1, 1e9},
    {"outage.recovery_factor", PROFILE_NUMBER, 0, OUTAGE(recovery_factor), 0.1, 10},
    {"outage.recovery_off_chance", PROFILE_NUMBER, 0, OUTAGE(recovery_off_chance), 0, 0.9},
    {"chain.consensus", PROFILE_NAME, 0, AT(consensus), 0, 0},
    {"slot.target_ms", PROFILE_MS, 0, REGIME(slot_target_ns), 20, 10000},
    {"slot.factor", PROFILE_NUMBER, 0, REGIME(slot_factor), 0.1, 10},
    SIGMA("slot.leader_sigma", REGIME(leader_sigma)),
    SIGMA("slot.slot_sigma", REGIME(slot_sigma)),
    {"validators.count", PROFILE_COUNT, 0, AT(profile.validators), 1, 10000},
    SIGMA("validators.stake_sigma", AT(profile.stake_sigma)),
    {"window.off_chance", PROFILE_NUMBER, 0, REGIME(off_chance), 0, 0.5},
    CHANCE("late.chance", REGIME(late_chance)),
    MS("late.least_ms", REGIME(late_least_ns)),
    {"late.exponent", PROFILE_NUMBER, 0, REGIME(late_exponent), 0.1, 10},
    {"fork.grace_slots", PROFILE_NUMBER, 0, REGIME(fork_grace_slots), 0, 100},
    {"fork.depth_weights", PROFILE_NUMBER, CHAIN_FORK_DEPTHS, REGIME(fork_weights), 0, 1},
    MS("freeze.propagation_min_ms", REGIME(propagation_min_ns)),
    MS("freeze.propagation_max_ms", REGIME(propagation_max_ns)),
    {"freeze.replay_ms", PROFILE_MS, 0, REGIME(replay_ns), 0, 2000},
    SIGMA("freeze.replay_sigma", REGIME(replay_sigma)),
    SIGMA("freeze.common_sigma", REGIME(common_sigma)),
    {"votes.participation", PROFILE_NUMBER, 0, REGIME(participation), 0.75, 1},
    MS("votes.gossip_ms", REGIME(gossip_ns)),
    SIGMA("votes.gossip_sigma", REGIME(gossip_sigma)),
    {"geography.detour", PROFILE_NUMBER, 0, AT(profile.detour), 0, 10},
    SIGMA("geography.jitter_sigma", AT(profile.way_sigma)),
    MS("geography.rpc_hop_ms", AT(profile.rpc_hop_ns)),
    MS("confirm.delay_ms", REGIME(confirm_ns)),
    SIGMA("confirm.sigma", REGIME(confirm_sigma)),
    {"finality.blocks", PROFILE_COUNT, 0, AT(profile.finality_blocks), 1, 1000},
    CHANCE("finality.deeper_chance", AT(profile.finality_deeper_chance)),
    MS("finality.tick_ms", AT(profile.finality_tick_ns)),
    {"blockhash.blocks", PROFILE_COUNT, 0, AT(profile.blockhash_blocks), 1, 10000},
    {"retry.every_ms", PROFILE_MS, 0, AT(profile.retry_ns), 100, 600000},
    CHANCE("organic.rejected_chance", AT(profile.rejected_chance)),
    CHANCE("organic.transient_chance", AT(profile.transient_chance)),
    PATH_KEYS("staked", CHAIN_STAKED),
    PATH_KEYS("ordinary", CHAIN_ORDINARY),
    PATH_KEYS("unstaked", CHAIN_UNSTAKED),
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS, MIXED_KEYS = 4, OUTAGE_KEYS = 11 };
_Static_assert(sizeof KEYS / sizeof *KEYS <= PROFILE_KEYS_MAX, "one bit a row");

static const struct profile_table TABLE = {KEYS, KEY_COUNT};

/* In the order of the table: a mixed profile's, how it is computed, halts if there are any, and the rest. */
#define ROWS(count)  (((u128)1 << (count)) - 1)
#define MIXED_ROWS   ROWS(MIXED_KEYS)
#define FIDELITY_ROW (ROWS(MIXED_KEYS + 1) & ~MIXED_ROWS)
#define OUTAGE_ROWS  (ROWS(MIXED_KEYS + 1 + OUTAGE_KEYS) & ~ROWS(MIXED_KEYS + 1))
#define PLAIN_ROWS   (ROWS(KEY_COUNT) & ~MIXED_ROWS & ~OUTAGE_ROWS)

static const char *const NO_SETS[] = {NULL};

struct weights {
    const char *what;
    const double *values;
    uint32_t count;
};

static err weights_check(const char *path, struct weights weights, struct diag *diag)
{
    double sum = 0;
    for (uint32_t i = 0; i < weights.count; i++) sum += weights.values[i];
    if (sum > 0.999 && sum < 1.001) return OK;
    return diag_fail(diag, ERR_RANGE, "%s: %s sums to %g; it must sum to 1", path, weights.what, sum);
}

static err regime_check(const char *path, const struct chain_regime *regime, struct diag *diag)
{
    static const char *const WAITS[CHAIN_PATHS] = {"path.staked.wait_weights", "path.ordinary.wait_weights",
                                                   "path.unstaked.wait_weights"};
    struct weights forks = {"fork.depth_weights", regime->fork_weights, CHAIN_FORK_DEPTHS};
    TRY(weights_check(path, forks, diag));
    for (int i = 0; i < CHAIN_PATHS; i++) {
        struct weights waits = {WAITS[i], regime->path[i].wait_weights, CHAIN_WAITS};
        TRY(weights_check(path, waits, diag));
    }
    if (regime->propagation_min_ns <= regime->propagation_max_ns) return OK;
    return diag_fail(diag, ERR_RANGE, "%s: freeze.propagation_min_ms is above freeze.propagation_max_ms",
                     path);
}

static const char *const FIDELITIES[] = {
    [CHAIN_EMPIRICAL] = "empirical", [CHAIN_MECHANISTIC] = "mechanistic", [CHAIN_FITTED] = "fitted"};
enum { FIDELITY_COUNT = sizeof FIDELITIES / sizeof *FIDELITIES };

const char *chain_fidelity_name(enum chain_fidelity fidelity)
{
    return FIDELITIES[fidelity];
}

static err fidelity_read(struct file *file, const char *path, struct diag *diag)
{
    for (int i = 0; i < FIDELITY_COUNT; i++)
        if (strcmp(file->fidelity, FIDELITIES[i]) == 0) {
            file->profile.fidelity = (enum chain_fidelity)i;
            return OK;
        }
    return diag_fail(diag, ERR_RANGE,
                     "%s: chain.fidelity is \"%s\"; it must be \"empirical\", \"mechanistic\" or \"fitted\"",
                     path, file->fidelity);
}

static err words_read(struct file *file, const char *path, struct diag *diag)
{
    file->profile.is_alpenglow = strcmp(file->consensus, "alpenglow") == 0;
    if (!file->profile.is_alpenglow && strcmp(file->consensus, "tower") != 0)
        return diag_fail(diag, ERR_RANGE,
                         "%s: chain.consensus is \"%s\"; it must be \"tower\" or \"alpenglow\"", path,
                         file->consensus);
    TRY(fidelity_read(file, path, diag));
    if (!file->profile.is_alpenglow || file->profile.fidelity != CHAIN_FITTED) return OK;
    return diag_fail(
        diag, ERR_RANGE,
        "%s: alpenglow has no fitted laws; chain.fidelity must be \"empirical\" or \"mechanistic\"", path);
}

/* ---- tables ---- */

/* What tables do not depend on: how they are told apart, the ways of transactions, laws that were fitted. */
static const char *const NOT_TABULATED[] = {
    "mixed.",   "outage.", "chain.fidelity",  "fork.depth_weights", "freeze.propagation_",
    "confirm.", "retry.",  "finality.blocks", "finality.deeper",    "blockhash.",
    "organic.", "path."};

static bool is_tabulated(const char *path)
{
    for (size_t i = 0; i < sizeof NOT_TABULATED / sizeof *NOT_TABULATED; i++)
        if (strncmp(path, NOT_TABULATED[i], strlen(NOT_TABULATED[i])) == 0) return false;
    return true;
}

static void digest_of(struct file *file)
{
    unsigned char digest[SHA256_BYTES];
    char text[SHA256_HEX_BYTES];
    struct sha256 hash;
    sha256_begin(&hash);
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        const char *at = (const char *)file + KEYS[i].offset;
        if (!is_tabulated(KEYS[i].path)) continue;
        int size = KEYS[i].unit == PROFILE_NAME ? snprintf(text, sizeof text, "=%s\n", at)
                   : KEYS[i].unit == PROFILE_NUMBER
                       ? snprintf(text, sizeof text, "=%.17g\n", *(const double *)(const void *)at)
                       : snprintf(text, sizeof text, "=%" PRId64 "\n", *(const int64_t *)(const void *)at);
        sha256_add(&hash, KEYS[i].path, strlen(KEYS[i].path));
        sha256_add(&hash, text, (size_t)size);
    }
    sha256_end(&hash, digest);
    sha256_hex(digest, text);
    memcpy(file->profile.digest, text, CHAIN_DIGEST_BYTES - 1);
    file->profile.digest[CHAIN_DIGEST_BYTES - 1] = 0;
}

err chain_profile_table_path(const char *profile_path, char out[PROFILE_PATH_BYTES], struct diag *diag)
{
    const char *slash = strrchr(profile_path, '/');
    int folder = slash ? (int)(slash - profile_path) + 1 : 0;
    int size =
        snprintf(out, PROFILE_PATH_BYTES, "%.*stables/%s", folder, profile_path, profile_path + folder);
    if (size < PROFILE_PATH_BYTES) return OK;
    return diag_fail(diag, ERR_USAGE, "the path of a chain's tables is longer than %d bytes",
                     PROFILE_PATH_BYTES - 1);
}

static err tables_load(struct chain_profile *profile, const char *path, struct diag *diag)
{
    char tables[PROFILE_PATH_BYTES];
    struct chain_table_origin origin;
    if (profile->fidelity != CHAIN_EMPIRICAL) return OK;
    TRY(chain_profile_table_path(path, tables, diag));
    if (access(tables, R_OK) != 0)
        return diag_fail(diag, ERR_USAGE,
                         "%s has no tables to draw from (looked for %s): agenc chain tabulate makes them, or "
                         "chain.fidelity=mechanistic does without",
                         path, tables);
    TRY(chain_table_read(tables, &profile->calm.table, &origin, diag));
    if (strcmp(origin.digest, profile->digest) == 0) return OK;
    return diag_fail(diag, ERR_RANGE,
                     "%s is of other parameters than %s has now: agenc chain tabulate makes it anew, or "
                     "chain.fidelity=mechanistic does without",
                     tables, path);
}

/* ---- files ---- */

static err sets_apply(struct file *out, const char *path, const char *const *sets, bool is_mixed,
                      struct diag *diag)
{
    for (; *sets; sets++) {
        bool is_ours = strncmp(*sets, "mixed.", 6) == 0,
             is_fidelity = strncmp(*sets, "chain.fidelity", 14) == 0;
        if (is_mixed != is_ours && !is_fidelity)
            return diag_fail(diag, ERR_USAGE, "%s: %s profile has %s; --set %.64s is not among them", path,
                             is_mixed ? "a mixed" : "this",
                             is_mixed ? "mixed.* and chain.fidelity" : "no mixed.* parameters", *sets);
        TRY(profile_set(&TABLE, out, *sets, diag));
    }
    return OK;
}

/* text: instead of what the file holds; NULL: read it. */
static err read_file(struct file *out, const char *path, const char *text, struct diag *diag)
{
    struct profile_file file = {.path = path, .table = &TABLE, .text = text};
    memset(out, 0, sizeof *out);
    TRY(profile_read(&file, out, diag));
    bool is_mixed = file.given & MIXED_ROWS;
    out->profile.is_mixed = is_mixed;
    out->profile.has_outage = file.given & OUTAGE_ROWS;
    u128 wanted = is_mixed ? MIXED_ROWS : PLAIN_ROWS;
    if (out->profile.has_outage) wanted |= OUTAGE_ROWS;
    TRY(profile_require(&file, wanted, diag));
    if (is_mixed && (file.given & ~(MIXED_ROWS | FIDELITY_ROW)))
        return diag_fail(diag, ERR_SYNTAX, "%s: a mixed profile has mixed.*, chain.fidelity and nothing else",
                         path);
    return OK;
}

/* fidelity: instead of the file's own; NULL: its own. */
static err part_load(struct file *out, const struct profile_place *place, const char *fidelity,
                     const char *const *sets, struct diag *diag)
{
    char path[PROFILE_PATH_BYTES];
    TRY(profile_path(place, path, diag));
    TRY(read_file(out, path, NULL, diag));
    if (out->profile.is_mixed) return diag_fail(diag, ERR_SYNTAX, "%s is itself mixed", path);
    TRY(sets_apply(out, path, sets, false, diag));
    if (fidelity[0]) memcpy(out->fidelity, fidelity, sizeof out->fidelity);
    TRY(words_read(out, path, diag));
    TRY(regime_check(path, &out->profile.calm, diag));
    digest_of(out);
    return tables_load(&out->profile, path, diag);
}

/* The protocol's constants are the calm chain's; only the weather changes. */
static err mixed_load(struct file *mixed, const struct profile_place *place, struct diag *diag)
{
    struct file calm, busy;
    struct profile_place part = {place->what, place->folder, mixed->calm};
    TRY(part_load(&calm, &part, mixed->fidelity, NO_SETS, diag));
    part.name = mixed->busy;
    TRY(part_load(&busy, &part, calm.fidelity, NO_SETS, diag));
    if (calm.profile.is_alpenglow != busy.profile.is_alpenglow)
        return diag_fail(diag, ERR_RANGE, "%s: %s and %s have not the same chain.consensus", place->name,
                         mixed->calm, mixed->busy);
    calm.profile.busy = busy.profile.calm;
    calm.profile.busy.slot_target_ns = calm.profile.calm.slot_target_ns;
    calm.profile.is_mixed = true;
    calm.profile.mean_calm_ns = mixed->profile.mean_calm_ns;
    calm.profile.mean_busy_ns = mixed->profile.mean_busy_ns;
    mixed->profile = calm.profile;
    return OK;
}

static err file_load(struct file *out, const struct profile_place *place, const char *const *sets,
                     struct diag *diag)
{
    char path[PROFILE_PATH_BYTES];
    TRY(profile_path(place, path, diag));
    TRY(read_file(out, path, NULL, diag));
    if (out->profile.is_mixed) {
        TRY(sets_apply(out, path, sets, true, diag));
        TRY(mixed_load(out, place, diag));
    } else {
        TRY(part_load(out, place, "", sets, diag));
    }
    snprintf(out->profile.name, sizeof out->profile.name, "%.*s", PROFILE_NAME_BYTES - 1, place->name);
    return OK;
}

static err fixed_load(struct chain_profile *out, const char *name, struct diag *diag)
{
    struct dist dist;
    TRY(dist_parse(&dist, name, diag));
    *out = (struct chain_profile){
        .is_fixed = true, .fixed_confirm_ns = (int64_t)dist.a, .fixed_finalize_ns = 32 * 400 * NS_PER_MS};
    dist_close(&dist);
    snprintf(out->name, sizeof out->name, "%.*s", PROFILE_NAME_BYTES - 1, name);
    return OK;
}

bool chain_profile_is_fixed(const char *name)
{
    return strncmp(name, "fixed:", strlen("fixed:")) == 0;
}

err chain_profile_load_with(struct chain_profile *out, const char *folder, const char *name,
                            const char *const *sets, struct diag *diag)
{
    if (chain_profile_is_fixed(name) && sets[0])
        return diag_fail(diag, ERR_USAGE, "%s has no parameters to set", name);
    if (chain_profile_is_fixed(name)) return fixed_load(out, name, diag);
    struct profile_place place = {"chain", folder, name};
    struct file file;
    TRY(file_load(&file, &place, sets, diag));
    *out = file.profile;
    return OK;
}

err chain_profile_load(struct chain_profile *out, const char *folder, const char *name, struct diag *diag)
{
    return chain_profile_load_with(out, folder, name, NO_SETS, diag);
}

err chain_profile_check(const char *path, const char *text, struct diag *diag)
{
    struct file file;
    TRY(read_file(&file, path, text, diag));
    TRY(words_read(&file, path, diag));
    return regime_check(path, &file.profile.calm, diag);
}
