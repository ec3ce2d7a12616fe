/* sim/chaos_story.c: the chain of causes as a text. */
#include "sim/chaos_story.h"
#include "base/units.h"
#include <inttypes.h>

void violation_print(const struct violation *violation, char *out, size_t size)
{
    const struct invariant_row *row = &INVARIANT_TABLE[violation->invariant];
    snprintf(out, size, "%s %s: %s", row->id, row->title, violation->text);
}

void chaos_time_print(int64_t ns, char out[CHAOS_TIME_BYTES])
{
    snprintf(out, CHAOS_TIME_BYTES, "%" PRId64 ".%03" PRId64 " s", ns / NS_PER_S, ns % NS_PER_S / NS_PER_MS);
}

const char *violation_kind_name(const struct violation *violation)
{
    return violation->kind < EVENT_KIND_COUNT ? event_kind_name(violation->kind) : "between events";
}

static void write_event(const struct chaos_story *story, uint64_t number, FILE *out)
{
    char at[CHAOS_TIME_BYTES];
    if (number == 0 || number > story->record->event_count) return;
    const struct chaos_record_event *event = &story->record->events[number - 1];
    chaos_time_print(event->now_ns, at);
    fprintf(out, "  event %-8" PRIu64 " %-16s %s", number, at, event_kind_name(event->kind));
    if (event->task_id) fprintf(out, " of task %" PRIu64, event->task_id);
    if (event->attempt) fprintf(out, ", attempt %" PRIu32, event->attempt);
    fputc('\n', out);
}

static bool is_armed(const struct fault *fault, int64_t now_ns)
{
    return fault->on_ns <= now_ns && (fault->for_ns == 0 || now_ns < fault->on_ns + fault->for_ns);
}

static void write_faults(const struct chaos_story *story, FILE *out)
{
    const struct violation *violation = story->violation;
    fprintf(out, "\nFaults up to that moment; those marked > were still at work:\n");
    uint32_t count = 0;
    for (uint32_t i = 0; i < story->schedule->count; i++) {
        const struct fault *fault = &story->schedule->faults[i];
        if (fault->on_ns > violation->now_ns) continue;
        fprintf(out, "%s ", is_armed(fault, violation->now_ns) ? ">" : " ");
        fault_print(fault, out);
        count++;
    }
    if (count == 0) fputs("  none\n", out);
}

void chaos_story_write_cause(const struct chaos_story *story, FILE *out)
{
    const struct violation *violation = story->violation;
    char line[VIOLATION_TEXT_BYTES + 128], at[CHAOS_TIME_BYTES];
    violation_print(violation, line, sizeof line);
    chaos_time_print(violation->now_ns, at);
    fprintf(out, "%s\n%s\n\nAt %s, with event %" PRIu64 " (%s)", story->title, line, at, violation->event,
            violation_kind_name(violation));
    if (violation->task)
        fprintf(out, ", about task %" PRIu64 " of agent %" PRIu64, violation->task, violation->agent_id);
    fputs(".\n", out);
    if (violation->from != violation->to)
        fprintf(out, "Its last move was from %s to %s%s%s.\n",
                machine_state_name(MACHINE_TASK, violation->from),
                machine_state_name(MACHINE_TASK, violation->to),
                violation->reason < REASON_COUNT ? ", because of " : "",
                violation->reason < REASON_COUNT ? rollback_reason_name(violation->reason) : "");
    fputs("\nHow it came to this, latest first:\n", out);
    write_event(story, violation->event, out);
    for (int i = 0; i < VIOLATION_CAUSES && violation->causes[i]; i++)
        if (violation->causes[i] != violation->event) write_event(story, violation->causes[i], out);
    write_faults(story, out);
    fprintf(out, "\nAgain: %s\n", story->command);
}
