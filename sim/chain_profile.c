/* sim/chain_profile.c: the table of a chain's parameters. */
#include "sim/chain_profile.h"
#include "base/dist.h"
#include "base/units.h"
#include <stdio.h>
#include <string.h>

/* What one file can hold: a profile, or the names of two and how they alternate. */
struct file {
    struct chain_profile profile;
    char calm[PROFILE_NAME_BYTES], busy[PROFILE_NAME_BYTES], consensus[PROFILE_NAME_BYTES],
        fidelity[PROFILE_NAME_BYTES];
};

#define AT(field)     offsetof(struct file, field)
#define REGIME(field) AT(profile.calm.field)
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
    {"mixed.busy_share", PROFILE_NUMBER, 0, AT(profile.busy_share), 0, 0.9},
    {"mixed.episode_ms", PROFILE_MS, 0, AT(profile.busy_episode_ns), 1, 86400000},
    {"chain.consensus", PROFILE_NAME, 0, AT(consensus), 0, 0},
    {"chain.fidelity", PROFILE_NAME, 0, AT(fidelity), 0, 0},
    {"slot.target_ms", PROFILE_MS, 0, REGIME(slot_target_ns), 1, 10000},
    {"slot.factor", PROFILE_NUMBER, 0, REGIME(slot_factor), 0.1, 10},
    SIGMA("slot.leader_sigma", REGIME(leader_sigma)),
    SIGMA("slot.slot_sigma", REGIME(slot_sigma)),
    {"validators.count", PROFILE_COUNT, 0, AT(profile.validators), 1, 10000},
    SIGMA("validators.stake_sigma", AT(profile.stake_sigma)),
    {"window.off_chance", PROFILE_NUMBER, 0, REGIME(off_chance), 0, 0.9},
    CHANCE("late.chance", REGIME(late_chance)),
    MS("late.least_ms", REGIME(late_least_ns)),
    {"late.exponent", PROFILE_NUMBER, 0, REGIME(late_exponent), 0.1, 10},
    {"fork.grace_slots", PROFILE_NUMBER, 0, REGIME(fork_grace_slots), 0, 100},
    {"fork.depth_weights", PROFILE_NUMBER, CHAIN_FORK_DEPTHS, REGIME(fork_weights), 0, 1},
    MS("freeze.propagation_min_ms", REGIME(propagation_min_ns)),
    MS("freeze.propagation_max_ms", REGIME(propagation_max_ns)),
    MS("freeze.replay_ms", REGIME(replay_ns)),
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
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS, MIXED_KEYS = 4 };
_Static_assert(sizeof KEYS / sizeof *KEYS <= PROFILE_KEYS_MAX, "one bit a row");

static const struct profile_table TABLE = {KEYS, KEY_COUNT};

#define MIXED_ROWS (((u128)1 << MIXED_KEYS) - 1)
#define PLAIN_ROWS ((((u128)1 << KEY_COUNT) - 1) & ~MIXED_ROWS)

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

struct word {
    const char *key, *value, *one, *other;
    bool *is_other;
};

static err word_read(const char *path, const struct word *word, struct diag *diag)
{
    *word->is_other = strcmp(word->value, word->other) == 0;
    if (*word->is_other || strcmp(word->value, word->one) == 0) return OK;
    return diag_fail(diag, ERR_RANGE, "%s: %s is \"%s\"; it must be \"%s\" or \"%s\"", path, word->key,
                     word->value, word->one, word->other);
}

static err words_read(struct file *file, const char *path, struct diag *diag)
{
    const struct word consensus = {"chain.consensus", file->consensus, "tower", "alpenglow",
                                   &file->profile.is_alpenglow};
    const struct word fidelity = {"chain.fidelity", file->fidelity, "empirical", "mechanistic",
                                  &file->profile.is_mechanistic};
    TRY(word_read(path, &consensus, diag));
    TRY(word_read(path, &fidelity, diag));
    if (!file->profile.is_alpenglow || file->profile.is_mechanistic) return OK;
    return diag_fail(diag, ERR_RANGE,
                     "%s: alpenglow has no empirical tables; chain.fidelity must be \"mechanistic\"", path);
}

static err plain_load(struct file *out, const struct profile_place *place, const char *const *sets,
                      bool *is_mixed, struct diag *diag)
{
    char path[PROFILE_PATH_BYTES];
    struct profile_file file = {.path = path, .table = &TABLE};
    memset(out, 0, sizeof *out);
    TRY(profile_path(place, path, diag));
    TRY(profile_read(&file, out, diag));
    *is_mixed = file.given & MIXED_ROWS;
    TRY(profile_require(&file, *is_mixed ? MIXED_ROWS : PLAIN_ROWS, diag));
    if (*is_mixed && (file.given & PLAIN_ROWS))
        return diag_fail(diag, ERR_SYNTAX, "%s: a mixed profile has mixed.* and nothing else", path);
    snprintf(out->profile.name, sizeof out->profile.name, "%.*s", PROFILE_NAME_BYTES - 1, place->name);
    if (*is_mixed && sets[0])
        return diag_fail(diag, ERR_USAGE, "%s: a mixed profile has no parameters of its own to set", path);
    if (*is_mixed) return OK;
    for (; *sets; sets++) TRY(profile_set(&TABLE, out, *sets, diag));
    TRY(words_read(out, path, diag));
    return regime_check(path, &out->profile.calm, diag);
}

/* The protocol's constants are the calm chain's; only the weather changes. */
static err mixed_load(struct file *mixed, const struct profile_place *place, struct diag *diag)
{
    struct file calm, busy;
    bool is_mixed;
    struct profile_place part = {place->what, place->folder, mixed->calm};
    TRY(plain_load(&calm, &part, NO_SETS, &is_mixed, diag));
    if (is_mixed) return diag_fail(diag, ERR_SYNTAX, "%s: mixed.calm is itself mixed", place->name);
    part.name = mixed->busy;
    TRY(plain_load(&busy, &part, NO_SETS, &is_mixed, diag));
    if (is_mixed) return diag_fail(diag, ERR_SYNTAX, "%s: mixed.busy is itself mixed", place->name);
    calm.profile.busy = busy.profile.calm;
    calm.profile.busy.slot_target_ns = calm.profile.calm.slot_target_ns;
    calm.profile.busy_share = mixed->profile.busy_share;
    calm.profile.busy_episode_ns = mixed->profile.busy_episode_ns;
    memcpy(calm.profile.name, mixed->profile.name, sizeof calm.profile.name);
    mixed->profile = calm.profile;
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

err chain_profile_load_with(struct chain_profile *out, const char *folder, const char *name,
                            const char *const *sets, struct diag *diag)
{
    if (strncmp(name, "fixed:", strlen("fixed:")) == 0 && sets[0])
        return diag_fail(diag, ERR_USAGE, "%s has no parameters to set", name);
    if (strncmp(name, "fixed:", strlen("fixed:")) == 0) return fixed_load(out, name, diag);
    struct profile_place place = {"chain", folder, name};
    struct file file;
    bool is_mixed;
    TRY(plain_load(&file, &place, sets, &is_mixed, diag));
    if (is_mixed) TRY(mixed_load(&file, &place, diag));
    *out = file.profile;
    return OK;
}

err chain_profile_load(struct chain_profile *out, const char *folder, const char *name, struct diag *diag)
{
    return chain_profile_load_with(out, folder, name, NO_SETS, diag);
}
