/* tests/judge/judge_vectors_config.c: keys and layers, sizing, who is rolled out. */
#include "base/rollout.h"
#include "base/sizing.h"
#include "tests/judge/judge_vectors.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { ASSIGNMENT_BYTES = 256 };

/* "KEY=VALUE" as a person would write it, from a JSON value. */
static void write_assignment(const char *key, const struct json_node *value, char out[ASSIGNMENT_BYTES])
{
    int size = ASSIGNMENT_BYTES;
    int64_t whole;
    if (node_is_text(value))
        snprintf(out, (size_t)size, "%s=%s", key, node_text(value));
    else if (node_is_bool(value))
        snprintf(out, (size_t)size, "%s=%s", key, node_bool(value) ? "true" : "false");
    else if (json_get_i64(value, NULL, &whole, NULL) == OK)
        snprintf(out, (size_t)size, "%s=%" PRId64, key, whole);
    else
        snprintf(out, (size_t)size, "%s=%.15g", key, node_number(value));
}

static bool set_key(struct config *config, const char *key, const struct json_node *value)
{
    char assignment[ASSIGNMENT_BYTES];
    write_assignment(key, value, assignment);
    return config_set_text(config, assignment, NULL, NULL) == OK;
}

/* ---- modes ---- */

static void full_name(const char *key, char out[ASSIGNMENT_BYTES])
{
    snprintf(out, ASSIGNMENT_BYTES, "speculation.%.100s", key);
}

/* Every member of `wanted` as what is in force. */
static void check_effective(struct judge *judge, const struct config *config, const struct json_node *wanted)
{
    const char *key = NULL;
    struct json_node member;
    while (json_next(wanted, key, &key, &member)) {
        char name[ASSIGNMENT_BYTES], in_force[CONFIG_TEXT_BYTES], expected[ASSIGNMENT_BYTES];
        full_name(key, name);
        const struct config_key *row = config_key_find(name);
        if (!row) {
            case_fail(judge, member.path, "a key", "a key that is not known");
            continue;
        }
        config_key_write(row, &config->settings, in_force);
        write_assignment("", &member, expected);
        check_text(judge, member.path, expected + 1, in_force);
    }
}

static void preset_case(struct judge *judge, const char *mode, const struct json_node *wanted)
{
    struct config config;
    char assignment[ASSIGNMENT_BYTES];
    config_init(&config);
    snprintf(assignment, sizeof assignment, "speculation.mode=%.30s", mode);
    case_begin(judge);
    check_bool(judge, mode, true, config_set_text(&config, assignment, NULL, NULL) == OK);
    check_effective(judge, &config, wanted);
    case_end(judge);
}

static void layers_case(struct judge *judge, struct entry *entry)
{
    struct config config;
    struct json_node layers = entry_array(entry, "layers"), member;
    config_init(&config);
    for (size_t i = 0; i < json_count(&layers); i++) {
        struct json_node layer = json_item(&layers, i);
        const char *key = NULL;
        while (json_next(&layer, key, &key, &member)) {
            char name[ASSIGNMENT_BYTES];
            full_name(key, name);
            check_bool(judge, member.path, true, set_key(&config, name, &member));
        }
    }
    struct json_node effective = entry_object(entry, "effective");
    check_effective(judge, &config, &effective);
}

static void extra_presets(struct judge *judge, struct entry *entry)
{
    case_begin(judge);
    case_fail(judge, "extra_from_api_spec", "nonnormative (engine.md 8.4)", entry_text(entry, "status"));
    case_end(judge);
}

static void mode_entry(struct judge *judge, struct entry *entry)
{
    static const char *const MODES[] = {"conservative", "balanced", "aggressive"};
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++) {
        struct json_node wanted = entry_object(entry, MODES[i]);
        preset_case(judge, MODES[i], &wanted);
    }
    struct json_node cases = entry_array(entry, "resolution_cases");
    judge_cases(judge, &cases, layers_case);
    if (!entry_has(entry, "extra_from_api_spec")) return;
    struct json_node extra = entry_object(entry, "extra_from_api_spec");
    judge_entries(judge, &extra, extra_presets);
}

