/* daemon/task_body.h: the body of POST /admin/tasks as a submission.
 *
 * Texts are borrowed from the exchange; what had to be written anew (payload, labels) is ours. */
#pragma once
#include "daemon/route.h"

extern const struct route_field TASK_FIELDS[];

enum { TASK_LABELS_MOST = 32, TASK_LABEL_KEY_BYTES = 64, TASK_LABEL_VALUE_BYTES = 256, TASK_NAME_LEAST = 8 };

struct task_body {
    struct book_submission submission;
    char *payload, *labels;
};

/* First what it is called, with a new id and its idempotency key; then the rest, for a request that was not
 * met before (what it depended on may be long gone when it is sent again). False: answered. */
bool task_body_begin(struct exchange *exchange, struct task_body *out);
bool task_body_finish(struct exchange *exchange, struct task_body *body, struct event *event);
void task_body_close(struct task_body *body);
