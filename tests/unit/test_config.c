/* tests/unit/test_config.c: layers, presets, provenance, and files that are wrong. */
#include "base/config.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static struct config_notes notes;
static struct diag diag;
static char path[] = "/tmp/agenc-config-XXXXXX";

static void set_up(void)
{
    config_init(&config);
    close(mkstemp(path));
}

static void tear_down(void)
{
    unlink(path);
}

TestSuite(config, .init = set_up, .fini = tear_down, .timeout = 10);

static err load(const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    diag = (struct diag){0};
    return config_load_file(&config, path, &notes, &diag);
}

static void origin_is(const char *key, const char *text)
{
    char origin[CONFIG_TEXT_BYTES];
    config_origin_text(&config, config_key_find(key), origin);
    cr_assert(eq(str, origin, (char *)text));
}

/* The diag without the file's name. */
static const char *placed(void)
{
    return strncmp(diag.text, path, strlen(path)) == 0 ? diag.text + strlen(path) : diag.text;
}

Test(config, compiled_defaults_are_conservative)
{
    cr_assert(eq(i64, config.settings.mode, MODE_CONSERVATIVE));
    cr_assert(eq(i64, config.settings.max_depth, 3));
    cr_assert(eq(i64, config.settings.max_parallel_branches, 2));
    cr_assert(eq(i64, config.settings.max_concurrent_submissions, 64));
    cr_assert(eq(i64, config.settings.table_capacity, 40000));
    cr_assert(eq(i64, config.settings.enabled, 0));
    cr_assert(eq(int, config_check(&config, &notes, &diag), OK));
    cr_assert(eq(u32, notes.kept_count, 0));
    origin_is("speculation.max_depth", "preset");
    origin_is("speculation.mode", "compiled");
}

Test(config, presets_fill_only_what_nobody_set)
{
    static const struct {
        const char *first, *second;
        int64_t depth, branches;
    } CASES[] = {
        {"speculation.mode=aggressive", "speculation.max_depth=8", 8, 8},
        {"speculation.max_depth=8", "speculation.mode=aggressive", 8, 8},
        {"speculation.mode=balanced", NULL, 5, 4},
        {"speculation.mode=aggressive", NULL, 10, 8},
        {"speculation.mode=custom", NULL, 5, 4},
        {"speculation.mode=balanced", "speculation.mode=conservative", 3, 2},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        config_init(&config);
        cr_assert(eq(int, config_set_text(&config, CASES[i].first, NULL, &diag), OK));
        if (CASES[i].second) cr_assert(eq(int, config_set_text(&config, CASES[i].second, NULL, &diag), OK));
        cr_assert(eq(i64, config.settings.max_depth, CASES[i].depth), "case %zu", i);
        cr_assert(eq(i64, config.settings.max_parallel_branches, CASES[i].branches), "case %zu", i);
    }
    cr_assert(
        eq(int, load("[speculation]\nmode = \"balanced\"\nmax_depth = 3\nmax_parallel_branches = 2\n"), OK));
    cr_assert(eq(i64, config.settings.max_depth, 3));
    cr_assert(eq(i64, config.settings.max_parallel_branches, 2));
}

Test(config, the_higher_layer_wins_whatever_the_order)
{
    char *environment[] = {"AGENC_SPECULATION_MAX_DEPTH=7", "AGENC_URL=x", "HOME=/", NULL};
    cr_assert(eq(int, config_apply_env(&config, environment, &notes, &diag), OK));
    cr_assert(eq(int, config_set_text(&config, "speculation.proof.batch_size=9", &notes, &diag), OK));
    cr_assert(eq(u32, notes.warning_count, 0));
    cr_assert(eq(int, config_set_text(&config, "speculation.max_depth=6", &notes, &diag), OK));
    cr_assert(eq(u32, notes.warning_count, 1));
    cr_assert(eq(str, notes.kept[0].text,
                 "--set: speculation.max_depth is shadowed by AGENC_SPECULATION_MAX_DEPTH; "
                 "7 is in force"));
    cr_assert(
        eq(int, load("[speculation]\nmax_depth = 5\n proof = { batch_size = 8, queue_size = 200 }\n"), OK));
    cr_assert(eq(i64, config.settings.max_depth, 7));
    cr_assert(eq(i64, config.settings.batch_size, 9));
    cr_assert(eq(i64, config.settings.queue_size, 200));
    origin_is("speculation.max_depth", "AGENC_SPECULATION_MAX_DEPTH");
    origin_is("speculation.proof.batch_size", "set");
    char origin[CONFIG_TEXT_BYTES];
    config_origin_text(&config, config_key_find("speculation.proof.queue_size"), origin);
    cr_assert(eq(str, origin + strlen(path), ":3:41"));
}

