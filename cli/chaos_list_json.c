/* cli/chaos_list_json.c: {injectors[], invariants[], scenarios[]} (product.md 5). Values as a schedule says
 * them. */
#include "base/json_write.h"
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include "cli/chaos_list.h"

static const char *const KINDS[] = {
    [PARAM_DURATION] = "duration",     [PARAM_COUNT] = "count",   [PARAM_BYTES] = "bytes",
    [PARAM_SHARE] = "share",           [PARAM_FACTOR] = "factor", [PARAM_WORD] = "word",
    [PARAM_SIGNED] = "signed duration"};

static void write_value(struct json_writer *json, const char *key, const struct injector_param *param,
                        int64_t value)
{
    char text[FAULT_VALUE_BYTES];
    fault_value_print(param, value, text);
    json_write_text(json, key, text);
}

static void write_words(struct json_writer *json, const struct injector_param *param)
{
    json_write_array(json, "words");
    for (int64_t i = 0; i <= param->max; i++) json_write_text(json, NULL, param->words[i]);
    json_write_end(json);
}

static void write_param(struct json_writer *json, const struct injector_param *param)
{
    json_write_object(json, NULL);
    write_value(json, "default", param, param->fallback);
    json_write_text(json, "help", param->help);
    json_write_text(json, "kind", KINDS[param->kind]);
    if (param->kind != PARAM_WORD) {
        write_value(json, "max", param, param->max);
        write_value(json, "min", param, param->min);
    }
    json_write_text(json, "name", param->name);
    if (param->kind == PARAM_WORD) write_words(json, param);
    json_write_end(json);
}

static void write_bits(struct json_writer *json, const struct injector *row)
{
    json_write_array(json, "levels");
    for (int i = 0; i < 3; i++)
        if (row->levels & 1u << i) json_write_i64(json, NULL, i);
    json_write_end(json);
    json_write_text(json, "name", row->name);
    json_write_array(json, "parameters");
    for (int i = 0; i < FAULT_PARAMS && row->params[i].name; i++) write_param(json, &row->params[i]);
    json_write_end(json);
    json_write_array(json, "targets");
    for (int i = 0; i < CHAOS_TARGET_COUNT; i++)
        if (row->targets & 1u << i) json_write_text(json, NULL, chaos_target_name((enum chaos_target)i));
    json_write_end(json);
}

static void write_injectors(struct json_writer *json)
{
    json_write_array(json, "injectors");
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        const struct injector *row = &INJECTOR_TABLE[i];
        json_write_object(json, NULL);
        json_write_text(json, "class", chaos_class_text((enum injector_id)i));
        json_write_bool(json, "has_chance", !row->is_always);
        json_write_text(json, "help", row->help);
        json_write_text(json, "hook", chaos_hook_name(row->hook));
        write_bits(json, row);
        json_write_bool(json, "without_for", row->happens_once);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_invariants(struct json_writer *json)
{
    json_write_array(json, "invariants");
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        const struct invariant_row *row = &INVARIANT_TABLE[i];
        json_write_object(json, NULL);
        json_write_text(json, "class", chaos_rule_class((enum invariant)i));
        json_write_bool(json, "exercised", row->is_exercised);
        json_write_text(json, "name", row->id);
        json_write_text(json, "severity", chaos_severity_text((enum invariant)i));
        json_write_text(json, "statement", row->statement);
        json_write_text(json, "title", row->title);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_scenario(struct json_writer *json, const struct chaos_scenario_head *head)
{
    json_write_object(json, NULL);
    json_write_text(json, "about", head->about);
    json_write_text(json, "also", head->also[0] ? head->also : NULL);
    json_write_text(json, "class", head->is_safety_only ? "safety only" : "healable");
    json_write_number(json, "duration_s", (double)head->duration_ns / (double)NS_PER_S);
    json_write_text(json, "id", head->id[0] ? head->id : NULL);
    json_write_array(json, "injectors");
    for (int i = 0; i < INJECTOR_COUNT; i++)
        if (head->arms[i]) json_write_text(json, NULL, INJECTOR_TABLE[i].name);
    json_write_end(json);
    json_write_array(json, "invariants");
    for (int i = 0; i < INVARIANT_COUNT; i++)
        if (head->is_about[i]) json_write_text(json, NULL, INVARIANT_TABLE[i].id);
    json_write_end(json);
    json_write_text(json, "name", head->name);
    json_write_text(json, "not_exercised_yet", head->not_yet[0] ? head->not_yet : NULL);
    json_write_bool(json, "swarm", head->is_swarm);
    json_write_text(json, "title", head->title);
    json_write_end(json);
}

void chaos_list_json(const struct chaos_listing *listing, FILE *out)
{
    struct json_writer json;
    json_write_begin(&json, out, JSON_LINES);
    json_write_object(&json, NULL);
    if (listing->has_injectors) write_injectors(&json);
    if (listing->has_invariants) write_invariants(&json);
    if (listing->has_scenarios) {
        json_write_array(&json, "scenarios");
        for (uint32_t i = 0; i < listing->scenario_count; i++) write_scenario(&json, &listing->scenarios[i]);
        json_write_end(&json);
    }
    json_write_end(&json);
    json_write_finish(&json);
}
