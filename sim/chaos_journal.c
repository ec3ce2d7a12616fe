/* sim/chaos_journal.c: https://chaostoolkit.org/reference/api/journal/, keys in sorted order. */
#include "sim/chaos_journal.h"
#include "base/json_write.h"
#include "base/units.h"
#include <inttypes.h>
#include <time.h>

enum { TIME_BYTES = 40 };

static void write_time(struct json_writer *json, const char *key, int64_t ns)
{
    char seconds[TIME_BYTES], text[TIME_BYTES + 16];
    struct tm parts;
    time_t whole = (time_t)(ns / NS_PER_S);
    gmtime_r(&whole, &parts);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, sizeof text, "%s.%06" PRId64, seconds, ns % NS_PER_S / 1000);
    json_write_text(json, key, text);
}

static double seconds_of(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

static void write_activity(struct json_writer *json, const struct chaos_journal *journal, bool is_probe)
{
    json_write_object(json, "activity");
    json_write_text(json, "name",
                    is_probe ? "every invariant holds, whatever the faults do" : "run with faults");
    json_write_object(json, "provider");
    json_write_text(json, "arguments", journal->experiment->arguments);
    json_write_text(json, "path", "agenc");
    json_write_text(json, "type", "process");
    json_write_end(json);
    if (is_probe) json_write_i64(json, "tolerance", 0);
    json_write_text(json, "type", is_probe ? "probe" : "action");
    json_write_end(json);
}

static void write_output(struct json_writer *json, const struct trial_outcome *outcome)
{
    json_write_object(json, "output");
    json_write_u64(json, "confirmed", outcome->confirmed);
    json_write_u64(json, "crashes", outcome->crashes);
    json_write_u64(json, "events", outcome->events);
    json_write_u64(json, "fired", outcome->fired);
    json_write_u64(json, "rolled_back", outcome->rolled_back);
    json_write_u64(json, "tasks", outcome->tasks);
    json_write_end(json);
}

static void write_run(struct json_writer *json, const struct chaos_journal *journal)
{
    json_write_array(json, "run");
    json_write_object(json, NULL);
    write_activity(json, journal, false);
    json_write_number(json, "duration", seconds_of(journal->outcome->end_ns));
    write_time(json, "end", journal->outcome->end_ns);
    write_output(json, journal->outcome);
    write_time(json, "start", 0);
    json_write_text(json, "status", "succeeded");
    json_write_end(json);
    json_write_end(json);
}

static void write_violations(struct json_writer *json, const struct trial_outcome *outcome)
{
    json_write_array(json, "output");
    for (uint32_t i = 0; i < outcome->kept; i++) {
        const struct violation *violation = &outcome->violations[i];
        json_write_object(json, NULL);
        json_write_number(json, "at_s", seconds_of(violation->now_ns));
        json_write_text(json, "invariant", INVARIANT_TABLE[violation->invariant].id);
        json_write_text(json, "text", violation->text);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_steady_states(struct json_writer *json, const struct chaos_journal *journal)
{
    bool is_met = journal->outcome->violation_count == 0;
    json_write_object(json, "steady_states");
    json_write_object(json, "after");
    json_write_array(json, "probes");
    json_write_object(json, NULL);
    write_activity(json, journal, true);
    json_write_number(json, "duration", 0);
    write_time(json, "end", journal->outcome->end_ns);
    write_violations(json, journal->outcome);
    write_time(json, "start", journal->outcome->end_ns);
    json_write_text(json, "status", is_met ? "succeeded" : "failed");
    json_write_bool(json, "tolerance_met", is_met);
    json_write_end(json);
    json_write_end(json);
    json_write_bool(json, "steady_state_met", is_met);
    json_write_end(json);
    json_write_null(json, "before");
    json_write_array(json, "during");
    json_write_end(json);
    json_write_end(json);
}

void chaos_journal_write(const struct chaos_journal *journal, FILE *out)
{
    struct json_writer json;
    bool is_deviated = journal->outcome->violation_count > 0;
    json_write_begin(&json, out, JSON_LINES);
    json_write_object(&json, NULL);
    json_write_text(&json, "chaoslib-version", journal->version);
    json_write_bool(&json, "deviated", is_deviated);
    json_write_number(&json, "duration", seconds_of(journal->outcome->end_ns));
    write_time(&json, "end", journal->outcome->end_ns);
    chaos_experiment_json(&json, "experiment", journal->experiment);
    json_write_text(&json, "node", "simulated");
    json_write_text(&json, "platform", "agenc");
    json_write_array(&json, "rollbacks");
    json_write_end(&json);
    write_run(&json, journal);
    write_time(&json, "start", 0);
    json_write_text(&json, "status", is_deviated ? "failed" : "completed");
    write_steady_states(&json, journal);
    json_write_end(&json);
    json_write_finish(&json);
}