Test(config, the_later_file_wins)
{
    cr_assert(eq(int, load("speculation.max_depth = 5\nspeculation.proof.batch_size = 7"), OK));
    cr_assert(eq(int, load("speculation.max_depth = 6"), OK));
    cr_assert(eq(i64, config.settings.max_depth, 6));
    cr_assert(eq(i64, config.settings.batch_size, 7));
}

Test(config, a_table_of_zero_follows_the_pending_limit)
{
    cr_assert(eq(int, load("[speculation.limits]\ntable_capacity = 0\nmax_pending_operations = 50000"), OK));
    cr_assert(eq(i64, config.settings.table_capacity, 200000));
    cr_assert(eq(int, load("[speculation.limits]\ntable_capacity = 60000"), OK));
    cr_assert(eq(int, load("[speculation.limits]\nmax_pending_operations = 5000"), OK));
    cr_assert(eq(i64, config.settings.table_capacity, 60000));
}

Test(config, lists_are_joined_and_an_empty_one_clears)
{
    cr_assert(eq(int, load("[speculation.features]\nrollout_always = [\"smoke-1\", \"smoke-2\"]"), OK));
    cr_assert(eq(str, config.settings.rollout_always, "smoke-1,smoke-2"));
    cr_assert(eq(int, load("[speculation.features]\nrollout_always = [\"other\"]"), OK));
    cr_assert(eq(str, config.settings.rollout_always, "other"));
    cr_assert(eq(int, load("[speculation.features]\nrollout_always = []"), OK));
    cr_assert(eq(str, config.settings.rollout_always, ""));
    cr_assert(eq(int, load("[speculation.features]\nrollout_always = [1]"), ERR_SYNTAX));
}

