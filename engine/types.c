/* engine/types.c: the texts of the words. */
#include "engine/types.h"

#define TEXT_(name, text)         [name] = text,
#define TEXT3_(name, text, scope) [name] = text,
static const char *const STATUS_NAMES[] = {TASK_STATUSES(TEXT_)};
static const char *const REASON_NAMES[] = {ROLLBACK_REASONS(TEXT_)};
static const char *const WAIT_NAMES[] = {WAIT_REASONS(TEXT3_)};
static const char *const REFUSAL_NAMES[] = {REFUSALS(TEXT_)};
static const char *const TRIGGER_NAMES[] = {BREAKER_TRIGGERS(TEXT3_)};

const char *task_status_name(enum task_status status)
{
    return STATUS_NAMES[status];
}

const char *rollback_reason_name(enum rollback_reason reason)
{
    return REASON_NAMES[reason];
}

const char *wait_reason_name(enum wait_reason reason)
{
    return WAIT_NAMES[reason];
}

const char *refusal_name(enum refusal refusal)
{
    return REFUSAL_NAMES[refusal];
}

const char *breaker_trigger_name(enum breaker_trigger trigger)
{
    return TRIGGER_NAMES[trigger];
}
