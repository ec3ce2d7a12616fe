/* cli/cmd_speculation_list.c: tasks that the service holds. */
#include "cli/client.h"
#include "cli/view.h"

static const char *const STATUSES[] = {"active",      "live",       "all",           "pending",
                                       "executing",   "executed",   "proof_pending", "awaiting_ancestors",
                                       "submitting",  "confirming", "confirmed",     "failed",
                                       "rolled_back", "cancelled",  "expired",       NULL};
static const struct flag FLAGS[] = {
    {.name = "status",
     .value = "S",
     .type = FLAG_CHOICE,
     .choices = STATUSES,
     .fallback = "active",
     .help = "active: speculative and not over; live: not over; all; or one status"},
    {.name = "agent", .value = "NAME", .type = FLAG_TEXT, .help = "only of this agent"},
    CLIENT_LIMIT,
    CLIENT_WATCH,
    {0}};

static const struct column COLUMNS[] = {{"TASK", "task_id", CELL_TEXT},
                                        {"AGENT", "agent_id", CELL_TEXT},
                                        {"STATUS", "status", CELL_TEXT},
                                        {"SPECULATION", "speculation_status", CELL_TEXT},
                                        {"DEPTH", "depth", CELL_NUMBER},
                                        {"AGE", "age_seconds", CELL_SECONDS},
                                        {"BOND", "stake.bond_lamports", CELL_SOL},
                                        {"BLOCKED BY", "blocked_by", CELL_TEXT},
                                        {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_table(args->out, root, COLUMNS, "no such task", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/tasks";
    TRY(client_query(path, "status", args_text(args, "status"), diag));
    TRY(client_query(path, "agent_id", args_text(args, "agent"), diag));
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_speculation_list = {
    .group = "speculation",
    .name = "list",
    .summary = "list tasks, the newest first",
    .flags = FLAGS,
    .description = "What runs on the assumption that its parents will be confirmed, or any other status.",
    .examples = "agenc speculation list --status active\n"
                "agenc speculation list --status failed --limit 20 --output json\n"
                "agenc speculation list --watch",
    .run = run,
};