/* ---- validation ---- */

static void key_case(struct judge *judge, struct entry *entry)
{
    struct config config;
    struct json_node value = entry_any(entry, "value");
    const char *key = entry_text(entry, "key");
    config_init(&config);
    check_bool(judge, "key", true, config_key_find(key) != NULL);
    check_bool(judge, key, entry_bool(entry, "ok"), set_key(&config, key, &value));
}

/* The shipped files; the numbers are the tuning guide's scenarios. */
static const struct {
    const char *name, *path;
} FILES[] = {
    {"prod", "scenarios/config/prod.toml"},     {"1", "scenarios/config/low-latency.toml"},
    {"2", "scenarios/config/reliability.toml"}, {"3", "scenarios/config/cost.toml"},
    {"4", "scenarios/config/burst.toml"},
};

/* False: no such file, or it cannot be read. */
static bool load_file(const char *name, struct config *config, bool *is_valid_out)
{
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        if (strcmp(FILES[i].name, name) != 0) continue;
        struct config_notes notes = {.is_strict = true};
        config_init(config);
        *is_valid_out = config_load_file(config, FILES[i].path, &notes, NULL) == OK &&
                        config_check(config, &notes, NULL) == OK && notes.error_count == 0;
        return true;
    }
    return false;
}

static void check_file(struct judge *judge, const char *field, const char *name, bool expected)
{
    struct config config;
    bool is_valid = false, is_known = load_file(name, &config, &is_valid);
    check_bool(judge, field, expected, is_known && is_valid);
}

static void hot_case(struct judge *judge, struct entry *entry)
{
    struct json_node wanted = entry_object(entry, "seed_enable_curl"), member;
    struct config config;
    struct config_change changes[8];
    char texts[8][ASSIGNMENT_BYTES];
    enum config_outcome outcomes[8];
    uint32_t count = 0;
    const char *key = NULL;
    config_init(&config);
    while (json_next(&wanted, key, &key, &member)) {
        if (count == 8) input_refuse(&wanted, "at most 8 keys");
        write_assignment("", &member, texts[count]);
        changes[count] = (struct config_change){key, texts[count] + 1};
        count++;
    }
    struct config_update update = {.changes = changes, .outcomes = outcomes, .count = count};
    struct config_notes notes = {.is_strict = true};
    check_bool(judge, "seed_enable_curl", true, config_set_hot(&config, &update, &notes, NULL) == OK);
    for (uint32_t i = 0; i < count; i++) {
        char in_force[CONFIG_TEXT_BYTES] = "";
        const struct config_key *row = config_key_find(changes[i].key);
        if (row) config_key_write(row, &config.settings, in_force);
        char *point = strstr(in_force, ".0"); /* a percentage is written with a decimal */
        if (point && !point[2] && !strchr(changes[i].value, '.')) *point = '\0';
        check_text(judge, changes[i].key, changes[i].value, in_force);
    }
}

static void validation_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases"),
                     scenarios = entry_array(entry, "seed_scenarios_valid");
    judge_cases(judge, &cases, key_case);
    case_begin(judge);
    check_file(judge, "seed_prod_config_valid", "prod", entry_bool(entry, "seed_prod_config_valid"));
    for (size_t i = 0; i < json_count(&scenarios); i++) {
        struct json_node number = json_item(&scenarios, i);
        char name[24];
        snprintf(name, sizeof name, "%" PRIu64, node_u64(&number));
        check_file(judge, number.path, name, true);
    }
    case_end(judge);
    case_begin(judge);
    hot_case(judge, entry);
    case_end(judge);
}

/* ---- rollout ---- */

static uint32_t bucket_of(const char *key)
{
    return rollout_bucket(key, strlen(key));
}

