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

/* Fills in both, with a new id. False: answered. */
bool task_body_read(struct exchange *exchange, struct task_body *out, struct event *event);
void task_body_close(struct task_body *body);
