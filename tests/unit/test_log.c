/* tests/unit/test_log.c: a record is one line of JSON, and a line that is lost is counted. */
#include "base/log.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>
#include <string.h>

Test(log, a_record_is_one_line_of_json)
{
    char text[512] = "";
    struct log log = {.sink = fmemopen(text, sizeof text, "w"), .least = LOG_INFO, .run = "seed-7"};
    log_write(&log, &(struct log_record){.level = LOG_DEBUG, .part = "x", .msg = "not written"});
    log_write(&log,
              &(struct log_record){.level = LOG_WARN,
                                   .at_ns = 1500,
                                   .part = "rollback",
                                   .msg = "cascade complete",
                                   .fields = {log_text("operation_id", "a\"\n\xff"), log_number("depth", -3),
                                              log_flag("forced", true), log_text("agent_id", NULL)}});
    fclose(log.sink);
    cr_assert(
        eq(str, text,
           "{\"at_ns\":1500,\"level\":\"warn\",\"run\":\"seed-7\",\"part\":\"rollback\",\"msg\":\"cascade "
           "complete\",\"operation_id\":\"a\\\"\\u000a\\ufffd\",\"depth\":-3,\"forced\":true,\"agent_id\":"
           "\"\"}\n"));
    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(parsed != NULL);
    json_decref(parsed);
    cr_assert(eq(u64, log.lost_count, 0));
}

Test(log, all_fields_fit_and_no_sink_is_fine)
{
    char text[1024] = "";
    struct log log = {.sink = fmemopen(text, sizeof text, "w")};
    struct log_record record = {.part = "p", .msg = "m"};
    for (int i = 0; i < LOG_FIELDS_MOST; i++) record.fields[i] = log_number("n", i);
    log_write(&log, &record);
    fclose(log.sink);
    cr_assert(strstr(text, "\"n\":11}") != NULL);
    log.sink = NULL;
    log_write(&log, &record);
}

Test(log, lines_that_the_sink_refuses_are_counted)
{
    struct log log = {.sink = fopen("/dev/full", "w")};
    log_write(&log, &(struct log_record){.part = "p", .msg = "m"});
    log_write(&log, &(struct log_record){.part = "p", .msg = "m"});
    cr_assert(eq(u64, log.lost_count, 2));
    fclose(log.sink);
}
