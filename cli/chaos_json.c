/* cli/chaos_json.c: a run of chaos as JSON. */
#include "base/json_write.h"
#include "cli/chaos_print.h"
#include "sim/chaos_experiment.h"
#include "sim/chaos_story.h"
#include <inttypes.h>

static void write_hex(struct json_writer *json, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "0x%016" PRIx64, value);
    json_write_text(json, key, text);
}

void chaos_print_schedule_json(const struct schedule *schedule, struct json_writer *json)
{
    json_write_array(json, "schedule");
    for (uint32_t i = 0; i < schedule->count; i++) chaos_fault_json(json, &schedule->faults[i]);
    json_write_end(json);
}

void chaos_print_violation_json(const struct violation *violation, struct json_writer *json)
{
    json_write_u64(json, "agent", violation->agent_id);
    json_write_array(json, "causes");
    for (int i = 0; i < VIOLATION_CAUSES && violation->causes[i]; i++)
        json_write_u64(json, NULL, violation->causes[i]);
    json_write_end(json);
    json_write_u64(json, "event", violation->event);
    json_write_u64(json, "faults_armed", violation->faults_armed);
    write_hex(json, "fingerprint", violation_fingerprint(violation));
    json_write_text(json, "from", machine_state_name(MACHINE_TASK, violation->from));
    json_write_text(json, "invariant", INVARIANT_TABLE[violation->invariant].id);
    json_write_text(json, "kind", violation_kind_name(violation));
    json_write_i64(json, "now_ns", violation->now_ns);
    json_write_text(json, "reason",
                    violation->reason < REASON_COUNT ? rollback_reason_name(violation->reason) : NULL);
    json_write_u64(json, "task", violation->task);
    json_write_text(json, "text", violation->text);
    json_write_text(json, "to", machine_state_name(MACHINE_TASK, violation->to));
}

static void write_faults(struct json_writer *json, const struct trial_outcome *outcome)
{
    json_write_array(json, "faults");
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        const struct fault_counts *counts = &outcome->counts[i];
        if (counts->armed == 0) continue;
        json_write_object(json, NULL);
        json_write_u64(json, "armed", counts->armed);
        json_write_u64(json, "fired", counts->fired);
        json_write_text(json, "id", INJECTOR_TABLE[i].name);
        json_write_u64(json, "reached", counts->reached);
        json_write_end(json);
    }
    json_write_end(json);
}

void chaos_print_invariants_json(const struct trial_outcome *outcome, struct json_writer *json)
{
    json_write_array(json, "invariants");
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        json_write_object(json, NULL);
        json_write_u64(json, "checks", outcome->checks[i]);
        json_write_text(json, "id", INVARIANT_TABLE[i].id);
        json_write_u64(json, "margin_ppm", outcome->margins_ppm[i]);
        json_write_end(json);
    }
    json_write_end(json);
}

void chaos_print_violations_json(const struct trial_outcome *outcome, struct json_writer *json)
{
    json_write_array(json, "violations");
    for (uint32_t i = 0; i < outcome->kept; i++) {
        json_write_object(json, NULL);
        chaos_print_violation_json(&outcome->violations[i], json);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_run(struct json_writer *json, const struct trial_outcome *outcome)
{
    json_write_object(json, "run");
    json_write_u64(json, "cancelled", outcome->cancelled);
    json_write_u64(json, "confirmed", outcome->confirmed);
    json_write_u64(json, "crashes", outcome->crashes);
    write_hex(json, "digest", outcome->digest);
    json_write_i64(json, "end_ns", outcome->end_ns);
    json_write_u64(json, "events", outcome->events);
    json_write_u64(json, "expired", outcome->expired);
    json_write_u64(json, "failed", outcome->failed);
    json_write_u64(json, "fired", outcome->fired);
    json_write_i64(json, "healed_ns", outcome->healed_ns);
    json_write_bool(json, "interrupted", outcome->interrupted);
    json_write_bool(json, "is_lost", outcome->is_lost);
    json_write_u64(json, "refused", outcome->refused);
    json_write_u64(json, "rolled_back", outcome->rolled_back);
    json_write_u64(json, "tasks", outcome->tasks);
    json_write_end(json);
}

void chaos_print_json(const struct chaos_subject *subject, const struct trial_outcome *outcome,
                      const char *command, FILE *out)
{
    struct json_writer json;
    const struct repro *repro = &subject->repro;
    json_write_begin(&json, out, JSON_LINES);
    json_write_object(&json, NULL);
    json_write_text(&json, "command", command);
    json_write_text(&json, "commit", repro->commit);
    json_write_i64(&json, "duration_ns", subject->scenario.load.duration_ns);
    write_faults(&json, outcome);
    chaos_print_invariants_json(outcome, &json);
    json_write_text(&json, "kind", swarm_kind_name(repro->kind));
    write_run(&json, outcome);
    json_write_text(&json, "scenario", repro->scenario);
    chaos_print_schedule_json(&repro->schedule, &json);
    json_write_u64(&json, "seed", repro->seed);
    json_write_text(&json, "version", repro->version);
    json_write_u64(&json, "violation_count", outcome->violation_count);
    chaos_print_violations_json(outcome, &json);
    json_write_end(&json);
    json_write_finish(&json);
}