/* Who of those in `buckets` an engine at this share admits speculatively. */
static bool is_selected(const char *key, uint64_t share_bps)
{
    struct settings settings = judge_settings();
    settings.rollout_bps = (int64_t)share_bps;
    struct history history = history_start(&settings, 4);
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = 2, .agent_id = 1, .parent_count = 1, .parents = {1}};
    event.u.submit.claim_expires_ns = NEVER_NS;
    event.u.submit.rollout_bucket = bucket_of(key);
    bool is_in = fixture_submit(history.fixture, 1, PARENTS()) == OK &&
                 fixture_send(history.fixture, &event) == OK &&
                 fixture_status(history.fixture, 2) == TASK_EXECUTING;
    history_end(&history);
    return is_in;
}

static void check_selected(struct judge *judge, const struct json_node *buckets,
                           const struct json_node *names, uint64_t share_bps)
{
    const char *key = NULL;
    struct json_node member;
    size_t selected = 0;
    while (json_next(buckets, key, &key, &member)) {
        bool is_wanted = false;
        for (size_t i = 0; i < json_count(names); i++) {
            struct json_node name = json_item(names, i);
            is_wanted = is_wanted || strcmp(node_text(&name), key) == 0;
        }
        selected += is_wanted;
        check_bool(judge, names->path, is_wanted, is_selected(key, share_bps));
    }
    check_u64(judge, names->path, json_count(names), selected);
}

static uint64_t count_at(uint64_t share_bps)
{
    uint64_t count = 0;
    for (int i = 0; i < 10000; i++) {
        char key[32];
        snprintf(key, sizeof key, "agent-%d", i);
        count += rollout_selects(bucket_of(key), share_bps);
    }
    return count;
}

/* "selected_at_25": whole per cents. */
static bool share_of(const char *key, const char *prefix, uint64_t *share_bps_out)
{
    size_t size = strlen(prefix);
    if (strncmp(key, prefix, size) != 0) return false;
    int percent, used = 0;
    if (sscanf(key + size, "%d%n", &percent, &used) != 1 || key[size + (size_t)used] || percent < 0)
        return false;
    *share_bps_out = (uint64_t)percent * 100;
    return true;
}

static void check_counts(struct judge *judge, const struct json_node *counts)
{
    const char *key = NULL;
    struct json_node member;
    uint64_t share_bps;
    while (json_next(counts, key, &key, &member)) {
        if (!share_of(key, "", &share_bps)) input_refuse(&member, "expected a percentage as the name");
        check_u64(judge, member.path, node_u64(&member), count_at(share_bps));
    }
}

/* Raising the share drops nobody: below a share stays below a larger one. */
static bool is_monotone(void)
{
    for (uint64_t share_bps = 0; share_bps < ROLLOUT_BUCKETS; share_bps += 100)
        for (uint32_t bucket = 0; bucket < ROLLOUT_BUCKETS; bucket++)
            if (rollout_selects(bucket, share_bps) && !rollout_selects(bucket, share_bps + 100)) return false;
    return true;
}

static void selection_entry(struct judge *judge, struct entry *entry)
{
    struct json_node buckets = entry_object(entry, "buckets"), member;
    const char *key = NULL;
    uint64_t share_bps;
    entry_words(entry, "rule");
    case_begin(judge);
    while (json_next(&buckets, key, &key, &member))
        check_u64(judge, member.path, node_u64(&member), bucket_of(key));
    case_end(judge);
    for (key = NULL; json_next(&entry->node, key, &key, &member);) {
        if (!share_of(key, "selected_at_", &share_bps)) continue;
        struct json_node names = entry_array(entry, key);
        case_begin(judge);
        check_selected(judge, &buckets, &names, share_bps);
        case_end(judge);
    }
    case_begin(judge);
    struct json_node counts = entry_object(entry, "count_of_agent-0..agent-9999");
    check_counts(judge, &counts);
    check_bool(judge, "monotone", entry_bool(entry, "monotone"), is_monotone());
    case_end(judge);
}

