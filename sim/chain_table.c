/* sim/chain_table.c: the file of a table, and its draws. */
#include "sim/chain_table.h"
#include "base/assert.h"
#include "base/units.h"
#include "sim/profile_keys.h"
#include <inttypes.h>
#include <string.h>

const int64_t CHAIN_QUANTILE_RANKS[CHAIN_QUANTILES] = {
    0,    10,   50,   100,  200,  500,  1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 5500,
    6000, 6500, 7000, 7500, 8000, 8500, 9000, 9500, 9700, 9800, 9900, 9950, 9980, 9990, 9995, 10000};

/* ---- the file ---- */

struct file {
    struct chain_table_origin origin;
    struct chain_table table;
};

#define AT(field) offsetof(struct file, field)
#define US(path, field)                                                                                      \
    {                                                                                                        \
        path, PROFILE_COUNT, CHAIN_QUANTILES, AT(table.field), 0, 1e12                                       \
    }
#define COUNTS(path, size, field)                                                                            \
    {                                                                                                        \
        path, PROFILE_COUNT, size, AT(table.field), 0, 1e9                                                   \
    }

static const struct profile_key KEYS[] = {
    {"made.profile", PROFILE_NAME, 0, AT(origin.profile), 0, 0},
    {"made.digest", PROFILE_NAME, 0, AT(origin.digest), 0, 0},
    {"made.seed", PROFILE_COUNT, 0, AT(origin.seed), 0, 1e15},
    {"made.slots", PROFILE_COUNT, 0, AT(origin.slots), 1, 1e9},
    {"made.validators", PROFILE_COUNT, 0, AT(origin.validators), 1, 10000},
    US("freeze.us", freeze_us),
    US("confirm.octile_1_us", confirm_us[0]),
    US("confirm.octile_2_us", confirm_us[1]),
    US("confirm.octile_3_us", confirm_us[2]),
    US("confirm.octile_4_us", confirm_us[3]),
    US("confirm.octile_5_us", confirm_us[4]),
    US("confirm.octile_6_us", confirm_us[5]),
    US("confirm.octile_7_us", confirm_us[6]),
    US("confirm.octile_8_us", confirm_us[7]),
    US("handover.in_time_us", handover_us[0]),
    US("handover.late_1_us", handover_us[1]),
    US("handover.late_2_us", handover_us[2]),
    US("handover.late_3_us", handover_us[3]),
    US("handover.late_4_us", handover_us[4]),
    US("handover.later_us", handover_us[5]),
    COUNTS("lost.in_time", CHAIN_LOSSES, lost[0]),
    COUNTS("lost.late_1", CHAIN_LOSSES, lost[1]),
    COUNTS("lost.late_2", CHAIN_LOSSES, lost[2]),
    COUNTS("lost.late_3", CHAIN_LOSSES, lost[3]),
    COUNTS("lost.late_4", CHAIN_LOSSES, lost[4]),
    COUNTS("lost.later", CHAIN_LOSSES, lost[5]),
    COUNTS("depth.gap_0", CHAIN_DEPTHS, depth[0]),
    COUNTS("depth.gap_1", CHAIN_DEPTHS, depth[1]),
    COUNTS("depth.gap_3", CHAIN_DEPTHS, depth[2]),
    COUNTS("depth.gap_4", CHAIN_DEPTHS, depth[3]),
    COUNTS("depth.gap_8", CHAIN_DEPTHS, depth[4]),
    COUNTS("depth.gap_more", CHAIN_DEPTHS, depth[5]),
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS };
static const struct profile_table TABLE = {KEYS, KEY_COUNT};

static err row_check(const char *path, const struct profile_key *key, const int64_t *values,
                     struct diag *diag)
{
    int64_t sum = 0;
    bool is_sorted = true;
    for (uint32_t i = 0; i < key->elements; i++) {
        sum += values[i];
        if (i && values[i] < values[i - 1]) is_sorted = false;
    }
    if (key->elements == CHAIN_QUANTILES && !is_sorted)
        return diag_fail(diag, ERR_RANGE, "%s: %s goes down; quantiles must not", path, key->path);
    if (key->elements && key->elements != CHAIN_QUANTILES && sum == 0)
        return diag_fail(diag, ERR_RANGE, "%s: %s has only zeros; one count must be above", path, key->path);
    return OK;
}

