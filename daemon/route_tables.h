/* daemon/route_tables.h: the tables that make up the routes, one a file of handlers.
 *
 * A new file of handlers defines `const struct route ROUTES_<NAME>[]`, ended by an empty row, and is
 * a row in ROUTE_TABLES. */
#pragma once
#include "daemon/route.h"

#define ROUTE_TABLES(X)                                                                                      \
    X(ROUTES_READ_TASK)                                                                                      \
    X(ROUTES_READ_AGENT)                                                                                     \
    X(ROUTES_READ_INCIDENT)                                                                                  \
    X(ROUTES_READ_STATE)                                                                                     \
    X(ROUTES_READ_PIPELINE)                                                                                  \
    X(ROUTES_HEALTH)                                                                                         \
    X(ROUTES_CONFIG)                                                                                         \
    X(ROUTES_SPECULATION)                                                                                    \
    X(ROUTES_OPERATE)                                                                                        \
    X(ROUTES_STAKE)                                                                                          \
    X(ROUTES_TASKS)                                                                                          \
    X(ROUTES_SYNTHETIC)                                                                                      \
    X(ROUTES_CHAOS)                                                                                          \
    X(ROUTES_METRICS)                                                                                        \
    X(ROUTES_DEBUG)

#define DECLARE_(name) extern const struct route name[];
ROUTE_TABLES(DECLARE_)
#undef DECLARE_
