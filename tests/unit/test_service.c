/* tests/unit/test_service.c: the live service without its sockets: what was answered is on the disk, whatever
 * happens then; a disk that fails makes it read-only and no longer. */
#include "daemon/service.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct config config;
static char folder[64];
static struct log quiet;

struct heard {
    int count;
    struct service_outcome last;
};

static void hear(void *context, const struct service_outcome *outcome)
{
    struct heard *heard = context;
    heard->count++;
    heard->last = *outcome;
}

static int64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static struct service *open_service(uint64_t segment_bytes)
{
    struct service *service;
    struct diag diag = {0};
    const struct service_options options = {.config = &config,
                                            .data_dir = folder,
                                            .chain = "sim:fixed:1200ms",
                                            .prover = "sim:uniform:7200ms-8800ms",
                                            .execution = "fixed:500ms",
                                            .chain_folder = "scenarios/chain",
                                            .prover_folder = "scenarios/prover",
                                            .seed = 1,
                                            .agents = 64,
                                            .agent_stake_lamports = 10000000000,
                                            .time_scale_ppm = 100000000,
                                            .segment_bytes = segment_bytes,
                                            .log = &quiet};
    err e = service_open(&service, &options, &diag);
    cr_assert(e == OK, "%s", diag.text);
    return service;
}

/* Turns until the condition holds, five seconds at the most. */
static bool turn_until(struct service *service, bool (*holds)(struct service *, void *), void *context)
{
    for (int64_t end_ns = real_ns() + 5 * NS_PER_S; real_ns() < end_ns;) {
        struct pollfd asked = {.fd = service_fd(service), .events = POLLIN};
        int64_t left_ns = service_next_ns(service) - real_ns();
        if (holds(service, context)) return true;
        if (left_ns > 10 * NS_PER_MS) left_ns = 10 * NS_PER_MS;
        poll(&asked, 1, left_ns > 0 ? (int)(left_ns / NS_PER_MS) : 0);
        service_turn(service);
    }
    return holds(service, context);
}

static bool was_heard(struct service *service, void *context)
{
    (void)service;
    return ((struct heard *)context)->count > 0;
}

struct wanted {
    const char *name;
    enum task_status status;
};

static bool has_status(struct service *service, void *context)
{
    const struct wanted *wanted = context;
    struct book_task task;
    return book_find_name(service_book(service), wanted->name, &task) && task.status == wanted->status;
}

static err submit(struct service *service, const char *name, uint64_t parent, bool fails, struct heard *heard,
                  uint64_t *id_out)
{
    uint64_t same;
    struct book_submission submission = {.id = book_next_id(service_book_writable(service)),
                                         .name = name,
                                         .agent = "tester",
                                         .type = "compute",
                                         .payload = "{}",
                                         .fails = fails,
                                         .parent_count = parent != 0,
                                         .parents = {parent}};
    struct service_order order = {
        .event = {.kind = EVENT_SUBMIT}, .submission = &submission, .done = hear, .context = heard};
    struct event_submit *event = &order.event.u.submit;
    *event = (struct event_submit){.id = submission.id,
                                   .agent_id = book_agent_id("tester"),
                                   .snapshot_bytes = 1 << 20,
                                   .claim_expires_ns = NEVER_NS,
                                   .rollout_bucket = ROLLOUT_ALWAYS,
                                   .parent_count = parent != 0,
                                   .parents = {parent}};
    *id_out = submission.id;
    cr_assert(book_reserve(service_book_writable(service), &submission, &same) == BOOK_RESERVED);
    return service_order(service, &order);
}

static uint64_t submit_well(struct service *service, const char *name, uint64_t parent, bool fails)
{
    struct heard heard = {0};
    uint64_t id;
    cr_assert(submit(service, name, parent, fails, &heard, &id) == OK);
    cr_assert(turn_until(service, was_heard, &heard));
    cr_assert(eq(int, heard.last.error, OK));
    return id;
}

