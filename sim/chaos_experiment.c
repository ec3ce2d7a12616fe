/* sim/chaos_experiment.c: https://chaostoolkit.org/reference/api/experiment/, keys in sorted order. */
#include "sim/chaos_experiment.h"
#include "base/json_write.h"
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include <inttypes.h>
#include <string.h>

/* Names of parameters, sorted: a JSON writer takes keys in order. */
static void write_params(struct json_writer *json, const struct fault *fault)
{
    const struct injector *row = &INJECTOR_TABLE[fault->injector];
    uint32_t count = injector_param_count(fault->injector), order[FAULT_PARAMS];
    char text[FAULT_VALUE_BYTES];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && strcmp(row->params[order[at - 1]].name, row->params[i].name) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    json_write_object(json, "parameters");
    for (uint32_t i = 0; i < count; i++) {
        const struct injector_param *param = &row->params[order[i]];
        fault_value_print(param, fault->params[order[i]], text);
        json_write_text(json, param->name, text);
    }
    json_write_end(json);
}

void chaos_fault_json(struct json_writer *json, const struct fault *fault)
{
    json_write_object(json, NULL);
    json_write_number(json, "at_s", (double)fault->on_ns / (double)NS_PER_S);
    json_write_number(json, "chance", (double)fault->chance_ppm / SCHEDULE_PPM_ONE);
    json_write_number(json, "for_s", (double)fault->for_ns / (double)NS_PER_S);
    json_write_text(json, "id", INJECTOR_TABLE[fault->injector].name);
    json_write_u64(json, "key", fault->key);
    write_params(json, fault);
    json_write_text(json, "target", chaos_target_name(fault->target));
    json_write_end(json);
}

static void write_provider(struct json_writer *json, const struct chaos_experiment *experiment)
{
    json_write_object(json, "provider");
    json_write_text(json, "arguments", experiment->arguments);
    json_write_text(json, "path", "agenc");
    json_write_text(json, "type", "process");
    json_write_end(json);
}

static void write_extension(struct json_writer *json, const struct chaos_experiment *experiment)
{
    json_write_array(json, "extensions");
    json_write_object(json, NULL);
    json_write_array(json, "faults");
    for (uint32_t i = 0; i < experiment->schedule->count; i++)
        chaos_fault_json(json, &experiment->schedule->faults[i]);
    json_write_end(json);
    json_write_text(json, "name", "agenc");
    json_write_text(json, "scenario", experiment->scenario->name);
    json_write_u64(json, "seed", experiment->seed);
    json_write_end(json);
    json_write_end(json);
}

static void write_method(struct json_writer *json, const struct chaos_experiment *experiment)
{
    char name[128];
    snprintf(name, sizeof name, "run %s with seed %" PRIu64 " and %" PRIu32 " faults",
             experiment->scenario->name, experiment->seed, experiment->schedule->count);
    json_write_array(json, "method");
    json_write_object(json, NULL);
    json_write_text(json, "name", name);
    write_provider(json, experiment);
    json_write_text(json, "type", "action");
    json_write_end(json);
    json_write_end(json);
}

static void write_hypothesis(struct json_writer *json, const struct chaos_experiment *experiment)
{
    json_write_object(json, "runtime");
    json_write_object(json, "hypothesis");
    json_write_text(json, "strategy", "after-method-only");
    json_write_end(json);
    json_write_end(json);
    json_write_object(json, "steady-state-hypothesis");
    json_write_array(json, "probes");
    json_write_object(json, NULL);
    json_write_text(json, "name", "every invariant holds, whatever the faults do");
    write_provider(json, experiment);
    json_write_i64(json, "tolerance", 0);
    json_write_text(json, "type", "probe");
    json_write_end(json);
    json_write_end(json);
    json_write_text(json, "title", "Every invariant holds");
    json_write_end(json);
}

void chaos_experiment_json(struct json_writer *json, const char *key,
                           const struct chaos_experiment *experiment)
{
    const struct chaos_scenario_head *head = &experiment->scenario->head;
    json_write_object(json, key);
    json_write_text(json, "description", head->about[0] ? head->about : head->title);
    write_extension(json, experiment);
    write_method(json, experiment);
    json_write_array(json, "rollbacks");
    json_write_end(json);
    write_hypothesis(json, experiment);
    json_write_array(json, "tags");
    json_write_text(json, NULL, "agenc");
    json_write_text(json, NULL, "simulation");
    json_write_end(json);
    json_write_text(json, "title", head->title[0] ? head->title : head->name);
    json_write_text(json, "version", "1.0.0");
    json_write_end(json);
}

void chaos_experiment_write(const struct chaos_experiment *experiment, FILE *out)
{
    struct json_writer json;
    json_write_begin(&json, out, JSON_LINES);
    chaos_experiment_json(&json, NULL, experiment);
    json_write_finish(&json);
}