Test(config, faults_in_files_have_their_place)
{
    static const struct {
        const char *text, *line;
        err code;
    } CASES[] = {
        {"[speculation]\nmax_depth = 0\n", ":2:13: speculation.max_depth: 0 is not in 1..20 levels",
         ERR_RANGE},
        {"[speculation]\nmax_depth = \"3\"\n", ":2:13: speculation.max_depth is text, want 1..20 levels",
         ERR_SYNTAX},
        {"[speculation]\nmax_depth = 3.0\n", ":2:13: speculation.max_depth is a number, want 1..20 levels",
         ERR_SYNTAX},
        {"[speculation]\nenabled = 1\n", ":2:11: speculation.enabled is an integer, want true or false",
         ERR_SYNTAX},
        {"[speculation]\nmode = [\"x\"]\n",
         ":2:9: speculation.mode is an array, want one of conservative, balanced, aggressive, custom",
         ERR_SYNTAX},
        {"[speculation]\nmax_dept = 3\n",
         ":2:1: speculation.max_dept is not a configuration key, nearest is speculation.max_depth",
         ERR_USAGE},
        {"[zzz]\nqqq = 3\n", ":2:1: zzz.qqq is not a configuration key (docs/CONFIG.md lists them)",
         ERR_USAGE},
        {"speculation.stake.slash_percentage = nan",
         ":1:38: speculation.stake.slash_percentage is nan or infinite, want a finite number", ERR_RANGE},
        {"speculation.stake.slash_percentage = 0.10005",
         ":1:38: speculation.stake.slash_percentage: 0.10005 is finer than 4 decimals or too large, want "
         "0.01..0.5",
         ERR_RANGE},
        {"speculation.mode = 1979-05-27",
         ":1:20: speculation.mode is a date, want one of conservative, balanced, aggressive, custom",
         ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        config_init(&config);
        notes = (struct config_notes){.is_strict = true};
        cr_assert(eq(int, load(CASES[i].text), CASES[i].code), "%s", CASES[i].text);
        cr_assert(eq(str, (char *)placed(), (char *)CASES[i].line));
        cr_assert(eq(u32, notes.error_count, 1));
    }
}

Test(config, every_fault_of_a_file_is_noted_and_the_layer_below_stays)
{
    cr_assert(eq(int,
                 load("[speculation]\nmax_depth = 99\nmode = \"turbo\"\n[speculation.proof]\nbatch_size = 5"),
                 ERR_RANGE));
    cr_assert(eq(u32, notes.error_count, 2));
    cr_assert(eq(i64, config.settings.max_depth, 3));
    cr_assert(eq(i64, config.settings.batch_size, 5));
    cr_assert(config.origins[config_key_index(config_key_find("speculation.max_depth"))].was_refused);
}

Test(config, unknown_keys_are_warnings_unless_strict)
{
    char *environment[] = {"AGENC_SPECULATION_MAX_DEPHT=7", NULL};
    cr_assert(eq(int, load("[speculation]\nmax_dept = 3"), OK));
    cr_assert(eq(int, config_apply_env(&config, environment, &notes, &diag), OK));
    cr_assert(eq(u32, notes.warning_count, 2));
    notes = (struct config_notes){.is_strict = true};
    cr_assert(eq(int, config_apply_env(&config, environment, &notes, &diag), ERR_USAGE));
    cr_assert(eq(int, config_set_text(&config, "speculation.max_dept=3", NULL, &diag), ERR_USAGE));
    cr_assert(eq(int, config_set_text(&config, "speculation.max_depth", NULL, &diag), ERR_USAGE));
}

Test(config, bad_values_in_the_environment_name_the_variable)
{
    char *environment[] = {"AGENC_SPECULATION_MAX_DEPTH=deep", NULL};
    cr_assert(eq(int, config_apply_env(&config, environment, &notes, &diag), ERR_SYNTAX));
    cr_assert(eq(
        str, diag.text,
        "AGENC_SPECULATION_MAX_DEPTH: speculation.max_depth: \"deep\" is not a number, want 1..20 levels"));
}

Test(config, files_that_are_not_toml_are_refused)
{
    cr_assert(eq(int, load("[speculation]\nmax_depth = 3\nmax_depth = 4\n"), ERR_SYNTAX));
    cr_assert(strncmp(placed(), ":3:", 3) == 0, "%s", diag.text);
    cr_assert(eq(int, load("[speculation]\nmode = \"\xff\"\n"), ERR_SYNTAX));
    cr_assert(strncmp(placed(), ":2:", 3) == 0, "%s", diag.text);
    diag = (struct diag){0};
    config.file_count = 0;
    cr_assert(eq(int, config_load_file(&config, "/nowhere.toml", &notes, &diag), ERR_IO));
}

static void load_shipped(const char *name)
{
    char shipped[128];
    snprintf(shipped, sizeof shipped, "scenarios/config/%s.toml", name);
    config_init(&config);
    diag = (struct diag){0};
    notes = (struct config_notes){.is_strict = true};
    cr_assert(eq(int, config_load_file(&config, shipped, &notes, &diag), OK), "%s", diag.text);
    cr_assert(eq(int, config_check(&config, &notes, &diag), OK), "%s", diag.text);
    cr_assert(eq(u32, notes.warning_count, 0), "%s", notes.kept[0].text);
}

Test(config, default_file_lists_every_key_at_its_compiled_value)
{
    struct config compiled;
    config_init(&compiled);
    load_shipped("default");
    for (uint32_t i = 0; i < config_key_count(); i++)
        cr_assert(config.origins[i].source == CONFIG_FILE, "%s is missing", config_key_at(i)->name);
    cr_assert(memcmp(&compiled.settings, &config.settings, sizeof config.settings) == 0);
}

Test(config, shipped_files_hold_what_they_promise)
{
    static const struct {
        const char *name;
        int64_t mode, depth, branches, timeout_s, policy, min_stake, per_depth, slash_bps;
        int64_t threads, queue, batch, proof_timeout_s, memory_mb, pending, snapshots, gc_s, parallel, cross;
    } FILES[] = {
        {"dev", MODE_AGGRESSIVE, 10, 8, 5, ROLLBACK_CASCADE, 1000, 1000, 100, 2, 100, 10, 60, 1024, 1000, 100,
         30, 1, 1},
        {"staging", MODE_BALANCED, 5, 4, 30, ROLLBACK_CASCADE, 100000, 100000, 500, 4, 500, 10, 60, 2048,
         5000, 100, 30, 1, 0},
        {"prod", MODE_CONSERVATIVE, 3, 2, 60, ROLLBACK_CASCADE, 1000000, 500000, 1000, 8, 2000, 20, 120, 8192,
         50000, 500, 15, 1, 0},
        {"low-latency", MODE_AGGRESSIVE, 8, 8, 15, ROLLBACK_SELECTIVE, 500000, 50000, 500, 16, 5000, 5, 30,
         16384, 100000, 100, 5, 1, 1},
        {"reliability", MODE_CONSERVATIVE, 2, 2, 90, ROLLBACK_CASCADE, 2000000, 1000000, 1500, 4, 1000, 20,
         180, 4096, 10000, 100, 30, 0, 0},
        {"cost", MODE_BALANCED, 3, 2, 60, ROLLBACK_CASCADE, 1000000, 200000, 1000, 2, 500, 30, 120, 2048,
         5000, 25, 10, 1, 0},
        {"burst", MODE_BALANCED, 5, 16, 45, ROLLBACK_SELECTIVE, 1000000, 300000, 800, 12, 10000, 40, 90,
         12288, 75000, 200, 10, 1, 0},
    };
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        load_shipped(FILES[i].name);
        const struct settings *s = &config.settings;
        cr_assert(s->mode == FILES[i].mode && s->max_depth == FILES[i].depth, "%s", FILES[i].name);
        cr_assert(s->max_parallel_branches == FILES[i].branches && s->rollback_policy == FILES[i].policy);
        cr_assert(eq(i64, s->confirmation_timeout_ns, FILES[i].timeout_s * NS_PER_S));
        cr_assert(eq(i64, s->min_stake_lamports, FILES[i].min_stake));
        cr_assert(eq(i64, s->stake_per_depth_lamports, FILES[i].per_depth));
        cr_assert(eq(i64, s->slash_bps, FILES[i].slash_bps));
        cr_assert(eq(i64, s->worker_threads, FILES[i].threads));
        cr_assert(s->queue_size == FILES[i].queue && s->batch_size == FILES[i].batch, "%s", FILES[i].name);
        cr_assert(eq(i64, s->proof_timeout_ns, FILES[i].proof_timeout_s * NS_PER_S));
        cr_assert(eq(i64, s->max_memory_bytes, FILES[i].memory_mb * (int64_t)MIB));
        cr_assert(eq(i64, s->max_pending_operations, FILES[i].pending));
        cr_assert(eq(i64, s->max_state_snapshots, FILES[i].snapshots));
        cr_assert(eq(i64, s->gc_interval_ns, FILES[i].gc_s * NS_PER_S));
        cr_assert(s->parallel_speculation == FILES[i].parallel &&
                  s->cross_agent_speculation == FILES[i].cross);
        cr_assert(eq(i64, s->enabled, 1));
    }
}