static void set_up(void)
{
    config_init(&config);
    config.settings.enabled = 1;
    snprintf(folder, sizeof folder, "/tmp/agenc-service-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
}

static void remove_folder(void)
{
    char path[PATH_MAX];
    DIR *opened = opendir(folder);
    for (struct dirent *entry; opened && (entry = readdir(opened));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    if (opened) closedir(opened);
    rmdir(folder);
}

TestSuite(service, .init = set_up, .fini = remove_folder, .timeout = 60);

Test(service, a_child_speculates_and_is_confirmed_after_its_parent)
{
    struct service *service = open_service(0);
    uint64_t parent = submit_well(service, "parent-task", 0, false);
    submit_well(service, "child-task", parent, false);
    struct book_task child;
    cr_assert(turn_until(service, has_status, &(struct wanted){"parent-task", TASK_PROOF_PENDING}));
    cr_assert(book_find_name(service_book(service), "child-task", &child));
    cr_assert(child.was_speculative);
    cr_assert(turn_until(service, has_status, &(struct wanted){"child-task", TASK_CONFIRMED}));
    service_free(service);
}

Test(service, a_failing_parent_takes_its_child_along)
{
    struct service *service = open_service(0);
    uint64_t parent = submit_well(service, "parent-task", 0, true);
    submit_well(service, "child-task", parent, false);
    cr_assert(turn_until(service, has_status, &(struct wanted){"child-task", TASK_ROLLED_BACK}));
    service_free(service);
}

Test(service, what_was_answered_is_there_after_a_crash)
{
    struct service *service = open_service(0);
    uint64_t parent = submit_well(service, "parent-task", 0, false);
    service_free(service); /* nothing is written at this end */
    service = open_service(0);
    struct book_task task;
    cr_assert(book_find(service_book(service), parent, &task));
    cr_assert(eq(str, (char *)(uintptr_t)task.name, "parent-task"));
    cr_assert(turn_until(service, has_status, &(struct wanted){"parent-task", TASK_CONFIRMED}));
    service_free(service);
}

static bool has_snapshot(struct service *service, void *context)
{
    struct service_status status;
    (void)context;
    service_status(service, &status);
    return status.snapshots > 0;
}

Test(service, a_snapshot_and_the_log_behind_it_give_the_same_as_the_whole_log)
{
    char path[PATH_MAX];
    struct service *service = open_service(4096);
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "task-number-%d", i);
        submit_well(service, name, 0, i % 7 == 3);
    }
    cr_assert(turn_until(service, has_snapshot, NULL));
    submit_well(service, "after-the-snapshot", 0, false);
    service_free(service);
    snprintf(path, sizeof path, "%s/snapshot-00000000000000000007.img.tmp-x", folder);
    FILE *rest = fopen(path, "w"); /* of a child that was killed */
    fclose(rest);
    service = open_service(4096);
    struct service_status status;
    service_status(service, &status);
    cr_assert(access(path, F_OK) != 0);
    struct engine_stats with = *engine_statistics(service_engine(service));
    uint64_t replayed = status.recovered_events;
    service_free(service);
    DIR *opened = opendir(folder);
    for (struct dirent *entry; (entry = readdir(opened));)
        if (strncmp(entry->d_name, "snapshot", 8) == 0) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            unlink(path);
        }
    closedir(opened);
    service = open_service(4096);
    service_status(service, &status);
    cr_assert(gt(u64, status.recovered_events, replayed));
    cr_assert(memcmp(&with, engine_statistics(service_engine(service)), sizeof with) == 0);
    service_free(service);
}

static bool is_writable(struct service *service, void *context)
{
    struct service_status status;
    (void)context;
    service_status(service, &status);
    return !status.is_read_only;
}

Test(service, a_full_disk_makes_it_read_only_until_there_is_room)
{
    struct service *service = open_service(0);
    submit_well(service, "before-it-is-full", 0, false);
    const struct rlimit none = {.rlim_cur = 600, .rlim_max = RLIM_INFINITY};
    const struct rlimit all = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(setrlimit(RLIMIT_FSIZE, &none) == 0);
    struct heard heard = {0};
    struct service_status status;
    uint64_t id;
    cr_assert(submit(service, "while-it-is-full", 0, false, &heard, &id) == OK);
    cr_assert(turn_until(service, was_heard, &heard));
    cr_assert(eq(int, heard.last.error, ERR_IO));
    service_status(service, &status);
    cr_assert(status.is_read_only && strstr(status.read_only_why, "File too large"), "%s",
              status.read_only_why);
    cr_assert(eq(int, submit(service, "refused-at-once", 0, false, &heard, &id), ERR_IO));
    book_unreserve(service_book_writable(service), id);
    cr_assert(setrlimit(RLIMIT_FSIZE, &all) == 0);
    cr_assert(turn_until(service, is_writable, NULL));
    submit_well(service, "while-it-is-full", 0, false);
    cr_assert(turn_until(service, has_status, &(struct wanted){"while-it-is-full", TASK_CONFIRMED}));
    service_free(service);
}

static bool is_stopped(struct service *service, void *context)
{
    (void)context;
    return service_is_stopped(service);
}