err chain_table_read(const char *path, struct chain_table *out, struct chain_table_origin *origin,
                     struct diag *diag)
{
    struct file content = {0};
    struct profile_file file = {.path = path, .table = &TABLE};
    TRY(profile_read(&file, &content, diag));
    TRY(profile_require(&file, ((u128)1 << KEY_COUNT) - 1, diag));
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        TRY(row_check(path, &KEYS[i],
                      (const int64_t *)(const void *)((const char *)&content + KEYS[i].offset), diag));
    *out = content.table;
    *origin = content.origin;
    return OK;
}

static void write_row(FILE *out, const struct profile_key *key, const int64_t *values)
{
    const char *name = strchr(key->path, '.') + 1;
    fprintf(out, "%s = [", name);
    for (uint32_t i = 0; i < key->elements; i++)
        fprintf(out, "%s%" PRId64, !i ? "" : i % CHAIN_DEPTHS == 0 ? ",\n  " : ", ", values[i]);
    fputs("]\n", out);
}

void chain_table_write(FILE *out, const struct chain_table *table, const struct chain_table_origin *origin)
{
    const struct file content = {.origin = *origin, .table = *table};
    const char *section = "";
    size_t section_size = 0;
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        const struct profile_key *key = &KEYS[i];
        size_t size = (size_t)(strchr(key->path, '.') - key->path);
        const char *at = (const char *)&content + key->offset;
        if (size != section_size || strncmp(section, key->path, size) != 0)
            fprintf(out, "\n[%.*s]\n", (int)size, key->path);
        section = key->path;
        section_size = size;
        if (key->unit == PROFILE_NAME)
            fprintf(out, "%s = \"%s\"\n", key->path + size + 1, at);
        else if (!key->elements)
            fprintf(out, "%s = %" PRId64 "\n", key->path + size + 1, *(const int64_t *)(const void *)at);
        else
            write_row(out, key, (const int64_t *)(const void *)at);
    }
}

/* ---- draws ---- */

int64_t chain_table_quantile_ns(const int64_t us[CHAIN_QUANTILES], uint32_t share)
{
    uint64_t at = (uint64_t)share * CHAIN_RANKS; /* a rank, times 2^32 */
    int i = 1;
    while (at >= (uint64_t)CHAIN_QUANTILE_RANKS[i] << 32) i++;
    uint64_t low = (uint64_t)CHAIN_QUANTILE_RANKS[i - 1] << 32,
             high = (uint64_t)CHAIN_QUANTILE_RANKS[i] << 32;
    u128 rise_ns = (u128)(us[i] - us[i - 1]) * NS_PER_US;
    return us[i - 1] * NS_PER_US + (int64_t)(rise_ns * (at - low) / (high - low));
}

uint32_t chain_table_overhang(int64_t overhang_ns, int64_t slot_ns)
{
    if (overhang_ns <= 0) return 0;
    int64_t slots = overhang_ns / slot_ns;
    return slots < CHAIN_OVERHANGS - 2 ? (uint32_t)slots + 1 : CHAIN_OVERHANGS - 1;
}

uint32_t chain_table_gap(uint32_t slots)
{
    static const uint32_t MOST[CHAIN_GAPS - 1] = {0, 1, 3, 4, 8};
    uint32_t row = 0;
    while (row < CHAIN_GAPS - 1 && slots > MOST[row]) row++;
    return row;
}

uint32_t chain_table_pick(const int64_t *counts, uint32_t size, uint32_t share)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < size; i++) sum += (uint64_t)counts[i];
    ASSERT(sum > 0);
    uint64_t left = (uint64_t)((u128)sum * share >> 32);
    uint32_t i = 0;
    for (; left >= (uint64_t)counts[i]; i++) left -= (uint64_t)counts[i];
    return i;
}
