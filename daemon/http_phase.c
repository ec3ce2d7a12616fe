/* daemon/http_phase.c */
#include "daemon/http_phase.h"
#include "daemon/http_server.h"
#include <stddef.h>

static const int64_t PHASE_NS[PHASE_COUNT] = {
    [PHASE_ARRIVING] = HTTP_ARRIVE_S * NS_PER_S,
    [PHASE_BODY] = HTTP_BODY_S * NS_PER_S,
    [PHASE_IDLE] = HTTP_IDLE_S * NS_PER_S,
    [PHASE_ANSWERING] = HTTP_ANSWER_S * NS_PER_S,
    [PHASE_HELD] = NEVER_NS,
    [PHASE_CUT] = NEVER_NS,
};

void phase_join(struct phases *phases, struct phase_member *member, enum phase phase, int64_t now_ns)
{
    struct phase_list *list = &phases->lists[phase];
    *member = (struct phase_member){
        .previous = list->last, .phase = phase, .deadline_ns = ns_after(now_ns, PHASE_NS[phase])};
    if (list->last)
        list->last->next = member;
    else
        list->first = member;
    list->last = member;
}

void phase_leave(struct phases *phases, struct phase_member *member)
{
    struct phase_list *list = &phases->lists[member->phase];
    if (member->previous)
        member->previous->next = member->next;
    else
        list->first = member->next;
    if (member->next)
        member->next->previous = member->previous;
    else
        list->last = member->previous;
}

void phase_enter(struct phases *phases, struct phase_member *member, enum phase phase, int64_t now_ns)
{
    if (member->phase == PHASE_CUT) return;
    phase_leave(phases, member);
    phase_join(phases, member, phase, now_ns);
}

struct phase_member *phase_late(const struct phases *phases, int64_t now_ns)
{
    for (int i = 0; i < PHASE_COUNT; i++)
        if (phases->lists[i].first && phases->lists[i].first->deadline_ns <= now_ns)
            return phases->lists[i].first;
    return NULL;
}

struct phase_member *phase_oldest(const struct phases *phases)
{
    static const enum phase ORDER[] = {PHASE_IDLE, PHASE_ARRIVING, PHASE_BODY};
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++)
        if (phases->lists[ORDER[i]].first) return phases->lists[ORDER[i]].first;
    return NULL;
}

int64_t phase_next_ns(const struct phases *phases)
{
    int64_t next_ns = NEVER_NS;
    for (int i = 0; i < PHASE_COUNT; i++)
        if (phases->lists[i].first && phases->lists[i].first->deadline_ns < next_ns)
            next_ns = phases->lists[i].first->deadline_ns;
    return next_ns;
}