Test(service, stopping_drains_and_seals_the_log)
{
    struct service *service = open_service(0);
    uint64_t parent = submit_well(service, "parent-task", 0, false), id;
    submit_well(service, "child-task", parent, false);
    cr_assert(turn_until(service, has_status, &(struct wanted){"parent-task", TASK_PROOF_PENDING}));
    service_stop(service, 5 * NS_PER_S);
    struct heard heard = {0};
    cr_assert(eq(int, submit(service, "too-late-task", 0, false, &heard, &id), ERR_CONFLICT));
    cr_assert(turn_until(service, is_stopped, NULL));
    struct book_task child;
    cr_assert(book_find_name(service_book(service), "child-task", &child));
    cr_assert(task_status_is_terminal(child.status));
    struct service_status status;
    service_status(service, &status);
    cr_assert(eq(u64, status.snapshots, 1));
    service_free(service);
    service = open_service(0);
    service_status(service, &status);
    cr_assert(eq(u64, status.recovered_events, 0)); /* the snapshot has everything */
    service_free(service);
}

static struct integrity_answer judged;
static void hear_check(void *context, const struct integrity_answer *answer)
{
    judged = *answer;
    *(bool *)context = true;
}

static bool is_set(struct service *service, void *context)
{
    (void)service;
    return *(bool *)context;
}

Test(service, a_full_check_of_a_running_service_finds_nothing)
{
    struct service *service = open_service(0);
    uint64_t parent = submit_well(service, "parent-task", 0, false);
    submit_well(service, "child-task", parent, false);
    bool is_done = false;
    cr_assert(service_check(service, true, hear_check, &is_done) == OK);
    cr_assert(turn_until(service, is_set, &is_done));
    cr_assert(eq(int, judged.error, OK));
    cr_assert(eq(u64, judged.count, 0), "%s", judged.kept ? finding_text(judged.items[0].kind) : "");
    service_free(service);
}

static bool is_rebuilt(struct service *service, void *context)
{
    struct service_status status;
    (void)context;
    service_status(service, &status);
    return !status.is_rebuilding;
}

static void turn_off(struct service *service)
{
    struct diag diag = {0};
    struct heard heard = {0};
    struct config_change off = {"speculation.enabled", "false"};
    enum config_outcome outcome;
    struct config_update update = {.changes = &off, .outcomes = &outcome, .count = 1};
    struct config_notes notes = {0};
    cr_assert(service_configure(service, &update, &notes, hear, &heard, &diag) == OK);
    cr_assert(turn_until(service, was_heard, &heard));
}

Test(service, a_rebuild_leads_to_the_same_state_and_goes_on)
{
    struct service *service = open_service(0);
    struct diag diag = {0};
    uint64_t job;
    submit_well(service, "parent-task", 0, false);
    turn_off(service);
    cr_assert(eq(int, service_rebuild(service, UINT64_MAX, &job, &diag), OK), "%s", diag.text);
    cr_assert(eq(int, service_rebuild(service, UINT64_MAX, &job, &diag), ERR_CONFLICT));
    cr_assert(turn_until(service, is_rebuilt, NULL));
    cr_assert(eq(int, service_rebuild_status(service, &job)->phase, RECOVERY_DONE));
    cr_assert(turn_until(service, has_status, &(struct wanted){"parent-task", TASK_CONFIRMED}));
    submit_well(service, "after-the-rebuild", 0, false);
    service_free(service);
    service = open_service(0);
    cr_assert(turn_until(service, has_status, &(struct wanted){"after-the-rebuild", TASK_CONFIRMED}));
    service_free(service);
}

Test(service, a_stop_survives_a_crash_and_gives_way_to_the_files_after_an_end_in_good_order)
{
    struct service *service = open_service(0);
    turn_off(service);
    service_free(service);
    service = open_service(0);
    cr_assert(not(service_config(service)->settings.enabled));
    service_stop(service, NS_PER_S);
    cr_assert(turn_until(service, is_stopped, NULL));
    service_free(service);
    service = open_service(0);
    cr_assert(service_config(service)->settings.enabled);
    service_free(service);
}

Test(service, times_of_earlier_starts_stay_what_they_were)
{
    char before[SERVICE_TIME_BYTES], after[SERVICE_TIME_BYTES];
    struct service *service = open_service(0);
    struct book_task task;
    submit_well(service, "some-task", 0, false);
    cr_assert(turn_until(service, has_status, &(struct wanted){"some-task", TASK_CONFIRMED}));
    cr_assert(book_find_name(service_book(service), "some-task", &task));
    service_time_text(service, task.at_ns[BOOK_SUBMITTED], before);
    service_free(service);
    usleep(300000);
    service = open_service(0);
    service_time_text(service, task.at_ns[BOOK_SUBMITTED], after);
    before[21] = after[21] = 0; /* to a tenth of a second: two clocks were read */
    cr_assert(eq(str, before, after));
    service_free(service);
}
