/* daemon/live.h: everything that a running `agenc serve` consists of, for those who serve its requests. */
#pragma once
#include "daemon/service.h"

struct metrics;     /* daemon/metrics.h: counts, histograms, exposition */
struct samples;     /* daemon/samples.h: the last hours of every series, for /api/v1/query */
struct audit;       /* daemon/audit.h: who changed what */
struct profile;     /* daemon/profile.h: the CPU profiler */
struct http_server; /* daemon/http_server.h */

struct live {
    struct service *service;
    struct metrics *metrics;
    struct samples *samples;
    struct audit *audit;
    struct profile *profile;
    struct log *log;
    const char *token;        /* NULL: none configured: mutating routes refuse */
    uint32_t watched;         /* held exchanges that ask to be looked at */
    struct http_server *door; /* of the admin port, for its counts; NULL: none */
};
