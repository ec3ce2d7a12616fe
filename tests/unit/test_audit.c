/* tests/unit/test_audit.c: a line a call; refused ones are rationed and counted; a full file makes room. */
#include "daemon/audit.h"
#include "base/json.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test-audit-XXXXXX";
static struct audit *audit;

static void set_up(void)
{
    struct diag diag = {0};
    cr_assert(mkdtemp(folder) != NULL);
    cr_assert(eq(int, audit_open(&audit, folder, &diag), OK));
}

static void path_of(const char *name, char out[64])
{
    snprintf(out, 64, "%s/%s", folder, name);
}

static void tear_down(void)
{
    static const char *const NAMES[] = {"audit.log", "audit.log.1", "audit.log.2"};
    char path[64];
    for (int i = 0; i < 3; i++) {
        path_of(NAMES[i], path);
        unlink(path);
    }
    rmdir(folder);
}
TestSuite(audit, .init = set_up, .fini = tear_down, .timeout = 20);

/* The lines of the log; the last one in `last`. */
static uint32_t read_lines(char last[512])
{
    char path[64], line[512];
    uint32_t count = 0;
    path_of("audit.log", path);
    FILE *in = fopen(path, "r");
    cr_assert(in != NULL);
    for (; fgets(line, sizeof line, in); count++) memcpy(last, line, sizeof line);
    fclose(in);
    return count;
}

static struct audit_entry entry(bool is_refused)
{
    return (struct audit_entry){.actor = "token:ab12cd34",
                                .peer = "127.0.0.1",
                                .method = "POST",
                                .path = "/admin/\"gc\"",
                                .status = is_refused ? 401 : 200,
                                .before = is_refused ? NULL : "{\"a\":1}",
                                .after = is_refused ? NULL : "{\"a\":2}",
                                .is_refused = is_refused};
}

Test(audit, a_call_is_one_line_of_json_with_who_what_and_how)
{
    char last[512];
    struct json *json;
    struct diag diag = {0};
    const char *text;
    struct audit_entry call = entry(false);
    audit_write(audit, &call);
    audit_flush(audit);
    cr_assert(eq(u32, read_lines(last), 1));
    struct json_text whole = {"line", last, strlen(last)};
    cr_assert(eq(int, json_read_text(&json, &whole, &diag), OK), "%s", diag.text);
    struct json_node root = json_root(json);
    cr_assert(eq(int, json_get_text(&root, "path", &text, &diag), OK));
    cr_assert(eq(str, (char *)text, "/admin/\"gc\""));
    cr_assert(eq(int, json_get_text(&root, "before", &text, &diag), OK));
    cr_assert(eq(str, (char *)text, "{\"a\":1}"));
    cr_assert(eq(int, json_get_text(&root, "at", &text, &diag), OK));
    cr_assert(eq(int, (int)strlen(text), 24));
    json_free(json);
    audit_free(audit);
}

Test(audit, refused_calls_are_rationed_and_those_left_out_are_counted)
{
    char last[512];
    struct audit_entry refused = entry(true), call = entry(false);
    for (int i = 0; i < 1000; i++) audit_write(audit, &refused);
    audit_flush(audit);
    uint32_t lines = read_lines(last);
    cr_assert(lines >= AUDIT_REFUSED_PER_S && lines <= 3 * AUDIT_REFUSED_PER_S, "%u lines", lines);
    audit_write(audit, &call);
    audit_free(audit);
    cr_assert(eq(u32, read_lines(last), lines + 1));
    cr_assert(strstr(last, "\"suppressed\":") != NULL || lines > AUDIT_REFUSED_PER_S, "%s", last);
}

Test(audit, a_full_file_makes_room_and_stays_beside_the_new_one)
{
    char path[64], last[512];
    struct stat known;
    char *large = calloc(1, 1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    struct audit_entry call = entry(false);
    call.after = large;
    for (int i = 0; i < 65; i++) audit_write(audit, &call);
    audit_flush(audit);
    path_of("audit.log.1", path);
    cr_assert(eq(int, stat(path, &known), 0));
    cr_assert(known.st_size >= AUDIT_BYTES_MOST);
    call.after = NULL;
    audit_write(audit, &call);
    cr_assert(eq(u64, audit_lost(audit), 0));
    audit_free(audit);
    cr_assert(eq(u32, read_lines(last) > 0, 1));
    free(large);
}

Test(audit, without_a_descriptor_for_the_next_file_the_old_one_goes_on_and_is_kept)
{
    char path[64], last[512];
    struct stat known;
    struct rlimit usual, none;
    char *large = calloc(1, 1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    struct audit_entry call = entry(false);
    call.after = large;
    cr_assert(eq(int, getrlimit(RLIMIT_NOFILE, &usual), 0));
    none = (struct rlimit){0, usual.rlim_max};
    cr_assert(eq(int, setrlimit(RLIMIT_NOFILE, &none), 0));
    for (int i = 0; i < 65; i++) audit_write(audit, &call);
    audit_flush(audit);
    call.after = NULL;
    for (int i = 0; i < 2; i++) {
        audit_write(audit, &call);
        audit_flush(audit);
    }
    cr_assert(eq(int, setrlimit(RLIMIT_NOFILE, &usual), 0));
    path_of("audit.log.2", path);
    cr_assert(ne(int, stat(path, &known), 0), "rotated again");
    audit_write(audit, &call);
    audit_flush(audit);
    cr_assert(eq(u64, audit_lost(audit), 0));
    audit_free(audit);
    cr_assert(eq(u32, read_lines(last), 1));
    free(large);
}

Test(audit, it_is_the_owners_alone)
{
    char path[64];
    struct stat known;
    audit_free(audit);
    path_of("audit.log", path);
    cr_assert(eq(int, stat(path, &known), 0));
    cr_assert(eq(u32, known.st_mode & 0777, 0600));
}
