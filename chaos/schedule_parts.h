/* chaos/schedule_parts.h: shared by the files that make a schedule (schedule.c, schedule_read.c). */
#pragma once
#include "chaos/schedule.h"

/* "network.partition of chain at 60s", for messages. */
enum { FAULT_NAME_BYTES = 128 };
void fault_name_print(const struct fault *fault, char out[FAULT_NAME_BYTES]);

/* Whether one entry can be as it is: target, times, chance, parameters. */
MUST_USE err fault_check(const struct fault *fault, struct diag *diag);

void schedule_reading_free(struct schedule_reading *reading); /* NULL is fine */
/* Ends the last entry; ERR_SYNTAX when it lacks something. */
MUST_USE err schedule_reading_end(struct schedule *schedule, struct diag *diag);
