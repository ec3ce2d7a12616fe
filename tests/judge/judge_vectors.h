/* tests/judge/judge_vectors.h: a function for each group of vectors, by theme. */
#pragma once
#include "tests/judge/history.h"

/* A row: the group's name in the file, and who judges it. `node` is the group's value. */
struct group {
    const char *name;
    void (*run)(struct judge *judge, const struct json_node *node);
};

/* Themes: each ends with a row without a name. */
extern const struct group STAKE_GROUPS[], GRAPH_GROUPS[], ROLLBACK_GROUPS[], PROOF_GROUPS[], BREAKER_GROUPS[],
    CONFIG_GROUPS[], OPERATE_GROUPS[], FIGURE_GROUPS[], MODEL_GROUPS[];

/* What a group's entries look like, each shape known by a member that only it has. */
struct shape {
    const char *key;
    void (*run)(struct judge *judge, struct entry *entry);
};

/* Judges `entry` as a case by the first row whose key it has; shapes end with a row without a key. */
void judge_shape(struct judge *judge, struct entry *entry, const struct shape *shapes);

/* Judges every element of `array` as a case of its own: opened, judged, closed. */
void judge_cases(struct judge *judge, const struct json_node *array,
                 void (*run)(struct judge *judge, struct entry *entry));
