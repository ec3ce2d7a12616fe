/* tests/unit/test_chaos_experiment.c: what the Chaos Toolkit asks of an experiment is there. */
#include "base/json.h"
#include "sim/chaos_experiment.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(chaos_experiment, .timeout = 20);

static struct json *written(const char *name)
{
    struct chaos_scenario scenario;
    struct diag diag = {0};
    struct json *json = NULL;
    char *text = NULL;
    size_t size = 0;
    cr_assert(eq(int, chaos_scenario_load(&scenario, "scenarios/chaos", name, &diag), OK), "%s", diag.text);
    FILE *out = open_memstream(&text, &size);
    const struct chaos_experiment experiment = {
        .scenario = &scenario, .schedule = &scenario.schedule, .seed = 7, .arguments = "chaos replay r.toml"};
    chaos_experiment_write(&experiment, out);
    fclose(out);
    const struct json_text source = {.name = "experiment", .text = text, .size_bytes = size};
    cr_assert(eq(int, json_read_text(&json, &source, &diag), OK), "%s", diag.text);
    free(text);
    chaos_scenario_close(&scenario);
    return json;
}

/* title, description and method are required; a hypothesis needs a title and probes with a tolerance; an
 * activity needs type, name and a provider. */
Test(chaos_experiment, has_what_the_toolkit_requires)
{
    struct json *json = written("C2");
    struct json_node root = json_root(json), method, action, provider, hypothesis, probes, probe;
    struct diag diag = {0};
    const char *text;
    int64_t tolerance;
    cr_assert(eq(int, json_get_text(&root, "title", &text, &diag), OK));
    cr_assert(eq(int, json_get_text(&root, "description", &text, &diag), OK));
    cr_assert(eq(int, json_get_array(&root, "rollbacks", &method, &diag), OK));
    cr_assert(eq(int, json_get_array(&root, "method", &method, &diag), OK));
    cr_assert(json_count(&method) == 1);
    action = json_item(&method, 0);
    cr_assert(eq(int, json_get_text(&action, "type", &text, &diag), OK));
    cr_assert(eq(str, (char *)text, "action"));
    cr_assert(eq(int, json_get_object(&action, "provider", &provider, &diag), OK));
    cr_assert(eq(int, json_get_text(&provider, "arguments", &text, &diag), OK));
    cr_assert(eq(str, (char *)text, "chaos replay r.toml"));
    cr_assert(eq(int, json_get_object(&root, "steady-state-hypothesis", &hypothesis, &diag), OK));
    cr_assert(eq(int, json_get_array(&hypothesis, "probes", &probes, &diag), OK));
    probe = json_item(&probes, 0);
    cr_assert(eq(int, json_get_i64(&probe, "tolerance", &tolerance, &diag), OK));
    cr_assert(eq(i64, tolerance, 0));
    json_free(json);
}

Test(chaos_experiment, lists_every_fault_with_its_parameters)
{
    struct json *json = written("C1");
    struct json_node root = json_root(json), extensions, extension, faults, fault, params;
    struct diag diag = {0};
    const char *text;
    cr_assert(eq(int, json_get_array(&root, "extensions", &extensions, &diag), OK));
    extension = json_item(&extensions, 0);
    cr_assert(eq(int, json_get_array(&extension, "faults", &faults, &diag), OK));
    cr_assert(json_count(&faults) == 1);
    fault = json_item(&faults, 0);
    cr_assert(eq(int, json_get_text(&fault, "id", &text, &diag), OK));
    cr_assert(eq(str, (char *)text, "network.partition"));
    cr_assert(eq(int, json_get_object(&fault, "parameters", &params, &diag), OK));
    cr_assert(eq(int, json_get_text(&params, "duration", &text, &diag), OK));
    cr_assert(eq(str, (char *)text, "10s"));
    json_free(json);
}
