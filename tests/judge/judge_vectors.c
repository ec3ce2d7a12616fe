/* tests/judge/judge_vectors.c: judges the engine and its tools by a file of vectors.
 *
 *   judge-vectors FILE
 *
 * FILE is a JSON object of groups. Every case with a status of normative, doc,
 * derived or recommended is checked on a whole-engine history where one can
 * reach it, else on the smallest production function that owns the rule; the
 * shipped configurations are among them, so run it from the project's root. One
 * line for each case that fails, the others are counted. Exit: 0 all hold, 1
 * some do not, 2 usage or input that cannot be read. */
#include "tests/judge/judge_vectors.h"
#include "base/file.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct group *const THEMES[] = {
    STAKE_GROUPS,  GRAPH_GROUPS,   ROLLBACK_GROUPS, PROOF_GROUPS, BREAKER_GROUPS,
    CONFIG_GROUPS, OPERATE_GROUPS, FIGURE_GROUPS,   MODEL_GROUPS,
};

static const struct group *group_find(const char *name)
{
    for (size_t theme = 0; theme < sizeof THEMES / sizeof *THEMES; theme++)
        for (const struct group *group = THEMES[theme]; group->name; group++)
            if (strcmp(group->name, name) == 0) return group;
    return NULL;
}

void judge_shape(struct judge *judge, struct entry *entry, const struct shape *shapes)
{
    case_begin(judge);
    while (shapes->key && !entry_has(entry, shapes->key)) shapes++;
    if (shapes->key) shapes->run(judge, entry);
    entry_close(entry);
    case_end(judge);
}

void judge_cases(struct judge *judge, const struct json_node *array,
                 void (*run)(struct judge *judge, struct entry *entry))
{
    for (size_t i = 0; i < json_count(array); i++) {
        struct json_node item = json_item(array, i);
        struct entry entry = entry_open(judge, &item);
        case_begin(judge);
        run(judge, &entry);
        entry_close(&entry);
        case_end(judge);
    }
}

static void judge_group(struct judge *judge, const char *name, const struct json_node *node)
{
    const struct group *group = group_find(name);
    judge->group = name;
    judge->number = 0;
    if (group) {
        group->run(judge, node);
        return;
    }
    case_begin(judge);
    case_fail(judge, "group", "a group with a rule", "a group that is not known");
    case_end(judge);
}

static int judge_file(const struct json_node *root)
{
    struct judge judge = {.group = ""};
    const char *key = NULL;
    struct json_node member;
    while (json_next(root, key, &key, &member))
        if (strcmp(key, "_about") != 0) judge_group(&judge, key, &member);
    if (judge.passed + judge.failed == 0) input_refuse(root, "no case that is to be judged");
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", judge.passed, judge.failed);
    return judge.failed > 0;
}

int main(int argc, char **argv)
{
    struct file_bytes file;
    struct json *json;
    struct diag diag = {0};
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: judge-vectors FILE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    err e = file_read(argv[1], JSON_FILE_BYTES_MAX, &file, &diag);
    if (e == OK) e = json_read_text(&json, &(struct json_text){argv[1], file.text, file.size_bytes}, &diag);
    if (e != OK) {
        fprintf(stderr, "%s\n", diag.text);
        return 2;
    }
    input_use(argv[1], file.text, 0);
    struct json_node root = json_root(json);
    int status = judge_file(&root);
    json_free(json);
    free(file.text);
    return status;
}
