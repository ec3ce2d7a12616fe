/* daemon/metrics_agents.c: seats, types and the sketch of who has none. */
#include "daemon/metrics_agents.h"
#include <stdio.h>
#include <string.h>

#define NAME_(name, text) text,
static const char *const STATUS_NAMES[] = {OPERATION_STATUSES(NAME_)};
#undef NAME_

const char *operation_status_name(enum operation_status status)
{
    return STATUS_NAMES[status];
}

const char *metrics_agents_type(const struct metrics_agents *agents, uint32_t index)
{
    return index < METRICS_TYPES ? agents->types[index] : "other";
}

static uint32_t type_of(struct metrics_agents *agents, const char *type)
{
    uint32_t i = 0;
    if (!*type || !strcmp(type, "other")) return METRICS_TYPES;
    while (i < agents->type_count && strcmp(agents->types[i], type) != 0) i++;
    if (i == agents->type_count) {
        if (i == METRICS_TYPES) return METRICS_TYPES;
        snprintf(agents->types[i], sizeof agents->types[i], "%s", type);
        agents->type_count++;
    }
    return i;
}

static void sit_down(struct metrics_seat *seat, const struct metrics_operation *operation)
{
    *seat = (struct metrics_seat){.agent_id = operation->agent_id, .index = operation->agent_index};
    snprintf(seat->name, sizeof seat->name, "%s", operation->agent);
}

/* How often this agent was seen without a seat, at most. */
static uint64_t sketch_count(struct metrics_agents *agents, uint64_t agent_id)
{
    uint32_t least = 0;
    for (uint32_t i = 0; i < METRICS_SKETCH; i++) {
        if (agents->sketch[i].agent_id == agent_id) return ++agents->sketch[i].count;
        if (agents->sketch[i].count < agents->sketch[least].count) least = i;
    }
    agents->sketch[least].agent_id = agent_id;
    return ++agents->sketch[least].count;
}

static void sketch_forget(struct metrics_agents *agents, uint64_t agent_id)
{
    for (uint32_t i = 0; i < METRICS_SKETCH; i++)
        if (agents->sketch[i].agent_id == agent_id) memset(&agents->sketch[i], 0, sizeof agents->sketch[i]);
}

/* NULL: the agent has no seat and gets none yet. */
static struct metrics_seat *seat_of(struct metrics_agents *agents, const struct metrics_operation *operation)
{
    struct metrics_seat *idlest = &agents->seats[0];
    for (uint32_t i = 0; i < METRICS_AGENTS; i++) {
        struct metrics_seat *seat = &agents->seats[i];
        if (seat->agent_id == operation->agent_id) return seat;
        if (!seat->agent_id) {
            sit_down(seat, operation);
            return seat;
        }
        if (seat->total < idlest->total) idlest = seat;
    }
    uint64_t count = sketch_count(agents, operation->agent_id);
    if (count <= 2 * idlest->total) return NULL; /* agents that are equally busy keep their places */
    sketch_forget(agents, operation->agent_id);
    sit_down(idlest, operation);
    idlest->total = count;
    return idlest;
}

void metrics_agents_count(struct metrics_agents *agents, const struct metrics_operation *operation)
{
    struct metrics_seat *seat = seat_of(agents, operation);
    if (!seat) return;
    seat->total++;
    seat->counts[type_of(agents, operation->type)][operation->status]++;
}
