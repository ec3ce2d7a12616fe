/* tests/unit/test_injectors.c: every row of the table of faults is whole. */
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(injectors, .timeout = 10);

static const char *const PARAMS[INJECTOR_COUNT] = {
#define INJECTOR_(symbol, name, hook, kind, class, params) params,
    INJECTORS(INJECTOR_)
#undef INJECTOR_
};

Test(injectors, each_has_a_name_of_its_own_a_help_a_level_and_a_deed)
{
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++) {
        const struct injector *row = &INJECTOR_TABLE[i];
        cr_assert(row->name && strchr(row->name, '.'), "row %u", i);
        cr_assert(row->help && strlen(row->help) > 10, "%s", row->name);
        cr_assert(row->meet != NULL, "%s", row->name);
        cr_assert(row->levels & LEVEL_SIMULATION, "%s", row->name);
        cr_assert(row->targets & 1u << TARGET_ANY, "%s", row->name);
        for (uint32_t j = 0; j < i; j++) cr_assert(strcmp(row->name, INJECTOR_TABLE[j].name) != 0);
    }
}

Test(injectors, parameters_stand_in_the_order_that_their_functions_count_on)
{
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++) {
        char names[128] = "";
        for (uint32_t j = 0; j < injector_param_count((enum injector_id)i); j++) {
            if (j > 0) strcat(names, " ");
            strcat(names, INJECTOR_TABLE[i].params[j].name);
        }
        cr_assert(eq(str, names, (char *)PARAMS[i]), "%s", INJECTOR_TABLE[i].name);
    }
}

static void check_param(const char *injector, const struct injector_param *param)
{
    cr_assert(param->help && param->help[0], "%s %s", injector, param->name);
    cr_assert(param->min <= param->max, "%s %s", injector, param->name);
    cr_assert(param->min <= param->fallback && param->fallback <= param->max, "%s %s", injector, param->name);
    cr_assert(param->min <= param->usual || param->kind == PARAM_SIGNED, "%s %s", injector, param->name);
    cr_assert(param->usual <= param->most && param->most <= param->max, "%s %s", injector, param->name);
    bool has_words = param->words != NULL;
    cr_assert(eq(int, has_words, param->kind == PARAM_WORD), "%s %s", injector, param->name);
}

Test(injectors, what_is_drawn_and_what_is_left_out_lies_within_the_limits)
{
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++)
        for (uint32_t j = 0; j < injector_param_count((enum injector_id)i); j++)
            check_param(INJECTOR_TABLE[i].name, &INJECTOR_TABLE[i].params[j]);
    for (uint32_t i = 0; i < FLIPPED_SETTINGS; i++) {
        const struct setting_range *range = &SETTING_RANGES[i];
        cr_assert(range->min <= range->usual && range->usual < range->most && range->most <= range->max);
        cr_assert(
            eq(str, (char *)range->name, (char *)INJECTOR_TABLE[INJECT_APP_CONFIG_FLIP].params[0].words[i]));
    }
}

/* Its own text reads back as the value: at both ends, at what is left out, at what is drawn. */
Test(injectors, values_read_back_as_they_were_printed)
{
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++) {
        for (uint32_t j = 0; j < injector_param_count((enum injector_id)i); j++) {
            const struct injector_param *param = &INJECTOR_TABLE[i].params[j];
            const int64_t values[] = {param->min, param->max, param->fallback, param->usual, param->most};
            for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
                char text[FAULT_VALUE_BYTES];
                struct diag diag = {0};
                int64_t read = -1;
                fault_value_print(param, values[k], text);
                cr_assert(eq(int, fault_value_parse(param, text, &read, &diag), OK), "%s: %s",
                          INJECTOR_TABLE[i].name, diag.text);
                cr_assert(eq(i64, read, values[k]), "%s %s %s", INJECTOR_TABLE[i].name, param->name, text);
            }
        }
    }
}

Test(injectors, a_name_that_is_wrong_is_told_the_nearest)
{
    const struct {
        const char *wrong, *line;
    } cases[] = {
        {"network.dorp", "no injector \"network.dorp\", nearest is network.drop"},
        {"partition", "no injector \"partition\", nearest is network.partition"},
        {"net.partition", "no injector \"net.partition\", nearest is network.partition"},
        {"", "no injector \"\"; `agenc chaos list injectors` has them all"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diag diag = {0};
        enum injector_id found;
        cr_assert(eq(int, injector_find(cases[i].wrong, &found, &diag), ERR_USAGE));
        cr_assert(eq(str, diag.text, (char *)cases[i].line));
    }
}