/* ---- sizing ---- */

static void memory_case(struct judge *judge, struct entry *entry)
{
    struct sizing sizing = sizing_of(&(struct sizing_load){
        .branches = entry_i64(entry, "branches"),
        .state_mb = entry_i64(entry, "avg_state_mb"),
        .pending = entry_i64(entry, "ops"),
        .proof_cache_mb = entry_i64(entry, "proof_cache_mb"),
    });
    check_number(judge, "base_mb", entry_number(entry, "base_mb"), (double)sizing.memory_base_kb / 1000,
                 1e-6);
    check_i64(judge, "required_mb", entry_i64(entry, "required_mb"), sizing.memory_mb);
    check_i64(judge, "rounded_mb", entry_i64(entry, "rounded_mb"), sizing.memory_round_mb);
}

static void snapshots_case(struct judge *judge, struct entry *entry)
{
    struct sizing_load load = {.depth = entry_i64(entry, "max_depth"),
                               .branches = entry_i64(entry, "branches")};
    int64_t snapshots = sizing_of(&load).snapshots;
    check_i64(judge, "snapshots", entry_i64(entry, "snapshots"), snapshots);
    if (load.depth == 0 || load.branches == 0)
        input_refuse(&entry->node, "depth and branches are at least 1");
    load.depth = load.branches = 2; /* four: the safety factor shows without rounding */
    check_number(judge, "safety", entry_number(entry, "safety"), (double)sizing_of(&load).snapshots / 4,
                 1e-9);
}

static void pending_case(struct judge *judge, struct entry *entry)
{
    struct sizing_load load = {
        .rate_millionths = llround(entry_number(entry, "rate_per_s") * 1e6),
        .confirmation_timeout_ns = entry_i64(entry, "confirmation_timeout_s") * NS_PER_S,
    };
    check_i64(judge, "value", entry_i64(entry, "value"), sizing_of(&load).pending);
}

static void gc_case(struct judge *judge, struct entry *entry)
{
    struct sizing_load load = {.confirmation_timeout_ns =
                                   entry_i64(entry, "confirmation_timeout_ms") * NS_PER_MS};
    check_i64(judge, "value", entry_i64(entry, "value"), sizing_of(&load).gc_interval_ms);
}

static void queue_case(struct judge *judge, struct entry *entry)
{
    struct sizing_load load = {
        .rate_millionths = llround(entry_number(entry, "rate_per_s") * 1e6),
        .proof_time_ns = entry_i64(entry, "avg_proof_s") * NS_PER_S,
    };
    int64_t queue_size = sizing_of(&load).queue_size;
    check_i64(judge, "value", entry_i64(entry, "value"), queue_size);
    if (entry_has(entry, "clamped_to_range_max"))
        check_i64(judge, "clamped_to_range_max", entry_i64(entry, "clamped_to_range_max"),
                  sizing_clamp(queue_size, "speculation.proof.queue_size"));
}

static void patience_case(struct judge *judge, struct entry *entry)
{
    int64_t p99_ns = entry_i64(entry, "p99_ms") * NS_PER_MS;
    check_i64(judge, "recommended", entry_i64(entry, "recommended"),
              sizing_confirmation_timeout_ns(p99_ns) / NS_PER_MS);
}

