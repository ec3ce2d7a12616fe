/* tests/lib/sample.h: a heap of measured durations, and "near enough" with both numbers in the message. */
#pragma once
#include <stdint.h>

struct sample {
    int64_t *values_ns;
    uint32_t count, room;
};

struct sample sample_open(uint32_t room);
void sample_close(struct sample *sample);
void sample_add(struct sample *sample, int64_t value_ns);
double sample_ms_at(struct sample *sample, double quantile); /* sorts */
double sample_mean_ms(const struct sample *sample);

void expect_near(const char *what, double value, double target, double tolerance);
