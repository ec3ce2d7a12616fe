/* cli/top_frame.h: one frame of `agenc top`, from two looks at the service. */
#pragma once
#include "cli/client.h"

struct top_view {
    int64_t at_ns; /* of the monotonic clock */
    struct client_reply status, metrics;
};

struct top_size {
    unsigned columns, rows;
};

/* `before` NULL: no rates yet. No line is longer than the screen is wide, and there are not more than fit. */
void top_frame(struct args *args, const struct top_view *now, const struct top_view *before,
               struct top_size size, struct diag *diag);
