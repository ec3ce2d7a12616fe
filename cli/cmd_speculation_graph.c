/* cli/cmd_speculation_graph.c: what depends on what. */
#include "cli/client.h"
#include "cli/view.h"

#include "base/escape.h"

static const struct flag FLAGS[] = {
    {.name = "root", .value = "ID", .type = FLAG_TEXT, .help = "only this task and what descends from it"},
    {.name = "dot", .type = FLAG_SWITCH, .help = "for Graphviz"},
    {.name = "limit",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 2000,
     .fallback = "200",
     .help = "at most so many tasks"},
    CLIENT_FLAGS,
    {0}};

static const struct column NODES[] = {{"TASK", "task_id", CELL_TEXT},
                                      {"STATUS", "status", CELL_TEXT},
                                      {"SPECULATION", "speculation_status", CELL_TEXT},
                                      {"DEPTH", "depth", CELL_NUMBER},
                                      {"AGENT", "agent_id", CELL_TEXT},
                                      {0}};
static const struct column EDGES[] = {
    {"FROM", "from", CELL_TEXT}, {"TO", "to", CELL_TEXT}, {"TYPE", "type", CELL_TEXT}, {0}};

static err show_dot(struct args *args, const struct json_node *nodes, const struct json_node *edges,
                    struct diag *diag)
{
    const char *id, *word, *to;
    fputs("digraph speculation {\n", args->out);
    for (size_t i = 0; i < json_count(nodes); i++) {
        struct json_node node = json_item(nodes, i);
        TRY(json_get_text(&node, "task_id", &id, diag));
        TRY(json_get_text(&node, "status", &word, diag));
        escape_json(args->out, id);
        fprintf(args->out, " [tooltip=\"%s\"];\n", word);
    }
    for (size_t i = 0; i < json_count(edges); i++) {
        struct json_node edge = json_item(edges, i);
        TRY(json_get_text(&edge, "from", &id, diag));
        TRY(json_get_text(&edge, "to", &to, diag));
        TRY(json_get_text(&edge, "type", &word, diag));
        escape_json(args->out, id);
        fputs(" -> ", args->out);
        escape_json(args->out, to);
        fprintf(args->out, " [label=\"%s\"];\n", word);
    }
    fputs("}\n", args->out);
    return OK;
}

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node nodes, edges;
    TRY(json_get_array(root, "nodes", &nodes, diag));
    TRY(json_get_array(root, "edges", &edges, diag));
    if (args_switch(args, "dot")) return show_dot(args, &nodes, &edges, diag);
    TRY(view_table(args->out, &nodes, NODES, "nothing is under way", diag));
    fputc('\n', args->out);
    return view_table(args->out, &edges, EDGES, "nothing depends on anything", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/graph";
    TRY(client_query(path, "root", args_text(args, "root"), diag));
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_speculation_graph = {
    .group = "speculation",
    .name = "graph",
    .summary = "print tasks that are not over and what joins them",
    .flags = FLAGS,
    .description =
        "Tasks and the edges between them; with --root a task and everything that would be rolled back\n"
        "with it.",
    .examples = "agenc speculation graph\n"
                "agenc speculation graph --root my-task-1 --dot | dot -Tsvg > graph.svg",
    .run = run,
};