/* A shipped file against the guide's own formulas. */
static void conformance_case(struct judge *judge, struct entry *entry)
{
    struct json_node scenario = entry_any(entry, "scenario");
    char name[24];
    struct config config;
    bool is_valid = false;
    if (node_is_text(&scenario))
        snprintf(name, sizeof name, "%.20s", node_text(&scenario));
    else
        snprintf(name, sizeof name, "%" PRIu64, node_u64(&scenario));
    check_bool(judge, scenario.path, true, load_file(name, &config, &is_valid) && is_valid);
    if (!is_valid) return;
    const struct settings *settings = &config.settings;
    struct sizing sizing = sizing_of(&(struct sizing_load){
        .confirmation_timeout_ns = settings->confirmation_timeout_ns,
        .depth = settings->max_depth,
        .branches = settings->max_parallel_branches,
    });
    check_i64(judge, "gc_config", entry_i64(entry, "gc_config"), settings->gc_interval_ns / NS_PER_MS);
    check_i64(judge, "gc_formula", entry_i64(entry, "gc_formula"), sizing.gc_interval_ms);
    check_bool(judge, "match", entry_bool(entry, "match"),
               settings->gc_interval_ns / NS_PER_MS == sizing.gc_interval_ms);
    if (!entry_has(entry, "snapshots_config")) return;
    check_i64(judge, "snapshots_config", entry_i64(entry, "snapshots_config"), settings->max_state_snapshots);
    check_i64(judge, "snapshots_formula", entry_i64(entry, "snapshots_formula"), sizing.snapshots);
}

/* The guide's sum, term by term: branches, operations, cache, the fifth on top. */
static void worked_case(struct judge *judge, struct entry *entry)
{
    struct json_node terms = entry_array(entry, "terms");
    if (json_count(&terms) != 4) input_refuse(&terms, "expected four terms");
    int64_t mb[4], base_mb = 0;
    for (size_t i = 0; i < 4; i++) {
        struct json_node term = json_item(&terms, i);
        mb[i] = node_i64(&term);
        base_mb += i < 3 ? mb[i] : 0;
    }
    struct sizing sizing = sizing_of(&(struct sizing_load){
        .branches = 1, .state_mb = mb[0], .pending = mb[1] * 1000, .proof_cache_mb = mb[2]});
    check_i64(judge, "terms: base", base_mb * 1000, sizing.memory_base_kb);
    check_i64(judge, "terms: a fifth", mb[3], sizing.memory_mb - base_mb);
    check_i64(judge, "sum", entry_i64(entry, "sum"), sizing.memory_mb);
    check_i64(judge, "round_to", entry_i64(entry, "round_to"), sizing.memory_round_mb);
}

static const struct sizing_table {
    const char *key;
    void (*run)(struct judge *judge, struct entry *entry);
} SIZING_TABLES[] = {
    {"max_memory_mb", memory_case},
    {"max_state_snapshots", snapshots_case},
    {"max_pending_operations", pending_case},
    {"gc_interval_ms", gc_case},
    {"proof_queue_size", queue_case},
    {"confirmation_timeout_ms", patience_case},
    {"scenario_conformance", conformance_case},
};

static void sizing_entry(struct judge *judge, struct entry *entry)
{
    for (size_t i = 0; i < sizeof SIZING_TABLES / sizeof *SIZING_TABLES; i++) {
        struct json_node cases = entry_array(entry, SIZING_TABLES[i].key);
        judge_cases(judge, &cases, SIZING_TABLES[i].run);
    }
    struct json_node example = entry_object(entry, "seed_worked_example");
    struct entry worked = entry_open(judge, &example);
    case_begin(judge);
    worked_case(judge, &worked);
    entry_close(&worked);
    case_end(judge);
}

#define CONFIG_GROUP(name, entry)                                                                            \
    static void name(struct judge *judge, const struct json_node *node)                                      \
    {                                                                                                        \
        judge_entries(judge, node, entry);                                                                   \
    }
CONFIG_GROUP(mode_group, mode_entry)
CONFIG_GROUP(validation_group, validation_entry)
CONFIG_GROUP(selection_group, selection_entry)
CONFIG_GROUP(sizing_group, sizing_entry)

const struct group CONFIG_GROUPS[] = {
    {"mode_presets", mode_group},
    {"config_validation", validation_group},
    {"rollout_selection", selection_group},
    {"sizing", sizing_group},
    {NULL, NULL},
};
